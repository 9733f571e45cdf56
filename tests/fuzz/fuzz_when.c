/* SPDX-License-Identifier: ISC */
/*
 * fuzz_when.c - the normal form of a date is a date, denotes the same instant,
 * and is its own normal form. An instant that is written can be read back
 * unchanged.
 */
#include "fuzz.h"

#include <string.h>

#include "format/datetime.h"

static struct instant
read_again(struct str text)
{
	struct instant t = { 0, 0 };

	fuzz_check(text.n <= DATETIME_TEXT_MAX);
	fuzz_check(datetime_parse(text, &t) == ERR_OK);
	return t;
}

static void
check_normal(struct str text, struct instant t)
{
	char once[DATETIME_TEXT_MAX], twice[DATETIME_TEXT_MAX];
	struct buf first, second;
	struct instant again;

	buf_init(&first, once, sizeof(once));
	datetime_normal(text, &first);
	again = read_again(buf_view(&first));
	fuzz_check(again.at == t.at && again.nano == t.nano);
	buf_init(&second, twice, sizeof(twice));
	datetime_normal(buf_view(&first), &second);
	fuzz_check(str_eq(buf_view(&first), buf_view(&second)));
}

static void
check_written(struct instant t)
{
	char text[DATETIME_TICKS_LEN];
	const int64_t first = read_again(str_of("0001-01-01T00:00:00Z")).at;
	const int64_t last = read_again(str_of("9999-12-31T23:59:59Z")).at;
	struct instant again;

	datetime_ticks(t, text);
	again = read_again(str_from(text, sizeof(text)));
	if (t.at < first)
		t.at = first;
	if (t.at > last)
		t.at = last;
	fuzz_check(again.at == t.at && again.nano == t.nano / 100 * 100);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_from((const char *)data, size);
	struct instant t = { 0, 0 };

	if (datetime_parse(text, &t) == ERR_OK) {
		check_normal(text, t);
		check_written(t);
	}
	/* The same bytes, taken as an instant. */
	memcpy(&t.at, data, size < sizeof(t.at) ? size : sizeof(t.at));
	t.nano = (uint32_t)((uint64_t)t.at % 1000000000);
	check_written(t);
	return 0;
}
