/* SPDX-License-Identifier: ISC */
/*
 * fuzz_row.c - if bytes decode as a row, encoding its fields gives the same
 * bytes.
 *
 * The target includes the source file to use its checksum function. The second
 * attempt has a correct checksum; otherwise hardly any input would get past
 * this check. The first byte of an input is the number of fields to decode.
 */
#include "format/row.c"

#include "fuzz.h"

static void
check_row(struct str key, struct str row, size_t n)
{
	struct str field[ROW_FIELDS_MAX];
	char again[4096];
	struct buf b;

	if (row_decode(key, row, field, n) != ERR_OK)
		return;
	buf_init(&b, again, sizeof(again));
	row_encode(key, field, (unsigned char)row.p[1], &b);
	fuzz_check(b.full || str_eq(buf_view(&b), row));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str key = str_of("key");
	size_t n = size > 0 ? data[0] % (ROW_FIELDS_MAX + 1) : 0;
	char bytes[4096];

	if (size == 0 || size > sizeof(bytes))
		return 0;
	memcpy(bytes, data + 1, --size);
	check_row(key, str_from(bytes, size), n);
	if (size < HEAD)
		return 0;
	set_number(checksum(key, str_from(bytes, size)), bytes + CHECKSUM_AT,
	    CHECKSUM_LEN);
	check_row(key, str_from(bytes, size), n);
	return 0;
}
