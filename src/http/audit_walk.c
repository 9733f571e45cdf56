/* SPDX-License-Identifier: ISC */
/*
 * audit_walk.c - follows the record backwards through the history.
 */
#include "http/audit_walk.h"

#include <string.h>

#include "base/buf.h"
#include "format/crypto.h"

/* Bytes of a copied record: its texts, the topic of the guard, and the hash. */
#define ROOM (RECORD_BYTES_MAX + 4096 + CRYPTO_SHA256_LEN)

enum err
audit_walk_init(struct audit_walk *w, struct arena *a)
{
	w->room = arena_take(a, ROOM);
	return w->room != NULL ? ERR_OK : ERR_MEMORY;
}

/* Whether the event knows the record before it. The event of a request for a
 * certificate does not. */
static bool
knows_record(const struct event *ev)
{
	return ev->action != STORE_REQUESTED;
}

static struct str
keep(struct buf *b, struct str text)
{
	size_t start = b->n;

	buf_str(b, text);
	return str_is_null(text) ? text : str_from(b->p + start, b->n - start);
}

/* Sets the state to a copy of a record; NULL: there is no record. */
static void
set_state(struct audit_walk *w, const struct record *r)
{
	struct audit_state *state = &w->after;
	struct buf b;
	unsigned i;

	state->known = true;
	state->exists = r != NULL;
	if (r == NULL)
		return;
	buf_init(&b, w->room, ROOM);
	state->record.revision = r->revision;
	for (i = 0; i < RECORD_PROPERTIES; i++)
		state->record.value[i] = keep(&b, r->value[i]);
	state->record.fingerprint = keep(&b, r->fingerprint);
	state->known = !b.full;
}

static void
set_before(struct audit_walk *w, const struct event *ev)
{
	set_state(w, ev->had_former ? &ev->former : NULL);
}

/* The state after the newest event is the current record. The history stays
 * readable when the record is damaged. */
static enum err
set_current(struct audit_walk *w)
{
	struct record r;
	enum err e;

	e = store_record(w->tx, w->tenant, &r);
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		set_state(w, e == ERR_OK ? &r : NULL);
	return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
}

/* Sets the state after the event with this number, from the nearest newer event
 * that knows the record. */
static enum err
set_after(struct audit_walk *w, uint64_t number)
{
	struct event ev;
	enum err e;

	do {
		e = store_event(w->tx, w->tenant, ++number, &ev);
	} while (e == ERR_OK && !knows_record(&ev));
	if (e == ERR_OK)
		set_before(w, &ev);
	return e == ERR_NOT_FOUND ? set_current(w) : e;
}

/* After a gap in the history, the record after the event is not known. Each
 * change increments the revision of the record. */
static void
check_state(struct audit_walk *w, const struct event *ev)
{
	struct audit_state *state = &w->after;
	bool changes = ev->action != STORE_REMOVED && store_event_changes(ev);

	if (w->newer != 0 && w->newer != ev->number + 1)
		state->known = false;
	if (changes &&
	    (!state->exists ||
		state->record.revision != ev->former.revision + 1))
		state->known = false;
}

static enum err
visit_matching(struct audit_walk *w, const struct event *ev)
{
	struct audit_room room;
	const struct audit_row row = { ev, &w->after, &room };

	check_state(w, ev);
	if (w->filter != NULL &&
	    !filter_holds(w->filter, audit_view_value, &row))
		return ERR_OK;
	return w->visit(&row, w->arg);
}

static enum err
step(const struct event *ev, void *arg)
{
	struct audit_walk *w = arg;
	enum err e = ERR_OK;

	if (ev->number < w->below)
		e = visit_matching(w, ev);
	if (knows_record(ev))
		set_before(w, ev);
	w->newer = ev->number;
	return e;
}

enum err
audit_walk_run(struct audit_walk *w, uint64_t below)
{
	uint64_t from = below == UINT64_MAX ? 0 : below;
	enum err e;

	w->after.known = false;
	w->below = below;
	w->newer = 0;
	e = from == 0 ? set_current(w) : set_after(w, from);
	if (e != ERR_OK)
		return e;
	return store_events_from(w->tx, w->tenant, from, step, w);
}

enum err
audit_walk_event(struct audit_walk *w, uint64_t number)
{
	struct event ev;
	enum err e;

	w->after.known = false;
	w->newer = 0;
	if ((e = store_event(w->tx, w->tenant, number, &ev)) != ERR_OK)
		return e;
	if ((e = set_after(w, number)) != ERR_OK)
		return e;
	return visit_matching(w, &ev);
}
