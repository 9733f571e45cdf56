/* SPDX-License-Identifier: ISC */
/*
 * test_keygen_slots.c - which tenants get a slot, and in which order.
 */
#include "state/keygen_slots.h"

#include "unit.h"

/*
 * In `steps` a letter is a tenant that asks for a slot: a capital if it gets
 * one, a small letter if it does not. A minus gives the slot of the next letter
 * back. A plus advances the clock by a second, a star by the time for which a
 * slot is reserved.
 */
static const struct {
	const char *name;
	long cpus;
	const char *steps;
} cases[] = {
	{ "one CPU makes a key", 1, "A-AA" },
	{ "two CPUs make one at a time", 2, "Ab-A" },
	{ "four CPUs make two", 4, "ABc" },
	{ "five CPUs make two", 5, "ABc" },
	{ "an unknown number makes one", -1, "Ab" },
	{ "a tenant has one at a time", 8, "AaBbCDe" },
	{ "a tenant may have one after another", 8, "A-AA-AA" },
	{ "a refused tenant is the next", 2, "Ab-Aa+aB" },
	{ "a refused tenant is served once", 2, "Ab-AaB-BA-AB" },
	{ "only the first refused tenant is next", 2, "Abc-AacB-BC" },
	{ "a slot is reserved for a limited time", 2, "Ab-Aa*A" },
	{ "a tenant that has a slot reserves no other", 2, "Aaa-AB" },
	{ "other slots remain free meanwhile", 4, "ABc-Aa-BAbC" },
};

static struct guid
tenant(char letter)
{
	return (struct guid){ .byte = { (uint8_t)letter } };
}

START_TEST(steps)
{
	struct keygen_slots s;
	const char *p;
	int64_t now_at = 1000;

	keygen_slots_init(&s, cases[_i].cpus);
	for (p = cases[_i].steps; *p != '\0'; p++) {
		struct guid g = tenant((char)(*p | 0x20));

		if (*p == '+') {
			now_at++;
		} else if (*p == '*') {
			now_at += KEYGEN_SLOTS_KEPT;
		} else if (*p == '-') {
			g = tenant((char)(*++p | 0x20));
			keygen_slots_give(&s, &g);
		} else {
			ck_assert_msg(keygen_slots_take(&s, &g, now_at) ==
				((*p & 0x20) == 0),
			    "%s: %s at %s", cases[_i].name, cases[_i].steps, p);
		}
	}
}
END_TEST

START_TEST(a_clock_that_is_set_back_keeps_no_slot)
{
	const struct guid a = tenant('a'), b = tenant('b'), c = tenant('c');
	struct keygen_slots s;

	keygen_slots_init(&s, 2);
	ck_assert(keygen_slots_take(&s, &a, 100000));
	ck_assert(!keygen_slots_take(&s, &b, 100000));
	ck_assert(!keygen_slots_take(&s, &c, 1000));
	keygen_slots_give(&s, &a);
	ck_assert(keygen_slots_take(&s, &b, 1000 + KEYGEN_SLOTS_KEPT));
}
END_TEST

START_TEST(a_slot_that_was_not_taken_is_not_given)
{
	const struct guid a = tenant('a'), b = tenant('b');
	struct keygen_slots s;

	keygen_slots_init(&s, 1);
	keygen_slots_give(&s, &a);
	ck_assert(keygen_slots_take(&s, &a, 1));
	keygen_slots_give(&s, &b);
	ck_assert(!keygen_slots_take(&s, &b, 1));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keygen_slots");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(
	    all, steps, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(all, a_clock_that_is_set_back_keeps_no_slot);
	tcase_add_test(all, a_slot_that_was_not_taken_is_not_given);
	suite_add_tcase(suite, all);
	return unit_run(suite);
}
