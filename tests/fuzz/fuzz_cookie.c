/* SPDX-License-Identifier: ISC */
/*
 * fuzz_cookie.c - the input is a Cookie header. It holds no session, because
 * only the key can seal one. A session that is put between two pieces of the
 * input is found again, with each byte of its fields.
 */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "format/cookies.h"
#include "rules/cookie.h"

#define FIELDS 3

static const struct cookie cookie = { STR("pushcert"), STR("fuzz"), FIELDS,
	"; HttpOnly" };

/* Opens each cookie with our name. Returns how many could be opened; the fields
 * are those of the last. */
static unsigned
open_all(struct str header, const struct secrets *s, struct arena *a,
    struct str field[FIELDS])
{
	struct str value, got[FIELDS];
	unsigned n = 0;

	while (cookies_next(&header, cookie.name, &value)) {
		fuzz_check(
		    value.n == 0 || memchr(value.p, ';', value.n) == NULL);
		if (cookie_open(&cookie, s, value, a, got) != ERR_OK)
			continue;
		memcpy(field, got, sizeof(got));
		n++;
	}
	return n;
}

static void
check_ours(struct str text, const struct secrets *s, struct arena *a)
{
	const struct str made[FIELDS] = { str_head(text, 100), { NULL, 0 },
		str_head(str_tail(text, text.n / 2), 100) };
	struct str field[FIELDS], header, ours;
	struct buf b;
	size_t i;

	fuzz_check(cookie_seal(&cookie, s, made, a, &header) == ERR_OK);
	ours = str_cut(&header, ';');
	buf_open(&b, a);
	buf_str(&b, str_head(text, text.n / 2));
	buf_char(&b, ';');
	buf_str(&b, ours);
	buf_char(&b, ';');
	buf_str(&b, str_tail(text, text.n / 2));
	fuzz_check(open_all(buf_close(&b, a), s, a, field) == 1);
	for (i = 0; i < FIELDS; i++)
		fuzz_check(str_eq(field[i], made[i]) &&
		    str_is_null(field[i]) == str_is_null(made[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char block[1 << 20];
	const struct secrets s = { .can_seal = true, .key = { 7 } };
	struct str text = str_from((const char *)data, size);
	struct str field[FIELDS];
	struct arena a;

	if (size > 65536)
		return 0;
	arena_init(&a, block, sizeof(block));
	fuzz_check(open_all(text, &s, &a, field) == 0);
	arena_reset(&a);
	check_ours(text, &s, &a);
	return 0;
}
