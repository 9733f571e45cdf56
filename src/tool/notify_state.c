/* SPDX-License-Identifier: ISC */
/*
 * notify_state.c - compares the newest event of each tenant with the place in
 * the store. The places are read once; then the state follows them in memory.
 */
#include "tool/notify_state.h"

#include <stdlib.h>
#include <string.h>

#include "store/place.h"
#include "tool/cmd_call.h"
#include "tool/notify_watch.h"

/* The places that one change writes. */
#define SAVES_MOST 32
static const struct guid no_tenant;

void
notify_state_init(struct notify_state *s, struct cmd_call *c, struct str name)
{
	*s = (struct notify_state){ .c = c, .name = name };
}

static void
free_save(struct notify_save *save)
{
	free(save->serial);
	free(save->expires);
	free(save->matter);
	free(save);
}

void
notify_state_free(struct notify_state *s)
{
	struct notify_save *next;

	for (; s->first != NULL; s->first = next) {
		next = s->first->next;
		free_save(s->first);
	}
	free(s->tenant);
	s->tenant = NULL;
}

/* --- reading ---------------------------------------------------------- */

/* The tenants that a walk finds, and how far it is in the former list. */
struct reading {
	struct notify_state *s;
	struct notify_tenant *tenant;
	size_t count, room, before;
};

static bool
is_wanted(const struct cmd_call *c, const struct guid *tenant)
{
	return (c->given & CMD_BIT(OPTION_TENANT)) == 0 ||
	    memcmp(tenant, &c->tenant, sizeof(*tenant)) == 0;
}

static enum err
add_tenant(const struct guid *tenant, uint64_t number, void *arg)
{
	struct reading *r = arg;
	struct notify_state *s = r->s;
	struct notify_tenant *t = r->tenant;
	const struct notify_tenant *before;
	int order = 1;

	if (!is_wanted(s->c, tenant))
		return ERR_OK;
	if (r->count == r->room) {
		r->room = r->room > 0 ? 2 * r->room : 256;
		if ((t = reallocarray(t, r->room, sizeof(*t))) == NULL)
			return ERR_MEMORY;
		r->tenant = t;
	}
	t += r->count++;
	*t = (struct notify_tenant){ .id = *tenant };
	for (; r->before < s->count && order > 0; r->before++) {
		before = &s->tenant[r->before];
		order = memcmp(tenant, &before->id, sizeof(*tenant));
		if (order == 0)
			*t = *before;
		if (order < 0)
			break;
	}
	t->newest = number;
	/* The history has begun again. */
	if (t->place > number)
		t->place = 0;
	return ERR_OK;
}

/* A walk over the places, which are in the order of the tenants too. */
struct placing {
	struct notify_state *s;
	size_t at;
};

static enum err
take_place(const struct guid *tenant, const struct place *p, void *arg)
{
	struct placing *w = arg;
	struct notify_state *s = w->s;
	struct notify_tenant *t;

	if (!str_eq(p->name, s->name))
		return ERR_OK;
	if (str_is(p->matter, NOTIFY_KNOWN))
		s->known = true;
	if (!str_is(p->matter, NOTIFY_TENANT))
		return ERR_OK;
	while (w->at < s->count &&
	    memcmp(&s->tenant[w->at].id, tenant, sizeof(*tenant)) < 0)
		w->at++;
	t = &s->tenant[w->at];
	if (w->at < s->count && memcmp(&t->id, tenant, sizeof(*tenant)) == 0 &&
	    p->number <= t->newest)
		t->place = p->number;
	return ERR_OK;
}

enum err
notify_state_read(struct notify_state *s, bool ends)
{
	struct reading r = { .s = s };
	struct placing w = { .s = s };
	enum err e = ERR_OK;

	/* The vendor counts as a tenant, whose id sorts first. */
	if (notify_watch_vendor(s))
		e = add_tenant(&no_tenant, 0, &r);
	if (e == ERR_OK)
		e = store_newest(s->c->reader, add_tenant, &r);
	if (e != ERR_OK) {
		free(r.tenant);
		return e;
	}
	free(s->tenant);
	s->tenant = r.tenant;
	s->count = r.count;
	if (!s->loaded &&
	    (e = store_places(s->c->reader, take_place, &w)) != ERR_OK)
		return e;
	s->loaded = true;
	return ends ? notify_watch_mark(s) : ERR_OK;
}

/* --- the next event --------------------------------------------------- */

static enum err
next_of_history(
    struct notify_state *s, struct notify_tenant *t, struct notify_step *out)
{
	uint64_t number;
	enum err e;

	e = store_event_after(s->c->reader, &t->id, t->place, &number);
	if (e == ERR_NOT_FOUND)
		t->newest = t->place;
	if (e != ERR_OK)
		return e;
	if (number > t->place + 1) {
		out->number = number - 1;
		return notify_event_gap(
		    s->c, &t->id, t->place + 1, number - 1, &out->event);
	}
	out->number = number;
	return notify_event_history(s->c, &t->id, number, &out->event);
}

enum err
notify_state_next(
    struct notify_state *s, struct notify_tenant *t, struct notify_step *out)
{
	enum err e = ERR_NOT_FOUND;

	*out = (struct notify_step){ .number = 0 };
	if (t->place < t->newest)
		e = next_of_history(s, t, out);
	if (e == ERR_NOT_FOUND && t->ends) {
		*out = (struct notify_step){ .number = 0 };
		e = notify_watch_next(s, t, out);
		t->ends = e != ERR_NOT_FOUND;
	}
	return e;
}

/* --- places ----------------------------------------------------------- */

static enum err
set_text(char **text, struct str s)
{
	free(*text);
	*text = strndup(s.n > 0 ? s.p : "", s.n);
	return *text != NULL ? ERR_OK : ERR_MEMORY;
}

static bool
is_of(const struct notify_save *save, const struct guid *tenant,
    struct str matter)
{
	return memcmp(&save->tenant, tenant, sizeof(*tenant)) == 0 &&
	    str_eq(str_of(save->matter), matter);
}

/* The last entry of the list if it is of this matter, or else a new one. */
static struct notify_save *
save_of(struct notify_state *s, const struct guid *tenant, struct str matter)
{
	struct notify_save *save = s->last;

	if (save != NULL && is_of(save, tenant, matter))
		return save;
	if ((save = calloc(1, sizeof(*save))) == NULL)
		return NULL;
	if (set_text(&save->matter, matter) != ERR_OK) {
		free(save);
		return NULL;
	}
	save->tenant = *tenant;
	if (s->turn == NULL ||
	    memcmp(&s->turn->tenant, tenant, sizeof(*tenant)) != 0)
		s->turn = save;
	if (s->last != NULL)
		s->last->next = save;
	else
		s->first = save;
	s->last = save;
	return save;
}

bool
notify_state_took(const struct notify_state *s, const struct guid *tenant,
    const struct notify_step *step)
{
	const struct notify_save *save;

	for (save = s->turn; save != NULL; save = save->next)
		if (save->expires != NULL &&
		    is_of(save, tenant, step->matter) &&
		    str_eq(str_of(save->serial), step->serial) &&
		    str_eq(str_of(save->expires), step->expires) &&
		    save->level >= step->level)
			return true;
	return false;
}

enum err
notify_state_take(struct notify_state *s, struct notify_tenant *t,
    const struct notify_step *step)
{
	struct notify_save *save = save_of(s, &t->id, step->matter);
	enum err e;

	if (save == NULL)
		return ERR_MEMORY;
	if (step->number > 0) {
		t->place = save->number = step->number;
		/* The event may have brought another certificate. */
		t->ends = true;
		return ERR_OK;
	}
	save->level = step->level;
	e = set_text(&save->serial, step->serial);
	return e == ERR_OK ? set_text(&save->expires, step->expires) : e;
}

enum err
notify_state_skip(struct notify_state *s)
{
	struct notify_tenant *t;
	enum err e = ERR_OK;
	bool ends;
	size_t i;

	for (i = 0; i < s->count && e == ERR_OK; i++) {
		t = &s->tenant[i];
		ends = t->ends;
		if (t->place < t->newest)
			e = notify_state_take(
			    s, t, &(struct notify_step){ .number = t->newest });
		t->ends = ends;
	}
	return e == ERR_OK ? notify_watch_skip(s) : e;
}

static enum err
put_known(struct txn *tx, void *arg)
{
	const struct notify_state *s = arg;
	const struct place p = { .name = s->name,
		.matter = str_of(NOTIFY_KNOWN) };

	return store_place_put(tx, &no_tenant, &p);
}

enum err
notify_state_know(struct notify_state *s)
{
	enum err e;

	if (s->known)
		return ERR_OK;
	if ((e = store_update(s->c->store, put_known, s)) == ERR_OK)
		s->known = true;
	return e;
}

/* The first places of the list, which one change writes. */
struct saving {
	struct notify_state *s;
	size_t n;
};

/* Reads all places before it puts any, so that an engine that must fetch them
 * fetches all of them together. A damaged place is replaced. */
static enum err
put_places(struct txn *tx, void *arg)
{
	const struct saving *w = arg;
	const struct notify_save *save = w->s->first;
	struct place p[SAVES_MOST];
	enum err e, failed = ERR_OK;
	size_t i;

	for (i = 0; i < w->n; i++, save = save->next) {
		e = store_place(
		    tx, &save->tenant, w->s->name, str_of(save->matter), &p[i]);
		if (e == ERR_NOT_FOUND || e == ERR_CORRUPT)
			p[i] = (struct place){ .name = w->s->name,
				.matter = str_of(save->matter) };
		else if (e != ERR_OK)
			failed = e;
	}
	for (i = 0, save = w->s->first; i < w->n; i++, save = save->next) {
		if (failed != ERR_OK)
			break;
		if (save->number > 0)
			p[i].number = save->number;
		if (save->expires != NULL) {
			p[i].serial = str_of(save->serial);
			p[i].expires = str_of(save->expires);
			p[i].level = save->level;
		}
		failed = store_place_put(tx, &save->tenant, &p[i]);
	}
	return failed;
}

/* A change must not put a place twice, because each put begins from the place
 * that was there before. */
static size_t
count_different(const struct notify_save *first)
{
	const struct notify_save *a, *b;
	size_t n = 0;

	for (a = first; a != NULL && n < SAVES_MOST; a = a->next, n++)
		for (b = first; b != a; b = b->next)
			if (is_of(b, &a->tenant, str_of(a->matter)))
				return n;
	return n;
}

enum err
notify_state_save(struct notify_state *s)
{
	struct saving w = { .s = s };
	struct notify_save *next;
	enum err e;

	s->turn = NULL;
	while (s->first != NULL) {
		w.n = count_different(s->first);
		if ((e = store_update(s->c->store, put_places, &w)) != ERR_OK)
			return e;
		for (; w.n > 0; w.n--) {
			next = s->first->next;
			free_save(s->first);
			s->first = next;
		}
		if (s->first == NULL)
			s->last = NULL;
	}
	return ERR_OK;
}
