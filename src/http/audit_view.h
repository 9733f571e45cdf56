/* SPDX-License-Identifier: ISC */
/*
 * audit_view.h - an event of the history as Graph's auditEvent: the values of
 * its properties, and its JSON.
 */
#ifndef PUSHCERT_AUDIT_VIEW_H
#define PUSHCERT_AUDIT_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "format/actor.h"
#include "format/audit.h"
#include "format/emit.h"
#include "format/filter.h"
#include "http/view.h"
#include "store/store.h"

/* The record after an event, as far as the history tells it. */
struct audit_state {
	bool known;
	bool exists;
	struct record record;
};

/* An event, and what its properties are made of. */
struct audit_row {
	const struct event *event;
	const struct audit_state *after;
	/* Where the texts of GUIDs are written when they are needed. */
	struct audit_room {
		char id[STR_GUID_LEN];
		char correlation[STR_GUID_LEN];
	} * room;
};

/* The value at a path; a filter_get of a struct audit_row. */
struct filter_value audit_view_value(const void *row, unsigned path);

/* The types of activities that the history may have. */
extern const struct str audit_view_types[];
extern const size_t audit_view_types_n;
#define AUDIT_VIEW_CATEGORY "Enrollment"

/* Appends the properties of v->set as members of an object that the caller has
 * begun, with the annotations that v->metadata asks for. */
void audit_view_members(
    struct emit *e, const struct view *v, const struct audit_row *row);
/* Appends the URL of the context: that of the collection, or of one entity. */
void audit_view_context(struct buf *out, const struct view *v, bool entity);

#endif
