/* SPDX-License-Identifier: ISC */
/*
 * row.c - the stored form: version (1 byte), number of fields (1), checksum
 * (8), the length of each field (4 each, NO_FIELD for null), the bytes of the
 * fields. Numbers are stored least significant byte first.
 *
 * The version defines the layout of the fields. The place and the arithmetic of
 * the checksum are the same in every version, so that a reader can distinguish
 * a newer row from a damaged row.
 */
#include "format/row.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#define HEAD 10
#define CHECKSUM_AT 2
#define CHECKSUM_LEN 8
#define LENGTH_LEN 4
#define NO_FIELD 0xffffffffU

/* Reads a number of at most eight bytes. */
static uint64_t
get_number(const char *p, size_t n)
{
	uint64_t u = 0;

	memcpy(&u, p, n);
	return le64toh(u);
}

static void
set_number(uint64_t u, char *p, size_t n)
{
	u = htole64(u);
	memcpy(p, &u, n);
}

/* Adds one word to the sum. Each of the three steps can be undone, so two sums
 * that differ stay different as long as the same words follow. The shift keeps
 * two flipped bits from cancelling each other. */
static uint64_t
mix(uint64_t sum, uint64_t word)
{
	sum ^= word;
	sum ^= sum >> 32;
	return sum * 0x9e3779b97f4a7c15U;
}

/* The sum covers the length too, because the last word is padded with zeros. */
static uint64_t
mix_bytes(uint64_t sum, struct str s)
{
	const size_t word = sizeof(sum);
	size_t i;

	sum = mix(sum, s.n);
	for (i = 0; s.n - i >= word; i += word)
		sum = mix(sum, get_number(s.p + i, word));
	return i < s.n ? mix(sum, get_number(s.p + i, s.n - i)) : sum;
}

static uint64_t
checksum(struct str key, struct str row)
{
	uint64_t sum = mix_bytes(0, key);

	sum = mix_bytes(sum, str_head(row, CHECKSUM_AT));
	return mix_bytes(sum, str_tail(row, HEAD));
}

static bool
fits(const struct str *field, size_t n)
{
	size_t i;

	for (i = 0; i < n && n <= ROW_FIELDS_MAX; i++)
		if (field[i].n >= NO_FIELD)
			return false;
	return n <= ROW_FIELDS_MAX;
}

void
row_encode(struct str key, const struct str *field, size_t n, struct buf *out)
{
	char number[CHECKSUM_LEN] = { 0 };
	size_t start = out->n, i;
	struct str row;

	/* A row that is too large marks the buffer as full. */
	if (!fits(field, n)) {
		out->full = true;
		return;
	}
	buf_char(out, ROW_VERSION);
	buf_char(out, (char)n);
	buf_put(out, number, CHECKSUM_LEN);
	for (i = 0; i < n; i++) {
		set_number(str_is_null(field[i]) ? NO_FIELD : field[i].n,
		    number, LENGTH_LEN);
		buf_put(out, number, LENGTH_LEN);
	}
	for (i = 0; i < n; i++)
		buf_str(out, field[i]);
	if (out->full)
		return;
	row = str_tail(buf_view(out), start);
	set_number(
	    checksum(key, row), out->p + start + CHECKSUM_AT, CHECKSUM_LEN);
}

/* The fields must fill the rest of the row, which has its head, exactly. */
static enum err
get_fields(struct str row, size_t count, struct str *field)
{
	const char *length = row.p + HEAD;
	struct str rest;
	uint64_t n;
	size_t i;

	if (row.n - HEAD < count * LENGTH_LEN)
		return ERR_CORRUPT;
	rest = str_tail(row, HEAD + count * LENGTH_LEN);
	for (i = 0; i < count; i++) {
		n = get_number(length + i * LENGTH_LEN, LENGTH_LEN);
		if (n == NO_FIELD)
			continue;
		if (n > rest.n)
			return ERR_CORRUPT;
		field[i] = str_from(rest.p, n);
		rest = str_from(rest.p + n, rest.n - n);
	}
	return rest.n == 0 ? ERR_OK : ERR_CORRUPT;
}

uint64_t
row_checksum(struct str row)
{
	return row.n < HEAD ? 0 : get_number(row.p + CHECKSUM_AT, CHECKSUM_LEN);
}

enum err
row_check(struct str key, struct str bytes)
{
	if (bytes.n < HEAD || bytes.p[0] == 0 ||
	    row_checksum(bytes) != checksum(key, bytes))
		return ERR_CORRUPT;
	return ERR_OK;
}

enum err
row_decode_nested(struct str bytes, struct str *field, size_t n)
{
	size_t count, i;

	for (i = 0; i < n; i++)
		field[i] = str_of(NULL);
	if (bytes.n < HEAD || bytes.p[0] == 0)
		return ERR_CORRUPT;
	count = (unsigned char)bytes.p[1];
	if ((unsigned char)bytes.p[0] > ROW_VERSION || count > n)
		return ERR_NEWER;
	return get_fields(bytes, count, field);
}

enum err
row_decode(struct str key, struct str bytes, struct str *field, size_t n)
{
	enum err e;

	e = row_check(key, bytes);
	return e == ERR_OK ? row_decode_nested(bytes, field, n) : e;
}

struct str
row_u64(uint64_t u, char out[ROW_U64_LEN])
{
	set_number(u, out, ROW_U64_LEN);
	return str_from(out, ROW_U64_LEN);
}

uint64_t
row_get_u64(struct str field)
{
	return field.n == ROW_U64_LEN ? get_number(field.p, ROW_U64_LEN) : 0;
}
