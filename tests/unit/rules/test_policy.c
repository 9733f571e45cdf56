/* SPDX-License-Identifier: ISC */
/*
 * test_policy.c - which certificate may succeed which: by topic, age and key,
 * with the texts from which the message of each refusal is made.
 */
#include "rules/policy.h"

#include "unit.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
#define END 1830297600 /* 2028-01-01 */
#define REQUESTED 1796083200 /* 2026-12-01 */

static const struct {
	const char *name;
	bool enforce, allow, is_text;
	struct str topic, key; /* of the new certificate */
	int64_t until_at;
	/* of the stored record and of the request */
	struct str serial, old_topic, newest_topic, expires, pending, override;
	bool restores;
	enum err e;
	struct str what, also;
} cases[] = {
	{ .name = "accepts the first certificate",
	    .enforce = true,
	    .topic = STR("a"),
	    .until_at = END },
	{ .name = "takes the key of the request",
	    .enforce = true,
	    .topic = STR("a"),
	    .until_at = END,
	    .key = STR("key"),
	    .pending = STR("key") },
	{ .name = "refuses another key than the request's",
	    .enforce = true,
	    .topic = STR("a"),
	    .until_at = END,
	    .key = STR("other"),
	    .pending = STR("key"),
	    .e = ERR_KEY_MISMATCH,
	    .what = STR("2026-12-01T00:00:00Z") },
	{ .name = "takes another key where nothing is enforced",
	    .topic = STR("a"),
	    .until_at = END,
	    .key = STR("other"),
	    .pending = STR("key") },
	{ .name = "takes a text where no certificate is stored",
	    .is_text = true,
	    .old_topic = STR("b"),
	    .newest_topic = STR("b"),
	    .pending = STR("key") },
	{ .name = "refuses a text over a certificate",
	    .is_text = true,
	    .serial = STR("01"),
	    .old_topic = STR("b"),
	    .e = ERR_NOT_A_CERTIFICATE,
	    .what = STR("it is a text; the stored certificate is unchanged") },
	{ .name = "refuses a text over a certificate where topics may change",
	    .is_text = true,
	    .allow = true,
	    .restores = true,
	    .serial = STR("01"),
	    .e = ERR_NOT_A_CERTIFICATE,
	    .what = STR("it is a text; the stored certificate is unchanged") },
	{ .name = "refuses another topic after the certificate was cleared",
	    .topic = STR("a"),
	    .until_at = END,
	    .newest_topic = STR("b"),
	    .e = ERR_TOPIC_CHANGE,
	    .what = STR("b"),
	    .also = STR("a") },
	{ .name = "takes the topic that was cleared",
	    .topic = STR("b"),
	    .until_at = END,
	    .old_topic = STR("a"),
	    .newest_topic = STR("b") },
	{ .name = "refuses another topic after one without a topic",
	    .topic = STR("a"),
	    .until_at = END,
	    .serial = STR("01"),
	    .newest_topic = STR("b"),
	    .e = ERR_TOPIC_CHANGE,
	    .what = STR("b"),
	    .also = STR("a") },
	{ .name = "takes any topic after certificates without one",
	    .topic = STR("a"),
	    .until_at = END,
	    .serial = STR("01") },
	{ .name = "treats an empty topic as none",
	    .topic = STR(""),
	    .until_at = END,
	    .newest_topic = STR("b"),
	    .override = STR("none") },
	{ .name = "refuses another topic in a restore",
	    .restores = true,
	    .topic = STR("a"),
	    .until_at = END,
	    .newest_topic = STR("b"),
	    .e = ERR_TOPIC_CHANGE,
	    .what = STR("b"),
	    .also = STR("a") },
	{ .name = "accepts an older certificate of another key in a restore",
	    .restores = true,
	    .enforce = true,
	    .topic = STR("a"),
	    .until_at = END - 1,
	    .key = STR("other"),
	    .serial = STR("01"),
	    .old_topic = STR("a"),
	    .expires = STR("2028-01-01T00:00:00Z"),
	    .pending = STR("key") },
	{ .name = "refuses another topic",
	    .topic = STR("a"),
	    .until_at = END,
	    .serial = STR("01"),
	    .old_topic = STR("b"),
	    .e = ERR_TOPIC_CHANGE,
	    .what = STR("b"),
	    .also = STR("a") },
	{ .name =
		"refuses a certificate without a topic after one with a topic",
	    .until_at = END,
	    .serial = STR("01"),
	    .old_topic = STR("b"),
	    .e = ERR_TOPIC_CHANGE,
	    .what = STR("b"),
	    .also = STR("none") },
	{ .name = "takes another topic that was named",
	    .topic = STR("a"),
	    .until_at = END,
	    .serial = STR("01"),
	    .old_topic = STR("b"),
	    .override = STR("a") },
	{ .name = "takes another topic where that is allowed",
	    .allow = true,
	    .topic = STR("a"),
	    .until_at = END,
	    .serial = STR("01"),
	    .old_topic = STR("b") },
	{ .name = "ignores a topic that a client made up",
	    .topic = STR("a"),
	    .until_at = END,
	    .old_topic = STR("b") },
	{ .name = "refuses a certificate that ends before the stored one",
	    .enforce = true,
	    .topic = STR("a"),
	    .until_at = END - 1,
	    .serial = STR("01"),
	    .old_topic = STR("a"),
	    .expires = STR("2028-01-01T00:00:00Z"),
	    .e = ERR_OLDER,
	    .what = STR("2027-12-31T23:59:59Z"),
	    .also = STR("2028-01-01T00:00:00Z") },
	{ .name = "accepts a certificate that ends with the stored one",
	    .enforce = true,
	    .topic = STR("a"),
	    .until_at = END,
	    .serial = STR("01"),
	    .old_topic = STR("a"),
	    .expires = STR("2028-01-01T00:00:00Z") },
	{ .name = "ignores a date that a client made up",
	    .enforce = true,
	    .topic = STR("a"),
	    .until_at = END - 1,
	    .expires = STR("2028-01-01T00:00:00Z") },
};

START_TEST(successor)
{
	struct config c;
	struct verdict v = { .uploaded = true, .real = !cases[_i].is_text };
	struct record r = { .revision = 1 };
	const struct policy_stored stored = { .record = &r,
		.restores = cases[_i].restores,
		.pending_key = cases[_i].pending,
		.requested = { REQUESTED, 0 },
		.allow_topic = cases[_i].override };
	struct fault fault = { .what = { NULL, 0 } };
	char block[256];
	struct arena a;

	v.fault.ours = str_of("it is a text");
	config_default(&c);
	if (cases[_i].enforce)
		c.certificate_policy = CONFIG_ENFORCE;
	if (cases[_i].allow)
		c.topic_change = CONFIG_TOPIC_ALLOW;
	v.x509.topic = cases[_i].topic;
	v.x509.public_key = cases[_i].key;
	v.x509.not_after_at = cases[_i].until_at;
	r.value[RECORD_SERIAL] = cases[_i].serial;
	r.value[RECORD_TOPIC] = cases[_i].old_topic;
	r.newest_topic = cases[_i].newest_topic;
	r.value[RECORD_EXPIRES] = cases[_i].expires;
	arena_init(&a, block, sizeof(block));
	unit_check(cases[_i].name,
	    policy_check_successor(&c, &v, &stored, &a, &fault) == cases[_i].e);
	unit_same(cases[_i].name, fault.what, cases[_i].what);
	unit_same(cases[_i].name, fault.also, cases[_i].also);
}
END_TEST

static const struct {
	const char *name;
	bool is_text;
	int64_t until_at, now_at;
	struct str serial, expires; /* of the stored record */
	enum err e;
} notices[] = {
	{ "gives no notice for a text", true, END, END, STR("01"),
	    STR("2028-01-01T00:00:00Z"), ERR_OK },
	{ "gives no notice for the first certificate", false, END, END - 1,
	    { NULL, 0 }, { NULL, 0 }, ERR_OK },
	{ "reports the end in the very second", false, END, END, { NULL, 0 },
	    { NULL, 0 }, ERR_EXPIRED },
	{ "accepts the same end as the stored certificate", false, END, 0,
	    STR("01"), STR("2028-01-01T00:00:00Z"), ERR_OK },
	{ "reports an end a second before the stored one", false, END - 1, 0,
	    STR("01"), STR("2028-01-01T00:00:00Z"), ERR_OLDER },
	{ "gives no notice about a date that a client made up", false, END - 1,
	    0, { NULL, 0 }, STR("2028-01-01T00:00:00Z"), ERR_OK },
	{ "reports a past end before an older certificate", false, END - 1, END,
	    STR("01"), STR("2028-01-01T00:00:00Z"), ERR_EXPIRED },
};

START_TEST(notice)
{
	struct verdict v = { .uploaded = true, .real = !notices[_i].is_text };
	struct record r = { .revision = 1 };
	struct policy_stored stored = { .record = &r };
	struct policy_notices list;
	char block[512];
	struct arena a;

	arena_init(&a, block, sizeof(block));
	v.x509.not_after_at = notices[_i].until_at;
	r.value[RECORD_SERIAL] = notices[_i].serial;
	r.value[RECORD_EXPIRES] = notices[_i].expires;
	policy_notices(&v, notices[_i].now_at, &stored, &a, &list);
	unit_check(notices[_i].name, policy_notice(&list) == notices[_i].e);
}
END_TEST

/* Each fault at its limit: the certificate has it, and the same certificate
 * with the other value has not. */
static const struct {
	const char *name;
	bool mdm;
	enum x509_key key;
	unsigned bits;
	int64_t from_at, until_at;
	struct str topic, public_key;
	enum err e[POLICY_NOTICES_MAX];
	struct str what[POLICY_NOTICES_MAX];
} lists[] = {
	{ "finds no fault in the renewed certificate", true, X509_KEY_RSA, 2048,
	    END, END + 1, STR("b"), STR("key"), { ERR_OK }, { { NULL, 0 } } },
	{ "allows a clock that is late by five minutes", true, X509_KEY_RSA,
	    2048, END + 300, END + 1, STR("b"), STR("key"), { ERR_OK },
	    { { NULL, 0 } } },
	{ "lists every fault, each with its value", false, X509_KEY_EC, 2048,
	    END, END - 1, STR("a"), STR("other"),
	    { ERR_TOPIC_CHANGE, ERR_NOT_MDM, ERR_UNSUPPORTED_KEY, ERR_EXPIRED,
		ERR_OLDER, ERR_KEY_MISMATCH },
	    { STR("b"), STR("a"), STR("EC"), STR("2027-12-31T23:59:59Z"),
		STR("2027-12-31T23:59:59Z"), STR("2026-12-01T00:00:00Z") } },
	{ "reports a short key and a date in the future", true, X509_KEY_RSA,
	    2047, END + 301, END + 2, STR("b"), STR("key"),
	    { ERR_WEAK_KEY, ERR_NOT_YET_VALID },
	    { STR("2047"), STR("2028-01-01T00:05:01Z") } },
};

START_TEST(lists_notices)
{
	struct record r = { .newest_topic = STR("b") };
	struct policy_stored stored = { .record = &r,
		.pending_key = STR("key"),
		.requested = { REQUESTED, 0 },
		.allow_topic = STR("a") };
	struct verdict v = { .uploaded = true, .real = true };
	struct policy_notices list;
	char block[512];
	struct arena a;
	size_t i;

	arena_init(&a, block, sizeof(block));
	r.value[RECORD_SERIAL] = str_of("01");
	r.value[RECORD_EXPIRES] = str_of("2028-01-01T00:00:00Z");
	v.x509.mdm = lists[_i].mdm;
	v.x509.key = lists[_i].key;
	v.x509.key_bits = lists[_i].bits;
	v.x509.not_before_at = lists[_i].from_at;
	v.x509.not_after_at = lists[_i].until_at;
	v.x509.topic = lists[_i].topic;
	v.x509.public_key = lists[_i].public_key;
	policy_notices(&v, END, &stored, &a, &list);
	for (i = 0; i < list.n; i++) {
		unit_check(
		    lists[_i].name, list.row[i].reason == lists[_i].e[i]);
		unit_same(
		    lists[_i].name, list.row[i].fault.what, lists[_i].what[i]);
	}
	unit_check(lists[_i].name,
	    i == POLICY_NOTICES_MAX || lists[_i].e[i] == ERR_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_loop_test(t, successor, 0, ROWS(cases));
	tcase_add_loop_test(t, notice, 0, ROWS(notices));
	tcase_add_loop_test(t, lists_notices, 0, ROWS(lists));
	suite_add_tcase(suite, t);
	return unit_run(suite);
}
