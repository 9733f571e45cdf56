/* SPDX-License-Identifier: ISC */
/*
 * origin.c - compares parsed origins and never their texts, because a default
 * port may be written or omitted.
 */
#include "format/origin.h"

#include <arpa/inet.h>
#include <string.h>

/* Whether the text has only characters of a name or an IPv4 address, or is an
 * IPv6 literal in brackets (RFC 3986, section 3.2.2). */
static bool
is_host(struct str host)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	static const char literal[] = "abcdefABCDEF0123456789:.";
	bool is_literal = str_starts(host, "[");
	const char *allowed = is_literal ? literal : name;
	size_t i;

	if (is_literal)
		host = str_from(host.p + 1, host.n - (host.n >= 2 ? 2 : 1));
	for (i = 0; i < host.n; i++)
		if (host.p[i] == '\0' || strchr(allowed, host.p[i]) == NULL)
			return false;
	return host.n > 0 && !str_ends(host, ".");
}

bool
origin_parse_host(struct str text, bool secure, struct origin *out)
{
	struct str rest = text, host = str_cut(&rest, ':');

	if (str_starts(text, "[")) {
		rest = text;
		host = str_cut(&rest, ']');
		if (str_is_null(rest) || (rest.n > 0 && rest.p[0] != ':'))
			return false;
		host.n++;
		rest = str_tail(rest, 1);
	} else if (host.n > 1 && str_ends(host, ".")) {
		host.n--;
	}
	*out = (struct origin){ .secure = secure, .host = host };
	out->port = secure ? 443 : 80;
	if (rest.n > 0 && !str_u64(rest, &out->port))
		return false;
	return is_host(host) && out->port > 0 && out->port <= UINT16_MAX;
}

/* Reads the scheme. *rest is the text after its slashes. */
static bool
read_scheme(struct str text, bool *secure, struct str *rest)
{
	struct str scheme = str_cut(&text, ':');

	*secure = str_iis(scheme, "https");
	*rest = str_tail(text, 2);
	return str_starts(text, "//") && (*secure || str_iis(scheme, "http"));
}

bool
origin_parse(struct str text, struct origin *out)
{
	bool secure;

	return read_scheme(text, &secure, &text) &&
	    origin_parse_host(text, secure, out);
}

bool
origin_of_url(struct str url, struct origin *out)
{
	bool secure;

	return read_scheme(url, &secure, &url) &&
	    origin_parse_host(str_cut(&url, '/'), secure, out);
}

/* Reads the bytes of an IPv6 literal. */
static bool
read_literal(struct str host, uint8_t bytes[16])
{
	char text[INET6_ADDRSTRLEN];

	if (!str_starts(host, "[") || host.n - 2 >= sizeof(text))
		return false;
	memcpy(text, host.p + 1, host.n - 2);
	text[host.n - 2] = '\0';
	return inet_pton(AF_INET6, text, bytes) == 1;
}

bool
origin_same(const struct origin *a, const struct origin *b)
{
	uint8_t of_a[16], of_b[16];

	if (a->secure != b->secure || a->port != b->port)
		return false;
	if (read_literal(a->host, of_a) && read_literal(b->host, of_b))
		return memcmp(of_a, of_b, sizeof(of_a)) == 0;
	return str_ieq(a->host, b->host);
}
