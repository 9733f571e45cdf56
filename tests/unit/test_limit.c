/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "limit.h"
#include "unit.h"

START_TEST(lets_a_burst_pass_and_then_one_a_period)
{
	struct limit *l = limit_new(3, 10);
	struct str peer = str_of("192.0.2.1");

	ck_assert_uint_eq(limit_failed(l, peer, 1000), 0);
	ck_assert_uint_eq(limit_failed(l, peer, 1000), 0);
	ck_assert_uint_eq(limit_failed(l, peer, 1000), 0);
	ck_assert_uint_eq(limit_failed(l, peer, 1000), 10);
	/* To be refused does not make the wait longer. */
	ck_assert_uint_eq(limit_failed(l, peer, 1000), 10);
	ck_assert_uint_eq(limit_failed(l, peer, 1004), 6);
	ck_assert_uint_eq(limit_failed(l, peer, 1010), 0);
	ck_assert_uint_eq(limit_failed(l, peer, 1010), 10);
	/* After a long time all is forgotten. */
	ck_assert_uint_eq(limit_failed(l, peer, 2000), 0);
	ck_assert_uint_eq(limit_failed(l, peer, 2000), 0);
	ck_assert_uint_eq(limit_failed(l, peer, 2000), 0);
	ck_assert_uint_eq(limit_failed(l, peer, 2000), 10);
	limit_free(l);
}
END_TEST

START_TEST(keeps_peers_apart)
{
	struct limit *l = limit_new(1, 60);

	ck_assert_uint_eq(limit_failed(l, str_of("192.0.2.1"), 1000), 0);
	ck_assert_uint_eq(limit_failed(l, str_of("192.0.2.1"), 1000), 60);
	ck_assert_uint_eq(limit_failed(l, str_of("192.0.2.2"), 1000), 0);
	limit_free(l);
}
END_TEST

START_TEST(survives_a_clock_set_back)
{
	struct limit *l = limit_new(1, 60);
	struct str peer = str_of("192.0.2.1");

	ck_assert_uint_eq(limit_failed(l, peer, 100000), 0);
	ck_assert_uint_eq(limit_failed(l, peer, 1000), 0);
	ck_assert_uint_eq(limit_failed(l, peer, 1000), 60);
	limit_free(l);
}
END_TEST

START_TEST(forgets_the_oldest_of_many_peers)
{
	struct limit *l = limit_new(1, 1000000);
	char name[32];
	int i, waiting = 0;

	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "peer %d", i);
		ck_assert_uint_eq(limit_failed(l, str_of(name), 1000 + i), 0);
	}
	for (i = 99000; i < 100000; i++) {
		snprintf(name, sizeof(name), "peer %d", i);
		waiting += limit_failed(l, str_of(name), 101000) > 0;
	}
	/* Nearly all of the last thousand are remembered. */
	ck_assert_int_gt(waiting, 980);
	limit_free(l);
}
END_TEST

START_TEST(knows_no_limit)
{
	struct limit *l = limit_new(0, 60);
	int i;

	for (i = 0; i < 100; i++)
		ck_assert_uint_eq(
		    limit_failed(l, str_of("192.0.2.1"), 1000), 0);
	limit_free(l);
	ck_assert_uint_eq(limit_failed(NULL, str_of("192.0.2.1"), 1000), 0);
	limit_free(NULL);
}
END_TEST

static const struct {
	const char *name;
	const char *remote, *forwarded, *trusted;
	const char *peer;
} peers[] = {
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
	{ "a trusted proxy that tells nothing", "::1", "", "::1", "::1" },
	{ "empty items", "::1", ",", "::1", "" },
};

START_TEST(knows_the_peer)
{
	unit_same(peers[_i].name,
	    limit_peer(unit_guard(0, str_of(peers[_i].remote)),
		unit_guard(1, str_of(peers[_i].forwarded)),
		str_of(peers[_i].trusted)),
	    str_of(peers[_i].peer));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("limit");
	TCase *t = tcase_create("limit");

	tcase_add_test(t, lets_a_burst_pass_and_then_one_a_period);
	tcase_add_test(t, keeps_peers_apart);
	tcase_add_test(t, survives_a_clock_set_back);
	tcase_add_test(t, forgets_the_oldest_of_many_peers);
	tcase_add_test(t, knows_no_limit);
	tcase_add_loop_test(
	    t, knows_the_peer, 0, sizeof(peers) / sizeof(peers[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
