/* SPDX-License-Identifier: ISC */
/*
 * record.h - the resource applePushNotificationCertificate: its properties in
 * one table, its merge with a PATCH, its stored form.
 *
 * All code that depends on a property (checks, $select, rendering, storing)
 * loops over record_properties, so a new property is a new row.
 */
#ifndef PUSHCERT_RECORD_H
#define PUSHCERT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "format/json.h"
#include "base/buf.h"
#include "base/str.h"

#define RECORD_TYPE "microsoft.graph.applePushNotificationCertificate"

enum property {
	RECORD_ID,
	RECORD_APPLE_ID,
	RECORD_TOPIC,
	RECORD_MODIFIED,
	RECORD_EXPIRES,
	RECORD_STATUS,
	RECORD_FAILURE,
	RECORD_SERIAL,
	RECORD_CERTIFICATE,
	RECORD_PROPERTIES
};

enum edm { EDM_STRING, EDM_DATE };

struct record_property {
	const char *name;
	/* Its field in a stored row (enum record_field). */
	unsigned field;
	enum edm type;
	bool nullable;
	/* Only the server sets it; a value in a body is ignored. */
	bool server_only;
	/* The text that stands for an unset value; NULL: JSON null. */
	const char *unset;
	/* Longest text, in characters or (limit_is_bytes) in bytes. */
	uint32_t limit;
	bool limit_is_bytes;
	const char *description; /* for $metadata and openapi.json, or NULL */
};

/* The fields of a stored record. A number always keeps its meaning: a new field
 * takes the next free number, and a field that is given up leaves its number
 * unused. The order in which properties are shown does not depend on this. */
enum record_field {
	RECORD_FIELD_ID = 0,
	RECORD_FIELD_APPLE_ID = 1,
	RECORD_FIELD_TOPIC = 2,
	RECORD_FIELD_MODIFIED = 3,
	RECORD_FIELD_EXPIRES = 4,
	RECORD_FIELD_STATUS = 5,
	RECORD_FIELD_FAILURE = 6,
	RECORD_FIELD_SERIAL = 7,
	RECORD_FIELD_CERTIFICATE = 8,
	RECORD_FIELD_REVISION = 9,
	RECORD_FIELD_NEWEST_TOPIC = 10,
	RECORD_FIELD_FINGERPRINT = 11,
	RECORD_FIELD_ISSUED = 12,
	RECORD_FIELDS
};

extern const struct record_property record_properties[RECORD_PROPERTIES];

/* Sets of properties are bits: 1 << RECORD_ID and so on. */
#define RECORD_BIT(property) (1U << (property))
#define RECORD_ALL (RECORD_BIT(RECORD_PROPERTIES) - 1)
_Static_assert(RECORD_PROPERTIES < 32, "a property set is 32 bits");

/* The sum of the limits of all properties, in bytes: 32 KiB of a certificate,
 * and 1024 characters of 4 bytes of each other property. A worker's arena has
 * room for so much. */
#define RECORD_BYTES_MAX ((size_t)1024 * (32 + 4 * (RECORD_PROPERTIES - 1)))

/* A record: the text of every property, null if unset. The slices live as long
 * as the bytes that they were read from (a transaction, a body, an arena). The
 * revision grows by one with each change and is part of the ETag. */
struct record {
	struct str value[RECORD_PROPERTIES];
	uint64_t revision;
	/* The topic of the newest real certificate that had one, kept even
	 * after the certificate was cleared. Read it with
	 * record_newest_topic. */
	struct str newest_topic;
	/* SHA-256 of the stored real certificate. Null if there is none, or if
	 * a release before format 4 stored it. */
	struct str fingerprint;
	/* The begin of its validity, in seconds. Not known if there is none, or
	 * if a release before format 6 stored it. */
	bool issued;
	int64_t issued_at;
};

/* The properties that a client asked to change: those in `set`, null or not. */
struct patch {
	unsigned set;
	struct str value[RECORD_PROPERTIES];
};

/*
 * Reads a PATCH body that is an object. Returns ERR_UNKNOWN_PROPERTY,
 * ERR_NOT_STRING, ERR_NOT_DATE, ERR_NOT_NULLABLE, ERR_TOO_LONG or
 * ERR_WRONG_TYPE; then *what is the offending text and *target the name of the
 * property.
 */
enum err record_patch(const struct json *body, struct arena *a,
    struct patch *out, struct str *what, struct str *target) ATTR_CHECKED;

/* Whether a real certificate is stored. Only the server sets the serial number,
 * and only for a real certificate. */
bool record_is_real(const struct record *r);
/* The topic that a new certificate is compared with; null: none. In a record of
 * a release before format 4 it is the topic of the stored real certificate. */
struct str record_newest_topic(const struct record *r);
/* Whether every property has the same value in both. */
bool record_same(const struct record *a, const struct record *b);

/* The end of the record's certificate by its expirationDateTime, in seconds.
 * False: the record says nothing of it. */
bool record_end(const struct record *r, int64_t *at);

/* Overwrites the record's values with the patch's. */
void record_merge(struct record *r, const struct patch *p);
/* Whether the patch removes the record. Existing clients set both texts to the
 * empty text for this. */
bool record_patch_removes(const struct patch *p);
struct patch record_removal(void);

/* The text of a property, or the text for an unset value, which may be null. */
struct str record_text(const struct record *r, enum property property);

/* The weak ETag of a record, which changes with every change. After a backup
 * was restored it differs from every ETag before that, unless the clock lags
 * the last change. */
#define RECORD_ETAG_MAX 48
struct str record_etag(const struct record *r, char out[RECORD_ETAG_MAX]);

/* The stored form (row.h) under a key; decoded slices point into `bytes`. */
void record_encode(struct str key, const struct record *r, struct buf *out);
enum err record_decode(
    struct str key, struct str bytes, struct record *out) ATTR_CHECKED;
/* The same for a record that is a field of another row (row_decode_nested). */
enum err
record_decode_nested(struct str bytes, struct record *out) ATTR_CHECKED;
/* A set of properties in its stored form, whose bits are fields, so that it
 * stays valid when the order of the properties changes. Fields that this
 * release does not know are dropped when a set is read. */
uint64_t record_set_to_fields(unsigned set);
unsigned record_set_of_fields(uint64_t fields);

#endif
