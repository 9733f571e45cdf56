/* SPDX-License-Identifier: ISC */
/*
 * notify_run.c - reads the next event of a tenant, runs the hook with it, and
 * writes the place.
 *
 * The place of a tenant moves in the store after the hook has succeeded, so the
 * hook runs at least once for each event, and again after a crash. A failure
 * holds up its tenant only. No transaction is open while the hook runs.
 */
#include "tool/notify_run.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "tool/cmd_call.h"
#include "tool/cmd_output.h"
#include "tool/notify_send.h"

/* Events of one tenant before the next tenant has its turn. */
#define TURN 16
/* Milliseconds of the first pause and of the longest one. */
#define FIRST_PAUSE INT64_C(1000)
#define LONGEST_PAUSE (INT64_C(10) * 60 * 1000)
/* The next try of a tenant that is due in the next run. */
#define NEVER INT64_MAX

int64_t
notify_run_pause(unsigned tries)
{
	int64_t pause = FIRST_PAUSE;

	while (tries-- > 1 && pause < LONGEST_PAUSE)
		pause *= 2;
	return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

/* --- signals ---------------------------------------------------------- */

enum err
notify_run_catch(struct notify_run *r)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		r->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return r->signals >= 0 ? ERR_OK : ERR_INTERNAL;
}

bool
notify_run_stops(const struct notify_run *r, int64_t ms)
{
	struct pollfd p = { .fd = r->signals, .events = POLLIN };

	return poll(&p, 1, (int)ms) > 0;
}

/* --- one event -------------------------------------------------------- */

static void
hold_up(struct notify_run *r, struct notify_tenant *t)
{
	t->tries++;
	t->next_at = r->follows ? clock_ms() + notify_run_pause(t->tries)
				: NEVER;
	r->failed = true;
}

static void
report_failure(
    const struct notify_run *r, const struct notify_tenant *t, const char *what)
{
	static const struct guid no_tenant;
	char of[sizeof("tenant ") + STR_GUID_LEN] = "tenant ";

	str_guid_text(&t->id, of + strlen(of));
	if (memcmp(&t->id, &no_tenant, sizeof(t->id)) == 0)
		snprintf(of, sizeof(of), "the vendor's certificate");
	if (r->follows)
		cmd_error(r->c, "%s: %s; the next try is in %lld s", of, what,
		    (long long)notify_run_pause(t->tries) / 1000);
	else
		cmd_error(r->c, "%s: %s; the next run tries again", of, what);
}

static enum err
read_step(
    struct notify_run *r, struct notify_tenant *t, struct notify_step *step)
{
	enum err e;

	if ((e = store_begin(r->c->reader)) != ERR_OK)
		return e;
	e = notify_state_next(&r->state, t, step);
	store_end(r->c->reader);
	return e;
}

enum err
notify_run_save(struct notify_run *r)
{
	enum err e = notify_state_save(&r->state);

	if (e == ERR_OK)
		return ERR_OK;
	r->failed = true;
	return e;
}

int
notify_run_report(const struct notify_run *r, enum err e)
{
	if (r->state.first != NULL)
		cmd_error(r->c,
		    "the store did not record what was delivered; the next "
		    "run delivers it again");
	return cmd_fail(r->c, e, cmd_place(r->c));
}

static enum err
deliver(struct notify_run *r, struct notify_tenant *t,
    const struct notify_step *step)
{
	char what[128];
	int status = notify_send_event(r->c, &step->event, r->signals);
	enum err e;

	if (status == NOTIFY_DELIVERED) {
		t->tries = 0;
		e = notify_state_take(&r->state, t, step);
		return e == ERR_OK ? notify_run_save(r) : e;
	}
	hold_up(r, t);
	r->gone = status == NOTIFY_GONE;
	snprintf(what, sizeof(what),
	    "the hook failed with exit status %d for event %s", status,
	    step->event.id);
	if (!r->gone && !notify_run_stops(r, 0))
		report_failure(r, t, what);
	return ERR_OK;
}

/* A failure that concerns one row holds up its tenant; any other ends the
 * turn of all. */
static enum err
take_failure(struct notify_run *r, struct notify_tenant *t, enum err e)
{
	if (e != ERR_CORRUPT && e != ERR_MEMORY)
		return e;
	hold_up(r, t);
	report_failure(r, t, err_info(e)->text);
	return ERR_OK;
}

static enum err
serve_tenant(struct notify_run *r, struct notify_tenant *t)
{
	size_t used = r->c->arena.used;
	struct notify_step step;
	enum err e = ERR_OK;
	unsigned n;

	for (n = 0; n < TURN && t->next_at <= clock_ms(); n++) {
		if (r->gone || notify_run_stops(r, 0))
			return ERR_OK;
		if ((e = read_step(r, t, &step)) == ERR_OK)
			e = deliver(r, t, &step);
		r->c->arena.used = used;
		if (e != ERR_OK)
			break;
	}
	r->more |= n == TURN;
	/* An event that failed may be due no longer. */
	if (e == ERR_NOT_FOUND) {
		t->tries = 0;
		return ERR_OK;
	}
	return e == ERR_OK ? e : take_failure(r, t, e);
}

enum err
notify_run_turns(struct notify_run *r)
{
	struct notify_tenant *t;
	enum err e = ERR_OK;
	size_t i;

	r->more = false;
	for (i = 0; i < r->state.count && e == ERR_OK; i++) {
		t = &r->state.tenant[i];
		if (t->place < t->newest || t->ends)
			e = serve_tenant(r, t);
	}
	return e;
}

/* --- a digest --------------------------------------------------------- */

/* Takes the events of one tenant into the digest. */
static enum err
gather_tenant(
    struct notify_run *r, struct notify_tenant *t, struct notify_digest *d)
{
	size_t used = r->c->arena.used;
	struct notify_step step;
	enum err e = ERR_OK;

	while (e == ERR_OK && d->json_n < NOTIFY_DIGEST_MAX) {
		e = notify_state_next(&r->state, t, &step);
		if (e == ERR_OK &&
		    (e = notify_send_add(d, &step.event)) == ERR_OK)
			e = notify_state_take(&r->state, t, &step);
		r->c->arena.used = used;
	}
	return e == ERR_NOT_FOUND || e == ERR_OK ? ERR_OK
						 : take_failure(r, t, e);
}

static enum err
gather(struct notify_run *r, struct notify_digest *d)
{
	struct notify_tenant *t;
	enum err e;
	size_t i;

	if ((e = store_begin(r->c->reader)) != ERR_OK)
		return e;
	for (i = 0; i < r->state.count && e == ERR_OK; i++) {
		t = &r->state.tenant[i];
		if ((t->place < t->newest || t->ends) && t->next_at != NEVER)
			e = gather_tenant(r, t, d);
	}
	store_end(r->c->reader);
	return e;
}

static enum err
send_digest(struct notify_run *r, struct notify_digest *d)
{
	int status = notify_send_digest(r->c, d, r->signals);

	if (status == NOTIFY_DELIVERED)
		return notify_run_save(r);
	r->failed = true;
	r->gone = status == NOTIFY_GONE;
	if (!r->gone && !notify_run_stops(r, 0))
		cmd_error(r->c,
		    "the hook failed with exit status %d for %zu events; the "
		    "next run tries again",
		    status, d->count);
	return ERR_STOP;
}

enum err
notify_run_digest(struct notify_run *r)
{
	struct notify_digest d = { .count = 0 };
	enum err e;

	do {
		notify_send_free(&d);
		e = gather(r, &d);
		if (e == ERR_OK && d.count > 0)
			e = send_digest(r, &d);
	} while (e == ERR_OK && d.count > 0 && !notify_run_stops(r, 0));
	notify_send_free(&d);
	return e == ERR_STOP ? ERR_OK : e;
}
