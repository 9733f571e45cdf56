/* SPDX-License-Identifier: ISC */
/*
 * fuzz_language.c - the input is the value of Accept-Language. The choice is
 * one of the languages, depends on no byte after the input, and a range of
 * quality 0 before it, or one of another language after it, changes nothing.
 */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "format/language.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_from((const char *)data, size);
	enum language language = language_pick(text);
	char room[4096];
	struct buf b;

	fuzz_check(language < LANGUAGES);
	fuzz_check(strlen(language_tag(language)) == 2);
	buf_init(&b, room, sizeof(room));
	buf_text(&b, "x-a;q=0, ");
	buf_str(&b, text);
	buf_text(&b, ",fr;q=1");
	fuzz_check(b.full || language_pick(buf_view(&b)) == language);
	return 0;
}
