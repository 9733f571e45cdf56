/* SPDX-License-Identifier: ISC */
/*
 * request.h - one request as a web server hands it on: CGI variables (RFC 3875)
 * and a body that is read when its turn has come.
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

/* The variables that a request is made of; absent ones are null. */
enum request_var {
	REQUEST_METHOD,
	REQUEST_PATH_INFO,
	REQUEST_SCRIPT_NAME,
	REQUEST_URI,
	REQUEST_QUERY,
	REQUEST_CONTENT_TYPE,
	/* All lines of the header, from nginx: its CONTENT_TYPE is the first.
	 */
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
	REQUEST_VARS
};

/* A body was cut by this process, which ends or needs the worker. */
#define REQUEST_CUT (-2)

/*
 * Reads up to n bytes of the body: the number of bytes, 0 at its end, -1 if the
 * peer is gone or too slow, or REQUEST_CUT. Called only when the size is
 * allowed.
 */
typedef long request_read(void *from, char *p, size_t n);

/* A further line of a header that is a list: some web servers hand on each line
 * as a variable of the same name (nginx before 1.23). */
struct request_line {
	enum request_var var;
	struct str text;
};
#define REQUEST_LINES_MAX 16

struct request {
	struct str var[REQUEST_VARS];
	struct request_line line[REQUEST_LINES_MAX];
	size_t lines; /* also those that had no room */
	request_read *read;
	void *from;
	struct instant now;
	/* Random bytes: 16 for the request's id, 16 for a new record's. */
	uint8_t random[32];
};

/* Takes one NAME=VALUE of the environment or of the FastCGI parameters if it
 * is one of those above; the first of a name counts, but for lists, of which
 * request_join makes one. The text must outlive the request. */
void request_take(struct request *req, const char *name_value);
/* Puts the lines of each list behind its first, with a comma between them (RFC
 * 9110, section 5.3). ERR_HEADER_LINES, ERR_MEMORY. */
enum err request_join(struct request *req, struct arena *a) ATTR_CHECKED;

/* The declared length of the body; false where it is unknown: absent, empty
 * or -1, as web servers hand on a chunked one. */
bool request_length(const struct request *req, uint64_t *n);

/* Whether the web server says that the request came by TLS. */
bool request_is_secure(const struct request *req);

/* Appends scheme and host as the client sees them, "https://example.org:8443";
 * where the server does not tell, those of Microsoft Graph. */
void request_origin(const struct request *req, struct buf *out);

/*
 * Reads the body to its declared length, or to its end where none is declared.
 * *ended tells whether its end was reached. ERR_TOO_LARGE (after max + 1 bytes
 * at most), ERR_BODY_SHORT, ERR_BUSY (REQUEST_CUT), ERR_MEMORY.
 */
enum err request_body(const struct request *req, size_t max, struct arena *a,
    struct str *body, bool *ended) ATTR_CHECKED;

#endif
