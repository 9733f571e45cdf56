/* SPDX-License-Identifier: ISC */
/*
 * test_config_database.c - a password in the connection string is refused in
 * each form in which libpq reads one, and no message shows the string; the
 * ports and values that the sandbox needs are found in it.
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
	{ "three lines", "host=db1\ndatabase = dbname=x\ndatabase = user=y",
	    true },
	{ "in a further line", "host=db1\ndatabase = password=" PASSWORD,
	    false },
	{ "over two lines", "host=db1 password\ndatabase = = " PASSWORD,
	    false },
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

/* A connection string of several lines, each of which may be as long as inih
 * permits, is printed as it was read. */
START_TEST(a_string_has_several_lines)
{
	static const char lines[] = "database = host=db1,db2\n"
				    "database = dbname=x user=y\n";
	char path[256], message[CONFIG_TEXT_MAX] = "", text[4096] = "";
	static struct config c;
	FILE *f;

	snprintf(path, sizeof(path), "%s/conf", unit_directory());
	f = fopen(path, "we");
	ck_assert(f != NULL);
	fprintf(f, "data = /x\n%s", lines);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(config_load(path, &c, message), ERR_OK);
	ck_assert_str_eq(c.database, "host=db1,db2\ndbname=x user=y");
	f = fmemopen(text, sizeof(text), "w");
	ck_assert(f != NULL);
	config_print(&c, f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert(unit_holds(str_of(text), lines));
}
END_TEST

/* The ports that the sandbox permits, in the order of the text; 0 ends them. */
static const struct {
	const char *database;
	uint16_t port[CONFIG_PORTS_MAX + 1];
} ports[] = {
	{ "host=db1", { 5432 } },
	{ "host=db1 port=5433 dbname=x", { 5433 } },
	{ "port=5433,5434\thost=db1,db2", { 5433, 5434 } },
	{ "host=db1 port=", { 5432 } },
	{ "host=db1 port=none,70000,0,6000", { 6000 } },
	{ "host=db1 support=1", { 5432 } },
	{ "port", { 5432 } },
	{ "port = 5433 host = db1", { 5433 } },
	{ "host=db1 port\t=\n5433", { 5433 } },
	{ "host = db1 port= 5433", { 5433 } },
	{ "host=db1 port='5433' dbname='a b'", { 5433 } },
	{ "host=db1 port = '5433,5434'", { 5433, 5434 } },
	{ "host=db1 port=' 5433 , 5434'", { 5433, 5434 } },
	{ "host=db1 port=54\\33", { 5433 } },
	{ "dbname='it\\'s port=1' port=5433", { 5433 } },
	{ "dbname=a\\ port=1 port=5433", { 5433 } },
	{ "dbname=port=1 host=db1", { 5432 } },
	{ "port=5433 port=5434", { 5434 } },
	{ "host=db1,db2 port=5433,", { 5433, 5432 } },
	{ "host=db1 port='5433", { 5432 } },
	{ "port=5433,5433", { 5433 } },
	{ "postgresql://db1/x", { 5432 } },
	{ "postgresql://u@db1:5433/x", { 5433 } },
	{ "postgres://db1:5433,db2:5434/x", { 5433, 5434 } },
	{ "postgres://[::1]:5435/x", { 5435 } },
	{ "postgres://[::1]/x", { 5432 } },
	{ "postgres://db1/x?port=5436", { 5436 } },
	{ "postgres://db1/x?a=b&port=5437&c=d", { 5437 } },
	{ "postgres://db1:5433,db2/x", { 5433, 5432 } },
	{ "postgres://db1:5433/x?port=5434", { 5434 } },
	{ "postgres://db1:5433?sslmode=require", { 5433 } },
	{ "postgres://u:5434@db1:5433", { 5433 } },
	{ "postgres://db1:54%333/x", { 5433 } },
	{ "postgres://db1/x?p%6Frt=5438", { 5438 } },
	{ "postgres://db1/x?port=54%339", { 5439 } },
	{ "postgres://[fe80::1%25eth0]:5433,db2:5434/", { 5433, 5434 } },
	{ "postgres:", { 5432 } },
};

START_TEST(has_the_ports_of_the_database)
{
	static struct config c;
	uint16_t found[CONFIG_PORTS_MAX];
	const char *text = ports[_i].database;
	size_t n, i;

	snprintf(c.database, sizeof(c.database), "%s", text);
	n = config_database_ports(&c, found);
	for (i = 0; i < n; i++)
		unit_check(text, found[i] == ports[_i].port[i]);
	unit_check(text, n > 0 && ports[_i].port[n] == 0);
}
END_TEST

START_TEST(finds_the_value_of_a_word)
{
	static struct config c;
	char value[CONFIG_TEXT_MAX];

	snprintf(c.database, sizeof(c.database), "%s",
	    "myhost=a host=b sslrootcert=/c passfile= ");
	ck_assert(config_database_word(&c, "host", value));
	ck_assert_str_eq(value, "b");
	ck_assert(config_database_word(&c, "sslrootcert", value));
	ck_assert_str_eq(value, "/c");
	ck_assert(!config_database_word(&c, "passfile", value));
	ck_assert(!config_database_word(&c, "user", value));
	snprintf(c.database, sizeof(c.database), "%s",
	    "host = a sslrootcert = '/d/it\\'s c.pem' sslcert=/d/a\\ b");
	ck_assert(config_database_word(&c, "sslrootcert", value));
	ck_assert_str_eq(value, "/d/it's c.pem");
	ck_assert(config_database_word(&c, "sslcert", value));
	ck_assert_str_eq(value, "/d/a b");
	snprintf(c.database, sizeof(c.database), "%s",
	    "postgresql://u@a/x?sslrootcert=%2Fd%2Fa%20b&sslcert=/c+d");
	ck_assert(config_database_word(&c, "sslrootcert", value));
	ck_assert_str_eq(value, "/d/a b");
	ck_assert(config_database_word(&c, "sslcert", value));
	ck_assert_str_eq(value, "/c+d");
}
END_TEST

static Suite *
config_database_suite(void)
{
	Suite *s = suite_create("config_database");
	TCase *t = tcase_create("config_database");

	tcase_add_test(t, a_string_has_several_lines);
	tcase_add_loop_test(t, has_the_ports_of_the_database, 0,
	    sizeof(ports) / sizeof(ports[0]));
	tcase_add_test(t, finds_the_value_of_a_word);
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
