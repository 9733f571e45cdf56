/* SPDX-License-Identifier: ISC */
/*
 * routes.h - the door: one request in, one complete answer out. No socket: the
 * FastCGI loop, the CGI program, the tests and the fuzzers all call it.
 */
#ifndef PUSHCERT_ROUTES_H
#define PUSHCERT_ROUTES_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "err.h"
#include "mem.h"
#include "store.h"
#include "str.h"
#include "when.h"

/* What all requests share; set up once, never changed. */
struct app {
	const struct config *config;
	struct store *store;
};

/*
 * Reads up to n bytes of the request's body: the number of bytes, 0 at its
 * end, -1 if the peer is gone. Called only when the size is allowed.
 */
typedef long routes_read(void *from, char *p, size_t n);

/* CGI variables (RFC 3875) that a request is made of; absent ones are null. */
enum routes_var {
	ROUTES_METHOD,
	ROUTES_PATH_INFO,
	ROUTES_SCRIPT_NAME,
	ROUTES_REQUEST_URI,
	ROUTES_QUERY,
	ROUTES_CONTENT_TYPE,
	ROUTES_CONTENT_LENGTH,
	ROUTES_TRANSFER_ENCODING,
	ROUTES_CONTENT_ENCODING,
	ROUTES_AUTHORIZATION,
	ROUTES_REDIRECT_AUTHORIZATION,
	ROUTES_REDIRECT_REDIRECT_AUTHORIZATION,
	ROUTES_ACCEPT,
	ROUTES_PREFER,
	ROUTES_IF_MATCH,
	ROUTES_IF_NONE_MATCH,
	ROUTES_CLIENT_REQUEST_ID,
	ROUTES_ALLOW_TOPIC_CHANGE,
	ROUTES_HOST,
	ROUTES_HTTPS,
	ROUTES_REQUEST_SCHEME,
	ROUTES_SERVER_NAME,
	ROUTES_SERVER_PORT,
	ROUTES_REMOTE_ADDR,
	ROUTES_VARS
};

struct request {
	struct str var[ROUTES_VARS];
	routes_read *read;
	void *from;
	struct instant now;
	/* Random bytes for the request's id and for a new record's. */
	uint8_t random[32];
};

/*
 * `text` is the whole CGI response: header lines from Status on, an empty
 * line, the body. It lives in the arena. body_read tells whether the request's
 * body was read to its end, so that the connection may be used again.
 */
struct answer {
	enum err outcome;
	int status;
	bool body_read;
	struct str text;
};

/* Takes one NAME=VALUE of the environment or of the FastCGI parameters into
 * the request if it is one of those above; the first of a name counts. */
void routes_var(struct request *rq, const char *name_value);

/* What a worker owns: an arena emptied by routes_handle, and a reader. */
struct worker {
	struct arena arena;
	struct txn *reader;
};
/* Room that the arena of a worker needs under this configuration, bytes. */
size_t routes_arena_size(const struct config *c);

/* Always gives an answer; logs one line. */
void routes_handle(const struct app *app, struct worker *wk, struct request *rq,
    struct answer *an);

#endif
