/* SPDX-License-Identifier: ISC */
/*
 * routes.h - the door: one request in, one complete answer out. No socket: the
 * FastCGI loop, the CGI program, the tests and the fuzzers all call it.
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

struct keygen_slots;
struct log_repeat;

struct auth;

/* What all requests share; set up once, never changed. */
struct app {
	const struct config *config;
	const struct secrets *secrets;
	struct store *store;
	/* Why there is no store, and every request is refused with it; ERR_OK
	 * otherwise. */
	enum err broken;
	struct auth *auth; /* NULL: opaque tokens alone, and no limit */
	struct metrics *metrics; /* NULL: nothing is counted */
	struct keygen_slots
	    *keygen_slots; /* NULL: this process makes one key */
	/* NULL: the data may lie under a document root. */
	const struct docroot *docroot;
	/* Set once the log tells what Apache needs; NULL: it never does. */
	atomic_flag *hinted;
	/* Of the clock, the same; NULL: nothing is said. */
	struct log_repeat *behind;
	/* Of the key file and the vendor's files; NULL: each time. */
	struct log_repeat *secrets_lost;
};

/* What a worker owns: an arena, emptied by routes_handle, a reader, and what it
 * knows of document roots. */
struct worker {
	struct arena arena;
	struct txn *reader;
	struct docroot_seen seen;
};

/*
 * `text` is the whole CGI response: header lines from Status on, an empty
 * line, the content. It lives in the arena. body_read tells whether the
 * request's body was read to its end.
 */
struct response {
	enum err outcome;
	int status;
	bool body_read;
	struct str text;
};

/* Room that the arena of a worker needs under this configuration, in bytes. */
size_t routes_arena_size(const struct config *c);

/* Always gives an answer; logs one line. */
void routes_handle(const struct app *app, struct worker *wk,
    const struct request *req, struct response *resp);

#endif
