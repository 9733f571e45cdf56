/* SPDX-License-Identifier: ISC */
/*
 * test_words.c - each text of the pages is there in each language, with the
 * same places for values, and each reason that the API names has words.
 */
#include "page/renewal.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static unsigned
places(const char *text)
{
	unsigned n = 0;

	for (; (text = strstr(text, "{}")) != NULL; text += 2)
		n++;
	return n;
}

START_TEST(each_language_has_the_text)
{
	enum word word = (enum word)_i;
	const char *first = words_text(word, LANGUAGE_EN);
	unsigned i;

	for (i = 0; i < LANGUAGES; i++) {
		const char *text = words_text(word, (enum language)i);

		ck_assert_msg(text != NULL && text[0] != '\0', "%d", _i);
		ck_assert_msg(str_utf8_valid(str_of(text)), "%s", text);
		ck_assert_msg(places(text) == places(first), "%s", text);
		/* page_say fills in one value. */
		ck_assert_msg(places(text) <= 1, "%s", text);
		/* Texts are joined by blanks, so none has one at an end. */
		ck_assert_msg(text[0] != ' ' && text[strlen(text) - 1] != ' ' &&
			strstr(text, "  ") == NULL,
		    "'%s'", text);
	}
}
END_TEST

/* The reasons are those of err.h that are about a certificate. */
START_TEST(each_reason_has_a_title)
{
	const char *reason = err_info((enum err)_i)->reason;
	enum word title;

	if (reason == NULL)
		return;
	title = page_fault_title(str_of(reason));
	ck_assert_msg(title != WORDS, "%s", reason);
	ck_assert_msg(page_is_fault((enum err)_i), "%s", reason);
}
END_TEST

START_TEST(eleven_reasons_have_names)
{
	bool seen[WORDS] = { false };
	unsigned n = 0, i;

	for (i = 0; i < ERR_COUNT; i++) {
		const char *reason = err_info((enum err)i)->reason;
		enum word title;

		if (reason == NULL)
			continue;
		n++;
		title = page_fault_title(str_of(reason));
		ck_assert_msg(!seen[title], "%s has another's title", reason);
		seen[title] = true;
	}
	ck_assert_uint_eq(n, 11);
	ck_assert_int_eq(page_fault_title(str_of("Conflict")), WORDS);
	ck_assert_int_eq(page_fault_title(STR_EMPTY), WORDS);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("words");
	TCase *t = tcase_create("words");

	tcase_add_loop_test(t, each_language_has_the_text, 0, WORDS);
	tcase_add_loop_test(t, each_reason_has_a_title, 0, ERR_COUNT);
	tcase_add_test(t, eleven_reasons_have_names);
	suite_add_tcase(suite, t);
	return unit_run(suite);
}
