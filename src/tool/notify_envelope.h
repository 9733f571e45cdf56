/* SPDX-License-Identifier: ISC */
/*
 * notify_envelope.h - the CloudEvent around the data of an event, and the line
 * of text for people. Only notify_event.c and notify_limit.c include it.
 */
#ifndef PUSHCERT_NOTIFY_ENVELOPE_H
#define PUSHCERT_NOTIFY_ENVELOPE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "format/datetime.h"
#include "format/emit.h"
#include "tool/notify_event.h"

/* The facts in the envelope of an event. */
struct notify_head {
	const char *type;
	bool is_vendor; /* the event belongs to no tenant */
	struct guid tenant;
	struct instant when;
	char id[STR_GUID_LEN];
};

/* Turns a text into a GUID of version 8 (RFC 9562, section 5.8). */
void notify_envelope_id(struct str text, char out[STR_GUID_LEN]);
/* Opens the event in the arena of the call, up to its data, which the caller
 * emits as one value. Meanwhile the caller takes nothing from the arena. */
void notify_envelope_begin(struct cmd_call *c, const struct notify_head *h,
    struct buf *b, struct emit *e);
/* Closes the event, and sets all of *out but the text. ERR_MEMORY. */
enum err notify_envelope_end(struct cmd_call *c, const struct notify_head *h,
    struct buf *b, struct emit *e, struct notify_event *out) ATTR_CHECKED;

/* Opens the line in the arena, with the name of the tenant. */
void notify_envelope_line(
    struct cmd_call *c, const struct guid *tenant, struct buf *b);
/* Appends the words and the fact, if there is a fact. */
void notify_envelope_fact(struct buf *b, const char *words, struct str fact);
/* Sets the text of *out. ERR_MEMORY. */
enum err notify_envelope_line_end(
    struct cmd_call *c, struct buf *b, struct notify_event *out) ATTR_CHECKED;

#endif
