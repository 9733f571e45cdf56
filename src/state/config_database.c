/* SPDX-License-Identifier: ISC */
/*
 * config_database.c - finds single values in a connection string of libpq, in
 * the form of words (host=a port=5432) or of a URI (postgresql://a:5432/name).
 */
#include "state/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

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
