/* SPDX-License-Identifier: ISC */
/*
 * test_language.c - the language that is chosen for the value of
 * Accept-Language.
 */
#include "format/language.h"

#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *name;
	struct str accept;
	enum language want;
} cases[] = {
	{ "no header", { NULL, 0 }, LANGUAGE_EN },
	{ "an empty header", STR(""), LANGUAGE_EN },
	{ "the only language", STR("de"), LANGUAGE_DE },
	{ "capital letters", STR("DE-de"), LANGUAGE_DE },
	{ "a region", STR("de-AT"), LANGUAGE_DE },
	{ "a script and a region", STR("de-Latn-CH"), LANGUAGE_DE },
	{ "a variant", STR("de-CH-1996,en"), LANGUAGE_DE },
	{ "a longer tag is another language", STR("den,deu"), LANGUAGE_EN },
	{ "Firefox in German", STR("de,en-US;q=0.7,en;q=0.3"), LANGUAGE_DE },
	{ "Chromium in English", STR("en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7"),
	    LANGUAGE_EN },
	{ "the first of several with the same quality", STR("de,en"),
	    LANGUAGE_DE },
	{ "the other order", STR("en,de"), LANGUAGE_EN },
	{ "a higher quality later", STR("en;q=0.4,de;q=0.5"), LANGUAGE_DE },
	{ "three digits", STR("en;q=0.899,de;q=0.9"), LANGUAGE_DE },
	{ "1.000", STR("en;q=0.999,de;q=1.000"), LANGUAGE_DE },
	{ "a language that no page has", STR("fr"), LANGUAGE_EN },
	{ "a language that no page has first", STR("fr-CH,fr,de;q=0.1"),
	    LANGUAGE_DE },
	{ "blanks", STR(" fr , de ; q = 0.5 , en ; q=0.1 "), LANGUAGE_DE },
	{ "any language", STR("*"), LANGUAGE_EN },
	{ "any other language", STR("en;q=0.1,*"), LANGUAGE_DE },
	{ "a named language before any other", STR("*;q=0.5,de"), LANGUAGE_DE },
	{ "a named language counts for itself", STR("de;q=0.1,*;q=0.5"),
	    LANGUAGE_EN },
	{ "a language that is excluded", STR("de;q=0"), LANGUAGE_EN },
	{ "the other one is excluded", STR("en;q=0,*;q=0.1"), LANGUAGE_DE },
	{ "both are excluded", STR("en;q=0,de;q=0.000"), LANGUAGE_EN },
	{ "a region that is excluded", STR("de-CH;q=0,de;q=0.5,en;q=0.2"),
	    LANGUAGE_DE },
	{ "the first one is excluded later", STR("fr;q=0,en;q=0"),
	    LANGUAGE_EN },
	{ "empty parts", STR(",,de,,"), LANGUAGE_DE },
	{ "ignores a quality above 1", STR("de;q=1.1"), LANGUAGE_EN },
	{ "ignores a quality with four digits", STR("de;q=0.1234"),
	    LANGUAGE_EN },
	{ "ignores a quality that is no number", STR("de;q=high"),
	    LANGUAGE_EN },
	{ "ignores a negative quality", STR("de;q=-1"), LANGUAGE_EN },
	{ "ignores a quality without a value", STR("de;q="), LANGUAGE_EN },
	{ "ignores a quality without a sign", STR("de;q"), LANGUAGE_EN },
	{ "ignores another parameter", STR("de;x=1"), LANGUAGE_EN },
	{ "ignores a second parameter", STR("de;q=1;x=1"), LANGUAGE_EN },
	{ "bytes outside ASCII", STR("\xff\xfe,de;q=\xc3\xa4,\x80"),
	    LANGUAGE_EN },
};

START_TEST(picks)
{
	struct str accept = cases[_i].accept;

	if (!str_is_null(accept))
		accept = unit_guard(0, accept);
	unit_check(cases[_i].name, language_pick(accept) == cases[_i].want);
}
END_TEST

START_TEST(each_language_has_a_tag)
{
	ck_assert_str_eq(language_tag(LANGUAGE_EN), "en");
	ck_assert_str_eq(language_tag(LANGUAGE_DE), "de");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("language");
	TCase *t = tcase_create("language");

	tcase_add_loop_test(t, picks, 0, COUNT(cases));
	tcase_add_test(t, each_language_has_a_tag);
	suite_add_tcase(s, t);
	return unit_run(s);
}
