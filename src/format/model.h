/* SPDX-License-Identifier: ISC */
/*
 * model.h - the types of the API and their properties, as tables. $metadata and
 * openapi.json are loops over them, and so are $select and the paths of single
 * properties. The properties of applePushNotificationCertificate come from the
 * table in record.c.
 */
#ifndef PUSHCERT_MODEL_H
#define PUSHCERT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

#define MODEL_NAMESPACE "microsoft.graph"

enum model_type {
	MODEL_NONE, /* no value */
	/* Primitive types. */
	MODEL_STRING,
	MODEL_DATE,
	MODEL_GUID,
	MODEL_BOOLEAN,
	MODEL_INTEGER,
	MODEL_ANY, /* any JSON value */
	MODEL_TEXTS, /* an object whose members are texts */
	/* Types of Graph. Their order is that of the descriptions. */
	MODEL_STATE,
	MODEL_ENTITY,
	MODEL_CERTIFICATE,
	MODEL_AUDIT_PROPERTY,
	MODEL_AUDIT_RESOURCE,
	MODEL_AUDIT_ACTOR,
	MODEL_AUDIT_EVENT,
	MODEL_CONSENT,
	MODEL_DEVICE_MANAGEMENT,
	/* Objects that belong to no schema of OData. */
	MODEL_STRING_RESPONSE,
	MODEL_STRINGS_RESPONSE,
	MODEL_ERROR,
	MODEL_ERROR_MAIN,
	MODEL_ERROR_DETAIL,
	MODEL_ERROR_INNER,
	MODEL_BATCH_REQUEST,
	MODEL_BATCH_REQUEST_ITEM,
	MODEL_BATCH_RESPONSE,
	MODEL_BATCH_RESPONSE_ITEM,
	MODEL_SERVICE,
	MODEL_SERVICE_ITEM,
	MODEL_HEALTH,
	MODEL_TYPES
};

enum model_kind {
	MODEL_IS_PRIMITIVE,
	MODEL_IS_ENUM, /* its properties are its members */
	MODEL_IS_ENTITY, /* has the property id of the abstract entity */
	MODEL_IS_COMPLEX,
	MODEL_IS_JSON
};

struct model_property {
	const char *name;
	enum model_type type;
	bool many; /* a collection of that type */
	bool nullable;
	bool computed; /* only the server sets it */
	bool required; /* always a member of the JSON object */
	bool navigation; /* $expand shows it */
	/* Longest text in characters, or the most items; 0: no limit. For a
	 * member of an enum: its value. */
	uint32_t limit;
	const char *description;
};

struct model_info {
	const char *name;
	enum model_kind kind;
	unsigned roots; /* the roots that have the type (path.h) */
	/* A primitive type in JSON schema. */
	const char *json, *format;
	const struct model_property *property; /* use model_property */
	unsigned properties;
};

const struct model_info *model_info(enum model_type type);
/* Property i of a type; i is less than model_info(type)->properties. */
struct model_property model_property(enum model_type type, unsigned i);
/* The number of the property with this name, without regard to the case of its
 * letters, or -1. */
int model_find(enum model_type type, struct str name);

/* Sets of properties are bits: MODEL_BIT(number of the property). */
#define MODEL_BIT(i) (1U << (i))
/* The set of all properties that are not navigations. */
unsigned model_all(enum model_type type);
/* Reads a $select list as a set of properties. Returns ERR_SELECT with the
 * unknown name in *what. */
enum err model_select(enum model_type type, struct str list, unsigned *set,
    struct str *what) ATTR_CHECKED;

#endif
