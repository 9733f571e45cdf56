/* SPDX-License-Identifier: ISC */
/*
 * request.c - the table of CGI variables, and the body of a request.
 */
#include "http/request.h"

#include <string.h>

#include "format/client_addr.h"
#include "format/origin.h"

static const struct str names[REQUEST_VARS] = {
	[REQUEST_METHOD] = STR("REQUEST_METHOD"),
	[REQUEST_PATH_INFO] = STR("PATH_INFO"),
	[REQUEST_SCRIPT_NAME] = STR("SCRIPT_NAME"),
	[REQUEST_URI] = STR("REQUEST_URI"),
	[REQUEST_QUERY] = STR("QUERY_STRING"),
	[REQUEST_CONTENT_TYPE] = STR("CONTENT_TYPE"),
	[REQUEST_CONTENT_TYPE_LINES] = STR("HTTP_CONTENT_TYPE"),
	[REQUEST_CONTENT_LENGTH] = STR("CONTENT_LENGTH"),
	[REQUEST_TRANSFER_ENCODING] = STR("HTTP_TRANSFER_ENCODING"),
	[REQUEST_CONTENT_ENCODING] = STR("HTTP_CONTENT_ENCODING"),
	[REQUEST_AUTHORIZATION] = STR("HTTP_AUTHORIZATION"),
	[REQUEST_AUTHORIZATION_REDIRECTED] = STR("REDIRECT_HTTP_AUTHORIZATION"),
	[REQUEST_AUTHORIZATION_TWICE_REDIRECTED] = STR(
	    "REDIRECT_REDIRECT_HTTP_AUTHORIZATION"),
	[REQUEST_ACCEPT] = STR("HTTP_ACCEPT"),
	[REQUEST_PREFER] = STR("HTTP_PREFER"),
	[REQUEST_IF_MATCH] = STR("HTTP_IF_MATCH"),
	[REQUEST_IF_NONE_MATCH] = STR("HTTP_IF_NONE_MATCH"),
	[REQUEST_CLIENT_REQUEST_ID] = STR("HTTP_CLIENT_REQUEST_ID"),
	[REQUEST_ALLOW_TOPIC_CHANGE] = STR("HTTP_PUSHCERT_ALLOW_TOPIC_CHANGE"),
	[REQUEST_FAULT] = STR("HTTP_PUSHCERT_FAULT"),
	[REQUEST_HOST] = STR("HTTP_HOST"),
	[REQUEST_HTTPS] = STR("HTTPS"),
	[REQUEST_SCHEME] = STR("REQUEST_SCHEME"),
	[REQUEST_SERVER_NAME] = STR("SERVER_NAME"),
	[REQUEST_REMOTE_ADDR] = STR("REMOTE_ADDR"),
	[REQUEST_SERVER_SOFTWARE] = STR("SERVER_SOFTWARE"),
	[REQUEST_FORWARDED_FOR] = STR("HTTP_X_FORWARDED_FOR"),
	[REQUEST_DOCUMENT_ROOT] = STR("DOCUMENT_ROOT"),
	[REQUEST_CONTEXT_DOCUMENT_ROOT] = STR("CONTEXT_DOCUMENT_ROOT"),
	[REQUEST_ORIGIN] = STR("HTTP_ORIGIN"),
	[REQUEST_SEC_FETCH_SITE] = STR("HTTP_SEC_FETCH_SITE"),
	[REQUEST_ASKED_METHOD] = STR("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
	[REQUEST_ASKED_HEADERS] = STR("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
	[REQUEST_FORWARDED_PROTO] = STR("HTTP_X_FORWARDED_PROTO"),
	[REQUEST_COOKIE] = STR("HTTP_COOKIE"),
	[REQUEST_ACCEPT_LANGUAGE] = STR("HTTP_ACCEPT_LANGUAGE"),
};

#define NAME_MAX_LEN 36
#define BIT(var) (UINT64_C(1) << (var))
_Static_assert(REQUEST_VARS <= 64, "a set of variables is 64 bits");

/* The variables whose names have a given length, as bits. A web server sends
 * dozens of variables, and most of those that the program does not use already
 * differ in length from every name above. */
static const uint64_t of_length[NAME_MAX_LEN + 1] = {
	[5] = BIT(REQUEST_HTTPS),
	[9] = BIT(REQUEST_PATH_INFO) | BIT(REQUEST_HOST),
	[11] = BIT(REQUEST_SCRIPT_NAME) | BIT(REQUEST_URI) |
	    BIT(REQUEST_ACCEPT) | BIT(REQUEST_PREFER) |
	    BIT(REQUEST_SERVER_NAME) | BIT(REQUEST_REMOTE_ADDR) |
	    BIT(REQUEST_ORIGIN) | BIT(REQUEST_COOKIE),
	[12] = BIT(REQUEST_QUERY) | BIT(REQUEST_CONTENT_TYPE),
	[13] = BIT(REQUEST_IF_MATCH) | BIT(REQUEST_DOCUMENT_ROOT),
	[14] = BIT(REQUEST_METHOD) | BIT(REQUEST_CONTENT_LENGTH) |
	    BIT(REQUEST_SCHEME),
	[15] = BIT(REQUEST_SERVER_SOFTWARE),
	[17] = BIT(REQUEST_CONTENT_TYPE_LINES),
	[18] = BIT(REQUEST_AUTHORIZATION) | BIT(REQUEST_IF_NONE_MATCH),
	[19] = BIT(REQUEST_SEC_FETCH_SITE) | BIT(REQUEST_FAULT),
	[20] = BIT(REQUEST_FORWARDED_FOR) | BIT(REQUEST_ACCEPT_LANGUAGE),
	[21] = BIT(REQUEST_CONTENT_ENCODING) |
	    BIT(REQUEST_CONTEXT_DOCUMENT_ROOT),
	[22] = BIT(REQUEST_TRANSFER_ENCODING) | BIT(REQUEST_CLIENT_REQUEST_ID) |
	    BIT(REQUEST_FORWARDED_PROTO),
	[27] = BIT(REQUEST_AUTHORIZATION_REDIRECTED),
	[32] = BIT(REQUEST_ALLOW_TOPIC_CHANGE),
	[34] = BIT(REQUEST_ASKED_METHOD),
	[35] = BIT(REQUEST_ASKED_HEADERS),
	[36] = BIT(REQUEST_AUTHORIZATION_TWICE_REDIRECTED),
};

/* The variables that may come more than once and are then joined. The first
 * value of any other variable counts. The override of the topic guard is in the
 * list so that two different topics permit no change. */
#define LISTS                                                                \
	(BIT(REQUEST_ACCEPT) | BIT(REQUEST_PREFER) | BIT(REQUEST_IF_MATCH) | \
	    BIT(REQUEST_IF_NONE_MATCH) | BIT(REQUEST_CONTENT_ENCODING) |     \
	    BIT(REQUEST_FORWARDED_FOR) | BIT(REQUEST_ALLOW_TOPIC_CHANGE) |   \
	    BIT(REQUEST_CONTENT_TYPE) | BIT(REQUEST_CONTENT_TYPE_LINES) |    \
	    BIT(REQUEST_ORIGIN) | BIT(REQUEST_SEC_FETCH_SITE) |              \
	    BIT(REQUEST_ASKED_HEADERS) | BIT(REQUEST_FORWARDED_PROTO) |      \
	    BIT(REQUEST_COOKIE) | BIT(REQUEST_ACCEPT_LANGUAGE))

static void
take_value(struct request *req, enum request_var var, struct str value)
{
	if (str_is_null(req->var[var])) {
		req->var[var] = value;
	} else if (LISTS & BIT(var)) {
		if (req->lines < REQUEST_LINES_MAX)
			req->line[req->lines] =
			    (struct request_line){ var, value };
		req->lines++;
	}
}

void
request_take(struct request *req, const char *name_value)
{
	const char *equals = strchr(name_value, '=');
	struct str name;
	uint64_t left;
	int i;

	if (equals == NULL)
		return;
	name = str_from(name_value, (size_t)(equals - name_value));
	if (name.n > NAME_MAX_LEN)
		return;
	for (left = of_length[name.n]; left != 0; left &= left - 1) {
		i = __builtin_ctzll(left);
		/* Names more often have the same beginning than the same end,
		 * so the last byte is compared first. */
		if (names[i].p[name.n - 1] != name.p[name.n - 1] ||
		    memcmp(names[i].p, name.p, name.n) != 0)
			continue;
		take_value(req, (enum request_var)i, str_of(equals + 1));
		return;
	}
}

void
request_take_header(struct request *req, struct str name, struct str value)
{
	static const struct {
		struct str name;
		enum request_var var;
	} known[] = {
		{ STR("Content-Type"), REQUEST_CONTENT_TYPE },
		{ STR("Content-Encoding"), REQUEST_CONTENT_ENCODING },
		{ STR("Accept"), REQUEST_ACCEPT },
		{ STR("Prefer"), REQUEST_PREFER },
		{ STR("If-Match"), REQUEST_IF_MATCH },
		{ STR("If-None-Match"), REQUEST_IF_NONE_MATCH },
		{ STR("client-request-id"), REQUEST_CLIENT_REQUEST_ID },
		{ STR("Pushcert-Allow-Topic-Change"),
		    REQUEST_ALLOW_TOPIC_CHANGE },
		{ STR("Pushcert-Fault"), REQUEST_FAULT },
		{ STR("Origin"), REQUEST_ORIGIN },
		{ STR("Sec-Fetch-Site"), REQUEST_SEC_FETCH_SITE },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_ieq(name, known[i].name))
			take_value(req, known[i].var, str_trim(value));
}

/* Joins all lines of a list, of which line `first` is the first further one.
 * Semicolons separate the cookies of one line, and so those of several (RFC
 * 9113, section 8.2.3). Returns false if the arena is full. */
static bool
join(struct request *req, size_t first, struct arena *a)
{
	enum request_var var = req->line[first].var;
	struct buf b;
	size_t i;

	buf_open(&b, a);
	buf_str(&b, req->var[var]);
	for (i = first; i < req->lines; i++) {
		if (req->line[i].var != var)
			continue;
		buf_text(&b, var == REQUEST_COOKIE ? "; " : ", ");
		buf_str(&b, req->line[i].text);
	}
	req->var[var] = buf_close(&b, a);
	return !b.full;
}

enum err
request_join(struct request *req, struct arena *a)
{
	uint64_t joined = 0;
	size_t i;

	if (req->lines > REQUEST_LINES_MAX)
		return ERR_HEADER_LINES;
	for (i = 0; i < req->lines; i++) {
		if (joined & BIT(req->line[i].var))
			continue;
		joined |= BIT(req->line[i].var);
		if (!join(req, i, a))
			return ERR_MEMORY;
	}
	return ERR_OK;
}

bool
request_length(const struct request *req, uint64_t *n)
{
	struct str text = str_trim(req->var[REQUEST_CONTENT_LENGTH]);
	size_t i;

	if (!str_is_null(req->given)) {
		*n = req->given.n;
		return true;
	}
	if (req->var[REQUEST_TRANSFER_ENCODING].n > 0)
		return false;
	if (str_u64(text, n))
		return true;
	for (i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	/* The text is all digits, but the number exceeds 64 bits and so any
	 * limit. */
	*n = UINT64_MAX;
	return text.n > 0;
}

/* The scheme that a trusted proxy names, or null. If each proxy of a chain has
 * added its own, the last is that of the proxy that is trusted. */
static struct str
forwarded_scheme(const struct request *req, const struct config *c)
{
	struct str rest = req->var[REQUEST_FORWARDED_PROTO], last = rest;

	if (str_is_null(rest) ||
	    !client_addr_is_in(
		str_of(c->trusted_proxies), req->var[REQUEST_REMOTE_ADDR]))
		return str_of(NULL);
	while (!str_is_null(rest))
		last = str_trim(str_cut(&rest, ','));
	return last.n > 0 ? last : str_of(NULL);
}

bool
request_is_secure(const struct request *req, const struct config *c)
{
	struct str scheme = forwarded_scheme(req, c);

	if (c->base_url[0] != '\0')
		return str_starts(str_of(c->base_url), "https:");
	if (!str_is_null(scheme))
		return str_iis(scheme, "https");
	return str_iis(req->var[REQUEST_HTTPS], "on") ||
	    str_is(req->var[REQUEST_HTTPS], "1") ||
	    str_iis(req->var[REQUEST_SCHEME], "https");
}

void
request_origin(
    const struct request *req, const struct config *c, struct buf *out)
{
	const struct str *var = req->var;
	struct str host = var[REQUEST_HOST];
	struct origin parsed;

	/* A malformed Host must not become part of a URL in a response. */
	if (!origin_parse_host(host, false, &parsed))
		host = var[REQUEST_SERVER_NAME];
	if (!origin_parse_host(host, false, &parsed)) {
		buf_text(out, "https://graph.microsoft.com");
		return;
	}
	buf_text(out, request_is_secure(req, c) ? "https://" : "http://");
	buf_str(out, host);
}

enum err
request_body(const struct request *req, size_t max, struct arena *a,
    struct str *body, bool *ended)
{
	size_t n = 0, want = max + 1;
	uint64_t declared;
	bool known = request_length(req, &declared);
	long got = 1;
	char *p;

	if (known && declared > max)
		return ERR_TOO_LARGE;
	if (!str_is_null(req->given)) {
		*body = req->given;
		*ended = true;
		return ERR_OK;
	}
	if (known)
		want = (size_t)declared;
	if ((p = arena_take(a, want)) == NULL)
		return ERR_MEMORY;
	while (n < want && (got = req->read(req->from, p + n, want - n)) > 0)
		n += (size_t)got;
	/* Gives the rest of the buffer back to the arena, so that the memory of
	 * a request with a small body stays small. */
	a->used -= want - n;
	*ended = got == 0 || (known && n == want);
	if (got == REQUEST_CUT)
		return ERR_BUSY;
	if (got < 0 || (known && n < want))
		return ERR_BODY_SHORT;
	if (n > max)
		return ERR_TOO_LARGE;
	*body = str_from(p, n);
	return ERR_OK;
}
