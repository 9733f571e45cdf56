/* SPDX-License-Identifier: ISC */
/*
 * notify_event.c - the events of a history, and the gaps in it.
 *
 * A second try must be the same event, so nothing here depends on the moment:
 * the id of an event of the history is that of its audit event, the other ids
 * are hashes, and the time of a threshold is the moment when it was reached.
 * Only the number of days that are left may differ.
 */
#include "tool/notify_envelope.h"

#include "format/audit.h"
#include "http/audit_walk.h"
#include "http/view.h"
#include "tool/cmd_call.h"
#include "tool/cmd_output.h"

#define GAP "pushcert.history.gap"

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

	notify_envelope_line(m->c, &m->tenant, &b);
	buf_text(&b, words_of(ev));
	notify_envelope_fact(&b, " by ", ev->actor);
	notify_envelope_fact(&b, ": ", ev->outcome);
	notify_envelope_fact(&b, "; serial ", ev->serial);
	notify_envelope_fact(&b, ", topic ", ev->topic);
	notify_envelope_fact(&b, ", expires ", ev->expires);
	return notify_envelope_line_end(m->c, &b, m->out);
}

static enum err
put_event(const struct audit_row *row, void *arg)
{
	static const struct view view = { .metadata = ODATA_NONE,
		.set = AUDIT_ALL };
	const struct making *m = arg;
	struct notify_head h = { .type = type_of(row->event),
		.tenant = m->tenant,
		.when = row->event->when };
	struct emit e;
	struct buf b;
	enum err outcome;

	audit_id(row->event->number, h.id);
	notify_envelope_begin(m->c, &h, &b, &e);
	emit_object(&e);
	audit_view_members(&e, &view, row);
	emit_end(&e);
	outcome = notify_envelope_end(m->c, &h, &b, &e, m->out);
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
	unsigned long long count = last - first + 1;
	struct buf b;

	notify_envelope_line(c, &out->tenant, &b);
	buf_printf(&b,
	    "%llu events of the history, from number %llu on, were lost before "
	    "they were delivered",
	    count, (unsigned long long)first);
	return notify_envelope_line_end(c, &b, out);
}

enum err
notify_event_gap(struct cmd_call *c, const struct guid *tenant, uint64_t first,
    uint64_t last, struct notify_event *out)
{
	struct notify_head h = { .type = GAP,
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
	notify_envelope_id(buf_view(&b), h.id);
	notify_envelope_begin(c, &h, &b, &e);
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
	outcome = notify_envelope_end(c, &h, &b, &e, out);
	return outcome == ERR_OK ? put_gap_text(c, first, last, out) : outcome;
}
