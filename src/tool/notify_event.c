/* SPDX-License-Identifier: ISC */
/*
 * notify_event.c - the envelope, the data and the line of text of an event.
 *
 * A second try must be the same event, so nothing here depends on the moment:
 * the id of an event of the history is that of its audit event, the other ids
 * are hashes, and the time of a threshold is the moment when it was reached.
 * Only the number of days that are left may differ.
 */
#include "tool/notify_event.h"

#include <string.h>

#include "format/audit.h"
#include "format/crypto.h"
#include "format/datetime.h"
#include "http/audit_walk.h"
#include "http/view.h"
#include "tool/cmd_call.h"
#include "tool/cmd_names.h"
#include "tool/cmd_output.h"

#define SUBJECT "deviceManagement/applePushNotificationCertificate"
#define GAP "pushcert.history.gap"
#define DAY INT64_C(86400)

/* --- the envelope ----------------------------------------------------- */

/* What the envelope of an event needs. */
struct head {
	const char *type;
	struct guid tenant;
	struct instant when;
	char id[STR_GUID_LEN];
};

/* Turns a text into a GUID of version 8 (RFC 9562, section 5.8). */
static void
id_of(struct str text, char out[STR_GUID_LEN])
{
	uint8_t hash[CRYPTO_SHA256_LEN];
	struct guid g;

	crypto_sha256(text, hash);
	memcpy(g.byte, hash, sizeof(g.byte));
	g.byte[6] = (uint8_t)((g.byte[6] & 0x0f) | 0x80);
	g.byte[8] = (uint8_t)((g.byte[8] & 0x3f) | 0x80);
	str_guid_text(&g, out);
}

/* The service's URL of a tenant. Without base_url it is a relative reference,
 * because only a request would know the host. */
static void
emit_source(struct emit *e, const struct cmd_call *c, const struct guid *tenant)
{
	char text[CONFIG_TEXT_MAX + STR_GUID_LEN + 8], id[STR_GUID_LEN];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_text(&b, c->config.base_url);
	while (b.n > 0 && text[b.n - 1] == '/')
		b.n--;
	str_guid_text(tenant, id);
	buf_text(&b, "/v1.0/");
	buf_put(&b, id, sizeof(id));
	emit_name(e, "source");
	emit_str(e, buf_view(&b));
}

/* Opens the event up to its data, which the caller emits. */
static void
begin_event(
    struct cmd_call *c, const struct head *h, struct buf *b, struct emit *e)
{
	char when[DATETIME_TICKS_LEN];

	buf_open(b, &c->arena);
	emit_init(e, b);
	emit_object(e);
	emit_name(e, "specversion");
	emit_text(e, "1.0");
	emit_name(e, "id");
	emit_str(e, str_from(h->id, sizeof(h->id)));
	emit_source(e, c, &h->tenant);
	emit_name(e, "type");
	emit_text(e, h->type);
	emit_name(e, "subject");
	emit_text(e, SUBJECT);
	datetime_ticks(h->when, when);
	emit_name(e, "time");
	emit_str(e, str_from(when, sizeof(when)));
	emit_name(e, "datacontenttype");
	emit_text(e, "application/json");
	emit_name(e, "data");
}

static enum err
end_event(struct cmd_call *c, const struct head *h, struct buf *b,
    struct emit *e, struct notify_event *out)
{
	emit_end(e);
	out->json = buf_close(b, &c->arena);
	out->tenant = h->tenant;
	out->type = h->type;
	memcpy(out->id, h->id, STR_GUID_LEN);
	out->id[STR_GUID_LEN] = '\0';
	return str_is_null(out->json) ? ERR_MEMORY : ERR_OK;
}

/* --- the line for people ---------------------------------------------- */

static void
begin_text(struct cmd_call *c, const struct guid *tenant, struct buf *b)
{
	struct str alias = cmd_names_alias(c->names, tenant);
	char id[STR_GUID_LEN];

	str_guid_text(tenant, id);
	buf_open(b, &c->arena);
	cmd_put_word(b, alias);
	buf_text(b, alias.n > 0 ? " (" : "");
	buf_put(b, id, sizeof(id));
	buf_text(b, alias.n > 0 ? "): " : ": ");
}

static enum err
end_text(struct cmd_call *c, struct buf *b, struct notify_event *out)
{
	out->text = buf_close(b, &c->arena);
	return str_is_null(out->text) ? ERR_MEMORY : ERR_OK;
}

static void
put_fact(struct buf *b, const char *before, struct str fact)
{
	if (fact.n == 0)
		return;
	buf_text(b, before);
	cmd_put_word(b, fact);
}

/* --- events of the history -------------------------------------------- */

static const char *
type_of(const struct event *ev)
{
	switch (ev->action) {
	case STORE_CHANGED:
	case STORE_IMPORTED:
		return ev->had_former ? "pushcert.record.changed"
				      : "pushcert.record.created";
	case STORE_REMOVED:
		return "pushcert.record.removed";
	case STORE_REFUSED:
		return "pushcert.record.refused";
	case STORE_REQUESTED:
		return "pushcert.request.made";
	case STORE_RESTORED:
		return "pushcert.record.restored";
	}
	return "pushcert.record.changed";
}

static const char *
words_of(const struct event *ev)
{
	switch (ev->action) {
	case STORE_CHANGED:
		return ev->had_former ? "the record was changed"
				      : "the record was created";
	case STORE_IMPORTED:
		return "a certificate and its key were imported";
	case STORE_REMOVED:
		return "the record was removed";
	case STORE_REFUSED:
		return "a change was refused";
	case STORE_REQUESTED:
		return "a request for a certificate was made";
	case STORE_RESTORED:
		return "a former state of the record was restored";
	}
	return "the record was changed";
}

/* Where the visitor of one event puts it. */
struct making {
	struct cmd_call *c;
	struct guid tenant;
	struct notify_event *out;
};

static enum err
put_text(const struct making *m, const struct event *ev)
{
	struct buf b;

	begin_text(m->c, &m->tenant, &b);
	buf_text(&b, words_of(ev));
	put_fact(&b, " by ", ev->actor);
	put_fact(&b, ": ", ev->outcome);
	put_fact(&b, "; serial ", ev->serial);
	put_fact(&b, ", topic ", ev->topic);
	put_fact(&b, ", expires ", ev->expires);
	return end_text(m->c, &b, m->out);
}

static enum err
put_event(const struct audit_row *row, void *arg)
{
	static const struct view view = { .metadata = ODATA_NONE,
		.set = AUDIT_ALL };
	const struct making *m = arg;
	struct head h = { .type = type_of(row->event),
		.tenant = m->tenant,
		.when = row->event->when };
	struct emit e;
	struct buf b;
	enum err outcome;

	audit_id(row->event->number, h.id);
	begin_event(m->c, &h, &b, &e);
	emit_object(&e);
	audit_view_members(&e, &view, row);
	emit_end(&e);
	outcome = end_event(m->c, &h, &b, &e, m->out);
	return outcome == ERR_OK ? put_text(m, row->event) : outcome;
}

enum err
notify_event_history(struct cmd_call *c, const struct guid *tenant,
    uint64_t number, struct notify_event *out)
{
	struct making m = { c, *tenant, out };
	struct audit_walk w = {
		.tx = c->reader, .tenant = tenant, .visit = put_event, .arg = &m
	};
	enum err e;

	if ((e = audit_walk_init(&w, &c->arena)) != ERR_OK)
		return e;
	e = audit_walk_event(&w, number);
	return e == ERR_CORRUPT
	    ? notify_event_gap(c, tenant, number, number, out)
	    : e;
}

/* --- gaps ------------------------------------------------------------- */

/* The time of the next event that is left, which is the same in each try. */
static struct instant
time_after(struct cmd_call *c, const struct guid *tenant, uint64_t number)
{
	struct event ev;

	if (store_event(c->reader, tenant, number + 1, &ev) == ERR_OK)
		return ev.when;
	return (struct instant){ cmd_now_at(), 0 };
}

static void
emit_id(struct emit *e, const char *name, uint64_t number)
{
	char id[STR_GUID_LEN];

	audit_id(number, id);
	emit_name(e, name);
	emit_str(e, str_from(id, sizeof(id)));
}

static enum err
put_gap_text(
    struct cmd_call *c, uint64_t first, uint64_t last, struct notify_event *out)
{
	struct buf b;

	begin_text(c, &out->tenant, &b);
	buf_printf(&b,
	    "%llu events of the history, from number %llu on, were lost before "
	    "they were delivered",
	    (unsigned long long)(last - first + 1), (unsigned long long)first);
	return end_text(c, &b, out);
}

enum err
notify_event_gap(struct cmd_call *c, const struct guid *tenant, uint64_t first,
    uint64_t last, struct notify_event *out)
{
	struct head h = { .type = GAP,
		.tenant = *tenant,
		.when = time_after(c, tenant, last) };
	char text[128], id[STR_GUID_LEN];
	struct buf b;
	struct emit e;
	enum err outcome;

	str_guid_text(tenant, id);
	buf_init(&b, text, sizeof(text));
	buf_printf(&b, GAP " %.*s %llu %llu", STR_GUID_LEN, id,
	    (unsigned long long)first, (unsigned long long)last);
	id_of(buf_view(&b), h.id);
	begin_event(c, &h, &b, &e);
	emit_object(&e);
	emit_name(&e, "count");
	emit_u64(&e, last - first + 1);
	emit_name(&e, "firstNumber");
	emit_u64(&e, first);
	emit_name(&e, "lastNumber");
	emit_u64(&e, last);
	emit_id(&e, "firstId", first);
	emit_id(&e, "lastId", last);
	emit_end(&e);
	outcome = end_event(c, &h, &b, &e, out);
	return outcome == ERR_OK ? put_gap_text(c, first, last, out) : outcome;
}

/* --- thresholds ------------------------------------------------------- */

enum notify_level
notify_event_level(
    const struct cmd_call *c, const struct expiry_tenant *t, int64_t now_at)
{
	if (t->status == EXPIRY_EXPIRED)
		return NOTIFY_EXPIRED;
	if (t->status != EXPIRY_EXPIRING)
		return NOTIFY_FAR;
	return expiry_days(&t->expiry, now_at) < (int64_t)c->critical_days
	    ? NOTIFY_CRITICAL
	    : NOTIFY_WARNING;
}

static const char *
level_word(enum notify_level level)
{
	switch (level) {
	case NOTIFY_FAR:
		return "none";
	case NOTIFY_WARNING:
		return "warning";
	case NOTIFY_CRITICAL:
		return "critical";
	case NOTIFY_EXPIRED:
		return "expired";
	}
	return "none";
}

/* The moment when the certificate reached the level. */
static int64_t
reached_at(
    const struct cmd_call *c, const struct expiry *x, enum notify_level level)
{
	uint64_t days = level == NOTIFY_WARNING ? c->warning_days
	    : level == NOTIFY_CRITICAL          ? c->critical_days
						: 0;

	return x->expires_at - (int64_t)days * DAY;
}

static void
emit_end_data(struct emit *e, const struct expiry_tenant *t, struct str expires,
    enum notify_level level, int64_t now_at)
{
	emit_object(e);
	emit_name(e, "serial");
	emit_str(e, t->serial);
	emit_name(e, "topic");
	emit_str(e, t->topic);
	emit_name(e, "expires");
	emit_str(e, expires);
	emit_name(e, "days");
	emit_i64(e, expiry_days(&t->expiry, now_at));
	emit_name(e, "level");
	emit_text(e, level_word(level));
	emit_end(e);
}

static enum err
put_end_text(struct cmd_call *c, const struct expiry_tenant *t,
    struct str expires, int64_t now_at, struct notify_event *out)
{
	int64_t days = expiry_days(&t->expiry, now_at);
	struct buf b;

	begin_text(c, &t->tenant, &b);
	if (t->status == EXPIRY_EXPIRED)
		buf_text(&b, "the certificate has expired");
	else
		buf_printf(&b, "the certificate expires in %lld day%s",
		    (long long)days, days == 1 ? "" : "s");
	put_fact(&b, ", at ", expires);
	put_fact(&b, "; serial ", t->serial);
	put_fact(&b, ", topic ", t->topic);
	put_fact(&b, ", Apple ID ", t->apple_id);
	return end_text(c, &b, out);
}

enum err
notify_event_end(struct cmd_call *c, const struct expiry_tenant *t,
    struct str expires, enum notify_level level, int64_t now_at,
    struct notify_event *out)
{
	struct head h = { .type = level == NOTIFY_EXPIRED
		    ? "pushcert.certificate.expired"
		    : "pushcert.certificate.expiring",
		.tenant = t->tenant,
		.when = { reached_at(c, &t->expiry, level), 0 } };
	char id[STR_GUID_LEN];
	struct emit e;
	struct buf b;
	enum err outcome;

	str_guid_text(&t->tenant, id);
	buf_open(&b, &c->arena);
	buf_printf(
	    &b, "%s %s %.*s ", h.type, level_word(level), STR_GUID_LEN, id);
	buf_str(&b, t->serial);
	buf_char(&b, ' ');
	buf_str(&b, expires);
	id_of(buf_view(&b), h.id);
	(void)buf_close(&b, &c->arena);
	begin_event(c, &h, &b, &e);
	emit_end_data(&e, t, expires, level, now_at);
	outcome = end_event(c, &h, &b, &e, out);
	return outcome == ERR_OK ? put_end_text(c, t, expires, now_at, out)
				 : outcome;
}
