/* SPDX-License-Identifier: ISC */
/*
 * call.h - a request on its walk through the table of routes; private to
 * routes.
 */
#ifndef PUSHCERT_CALL_H
#define PUSHCERT_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "rules/auth.h"
#include "base/err.h"
#include "format/path.h"
#include "rules/change.h"
#include "format/record.h"
#include "http/request.h"
#include "http/routes.h"
#include "base/str.h"
#include "http/view.h"

struct call;

struct route {
	/* Behind the root; null after the last. */
	struct str segment[4];
	unsigned roots;
	struct str method;
	bool function;
	bool open; /* the path needs no token */
	bool body; /* has one, in JSON */
	bool reads; /* in the transaction in which its caller was known */
	const char *type; /* of an answer that is no OData, else NULL */
	uint32_t scopes;
	enum err (*run)(struct call *c);
};

struct route_table {
	const struct route *route;
	size_t n;
	/* What may follow a root; null after the last. */
	const struct str *first_segments;
};

/* Where what a call points at lies; large, so nobody fills it with zeros. */
struct call_room {
	struct path path;
	char request_id[STR_GUID_LEN];
	char etag[RECORD_ETAG_MAX];
	char allow[64];
	char scopes[512];
	char limit[24];
};

/* One request on its walk. */
struct call {
	const struct app *app;
	struct worker *wk;
	const struct request *req;
	struct response *resp;

	struct call_room *room;
	struct path *path;
	const struct route_table *table;
	const struct route *route;
	enum err route_error; /* why there is none */
	unsigned reached; /* the routes of this path, as bits */
	bool reads; /* in a transaction of the worker's reader */
	bool open; /* the path is for everybody */
	struct principal who;
	struct view view;
	unsigned prefer;
	bool head; /* HEAD: the answer to GET without its content */
	unsigned applied; /* the preferences that we followed */
	struct fault fault;
	struct str body; /* as far as it was read */

	int status;
	unsigned retry_after;
	struct str content;
	struct str etag;
	struct str notice;
	struct str allow;
	struct view_ids ids;
};

/* In a transaction of the worker's reader: begins one unless it has begun, and
 * ends it if it has. */
enum err call_begin_reading(struct call *c) ATTR_CHECKED;
void call_end_reading(struct call *c);
/* ERR_TOO_LARGE, with the limit in its text. */
enum err call_too_large(struct call *c) ATTR_CHECKED;

/* Whether a text may hold a private key. */
bool routes_holds_key(const struct call *c, struct str text);
/* Keeps the pieces of a request that holds a key out of the answer. */
void routes_withhold(struct call *c, enum err e);
bool routes_may_repeat_id(const struct call *c, struct str id);
/* The path for the log, or a word in its place. */
struct str routes_logged_path(const struct call *c, struct str path);

/* The route of OPTIONS, which every known path has. */
extern const struct route steps_options;
/* All steps up to the first that refuses the request, whose outcome it
 * returns; the last step is the handler. */
enum err steps_walk(struct call *c) ATTR_CHECKED;

/* Writes the line of a request to the log, once the response is complete. */
void access_log_put(const struct call *c);

/* What the routes do; they leave the answer's parts in the call. */
enum err routes_get(struct call *c) ATTR_CHECKED;
enum err routes_patch(struct call *c) ATTR_CHECKED;
enum err routes_download(struct call *c) ATTR_CHECKED;
enum err routes_generate(struct call *c) ATTR_CHECKED;
enum err routes_health(struct call *c) ATTR_CHECKED;
enum err routes_metrics(struct call *c) ATTR_CHECKED;

#endif
