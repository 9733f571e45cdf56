/* SPDX-License-Identifier: ISC */
/*
 * pg_policy.c - judges the options of a connection.
 */
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "store/pg_api.h"
#include "store/pg_policy.h"

/* sslrootcert=system came with version 16. */
#define SYSTEM_MIN 160000

/* --- passwords ---------------------------------------------------------- */

/* The options that libpq hides in a dialog. */
static bool
is_secret(const PQconninfoOption *o)
{
	return o->dispchar != NULL && o->dispchar[0] == '*';
}

void
pg_policy_free(const struct pg_api *pq, PQconninfoOption *options)
{
	PQconninfoOption *o;

	if (options == NULL)
		return;
	for (o = options; o->keyword != NULL; o++)
		if (is_secret(o) && o->val != NULL)
			explicit_bzero(o->val, strlen(o->val));
	pq->PQconninfoFree(options);
}

bool
pg_policy_has_no_password(
    const struct pg_api *pq, const char *conninfo, char why[PG_WHY_MAX])
{
	const char *found = NULL;
	PQconninfoOption *options, *o;
	char *message = NULL;

	/* libpq takes any other text as the name of the database. */
	if (strchr(conninfo, '=') == NULL &&
	    strncmp(conninfo, "postgresql://", 13) != 0 &&
	    strncmp(conninfo, "postgres://", 11) != 0)
		return true;
	options = pq->PQconninfoParse(conninfo, &message);
	/* The message quotes the string, which may hold a password. */
	if (message != NULL)
		pq->PQfreemem(message);
	if (options == NULL) {
		snprintf(why, PG_WHY_MAX,
		    "libpq cannot read the value of database as a connection "
		    "string; correct its words or its URI");
		return false;
	}
	for (o = options; o->keyword != NULL; o++)
		if (is_secret(o) && o->val != NULL)
			found = o->keyword;
	if (found != NULL)
		snprintf(why, PG_WHY_MAX,
		    "the value of database has a %s, which other users may be "
		    "able to read; move it into database_password_file",
		    found);
	pg_policy_free(pq, options);
	return found == NULL;
}

/* --- TLS ---------------------------------------------------------------- */

static const char *
value_of(const PQconninfoOption *options, const char *word)
{
	const PQconninfoOption *o;

	for (o = options; o->keyword != NULL; o++)
		if (strcmp(o->keyword, word) == 0)
			return o->val != NULL ? o->val : "";
	return "";
}

/* Whether a host is this machine: a socket of the file system or of Linux, or
 * an address of the loopback interface. An empty host is the default socket. */
static bool
is_here(struct str host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;

	if (host.n == 0 || host.p[0] == '/' || host.p[0] == '@')
		return true;
	if (host.n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(host));
	if (inet_pton(AF_INET, text, &four) == 1)
		return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
	if (inet_pton(AF_INET6, text, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return strcasecmp(text, "localhost") == 0;
}

/* The first host that is another machine. libpq connects to hostaddr where it
 * is set, and else to host. Null: there is none. */
static struct str
first_remote(const char *host, const char *hostaddr)
{
	struct str names = str_of(host), addresses = str_of(hostaddr);

	while (!str_is_null(names) || !str_is_null(addresses)) {
		struct str name = str_trim(str_cut(&names, ','));
		struct str address = str_trim(str_cut(&addresses, ','));
		const struct str *used = address.n > 0 ? &address : &name;

		if (!is_here(*used))
			return *used;
	}
	return str_of(NULL);
}

bool
pg_policy_allows(const struct pg_api *pq, const PQconninfoOption *options,
    char why[PG_WHY_MAX])
{
	struct str remote = first_remote(
	    value_of(options, "host"), value_of(options, "hostaddr"));
	const char *mode = value_of(options, "sslmode");

	if (strcmp(value_of(options, "sslrootcert"), "system") == 0 &&
	    pq->PQlibVersion() < SYSTEM_MIN) {
		snprintf(why, PG_WHY_MAX,
		    "sslrootcert=system needs libpq 16 or newer; name a "
		    "file, such as /etc/ssl/certs/ca-certificates.crt");
		return false;
	}
	if (str_is_null(remote) || strcmp(mode, "verify-full") == 0)
		return true;
	snprintf(why, PG_WHY_MAX,
	    "the database host %.*s is another machine, so sslmode must "
	    "be verify-full, but it is %s; set sslmode and sslrootcert in "
	    "database",
	    STR_ARG(remote), mode[0] != '\0' ? mode : "not set");
	return false;
}
