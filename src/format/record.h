/* SPDX-License-Identifier: ISC */
/*
 * record.h - the resource applePushNotificationCertificate: its properties in
 * one table, its merge with a PATCH, its stored form.
 *
 * Everything that depends on a property (checks, $select, rendering, storing)
 * loops over record_properties: another property is another row.
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
	/* The number of its field in a stored row (enum record_field). */
	unsigned field;
	enum edm type;
	bool nullable;
	/* Set by the server alone: ignored in a body, whatever it is. */
	bool server_only;
	/* What an unset one reads as; NULL: null. */
	const char *unset;
	/* Longest text in characters, or in bytes for the certificate. */
	uint32_t limit;
	bool limit_is_bytes;
};

/*
 * The fields of a stored record. A number belongs to its field for ever: a new
 * field takes the next free one, and a field that is given up leaves its number
 * unused. The order in which properties are shown is another matter.
 */
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
	RECORD_FIELDS
};

extern const struct record_property record_properties[RECORD_PROPERTIES];

/* Property sets are bits: 1 << RECORD_ID and so on. */
#define RECORD_BIT(property) (1U << (property))
#define RECORD_ALL (RECORD_BIT(RECORD_PROPERTIES) - 1)
_Static_assert(RECORD_PROPERTIES < 32, "a property set is 32 bits");

/*
 * A record: the text of every property, null where unset. The slices live as
 * long as what they were read from (a transaction, a body, an arena). The
 * revision grows by one with each change and makes the ETag.
 */
struct record {
	struct str value[RECORD_PROPERTIES];
	uint64_t revision;
	/* The topic of the newest real certificate that had one, also after the
	 * certificate was cleared; read it with record_newest_topic. */
	struct str newest_topic;
	/* SHA-256 of the stored real certificate; null where there is none, or
	 * where a release before format 4 stored it. */
	struct str fingerprint;
};

/* What a client asked to change: the properties in `set`, null or not. */
struct patch {
	unsigned set;
	struct str value[RECORD_PROPERTIES];
};

/*
 * Reads a PATCH body that is an object. Refusals: ERR_UNKNOWN_PROPERTY,
 * ERR_NOT_STRING, ERR_NOT_DATE, ERR_NOT_NULLABLE, ERR_TOO_LONG, ERR_WRONG_TYPE;
 * *what is the offending text, *target the property's name.
 */
enum err record_patch(const struct json *body, struct arena *a,
    struct patch *out, struct str *what, struct str *target) ATTR_CHECKED;

/* Whether a real certificate is stored. It is known by its serial number, which
 * only the server sets. */
bool record_is_real(const struct record *r);
/* The topic that the topic guard compares with; null: none. In a record of a
 * release before format 4 it is the topic of the stored real certificate. */
struct str record_newest_topic(const struct record *r);
/* Whether every property has the same value in both. */
bool record_same(const struct record *a, const struct record *b);

/* Puts the patch's values over the record's. */
void record_merge(struct record *r, const struct patch *p);
/* The way real tools remove the record: both texts empty (contract 3.8). */
bool record_patch_removes(const struct patch *p);

/*
 * Reads a $select list: the set of properties named. ERR_SELECT with *what the
 * unknown name.
 */
enum err
record_select(struct str list, unsigned *set, struct str *what) ATTR_CHECKED;

/* What a property reads as: its text, or that of an unset one (may be null). */
struct str record_text(const struct record *r, enum property property);

/* Weak ETag of a record, changes with every change, and is none of those that
 * a store had before it was restored from a backup, unless the clock is behind
 * the last change. */
#define RECORD_ETAG_MAX 48
struct str record_etag(const struct record *r, char out[RECORD_ETAG_MAX]);

/* Stored form (row.h) under a key; the decoded slices point into bytes. */
void record_encode(struct str key, const struct record *r, struct buf *out);
enum err record_decode(
    struct str key, struct str bytes, struct record *out) ATTR_CHECKED;
/*
 * A property set as it is stored: the bits are those of the fields, so that it
 * stays right when the order of the properties changes. A field that this
 * release does not know is dropped when a set is read.
 */
uint64_t record_set_to_fields(unsigned set);
unsigned record_set_of_fields(uint64_t fields);

#endif
