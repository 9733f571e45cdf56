/* SPDX-License-Identifier: ISC */
/*
 * staging_record.c - sets the record of a test's tenant without the checks of
 * an upload, and without an event.
 */
#include "http/staging.h"

#include <string.h>

#include "state/standin.h"

#define DAY INT64_C(86400)

static const struct {
	const char *word;
	int64_t days;
} words[] = { { "healthy", 300 }, { "expiring", 10 }, { "expired", -1 } };

static bool
find_property(struct str name, enum property *out)
{
	unsigned i = 0;

	while (
	    i < RECORD_PROPERTIES && !str_is(name, record_properties[i].name))
		i++;
	*out = (enum property)i;
	return i < RECORD_PROPERTIES;
}

/* The id and the dates are in the ETag, so they have their usual form. */
static bool
is_good(enum property property, struct str text)
{
	struct instant when;
	struct guid id;

	if (text.n > (property == RECORD_CERTIFICATE ? 32 * 1024 : 4096))
		return false;
	if (property == RECORD_ID)
		return text.n == STR_GUID_LEN && str_guid(text, &id);
	return record_properties[property].type != EDM_DATE ||
	    datetime_parse(text, &when) == ERR_OK;
}

static enum err
read_properties(const struct json *doc, size_t value, struct record *r,
    const char **why, struct str *what)
{
	enum property property;
	struct json_member m;
	size_t at = 0;

	while (json_next(doc, value, &at, &m)) {
		enum json_type type = json_type(doc, m.value);

		*what = m.name;
		*why = "record has no such property";
		if (!find_property(m.name, &property))
			return ERR_STANDIN;
		if (type == JSON_NULL)
			continue;
		*what = json_text(doc, m.value);
		*why = "the value of a property of record is null or a text of "
		       "its type";
		if (type != JSON_STRING || !is_good(property, *what))
			return ERR_STANDIN;
		r->value[property] = *what;
	}
	r->newest_topic = r->value[RECORD_TOPIC];
	return ERR_OK;
}

enum err
staging_record_read(const struct json *doc, size_t value,
    struct staging_record *out, const char **why, struct str *what)
{
	size_t i;

	*out = (struct staging_record){ .removes = false };
	*what = json_text(doc, value);
	*why = "record is null, an object, \"healthy\", \"expiring\" or "
	       "\"expired\"";
	if (json_type(doc, value) == JSON_OBJECT)
		return read_properties(doc, value, &out->record, why, what);
	out->removes = json_type(doc, value) == JSON_NULL;
	if (out->removes)
		return ERR_OK;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (json_type(doc, value) != JSON_STRING ||
		    !str_is(*what, words[i].word))
			continue;
		out->has_days = true;
		out->days = words[i].days;
		return ERR_OK;
	}
	return ERR_STANDIN;
}

/* The texts that a record needs and the test has not given. */
struct texts {
	char id[STR_GUID_LEN];
	char modified[DATETIME_TICKS_LEN];
	char expires[DATETIME_SECONDS_LEN + 1];
	char topic[64];
};

/* A record of the tenant's own, as after an upload. */
static void
fill_by_days(
    struct record *r, int64_t end, const struct guid *tenant, struct texts *t)
{
	static const char prefix[] = "com.apple.mgmt.External.";

	memcpy(t->topic, prefix, sizeof(prefix) - 1);
	str_guid_text(tenant, t->topic + sizeof(prefix) - 1);
	datetime_seconds(end, t->expires);
	t->expires[DATETIME_SECONDS_LEN] = 'Z';
	r->value[RECORD_APPLE_ID] = str_of("mdm@example.org");
	r->value[RECORD_TOPIC] = str_from(
	    t->topic, sizeof(prefix) - 1 + STR_GUID_LEN);
	r->value[RECORD_EXPIRES] = str_from(t->expires, sizeof(t->expires));
	r->value[RECORD_SERIAL] = str_of("0123456789ABCDEF");
	r->newest_topic = r->value[RECORD_TOPIC];
}

static void
fill_rest(struct record *r, const uint8_t *random, struct instant now,
    struct texts *t)
{
	struct guid id;

	memcpy(id.byte, random, sizeof(id.byte));
	str_guid_v4(&id);
	str_guid_text(&id, t->id);
	datetime_ticks(now, t->modified);
	if (str_is_null(r->value[RECORD_ID]))
		r->value[RECORD_ID] = str_from(t->id, sizeof(t->id));
	if (str_is_null(r->value[RECORD_MODIFIED]))
		r->value[RECORD_MODIFIED] = str_from(
		    t->modified, sizeof(t->modified));
}

struct put {
	struct guid tenant;
	const struct staging_record *r;
};

static enum err
put_record(struct txn *tx, void *arg)
{
	const struct put *put = arg;
	struct record former, r = put->r->record;
	enum err e = store_record(tx, &put->tenant, &former);

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (put->r->removes)
		return e == ERR_NOT_FOUND
		    ? ERR_OK
		    : store_record_delete(tx, &put->tenant);
	r.revision = e == ERR_OK ? former.revision + 1 : 1;
	return store_record_put(tx, &put->tenant, &r);
}

enum err
staging_record_store(
    struct call *c, struct staging_record *r, struct instant now)
{
	struct put put = { .tenant = c->who.tenant, .r = r };
	struct texts texts;

	if (r->has_days)
		fill_by_days(
		    &r->record, now.at + r->days * DAY, &c->who.tenant, &texts);
	fill_rest(
	    &r->record, c->req->random + sizeof(struct guid), now, &texts);
	return store_update(c->app->store, put_record, &put);
}

enum err
staging_record_emit(struct call *c, struct emit *e)
{
	struct record r;
	enum err err;
	unsigned i;

	if ((err = call_begin_reading(c)) != ERR_OK)
		return err;
	err = store_record(c->wk->reader, &c->who.tenant, &r);
	if (err == ERR_NOT_FOUND) {
		emit_null(e);
		return ERR_OK;
	}
	if (err != ERR_OK)
		return err;
	emit_object(e);
	for (i = 0; i < RECORD_PROPERTIES; i++) {
		emit_name(e, record_properties[i].name);
		emit_str(e, record_text(&r, (enum property)i));
	}
	emit_end(e);
	return ERR_OK;
}
