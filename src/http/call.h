/* SPDX-License-Identifier: ISC */
/*
 * call.h - the state of one request from its first step to its complete
 * response, and what the files that handle it offer to each other. Private to
 * src/http and src/page.
 */
#ifndef PUSHCERT_CALL_H
#define PUSHCERT_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "rules/auth.h"
#include "base/err.h"
#include "format/model.h"
#include "format/odata.h"
#include "format/path.h"
#include "rules/change.h"
#include "format/record.h"
#include "http/request.h"
#include "http/routes.h"
#include "format/standin_rule.h"
#include "base/str.h"
#include "http/view.h"

struct batch_run;
struct call;
struct response_parts;

struct route {
	/* The patterns of the words after the root (path_is); a null slice
	 * follows the last one. */
	struct str segment[PATH_WORDS_MAX];
	unsigned roots;
	struct str method;
	bool function;
	bool open; /* the path needs no token */
	bool body; /* the request has a body, in JSON */
	bool form; /* the body is not JSON but a form; the handler reads it */
	bool any_site; /* a browser may send it for a page of another site */
	bool no_tenant; /* a provider need not name a tenant */
	bool batch; /* the body is a batch, with a limit of its own */
	bool reads; /* in the transaction that authenticated the caller */
	const char *type; /* of a response that is not OData, else NULL */
	bool has_urls; /* the response has URLs, although it is not OData */
	unsigned options; /* the system query options that it takes */
	/* The type whose properties the pattern {property} names. */
	enum model_type of;
	uint32_t scopes;
	enum err (*run)(struct call *c);
	/* For the description of the service. `returns` is also the type that
	 * $select names. */
	const char *summary;
	enum model_type takes, returns;
	bool many; /* returns a collection */
	bool may_be_empty; /* the status of a success may be 204 */
	bool has_etag; /* a GET may be conditional */
};

#define CALL_ROUTES_MAX 32 /* the bits of struct call's `reached` */

struct route_table {
	const struct route *route;
	size_t n;
	/* Each word that may follow a root, once; a null slice follows. */
	const struct str *first;
	/* The step that finds the caller: by the token, or in another way. */
	enum err (*enter)(struct call *c);
	/* Sets the content, type and lines of the response to a request that is
	 * refused; NULL: it is the error object of Graph. */
	void (*refuse)(struct call *c, enum err e);
};

/* How a request is answered when its steps have run. A stand-in for tests has a
 * way of its own (staging.h). */
struct call_way {
	/* Does what routes_complete does. */
	void (*complete)(struct call *c, enum err e);
	/* Appends the content of a refusal that is not a page. */
	void (*refuse)(struct call *c, enum err e, struct buf *out);
	/* Returns the response with these parts, or the null slice if it does
	 * not fit into the memory. */
	struct str (*put)(const struct call *c, struct response_parts *parts);
};

/* The permissions of which a caller needs one to read the record, or to change
 * it. */
#define CALL_READ_SCOPES                                         \
	(AUTH_SERVICE_CONFIG_READ | AUTH_SERVICE_CONFIG_WRITE |  \
	    AUTH_CONFIGURATION_READ | AUTH_CONFIGURATION_WRITE | \
	    AUTH_DEVICES_READ | AUTH_DEVICES_WRITE)
#define CALL_WRITE_SCOPES (AUTH_SERVICE_CONFIG_WRITE | AUTH_CONFIGURATION_WRITE)

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

/* A PATCH that was prepared, and waits for the other PATCHes of its batch. */
struct call_patch {
	struct change change;
	struct record after;
	struct change_ready *ready;
};

/* One request. Everything in it lives until the response has been written. */
struct call {
	const struct app *app;
	struct worker *wk;
	const struct request *req;
	struct response *resp;

	/* For an item of a batch: the batch's own request, and the place of a
	 * PATCH that is only prepared; otherwise NULL. */
	struct call *outer;
	struct call_patch *later;
	/* For a batch: its state, and the free bytes before the content. */
	struct batch_run *batch;
	char *gap;

	struct call_room *room;
	struct path *path;
	const struct call_way *way;
	const struct route_table *table;
	const struct route *route;
	enum err route_error; /* reason why `route` is NULL, or ERR_OK */
	unsigned reached; /* bit i: route i has this path */
	bool found; /* the path has a root */
	bool reads; /* the worker's read transaction is open */
	bool open; /* the path needs no token */
	struct principal who;
	struct view view;
	unsigned prefer;
	bool head; /* HEAD: the response to GET without its content */
	unsigned applied; /* the preferences that were applied */
	/* The orders of a test for the request; NULL outside test mode. */
	const struct standin_act *act;
	struct fault fault;
	struct str body; /* null until it has been read */

	int status;
	unsigned retry_after;
	struct str content;
	struct str etag;
	struct str link;
	struct str notice;
	struct str allow;
	/* Of a page: its type, if that is not the route's, and the lines of its
	 * header, each with its end. They replace Cache-Control. */
	struct str type;
	struct str lines;
	struct view_ids ids;
};

/* The worker's read transaction. call_begin_reading does nothing if it is
 * already open, call_end_reading if it is not. */
enum err call_begin_reading(struct call *c) ATTR_CHECKED;
void call_end_reading(struct call *c);
/* The most bytes of the body. */
size_t call_max_body(const struct call *c);
/* Puts this limit into the fault and returns ERR_TOO_LARGE. */
enum err call_too_large(struct call *c) ATTR_CHECKED;
/* Reads the body into an arena. */
enum err
call_read_body(struct call *c, struct arena *a, struct str *body) ATTR_CHECKED;

/* Whether the caller has one of these permissions. If not, puts their names
 * into the fault and returns ERR_FORBIDDEN. */
enum err call_check_scopes(struct call *c, uint32_t scopes) ATTR_CHECKED;
/* The permissions of the route with this handler. */
uint32_t call_scopes_of(const struct call *c, enum err (*run)(struct call *));
/* The number of the pattern {property} of a route, or PATH_WORDS_MAX. */
size_t call_property_at(const struct route *route);
/* The number of the property of route->of that the path names. */
unsigned call_property(const struct call *c);
/* Ends a GET whose response and ETag are complete: the status is 304 if the
 * client has the same. */
void call_compare_etag(struct call *c);
/* Ends a GET of a document: its ETag is a hash of its content. Returns
 * ERR_MEMORY if there is no content. */
enum err call_put_document(struct call *c, struct str content) ATTR_CHECKED;
/* The record of the caller's tenant as clients see it; see store_record. */
enum err call_record(struct call *c, struct record *r) ATTR_CHECKED;
/* The caller of a change; the texts live as long as the call. */
struct caller call_caller(const struct call *c);
/* The change that the conditions of the request guard, without its patch. */
struct change call_change(const struct call *c);
/* A dry run of a change, in the worker's read transaction (change_try). */
enum err
call_try(struct call *c, struct change *change, struct record *r) ATTR_CHECKED;
/* Makes a key and a request for the caller's tenant, as csr_make does. Returns
 * also ERR_KEYGEN_BUSY and ERR_SECRET. */
enum err call_make_request(struct call *c, struct str *text) ATTR_CHECKED;
/* Logs a record's date that lies in the future (see handlers.c). */
void call_check_clock(const struct call *c, const struct record *r);

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

/* All routes. Those of a stand-in have the same rows, and staging_enter as the
 * step that finds the caller. */
extern const struct route_table routes_table, routes_table_of_standin;
/* Sets the route of the path and method, or route_error. For a path of a route
 * it also sets `allow` and `open`. */
void match_route(struct call *c, struct str method);
/* The route of OPTIONS, a method that every known path has. */
extern const struct route steps_options;
/* Runs the steps in their order. Returns the outcome of the first step that
 * refuses the request, or of the last step, which is the handler. */
enum err steps_walk(struct call *c) ATTR_CHECKED;
/* Counts a token that was refused with e. Returns e, or ERR_RATE. */
enum err steps_limit_failures(struct call *c, enum err e) ATTR_CHECKED;
/* The value of the Authorization header, null if there is none. */
struct str steps_authorization(const struct request *req);
/* The step that finds the caller by the token. */
enum err steps_find_caller(struct call *c) ATTR_CHECKED;
/* Finds the caller by such a value, in the worker's read transaction, which
 * stays open. A peer that fails too often gets ERR_RATE. */
enum err
steps_authenticate(struct call *c, struct str authorization) ATTR_CHECKED;
/* The step that finds the root and the route of the path. A request that an
 * earlier step refuses has neither. */
enum err steps_find_path(struct call *c) ATTR_CHECKED;
/* Appends the URL of the root without the root's name: scheme, host, mount path
 * and a slash. */
void steps_put_base(const struct call *c, struct buf *out);

/* Sets up a call. The members of *c that name its batch may be set before
 * routes_walk. */
void routes_open(struct call *c, const struct app *app, struct worker *wk,
    const struct request *req, struct response *resp, struct call_room *room);
/* Runs the steps of a call. */
enum err routes_walk(struct call *c) ATTR_CHECKED;
/* Writes the response to a call with this outcome, counts and logs it. */
void routes_complete(struct call *c, enum err e);
/* The way of a call, and its parts, which that of a stand-in calls. */
void routes_finish(struct call *c, enum err e);
void routes_put_error(struct call *c, enum err e, struct buf *out);
struct str routes_put(const struct call *c, struct response_parts *parts);
/* Sets the ids of the response from the request, or from the batch. */
void routes_assign_ids(struct call *c);

/* Logs the request. Call it when the response is complete. */
void access_log_put(const struct call *c);

/*
 * The handlers of the routes. They leave the parts of the response in the call.
 */
enum err routes_get(struct call *c) ATTR_CHECKED;
enum err routes_patch(struct call *c) ATTR_CHECKED;
enum err routes_delete(struct call *c) ATTR_CHECKED;
/* The second half of a PATCH that was prepared and has been applied. */
enum err routes_patch_done(struct call *c, struct call_patch *p) ATTR_CHECKED;
enum err routes_batch(struct call *c) ATTR_CHECKED;
enum err routes_download(struct call *c) ATTR_CHECKED;
enum err routes_generate(struct call *c) ATTR_CHECKED;
enum err routes_consents(struct call *c) ATTR_CHECKED;
enum err routes_consent(struct call *c) ATTR_CHECKED;
enum err routes_grant_consent(struct call *c) ATTR_CHECKED;
enum err routes_health(struct call *c) ATTR_CHECKED;
enum err routes_metrics(struct call *c) ATTR_CHECKED;
enum err routes_property(struct call *c) ATTR_CHECKED;
enum err routes_audit_events(struct call *c) ATTR_CHECKED;
enum err routes_audit_event(struct call *c) ATTR_CHECKED;
enum err routes_audit_count(struct call *c) ATTR_CHECKED;
enum err routes_audit_categories(struct call *c) ATTR_CHECKED;
enum err routes_audit_types(struct call *c) ATTR_CHECKED;
enum err routes_management(struct call *c) ATTR_CHECKED;
enum err routes_management_property(struct call *c) ATTR_CHECKED;
enum err routes_service(struct call *c) ATTR_CHECKED;
enum err routes_metadata(struct call *c) ATTR_CHECKED;
enum err routes_openapi(struct call *c) ATTR_CHECKED;

#endif
