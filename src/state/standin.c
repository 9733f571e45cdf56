/* SPDX-License-Identifier: ISC */
/*
 * standin.c - the table of tenants. A tenant without a row has the state of a
 * new tenant, so reading needs no row. One lock guards the table; nothing that
 * is done under it waits.
 */
#include "state/standin.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "state/journal.h"

/* Retry-After windows that a tenant may have at the same time. */
#define WINDOWS 16
#define NANO 1000000000

/* Until then the same method and path get 429 again. */
struct window {
	uint64_t request; /* a hash of method and path */
	int64_t until;
	struct standin_act act;
};

struct entry {
	struct guid id;
	uint64_t used; /* the number of the last use, in the table's count */
	/* The clock: the machine's time and an offset, or a moment. */
	int64_t offset_at;
	int64_t offset_nano;
	bool frozen;
	struct instant frozen_at;
	uint64_t random, random_from;
	struct standin_rule rule[STANDIN_RULES_MAX];
	size_t rules;
	struct standin_limit limit;
	int64_t window_from; /* of the limit */
	uint64_t window_used;
	struct window window[WINDOWS];
	size_t windows; /* the place of the next one, modulo WINDOWS */
	struct journal journal;
};

struct standin {
	pthread_mutex_t lock;
	uint64_t uses;
	size_t n;
	struct entry *entry[STANDIN_TENANTS];
};

struct standin *
standin_open(void)
{
	struct standin *s = calloc(1, sizeof(*s));

	if (s != NULL)
		pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void
drop(struct entry *t)
{
	journal_clear(&t->journal);
	free(t);
}

void
standin_close(struct standin *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		drop(s->entry[i]);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* --- the table ---------------------------------------------------------- */

/* The functions below are called with the lock held. */

static size_t
place_of(const struct standin *s, const struct guid *id)
{
	size_t i = 0;

	while (i < s->n &&
	    memcmp(s->entry[i]->id.byte, id->byte, sizeof(id->byte)) != 0)
		i++;
	return i;
}

static struct entry *
find(struct standin *s, const struct guid *id)
{
	size_t i = place_of(s, id);

	if (i == s->n)
		return NULL;
	s->entry[i]->used = ++s->uses;
	return s->entry[i];
}

/* Makes room for one more tenant. */
static void
drop_longest_idle(struct standin *s)
{
	char text[STR_GUID_LEN];
	size_t i, oldest = 0;

	for (i = 1; i < s->n; i++)
		if (s->entry[i]->used < s->entry[oldest]->used)
			oldest = i;
	str_guid_text(&s->entry[oldest]->id, text);
	log_line(LOG_AT_WARNING,
	    "test mode: the faults, the clock and the journal of tenant %.*s "
	    "were reset, because %d other tenants were used later",
	    STR_GUID_LEN, text, STANDIN_TENANTS);
	drop(s->entry[oldest]);
	s->entry[oldest] = s->entry[--s->n];
}

static struct entry *
need(struct standin *s, const struct guid *id)
{
	struct entry *t = find(s, id);

	if (t != NULL || (t = calloc(1, sizeof(*t))) == NULL)
		return t;
	if (s->n == STANDIN_TENANTS)
		drop_longest_idle(s);
	t->id = *id;
	t->used = ++s->uses;
	s->entry[s->n++] = t;
	return t;
}

/* --- the clock ---------------------------------------------------------- */

static struct instant
time_of(const struct entry *t, struct instant real)
{
	int64_t nano = (int64_t)real.nano + t->offset_nano;
	bool carries = nano >= NANO;
	struct instant now = t->frozen_at;

	if (!t->frozen) {
		now.at = real.at + t->offset_at + carries;
		now.nano = (uint32_t)(carries ? nano - NANO : nano);
	}
	return now;
}

static void
set_time(struct entry *t, struct instant now, struct instant real)
{
	int64_t nano = (int64_t)now.nano - (int64_t)real.nano;

	t->frozen_at = now;
	t->offset_at = now.at - real.at - (nano < 0);
	t->offset_nano = nano < 0 ? nano + NANO : nano;
}

void
standin_now(struct standin *s, const struct guid *tenant, struct instant *now)
{
	struct entry *t;

	pthread_mutex_lock(&s->lock);
	if ((t = find(s, tenant)) != NULL)
		*now = time_of(t, *now);
	pthread_mutex_unlock(&s->lock);
}

/* --- one request -------------------------------------------------------- */

static uint64_t
hash_of(const struct standin_request *r)
{
	const struct str part[] = { r->method, STR(" "), r->path };
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	size_t i, k;

	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		for (k = 0; k < part[i].n; k++)
			hash = (hash ^ (uint8_t)part[i].p[k]) *
			    UINT64_C(0x100000001b3);
	return hash;
}

/* Counts the request in the window of the limit. */
static void
judge_limit(struct entry *t, int64_t now_at, struct standin_act *out)
{
	const struct standin_limit *l = &t->limit;
	int64_t end = t->window_from + (int64_t)l->window;
	uint64_t used;

	if (l->requests == 0)
		return;
	if (t->window_used == 0 || now_at < t->window_from || now_at >= end) {
		t->window_from = now_at;
		t->window_used = 0;
		end = now_at + (int64_t)l->window;
	}
	used = ++t->window_used;
	out->warns = used * STANDIN_CERTAIN >= l->requests * (uint64_t)l->warn;
	out->limit = l->requests;
	out->remaining = used < l->requests ? l->requests - used : 0;
	out->reset = (uint64_t)(end - now_at);
	if (used <= l->requests)
		return;
	out->faulted = out->limited = true;
	out->status = 429;
	out->wait = STANDIN_WAIT_SECONDS;
	out->wait_seconds = out->reset;
}

/* Sets what the act says about the fault, and keeps RateLimit-*. */
static void
set_fault(struct standin_act *out, struct standin_act act)
{
	act.now_at = out->now_at;
	act.warns = out->warns;
	act.limit = out->limit;
	act.remaining = out->remaining;
	act.reset = out->reset;
	*out = act;
}

/* The same request within its window gets 429 again, and the window starts
 * over. */
static bool
is_too_early(
    struct entry *t, uint64_t hash, int64_t now_at, struct standin_act *out)
{
	size_t i;

	for (i = 0; i < WINDOWS; i++) {
		struct window *w = &t->window[i];

		if (w->request != hash || now_at >= w->until)
			continue;
		w->until = now_at + (int64_t)standin_rule_wait(&w->act);
		set_fault(out, w->act);
		out->status = 429;
		return true;
	}
	return false;
}

static void
open_window(struct entry *t, uint64_t hash, int64_t now_at,
    const struct standin_act *act)
{
	uint64_t wait = standin_rule_wait(act);

	if (!act->enforce || wait == 0)
		return;
	t->window[t->windows++ % WINDOWS] = (struct window){
		.request = hash, .until = now_at + (int64_t)wait, .act = *act
	};
}

static void
judge_rules(
    struct entry *t, const struct standin_request *r, struct standin_act *out)
{
	size_t i;

	for (i = 0; i < t->rules; i++) {
		struct standin_rule *rule = &t->rule[i];

		if (!standin_rule_matches(rule, r->method, r->path) ||
		    !standin_rule_is_due(rule, &t->random))
			continue;
		set_fault(out,
		    standin_rule_act(
			rule, (unsigned)i + 1, r->method, &t->random));
		return;
	}
}

enum err
standin_judge(
    struct standin *s, const struct standin_request *r, struct standin_act *out)
{
	uint64_t hash = hash_of(r);
	struct entry *t;

	*out = (struct standin_act){ .now_at = r->now.at };
	pthread_mutex_lock(&s->lock);
	if ((t = need(s, &r->tenant)) == NULL) {
		pthread_mutex_unlock(&s->lock);
		return ERR_MEMORY;
	}
	if (!str_iis(r->path, "$batch"))
		judge_limit(t, r->now.at, out);
	if (r->header != NULL && !out->limited)
		set_fault(
		    out, standin_rule_act(r->header, 0, r->method, &t->random));
	else if (!out->limited && !is_too_early(t, hash, r->now.at, out)) {
		judge_rules(t, r, out);
		open_window(t, hash, r->now.at, out);
	}
	pthread_mutex_unlock(&s->lock);
	return ERR_OK;
}

/* --- the journal -------------------------------------------------------- */

void
standin_note(struct standin *s, const struct guid *tenant, struct str json)
{
	char *copy = journal_copy(json);
	struct entry *t;

	if (copy == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	if ((t = need(s, tenant)) != NULL) {
		journal_add(&t->journal, copy, json.n);
		copy = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	free(copy);
}

void
standin_journal(struct standin *s, const struct guid *tenant, struct emit *e)
{
	struct entry *t;

	emit_array(e);
	pthread_mutex_lock(&s->lock);
	if ((t = find(s, tenant)) != NULL)
		journal_emit(&t->journal, e);
	pthread_mutex_unlock(&s->lock);
	emit_end(e);
}

void
standin_forget_journal(struct standin *s, const struct guid *tenant)
{
	struct entry *t;

	pthread_mutex_lock(&s->lock);
	if ((t = find(s, tenant)) != NULL)
		journal_clear(&t->journal);
	pthread_mutex_unlock(&s->lock);
}

/* --- the state ---------------------------------------------------------- */

/* Year 1 and the end of year 9999. */
static bool
is_in_range(int64_t at)
{
	return at >= INT64_C(-62135596800) && at <= INT64_C(253402300799);
}

static bool
apply_clock(struct entry *t, const struct standin_patch *p, struct instant real)
{
	struct instant set = p->real_now ? real : p->now;
	struct instant now = p->has_now ? set : time_of(t, real);

	now.at += p->advance;
	if (!is_in_range(now.at))
		return false;
	if (p->has_now || p->advance != 0 || p->has_frozen)
		set_time(t, now, real);
	if (p->has_frozen)
		t->frozen = p->frozen;
	return true;
}

static void
apply_rest(struct entry *t, const struct standin_patch *p)
{
	if (p->has_faults) {
		if (p->rules > 0)
			memcpy(t->rule, p->rule, p->rules * sizeof(*p->rule));
		t->rules = p->rules;
		memset(t->window, 0, sizeof(t->window));
	}
	if (p->has_random)
		t->random = t->random_from = p->random;
	if (p->has_limit) {
		t->limit = p->limit;
		t->window_used = 0;
	}
}

enum err
standin_apply(struct standin *s, const struct guid *tenant,
    const struct standin_patch *p, struct instant real)
{
	enum err e = ERR_MEMORY;
	struct entry *t;

	pthread_mutex_lock(&s->lock);
	if ((t = need(s, tenant)) != NULL)
		e = apply_clock(t, p, real) ? ERR_OK : ERR_STANDIN;
	if (e == ERR_OK)
		apply_rest(t, p);
	pthread_mutex_unlock(&s->lock);
	return e;
}

static void
emit_limit(struct emit *e, const struct standin_limit *l)
{
	emit_name(e, "limit");
	if (l->requests == 0) {
		emit_null(e);
		return;
	}
	emit_object(e);
	emit_name(e, "requests");
	emit_u64(e, l->requests);
	emit_name(e, "window");
	emit_u64(e, l->window);
	emit_name(e, "warn");
	standin_rule_text_emit_rate(e, l->warn);
	emit_end(e);
}

static void
emit_state(struct emit *e, const struct entry *t, struct instant real)
{
	char date[DATETIME_TICKS_LEN];
	size_t i;

	datetime_ticks(time_of(t, real), date);
	emit_name(e, "now");
	emit_str(e, str_from(date, sizeof(date)));
	emit_name(e, "frozen");
	emit_bool(e, t->frozen);
	emit_name(e, "random");
	emit_u64(e, t->random_from);
	emit_limit(e, &t->limit);
	emit_name(e, "faults");
	emit_array(e);
	for (i = 0; i < t->rules; i++)
		standin_rule_text_emit(e, &t->rule[i]);
	emit_end(e);
}

void
standin_emit(struct standin *s, const struct guid *tenant, struct instant real,
    struct emit *e)
{
	static const struct entry new_tenant;
	const struct entry *t;

	pthread_mutex_lock(&s->lock);
	t = find(s, tenant);
	emit_state(e, t != NULL ? t : &new_tenant, real);
	pthread_mutex_unlock(&s->lock);
}

void
standin_forget(struct standin *s, const struct guid *tenant)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	if ((i = place_of(s, tenant)) < s->n) {
		drop(s->entry[i]);
		s->entry[i] = s->entry[--s->n];
	}
	pthread_mutex_unlock(&s->lock);
}
