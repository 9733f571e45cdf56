/* SPDX-License-Identifier: ISC */
/*
 * cors.c - compares Origin with cors_origins, and writes the header lines of
 * CORS. The lines are those of Microsoft Graph, except that a listed origin is
 * named, and that caches learn of it by Vary.
 */
#include "http/cors.h"

#include <string.h>

#include "format/odata.h"
#include "format/origin.h"

/* Bytes of the names of headers that a response repeats. */
#define HEADERS_MAX 1024

enum cors_listing
cors_listing(struct str origin, const struct config *c)
{
	enum cors_listing listing = CORS_UNLISTED;
	struct str list = str_of(c->cors_origins);
	struct origin theirs, listed;
	bool known = origin_parse(origin, &theirs);

	while (!str_is_null(list)) {
		struct str item = str_trim(str_cut(&list, ','));

		if (str_is(item, "*"))
			listing = CORS_BY_STAR;
		else if (known && origin_parse(item, &listed) &&
		    origin_same(&theirs, &listed))
			return CORS_BY_NAME;
	}
	return listing;
}

/* Whether a text has only characters of header names (RFC 9110, section
 * 5.6.2), commas and blanks. */
static bool
is_list_of_names(struct str s)
{
	static const char others[] = "!#$%&'*+-.^_`|~, \t";
	size_t i;

	for (i = 0; i < s.n; i++) {
		bool letter = (s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z';
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';

		if (!letter && !digit &&
		    (s.p[i] == '\0' || strchr(others, s.p[i]) == NULL))
			return false;
	}
	return s.n > 0 && s.n <= HEADERS_MAX;
}

void
cors_read(const struct request *req, const struct config *c, struct cors *out)
{
	struct str origin, headers;

	*out = (struct cors){ .varies = c->cors_origins[0] != '\0' };
	if (!out->varies || !odata_single(req->var[REQUEST_ORIGIN], &origin) ||
	    origin.n == 0)
		return;
	switch (cors_listing(origin, c)) {
	case CORS_UNLISTED:
		return;
	case CORS_BY_STAR:
		out->origin = str_of("*");
		break;
	case CORS_BY_NAME:
		out->origin = origin;
		break;
	}
	out->preflight = str_is(req->var[REQUEST_METHOD], "OPTIONS") &&
	    req->var[REQUEST_ASKED_METHOD].n > 0;
	headers = str_trim(req->var[REQUEST_ASKED_HEADERS]);
	if (out->preflight && is_list_of_names(headers))
		out->headers = headers;
}

static void
put_line(struct buf *out, const char *name, struct str value)
{
	buf_text(out, "Access-Control-");
	buf_text(out, name);
	buf_text(out, ": ");
	buf_str(out, value);
	buf_text(out, "\r\n");
}

void
cors_put(struct buf *out, const struct cors *cors, struct str allow)
{
	if (cors->varies)
		buf_text(out, "Vary: Origin\r\n");
	if (str_is_null(cors->origin))
		return;
	put_line(out, "Allow-Origin", cors->origin);
	put_line(out, "Expose-Headers",
	    str_of("ETag, Location, Preference-Applied, request-id, "
		   "client-request-id, WWW-Authenticate, Retry-After"));
	if (!cors->preflight || str_is_null(allow))
		return;
	put_line(out, "Allow-Methods", allow);
	if (!str_is_null(cors->headers))
		put_line(out, "Allow-Headers", cors->headers);
	put_line(out, "Max-Age", str_of("3600"));
}
