/* SPDX-License-Identifier: ISC */
/*
 * words.c - the table of all texts of the pages.
 *
 * The texts of a word lie one after the other, in the order of enum language,
 * and the table has the place of the first. A table of pointers would need an
 * entry for the dynamic linker for each text, which takes more space than most
 * of the texts.
 */
#include "page/words.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(LANGUAGES == 2, "a language is a column of the table");

#define WORDS_SPACE(name, en, de)   \
	char name##_EN[sizeof(en)]; \
	char name##_DE[sizeof(de)];
#define WORDS_TEXT(name, en, de) en, de,
#define WORDS_PLACE(name, en, de) \
	[name] = offsetof(struct words_texts, name##_EN),

struct words_texts {
	WORDS_LIST(WORDS_SPACE)
};

static const struct words_texts texts = { WORDS_LIST(WORDS_TEXT) };
static const uint16_t places[WORDS] = { WORDS_LIST(WORDS_PLACE) };

_Static_assert(sizeof(texts) <= UINT16_MAX, "a place has 16 bits");

const char *
words_text(enum word word, enum language language)
{
	const char *text = (const char *)&texts + places[word];
	unsigned i;

	for (i = 0; i < (unsigned)language; i++)
		text += strlen(text) + 1;
	return text;
}
