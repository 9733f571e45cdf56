/* SPDX-License-Identifier: ISC */
/*
 * test_str.c - slices. Every input ends at a page that may not be read.
 */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct str null = { NULL, 0 };

START_TEST(null_is_absent_and_empty_is_present)
{
	ck_assert(str_is_null(str_of(NULL)));
	ck_assert(str_is_null(null));
	ck_assert(!str_is_null(str_of("")));
	ck_assert_uint_eq(str_of(NULL).n, 0);
	ck_assert_uint_eq(str_of("abc").n, 3);
	ck_assert_uint_eq(str_from("abc", 2).n, 2);
}
END_TEST

static const struct compare_case {
	const char *name;
	struct str a, b;
	bool eq, ieq;
} compare_cases[] = {
	{ "the same text is equal", STR("abc"), STR("abc"), true, true },
	{ "only the case-sensitive comparison sees case", STR("aBc"),
	    STR("AbC"), false, true },
	{ "a longer text differs", STR("abc"), STR("abcd"), false, false },
	{ "a shorter text differs", STR("abc"), STR("ab"), false, false },
	{ "the last byte counts", STR("abc"), STR("abd"), false, false },
	{ "a NUL is a byte like others", STR("a\0b"), STR("a\0c"), false,
	    false },
	{ "@ does not equal a letter", STR("@"), STR("`"), false, false },
	{ "[ does not equal a letter", STR("["), STR("{"), false, false },
	{ "letters beyond ASCII have no case", STR("\xc3\x84"), STR("\xc3\xa4"),
	    false, false },
	{ "empty equals empty", STR(""), STR(""), true, true },
	{ "null equals empty in bytes", { NULL, 0 }, STR(""), true, true },
	{ "null differs from text", { NULL, 0 }, STR("a"), false, false },
};

START_TEST(compare)
{
	const struct compare_case *c = &compare_cases[_i];
	struct str a = str_is_null(c->a) ? null : unit_guard(0, c->a);
	struct str b = unit_guard(1, c->b);

	unit_check(c->name, str_eq(a, b) == c->eq);
	unit_check(c->name, str_eq(b, a) == c->eq);
	unit_check(c->name, str_ieq(a, b) == c->ieq);
	unit_check(c->name, str_ieq(b, a) == c->ieq);
}
END_TEST

START_TEST(compare_with_c_strings)
{
	struct str s = unit_guard(0, str_of("Bearer x"));

	ck_assert(str_is(s, "Bearer x"));
	ck_assert(!str_is(s, "bearer x"));
	ck_assert(str_iis(s, "bEARER X"));
	ck_assert(!str_iis(s, "bearer"));
}
END_TEST

static const struct {
	const char *name;
	struct str s, part;
	bool contains;
} part_cases[] = {
	{ "a part at the start", STR("abc"), STR("AB"), true },
	{ "a part in the middle", STR("aBcd"), STR("bC"), true },
	{ "a part at the end", STR("abc"), STR("C"), true },
	{ "the whole", STR("abc"), STR("ABC"), true },
	{ "the second of two starts", STR("aab"), STR("ab"), true },
	{ "a longer text", STR("ab"), STR("abc"), false },
	{ "other letters", STR("abc"), STR("ac"), false },
	{ "the empty text", STR("abc"), STR(""), true },
	{ "nothing in null", { NULL, 0 }, STR("a"), false },
	{ "other case outside of ASCII", STR("\xc3\x84"), STR("\xc3\xa4"),
	    false },
};

START_TEST(finds_a_part)
{
	struct str s = str_is_null(part_cases[_i].s)
	    ? null
	    : unit_guard(0, part_cases[_i].s);

	unit_check(part_cases[_i].name,
	    str_icontains(s, unit_guard(1, part_cases[_i].part)) ==
		part_cases[_i].contains);
}
END_TEST

static const struct affix_case {
	const char *name;
	struct str s;
	const char *affix;
	bool starts, ends;
} affix_cases[] = {
	{ "a text begins and ends with itself", STR("abc"), "abc", true, true },
	{ "every text begins and ends with the empty text", STR("abc"), "",
	    true, true },
	{ "the empty text begins and ends with itself", STR(""), "", true,
	    true },
	{ "null begins and ends with the empty text", { NULL, 0 }, "", true,
	    true },
	{ "null begins and ends with no other text", { NULL, 0 }, "a", false,
	    false },
	{ "a prefix need not be a suffix", STR("abc"), "ab", true, false },
	{ "a suffix need not be a prefix", STR("abc"), "bc", false, true },
	{ "a longer text is neither", STR("abc"), "abcd", false, false },
	{ "case counts", STR("abc"), "A", false, false },
};

START_TEST(affixes)
{
	const struct affix_case *c = &affix_cases[_i];
	struct str s = str_is_null(c->s) ? null : unit_guard(0, c->s);

	unit_check(c->name, str_starts(s, c->affix) == c->starts);
	unit_check(c->name, str_ends(s, c->affix) == c->ends);
}
END_TEST

static const struct split_case {
	const char *name;
	struct str s;
	size_t n;
	const char *head, *tail;
} split_cases[] = {
	{ "in the middle", STR("abc"), 1, "a", "bc" },
	{ "before the first", STR("abc"), 0, "", "abc" },
	{ "after the last", STR("abc"), 3, "abc", "" },
	{ "past the end", STR("abc"), 4, "abc", "" },
	{ "far past the end", STR("abc"), SIZE_MAX, "abc", "" },
	{ "nothing", STR(""), 1, "", "" },
	{ "null stays null", { NULL, 0 }, 1, NULL, NULL },
};

START_TEST(split)
{
	const struct split_case *c = &split_cases[_i];
	struct str s = str_is_null(c->s) ? null : unit_guard(0, c->s);

	unit_same(c->name, str_head(s, c->n), str_of(c->head));
	unit_same(c->name, str_tail(s, c->n), str_of(c->tail));
}
END_TEST

static const struct trim_case {
	const char *name;
	struct str s;
	const char *want;
} trim_cases[] = {
	{ "takes blanks and tabs off both ends", STR(" \t a b\t "), "a b" },
	{ "leaves a text without blanks", STR("ab"), "ab" },
	{ "leaves line ends", STR("\na\r"), "\na\r" },
	{ "trims a text of blanks to nothing", STR(" \t "), "" },
	{ "leaves an empty text alone", STR(""), "" },
	{ "leaves null", { NULL, 0 }, NULL },
};

START_TEST(trim)
{
	const struct trim_case *c = &trim_cases[_i];
	struct str s = str_is_null(c->s) ? null : unit_guard(0, c->s);

	unit_same(c->name, str_trim(s), str_of(c->want));
}
END_TEST

static const struct cut_case {
	const char *name;
	struct str s;
	const char *parts[4]; /* ends with NULL */
} cut_cases[] = {
	{ "cuts at every comma", STR("a,bc,d"), { "a", "bc", "d" } },
	{ "takes all without a comma", STR("abc"), { "abc" } },
	{ "finds nothing before a comma", STR(",a"), { "", "a" } },
	{ "finds nothing after a comma", STR("a,"), { "a", "" } },
	{ "finds nothing on both sides", STR(","), { "", "" } },
	{ "finds one empty part in an empty text", STR(""), { "" } },
	{ "finds no part in null", { NULL, 0 }, { NULL } },
};

START_TEST(cut)
{
	const struct cut_case *c = &cut_cases[_i];
	struct str s = str_is_null(c->s) ? null : unit_guard(0, c->s);
	size_t n = 0;

	while (!str_is_null(s)) {
		struct str part = str_cut(&s, ',');

		unit_check(c->name, n < 3);
		unit_same(c->name, part, str_of(c->parts[n++]));
	}
	unit_check(c->name, c->parts[n] == NULL);
}
END_TEST

static const struct number_case {
	const char *name;
	struct str s;
	bool ok;
	uint64_t want;
} number_cases[] = {
	{ "reads zero", STR("0"), true, 0 },
	{ "reads leading zeros", STR("007"), true, 7 },
	{ "reads the largest", STR("18446744073709551615"), true,
	    18446744073709551615ULL },
	{ "refuses one more", STR("18446744073709551616"), false, 0 },
	{ "refuses ten times the largest", STR("184467440737095516150"), false,
	    0 },
	{ "refuses nothing", STR(""), false, 0 },
	{ "refuses null", { NULL, 0 }, false, 0 },
	{ "refuses a plus", STR("+1"), false, 0 },
	{ "refuses a minus", STR("-1"), false, 0 },
	{ "refuses a blank before", STR(" 1"), false, 0 },
	{ "refuses a blank after", STR("1 "), false, 0 },
	{ "refuses the character before 0", STR("1/"), false, 0 },
	{ "refuses the character after 9", STR("1:"), false, 0 },
	{ "refuses bytes beyond ASCII", STR("\xb1"), false, 0 },
};

START_TEST(number)
{
	const struct number_case *c = &number_cases[_i];
	struct str s = str_is_null(c->s) ? null : unit_guard(0, c->s);
	uint64_t u = 0;

	unit_check(c->name, str_u64(s, &u) == c->ok);
	unit_check(c->name, u == c->want);
}
END_TEST

START_TEST(hex)
{
	static const uint8_t bytes[] = { 0x00, 0x9a, 0xf0, 0xff };
	uint8_t back[4];
	char text[8];

	str_hex(bytes, 4, text);
	ck_assert_mem_eq(text, "009af0ff", 8);
	str_hex_upper(bytes, 4, text);
	ck_assert_mem_eq(text, "009AF0FF", 8);
	ck_assert(str_unhex(unit_guard(0, str_from(text, 8)), back, 4));
	ck_assert_mem_eq(back, bytes, 4);
}
END_TEST

static const struct unhex_case {
	const char *name;
	struct str s;
	bool ok;
} unhex_cases[] = {
	{ "takes both cases", STR("aBcD"), true },
	{ "refuses one digit less", STR("abc"), false },
	{ "refuses one digit more", STR("abcde"), false },
	{ "refuses nothing", STR(""), false },
	{ "refuses g", STR("abcg"), false },
	{ "refuses the character before 0", STR("abc/"), false },
	{ "refuses the character after 9", STR("abc:"), false },
	{ "refuses the character before A", STR("abc@"), false },
	{ "refuses the character before a", STR("abc`"), false },
	{ "refuses a blank", STR(" abc"), false },
	{ "refuses bytes beyond ASCII", STR("abc\xe1"), false },
};

START_TEST(unhex)
{
	const struct unhex_case *c = &unhex_cases[_i];
	uint8_t bytes[2];

	unit_check(c->name, str_unhex(unit_guard(0, c->s), bytes, 2) == c->ok);
}
END_TEST

/* The test vectors of RFC 4648, section 10, and the digits in which the two
 * alphabets differ. */
static const struct base64_case {
	const char *name;
	struct str bytes;
	const char *text, *url;
} base64_cases[] = {
	{ "no byte", STR(""), "", "" },
	{ "one byte", STR("f"), "Zg==", "Zg" },
	{ "two bytes", STR("fo"), "Zm8=", "Zm8" },
	{ "three bytes", STR("foo"), "Zm9v", "Zm9v" },
	{ "four bytes", STR("foob"), "Zm9vYg==", "Zm9vYg" },
	{ "five bytes", STR("fooba"), "Zm9vYmE=", "Zm9vYmE" },
	{ "six bytes", STR("foobar"), "Zm9vYmFy", "Zm9vYmFy" },
	{ "the last two digits", STR("\xfb\xef\xff"), "++//", "--__" },
	{ "zeros", STR("\0\0\0\0"), "AAAAAA==", "AAAAAA" },
};

START_TEST(base64)
{
	const struct base64_case *c = &base64_cases[_i];
	struct str in = unit_guard(0, c->bytes);
	uint8_t back[16];
	char text[16];
	size_t n;

	n = str_base64((const uint8_t *)in.p, in.n, text);
	unit_same(c->name, str_from(text, n), str_of(c->text));
	unit_check(c->name, n == STR_BASE64_SIZE(in.n));
	unit_check(
	    c->name, str_unbase64(unit_guard(1, str_of(c->text)), back, &n));
	unit_same(c->name, str_from((char *)back, n), c->bytes);
	n = str_base64url((const uint8_t *)in.p, in.n, text);
	unit_same(c->name, str_from(text, n), str_of(c->url));
	unit_check(
	    c->name, str_unbase64url(unit_guard(1, str_of(c->url)), back, &n));
	unit_same(c->name, str_from((char *)back, n), c->bytes);
}
END_TEST

static const struct unbase64_case {
	const char *name;
	struct str text;
	bool ok, url_ok;
} unbase64_cases[] = {
	{ "one digit", STR("Z"), false, false },
	{ "one digit and padding", STR("Z==="), false, false },
	{ "no padding", STR("Zg"), false, true },
	{ "padding", STR("Zg=="), true, false },
	{ "half the padding", STR("Zg="), false, false },
	{ "too much padding", STR("Zm8=="), false, false },
	{ "nothing but padding", STR("===="), false, false },
	{ "padding in the middle", STR("Zg==Zg=="), false, false },
	{ "stray bits after one byte", STR("Zh=="), false, false },
	{ "stray bits after one byte, no padding", STR("Zh"), false, false },
	{ "stray bits after two bytes", STR("Zm9="), false, false },
	{ "stray bits after two bytes, no padding", STR("Zm9"), false, false },
	{ "digits of the standard alphabet only", STR("+/+/"), true, false },
	{ "digits of the URL alphabet only", STR("-_-_"), false, true },
	{ "a line end", STR("Zm9v\n"), false, false },
	{ "a line end for a digit", STR("Zm9\n"), false, false },
	{ "a NUL for a digit", STR("Zm9\0"), false, false },
	{ "bytes beyond ASCII", STR("Zm9\xf6"), false, false },
};

START_TEST(unbase64)
{
	const struct unbase64_case *c = &unbase64_cases[_i];
	struct str s = unit_guard(0, c->text);
	uint8_t *out = malloc(s.n / 4 * 3 + 3);
	size_t n;

	unit_check(c->name, str_unbase64(s, out, &n) == c->ok);
	unit_check(c->name, str_unbase64url(s, out, &n) == c->url_ok);
	free(out);
}
END_TEST

static const struct percent_case {
	const char *name;
	struct str s;
	bool plus, ok;
	struct str want;
} percent_cases[] = {
	{ "leaves plain text", STR("abc"), false, true, STR("abc") },
	{ "leaves an empty text alone", STR(""), false, true, STR("") },
	{ "decodes both cases", STR("%2f%2F"), false, true, STR("//") },
	{ "decodes a byte beyond ASCII", STR("%ff"), false, true, STR("\xff") },
	{ "decodes only once", STR("%2525"), false, true, STR("%25") },
	{ "leaves a plus", STR("a+b"), false, true, STR("a+b") },
	{ "decodes a plus as a blank", STR("a+b"), true, true, STR("a b") },
	{ "decodes an escaped plus as a plus", STR("a%2Bb"), true, true,
	    STR("a+b") },
	{ "refuses an escape without digits", STR("a%"), false, false,
	    STR("") },
	{ "refuses an escape with one digit", STR("a%4"), false, false,
	    STR("") },
	{ "refuses a letter that is not a digit", STR("%4g"), false, false,
	    STR("") },
	{ "refuses a NUL", STR("a%00"), false, false, STR("") },
};

START_TEST(percent)
{
	const struct percent_case *c = &percent_cases[_i];
	struct str got = str_of("");
	char *out = malloc(c->s.n + 1);

	unit_check(c->name,
	    str_unpercent(unit_guard(0, c->s), c->plus, out, &got) == c->ok);
	unit_same(c->name, got, c->want);
	free(out);
}
END_TEST

static const struct utf8_case {
	const char *name;
	struct str s;
	size_t step; /* length of the first character, in bytes */
} utf8_cases[] = {
	{ "nothing", STR(""), 0 },
	{ "NUL", STR("\0"), 1 },
	{ "the last of one byte", STR("\x7f"), 1 },
	{ "the first of two bytes", STR("\xc2\x80"), 2 },
	{ "the last of two bytes", STR("\xdf\xbf"), 2 },
	{ "the first of three bytes", STR("\xe0\xa0\x80"), 3 },
	{ "the last before the surrogates", STR("\xed\x9f\xbf"), 3 },
	{ "the first after the surrogates", STR("\xee\x80\x80"), 3 },
	{ "the last of three bytes", STR("\xef\xbf\xbf"), 3 },
	{ "the first of four bytes", STR("\xf0\x90\x80\x80"), 4 },
	{ "one of the third plane", STR("\xf1\x80\x80\x80"), 4 },
	{ "the last of four bytes", STR("\xf4\x8f\xbf\xbf"), 4 },
	{ "a continuation alone", STR("\x80"), 0 },
	{ "the last continuation alone", STR("\xbf"), 0 },
	{ "an overlong NUL", STR("\xc0\x80"), 0 },
	{ "an overlong slash", STR("\xc1\xaf"), 0 },
	{ "overlong in three bytes", STR("\xe0\x9f\xbf"), 0 },
	{ "overlong in four bytes", STR("\xf0\x8f\xbf\xbf"), 0 },
	{ "the first surrogate", STR("\xed\xa0\x80"), 0 },
	{ "the last surrogate", STR("\xed\xbf\xbf"), 0 },
	{ "the first beyond Unicode", STR("\xf4\x90\x80\x80"), 0 },
	{ "a lead far beyond Unicode", STR("\xf5\x80\x80\x80"), 0 },
	{ "a lead of five bytes", STR("\xf8\x88\x80\x80\x80"), 0 },
	{ "a byte that never occurs", STR("\xff"), 0 },
	{ "two bytes cut", STR("\xc3"), 0 },
	{ "three bytes cut after one", STR("\xe2"), 0 },
	{ "three bytes cut after two", STR("\xe2\x82"), 0 },
	{ "four bytes cut after three", STR("\xf0\x9f\x98"), 0 },
	{ "a letter for the second byte", STR("\xc3x"), 0 },
	{ "a letter for the third byte", STR("\xe2\x82x"), 0 },
	{ "a letter for the fourth byte", STR("\xf0\x9f\x98x"), 0 },
	{ "a lead for the second byte", STR("\xc3\xc3"), 0 },
};

START_TEST(utf8)
{
	const struct utf8_case *c = &utf8_cases[_i];
	struct str s = unit_guard(0, c->s);

	unit_check(c->name, str_utf8_step(s) == c->step);
	unit_check(c->name, str_utf8_valid(s) == (c->step == s.n));
}
END_TEST

START_TEST(utf8_counts_and_cuts_between_characters)
{
	struct str s = unit_guard(0,
	    str_of("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98"
		   "\x80z"));

	ck_assert(str_utf8_valid(s));
	ck_assert_uint_eq(str_utf8_count(s), 5);
	ck_assert_uint_eq(str_utf8_count(str_of("")), 0);
	unit_same("none", str_utf8_head(s, 0), str_of(""));
	unit_same("two", str_utf8_head(s, 2), str_of("a\xc3\xa9"));
	unit_same(
	    "three", str_utf8_head(s, 3), str_of("a\xc3\xa9\xe2\x82\xac"));
	unit_same("all", str_utf8_head(s, 5), s);
	unit_same("more", str_utf8_head(s, 6), s);
}
END_TEST

#define GUID "6bcc9004-9004-6bcc-0490-cc6b0490cc6b"

static const struct guid_case {
	const char *name;
	struct str s;
	bool ok;
} guid_cases[] = {
	{ "takes lower case", STR(GUID), true },
	{ "takes upper case", STR("6BCC9004-9004-6BCC-0490-CC6B0490CC6B"),
	    true },
	{ "refuses nothing", STR(""), false },
	{ "refuses braces", STR("{" GUID "}"), false },
	{ "refuses one digit less", STR("6bcc9004-9004-6bcc-0490-cc6b0490cc6"),
	    false },
	{ "refuses one digit more",
	    STR("6bcc9004-9004-6bcc-0490-cc6b0490cc6b0"), false },
	{ "refuses no dashes", STR("6bcc900490046bcc0490cc6b0490cc6b"), false },
	{ "refuses a digit for a dash",
	    STR("6bcc900409004-6bcc-0490-cc6b0490cc6b"), false },
	{ "refuses a dash for a digit",
	    STR("6bcc9004-9004-6bcc-0490-cc6b0490cc-b"), false },
	{ "refuses a letter after f",
	    STR("6bcc9004-9004-6bcc-0490-cc6b0490cc6g"), false },
};

START_TEST(guid)
{
	const struct guid_case *c = &guid_cases[_i];
	char text[STR_GUID_LEN];
	struct guid g;

	unit_check(c->name, str_guid(unit_guard(0, c->s), &g) == c->ok);
	if (!c->ok)
		return;
	str_guid_text(&g, text);
	unit_same(c->name, str_from(text, sizeof(text)), str_of(GUID));
}
END_TEST

START_TEST(random_bytes_become_a_guid_of_version_4)
{
	struct guid g;
	char text[STR_GUID_LEN];

	memset(&g, 0xff, sizeof(g));
	str_guid_v4(&g);
	str_guid_text(&g, text);
	unit_same("ones", str_from(text, sizeof(text)),
	    str_of("ffffffff-ffff-4fff-bfff-ffffffffffff"));
	memset(&g, 0, sizeof(g));
	str_guid_v4(&g);
	str_guid_text(&g, text);
	unit_same("zeros", str_from(text, sizeof(text)),
	    str_of("00000000-0000-4000-8000-000000000000"));
}
END_TEST

static const struct {
	const char *name;
	struct str text;
	const char *want; /* NULL if the text is refused */
} plain_cases[] = {
	{ "leaves a plain text", STR("a b\n"), "a b\n" },
	{ "leaves an empty text", STR(""), "" },
	{ "drops a mark of UTF-8",
	    STR("\xef\xbb\xbf"
		"a"),
	    "a" },
	{ "drops one mark", STR("\xef\xbb\xbf\xef\xbb\xbf"), "\xef\xbb\xbf" },
	{ "leaves half a mark", STR("\xef\xbb"), "\xef\xbb" },
	{ "leaves half a mark of UTF-16", STR("\xff"), "\xff" },
	{ "reads little UTF-16",
	    STR("\xff\xfe"
		"a\0\n\0"),
	    "a\n" },
	{ "reads big UTF-16", STR("\xfe\xff\0a\0\n"), "a\n" },
	{ "reads characters of two bytes", STR("\xff\xfe\xfc\0"), "\xc3\xbc" },
	{ "reads characters of three bytes", STR("\xfe\xff\x20\xac"),
	    "\xe2\x82\xac" },
	{ "reads pairs", STR("\xff\xfe\x3d\xd8\x00\xde"), "\xf0\x9f\x98\x80" },
	{ "reads no character", STR("\xff\xfe"), "" },
	{ "refuses half a character",
	    STR("\xff\xfe"
		"a"),
	    NULL },
	{ "refuses half a pair", STR("\xff\xfe\x3d\xd8"), NULL },
	{ "refuses a pair of one half", STR("\xff\xfe\x3d\xd8\x3d\xd8"), NULL },
	{ "refuses a second half", STR("\xfe\xff\xde\x00"), NULL },
};

START_TEST(plain)
{
	char out[STR_PLAIN_SIZE(64)];
	struct str text = unit_guard(0, plain_cases[_i].text), got;
	bool good = str_plain(text, out, &got);

	unit_check(
	    plain_cases[_i].name, good == (plain_cases[_i].want != NULL));
	if (good)
		unit_same(
		    plain_cases[_i].name, got, str_of(plain_cases[_i].want));
}
END_TEST

static const struct {
	const char *name, *text, *want;
} line_cases[] = {
	{ "takes all of a text without an end", "a b", "a b" },
	{ "takes the first line", "a\nb\n", "a" },
	{ "takes it without CRLF", "a\r\nb", "a" },
	{ "takes it where CR ends lines", "a\rb", "a" },
	{ "drops blanks and tabs at the end", " a \t \r\n", " a" },
	{ "takes an empty line", "\na", "" },
	{ "takes a line of blanks as empty", " \t\n", "" },
};

START_TEST(line)
{
	unit_same(line_cases[_i].name,
	    str_line(unit_guard(0, str_of(line_cases[_i].text))),
	    str_of(line_cases[_i].want));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("str");
	TCase *tc = tcase_create("str");

	tcase_add_test(tc, null_is_absent_and_empty_is_present);
	tcase_add_loop_test(tc, compare, 0, COUNT(compare_cases));
	tcase_add_test(tc, compare_with_c_strings);
	tcase_add_loop_test(tc, finds_a_part, 0, COUNT(part_cases));
	tcase_add_loop_test(tc, affixes, 0, COUNT(affix_cases));
	tcase_add_loop_test(tc, split, 0, COUNT(split_cases));
	tcase_add_loop_test(tc, trim, 0, COUNT(trim_cases));
	tcase_add_loop_test(tc, cut, 0, COUNT(cut_cases));
	tcase_add_loop_test(tc, number, 0, COUNT(number_cases));
	tcase_add_test(tc, hex);
	tcase_add_loop_test(tc, unhex, 0, COUNT(unhex_cases));
	tcase_add_loop_test(tc, base64, 0, COUNT(base64_cases));
	tcase_add_loop_test(tc, unbase64, 0, COUNT(unbase64_cases));
	tcase_add_loop_test(tc, percent, 0, COUNT(percent_cases));
	tcase_add_loop_test(tc, utf8, 0, COUNT(utf8_cases));
	tcase_add_test(tc, utf8_counts_and_cuts_between_characters);
	tcase_add_loop_test(tc, guid, 0, COUNT(guid_cases));
	tcase_add_test(tc, random_bytes_become_a_guid_of_version_4);
	tcase_add_loop_test(tc, plain, 0, COUNT(plain_cases));
	tcase_add_loop_test(tc, line, 0, COUNT(line_cases));
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
