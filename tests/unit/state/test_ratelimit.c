/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "state/ratelimit.h"
#include "unit.h"

START_TEST(lets_a_burst_pass_and_then_one_a_period)
{
	struct ratelimit *l = ratelimit_new(3, 10);
	struct str peer = str_of("192.0.2.1");

	ck_assert_uint_eq(ratelimit_failed(l, peer, 1000), 0);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 1000), 0);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 1000), 0);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 1000), 10);
	/* A refused failure does not extend the wait. */
	ck_assert_uint_eq(ratelimit_failed(l, peer, 1000), 10);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 1004), 6);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 1010), 0);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 1010), 10);
	/* After a long time the peer starts afresh. */
	ck_assert_uint_eq(ratelimit_failed(l, peer, 2000), 0);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 2000), 0);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 2000), 0);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 2000), 10);
	ratelimit_free(l);
}
END_TEST

START_TEST(keeps_peers_apart)
{
	struct ratelimit *l = ratelimit_new(1, 60);

	ck_assert_uint_eq(ratelimit_failed(l, str_of("192.0.2.1"), 1000), 0);
	ck_assert_uint_eq(ratelimit_failed(l, str_of("192.0.2.1"), 1000), 60);
	ck_assert_uint_eq(ratelimit_failed(l, str_of("192.0.2.2"), 1000), 0);
	ratelimit_free(l);
}
END_TEST

START_TEST(survives_a_clock_set_back)
{
	struct ratelimit *l = ratelimit_new(1, 60);
	struct str peer = str_of("192.0.2.1");

	ck_assert_uint_eq(ratelimit_failed(l, peer, 100000), 0);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 1000), 0);
	ck_assert_uint_eq(ratelimit_failed(l, peer, 1000), 60);
	ratelimit_free(l);
}
END_TEST

START_TEST(forgets_the_oldest_of_many_peers)
{
	struct ratelimit *l = ratelimit_new(1, 1000000);
	char name[32];
	int i, waiting = 0;

	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "peer %d", i);
		ck_assert_uint_eq(
		    ratelimit_failed(l, str_of(name), 1000 + i), 0);
	}
	for (i = 99000; i < 100000; i++) {
		snprintf(name, sizeof(name), "peer %d", i);
		waiting += ratelimit_failed(l, str_of(name), 101000) > 0;
	}
	/* Nearly all of the last thousand peers are remembered. */
	ck_assert_int_gt(waiting, 980);
	ratelimit_free(l);
}
END_TEST

START_TEST(a_burst_of_0_means_no_limit)
{
	struct ratelimit *l = ratelimit_new(0, 60);
	int i;

	for (i = 0; i < 100; i++)
		ck_assert_uint_eq(
		    ratelimit_failed(l, str_of("192.0.2.1"), 1000), 0);
	ratelimit_free(l);
	ck_assert_uint_eq(ratelimit_failed(NULL, str_of("192.0.2.1"), 1000), 0);
	ratelimit_free(NULL);
}
END_TEST

/* One failure per peer is free. The second one waits if both peers count as the
 * same. */
static const struct {
	const char *name;
	const char *first, *second;
	bool same;
} pairs[] = {
	{ "two addresses of IPv4", "192.0.2.1", "192.0.2.2", false },
	{ "two addresses of one network of IPv6", "2001:db8:0:5::1",
	    "2001:db8:0:5:ffff::2", true },
	{ "two networks of IPv6", "2001:db8:0:5::1", "2001:db8:0:6::1", false },
	{ "two networks that differ in their last bit", "2001:db8::1",
	    "2001:db8:0:1::1", false },
	{ "two spellings", "2001:db8:0:5::1", "2001:0DB8:0000:0005::0001",
	    true },
	{ "an address of IPv4 and the mapped one", "192.0.2.1",
	    "::ffff:192.0.2.1", true },
	{ "two mapped addresses", "::ffff:192.0.2.1", "::ffff:192.0.2.2",
	    false },
	{ "two addresses by NAT64", "64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2",
	    false },
	{ "two ports of IPv4", "192.0.2.1:1024", "192.0.2.1:1025", true },
	{ "two ports of IPv6", "[2001:db8::1]:80", "[2001:db8::2]:81", true },
	{ "brackets", "[2001:db8::1]", "2001:db8::1", true },
	{ "two zones", "fe80::1%eth0", "fe80::2%eth1", true },
	{ "two sockets", "unix:", "unix:", true },
	{ "two names", "one", "two", false },
	{ "a name that begins as an address", "192.0.2.1x", "192.0.2.1y",
	    false },
	{ "an empty name", "", "192.0.2.1", false },
	{ "a long name", "2001:db8::1111111111111111111111111111111111111111",
	    "2001:db8::1111111111111111111111111111111111111112", false },
};

START_TEST(counts_networks)
{
	struct ratelimit *l = ratelimit_new(1, 60);
	unsigned wait;

	ck_assert_uint_eq(
	    ratelimit_failed(l, unit_guard(0, str_of(pairs[_i].first)), 1000),
	    0);
	wait = ratelimit_failed(
	    l, unit_guard(0, str_of(pairs[_i].second)), 1000);
	unit_check(pairs[_i].name, wait == (pairs[_i].same ? 60 : 0));
	ratelimit_free(l);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ratelimit");
	TCase *t = tcase_create("ratelimit");

	tcase_add_test(t, lets_a_burst_pass_and_then_one_a_period);
	tcase_add_test(t, keeps_peers_apart);
	tcase_add_test(t, survives_a_clock_set_back);
	tcase_add_test(t, forgets_the_oldest_of_many_peers);
	tcase_add_test(t, a_burst_of_0_means_no_limit);
	tcase_add_loop_test(
	    t, counts_networks, 0, sizeof(pairs) / sizeof(pairs[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
