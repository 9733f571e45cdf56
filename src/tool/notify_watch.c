/* SPDX-License-Identifier: ISC */
/*
 * notify_watch.c - compares what is due now with what was reported last.
 *
 * A place of a matter holds what was reported last: in `serial` and `expires`
 * the certificate, in `level` how urgent it was. Another certificate, or a
 * greater level of the same one, is an event. For a target of deploy, `serial`
 * is the fingerprint of the certificate that the target should have.
 */
#include "tool/notify_watch.h"

#include <stdlib.h>
#include <string.h>

#include "format/datetime.h"
#include "store/delivery.h"
#include "store/expiries.h"
#include "store/place.h"
#include "tool/cmd_call.h"
#include "tool/deploy_state.h"

/* Seconds. */
#define DAY INT64_C(86400)
/* Seconds that a delivery may take, as for `check`. */
#define GRACE 3600

static const struct guid no_tenant;

static struct notify_tenant *
find_tenant(struct notify_state *s, const struct guid *tenant)
{
	size_t low = 0, high = s->count, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = memcmp(tenant, &s->tenant[middle].id, sizeof(*tenant));
		if (order == 0)
			return &s->tenant[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Whether this level of the certificate was reported already. */
static bool
is_covered(const struct place *p, const struct notify_step *step)
{
	return str_eq(p->serial, step->serial) &&
	    str_eq(p->expires, step->expires) && p->level >= step->level;
}

/* ERR_NOT_FOUND: it was reported. A place that is damaged or missing is that of
 * a matter that never was. */
static enum err
check_place(struct notify_state *s, const struct guid *tenant,
    const struct notify_step *step)
{
	struct place p;
	enum err e;

	if (notify_state_took(s, tenant, step))
		return ERR_NOT_FOUND;
	e = store_place(s->c->reader, tenant, s->name, step->matter, &p);
	if (e == ERR_OK)
		return is_covered(&p, step) ? ERR_NOT_FOUND : ERR_OK;
	return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
}

/* --- the end of a tenant's certificate -------------------------------- */

/* Notes the tenants whose certificate has so few days left that it may have
 * reached a threshold, in the order of the ends. */
static enum err
mark_end(const struct store_expiry *x, void *arg)
{
	struct notify_state *s = arg;
	int64_t until = cmd_now_at() + ((int64_t)s->c->warning_days + 1) * DAY;
	struct notify_tenant *t;

	if (!x->expires || x->expires_at > until)
		return ERR_STOP;
	if ((t = find_tenant(s, &x->tenant)) != NULL)
		t->ends = true;
	return ERR_OK;
}

static enum err
mark_ends(struct notify_state *s)
{
	enum err e = store_expiries(s->c->reader, NULL, mark_end, s);

	return e == ERR_STOP ? ERR_OK : e;
}

static enum err
next_end(struct notify_state *s, const struct notify_tenant *t,
    struct notify_step *out)
{
	int64_t now_at = cmd_now_at();
	struct expiry_tenant facts;
	struct record r;
	enum err e;

	if ((e = store_record(s->c->reader, &t->id, &r)) != ERR_OK)
		return e;
	facts = cmd_facts(s->c, &t->id, &r, now_at);
	out->matter = str_of(NOTIFY_TENANT);
	out->level = notify_event_level(s->c, &facts, now_at);
	if (out->level == NOTIFY_FAR)
		return ERR_NOT_FOUND;
	out->serial = arena_copy(&s->c->arena, r.value[RECORD_SERIAL]);
	out->expires = arena_copy(&s->c->arena, r.value[RECORD_EXPIRES]);
	if (str_is_null(out->expires))
		return ERR_MEMORY;
	if ((e = check_place(s, &t->id, out)) != ERR_OK)
		return e;
	return notify_event_end(
	    s->c, &facts, out->expires, out->level, now_at, &out->event);
}

/* --- deliveries -------------------------------------------------------- */

/* The level of a delivery: taken, or late as `check` grades it. */
static enum notify_level
level_of(const struct cmd_call *c, const struct delivery *d, int64_t now_at)
{
	const struct expiry x = { .expires = true,
		.expires_at = d->expires_at };

	if (d->next_at == 0)
		return d->skipped ? NOTIFY_FAR : NOTIFY_TAKEN;
	if (now_at - d->since_at < GRACE)
		return NOTIFY_FAR;
	return d->taken_at != 0 &&
		expiry_days(&x, now_at) < (int64_t)c->critical_days
	    ? NOTIFY_CRITICAL
	    : NOTIFY_WARNING;
}

/* Whether the record still has the certificate that the target should take. A
 * restore may have put that of the target back. */
static enum err
is_wanted(struct notify_state *s, const struct guid *tenant,
    const struct delivery *d, bool *out)
{
	struct deploy_certificate x;
	struct record r;
	enum err e = store_record(s->c->reader, tenant, &r);

	*out = e == ERR_OK && deploy_state_certificate(s->c, tenant, &r, &x) &&
	    x.valid && str_eq(d->tried, str_of(x.fingerprint));
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The fingerprint of the certificate that the level is about. */
static struct str
due_of(const struct delivery *d)
{
	return d->next_at == 0 ? d->fingerprint : d->tried;
}

/* A delivery, or a place of one, as numbers that can be compared. */
struct mark {
	struct guid tenant;
	uint64_t target, certificate; /* hashes of the texts */
	uint64_t level;
};

struct marks {
	struct notify_state *s;
	int64_t now_at;
	struct mark *mark;
	size_t n, room;
	size_t at; /* the first mark of the tenant of the last delivery */
};

/* FNV-1a. */
static uint64_t
hash(struct str s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static enum err
add_place(const struct guid *tenant, const struct place *p, void *arg)
{
	struct marks *m = arg;
	struct mark *more = m->mark;

	if (!str_eq(p->name, m->s->name) ||
	    !str_starts(p->matter, NOTIFY_TARGET))
		return ERR_OK;
	if (m->n == m->room) {
		m->room = m->room > 0 ? 2 * m->room : 256;
		more = reallocarray(more, m->room, sizeof(*more));
		if (more == NULL)
			return ERR_MEMORY;
		m->mark = more;
	}
	m->mark[m->n++] = (struct mark){ .tenant = *tenant,
		.target = hash(str_tail(p->matter, strlen(NOTIFY_TARGET))),
		.certificate = hash(p->serial),
		.level = p->level };
	return ERR_OK;
}

/* Both walks are in the order of the tenants. */
static bool
is_marked(struct marks *m, const struct mark *wanted)
{
	const struct mark *mark;
	size_t i;

	while (m->at < m->n &&
	    memcmp(&m->mark[m->at].tenant, &wanted->tenant,
		sizeof(wanted->tenant)) < 0)
		m->at++;
	for (i = m->at; i < m->n; i++) {
		mark = &m->mark[i];
		if (memcmp(&mark->tenant, &wanted->tenant,
			sizeof(mark->tenant)) != 0)
			return false;
		if (mark->target == wanted->target)
			return mark->certificate == wanted->certificate &&
			    mark->level >= wanted->level;
	}
	return false;
}

static enum err
mark_delivery(const struct guid *tenant, const struct delivery *d, void *arg)
{
	struct marks *m = arg;
	const struct mark wanted = { .tenant = *tenant,
		.target = hash(d->target),
		.certificate = hash(due_of(d)),
		.level = level_of(m->s->c, d, m->now_at) };
	struct notify_tenant *t;

	if (wanted.level != NOTIFY_FAR && !is_marked(m, &wanted) &&
	    (t = find_tenant(m->s, tenant)) != NULL)
		t->ends = true;
	return ERR_OK;
}

static enum err
mark_deliveries(struct notify_state *s)
{
	struct marks m = { .s = s, .now_at = cmd_now_at() };
	enum err e = store_places(s->c->reader, add_place, &m);

	if (e == ERR_OK)
		e = store_deliveries(s->c->reader, NULL, mark_delivery, &m);
	free(m.mark);
	return e;
}

/* Sets the certificate of a step for a delivery, in the arena. */
static enum err
set_step(
    struct notify_state *s, const struct delivery *d, struct notify_step *out)
{
	struct arena *a = &s->c->arena;
	struct buf b;

	buf_open(&b, a);
	buf_text(&b, NOTIFY_TARGET);
	buf_str(&b, d->target);
	out->matter = buf_close(&b, a);
	out->serial = arena_copy(a, due_of(d));
	out->expires = STR_EMPTY;
	return str_is_null(out->matter) || str_is_null(out->serial) ? ERR_MEMORY
								    : ERR_OK;
}

/* A search for a delivery of one tenant that has something to report. */
struct delivering {
	struct notify_state *s;
	int64_t now_at;
	struct notify_step *out;
};

static enum err
visit_delivery(const struct guid *tenant, const struct delivery *d, void *arg)
{
	const struct delivering *w = arg;
	struct notify_step *out = w->out;
	bool wanted = true;
	enum err e;

	out->level = level_of(w->s->c, d, w->now_at);
	if (out->level == NOTIFY_FAR)
		return ERR_OK;
	if (out->level != NOTIFY_TAKEN &&
	    ((e = is_wanted(w->s, tenant, d, &wanted)) != ERR_OK || !wanted))
		return e;
	if ((e = set_step(w->s, d, out)) != ERR_OK)
		return e;
	e = check_place(w->s, tenant, out);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	e = notify_event_delivery(w->s->c, tenant, d, out->level, &out->event);
	return e == ERR_OK ? ERR_STOP : e;
}

static enum err
next_delivery(struct notify_state *s, const struct notify_tenant *t,
    struct notify_step *out)
{
	struct delivering w = { s, cmd_now_at(), out };
	enum err e = store_deliveries(s->c->reader, &t->id, visit_delivery, &w);

	return e == ERR_STOP ? ERR_OK : e == ERR_OK ? ERR_NOT_FOUND : e;
}

/* --- the vendor's certificate ------------------------------------------ */

bool
notify_watch_vendor(const struct notify_state *s)
{
	return s->c->config.vendor_certificate[0] != '\0';
}

static enum err
next_vendor(struct notify_state *s, const struct notify_tenant *t,
    struct notify_step *out)
{
	struct expiry_tenant facts = { .tenant = t->id };
	int64_t now_at = cmd_now_at();
	char text[DATETIME_SECONDS_LEN + 1];
	enum err e;

	if (!cmd_vendor_expiry(s->c, &facts.expiry) || !facts.expiry.expires)
		return ERR_NOT_FOUND;
	facts.status = expiry_status(&facts.expiry, now_at, s->c->warning_days);
	out->level = notify_event_level(s->c, &facts, now_at);
	if (out->level == NOTIFY_FAR)
		return ERR_NOT_FOUND;
	datetime_seconds(facts.expiry.expires_at, text);
	text[DATETIME_SECONDS_LEN] = 'Z';
	out->matter = str_of(NOTIFY_VENDOR);
	out->serial = STR_EMPTY;
	out->expires = arena_copy(&s->c->arena, str_from(text, sizeof(text)));
	if (str_is_null(out->expires))
		return ERR_MEMORY;
	if ((e = check_place(s, &t->id, out)) != ERR_OK)
		return e;
	return notify_event_vendor(
	    s->c, &facts, out->expires, out->level, now_at, &out->event);
}

static enum err
skip_delivery(const struct guid *tenant, const struct delivery *d, void *arg)
{
	struct notify_state *s = arg;
	struct notify_tenant *t = find_tenant(s, tenant);
	size_t used = s->c->arena.used;
	struct notify_step step = { .level = NOTIFY_TAKEN };
	enum err e;

	if (t == NULL || level_of(s->c, d, cmd_now_at()) != NOTIFY_TAKEN)
		return ERR_OK;
	e = set_step(s, d, &step);
	if (e == ERR_OK)
		e = notify_state_take(s, t, &step);
	s->c->arena.used = used;
	return e;
}

enum err
notify_watch_skip(struct notify_state *s)
{
	return store_deliveries(s->c->reader, NULL, skip_delivery, s);
}

/* --- all of them -------------------------------------------------------- */

enum err
notify_watch_mark(struct notify_state *s)
{
	struct notify_tenant *t;
	enum err e;

	if (s->count == 0)
		return ERR_OK;
	if (notify_watch_vendor(s) && (t = find_tenant(s, &no_tenant)) != NULL)
		t->ends = true;
	e = mark_ends(s);
	return e == ERR_OK ? mark_deliveries(s) : e;
}

enum err
notify_watch_next(struct notify_state *s, const struct notify_tenant *t,
    struct notify_step *out)
{
	enum err e = ERR_NOT_FOUND;

	if (memcmp(&t->id, &no_tenant, sizeof(t->id)) == 0 &&
	    notify_watch_vendor(s))
		e = next_vendor(s, t, out);
	if (e == ERR_NOT_FOUND)
		e = next_end(s, t, out);
	return e == ERR_NOT_FOUND ? next_delivery(s, t, out) : e;
}
