/* SPDX-License-Identifier: ISC */
/*
 * test_judge.c - which certificate may succeed which: topic, age, key, each
 * refusal with the texts that its message is made of.
 */
#include "judge.h"

#include "unit.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
#define END 1830297600 /* 2028-01-01 */
#define REQUESTED 1796083200 /* 2026-12-01 */

static const struct {
	const char *name;
	bool enforce, allow, is_text;
	struct str topic, key; /* of the new one */
	int64_t until_at;
	/* What is stored. */
	struct str serial, old_topic, expires, pending, override;
	enum err e;
	struct str what, also;
} cases[] = {
	{ .name = "takes the first one",
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
	{ .name = "looks at no text that is no certificate",
	    .enforce = true,
	    .is_text = true,
	    .serial = STR("01"),
	    .old_topic = STR("b"),
	    .pending = STR("key") },
	{ .name = "refuses another topic",
	    .topic = STR("a"),
	    .until_at = END,
	    .serial = STR("01"),
	    .old_topic = STR("b"),
	    .e = ERR_TOPIC_CHANGE,
	    .what = STR("b"),
	    .also = STR("a") },
	{ .name = "refuses no topic where there was one",
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
	{ .name = "takes another topic than one that a client made up",
	    .topic = STR("a"),
	    .until_at = END,
	    .old_topic = STR("b") },
	{ .name = "refuses one that ends before the stored one",
	    .enforce = true,
	    .topic = STR("a"),
	    .until_at = END - 1,
	    .serial = STR("01"),
	    .old_topic = STR("a"),
	    .expires = STR("2028-01-01T00:00:00Z"),
	    .e = ERR_OLDER,
	    .what = STR("2027-12-31T23:59:59Z"),
	    .also = STR("2028-01-01T00:00:00Z") },
	{ .name = "takes one that ends with the stored one",
	    .enforce = true,
	    .topic = STR("a"),
	    .until_at = END,
	    .serial = STR("01"),
	    .old_topic = STR("a"),
	    .expires = STR("2028-01-01T00:00:00Z") },
	{ .name = "takes an older one than a date that a client made up",
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
	const struct judge_stored stored = { .record = &r,
		.pending_key = cases[_i].pending,
		.requested = { REQUESTED, 0 },
		.allow_topic = cases[_i].override };
	struct fault fault = { .what = { NULL, 0 } };
	char block[256];
	struct arena a;

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
	r.value[RECORD_EXPIRES] = cases[_i].expires;
	arena_init(&a, block, sizeof(block));
	unit_check(cases[_i].name,
	    judge_successor(&c, &v, &stored, &a, &fault) == cases[_i].e);
	unit_same(cases[_i].name, fault.what, cases[_i].what);
	unit_same(cases[_i].name, fault.also, cases[_i].also);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("judge");
	TCase *t = tcase_create("judge");

	tcase_add_loop_test(t, successor, 0, ROWS(cases));
	suite_add_tcase(suite, t);
	return unit_run(suite);
}
