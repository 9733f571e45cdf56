/* SPDX-License-Identifier: ISC */
/*
 * cmd_notify.c - runs a hook for each event of the histories, in the order of
 * each tenant, and for each threshold. With --follow it looks for new events
 * each second: a cheap look at the store shows whether anything has changed.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/place.h"
#include "tool/cmd_names.h"
#include "tool/cmd_output.h"
#include "tool/notify_run.h"
#include "tool/notify_send.h"

/* Milliseconds between two looks for new events. */
#define LOOK_MS 1000
/* Milliseconds between two looks at what is due beside the histories. */
#define ENDS_MS (INT64_C(10) * 60 * 1000)

static bool
given(const struct cmd_call *c, enum cmd_option option)
{
	return (c->given & CMD_BIT(option)) != 0;
}

/* --- the run ---------------------------------------------------------- */

/* Reads what is due. With `ends`, also the names of the tenants. */
static enum err
look(struct notify_run *r, bool ends)
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
begin(struct notify_run *r)
{
	enum err e = look(r, true);

	if (e == ERR_OK)
		e = notify_state_save(&r->state);
	return e == ERR_OK ? notify_state_know(&r->state) : e;
}

static enum err
run_once(struct notify_run *r)
{
	enum err e = begin(r);

	if (e == ERR_OK && given(r->c, OPTION_DIGEST))
		return notify_run_digest(r);
	do {
		if (e == ERR_OK)
			e = notify_run_turns(r);
	} while (e == ERR_OK && r->more && !r->gone && !notify_run_stops(r, 0));
	return e;
}

/* When the first tenant of those that wait has its next try. */
static int64_t
next_try(const struct notify_run *r)
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
follow_once(struct notify_run *r, struct following *f)
{
	bool ends = clock_ms() >= f->ends_at;
	uint64_t stamp = 0;
	enum err e;

	if (r->state.first != NULL && (e = notify_run_save(r)) != ERR_OK)
		return e;
	if ((e = store_stamp(r->c->store, &stamp)) != ERR_OK)
		return e;
	if (stamp != f->stamp || ends) {
		if ((e = look(r, ends)) != ERR_OK)
			return e;
		f->stamp = stamp;
		f->ends_at = ends ? clock_ms() + ENDS_MS : f->ends_at;
	}
	return notify_run_turns(r);
}

/* Whether to go on after this failure. A connection to the database that was
 * lost may come back; with it went the lock. */
static bool
survives(struct notify_run *r, struct following *f, enum err e)
{
	if (e == ERR_IN_USE)
		e = store_notify_alone(r->c->store, r->state.name);
	if (e == ERR_OK)
		return true;
	if (e == ERR_NEWER || e == ERR_IN_USE || e == ERR_OLD_FORMAT)
		return false;
	if (f->tries++ == 0)
		(void)notify_run_report(r, e);
	return true;
}

static enum err
follow(struct notify_run *r)
{
	struct following f = { .ends_at = clock_ms() + ENDS_MS };
	enum err e = begin(r);
	int64_t wait = 0;

	if (e != ERR_OK)
		return e;
	while (!r->gone && !notify_run_stops(r, wait)) {
		/* A store that was removed or replaced does not come back. */
		if ((e = store_look(r->c->store)) != ERR_OK)
			return e;
		e = follow_once(r, &f);
		if (e != ERR_OK && !survives(r, &f, e))
			return e;
		if (e == ERR_OK)
			f.tries = 0;
		wait = e != ERR_OK ? notify_run_pause(f.tries)
		    : r->more      ? 0
				   : next_try(r) - clock_ms();
		wait = wait > 0 ? wait : 0;
	}
	return ERR_OK;
}

/* --- the command ------------------------------------------------------ */

static enum err
print_tenant(struct notify_run *r, struct notify_tenant *t)
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
print_due(struct notify_run *r)
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
leave_work(const struct notify_run *r)
{
	cmd_warn(r->c,
	    "another run notifies under the name %.*s now; it does this work",
	    STR_ARG(r->state.name));
	return EXIT_SUCCESS;
}

static int
finish(struct notify_run *r, enum err e)
{
	/* Only the lock of notify has this outcome here. */
	if (e == ERR_IN_USE)
		return leave_work(r);
	if (e != ERR_OK)
		return notify_run_report(r, e);
	if (r->gone) {
		cmd_error(r->c,
		    "the hook reports that its receiver is gone (exit status "
		    "100); remove the hook, or correct its settings");
		return NOTIFY_GONE;
	}
	if (r->follows)
		return EXIT_SUCCESS;
	if (notify_run_stops(r, 0))
		return cmd_error(r->c,
		    "a signal has ended the run; the next run delivers the "
		    "rest");
	return r->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
notify(struct notify_run *r)
{
	struct cmd_call *c = r->c;
	enum err e;

	if (given(c, OPTION_DRY_RUN)) {
		e = print_due(r);
		return e == ERR_OK ? EXIT_SUCCESS
				   : cmd_fail(c, e, cmd_place(c));
	}
	store_end(c->reader);
	e = store_is_read_only(c->store)
	    ? ERR_READ_ONLY
	    : store_notify_alone(c->store, r->state.name);
	if (e == ERR_OK)
		e = cmd_spool_end(c);
	if (e == ERR_OK)
		e = notify_run_catch(r);
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
	struct notify_run r = {
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
