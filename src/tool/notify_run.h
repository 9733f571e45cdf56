/* SPDX-License-Identifier: ISC */
/*
 * notify_run.h - one run of `notify`: it gives each tenant its turns, or
 * gathers a digest.
 */
#ifndef PUSHCERT_NOTIFY_RUN_H
#define PUSHCERT_NOTIFY_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "tool/notify_state.h"

struct cmd_call;

struct notify_run {
	struct cmd_call *c;
	struct notify_state state;
	int signals; /* a signalfd */
	bool follows;
	bool failed; /* a hook, or the store */
	bool gone; /* the receiver wants no more events */
	bool more; /* a tenant has more events than fit into its turn */
};

/* From now on a signal that ends the run only makes notify_run_stops true. */
enum err notify_run_catch(struct notify_run *r) ATTR_CHECKED;
/* Waits at most this many milliseconds for such a signal. */
bool notify_run_stops(const struct notify_run *r, int64_t ms);
/* The milliseconds until the next try, after this number of failed tries. */
int64_t notify_run_pause(unsigned tries);

/* Gives each tenant one turn, in which it delivers some of its events. A tenant
 * whose hook fails is held up. Fails only if the store does. */
enum err notify_run_turns(struct notify_run *r) ATTR_CHECKED;
/* Delivers all due events in digests. */
enum err notify_run_digest(struct notify_run *r) ATTR_CHECKED;
/* Writes the places. If that fails, the state keeps them for another attempt,
 * and nothing may be delivered meanwhile. */
enum err notify_run_save(struct notify_run *r) ATTR_CHECKED;
/* Prints why the store failed. Returns the exit status. */
int notify_run_report(const struct notify_run *r, enum err e);

#endif
