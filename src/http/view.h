/* SPDX-License-Identifier: ISC */
/*
 * view.h - what a client sees: the record and refusals as JSON.
 *
 * Pure: everything that an answer shows comes in by parameter.
 */
#ifndef PUSHCERT_VIEW_H
#define PUSHCERT_VIEW_H

#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/buf.h"
#include "format/odata.h"
#include "format/record.h"
#include "base/str.h"

/* Longest piece of a request that an answer repeats, in characters. */
#define VIEW_ECHO_MAX 64

/* Longest base of the URLs in an answer, in bytes. */
#define VIEW_BASE_MAX 1024

/* How a record is shown. */
struct view {
	/* Scheme, host, mount path and root, without a / at the end; at most
	 * VIEW_BASE_MAX bytes. */
	struct str base;
	enum odata_metadata metadata;
	bool revision; /* shown after the properties, by the tool */
	bool selected; /* whether there was a $select */
	unsigned set; /* the properties to show */
};

/* Where an answer belongs, for innerError. */
struct view_ids {
	struct str request_id;
	struct str client_request_id;
	int64_t now_at;
};

void view_record(struct buf *out, const struct view *v, const struct record *r);
/* The answer of a function that returns a text: {"@odata.context","value"}. */
void view_text(struct buf *out, const struct view *v, struct str text);
/* The text of an outcome with the pieces of the request in their places: the
 * longest text of err, and thrice four bytes for each character of these. */
#define VIEW_MESSAGE_MAX (512 + 3 * 4 * VIEW_ECHO_MAX)
void view_message(struct buf *out, enum err e, const struct fault *fault);
/* {"error":{...}} of contract 6. */
void view_error(struct buf *out, enum err e, const struct fault *fault,
    const struct view_ids *ids);
/* {"status":"ok"}, or "degraded" and how many workers hang. */
void view_health(struct buf *out, uint64_t hanging);

#endif
