/* SPDX-License-Identifier: ISC */
/*
 * view.h - the content of responses: records, texts and errors as JSON.
 *
 * Pure: the functions use nothing but their parameters, and append to `out`.
 */
#ifndef PUSHCERT_VIEW_H
#define PUSHCERT_VIEW_H

#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/buf.h"
#include "format/emit.h"
#include "format/odata.h"
#include "format/record.h"
#include "base/str.h"

/* Longest piece of a request that a response repeats, in characters. */
#define VIEW_ECHO_MAX 64

/* Longest base of the URLs in a response, in bytes. */
#define VIEW_BASE_MAX 1024

/* How a record is shown. */
struct view {
	/* Scheme, host, mount path and root, without a final slash; at most
	 * VIEW_BASE_MAX bytes. */
	struct str base;
	enum odata_metadata metadata;
	bool revision; /* shown after the properties, for the tool */
	bool selected; /* the request has a $select */
	unsigned set; /* the properties to show */
};

/* The members of innerError, which identify a response. */
struct view_ids {
	struct guid guid; /* the request id */
	struct str request_id;
	struct str client_request_id;
	int64_t now_at;
};

void view_record(struct buf *out, const struct view *v, const struct record *r);
/* The members of another entity for the record that it contains: the context,
 * and the record, or null for NULL. */
void
view_expanded(struct emit *e, const struct view *v, const struct record *r);
/* Appends the names of the selected properties, "(id,certificate)", or nothing
 * without a selection. */
void view_selected(struct buf *out, const struct view *v);
/*
 * A single value: {"@odata.context","value"}. The context is that of the
 * service with a fragment; `type` is shown with full metadata unless it is
 * NULL.
 */
void view_value(struct buf *out, const struct view *v, struct str fragment,
    const char *type, struct str text);
/* The response of a function that returns a text. */
void view_text(struct buf *out, const struct view *v, struct str text);
/* The text of an outcome with pieces of the request inserted. VIEW_MESSAGE_MAX
 * bytes hold the longest text of err.c and three pieces, with four bytes for
 * each character. */
#define VIEW_MESSAGE_MAX (512 + 3 * 4 * VIEW_ECHO_MAX)
void view_message(struct buf *out, enum err e, const struct fault *fault);
/* The error object of Microsoft Graph: {"error":{...}}. */
void view_error(struct buf *out, enum err e, const struct fault *fault,
    const struct view_ids *ids);
/* The same with another code and message, which needs no escapes. */
void view_other_error(struct buf *out, const char *code, const char *message,
    const struct view_ids *ids);
/* {"status":"ok"}, or "degraded" and the number of workers that hang. */
void view_health(struct buf *out, uint64_t hanging);

#endif
