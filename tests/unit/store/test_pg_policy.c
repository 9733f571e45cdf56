/* SPDX-License-Identifier: ISC */
/*
 * test_pg_policy.c - which connection strings and environments are refused: a
 * password in the string in any of its forms, and another machine without TLS
 * that checks its name. The real libpq reads them; it connects to nothing that
 * answers. It also judges what the sandbox finds in such a string.
 */
#include "store/pg_link.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "state/config.h"
#include "store/pg_api.h"
#include "timing.h"
#include "unit.h"

#define PASSWORD "open-sesame"

enum want { ALLOWED, NO_TLS, HAS_PASSWORD, UNREADABLE, OLD_LIBRARY };

static const char *const reasons[] = {
	[ALLOWED] = "", /* libpq says why it cannot connect */
	[NO_TLS] = "sslmode must be verify-full",
	[HAS_PASSWORD] = "move it into database_password_file",
	[UNREADABLE] = "cannot read the value of database",
	[OLD_LIBRARY] = "needs libpq 16",
};

static const struct target {
	const char *name, *conninfo;
	enum want want;
	const char *variable, *value; /* of the environment */
} targets[] = {
	/* 0.0.0.0 is no loopback address, but leads to this machine. */
	{ "a socket", "host=/nowhere", ALLOWED, NULL, NULL },
	{ "an abstract socket", "host=@nowhere", ALLOWED, NULL, NULL },
	{ "a socket in a URI", "postgresql://%2Fnowhere/db", ALLOWED, NULL,
	    NULL },
	{ "no host", "dbname=x", ALLOWED, "PGHOST", "/nowhere" },
	{ "only a name", "x", ALLOWED, "PGHOST", "/nowhere" },
	{ "localhost", "host=localhost port=1", ALLOWED, NULL, NULL },
	{ "Localhost", "host=LocalHost port=1", ALLOWED, NULL, NULL },
	{ "a loopback address", "host=127.0.0.2 port=1", ALLOWED, NULL, NULL },
	{ "the other loopback address", "hostaddr=::1 port=1", ALLOWED, NULL,
	    NULL },
	{ "a name with a loopback address",
	    "host=db.invalid hostaddr=127.0.0.1 port=1", ALLOWED, NULL, NULL },
	{ "verify-full", "host=0.0.0.0 port=1 sslmode=verify-full", ALLOWED,
	    NULL, NULL },
	{ "verify-full in a URI", "postgres://0.0.0.0:1/?sslmode=verify-full",
	    ALLOWED, NULL, NULL },
	{ "verify-full in the environment", "host=0.0.0.0 port=1", ALLOWED,
	    "PGSSLMODE", "verify-full" },

	{ "another machine", "host=db.invalid", NO_TLS, NULL, NULL },
	{ "require", "host=db.invalid sslmode=require", NO_TLS, NULL, NULL },
	{ "verify-ca", "host=db.invalid sslmode=verify-ca", NO_TLS, NULL,
	    NULL },
	{ "disable", "host=db.invalid sslmode=disable", NO_TLS, NULL, NULL },
	{ "an address", "host=192.0.2.1", NO_TLS, NULL, NULL },
	{ "an address of version 6", "host=2001:db8::1", NO_TLS, NULL, NULL },
	{ "a short address", "host=127.1", NO_TLS, NULL, NULL },
	{ "a name that begins like localhost", "host=localhost.db.invalid",
	    NO_TLS, NULL, NULL },
	{ "hostaddr", "hostaddr=192.0.2.1", NO_TLS, NULL, NULL },
	{ "localhost with another address", "host=localhost hostaddr=192.0.2.1",
	    NO_TLS, NULL, NULL },
	{ "the second host", "host=/nowhere,db.invalid", NO_TLS, NULL, NULL },
	{ "the second hostaddr",
	    "host=localhost,localhost hostaddr=127.0.0.1,192.0.2.1", NO_TLS,
	    NULL, NULL },
	{ "a URI", "postgresql://u@db.invalid:5433/db", NO_TLS, NULL, NULL },
	{ "a URI with two hosts", "postgresql://localhost,db.invalid/db",
	    NO_TLS, NULL, NULL },
	{ "a URI with a host as parameter", "postgresql:///db?host=db.invalid",
	    NO_TLS, NULL, NULL },
	{ "ssl=true in a URI", "postgresql://db.invalid/db?ssl=true", NO_TLS,
	    NULL, NULL },
	{ "PGHOST", "dbname=x", NO_TLS, "PGHOST", "db.invalid" },
	{ "PGHOSTADDR", "host=localhost", NO_TLS, "PGHOSTADDR", "192.0.2.1" },
	{ "PGSSLMODE", "host=db.invalid", NO_TLS, "PGSSLMODE", "require" },
	{ "a service", "service=far", NO_TLS, "PGSERVICEFILE", NULL },
	{ "PGSERVICE", "dbname=x", NO_TLS, "PGSERVICE", "far" },

	{ "a password", "host=/nowhere password=" PASSWORD, HAS_PASSWORD, NULL,
	    NULL },
	{ "with blanks", "host=/nowhere password = '" PASSWORD "'",
	    HAS_PASSWORD, NULL, NULL },
	{ "of a key", "host=/nowhere sslpassword=" PASSWORD, HAS_PASSWORD, NULL,
	    NULL },
	{ "in the user of a URI", "postgresql://u:" PASSWORD "@%2Fnowhere/db",
	    HAS_PASSWORD, NULL, NULL },
	{ "without a user", "postgresql://:" PASSWORD "@%2Fnowhere/db",
	    HAS_PASSWORD, NULL, NULL },
	{ "in the query of a URI",
	    "postgresql://u@%2Fnowhere/db?password=" PASSWORD, HAS_PASSWORD,
	    NULL, NULL },
	{ "in the query, escaped",
	    "postgresql://u@%2Fnowhere/db?p%61ssword=" PASSWORD, HAS_PASSWORD,
	    NULL, NULL },

	{ "a missing sign", "host=/nowhere pass " PASSWORD, UNREADABLE, NULL,
	    NULL },
	{ "an unknown word", "host=/nowhere pwd=" PASSWORD, UNREADABLE, NULL,
	    NULL },
	{ "a bad escape", "postgresql://u:%zz" PASSWORD "@h/", UNREADABLE, NULL,
	    NULL },
	{ "an open quote", "host=/nowhere user='" PASSWORD, UNREADABLE, NULL,
	    NULL },
};

/* A service file that names another machine. */
static void
write_service(void)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/service", unit_directory());
	f = fopen(path, "we");
	ck_assert(f != NULL);
	fputs("[far]\nhost=db.invalid\nsslmode=prefer\n", f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(setenv("PGSERVICEFILE", path, 1), 0);
}

/* Tries to connect, for a short time, and returns what was logged. */
static struct str
try_target(const char *conninfo)
{
	struct pg_api *api = NULL;
	struct pg_target target = { .conninfo = conninfo,
		.schema = "pushcert" };
	struct pg_link link;

	ck_assert_int_eq(pg_api_load(&api), ERR_OK);
	target.api = api;
	pg_link_init(&link, &target);
	unit_capture();
	ck_assert_int_ne(
	    pg_link_connect(&link, clock_ms() + timeout_ms(4000)), ERR_OK);
	pg_link_close(&link);
	free(api);
	return unit_captured();
}

START_TEST(a_target_is_allowed_or_refused)
{
	const struct target *t = &targets[_i];
	struct str logged;
	size_t i;

	write_service();
	if (t->value != NULL)
		ck_assert_int_eq(setenv(t->variable, t->value, 1), 0);
	logged = try_target(t->conninfo);
	for (i = 1; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		ck_assert_msg(
		    unit_holds(logged, reasons[i]) == (i == (size_t)t->want),
		    "%s: logged '%.*s'", t->name, STR_ARG(logged));
	ck_assert_msg(!unit_holds(logged, PASSWORD), "%s: logged '%.*s'",
	    t->name, STR_ARG(logged));
}
END_TEST

/* The trust store of the system is for libpq 16 and newer; an older libpq would
 * look for a file of this name. */
START_TEST(the_trust_store_of_the_system_needs_a_new_libpq)
{
	struct str logged = try_target("host=localhost port=1 sslmode=verify-"
				       "full sslrootcert=system");

	if (!unit_holds(logged, reasons[OLD_LIBRARY]))
		ck_assert_msg(unit_holds(logged, "refused"), "logged '%.*s'",
		    STR_ARG(logged));
}
END_TEST

/* --- what the sandbox finds in a string ---------------------------------- */

/* Pieces of connection strings, from which other strings are made. */
static const char *const pieces[] = { "port", "sslrootcert", "=", "=", " ",
	" = ", "'", "\\", "\\'", "5433", "/a", ",", "\t", "\n", "host",
	"dbname=", "?", "&", "@", ":", "/", "%", "%2F", "%41", "[::1]", "db1" };

static const char *const starts[] = { "", "postgres://", "postgresql://db1",
	"postgresql://u@db1:5433,db2/x?", "host=db1 " };

/* A generator of Numerical Recipes, so that each run tests the same strings. */
static size_t
pick(uint32_t *state, size_t n)
{
	*state = *state * 1664525 + 1013904223;
	return (size_t)(*state >> 8) % n;
}

static void
make_string(uint32_t *state, char out[CONFIG_TEXT_MAX])
{
	size_t i, n = pick(state, 12);

	strcpy(out, starts[pick(state, sizeof(starts) / sizeof(starts[0]))]);
	for (i = 0; i < n; i++)
		strcat(out,
		    pieces[pick(state, sizeof(pieces) / sizeof(pieces[0]))]);
}

/* Whether libpq reads this string as one, and finds the same value. */
static bool
agrees(const struct pg_api *pq, const struct config *c, const char *word)
{
	PQconninfoOption *options, *o;
	char *message = NULL, found[CONFIG_TEXT_MAX];

	options = pq->PQconninfoParse(c->database, &message);
	if (message != NULL)
		pq->PQfreemem(message);
	if (options == NULL)
		return false;
	(void)config_database_word(c, word, found);
	for (o = options; strcmp(o->keyword, word) != 0;)
		o++;
	ck_assert_msg(strcmp(found, o->val != NULL ? o->val : "") == 0,
	    "'%s': %s is '%s', not '%s'", c->database, word, found, o->val);
	pq->PQconninfoFree(options);
	return true;
}

START_TEST(the_sandbox_reads_a_string_as_libpq_does)
{
	static struct config c;
	struct pg_api *api = NULL;
	uint32_t state = 1;
	unsigned i, good = 0;

	ck_assert_int_eq(pg_api_load(&api), ERR_OK);
	for (i = 0; i < 200000; i++) {
		make_string(&state, c.database);
		if (agrees(api, &c, "port") && agrees(api, &c, "sslrootcert"))
			good++;
	}
	free(api);
	ck_assert_uint_gt(good, 10000);
}
END_TEST

static Suite *
pg_policy_suite(void)
{
	Suite *s = suite_create("pg_policy");
	TCase *t = tcase_create("pg_policy");

	tcase_add_loop_test(t, a_target_is_allowed_or_refused, 0,
	    (int)(sizeof(targets) / sizeof(targets[0])));
	tcase_add_test(t, the_trust_store_of_the_system_needs_a_new_libpq);
	tcase_add_test(t, the_sandbox_reads_a_string_as_libpq_does);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(pg_policy_suite());
}
