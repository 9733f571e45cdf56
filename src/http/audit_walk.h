/* SPDX-License-Identifier: ISC */
/*
 * audit_walk.h - visits the events of a tenant that match a filter, the newest
 * first, each with the record as it was after the event.
 *
 * An event stores the record before it, so the record after it comes from the
 * next newer event, or is the current record.
 */
#ifndef PUSHCERT_AUDIT_WALK_H
#define PUSHCERT_AUDIT_WALK_H

#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "format/filter.h"
#include "http/audit_view.h"
#include "store/store.h"

/* An outcome other than ERR_OK ends the walk. The row lives until the visitor
 * returns. */
typedef enum err audit_visit(const struct audit_row *row, void *arg);

struct audit_walk {
	struct txn *tx; /* must have begun */
	const struct guid *tenant;
	const struct filter *filter; /* NULL: every event matches */
	audit_visit *visit;
	void *arg;
	/* The rest belongs to the walk. */
	char *room;
	struct audit_state after;
	uint64_t below;
	uint64_t newer; /* the number of the event before; 0: none */
};

/* Takes memory for a walk from the arena; a walk may run any number of times.
 * ERR_MEMORY. */
enum err audit_walk_init(struct audit_walk *w, struct arena *a) ATTR_CHECKED;
/* Visits the events with a number less than `below`. If `below` is not
 * UINT64_MAX, it is the number of an event that exists. */
enum err audit_walk_run(struct audit_walk *w, uint64_t below) ATTR_CHECKED;
/* Visits the event with this number. ERR_NOT_FOUND. */
enum err audit_walk_event(struct audit_walk *w, uint64_t number) ATTR_CHECKED;

#endif
