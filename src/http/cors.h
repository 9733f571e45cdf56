/* SPDX-License-Identifier: ISC */
/*
 * cors.h - which other sites may use the service from a browser, and the header
 * lines that permit it (Fetch standard, "CORS protocol"). Credentials are never
 * permitted, because tokens come in a header that the page itself sets.
 */
#ifndef PUSHCERT_CORS_H
#define PUSHCERT_CORS_H

#include <stdbool.h>

#include "base/buf.h"
#include "state/config.h"
#include "http/request.h"
#include "base/str.h"

/* How cors_origins lists an origin. */
enum cors_listing { CORS_UNLISTED, CORS_BY_STAR, CORS_BY_NAME };

/* The null text, a malformed text and "null" are listed by * only. */
enum cors_listing cors_listing(struct str origin, const struct config *c);

/* The header lines of a response about other sites. */
struct cors {
	bool varies; /* the response depends on Origin */
	struct str origin; /* that may read the response; null: none */
	/* The request is a preflight; `headers` are those that the page will
	 * send, null if it names none or the text is not a list of names. */
	bool preflight;
	struct str headers;
};

/* The slices live as long as the request and the configuration. */
void
cors_read(const struct request *req, const struct config *c, struct cors *out);
/* Appends the header lines. `allow` is the value of Allow if the response
 * grants a preflight, else null. */
void cors_put(struct buf *out, const struct cors *cors, struct str allow);

#endif
