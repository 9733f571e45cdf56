/* SPDX-License-Identifier: ISC */
/*
 * fuzz_event.c - an event of the history that can be decoded, whatever its
 * fields, is encoded to bytes that decode as the same event.
 *
 * An input is a list of fields. Each field is a length byte followed by that
 * number of bytes; 255 stands for null, and 254 for a row that contains all
 * following fields, like the former record of an event.
 */
#include "store/store_private.h"

#include <string.h>

#include "fuzz.h"
#include "format/row.h"

#define ROW_MAX 8192
#define IS_NULL 255
#define IS_ROW 254

static const struct str event_key_text = STR("tenant and number");

/* Splits the input into fields; a field may be a nested row. */
static size_t
cut_fields(struct str rest, struct str *field, bool nested)
{
	static char bytes[ROW_MAX];
	struct str inner[ROW_FIELDS_MAX];
	struct buf row;
	size_t n = 0;

	while (rest.n > 0 && n < ROW_FIELDS_MAX) {
		size_t len = (unsigned char)rest.p[0];

		rest = str_tail(rest, 1);
		field[n] = str_of(NULL);
		if (len == IS_ROW && !nested) {
			buf_init(&row, bytes, sizeof(bytes));
			row_encode(event_key_text, inner,
			    cut_fields(rest, inner, true), &row);
			field[n] = buf_view(&row);
		} else if (len < IS_ROW) {
			field[n] = str_head(rest, len);
			rest = str_tail(rest, len);
		}
		n++;
	}
	return n;
}

static void
check_same(const struct event *a, const struct event *b)
{
	unsigned i;

	fuzz_check(a->when.at == b->when.at && a->when.nano == b->when.nano);
	fuzz_check(a->action == b->action && a->changed == b->changed);
	fuzz_check(str_eq(a->actor, b->actor));
	fuzz_check(a->kind == b->kind && a->scopes == b->scopes);
	fuzz_check(str_eq(a->user_id, b->user_id));
	fuzz_check(memcmp(a->request_id.byte, b->request_id.byte,
		       sizeof(a->request_id.byte)) == 0);
	fuzz_check(str_eq(a->outcome, b->outcome));
	fuzz_check(str_eq(a->fingerprint, b->fingerprint));
	fuzz_check(str_eq(a->serial, b->serial));
	fuzz_check(str_eq(a->topic, b->topic));
	fuzz_check(str_eq(a->expires, b->expires));
	fuzz_check(a->count == b->count && a->swept == b->swept);
	fuzz_check(a->last.at == b->last.at && a->last.nano == b->last.nano);
	fuzz_check(a->had_former == b->had_former);
	fuzz_check(str_eq(a->former.newest_topic, b->former.newest_topic));
	fuzz_check(str_eq(a->former.fingerprint, b->former.fingerprint));
	fuzz_check(a->former.revision == b->former.revision);
	for (i = 0; i < RECORD_PROPERTIES; i++)
		fuzz_check(str_eq(a->former.value[i], b->former.value[i]) &&
		    str_is_null(a->former.value[i]) ==
			str_is_null(b->former.value[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str field[ROW_FIELDS_MAX];
	char bytes[2 * ROW_MAX], nested[2 * ROW_MAX], again[2 * ROW_MAX];
	struct event ev, second;
	struct buf row, former, out;
	size_t n;

	if (size > ROW_MAX / 2)
		return 0;
	n = cut_fields(str_from((const char *)data, size), field, false);
	buf_init(&row, bytes, sizeof(bytes));
	row_encode(event_key_text, field, n, &row);
	fuzz_check(!row.full);
	if (store_event_decode(event_key_text, buf_view(&row), &ev) != ERR_OK)
		return 0;
	buf_init(&former, nested, sizeof(nested));
	buf_init(&out, again, sizeof(again));
	store_event_encode(event_key_text, &ev, &former, &out);
	fuzz_check(!out.full);
	fuzz_check(store_event_decode(
		       event_key_text, buf_view(&out), &second) == ERR_OK);
	check_same(&ev, &second);
	return 0;
}
