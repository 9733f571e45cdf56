/* SPDX-License-Identifier: ISC */
/*
 * record.c - the table of properties and the loops over it.
 */
#include "format/record.h"

#include "format/row.h"
#include "format/datetime.h"

const struct record_property record_properties[RECORD_PROPERTIES] = {
	[RECORD_ID] = { .name = "id",
	    .field = RECORD_FIELD_ID,
	    .type = EDM_STRING,
	    .server_only = true,
	    .limit = 1024 },
	[RECORD_APPLE_ID] = { .name = "appleIdentifier",
	    .field = RECORD_FIELD_APPLE_ID,
	    .type = EDM_STRING,
	    .nullable = true,
	    .limit = 1024,
	    .description = "Apple ID that renews the certificate." },
	[RECORD_TOPIC] = { .name = "topicIdentifier",
	    .field = RECORD_FIELD_TOPIC,
	    .type = EDM_STRING,
	    .nullable = true,
	    .limit = 1024,
	    .description = "Topic of the certificate." },
	[RECORD_MODIFIED] = { .name = "lastModifiedDateTime",
	    .field = RECORD_FIELD_MODIFIED,
	    .type = EDM_DATE,
	    .server_only = true,
	    .unset = DATETIME_UNSET,
	    .limit = 1024,
	    .description = "Time of the last change." },
	[RECORD_EXPIRES] = { .name = "expirationDateTime",
	    .field = RECORD_FIELD_EXPIRES,
	    .type = EDM_DATE,
	    .unset = DATETIME_UNSET,
	    .limit = 1024,
	    .description = "Time when the certificate expires." },
	[RECORD_STATUS] = { .name = "certificateUploadStatus",
	    .field = RECORD_FIELD_STATUS,
	    .type = EDM_STRING,
	    .nullable = true,
	    .limit = 1024,
	    .description = "Result of the last upload." },
	[RECORD_FAILURE] = { .name = "certificateUploadFailureReason",
	    .field = RECORD_FIELD_FAILURE,
	    .type = EDM_STRING,
	    .nullable = true,
	    .limit = 1024,
	    .description = "Reason why an upload failed." },
	[RECORD_SERIAL] = { .name = "certificateSerialNumber",
	    .field = RECORD_FIELD_SERIAL,
	    .type = EDM_STRING,
	    .nullable = true,
	    .server_only = true,
	    .limit = 1024,
	    .description = "Serial number of the certificate, hexadecimal." },
	[RECORD_CERTIFICATE] = { .name = "certificate",
	    .field = RECORD_FIELD_CERTIFICATE,
	    .type = EDM_STRING,
	    .nullable = true,
	    .limit = 32 * 1024,
	    .limit_is_bytes = true,
	    .description = "The certificate, PEM or base64 DER." },
};

/* The property with this name, or RECORD_PROPERTIES. */
static enum property
property_named(struct str name)
{
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (str_is(name, record_properties[i].name))
			break;
	return (enum property)i;
}

/* Checks a member with an @ in its name: an annotation of the record or of a
 * property. Annotations are ignored, except for a type other than ours. */
static enum err
check_annotation(
    const struct json *body, const struct json_member *m, struct str *what)
{
	struct str annotation = m->name, type;
	struct str property = str_cut(&annotation, '@');

	*what = m->name;
	if (!str_starts(annotation, "odata."))
		return ERR_UNKNOWN_PROPERTY;
	if (property.n > 0)
		return property_named(property) == RECORD_PROPERTIES
		    ? ERR_UNKNOWN_PROPERTY
		    : ERR_OK;
	if (!str_is(annotation, "odata.type"))
		return ERR_OK;
	*what = type = json_text(body, m->value);
	if (str_starts(type, "#"))
		type = str_tail(type, 1);
	if (json_type(body, m->value) != JSON_STRING ||
	    !str_is(type, RECORD_TYPE))
		return ERR_WRONG_TYPE;
	return ERR_OK;
}

static bool
fits(const struct record_property *p, struct str text)
{
	return (p->limit_is_bytes ? text.n : str_utf8_count(text)) <= p->limit;
}

static enum err
read_date(struct arena *a, struct str *text)
{
	struct instant t;
	struct buf normal;
	enum err e;

	if ((e = datetime_parse(*text, &t)) != ERR_OK)
		return e;
	buf_open(&normal, a);
	datetime_normal(*text, &normal);
	*text = buf_close(&normal, a);
	return str_is_null(*text) ? ERR_MEMORY : ERR_OK;
}

/* Reads the value of a property. A text that means "unset" becomes null. */
static enum err
read_value(const struct json *body, size_t value, enum property property,
    struct arena *a, struct str *out)
{
	const struct record_property *p = &record_properties[property];
	enum json_type type = json_type(body, value);
	enum err e;

	*out = str_of(NULL);
	if (type == JSON_NULL)
		return p->nullable ? ERR_OK : ERR_NOT_NULLABLE;
	if (type != JSON_STRING)
		return p->type == EDM_DATE ? ERR_NOT_DATE : ERR_NOT_STRING;
	*out = json_text(body, value);
	if (!fits(p, *out))
		return ERR_TOO_LONG;
	if (p->type == EDM_DATE && (e = read_date(a, out)) != ERR_OK)
		return e;
	if (p->unset != NULL && str_is(*out, p->unset))
		*out = str_of(NULL);
	return ERR_OK;
}

enum err
record_patch(const struct json *body, struct arena *a, struct patch *out,
    struct str *what, struct str *target)
{
	struct json_member m;
	enum property property;
	struct str value;
	size_t at = 0;
	enum err e;

	*out = (struct patch){ .set = 0 };
	*target = str_of(NULL);
	while (json_next(body, 0, &at, &m)) {
		*target = *what = m.name;
		property = property_named(m.name);
		if (property == RECORD_PROPERTIES) {
			if ((e = check_annotation(body, &m, what)) != ERR_OK)
				return e;
			continue;
		}
		if (record_properties[property].server_only)
			continue;
		e = read_value(body, m.value, property, a, &value);
		if (e == ERR_NOT_STRING || e == ERR_NOT_DATE)
			*what = json_text(body, m.value);
		if (e != ERR_OK)
			return e;
		out->set |= RECORD_BIT(property);
		out->value[property] = value;
	}
	return ERR_OK;
}

bool
record_is_real(const struct record *r)
{
	return !str_is_null(r->value[RECORD_SERIAL]);
}

struct str
record_newest_topic(const struct record *r)
{
	struct str topic = r->newest_topic;

	if (str_is_null(topic) && record_is_real(r))
		topic = r->value[RECORD_TOPIC];
	return topic.n > 0 ? topic : str_of(NULL);
}

bool
record_same(const struct record *a, const struct record *b)
{
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (!str_eq(a->value[i], b->value[i]) ||
		    str_is_null(a->value[i]) != str_is_null(b->value[i]))
			return false;
	return true;
}

/* DATETIME_UNSET, which .NET writes with +00:00, so the instants are compared.
 */
#define UNSET_AT INT64_C(-62135596800)

bool
record_end(const struct record *r, int64_t *at)
{
	struct str text = r->value[RECORD_EXPIRES];
	struct instant end;

	if (str_is_null(text) || datetime_parse(text, &end) != ERR_OK ||
	    end.at == UNSET_AT)
		return false;
	*at = end.at;
	return true;
}

void
record_merge(struct record *r, const struct patch *p)
{
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (p->set & RECORD_BIT(i))
			r->value[i] = p->value[i];
}

static bool
sets_empty(const struct patch *p, enum property property)
{
	return (p->set & RECORD_BIT(property)) != 0 &&
	    !str_is_null(p->value[property]) && p->value[property].n == 0;
}

struct patch
record_removal(void)
{
	struct patch p = { .set = RECORD_BIT(RECORD_APPLE_ID) |
		    RECORD_BIT(RECORD_CERTIFICATE) };

	p.value[RECORD_APPLE_ID] = STR_EMPTY;
	p.value[RECORD_CERTIFICATE] = STR_EMPTY;
	return p;
}

bool
record_patch_removes(const struct patch *p)
{
	return sets_empty(p, RECORD_APPLE_ID) &&
	    sets_empty(p, RECORD_CERTIFICATE);
}

struct str
record_etag(const struct record *r, char out[RECORD_ETAG_MAX])
{
	struct str modified = r->value[RECORD_MODIFIED];
	struct buf b;

	/* The start of the id distinguishes a record from its successor.
	 * The ticks distinguish a change from a change with the same revision
	 * that was lost when a backup was restored. */
	buf_init(&b, out, RECORD_ETAG_MAX);
	buf_text(&b, "W/\"");
	buf_str(&b, str_head(r->value[RECORD_ID], 8));
	buf_char(&b, '.');
	buf_u64(&b, r->revision);
	buf_char(&b, '.');
	if (modified.n == DATETIME_TICKS_LEN)
		buf_put(&b, modified.p + modified.n - 8, 7);
	buf_char(&b, '"');
	return buf_view(&b);
}

struct str
record_text(const struct record *r, enum property property)
{
	struct str text = r->value[property];

	return str_is_null(text) ? str_of(record_properties[property].unset)
				 : text;
}

_Static_assert(RECORD_FIELDS <= ROW_FIELDS_MAX, "a record fits into a row");

void
record_encode(struct str key, const struct record *r, struct buf *out)
{
	struct str field[RECORD_FIELDS] = { { NULL, 0 } };
	char revision[ROW_U64_LEN], issued[ROW_U64_LEN];
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++)
		field[record_properties[i].field] = r->value[i];
	field[RECORD_FIELD_REVISION] = row_u64(r->revision, revision);
	field[RECORD_FIELD_NEWEST_TOPIC] = r->newest_topic;
	field[RECORD_FIELD_FINGERPRINT] = r->fingerprint;
	if (r->issued)
		field[RECORD_FIELD_ISSUED] = row_u64(
		    (uint64_t)r->issued_at, issued);
	row_encode(key, field, RECORD_FIELDS, out);
}

static void
read_fields(const struct str *field, struct record *out)
{
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++)
		out->value[i] = field[record_properties[i].field];
	out->revision = row_get_u64(field[RECORD_FIELD_REVISION]);
	out->newest_topic = field[RECORD_FIELD_NEWEST_TOPIC];
	out->fingerprint = field[RECORD_FIELD_FINGERPRINT];
	out->issued = !str_is_null(field[RECORD_FIELD_ISSUED]);
	out->issued_at = (int64_t)row_get_u64(field[RECORD_FIELD_ISSUED]);
}

enum err
record_decode(struct str key, struct str bytes, struct record *out)
{
	struct str field[RECORD_FIELDS];
	enum err e;

	e = row_decode(key, bytes, field, RECORD_FIELDS);
	if (e == ERR_OK)
		read_fields(field, out);
	return e;
}

enum err
record_decode_nested(struct str bytes, struct record *out)
{
	struct str field[RECORD_FIELDS];
	enum err e;

	e = row_decode_nested(bytes, field, RECORD_FIELDS);
	if (e == ERR_OK)
		read_fields(field, out);
	return e;
}

uint64_t
record_set_to_fields(unsigned set)
{
	uint64_t fields = 0;
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (set & RECORD_BIT(i))
			fields |= UINT64_C(1) << record_properties[i].field;
	return fields;
}

unsigned
record_set_of_fields(uint64_t fields)
{
	unsigned set = 0, i;

	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (fields & UINT64_C(1) << record_properties[i].field)
			set |= RECORD_BIT(i);
	return set;
}
