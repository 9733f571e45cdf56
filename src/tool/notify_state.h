/* SPDX-License-Identifier: ISC */
/*
 * notify_state.h - how far a run of `notify` has come with each tenant, and
 * what is due.
 */
#ifndef PUSHCERT_NOTIFY_STATE_H
#define PUSHCERT_NOTIFY_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"
#include "tool/notify_event.h"

struct cmd_call;

struct notify_tenant {
	struct guid id;
	uint64_t newest; /* the number of its newest event */
	uint64_t place; /* the number of the last event that was delivered */
	bool ends; /* it may have something to report beside its history */
	/* After a failure: the tries, and the moment of clock_ms of the next
	 * one. */
	unsigned tries;
	int64_t next_at;
};

/* A place that is not in the store yet. */
struct notify_save {
	struct notify_save *next;
	struct guid tenant;
	char *matter;
	uint64_t number; /* 0: the history stays where it is */
	char *serial, *expires; /* NULL: the certificate has no new level */
	enum notify_level level;
};

struct notify_state {
	struct cmd_call *c;
	struct str name;
	struct notify_tenant *tenant; /* in the order of their ids */
	size_t count;
	bool loaded; /* the places were read */
	bool known; /* the name has run before; only after notify_state_read */
	struct notify_save *first, *last;
	struct notify_save
	    *turn; /* the first one of the last tenant, or NULL */
};

void
notify_state_init(struct notify_state *s, struct cmd_call *c, struct str name);
void notify_state_free(struct notify_state *s);

/* Reads the newest events of all tenants, and with `ends` also which
 * certificates have reached a threshold. The reader must have begun. */
enum err notify_state_read(struct notify_state *s, bool ends) ATTR_CHECKED;
/* Moves all places to the newest events, so that only thresholds are due now.
 * The reader must have begun; notify_state_save writes the places. */
enum err notify_state_skip(struct notify_state *s) ATTR_CHECKED;
/* Notes that the name has run. */
enum err notify_state_know(struct notify_state *s) ATTR_CHECKED;

/* The next event of a tenant, in the arena of the call. ERR_NOT_FOUND: nothing
 * is due. notify_state_take then moves the place of the tenant after this
 * event; notify_state_save writes it. */
struct notify_step {
	struct notify_event event;
	uint64_t number; /* 0: a threshold */
	struct str matter; /* see notify_watch.h; null: the history */
	struct str serial, expires;
	enum notify_level level;
};
enum err notify_state_next(struct notify_state *s, struct notify_tenant *t,
    struct notify_step *out) ATTR_CHECKED;
enum err notify_state_take(struct notify_state *s, struct notify_tenant *t,
    const struct notify_step *step) ATTR_CHECKED;
/* Whether the step of a threshold was taken, but is not saved yet. */
bool notify_state_took(const struct notify_state *s, const struct guid *tenant,
    const struct notify_step *step);
enum err notify_state_save(struct notify_state *s) ATTR_CHECKED;

#endif
