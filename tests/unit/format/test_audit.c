/* SPDX-License-Identifier: ISC */
#include "format/audit.h"

#include <stdlib.h>

#include "unit.h"

static const struct {
	uint64_t number;
	const char *id;
} ids[] = {
	{ 0, "a0d17e00-0000-8000-8000-000000000000" },
	{ 25, "a0d17e00-0000-8000-8000-000000000019" },
	{ UINT64_C(0xffffffffffff), "a0d17e00-0000-8000-8000-ffffffffffff" },
	{ UINT64_C(0x0123456789abcdef),
	    "a0d17e00-0123-8000-8000-456789abcdef" },
	{ UINT64_MAX, "a0d17e00-ffff-8000-8000-ffffffffffff" },
};

START_TEST(ids_contain_the_number)
{
	char id[STR_GUID_LEN];
	uint64_t number;

	audit_id(ids[_i].number, id);
	unit_same("the id", str_from(id, sizeof(id)), str_of(ids[_i].id));
	ck_assert(audit_number(str_from(id, sizeof(id)), &number));
	ck_assert_uint_eq(number, ids[_i].number);
}
END_TEST

static const char *const others[] = { "", "25",
	"a0d17e00-0000-8000-8000-00000000001",
	"a0d17e00-0000-8000-8000-0000000000190",
	"a0d17e00-0000-8000-8000-00000000001g",
	"a0d17e01-0000-8000-8000-000000000019",
	"a0d17e00-0000-4000-8000-000000000019",
	"a0d17e00-0000-8000-a000-000000000019",
	"00000000-0000-0000-0000-000000000019" };

START_TEST(other_texts_have_no_number)
{
	uint64_t number;

	unit_check(others[_i], !audit_number(str_of(others[_i]), &number));
}
END_TEST

START_TEST(every_path_has_a_name)
{
	unsigned i;

	ck_assert_uint_eq(audit_filter.n, AUDIT_PATHS);
	for (i = 0; i < AUDIT_PATHS; i++)
		ck_assert_ptr_nonnull(audit_filter.path[i].name);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("audit");
	TCase *t = tcase_create("audit");

	tcase_add_loop_test(
	    t, ids_contain_the_number, 0, sizeof(ids) / sizeof(ids[0]));
	tcase_add_loop_test(t, other_texts_have_no_number, 0,
	    sizeof(others) / sizeof(others[0]));
	tcase_add_test(t, every_path_has_a_name);
	suite_add_tcase(s, t);
	return unit_run(s);
}
