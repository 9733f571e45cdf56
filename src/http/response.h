/* SPDX-License-Identifier: ISC */
/*
 * response.h - the parts of a response, and how they become a CGI response.
 */
#ifndef PUSHCERT_RESPONSE_H
#define PUSHCERT_RESPONSE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/buf.h"
#include "format/odata.h"
#include "base/str.h"

#define RESPONSE_NO_WAIT (~0U)

/* The status, the values of the header lines, and the content. A null slice
 * leaves its line out. */
struct response_parts {
	int status;
	bool ok; /* a success, with the OData headers, or an error */
	bool head; /* Content-Length is sent, but no content */
	enum odata_metadata metadata;
	unsigned prefer; /* the preferences that were applied */
	struct str type; /* of a response that is not JSON of OData */
	bool odata; /* a success belongs to OData, whatever its type */
	struct str link;
	struct str etag;
	struct str allow;
	struct str authorization_uri; /* for the challenge of a 401 */
	struct str client_id;
	/* In seconds; 0: the usual value; RESPONSE_NO_WAIT: no such line. */
	unsigned retry_after;
	struct str notice; /* the fault of an accepted certificate */
	struct str lines; /* in place of Cache-Control; each has its end */
	/* Further lines: of CORS, and of a stand-in. They have the form of the
	 * response, which is JSON in a batch (`,"name":"value"`). */
	struct str more;
	struct str request_id;
	struct str client_request_id;
	struct str content;
};

/* Whether the response has content: 204 and 304 have none, and no
 * Content-Length (RFC 9110, section 8.6). */
bool response_has_content(const struct response_parts *parts);
/* Append the value of a header line. */
void response_put_type(struct buf *out, const struct response_parts *parts);
void response_put_preferences(struct buf *out, unsigned prefer);
/* The value of Retry-After, in seconds; 0: the response has none. */
unsigned response_retry_after(const struct response_parts *parts);

/* Appends the header lines and the empty line after them. */
void response_put_head(struct buf *out, const struct response_parts *parts);
/* Appends the whole CGI response (RFC 3875, section 6.3). */
void response_put(struct buf *out, const struct response_parts *parts);

#endif
