/* SPDX-License-Identifier: ISC */
/*
 * words.c - the table of all texts of the pages.
 */
#include "page/words.h"

_Static_assert(LANGUAGES == 2, "a language is a column of the table");

#define WORDS_ROW(name, en, de) \
	[name] = { [LANGUAGE_EN] = (en), [LANGUAGE_DE] = (de) },
static const char *const table[WORDS][LANGUAGES] = { WORDS_LIST(WORDS_ROW) };

const char *
words_text(enum word word, enum language language)
{
	return table[word][language];
}
