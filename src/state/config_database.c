/* SPDX-License-Identifier: ISC */
/*
 * config_database.c - finds single values in a connection string of libpq, in
 * the form of words (host=a port=5432) or of a URI (postgresql://a:5432/name).
 */
#include "state/config_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* --- passwords ---------------------------------------------------------- */

static bool
is_uri(struct str s)
{
	return str_starts(s, "postgresql://") || str_starts(s, "postgres://");
}

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) % 16 : -1;
}

/* Copies a URI with its escapes resolved, and returns the length. */
static size_t
unescape(struct str s, char out[CONFIG_TEXT_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < s.n && n < CONFIG_TEXT_MAX; i++)
		if (s.p[i] == '%' && i + 2 < s.n && digit(s.p[i + 1]) >= 0 &&
		    digit(s.p[i + 2]) >= 0) {
			out[n++] =
			    (char)(digit(s.p[i + 1]) * 16 + digit(s.p[i + 2]));
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	return n;
}

/* Other users may be able to read the configuration, so the string must not
 * have a password, neither as a word nor within a URI, where libpq takes the
 * text up to the first @ or / (postgresql://user:password@host). */
bool
config_database_fits(struct str s)
{
	char plain[CONFIG_TEXT_MAX];
	size_t n;

	if (!is_uri(s))
		return memmem(s.p, s.n, "password", 8) == NULL;
	n = unescape(s, plain);
	if (memmem(plain, n, "password", 8) != NULL)
		return false;
	s = str_tail(s, str_starts(s, "postgresql://") ? 13 : 11);
	for (n = 0; n < s.n && s.p[n] != '@' && s.p[n] != '/'; n++)
		;
	return n == s.n || s.p[n] == '/' || memchr(s.p, ':', n) == NULL;
}

/* --- words and ports ---------------------------------------------------- */

/* The port of PostgreSQL, as libpq has it. */
#define PORT 5432

/* Whether the character ends a value. */
static bool
ends(char c)
{
	return c == ' ' || c == '\t' || c == '&' || c == '\0';
}

bool
config_database_word(
    const struct config *c, const char *word, char out[CONFIG_TEXT_MAX])
{
	const char *p = c->database;
	size_t n = strlen(word), i;

	for (; (p = strstr(p, word)) != NULL; p += n) {
		bool begins = p == c->database || ends(p[-1]) || p[-1] == '?';

		if (!begins || p[n] != '=')
			continue;
		p += n + 1;
		for (i = 0; !ends(p[i]); i++)
			out[i] = p[i];
		out[i] = '\0';
		return i > 0;
	}
	return false;
}

/* Adds the ports of a list such as 5432,5433. */
static size_t
add_ports(struct str list, uint16_t *out, size_t n)
{
	uint64_t port;

	while (!str_is_null(list) && n < CONFIG_PORTS_MAX)
		if (str_u64(str_cut(&list, ','), &port) && port > 0 &&
		    port <= UINT16_MAX)
			out[n++] = (uint16_t)port;
	return n;
}

/* Adds the ports of the hosts of a URI: user@host:port,host:port/name. */
static size_t
add_uri(const char *uri, uint16_t *out, size_t n)
{
	const char *from = strstr(uri, "//"), *at, *colon;
	struct str hosts, host;

	if (from == NULL)
		return n;
	hosts = str_from(from + 2, strcspn(from + 2, "/?"));
	if ((at = memchr(hosts.p, '@', hosts.n)) != NULL)
		hosts = str_tail(hosts, (size_t)(at - hosts.p) + 1);
	while (!str_is_null(hosts)) {
		host = str_cut(&hosts, ',');
		colon = memrchr(host.p, ':', host.n);
		if (colon != NULL)
			n = add_ports(
			    str_tail(host, (size_t)(colon - host.p) + 1), out,
			    n);
	}
	return n;
}

size_t
config_database_ports(const struct config *c, uint16_t out[CONFIG_PORTS_MAX])
{
	char list[CONFIG_TEXT_MAX];
	size_t n = 0;

	if (config_database_word(c, "port", list))
		n = add_ports(str_of(list), out, n);
	if (strncmp(c->database, "postgres", 8) == 0)
		n = add_uri(c->database, out, n);
	if (n == 0)
		out[n++] = PORT;
	return n;
}
