/* SPDX-License-Identifier: ISC */
/*
 * test_config_database.c - a password in the connection string is refused in
 * each form in which libpq reads one, and no message shows the string.
 */
#include "state/config.h"

#include <stdio.h>

#include "unit.h"

#define PASSWORD "open-sesame"

static const struct {
	const char *name, *value;
	bool accepted;
} values[] = {
	{ "a socket", "host=/run/postgresql dbname=pushcert", true },
	{ "a passfile", "host=db1 passfile=/etc/pushcert/pass", true },
	{ "a URI", "postgresql://pushcert@db1,db2:5433/pushcert", true },
	{ "a URI without a user", "postgres://db1:5432/pushcert", true },
	{ "a URI with an address", "postgresql://[::1]:5432/x?user=a@b", true },
	{ "an escaped colon in a user", "postgresql://a%3Ab@db1/x", true },
	{ "an escape", "postgresql://%2Frun%2Fpostgresql/x", true },
	{ "an escape that is cut", "postgresql://db1/x%7", true },

	{ "a word", "host=db1 password=" PASSWORD, false },
	{ "a word with blanks", "host=db1 password = '" PASSWORD "'", false },
	{ "the password of a key", "sslpassword=" PASSWORD, false },
	{ "the user of a URI", "postgresql://u:" PASSWORD "@db1/x", false },
	{ "the other scheme", "postgres://u:" PASSWORD "@db1/x", false },
	{ "no user", "postgresql://:" PASSWORD "@db1", false },
	{ "a sign in the password", "postgresql://u:" PASSWORD "%40@db1/x",
	    false },
	{ "the query", "postgresql://db1/x?password=" PASSWORD, false },
	{ "the query after others",
	    "postgresql://db1/x?sslmode=verify-full&password=" PASSWORD,
	    false },
	{ "an escaped letter", "postgresql://db1/x?p%61ssword=" PASSWORD,
	    false },
	{ "escaped letters",
	    "postgresql://db1/x?%70%61%73%73%77%6f%72%64=" PASSWORD, false },
	{ "a large escape", "postgresql://db1/x?passw%6Frd=" PASSWORD, false },
};

START_TEST(a_password_is_refused)
{
	char path[256], message[CONFIG_TEXT_MAX] = "";
	static struct config c;
	enum err e;
	FILE *f;

	snprintf(path, sizeof(path), "%s/conf", unit_directory());
	f = fopen(path, "we");
	ck_assert(f != NULL);
	fprintf(f, "data = /x\ndatabase = %s\n", values[_i].value);
	ck_assert_int_eq(fclose(f), 0);
	e = config_load(path, &c, message);
	ck_assert_msg(e == (values[_i].accepted ? ERR_OK : ERR_CONFIG),
	    "%s: %s", values[_i].name, message);
	unit_check(values[_i].name, !unit_holds(str_of(message), PASSWORD));
	if (e != ERR_OK)
		unit_check(values[_i].name,
		    unit_holds(str_of(message), "database_password_file"));
}
END_TEST

static Suite *
config_database_suite(void)
{
	Suite *s = suite_create("config_database");
	TCase *t = tcase_create("config_database");

	tcase_add_loop_test(t, a_password_is_refused, 0,
	    (int)(sizeof(values) / sizeof(values[0])));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(config_database_suite());
}
