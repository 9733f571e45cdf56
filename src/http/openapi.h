/* SPDX-License-Identifier: ISC */
/*
 * openapi.h - the parts of the OpenAPI document. Private to openapi*.c.
 */
#ifndef PUSHCERT_OPENAPI_H
#define PUSHCERT_OPENAPI_H

#include "format/emit.h"
#include "format/model.h"
#include "http/description.h"

/* Bytes of the longest path and of the longest operationId. */
#define OPENAPI_NAME_MAX 256

/* One path of the document: a route, and the name of the property if the route
 * has the pattern {property}. */
struct openapi_place {
	const struct route *route;
	size_t length; /* of the route, in patterns */
	struct str property;
};

/* A member of the innermost object that is a text. */
void openapi_member(struct emit *e, const char *name, const char *text);
/* An object that refers to the schema of a type, or of the response with a
 * collection of it. */
void openapi_reference(struct emit *e, enum model_type type, bool many);
/* Opens the member "content" with one media type, up to its schema. The caller
 * writes the schema and closes two objects. */
void openapi_content(struct emit *e, const char *type);
/* The tag that groups the operations of a route. */
struct str openapi_tag(const struct route *route);
/* The schema of a property. */
void openapi_property(struct emit *e, const struct model_property *p);
/* The object of all schemas of a root. */
void openapi_schemas(
    struct emit *e, const struct route_table *table, enum path_root root);
/* The name of the parameter at pattern i of a path: "auditEvent-id". */
void openapi_id_name(struct buf *b, const struct openapi_place *at, size_t i);
/* The member "operationId": "deviceManagement_auditEvents_GetCount". Pairs of
 * path and method are unique, and so are these names. */
void openapi_operation_id(struct emit *e, const struct openapi_place *at);
/* The member for the method of the route. */
void openapi_operation(struct emit *e, const struct openapi_place *at);
/* The object of all paths of a root. */
void openapi_paths(
    struct emit *e, const struct route_table *table, enum path_root root);

#endif
