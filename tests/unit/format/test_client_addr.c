/* SPDX-License-Identifier: ISC */
/*
 * test_client_addr.c - the address of a client whose requests pass trusted
 * proxies. test_ratelimit.c tests the spellings of addresses.
 */
#include "format/client_addr.h"
#include "unit.h"

static const struct {
	const char *name;
	const char *remote, *forwarded, *trusted;
	const char *client;
} cases[] = {
	{ "no proxy", "192.0.2.1", NULL, "", "192.0.2.1" },
	{ "a header from a stranger", "192.0.2.1", "198.51.100.7", "",
	    "192.0.2.1" },
	{ "a trusted proxy", "127.0.0.1", "198.51.100.7", "127.0.0.1",
	    "198.51.100.7" },
	{ "the last of a list", "127.0.0.1", "203.0.113.9, 198.51.100.7",
	    "127.0.0.1", "198.51.100.7" },
	{ "two trusted proxies", "::1", "198.51.100.7 , 10.0.0.2",
	    "10.0.0.2, ::1", "198.51.100.7" },
	{ "nothing but trusted ones", "::1", "10.0.0.2", "10.0.0.2,::1",
	    "10.0.0.2" },
	{ "a trusted proxy without a header", "::1", "", "::1", "::1" },
	{ "empty items", "::1", ",", "::1", "" },
	{ "another spelling of a trusted proxy", "::ffff:127.0.0.1",
	    "198.51.100.7", "127.0.0.1", "198.51.100.7" },
	{ "a trusted proxy with its port", "127.0.0.1", "198.51.100.7:99",
	    "127.0.0.1", "198.51.100.7:99" },
	{ "another address of a trusted proxy's network", "2001:db8::2",
	    "198.51.100.7", "2001:db8::1", "2001:db8::2" },
};

START_TEST(finds_the_client)
{
	unit_same(cases[_i].name,
	    client_addr(unit_guard(0, str_of(cases[_i].remote)),
		unit_guard(1, str_of(cases[_i].forwarded)),
		str_of(cases[_i].trusted)),
	    str_of(cases[_i].client));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("client_addr");
	TCase *t = tcase_create("client_addr");

	tcase_add_loop_test(
	    t, finds_the_client, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
