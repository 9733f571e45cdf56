/* SPDX-License-Identifier: ISC */
/*
 * test_row.c - the stored form of a row. Its bytes are written out here, so
 * that the form cannot change by accident.
 */
#include "format/row.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define NONE              \
	{                 \
		.p = NULL \
	}
#define FIELDS 3

static const struct {
	const char *name;
	const char *key;
	const char *row; /* in hexadecimal */
	size_t n;
	struct str field[FIELDS];
} rows[] = {
	{ "writes no field at all", "key", "0100bacb9932449a448d", 0,
	    { NONE } },
	{ "writes a text, a null and an empty text", "key",
	    "01030a47ec5ba05283d203000000ffffffff00000000616263", 3,
	    { STR("abc"), NONE, STR("") } },
};

static const struct {
	const char *name;
	const char *row;
	enum err outcome;
} refusals[] = {
	{ "refuses the empty text", "", ERR_CORRUPT },
	{ "refuses half a header", "0103fc80dd", ERR_CORRUPT },
	{ "refuses a wrong checksum",
	    "01030a47ec5ba05283d303000000ffffffff00000000616263", ERR_CORRUPT },
	{ "refuses version 0",
	    "0003a3ba84d1f695486103000000ffffffff00000000616263", ERR_CORRUPT },
	{ "distinguishes a newer version from damage",
	    "0203fc80dd10d44d945403000000ffffffff00000000616263", ERR_NEWER },
	{ "distinguishes more fields than it knows from damage",
	    "0104d2cc924b66ae3219ffffffffffffffffffffffffffffffff", ERR_NEWER },
	{ "distinguishes the greatest number of fields from damage",
	    "01ff0b5eb5fafbeea14dffffffffffffffffffffffffffffffff", ERR_NEWER },
	{ "refuses bytes after the last field",
	    "01017a55267cd4e060810300000061626364", ERR_CORRUPT },
	{ "refuses a field that ends after the row",
	    "0101adc6673be948c8e2050000006162", ERR_CORRUPT },
	{ "refuses the greatest length", "0101eacc2348fc3e8fa8feffffff6162",
	    ERR_CORRUPT },
	{ "refuses a second field that ends after the row",
	    "010229ffe6d3f60a5bf401000000feffffff61", ERR_CORRUPT },
	{ "refuses fewer lengths than fields", "0102b5903f22ca3ec32600000000",
	    ERR_CORRUPT },
};

/*
 * Returns the bytes of a hexadecimal text, before a page that must not be read.
 */
static struct str
unhex(const char *hex)
{
	uint8_t bytes[256];
	size_t n = strlen(hex) / 2;

	ck_assert(n <= sizeof(bytes) && str_unhex(str_of(hex), bytes, n));
	return unit_guard(0, str_from((const char *)bytes, n));
}

START_TEST(writes_and_reads)
{
	struct str field[FIELDS], key = str_of(rows[_i].key);
	struct str want = unhex(rows[_i].row);
	char bytes[256];
	struct buf b;
	size_t i;

	buf_init(&b, bytes, sizeof(bytes));
	row_encode(key, rows[_i].field, rows[_i].n, &b);
	unit_same(rows[_i].name, buf_view(&b), want);
	unit_check(
	    rows[_i].name, row_decode(key, want, field, rows[_i].n) == ERR_OK);
	for (i = 0; i < rows[_i].n; i++)
		unit_same(rows[_i].name, field[i], rows[_i].field[i]);
}
END_TEST

START_TEST(refuses)
{
	struct str field[FIELDS];

	unit_check(refusals[_i].name,
	    row_decode(str_of("key"), unhex(refusals[_i].row), field, FIELDS) ==
		refusals[_i].outcome);
}
END_TEST

/* Encodes two fields under "key" into `bytes`, which has room for 64, and
 * returns the row. */
static struct str
sample(char *bytes)
{
	static const struct str field[] = { STR("Succeeded"), STR("an ID") };
	struct buf b;

	buf_init(&b, bytes, 64);
	row_encode(str_of("key"), field, 2, &b);
	return buf_view(&b);
}

START_TEST(notices_every_flipped_bit_and_every_pair_of_them)
{
	struct str field[2], row;
	char bytes[64];
	size_t a, b;

	row = sample(bytes);
	for (a = 0; a < row.n * 8; a++) {
		bytes[a / 8] ^= (char)(1 << a % 8);
		ck_assert_msg(
		    row_decode(str_of("key"), row, field, 2) == ERR_CORRUPT,
		    "bit %zu", a);
		for (b = 0; b < a; b++) {
			bytes[b / 8] ^= (char)(1 << b % 8);
			ck_assert_msg(row_decode(str_of("key"), row, field,
					  2) == ERR_CORRUPT,
			    "bits %zu and %zu", a, b);
			bytes[b / 8] ^= (char)(1 << b % 8);
		}
		bytes[a / 8] ^= (char)(1 << a % 8);
	}
}
END_TEST

START_TEST(notices_every_cut_and_every_growth)
{
	struct str field[2], row;
	char bytes[64];
	size_t n;

	memset(bytes, 0, sizeof(bytes));
	row = sample(bytes);
	for (n = 0; n <= sizeof(bytes); n++)
		ck_assert(
		    row_decode(str_of("key"), unit_guard(0, str_from(bytes, n)),
			field, 2) == (n == row.n ? ERR_OK : ERR_CORRUPT));
}
END_TEST

START_TEST(belongs_to_its_key)
{
	static const char *const others[] = { "", "ke", "kez", "key1", "Key" };
	struct str field[2], row;
	char bytes[64];
	size_t i;

	row = sample(bytes);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_msg(
		    row_decode(str_of(others[i]), row, field, 2) == ERR_CORRUPT,
		    "%s", others[i]);
}
END_TEST

START_TEST(fields_that_an_older_row_lacks_are_null)
{
	struct str field[4];
	char bytes[64];

	ck_assert(row_decode(str_of("key"), sample(bytes), field, 4) == ERR_OK);
	unit_same("the second field", field[1], str_of("an ID"));
	unit_same("the third field", field[2], str_of(NULL));
	unit_same("the fourth field", field[3], str_of(NULL));
}
END_TEST

START_TEST(appends_to_the_contents_of_the_buffer)
{
	static const struct str one[] = { STR("1") }, two[] = { STR("22") };
	struct str field[1], first, second;
	char bytes[64];
	struct buf b;

	buf_init(&b, bytes, sizeof(bytes));
	row_encode(str_of("a"), one, 1, &b);
	first = buf_view(&b);
	row_encode(str_of("b"), two, 1, &b);
	second = str_tail(buf_view(&b), first.n);
	ck_assert(row_decode(str_of("a"), first, field, 1) == ERR_OK);
	unit_same("the first row", field[0], one[0]);
	ck_assert(row_decode(str_of("b"), second, field, 1) == ERR_OK);
	unit_same("the second row", field[0], two[0]);
}
END_TEST

START_TEST(writes_nothing_of_a_row_that_does_not_fit)
{
	static const struct str field[] = { STR("abc"), STR("def") };
	char *bytes = malloc(23);
	struct buf b;
	size_t room;

	/* The row needs 24 bytes: a head of 10, two lengths of 4, fields of 6
	 * in all. */
	for (room = 0; room < 24; room++) {
		buf_init(&b, bytes, room);
		row_encode(str_of("key"), field, 2, &b);
		ck_assert(b.full);
	}
	free(bytes);
}
END_TEST

static const struct {
	const char *name;
	struct str field;
	uint64_t number;
} numbers[] = {
	{ "reads zero", STR("\0\0\0\0\0\0\0\0"), 0 },
	{ "reads the least byte first", STR("\1\2\0\0\0\0\0\0"), 513 },
	{ "reads the greatest", STR("\377\377\377\377\377\377\377\377"),
	    UINT64_MAX },
};

START_TEST(reads_and_writes_numbers)
{
	char bytes[ROW_U64_LEN];

	unit_check(numbers[_i].name,
	    row_get_u64(numbers[_i].field) == numbers[_i].number);
	unit_same(numbers[_i].name, row_u64(numbers[_i].number, bytes),
	    numbers[_i].field);
}
END_TEST

START_TEST(a_number_of_another_length_is_0)
{
	ck_assert(row_get_u64(str_of(NULL)) == 0);
	ck_assert(row_get_u64(str_of("")) == 0);
	ck_assert(row_get_u64(str_of("1234567")) == 0);
	ck_assert(row_get_u64(str_of("123456789")) == 0);
}
END_TEST

/* A mistake of the caller makes the buffer full and writes no row. */
START_TEST(too_many_fields_make_the_buffer_full)
{
	static struct str field[ROW_FIELDS_MAX + 1];
	char room[512];
	struct buf b;

	buf_init(&b, room, sizeof(room));
	row_encode(str_of("key"), field, ROW_FIELDS_MAX + 1, &b);
	ck_assert(b.full);
	buf_init(&b, room, sizeof(room));
	field[0] = str_from(room, UINT32_MAX);
	row_encode(str_of("key"), field, 1, &b);
	ck_assert(b.full);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("row");
	TCase *t = tcase_create("row");

	tcase_add_loop_test(
	    t, writes_and_reads, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(
	    t, refuses, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(t, notices_every_flipped_bit_and_every_pair_of_them);
	tcase_add_test(t, notices_every_cut_and_every_growth);
	tcase_add_test(t, belongs_to_its_key);
	tcase_add_test(t, fields_that_an_older_row_lacks_are_null);
	tcase_add_test(t, appends_to_the_contents_of_the_buffer);
	tcase_add_test(t, writes_nothing_of_a_row_that_does_not_fit);
	tcase_add_loop_test(t, reads_and_writes_numbers, 0,
	    sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_test(t, a_number_of_another_length_is_0);
	tcase_add_test(t, too_many_fields_make_the_buffer_full);
	suite_add_tcase(s, t);
	return unit_run(s);
}
