/* SPDX-License-Identifier: ISC */
/*
 * request.h - one request as a web server passes it on: the CGI variables (RFC
 * 3875), and a body that is read only after the checks have passed.
 */
#ifndef PUSHCERT_REQUEST_H
#define PUSHCERT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"
#include "format/datetime.h"
#include "state/config.h"

/* The variables that the program uses; absent ones are null. */
enum request_var {
	REQUEST_METHOD,
	REQUEST_PATH_INFO,
	REQUEST_SCRIPT_NAME,
	REQUEST_URI,
	REQUEST_QUERY,
	REQUEST_CONTENT_TYPE,
	/* HTTP_CONTENT_TYPE: nginx puts all lines of the header here, and only
	 * the first into CONTENT_TYPE. */
	REQUEST_CONTENT_TYPE_LINES,
	REQUEST_CONTENT_LENGTH,
	REQUEST_TRANSFER_ENCODING,
	REQUEST_CONTENT_ENCODING,
	REQUEST_AUTHORIZATION,
	REQUEST_AUTHORIZATION_REDIRECTED,
	REQUEST_AUTHORIZATION_TWICE_REDIRECTED,
	REQUEST_ACCEPT,
	REQUEST_PREFER,
	REQUEST_IF_MATCH,
	REQUEST_IF_NONE_MATCH,
	REQUEST_CLIENT_REQUEST_ID,
	REQUEST_ALLOW_TOPIC_CHANGE,
	REQUEST_FAULT,
	REQUEST_HOST,
	REQUEST_HTTPS,
	REQUEST_SCHEME,
	REQUEST_SERVER_NAME,
	REQUEST_REMOTE_ADDR,
	REQUEST_SERVER_SOFTWARE,
	REQUEST_FORWARDED_FOR,
	REQUEST_DOCUMENT_ROOT,
	REQUEST_CONTEXT_DOCUMENT_ROOT,
	REQUEST_ORIGIN,
	REQUEST_SEC_FETCH_SITE,
	/* Access-Control-Request-Method and -Headers, of a preflight. */
	REQUEST_ASKED_METHOD,
	REQUEST_ASKED_HEADERS,
	REQUEST_FORWARDED_PROTO,
	REQUEST_COOKIE,
	REQUEST_ACCEPT_LANGUAGE,
	REQUEST_VARS
};

/* The process stopped reading the body, because it is ending or needs the
 * worker. */
#define REQUEST_CUT (-2)

/*
 * Reads up to n bytes of the body. Returns the number of bytes, 0 at the end of
 * the body, -1 if the peer is gone or too slow, or REQUEST_CUT. It is called
 * only after the declared length has been accepted.
 */
typedef long request_read(void *from, char *p, size_t n);

/* A further line of a header that is a list. Some web servers (nginx before
 * 1.23) pass on each line as a separate variable of the same name. */
struct request_line {
	enum request_var var;
	struct str text;
};
#define REQUEST_LINES_MAX 16

struct request {
	struct str var[REQUEST_VARS];
	struct request_line line[REQUEST_LINES_MAX];
	size_t lines; /* includes lines that do not fit into `line` */
	request_read *read;
	void *from;
	/* The body, if it is in memory already, as that of an item of a batch;
	 * otherwise null. */
	struct str given;
	struct instant now;
	/*
	 * Random bytes: 16 for the request id, 16 for the id of a new record.
	 */
	uint8_t random[32];
};

/*
 * Stores one NAME=VALUE of the environment or of the FastCGI parameters, if the
 * name is one of those above. If a name comes more than once, the first value
 * counts; further lines of a list are kept for request_join. The text must
 * outlive the request.
 */
void request_take(struct request *req, const char *name_value);
/* Stores one header, if its name, in any case, is that of a header that an item
 * of a batch may have. The caller's headers of the connection and the caller's
 * token are not among them. */
void
request_take_header(struct request *req, struct str name, struct str value);
/* Joins the lines of each list, separated by commas (RFC 9110, section 5.3).
 * Returns ERR_OK, ERR_HEADER_LINES (more than REQUEST_LINES_MAX further lines)
 * or ERR_MEMORY. */
enum err request_join(struct request *req, struct arena *a) ATTR_CHECKED;

/* Gets the declared length of the body, in bytes. Returns false if it is
 * unknown: absent, empty or -1, as web servers pass on a chunked body. */
bool request_length(const struct request *req, uint64_t *n);

/*
 * Whether the client sees an https site. base_url decides; else the last value
 * of X-Forwarded-Proto, if a trusted proxy sent it; else HTTPS or
 * REQUEST_SCHEME, which the web server sets.
 */
bool request_is_secure(const struct request *req, const struct config *c);

/* Appends the scheme and host that the client used, as in
 * "https://example.org:8443". If the web server does not provide a valid host,
 * appends https://graph.microsoft.com. */
void request_origin(
    const struct request *req, const struct config *c, struct buf *out);

/*
 * Reads the body to its declared length, or to its end if no length is
 * declared. *body lives in the arena. *ended reports whether the end of the
 * body was reached, also after a failure. Returns ERR_OK, ERR_TOO_LARGE (after
 * at most max + 1 bytes), ERR_BODY_SHORT, ERR_BUSY (for REQUEST_CUT) or
 * ERR_MEMORY.
 */
enum err request_body(const struct request *req, size_t max, struct arena *a,
    struct str *body, bool *ended) ATTR_CHECKED;

#endif
