/* SPDX-License-Identifier: ISC */
/*
 * fuzz_patch.c - a body that is accepted as a patch gives a record. The JSON of
 * this record is again a patch with the same values, and its stored form
 * decodes to an equal record.
 */
#include "fuzz.h"

#include "format/json.h"
#include "base/buf.h"
#include "format/record.h"
#include "http/view.h"

#define BLOCK ((size_t)4 << 20)

static void
check_stored(const struct record *r, struct arena *a)
{
	struct str key = str_of("a tenant's key"), bytes;
	struct record again;
	struct buf b;
	unsigned i;

	buf_open(&b, a);
	record_encode(key, r, &b);
	bytes = buf_close(&b, a);
	fuzz_check(record_decode(key, bytes, &again) == ERR_OK);
	fuzz_check(again.revision == r->revision);
	for (i = 0; i < RECORD_PROPERTIES; i++)
		fuzz_check(str_eq(again.value[i], r->value[i]) &&
		    str_is_null(again.value[i]) == str_is_null(r->value[i]));
}

static void
check_shown(const struct record *r, const struct patch *p, struct arena *a)
{
	struct view v = { .base = str_of("https://example.org/v1.0"),
		.metadata = ODATA_FULL,
		.set = p->set };
	struct str what, target, text;
	struct patch again;
	struct json json;
	struct buf b;
	unsigned i;

	buf_open(&b, a);
	view_record(&b, &v, r);
	text = buf_close(&b, a);
	fuzz_check(json_parse(text, a, &json, &what) == ERR_OK);
	fuzz_check(record_patch(&json, a, &again, &what, &target) == ERR_OK);
	fuzz_check(again.set == p->set);
	for (i = 0; i < RECORD_PROPERTIES; i++)
		fuzz_check(str_eq(again.value[i], p->value[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record r = { .revision = size };
	struct str what, target;
	struct arena a;
	struct patch p;
	struct json json;
	static char block[BLOCK];

	if (size > 65536)
		return 0;
	arena_init(&a, block, BLOCK);
	if (json_parse(str_from((const char *)data, size), &a, &json, &what) ==
		ERR_OK &&
	    record_patch(&json, &a, &p, &what, &target) == ERR_OK) {
		record_merge(&r, &p);
		check_stored(&r, &a);
		check_shown(&r, &p, &a);
	}
	return 0;
}
