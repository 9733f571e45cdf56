/* SPDX-License-Identifier: ISC */
/*
 * cmd_notify.c - runs a hook for each event of the histories, in the order of
 * each tenant, and for each certificate that reaches a threshold.
 *
 * The place of a tenant moves in the store after the hook has succeeded, so the
 * hook runs at least once for each event, and again after a crash. A failure
 * holds up its tenant only. No transaction is open while the hook runs.
 */
#include "tool/cmd_call.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/place.h"
#include "tool/cmd_names.h"
#include "tool/cmd_output.h"
#include "tool/notify_send.h"
#include "tool/notify_state.h"

/* Events of one tenant before the next tenant has its turn. */
#define TURN 16
/* Milliseconds between two looks for new events. */
#define LOOK_MS 1000
/* Milliseconds between two looks at the dates of all certificates. */
#define ENDS_MS (INT64_C(10) * 60 * 1000)
/* Milliseconds of the first pause and of the longest one. */
#define FIRST_PAUSE INT64_C(1000)
#define LONGEST_PAUSE (INT64_C(10) * 60 * 1000)

#define NEVER INT64_MAX

struct run {
	struct cmd_call *c;
	struct notify_state state;
	int signals; /* a signalfd */
	bool follows;
	bool failed; /* a hook, or the store */
	bool gone; /* the receiver wants no more events */
	bool more; /* a tenant has more events than fit into its turn */
};

static bool
given(const struct cmd_call *c, enum cmd_option option)
{
	return (c->given & CMD_BIT(option)) != 0;
}

static int64_t
pause_after(unsigned tries)
{
	int64_t pause = FIRST_PAUSE;

	while (tries-- > 1 && pause < LONGEST_PAUSE)
		pause *= 2;
	return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

/* --- signals ---------------------------------------------------------- */

static enum err
catch_signals(struct run *r)
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

/* Waits at most this many milliseconds for a signal. */
static bool
must_stop(const struct run *r, int64_t ms)
{
	struct pollfd p = { .fd = r->signals, .events = POLLIN };

	return poll(&p, 1, (int)ms) > 0;
}

/* --- one event -------------------------------------------------------- */

static void
hold_up(struct run *r, struct notify_tenant *t)
{
	t->tries++;
	t->next_at = r->follows ? clock_ms() + pause_after(t->tries) : NEVER;
	r->failed = true;
}

static void
report_failure(
    const struct run *r, const struct notify_tenant *t, const char *what)
{
	char tenant[STR_GUID_LEN];

	str_guid_text(&t->id, tenant);
	if (r->follows)
		cmd_error(r->c, "tenant %.*s: %s; the next try is in %lld s",
		    STR_GUID_LEN, tenant, what,
		    (long long)pause_after(t->tries) / 1000);
	else
		cmd_error(r->c, "tenant %.*s: %s; the next run tries again",
		    STR_GUID_LEN, tenant, what);
}

static enum err
read_step(struct run *r, struct notify_tenant *t, struct notify_step *step)
{
	enum err e;

	if ((e = store_begin(r->c->reader)) != ERR_OK)
		return e;
	e = notify_state_next(&r->state, t, step);
	store_end(r->c->reader);
	return e;
}

/* Writes the places. If that fails, the state keeps them for another attempt,
 * and nothing is delivered meanwhile. */
static enum err
save(struct run *r)
{
	enum err e = notify_state_save(&r->state);

	if (e == ERR_OK)
		return ERR_OK;
	r->failed = true;
	cmd_error(r->c,
	    "the store did not record what was delivered: %s; after a new "
	    "start the hook gets it again",
	    err_info(e)->text);
	return e;
}

static enum err
deliver(struct run *r, struct notify_tenant *t, const struct notify_step *step)
{
	char what[128];
	int status = notify_send_event(r->c, &step->event, r->signals);
	enum err e;

	if (status == NOTIFY_DELIVERED) {
		t->tries = 0;
		e = notify_state_take(&r->state, t, step);
		return e == ERR_OK ? save(r) : e;
	}
	hold_up(r, t);
	r->gone = status == NOTIFY_GONE;
	snprintf(what, sizeof(what),
	    "the hook failed with exit status %d for event %s", status,
	    step->event.id);
	if (!r->gone && !must_stop(r, 0))
		report_failure(r, t, what);
	return ERR_OK;
}

/* A failure that concerns one row holds up its tenant; any other ends the
 * turn of all. */
static enum err
take_failure(struct run *r, struct notify_tenant *t, enum err e)
{
	if (e != ERR_CORRUPT && e != ERR_MEMORY)
		return e;
	hold_up(r, t);
	report_failure(r, t, err_info(e)->text);
	return ERR_OK;
}

static enum err
serve_tenant(struct run *r, struct notify_tenant *t)
{
	size_t used = r->c->arena.used;
	struct notify_step step;
	enum err e = ERR_OK;
	unsigned n;

	for (n = 0; n < TURN && t->next_at <= clock_ms(); n++) {
		if (r->gone || must_stop(r, 0))
			return ERR_OK;
		if ((e = read_step(r, t, &step)) == ERR_OK)
			e = deliver(r, t, &step);
		r->c->arena.used = used;
		if (e != ERR_OK)
			break;
	}
	r->more |= n == TURN;
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	return e == ERR_OK ? e : take_failure(r, t, e);
}

/* Gives each tenant one turn. */
static enum err
serve_all(struct run *r)
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
gather_tenant(struct run *r, struct notify_tenant *t, struct notify_digest *d)
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
gather(struct run *r, struct notify_digest *d)
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
send_digest(struct run *r, struct notify_digest *d)
{
	int status = notify_send_digest(r->c, d, r->signals);

	if (status == NOTIFY_DELIVERED)
		return save(r);
	r->failed = true;
	r->gone = status == NOTIFY_GONE;
	if (!r->gone && !must_stop(r, 0))
		cmd_error(r->c,
		    "the hook failed with exit status %d for %zu events; the "
		    "next run tries again",
		    status, d->count);
	return ERR_STOP;
}

static enum err
digest_all(struct run *r)
{
	struct notify_digest d = { .count = 0 };
	enum err e;

	do {
		notify_send_free(&d);
		e = gather(r, &d);
		if (e == ERR_OK && d.count > 0)
			e = send_digest(r, &d);
	} while (e == ERR_OK && d.count > 0 && !must_stop(r, 0));
	notify_send_free(&d);
	return e == ERR_STOP ? ERR_OK : e;
}

/* --- the run ---------------------------------------------------------- */

/* Reads what is due. With `ends`, also the names of the tenants. */
static enum err
look(struct run *r, bool ends)
{
	struct cmd_call *c = r->c;
	enum err e;

	if ((e = store_begin(c->reader)) != ERR_OK)
		return e;
	if (ends) {
		cmd_names_free(c->names);
		c->names = NULL;
		e = cmd_names_load(c->reader, &c->names);
	}
	if (e == ERR_OK)
		e = notify_state_read(&r->state, ends);
	if (e == ERR_OK && r->state.loaded && !r->state.known &&
	    given(c, OPTION_FROM_NOW))
		e = notify_state_skip(&r->state);
	store_end(c->reader);
	return e;
}

/* Reads the state for the first time. */
static enum err
begin(struct run *r)
{
	enum err e = look(r, true);

	if (e == ERR_OK)
		e = notify_state_save(&r->state);
	return e == ERR_OK ? notify_state_know(&r->state) : e;
}

static enum err
run_once(struct run *r)
{
	enum err e = begin(r);

	if (e == ERR_OK && given(r->c, OPTION_DIGEST))
		return digest_all(r);
	do {
		if (e == ERR_OK)
			e = serve_all(r);
	} while (e == ERR_OK && r->more && !r->gone && !must_stop(r, 0));
	return e;
}

/* When the first tenant of those that wait has its next try. */
static int64_t
next_try(const struct run *r)
{
	const struct notify_tenant *t;
	int64_t next = clock_ms() + LOOK_MS;
	size_t i;

	for (i = 0; i < r->state.count; i++) {
		t = &r->state.tenant[i];
		if (t->tries > 0 && t->next_at < next)
			next = t->next_at;
	}
	return next;
}

/* The state of a run that follows. */
struct following {
	uint64_t stamp; /* of the store when it was read */
	int64_t ends_at; /* when the dates are due */
	unsigned tries; /* since the store failed */
};

/* One look for new events, and a turn of each tenant that has any. */
static enum err
follow_once(struct run *r, struct following *f)
{
	bool ends = clock_ms() >= f->ends_at;
	uint64_t stamp = 0;
	enum err e;

	if ((e = store_look(r->c->store)) != ERR_OK)
		return e;
	if (r->state.first != NULL && (e = save(r)) != ERR_OK)
		return e;
	if ((e = store_stamp(r->c->store, &stamp)) != ERR_OK)
		return e;
	if (stamp != f->stamp || ends) {
		if ((e = look(r, ends)) != ERR_OK)
			return e;
		f->stamp = stamp;
		f->ends_at = ends ? clock_ms() + ENDS_MS : f->ends_at;
	}
	return serve_all(r);
}

/* Whether to go on after this failure. A connection to the database that was
 * lost may come back; with it went the lock. */
static bool
survives(struct run *r, struct following *f, enum err e)
{
	if (e == ERR_IN_USE)
		e = store_notify_alone(r->c->store, r->state.name);
	if (e == ERR_OK)
		return true;
	if (e == ERR_NEWER || e == ERR_IN_USE || e == ERR_OLD_FORMAT)
		return false;
	if (f->tries++ == 0)
		(void)cmd_fail(r->c, e, cmd_place(r->c));
	return true;
}

static enum err
follow(struct run *r)
{
	struct following f = { .ends_at = clock_ms() + ENDS_MS };
	enum err e = begin(r);
	int64_t wait = 0;

	if (e != ERR_OK)
		return e;
	while (!r->gone && !must_stop(r, wait)) {
		e = follow_once(r, &f);
		if (e != ERR_OK && !survives(r, &f, e))
			return e;
		if (e == ERR_OK)
			f.tries = 0;
		wait = e != ERR_OK ? pause_after(f.tries)
		    : r->more      ? 0
				   : next_try(r) - clock_ms();
		wait = wait > 0 ? wait : 0;
	}
	return ERR_OK;
}

/* --- the command ------------------------------------------------------ */

static enum err
print_tenant(struct run *r, struct notify_tenant *t)
{
	size_t used = r->c->arena.used;
	struct notify_step step;
	enum err e;

	while ((e = notify_state_next(&r->state, t, &step)) == ERR_OK) {
		printf("%.*s\n", STR_ARG(step.event.json));
		e = notify_state_take(&r->state, t, &step);
		r->c->arena.used = used;
		if (e != ERR_OK)
			return e;
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Prints the events that are due, with the open transaction of the reader. */
static enum err
print_due(struct run *r)
{
	enum err e = cmd_names_load(r->c->reader, &r->c->names);
	size_t i;

	if (e == ERR_OK)
		e = notify_state_read(&r->state, true);
	for (i = 0; i < r->state.count && e == ERR_OK; i++)
		e = print_tenant(r, &r->state.tenant[i]);
	return e;
}

static int
finish(struct run *r, enum err e)
{
	if (e != ERR_OK)
		return cmd_fail(r->c, e, cmd_place(r->c));
	if (r->gone) {
		cmd_error(r->c,
		    "the hook reports that its receiver is gone (exit status "
		    "100); remove the hook, or correct its settings");
		return NOTIFY_GONE;
	}
	if (r->follows)
		return EXIT_SUCCESS;
	if (must_stop(r, 0))
		return cmd_error(r->c,
		    "a signal has ended the run; the next run delivers the "
		    "rest");
	return r->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
notify(struct run *r)
{
	struct cmd_call *c = r->c;
	enum err e;

	if (given(c, OPTION_DRY_RUN)) {
		e = print_due(r);
		return e == ERR_OK ? EXIT_SUCCESS
				   : cmd_fail(c, e, cmd_place(c));
	}
	store_end(c->reader);
	e = store_notify_alone(c->store, r->state.name);
	if (e == ERR_IN_USE) {
		cmd_warn(c,
		    "another run notifies under the name %.*s now; it does "
		    "this work",
		    STR_ARG(r->state.name));
		return EXIT_SUCCESS;
	}
	if (e == ERR_OK)
		e = cmd_spool_end(c);
	if (e == ERR_OK)
		e = catch_signals(r);
	if (e == ERR_OK)
		e = r->follows ? follow(r) : run_once(r);
	return finish(r, e);
}

static const char *
misuse(const struct cmd_call *c)
{
	if (given(c, OPTION_ALL) && given(c, OPTION_TENANT))
		return "--all and --tenant exclude each other; give one of "
		       "them";
	if (given(c, OPTION_FOLLOW) && given(c, OPTION_DIGEST))
		return "--follow and --digest exclude each other; give one of "
		       "them";
	if (given(c, OPTION_FOLLOW) && given(c, OPTION_DRY_RUN))
		return "--follow and --dry-run exclude each other; give one "
		       "of them";
	if (!given(c, OPTION_HOOK) && !given(c, OPTION_DRY_RUN))
		return "--hook COMMAND is missing";
	if (c->critical_days > c->warning_days)
		return "--critical must not be more than --warning";
	return NULL;
}

int
cmd_notify(struct cmd_call *c)
{
	struct run r = {
		.c = c, .signals = -1, .follows = given(c, OPTION_FOLLOW)
	};
	const char *name = c->value[OPTION_NAME], *why;
	int status;

	if (!given(c, OPTION_CRITICAL) && c->critical_days > c->warning_days)
		c->critical_days = c->warning_days;
	if ((why = misuse(c)) != NULL)
		return cmd_usage(c, "%s", why);
	if (cmd_begin_reading(c) != ERR_OK || cmd_need_arena(c) != ERR_OK)
		return EXIT_FAILURE;
	notify_state_init(&r.state, c, str_of(name != NULL ? name : "default"));
	status = notify(&r);
	notify_state_free(&r.state);
	if (r.signals >= 0)
		close(r.signals);
	return status;
}
