/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/config.h"
#include "unit.h"

/* The maximum of map_size, and a unit of which 1025 are more than that. */
#if SIZE_MAX > UINT32_MAX
#define MAP_MOST "1024G"
#define MAP_UNIT "G"
#else
#define MAP_MOST "1G"
#define MAP_UNIT "M"
#endif

/* Returns a path in the test's directory. */
static const char *
file_named(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", unit_directory(), name);
	return path;
}

static const char *
write_file(const char *text)
{
	const char *path = file_named("pushcert.conf");
	FILE *f = fopen(path, "w");

	ck_assert(f != NULL);
	fputs(text, f);
	ck_assert(fclose(f) == 0);
	return path;
}

#define LONG_TEXT \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *name;
	const char *text;
	const char *message; /* the part after the path */
} refusals[] = {
	{ "an empty file", "",
	    ": the file is empty; write its keys again, or remove it" },
	{ "blanks alone", " \n\t\r\n\n",
	    ": the file is empty; write its keys again, or remove it" },
	{ "an unknown key", "data = /x\nnope = 1\n", ":2: unknown key 'nope'" },
	{ "a key in other case", "Data = /x\n",
	    ":1: unknown key 'Data'; did you mean 'data'?" },
	{ "a misspelt key", "databse_lanes = 2\n",
	    ":1: unknown key 'databse_lanes'; did you mean 'database_lanes'?" },
	{ "a key given twice", "data = /x\ndata = /y\n",
	    ":2: 'data' is set twice; remove one of the two lines" },
	{ "a section", "\n[store]\n",
	    ":2: sections are not supported; remove this line" },
	{ "a blank before a key", "jwt_audience = a\n failed_logins = 0\n",
	    ":2: the line begins with a blank; remove the blank" },
	{ "a tab before a key", "\tdata = /x\n",
	    ":1: the line begins with a blank; remove the blank" },
#define CUT                                                     \
	"the semicolon after a blank would cut off the value; " \
	"remove the blank, and write a comment on a line of its own"
	{ "a value that would be cut",
	    "workers = 2\ncsr_organization = Smith ; Sons\n", ":2: " CUT },
	{ "a value that would be cut after a tab", "csr_email: a\t;b\n",
	    ":1: " CUT },
	{ "a value that would be cut to nothing", "csr_email = ;b\n",
	    ":1: " CUT },
	{ "a comment after a value", "workers = 2 ; few\n", ":1: " CUT },
	{ "a line without an equals sign", "data = /x\n\nwhat\n",
	    ":3: the line is neither 'key = value' nor a comment" },
	{ "a URL that is a host alone", "base_url = mdm.example.org\n",
	    ":1: 'base_url' has the invalid value 'mdm.example.org'; use a "
	    "URL of http or https" },
	{ "a URL without a host", "base_url = https:///v1.0\n",
	    ":1: 'base_url' has the invalid value 'https:///v1.0'; use a URL "
	    "of http or https" },
	{ "a URL that would end a header's text",
	    "authorization_uri = https://a/\"b\n",
	    ":1: 'authorization_uri' has the invalid value 'https://a/\"b'; "
	    "use a URL of http or https" },
	{ "a mount that is not a path", "mount = graph\n",
	    ":1: 'mount' has the invalid value 'graph'; use a path such as "
	    "/graph" },
	{ "a mount that is a URL", "mount = https://h/graph\n",
	    ":1: 'mount' has the invalid value 'https://h/graph'; use a path "
	    "such as /graph" },
	{ "a mount with an escape", "mount = /a%20b\n",
	    ":1: 'mount' has the invalid value '/a%20b'; use a path such as "
	    "/graph" },
	{ "a mount that climbs", "mount = /a/../b\n",
	    ":1: 'mount' has the invalid value '/a/../b'; use a path such as "
	    "/graph" },
	{ "a mount with a query", "mount = /a?b\n",
	    ":1: 'mount' has the invalid value '/a?b'; use a path such as "
	    "/graph" },
	{ "an origin without a scheme", "cors_origins = example.org\n",
	    ":1: 'cors_origins' has the invalid value 'example.org'; use a "
	    "list of origins such as https://example.org, or *" },
	{ "an origin with a path", "cors_origins = *, https://example.org/\n",
	    ":1: 'cors_origins' has the invalid value '*, "
	    "https://example.org/'; use a list of origins such as "
	    "https://example.org, or *" },
	{ "the origin null", "cors_origins = null\n",
	    ":1: 'cors_origins' has the invalid value 'null'; use a list of "
	    "origins such as https://example.org, or *" },
	{ "a pattern of origins", "cors_origins = https://*.example.org\n",
	    ":1: 'cors_origins' has the invalid value "
	    "'https://*.example.org'; use a list of origins such as "
	    "https://example.org, or *" },
	{ "a port that is none", "cors_origins = https://example.org:99999\n",
	    ":1: 'cors_origins' has the invalid value "
	    "'https://example.org:99999'; use a list of origins such as "
	    "https://example.org, or *" },
	{ "a country by its name", "csr_country = Germany\n",
	    ":1: 'csr_country' has the invalid value 'Germany'; use a code of "
	    "two letters" },
	{ "a country of digits", "csr_country = 49\n",
	    ":1: 'csr_country' has the invalid value '49'; use a code of two "
	    "letters" },
	{ "a network of proxies", "trusted_proxies = ::1, 10.0.0.0/8\n",
	    ":1: 'trusted_proxies' has the invalid value '::1, 10.0.0.0/8'; "
	    "use a list of addresses, not of names or networks" },
	{ "a proxy by its name", "trusted_proxies = localhost\n",
	    ":1: 'trusted_proxies' has the invalid value 'localhost'; use a "
	    "list of addresses, not of names or networks" },
	{ "a size that is none", "max_body = many\n",
	    ":1: 'max_body' has the invalid value 'many'; use a size from 1K "
	    "to 1M" },
	{ "a size below its range", "max_body = 1023\n",
	    ":1: 'max_body' has the invalid value '1023'; use a size from 1K "
	    "to 1M" },
	{ "a size above its range", "max_body = 2M\n",
	    ":1: 'max_body' has the invalid value '2M'; use a size from 1K "
	    "to 1M" },
	{ "a unit alone", "max_body = K\n",
	    ":1: 'max_body' has the invalid value 'K'; use a size from 1K "
	    "to 1M" },
	{ "a size beyond all numbers in bytes", "map_size = 17179869185G\n",
	    ":1: 'map_size' has the invalid value '17179869185G'; use a size "
	    "from 1M to " MAP_MOST },
	{ "a map beyond the address space", "map_size = 1025" MAP_UNIT "\n",
	    ":1: 'map_size' has the invalid value '1025" MAP_UNIT "'; "
	    "use a size from 1M to " MAP_MOST },
	{ "a size beyond all numbers", "map_size = 99999999999999999999G\n",
	    ":1: 'map_size' has the invalid value '99999999999999999999G'; "
	    "use a size from 1M to " MAP_MOST },
	{ "a number with a unit", "workers = 1K\n",
	    ":1: 'workers' has the invalid value '1K'; use a number from 1 to "
	    "1024" },
	{ "a number of zero", "workers = 0\n",
	    ":1: 'workers' has the invalid value '0'; use a number from 1 to "
	    "1024" },
	{ "a negative number", "workers = -1\n",
	    ":1: 'workers' has the invalid value '-1'; use a number from 1 to "
	    "1024" },
	{ "an empty number", "workers =\n",
	    ":1: 'workers' has the invalid value ''; use a number from 1 to "
	    "1024" },
	{ "a word that is no choice", "log_level = loud\n",
	    ":1: 'log_level' has the invalid value 'loud'; use error or "
	    "warning or info or debug" },
	{ "a flag that is none", "return_certificate = maybe\n",
	    ":1: 'return_certificate' has the invalid value 'maybe'; use no "
	    "or yes" },
	{ "a worker that may only wait",
	    "queue_timeout = 10\nworker_timeout = 10\n",
	    ": 'worker_timeout' is 10, but must be greater than "
	    "'queue_timeout', which is 10, because a worker may wait for that time" },
	{ "a worker that has less time than it may wait by default",
	    "worker_timeout = 5\n",
	    ": 'worker_timeout' is 5, but must be greater than "
	    "'queue_timeout', which is 5, because a worker may wait for that time" },
	{ "a line longer than inih's buffer",
	    "base_url = " LONG_TEXT LONG_TEXT LONG_TEXT "\n",
	    ":1: the line has more than 198 bytes or contains a NUL byte" },
};

START_TEST(refuses_with_file_and_line)
{
	char message[CONFIG_TEXT_MAX], want[CONFIG_TEXT_MAX];
	const char *path = write_file(refusals[_i].text);
	struct config c;

	unit_check(
	    refusals[_i].name, config_load(path, &c, message) == ERR_CONFIG);
	snprintf(want, sizeof(want), "%s%s", path, refusals[_i].message);
	unit_same(refusals[_i].name, str_of(message), str_of(want));
}
END_TEST

START_TEST(names_a_file_that_is_not_there)
{
	char message[CONFIG_TEXT_MAX];
	struct config c;

	ck_assert(config_load("/nowhere/x.conf", &c, message) == ERR_FILE);
	ck_assert_str_eq(message,
	    "/nowhere/x.conf: No such file or directory; 'pushcert init "
	    "--data DIRECTORY --config FILE' makes it");
}
END_TEST

/* A path that cannot be read is an error: with the defaults, the program would
 * serve a store that the operator did not choose. */
START_TEST(an_unreadable_file_is_not_an_empty_one)
{
	char message[CONFIG_TEXT_MAX];
	struct config c;

	ck_assert(config_load("/proc", &c, message) == ERR_FILE);
	ck_assert_str_eq(message, "/proc: Is a directory");
}
END_TEST

START_TEST(has_defaults)
{
	struct config c;

	config_default(&c);
	ck_assert_uint_eq(c.max_body, 65536);
	ck_assert_uint_eq(c.map_size, 1073741824);
	ck_assert_uint_eq(c.workers, 64);
	ck_assert_uint_eq(c.worker_timeout, 60);
	ck_assert_uint_eq(c.queue_timeout, 5);
	ck_assert_uint_eq(c.queue_writers, 1024);
	ck_assert_uint_eq(c.history_keep, 100);
	ck_assert(c.return_certificate);
	ck_assert_int_eq(c.certificate_policy, CONFIG_INSPECT);
	ck_assert_int_eq(c.topic_change, CONFIG_TOPIC_REFUSE);
	ck_assert(!c.syslog);
	ck_assert_int_eq(c.log_level, LOG_AT_INFO);
}
END_TEST

START_TEST(reads_values)
{
	char message[CONFIG_TEXT_MAX];
	struct config c;

	ck_assert(config_load(write_file("#!/usr/bin/pushcert --config\n"
					 "; a comment\n"
					 "data=/srv/push cert;x\n"
					 "max_body = 128K\n"
					 "workers: 8\n"
					 "return_certificate = no\n"
					 "mount = /beta/graph\n"
					 "cors_origins = https://a.example\n"
					 "cors_origins = http://[::1]:81, *\n"
					 "certificate_policy = enforce\n"
					 "topic_change = allow\n"
					 "log = syslog\n"
					 "log_level = debug\n"),
		      &c, message) == ERR_OK);
	ck_assert_str_eq(c.data, "/srv/push cert;x");
	ck_assert_uint_eq(c.max_body, 131072);
	ck_assert_uint_eq(c.workers, 8);
	ck_assert(!c.return_certificate);
	ck_assert_str_eq(c.mount, "/beta/graph");
	ck_assert_str_eq(
	    c.cors_origins, "https://a.example,http://[::1]:81, *");
	ck_assert_int_eq(c.certificate_policy, CONFIG_ENFORCE);
	ck_assert_int_eq(c.topic_change, CONFIG_TOPIC_ALLOW);
	ck_assert(c.syslog);
	ck_assert_int_eq(c.log_level, LOG_AT_DEBUG);
}
END_TEST

START_TEST(reads_what_it_prints)
{
	char message[CONFIG_TEXT_MAX];
	const char *path = file_named("printed.conf");
	struct config c, again;
	FILE *f;

	ck_assert(config_load(write_file("data = /srv/x\nmax_body = 100000\n"
					 "map_size = 3M\nlog = syslog\n"
					 "jwt_issuer =;a\n"
					 "jwt_audience = a\n"
					 "jwt_audience = b\n"),
		      &c, message) == ERR_OK);
	ck_assert((f = fopen(path, "w")) != NULL);
	config_print(&c, f);
	fclose(f);
	ck_assert(config_load(path, &again, message) == ERR_OK);
	ck_assert(memcmp(&c, &again, sizeof(c)) == 0);
}
END_TEST

static const struct {
	const char *name;
	const char *text;
	const char *issuers;
} lists[] = {
	{ "the default", "# nothing else\n",
	    "https://sts.windows.net/{tenantid}/,"
	    "https://login.microsoftonline.com/{tenantid}/v2.0" },
	{ "a line takes its place", "jwt_issuer = https://a.test/\n",
	    "https://a.test/" },
	{ "lines add up", "jwt_issuer = a\ndata = /x\njwt_issuer = b, c\n",
	    "a,b, c" },
	{ "blanks alone and comments may be indented",
	    "jwt_issuer = a\n \n\t; b\n  # c\n\t\n", "a" },
	{ "an empty line adds nothing", "jwt_issuer = a\njwt_issuer =\n", "a" },
	{ "no line at all", "jwt_issuer =\n", "" },
};

START_TEST(reads_lists)
{
	char message[CONFIG_TEXT_MAX];
	struct config c;

	ck_assert(
	    config_load(write_file(lists[_i].text), &c, message) == ERR_OK);
	unit_same(
	    lists[_i].name, str_of(c.jwt_issuer), str_of(lists[_i].issuers));
}
END_TEST

/* Each line is short enough, but the list as a whole is too long. */
START_TEST(refuses_a_long_list)
{
	char text[4096] = "", message[CONFIG_TEXT_MAX];
	struct config c;
	int i;

	for (i = 0; i < 15; i++)
		strcat(text, "jwt_audience = " LONG_TEXT "\n");
	ck_assert(config_load(write_file(text), &c, message) == ERR_CONFIG);
	ck_assert(strstr(message,
		      ":15: 'jwt_audience' has the invalid value") != NULL);
}
END_TEST

START_TEST(finds_the_file)
{
	char path[PATH_MAX];

	ck_assert_str_eq(config_find("/given", path), "/given");
	setenv("PUSHCERT_CONFIG", "/from/environment", 1);
	ck_assert_str_eq(config_find("/given", path), "/given");
	ck_assert_str_eq(config_find(NULL, path), "/from/environment");
	setenv("PUSHCERT_CONFIG", "", 1);
	ck_assert(config_find(NULL, path) == NULL || access(path, F_OK) == 0);
	unsetenv("PUSHCERT_CONFIG");
	ck_assert(config_find(NULL, path) == NULL || access(path, F_OK) == 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");

	tcase_add_loop_test(t, refuses_with_file_and_line, 0,
	    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(t, names_a_file_that_is_not_there);
	tcase_add_test(t, an_unreadable_file_is_not_an_empty_one);
	tcase_add_test(t, has_defaults);
	tcase_add_test(t, reads_values);
	tcase_add_loop_test(
	    t, reads_lists, 0, sizeof(lists) / sizeof(lists[0]));
	tcase_add_test(t, refuses_a_long_list);
	tcase_add_test(t, reads_what_it_prints);
	tcase_add_test(t, finds_the_file);
	suite_add_tcase(s, t);
	return unit_run(s);
}
