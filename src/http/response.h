/* SPDX-License-Identifier: ISC */
/*
 * response.h - the header lines of an answer, and its form as a CGI response.
 */
#ifndef PUSHCERT_RESPONSE_H
#define PUSHCERT_RESPONSE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/buf.h"
#include "format/odata.h"
#include "base/str.h"

/* Everything that the header lines of contract 6 are made of. Null slices and
 * NULL leave their line out. */
struct response_parts {
	int status;
	bool ok; /* a success with the OData headers, or an error */
	bool head; /* the content is counted, but not sent */
	enum odata_metadata metadata;
	unsigned prefer; /* the preferences that were applied */
	struct str type; /* of a success that is no OData */
	struct str etag;
	struct str allow;
	struct str authorization_uri; /* of the challenge in a 401 */
	struct str client_id;
	unsigned retry_after; /* seconds of a 429 or 503; 0: a few */
	struct str insecure; /* what the operator has switched off */
	struct str notice; /* the fault of an accepted certificate */
	struct str request_id;
	struct str client_request_id;
	struct str content;
};

/* Appends the whole CGI response (RFC 3875, section 6.3). */
void response_put(struct buf *out, const struct response_parts *parts);

#endif
