/* SPDX-License-Identifier: ISC */
/*
 * routes.h - the entry of src/http: takes one request and returns one complete
 * response. It uses no socket. The FastCGI workers, the CGI program, the tests
 * and the fuzz targets call it.
 */
#ifndef PUSHCERT_ROUTES_H
#define PUSHCERT_ROUTES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "state/config.h"
#include "state/docroot.h"
#include "base/err.h"
#include "base/buf.h"
#include "state/metrics.h"
#include "http/request.h"
#include "state/secret.h"
#include "store/store.h"
#include "base/str.h"

struct batch_rooms;
struct keygen_slots;
struct log_repeat;
struct route_table;
struct standin;

struct auth;

/*
 * The objects that all requests share. They are set up once and never change.
 */
struct app {
	const struct config *config;
	const struct secrets *secrets;
	struct store *store;
	/* If the store could not be opened, the reason, with which every
	 * request is refused; otherwise ERR_OK. */
	enum err broken;
	struct auth *auth; /* NULL: opaque tokens only, no limit */
	struct metrics *metrics; /* NULL: nothing is counted */
	struct keygen_slots *keygen_slots; /* NULL: one key at most */
	struct batch_rooms *batch_rooms; /* NULL: every batch is refused */
	/* The state that tests command; NULL: not a stand-in for tests. */
	struct standin *standin;
	/* The pages for people; NULL: there are none. */
	const struct route_table *pages;
	/* NULL: the data directory may lie under a document root. */
	const struct docroot *docroot;
	/* Set when the log has named the setting that Apache needs, so that it
	 * does so once; NULL: it never does. */
	atomic_flag *hinted;
	/* Limits the warning about a clock that was set back; NULL: it is not
	 * logged. */
	struct log_repeat *behind;
	/* Limits the error about secrets that cannot be read; NULL: it is
	 * logged each time. */
	struct log_repeat *secrets_lost;
};

/* The memory of one worker: an arena, which routes_handle empties for each
 * request, a reader of the store, and the document roots that were checked. */
struct worker {
	struct arena arena;
	struct txn *reader;
	struct docroot_seen seen;
	void *room; /* of the batch that was answered last, or NULL */
};

/*
 * `text` is the whole CGI response: the header lines from Status on, an empty
 * line, and the content. It lives until routes_release or the next request.
 * body_read reports whether the request's body was read to its end.
 */
struct response {
	enum err outcome;
	int status;
	bool body_read;
	struct str text;
};

/* Bytes that the arena of a worker needs under this configuration. */
size_t routes_arena_size(const struct config *c);
/* Bytes of a room of app->batch_rooms. */
size_t routes_room_size(const struct config *c);

/* Handles one request: always writes a response, and logs one line. */
void routes_handle(const struct app *app, struct worker *wk,
    const struct request *req, struct response *resp);
/* Gives back the memory that only the response needed. Call it when the
 * response has been sent; a response that is not a batch needs no call. */
void routes_release(const struct app *app, struct worker *wk);

#endif
