/* SPDX-License-Identifier: ISC */
/*
 * call.h - the state of one request from its first step to its complete
 * response, and what the files that handle it offer to each other. Private to
 * src/http.
 */
#ifndef PUSHCERT_CALL_H
#define PUSHCERT_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "rules/auth.h"
#include "base/err.h"
#include "format/odata.h"
#include "format/path.h"
#include "rules/change.h"
#include "format/record.h"
#include "http/request.h"
#include "http/routes.h"
#include "base/str.h"
#include "http/view.h"

struct call;

struct route {
	/* The patterns of the words after the root (path_is); a null slice
	 * follows the last one. */
	struct str segment[PATH_WORDS_MAX];
	unsigned roots;
	struct str method;
	bool function;
	bool open; /* the path needs no token */
	bool body; /* the request has a body, in JSON */
	bool reads; /* in the transaction that authenticated the caller */
	const char *type; /* of a response that is not OData, else NULL */
	unsigned options; /* the system query options that it takes */
	uint32_t scopes;
	enum err (*run)(struct call *c);
};

#define CALL_ROUTES_MAX 32 /* the bits of struct call's `reached` */

struct route_table {
	const struct route *route;
	size_t n;
};

/* The buffers that a call points to. They are large, so they are kept apart
 * from struct call, which is zeroed for each request. */
struct call_room {
	struct path path;
	char request_id[STR_GUID_LEN];
	char etag[RECORD_ETAG_MAX];
	char allow[64];
	char scopes[AUTH_NAMES_MAX];
	char limit[24];
	struct odata_query query; /* set if the route takes options */
};

/* One request. Everything in it lives until the response has been written. */
struct call {
	const struct app *app;
	struct worker *wk;
	const struct request *req;
	struct response *resp;

	struct call_room *room;
	struct path *path;
	const struct route_table *table;
	const struct route *route;
	enum err route_error; /* reason why `route` is NULL, or ERR_OK */
	unsigned reached; /* bit i: route i has this path */
	bool reads; /* the worker's read transaction is open */
	bool open; /* the path needs no token */
	struct principal who;
	struct view view;
	unsigned prefer;
	bool head; /* HEAD: the response to GET without its content */
	unsigned applied; /* the preferences that were applied */
	struct fault fault;
	struct str body; /* null until it has been read */

	int status;
	unsigned retry_after;
	struct str content;
	struct str etag;
	struct str notice;
	struct str allow;
	struct view_ids ids;
};

/* The worker's read transaction. call_begin_reading does nothing if it is
 * already open, call_end_reading if it is not. */
enum err call_begin_reading(struct call *c) ATTR_CHECKED;
void call_end_reading(struct call *c);
/* Puts the limit into the fault and returns ERR_TOO_LARGE. */
enum err call_too_large(struct call *c) ATTR_CHECKED;

/* Whether a text may hold a private key. True also if the arena has no room for
 * the search. */
bool routes_holds_key(const struct call *c, struct str text);
/* If the error would repeat a piece of a request that holds a private key,
 * marks the fault as withheld, so that the response repeats nothing. */
void routes_withhold(struct call *c, enum err e);
bool routes_may_repeat_id(const struct call *c, struct str id);
/* The path as the log may show it: itself, or "(withheld)" if it may hold a
 * private key. */
struct str routes_logged_path(const struct call *c, struct str path);

/* The route of OPTIONS, a method that every known path has. */
extern const struct route steps_options;
/* Runs the steps in their order. Returns the outcome of the first step that
 * refuses the request, or of the last step, which is the handler. */
enum err steps_walk(struct call *c) ATTR_CHECKED;

/* Logs the request. Call it when the response is complete. */
void access_log_put(const struct call *c);

/*
 * The handlers of the routes. They leave the parts of the response in the call.
 */
enum err routes_get(struct call *c) ATTR_CHECKED;
enum err routes_patch(struct call *c) ATTR_CHECKED;
enum err routes_delete(struct call *c) ATTR_CHECKED;
enum err routes_download(struct call *c) ATTR_CHECKED;
enum err routes_generate(struct call *c) ATTR_CHECKED;
enum err routes_health(struct call *c) ATTR_CHECKED;
enum err routes_metrics(struct call *c) ATTR_CHECKED;

#endif
