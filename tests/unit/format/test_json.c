/* SPDX-License-Identifier: ISC */
/*
 * test_json.c - which texts are JSON with an object at the root, what they
 * mean, and why the others are refused. Every text ends at a page that must not
 * be read.
 */
#include "format/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The longest text that a test builds, in bytes. */
#define TEXT_MAX 80000

struct parsed {
	char *block;
	struct json doc;
	struct str what;
	enum err e;
};

static struct parsed
parse(struct str text)
{
	struct parsed p = { .block = malloc(JSON_ARENA_SIZE(text.n)) };
	struct arena a;

	arena_init(&a, p.block, JSON_ARENA_SIZE(text.n));
	p.e = json_parse(text, &a, &p.doc, &p.what);
	return p;
}

/* Writes a value as text: strings with their escapes resolved, other values
 * unchanged. */
static void
show(const struct json *doc, size_t value, struct buf *out)
{
	struct json_member m;
	const char *comma = "";
	size_t at = 0, item;

	switch (json_type(doc, value)) {
	case JSON_OBJECT:
		buf_char(out, '{');
		for (; json_next(doc, value, &at, &m); comma = ",") {
			buf_text(out, comma);
			buf_str(out, m.name);
			buf_char(out, '=');
			show(doc, m.value, out);
		}
		buf_char(out, '}');
		break;
	case JSON_ARRAY:
		buf_char(out, '[');
		for (; json_next_item(doc, value, &at, &item); comma = ",") {
			buf_text(out, comma);
			show(doc, item, out);
		}
		buf_char(out, ']');
		break;
	case JSON_STRING:
		buf_char(out, '\'');
		buf_str(out, json_text(doc, value));
		buf_char(out, '\'');
		break;
	case JSON_NUMBER:
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		buf_str(out, json_text(doc, value));
		break;
	}
}

static const struct taken_case {
	const char *name;
	struct str text;
	struct str shown;
} taken_cases[] = {
	{ "an empty object", STR("{}"), STR("{}") },
	{ "white space everywhere",
	    STR(" \t\r\n{ \t\r\n\"a\" \t\r\n: \t\r\n[ 1 , 2 ] , \"b\":{ } } \n"),
	    STR("{a=[1,2],b={}}") },
	{ "no white space", STR("{\"a\":[1,2],\"b\":{}}"),
	    STR("{a=[1,2],b={}}") },
	{ "literals", STR("{\"t\":true,\"f\":false,\"n\":null}"),
	    STR("{t=true,f=false,n=null}") },
	{ "literals in an array", STR("{\"a\":[true,false,null]}"),
	    STR("{a=[true,false,null]}") },
	{ "an empty string", STR("{\"a\":\"\"}"), STR("{a=''}") },
	{ "an empty name", STR("{\"\":0}"), STR("{=0}") },
	{ "an empty array", STR("{\"a\":[]}"), STR("{a=[]}") },
	{ "empty arrays in an array", STR("{\"a\":[[],[[]],[]]}"),
	    STR("{a=[[],[[]],[]]}") },
	{ "objects in an array", STR("{\"a\":[{},{\"b\":1},{}]}"),
	    STR("{a=[{},{b=1},{}]}") },
	{ "members after a nested object",
	    STR("{\"a\":{\"b\":{\"c\":1},\"d\":2},\"e\":3}"),
	    STR("{a={b={c=1},d=2},e=3}") },
	{ "a string that looks like a scope", STR("{\"a\":\"[{,:}]\"}"),
	    STR("{a='[{,:}]'}") },

	{ "zero", STR("{\"a\":0}"), STR("{a=0}") },
	{ "minus zero", STR("{\"a\":-0}"), STR("{a=-0}") },
	{ "a number of many digits",
	    STR("{\"a\":1234567890123456789012345678901234567890}"),
	    STR("{a=1234567890123456789012345678901234567890}") },
	{ "a fraction", STR("{\"a\":0.5}"), STR("{a=0.5}") },
	{ "a fraction of zeros", STR("{\"a\":-0.000}"), STR("{a=-0.000}") },
	{ "an exponent", STR("{\"a\":1e5}"), STR("{a=1e5}") },
	{ "an upper-case exponent", STR("{\"a\":1E5}"), STR("{a=1E5}") },
	{ "an exponent with a plus", STR("{\"a\":1e+5}"), STR("{a=1e+5}") },
	{ "an exponent with a minus", STR("{\"a\":1e-5}"), STR("{a=1e-5}") },
	{ "an exponent of zeros", STR("{\"a\":0e00}"), STR("{a=0e00}") },
	{ "a fraction and an exponent", STR("{\"a\":-12.50e+07}"),
	    STR("{a=-12.50e+07}") },
	{ "an exponent too large for a double", STR("{\"a\":1e999999999}"),
	    STR("{a=1e999999999}") },

	{ "the short escapes", STR("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"),
	    STR("{a='\"\\/\b\f\n\r\t'}") },
	{ "an escaped letter", STR("{\"a\":\"\\u0041\"}"), STR("{a='A'}") },
	{ "hexadecimal digits of both cases", STR("{\"a\":\"\\u00e9\\u00E9\"}"),
	    STR("{a='\xc3\xa9\xc3\xa9'}") },
	{ "an escaped NUL", STR("{\"a\":\"x\\u0000y\"}"), STR("{a='x\0y'}") },
	{ "an escaped NUL in a name", STR("{\"a\\u0000b\":0}"),
	    STR("{a\0b=0}") },
	{ "the edges of one byte", STR("{\"a\":\"\\u0001\\u007f\"}"),
	    STR("{a='\x01\x7f'}") },
	{ "the edges of two bytes", STR("{\"a\":\"\\u0080\\u07ff\"}"),
	    STR("{a='\xc2\x80\xdf\xbf'}") },
	{ "the edges of three bytes", STR("{\"a\":\"\\u0800\\uffff\"}"),
	    STR("{a='\xe0\xa0\x80\xef\xbf\xbf'}") },
	{ "the neighbours of the surrogates", STR("{\"a\":\"\\ud7ff\\ue000\"}"),
	    STR("{a='\xed\x9f\xbf\xee\x80\x80'}") },
	{ "the first pair", STR("{\"a\":\"\\ud800\\udc00\"}"),
	    STR("{a='\xf0\x90\x80\x80'}") },
	{ "the last pair", STR("{\"a\":\"\\udbff\\udfff\"}"),
	    STR("{a='\xf4\x8f\xbf\xbf'}") },
	{ "pairs in upper case, one after the other",
	    STR("{\"a\":\"\\uD83D\\uDE00\\uD83D\\uDE00\"}"),
	    STR("{a='\xf0\x9f\x98\x80\xf0\x9f\x98\x80'}") },
	{ "an escaped name", STR("{\"\\u0061\\n\":0}"), STR("{a\n=0}") },
	{ "an escape at both ends", STR("{\"a\":\"\\tx\\t\"}"),
	    STR("{a='\tx\t'}") },
	{ "a backslash before the quote", STR("{\"a\":\"\\\\\"}"),
	    STR("{a='\\'}") },
	{ "an escaped backslash before a u", STR("{\"a\":\"\\\\u0041\"}"),
	    STR("{a='\\u0041'}") },
	{ "a fifth digit is text", STR("{\"a\":\"\\u00411\"}"),
	    STR("{a='A1'}") },

	{ "DEL", STR("{\"a\":\"\x7f\"}"), STR("{a='\x7f'}") },
	{ "two, three and four bytes",
	    STR("{\"\xc3\xa9\":\"\xe2\x82\xac\xf0\x9f\x98\x80\"}"),
	    STR("{\xc3\xa9='\xe2\x82\xac\xf0\x9f\x98\x80'}") },
	{ "the line separators of JavaScript",
	    STR("{\"a\":\"\xe2\x80\xa8\xe2\x80\xa9\"}"),
	    STR("{a='\xe2\x80\xa8\xe2\x80\xa9'}") },
	{ "code points that are not characters",
	    STR("{\"a\":\"\xef\xbf\xbf\xf4\x8f\xbf"
		"\xbf\"}"),
	    STR("{a='\xef\xbf\xbf\xf4\x8f\xbf\xbf'}") },
	{ "a byte order mark before the text", STR("\xef\xbb\xbf{\"a\":\"x\"}"),
	    STR("{a='x'}") },
	{ "a byte order mark before white space", STR("\xef\xbb\xbf\r\n{}"),
	    STR("{}") },
	{ "a byte order mark in a string", STR("{\"a\":\"\xef\xbb\xbf\"}"),
	    STR("{a='\xef\xbb\xbf'}") },

	{ "the same name in another object",
	    STR("{\"a\":{\"a\":1},\"b\":[{\"a\":2},{\"a\":3}]}"),
	    STR("{a={a=1},b=[{a=2},{a=3}]}") },
	{ "a name and an equal value", STR("{\"a\":\"b\",\"b\":\"a\"}"),
	    STR("{a='b',b='a'}") },
	{ "names that differ in case", STR("{\"a\":1,\"A\":2}"),
	    STR("{a=1,A=2}") },
	{ "names that begin alike", STR("{\"a\":1,\"ab\":2,\"\":3}"),
	    STR("{a=1,ab=2,=3}") },
	{ "names that differ after a NUL",
	    STR("{\"a\\u0000b\":1,\"a\\u0000c\":2,\"a\":3}"),
	    STR("{a\0b=1,a\0c=2,a=3}") },
	{ "one letter composed in two ways",
	    STR("{\"\xc3\xa9\":1,\"e\xcc\x81\":2}"),
	    STR("{\xc3\xa9=1,e\xcc\x81=2}") },
	{ "members of OData",
	    STR("{\"@odata.type\":\"#t\",\"a@odata.type\":\"#s\",\"a\":1}"),
	    STR("{@odata.type='#t',a@odata.type='#s',a=1}") },
};

START_TEST(taken)
{
	const struct taken_case *c = &taken_cases[_i];
	struct parsed p = parse(unit_guard(0, c->text));
	char room[256];
	struct buf out;

	ck_assert_msg(p.e == ERR_OK, "%s: outcome %d at '%.*s'", c->name, p.e,
	    STR_ARG(p.what));
	buf_init(&out, room, sizeof(room));
	show(&p.doc, 0, &out);
	unit_same(c->name, buf_view(&out), c->shown);
	free(p.block);
}
END_TEST

/* A text that is cut anywhere is reported as incomplete, or as invalid UTF-8 if
 * the cut is within a character. */
START_TEST(cut_anywhere)
{
	const struct taken_case *c = &taken_cases[_i];
	struct str text = c->text;
	size_t n, open;

	for (open = text.n; text.p[open - 1] != '}'; open--)
		continue;
	for (n = 0; n < open; n++) {
		struct str part = str_head(text, n);
		struct parsed p = parse(unit_guard(0, part));
		enum err want = ERR_JSON_CUT;

		if (memchr(part.p, '{', n) == NULL)
			want = ERR_JSON_EMPTY;
		if (!str_utf8_valid(part))
			want = ERR_JSON_UTF8;
		ck_assert_msg(p.e == want, "%s: outcome %d of '%.*s'", c->name,
		    p.e, STR_ARG(part));
		unit_check(c->name,
		    p.e == ERR_JSON_UTF8 ? p.what.n == 1 : p.what.n == 0);
		free(p.block);
	}
}
END_TEST

static const struct {
	const char *name;
	struct str text;
	enum json_type type;
} typed_cases[] = {
	{ "an object", STR("{\"a\":{}}"), JSON_OBJECT },
	{ "an array", STR("{\"a\":[]}"), JSON_ARRAY },
	{ "a string", STR("{\"a\":\"null\"}"), JSON_STRING },
	{ "an empty string", STR("{\"a\":\"\"}"), JSON_STRING },
	{ "a string like an object", STR("{\"a\":\"{}\"}"), JSON_STRING },
	{ "true", STR("{\"a\":true}"), JSON_TRUE },
	{ "false", STR("{\"a\":false}"), JSON_FALSE },
	{ "null", STR("{\"a\":null}"), JSON_NULL },
	{ "a number", STR("{\"a\":1}"), JSON_NUMBER },
	{ "a number below zero", STR("{\"a\":-1}"), JSON_NUMBER },
};

START_TEST(typed)
{
	struct parsed p = parse(unit_guard(0, typed_cases[_i].text));
	size_t value;

	unit_check(typed_cases[_i].name,
	    p.e == ERR_OK && json_find(&p.doc, 0, str_of("a"), &value) &&
		json_type(&p.doc, value) == typed_cases[_i].type);
	free(p.block);
}
END_TEST

/* jsmn counts bytes in an int. A longer text is refused before any byte of it
 * is read. */
START_TEST(longer_than_jsmn_counts)
{
	struct str what;
	struct json doc;
	struct arena a;
	char block[64];

	arena_init(&a, block, sizeof(block));
	ck_assert(json_parse(str_from("{}", (size_t)INT_MAX + 1), &a, &doc,
		      &what) == ERR_MEMORY);
	ck_assert_uint_eq(what.n, 0);
}
END_TEST

static const struct refused_case {
	const char *name;
	struct str text;
	enum err e;
	struct str what;
} refused_cases[] = {
	{ "nothing", STR(""), ERR_JSON_EMPTY, STR("") },
	{ "white space alone", STR(" \t\r\n"), ERR_JSON_EMPTY, STR("") },
	{ "a form feed is not white space", STR("\f{}"), ERR_JSON_SYNTAX,
	    STR("\f") },
	{ "a vertical tab is not white space", STR("{\v}"), ERR_JSON_SYNTAX,
	    STR("\v") },
	{ "a no-break space is not white space", STR("{\xc2\xa0}"),
	    ERR_JSON_SYNTAX, STR("\xc2\xa0") },
	{ "a line separator is not white space", STR("{}\xe2\x80\xa8"),
	    ERR_JSON_TRAILING, STR("\xe2\x80\xa8") },
	{ "two byte order marks", STR("\xef\xbb\xbf\xef\xbb\xbf{}"),
	    ERR_JSON_SYNTAX, STR("\xef\xbb\xbf") },
	{ "a byte order mark after white space", STR(" \xef\xbb\xbf{}"),
	    ERR_JSON_SYNTAX, STR("\xef\xbb\xbf") },
	{ "a byte order mark at the end", STR("{}\xef\xbb\xbf"),
	    ERR_JSON_TRAILING, STR("\xef\xbb\xbf") },
	{ "nothing but a byte order mark", STR("\xef\xbb\xbf"), ERR_JSON_EMPTY,
	    STR("") },
	{ "half a byte order mark", STR("\xef\xbb{}"), ERR_JSON_UTF8,
	    STR("\xef") },
	{ "UTF-16 with its mark", STR("\xff\xfe{\0}\0"), ERR_JSON_UTF16,
	    STR("") },
	{ "UTF-16 of the other order", STR("\xfe\xff\0{\0}"), ERR_JSON_UTF16,
	    STR("") },
	{ "UTF-16 without a mark", STR("{\0}\0"), ERR_JSON_UTF16, STR("") },
	{ "UTF-16 of the other order without a mark", STR("\0{\0}"),
	    ERR_JSON_UTF16, STR("") },
	{ "UTF-32", STR("\0\0\0{"), ERR_JSON_UTF16, STR("") },
	{ "UTF-32 with its mark", STR("\xff\xfe\0\0{\0\0\0"), ERR_JSON_UTF16,
	    STR("") },
	{ "a lone NUL", STR("\0"), ERR_JSON_SYNTAX, STR("\0") },

	{ "an array at the root", STR("[]"), ERR_JSON_NOT_OBJECT, STR("[") },
	{ "an object in an array at the root", STR("[{}]"), ERR_JSON_NOT_OBJECT,
	    STR("[") },
	{ "a string at the root", STR(" \"a\" "), ERR_JSON_NOT_OBJECT,
	    STR("\"a\"") },
	{ "a number at the root", STR("-1.5e3"), ERR_JSON_NOT_OBJECT,
	    STR("-1.5e3") },
	{ "true at the root", STR("true"), ERR_JSON_NOT_OBJECT, STR("true") },
	{ "false at the root", STR("false "), ERR_JSON_NOT_OBJECT,
	    STR("false") },
	{ "null at the root", STR("null"), ERR_JSON_NOT_OBJECT, STR("null") },
	{ "a bad string at the root", STR("\"\\x\""), ERR_JSON_ESCAPE,
	    STR("\\x") },
	{ "a bad number at the root", STR("01"), ERR_JSON_NUMBER, STR("01") },
	{ "half a literal at the root", STR("nul"), ERR_JSON_CUT, STR("") },
	{ "a word at the root", STR("hello"), ERR_JSON_SYNTAX, STR("hello") },
	{ "a form at the root", STR("a=b&c=d"), ERR_JSON_SYNTAX,
	    STR("a=b&c=d") },
	{ "XML at the root", STR("<a/>"), ERR_JSON_SYNTAX, STR("<a/>") },
	{ "a closing brace alone", STR("}"), ERR_JSON_SYNTAX, STR("}") },
	{ "a comma alone", STR(","), ERR_JSON_SYNTAX, STR(",") },
	{ "a colon alone", STR(":"), ERR_JSON_SYNTAX, STR(":") },

	{ "a word after the object", STR("{} x"), ERR_JSON_TRAILING, STR("x") },
	{ "an object after the object", STR("{}{}"), ERR_JSON_TRAILING,
	    STR("{") },
	{ "a brace after the object", STR("{}}"), ERR_JSON_TRAILING, STR("}") },
	{ "a bracket after the object", STR("{}]"), ERR_JSON_TRAILING,
	    STR("]") },
	{ "a comma after the object", STR("{},"), ERR_JSON_TRAILING, STR(",") },
	{ "a colon after the object", STR("{}:1"), ERR_JSON_TRAILING,
	    STR(":") },
	{ "a string after the object", STR("{} \"a"), ERR_JSON_TRAILING,
	    STR("\"") },
	{ "a bad number after the object", STR("{}\n-"), ERR_JSON_TRAILING,
	    STR("-") },
	{ "a NUL after the object", STR("{}\0"), ERR_JSON_TRAILING, STR("\0") },
	{ "a comment after the object", STR("{} // x"), ERR_JSON_TRAILING,
	    STR("//") },
	{ "a character after the object", STR("{}\xc3\xa9"), ERR_JSON_TRAILING,
	    STR("\xc3\xa9") },
	{ "half a character after the object", STR("{}\xc3"), ERR_JSON_UTF8,
	    STR("\xc3") },

	{ "a comma before the brace", STR("{\"a\":1,}"), ERR_JSON_SYNTAX,
	    STR("}") },
	{ "a comma before the bracket", STR("{\"a\":[1,]}"), ERR_JSON_SYNTAX,
	    STR("]") },
	{ "a comma after the brace", STR("{,\"a\":1}"), ERR_JSON_SYNTAX,
	    STR(",") },
	{ "a comma after the bracket", STR("{\"a\":[,1]}"), ERR_JSON_SYNTAX,
	    STR(",") },
	{ "a comma alone in an object", STR("{,}"), ERR_JSON_SYNTAX, STR(",") },
	{ "a comma alone in an array", STR("{\"a\":[,]}"), ERR_JSON_SYNTAX,
	    STR(",") },
	{ "two commas in an object", STR("{\"a\":1,,\"b\":2}"), ERR_JSON_SYNTAX,
	    STR(",") },
	{ "two commas in an array", STR("{\"a\":[1,,2]}"), ERR_JSON_SYNTAX,
	    STR(",") },
	{ "no comma between members", STR("{\"a\":1 \"b\":2}"), ERR_JSON_SYNTAX,
	    STR("\"") },
	{ "no comma between items", STR("{\"a\":[1 2]}"), ERR_JSON_SYNTAX,
	    STR("2") },
	{ "no comma between scopes", STR("{\"a\":[[][]]}"), ERR_JSON_SYNTAX,
	    STR("[") },
	{ "a semicolon for a comma", STR("{\"a\":1;\"b\":2}"), ERR_JSON_NUMBER,
	    STR("1;") },
	{ "no colon", STR("{\"a\" 1}"), ERR_JSON_SYNTAX, STR("1") },
	{ "no colon before a string", STR("{\"a\" \"b\"}"), ERR_JSON_SYNTAX,
	    STR("\"") },
	{ "no colon before an object", STR("{\"a\"{}}"), ERR_JSON_SYNTAX,
	    STR("{") },
	{ "a comma for the colon", STR("{\"a\",1}"), ERR_JSON_SYNTAX,
	    STR(",") },
	{ "an equals sign for the colon", STR("{\"a\"=1}"), ERR_JSON_SYNTAX,
	    STR("=1") },
	{ "two colons", STR("{\"a\"::1}"), ERR_JSON_SYNTAX, STR(":") },
	{ "a colon after the value", STR("{\"a\":1:2}"), ERR_JSON_SYNTAX,
	    STR(":") },
	{ "a colon in an array", STR("{\"a\":[\"b\":1]}"), ERR_JSON_SYNTAX,
	    STR(":") },
	{ "a colon without a name", STR("{:1}"), ERR_JSON_SYNTAX, STR(":") },
	{ "a name without a value", STR("{\"a\":}"), ERR_JSON_SYNTAX,
	    STR("}") },
	{ "a name alone", STR("{\"a\"}"), ERR_JSON_SYNTAX, STR("}") },
	{ "a comma for the value", STR("{\"a\":,\"b\":1}"), ERR_JSON_SYNTAX,
	    STR(",") },
	{ "a bare name", STR("{a:1}"), ERR_JSON_SYNTAX, STR("a") },
	{ "a number for a name", STR("{1:1}"), ERR_JSON_SYNTAX, STR("1") },
	{ "null for a name", STR("{null:1}"), ERR_JSON_SYNTAX, STR("null") },
	{ "an object for a name", STR("{{}:1}"), ERR_JSON_SYNTAX, STR("{") },
	{ "an array for a name", STR("{[]:1}"), ERR_JSON_SYNTAX, STR("[") },
	{ "a name after a value alone", STR("{\"a\":1,\"b\"}"), ERR_JSON_SYNTAX,
	    STR("}") },
	{ "single quotes", STR("{'a':1}"), ERR_JSON_SYNTAX, STR("'a'") },
	{ "typographic quotes",
	    STR("{\xe2\x80\x9c"
		"a\xe2\x80\x9d:1}"),
	    ERR_JSON_SYNTAX, STR("\xe2\x80\x9c") },
	{ "a bracket for the brace", STR("{\"a\":1]"), ERR_JSON_SYNTAX,
	    STR("]") },
	{ "a brace for the bracket", STR("{\"a\":[1}"), ERR_JSON_SYNTAX,
	    STR("}") },
	{ "scopes that overlap", STR("{\"a\":[{]}}"), ERR_JSON_SYNTAX,
	    STR("]") },
	{ "a comment", STR("{\"a\":/*x*/1}"), ERR_JSON_SYNTAX, STR("/*x*/1") },
	{ "a comment of a line", STR("{//x\n}"), ERR_JSON_SYNTAX, STR("//x") },
	{ "a comment of a shell", STR("{#x\n}"), ERR_JSON_SYNTAX, STR("#x") },
	{ "a NUL between", STR("{\"a\":1\0}"), ERR_JSON_SYNTAX, STR("\0") },
	{ "a NUL for the value", STR("{\"a\":\0}"), ERR_JSON_SYNTAX,
	    STR("\0") },
	{ "DEL between", STR("{\x7f}"), ERR_JSON_SYNTAX, STR("\x7f") },
	{ "an escape outside of strings", STR("{\\u0022a\":1}"),
	    ERR_JSON_SYNTAX, STR("\\u0022a") },
	{ "a character outside of strings", STR("{\"a\":\xc3\xa9}"),
	    ERR_JSON_SYNTAX, STR("\xc3\xa9") },
	{ "half a character outside of strings", STR("{\"a\":\xc3}"),
	    ERR_JSON_UTF8, STR("\xc3") },
	{ "a text that only jsmn accepts", STR("{\"a\" \"b\" 1 2 : , }"),
	    ERR_JSON_SYNTAX, STR("\"") },

	{ "a literal in upper case", STR("{\"a\":TRUE}"), ERR_JSON_SYNTAX,
	    STR("TRUE") },
	{ "a literal with a capital", STR("{\"a\":Null}"), ERR_JSON_SYNTAX,
	    STR("Null") },
	{ "half a literal", STR("{\"a\":tru}"), ERR_JSON_SYNTAX, STR("tru") },
	{ "a letter too many", STR("{\"a\":nulll}"), ERR_JSON_SYNTAX,
	    STR("nulll") },
	{ "another literal", STR("{\"a\":undefined}"), ERR_JSON_SYNTAX,
	    STR("undefined") },
	{ "a literal and half a character", STR("{\"a\":true\xc3}"),
	    ERR_JSON_UTF8, STR("\xc3") },
	{ "two literals", STR("{\"a\":true false}"), ERR_JSON_SYNTAX,
	    STR("false") },
	{ "a quote after a literal", STR("{\"a\":true\"}"), ERR_JSON_SYNTAX,
	    STR("\"") },

	{ "a leading zero", STR("{\"a\":01}"), ERR_JSON_NUMBER, STR("01") },
	{ "a leading zero after a minus", STR("{\"a\":-01}"), ERR_JSON_NUMBER,
	    STR("-01") },
	{ "two zeros", STR("{\"a\":00}"), ERR_JSON_NUMBER, STR("00") },
	{ "a point without a fraction", STR("{\"a\":1.}"), ERR_JSON_NUMBER,
	    STR("1.") },
	{ "a point without digits before", STR("{\"a\":.5}"), ERR_JSON_NUMBER,
	    STR(".5") },
	{ "a minus and a point", STR("{\"a\":-.5}"), ERR_JSON_NUMBER,
	    STR("-.5") },
	{ "a point alone", STR("{\"a\":.}"), ERR_JSON_NUMBER, STR(".") },
	{ "two points", STR("{\"a\":1.2.3}"), ERR_JSON_NUMBER, STR("1.2.3") },
	{ "a comma for the point", STR("{\"a\":1,5}"), ERR_JSON_SYNTAX,
	    STR("5") },
	{ "a plus", STR("{\"a\":+1}"), ERR_JSON_NUMBER, STR("+1") },
	{ "a minus alone", STR("{\"a\":-}"), ERR_JSON_NUMBER, STR("-") },
	{ "two minuses", STR("{\"a\":--1}"), ERR_JSON_NUMBER, STR("--1") },
	{ "a minus and a blank", STR("{\"a\":- 1}"), ERR_JSON_NUMBER,
	    STR("-") },
	{ "an exponent without digits", STR("{\"a\":1e}"), ERR_JSON_NUMBER,
	    STR("1e") },
	{ "an exponent of a sign", STR("{\"a\":1e+}"), ERR_JSON_NUMBER,
	    STR("1e+") },
	{ "an exponent with a fraction", STR("{\"a\":1e1.5}"), ERR_JSON_NUMBER,
	    STR("1e1.5") },
	{ "an exponent after a point", STR("{\"a\":1.e5}"), ERR_JSON_NUMBER,
	    STR("1.e5") },
	{ "two exponents", STR("{\"a\":1e1e1}"), ERR_JSON_NUMBER,
	    STR("1e1e1") },
	{ "hexadecimal", STR("{\"a\":0x1F}"), ERR_JSON_NUMBER, STR("0x1F") },
	{ "underscores", STR("{\"a\":1_000}"), ERR_JSON_NUMBER, STR("1_000") },
	{ "a unit", STR("{\"a\":10s}"), ERR_JSON_NUMBER, STR("10s") },
	{ "infinity", STR("{\"a\":Infinity}"), ERR_JSON_SYNTAX,
	    STR("Infinity") },
	{ "minus infinity", STR("{\"a\":-Infinity}"), ERR_JSON_NUMBER,
	    STR("-Infinity") },
	{ "not a number", STR("{\"a\":NaN}"), ERR_JSON_SYNTAX, STR("NaN") },
	{ "full-width digits", STR("{\"a\":\xef\xbc\x91}"), ERR_JSON_SYNTAX,
	    STR("\xef\xbc\x91") },
	{ "DEL after a number", STR("{\"a\":1\x7f}"), ERR_JSON_SYNTAX,
	    STR("\x7f") },
	{ "a NUL after a number", STR("{\"a\":1\0"), ERR_JSON_SYNTAX,
	    STR("\0") },
	{ "a leading zero at the end", STR("{\"a\":01"), ERR_JSON_NUMBER,
	    STR("01") },
	{ "a minus at the end", STR("{\"a\":-"), ERR_JSON_CUT, STR("") },
	{ "a point at the end", STR("{\"a\":1."), ERR_JSON_CUT, STR("") },
	{ "an exponent at the end", STR("{\"a\":1e-"), ERR_JSON_CUT, STR("") },

	{ "an unknown escape", STR("{\"a\":\"\\x41\"}"), ERR_JSON_ESCAPE,
	    STR("\\x") },
	{ "an octal escape", STR("{\"a\":\"\\0\"}"), ERR_JSON_ESCAPE,
	    STR("\\0") },
	{ "an escaped apostrophe", STR("{\"a\":\"\\'\"}"), ERR_JSON_ESCAPE,
	    STR("\\'") },
	{ "an escape in upper case", STR("{\"a\":\"\\N\"}"), ERR_JSON_ESCAPE,
	    STR("\\N") },
	{ "an upper-case U", STR("{\"a\":\"\\U0041\"}"), ERR_JSON_ESCAPE,
	    STR("\\U") },
	{ "an escaped line end", STR("{\"a\":\"\\\n\"}"), ERR_JSON_ESCAPE,
	    STR("\\\n") },
	{ "an escaped NUL byte", STR("{\"a\":\"\\\0\"}"), ERR_JSON_ESCAPE,
	    STR("\\\0") },
	{ "an escaped character", STR("{\"a\":\"\\\xc3\xa9\"}"),
	    ERR_JSON_ESCAPE, STR("\\\xc3\xa9") },
	{ "half a character escaped", STR("{\"a\":\"\\\xc3\"}"),
	    ERR_JSON_ESCAPE, STR("\\") },
	{ "no digits", STR("{\"a\":\"\\u\"}"), ERR_JSON_ESCAPE, STR("\\u\"") },
	{ "three digits", STR("{\"a\":\"\\u00e\"}"), ERR_JSON_ESCAPE,
	    STR("\\u00e\"") },
	{ "a letter in place of a digit", STR("{\"a\":\"\\u00g0\"}"),
	    ERR_JSON_ESCAPE, STR("\\u00g") },
	{ "a sign for a digit", STR("{\"a\":\"\\u+041\"}"), ERR_JSON_ESCAPE,
	    STR("\\u+") },
	{ "a blank for a digit", STR("{\"a\":\"\\u 041\"}"), ERR_JSON_ESCAPE,
	    STR("\\u ") },
	{ "an escape of JavaScript", STR("{\"a\":\"\\u{41}\"}"),
	    ERR_JSON_ESCAPE, STR("\\u{") },
	{ "a bad escape in a name", STR("{\"\\a\":1}"), ERR_JSON_ESCAPE,
	    STR("\\a") },

	{ "a high half alone", STR("{\"a\":\"\\ud800\"}"), ERR_JSON_SURROGATE,
	    STR("\\ud800") },
	{ "the last high half alone", STR("{\"a\":\"\\udbff\"}"),
	    ERR_JSON_SURROGATE, STR("\\udbff") },
	{ "a low half alone", STR("{\"a\":\"\\udc00\"}"), ERR_JSON_SURROGATE,
	    STR("\\udc00") },
	{ "the last low half alone", STR("{\"a\":\"\\uDFFF\"}"),
	    ERR_JSON_SURROGATE, STR("\\uDFFF") },
	{ "halves in the wrong order", STR("{\"a\":\"\\udc00\\ud800\"}"),
	    ERR_JSON_SURROGATE, STR("\\udc00") },
	{ "two high halves", STR("{\"a\":\"\\ud801\\ud802\\udc00\"}"),
	    ERR_JSON_SURROGATE, STR("\\ud801") },
	{ "a high half for the low one", STR("{\"a\":\"\\ud801\\udbff\"}"),
	    ERR_JSON_SURROGATE, STR("\\ud801") },
	{ "a low half after a pair", STR("{\"a\":\"\\ud800\\udc00\\udc01\"}"),
	    ERR_JSON_SURROGATE, STR("\\udc01") },
	{ "a letter between the halves", STR("{\"a\":\"\\ud800x\\udc00\"}"),
	    ERR_JSON_SURROGATE, STR("\\ud800") },
	{ "another escape after a high half", STR("{\"a\":\"\\ud800\\n\"}"),
	    ERR_JSON_SURROGATE, STR("\\ud800") },
	{ "an escaped letter after a high half",
	    STR("{\"a\":\"\\ud800\\u0041\"}"), ERR_JSON_SURROGATE,
	    STR("\\ud800") },
	{ "a high half, then the first character after the halves",
	    STR("{\"a\":\"\\ud800\\ue000\"}"), ERR_JSON_SURROGATE,
	    STR("\\ud800") },
	{ "a bad escape after a high half", STR("{\"a\":\"\\ud800\\udcg0\"}"),
	    ERR_JSON_ESCAPE, STR("\\udcg") },
	{ "a lone half in a name", STR("{\"\\ud800\":1}"), ERR_JSON_SURROGATE,
	    STR("\\ud800") },

	{ "a line end in a string", STR("{\"a\":\"x\ny\"}"), ERR_JSON_CONTROL,
	    STR("\n") },
	{ "a carriage return in a string", STR("{\"a\":\"\r\"}"),
	    ERR_JSON_CONTROL, STR("\r") },
	{ "a tab in a string", STR("{\"a\":\"\t\"}"), ERR_JSON_CONTROL,
	    STR("\t") },
	{ "a NUL in a string", STR("{\"a\":\"x\0y\"}"), ERR_JSON_CONTROL,
	    STR("\0") },
	{ "the last control character in a string", STR("{\"a\":\"\x1f\"}"),
	    ERR_JSON_CONTROL, STR("\x1f") },
	{ "a control character in a name", STR("{\"a\nb\":1}"),
	    ERR_JSON_CONTROL, STR("\n") },

	{ "a continuation alone", STR("{\"a\":\"\x80\"}"), ERR_JSON_UTF8,
	    STR("\x80") },
	{ "a continuation too many", STR("{\"a\":\"\xc3\xa9\xa9\"}"),
	    ERR_JSON_UTF8, STR("\xa9") },
	{ "a continuation missing", STR("{\"a\":\"\xc3\"}"), ERR_JSON_UTF8,
	    STR("\xc3") },
	{ "one of two continuations missing", STR("{\"a\":\"\xe2\x82\"}"),
	    ERR_JSON_UTF8, STR("\xe2") },
	{ "one of three continuations missing", STR("{\"a\":\"\xf0\x9f\x98\"}"),
	    ERR_JSON_UTF8, STR("\xf0") },
	{ "an overlong NUL", STR("{\"a\":\"\xc0\x80\"}"), ERR_JSON_UTF8,
	    STR("\xc0") },
	{ "an overlong quote", STR("{\"a\":\"\xc0\xa2\"}"), ERR_JSON_UTF8,
	    STR("\xc0") },
	{ "overlong in three bytes", STR("{\"a\":\"\xe0\x80\xaf\"}"),
	    ERR_JSON_UTF8, STR("\xe0") },
	{ "overlong in four bytes", STR("{\"a\":\"\xf0\x80\x80\xaf\"}"),
	    ERR_JSON_UTF8, STR("\xf0") },
	{ "a surrogate in UTF-8", STR("{\"a\":\"\xed\xa0\x80\"}"),
	    ERR_JSON_UTF8, STR("\xed") },
	{ "a pair of surrogates in UTF-8",
	    STR("{\"a\":\"\xed\xa0\x81\xed\xb0\x80\"}"), ERR_JSON_UTF8,
	    STR("\xed") },
	{ "beyond Unicode", STR("{\"a\":\"\xf4\x90\x80\x80\"}"), ERR_JSON_UTF8,
	    STR("\xf4") },
	{ "far beyond Unicode", STR("{\"a\":\"\xf5\x80\x80\x80\"}"),
	    ERR_JSON_UTF8, STR("\xf5") },
	{ "five bytes", STR("{\"a\":\"\xf8\x88\x80\x80\x80\"}"), ERR_JSON_UTF8,
	    STR("\xf8") },
	{ "FE", STR("{\"a\":\"\xfe\"}"), ERR_JSON_UTF8, STR("\xfe") },
	{ "FF", STR("{\"a\":\"\xff\"}"), ERR_JSON_UTF8, STR("\xff") },
	{ "Latin-1", STR("{\"a\":\"M\xfcller\"}"), ERR_JSON_UTF8, STR("\xfc") },
	{ "half a character in a name", STR("{\"\xc3\":1}"), ERR_JSON_UTF8,
	    STR("\xc3") },

	{ "the same name twice", STR("{\"a\":1,\"b\":2,\"a\":3}"),
	    ERR_JSON_DUPLICATE, STR("a") },
	{ "the same name and value twice", STR("{\"ab\":1,\"ab\":1}"),
	    ERR_JSON_DUPLICATE, STR("ab") },
	{ "the same name written with an escape",
	    STR("{\"a\":1,\"\\u0061\":2}"), ERR_JSON_DUPLICATE,
	    STR("\\u0061") },
	{ "the same name, first written with an escape",
	    STR("{\"\\u0061\":1,\"a\":2}"), ERR_JSON_DUPLICATE, STR("a") },
	{ "the same name, written with two escapes",
	    STR("{\"\\/\":1,\"\\u002f\":2}"), ERR_JSON_DUPLICATE,
	    STR("\\u002f") },
	{ "the same name beyond ASCII, once escaped",
	    STR("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}"),
	    ERR_JSON_DUPLICATE, STR("\\ud83d\\ude00") },
	{ "two names twice, of which the first is reported",
	    STR("{\"a\":1,\"bb\":2,\"a\":3,\"bb\":4}"), ERR_JSON_DUPLICATE,
	    STR("a") },
	{ "two empty names", STR("{\"\":1,\"\":2}"), ERR_JSON_DUPLICATE,
	    STR("") },
	{ "the same name in a nested object",
	    STR("{\"a\":[{\"b\":1,\"c\":{},\"b\":2}]}"), ERR_JSON_DUPLICATE,
	    STR("b") },
	{ "the same name after a nested object",
	    STR("{\"a\":{\"b\":1},\"c\":{\"a\":1},\"a\":1}"),
	    ERR_JSON_DUPLICATE, STR("a") },
	{ "the same name before another fault", STR("{\"a\":1,\"a\":}"),
	    ERR_JSON_SYNTAX, STR("}") },
};

START_TEST(refused)
{
	const struct refused_case *c = &refused_cases[_i];
	struct str text = unit_guard(0, c->text);
	struct parsed p = parse(text);

	ck_assert_msg(p.e == c->e, "%s: outcome %d, not %d, at '%.*s'", c->name,
	    p.e, c->e, STR_ARG(p.what));
	unit_same(c->name, p.what, c->what);
	unit_check(c->name, p.what.p >= text.p);
	unit_check(c->name, p.what.p + p.what.n <= text.p + text.n);
	free(p.block);
}
END_TEST

/*
 * Writes {"a":[[...]]} with this number of scopes, of which the object is one.
 */
static void
deep(struct buf *out, int scopes)
{
	int i;

	buf_text(out, "{\"a\":");
	for (i = 1; i < scopes; i++)
		buf_char(out, '[');
	for (i = 1; i < scopes; i++)
		buf_char(out, ']');
	buf_char(out, '}');
}

/* Writes {"a":{"a":...}}, the same with objects only. */
static void
deep_objects(struct buf *out, int scopes)
{
	int i;

	for (i = 1; i < scopes; i++)
		buf_text(out, "{\"a\":");
	buf_text(out, "{}");
	for (i = 1; i < scopes; i++)
		buf_char(out, '}');
}

/* Writes {"a":[0,0...]}: three tokens, and one for each item. */
static void
many_items(struct buf *out, int tokens)
{
	int i;

	buf_text(out, "{\"a\":[0");
	for (i = 4; i < tokens; i++)
		buf_text(out, ",0");
	buf_text(out, "]}");
}

/* Writes {"n0":0,"n1":0...}: one token, and two for each member. */
static void
many_names(struct buf *out, int tokens)
{
	int i;

	for (i = 1; i < tokens; i += 2)
		buf_printf(out, "%s\"n%d\":0", i == 1 ? "{" : ",", i);
	buf_char(out, '}');
}

static void
many_names_and_the_last_again(struct buf *out, int tokens)
{
	many_names(out, tokens - 2);
	out->n--;
	buf_printf(out, ",\"n%d\":0}", tokens - 4);
}

/*
 * Writes {"a":[{"b":0},{"b":0}...]}: three tokens, and three for each object.
 */
static void
many_objects(struct buf *out, int tokens)
{
	int i;

	buf_text(out, "{\"a\":[{\"b\":0}");
	for (i = 9; i <= tokens; i += 3)
		buf_text(out, ",{\"b\":0}");
	buf_text(out, "]}");
}

static void
unclosed_arrays(struct buf *out, int scopes)
{
	buf_text(out, "{\"a\":");
	while (scopes-- > 0)
		buf_char(out, '[');
}

static void
unclosed_root_arrays(struct buf *out, int scopes)
{
	while (scopes-- > 0)
		buf_char(out, '[');
}

static void
unclosed_objects(struct buf *out, int scopes)
{
	while (scopes-- > 0)
		buf_text(out, "{\"\":");
}

static void
long_string(struct buf *out, int bytes)
{
	buf_text(out, "{\"a\":\"");
	while (bytes-- > 0)
		buf_char(out, 'x');
	buf_text(out, "\"}");
}

static const struct limit_case {
	const char *name;
	void (*make)(struct buf *out, int n);
	int n;
	enum err e;
	const char *what;
} limit_cases[] = {
	{ "the deepest array", deep, JSON_DEPTH_MAX, ERR_OK, "" },
	{ "an array too deep", deep, JSON_DEPTH_MAX + 1, ERR_JSON_DEPTH, "[" },
	{ "the deepest object", deep_objects, JSON_DEPTH_MAX, ERR_OK, "" },
	{ "an object too deep", deep_objects, JSON_DEPTH_MAX + 1,
	    ERR_JSON_DEPTH, "{" },
	{ "the most items", many_items, JSON_TOKENS_MAX, ERR_OK, "" },
	{ "an item too many", many_items, JSON_TOKENS_MAX + 1, ERR_JSON_TOKENS,
	    "0" },
	{ "the most names", many_names, JSON_TOKENS_MAX - 1, ERR_OK, "" },
	{ "a value too many", many_names, JSON_TOKENS_MAX + 1, ERR_JSON_TOKENS,
	    "0" },
	{ "the last of many names twice", many_names_and_the_last_again,
	    JSON_TOKENS_MAX - 1, ERR_JSON_DUPLICATE, "n4091" },
	{ "the same name in many objects", many_objects, JSON_TOKENS_MAX,
	    ERR_OK, "" },
	{ "60,000 arrays at the root", unclosed_root_arrays, 60000,
	    ERR_JSON_NOT_OBJECT, "[" },
	{ "60,000 arrays in an object", unclosed_arrays, 60000, ERR_JSON_DEPTH,
	    "[" },
	{ "15,000 objects", unclosed_objects, 15000, ERR_JSON_DEPTH, "{" },
	{ "a string of 64 KiB", long_string, 65536, ERR_OK, "" },
};

START_TEST(limit)
{
	static char room[TEXT_MAX];
	const struct limit_case *c = &limit_cases[_i];
	struct parsed p;
	struct buf out;

	buf_init(&out, room, sizeof(room));
	c->make(&out, c->n);
	unit_check(c->name, !out.full);
	p = parse(unit_guard(0, buf_view(&out)));
	ck_assert_msg(p.e == c->e, "%s: outcome %d at '%.*s'", c->name, p.e,
	    STR_ARG(p.what));
	unit_same(c->name, p.what, str_of(c->what));
	free(p.block);
}
END_TEST

/* json_parse checks the depth before it takes memory, so a deeply nested text
 * is refused even if the arena is empty. */
START_TEST(the_check_comes_before_any_memory_is_taken)
{
	static char room[TEXT_MAX];
	struct str what;
	struct json doc;
	struct arena a;
	struct buf out;

	buf_init(&out, room, sizeof(room));
	unclosed_arrays(&out, 60000);
	arena_init(&a, NULL, 0);
	ck_assert_int_eq(
	    json_parse(buf_view(&out), &a, &doc, &what), ERR_JSON_DEPTH);
}
END_TEST

/* Every arena that is too small gives ERR_MEMORY. Every larger one gives the
 * same document. */
START_TEST(too_little_memory)
{
	struct str text = str_of("{\"a\":\"\\u0041\\n\",\"b\":[1,{\"c\":null}],"
				 "\"\\t\":\"x\\ty\"}");
	char room[128], *block;
	size_t size, fitted = 0;
	struct str what;
	struct json doc;
	struct arena a;
	struct buf out;
	enum err e;

	for (size = 0; size < 2048; size++) {
		block = malloc(size + 1);
		arena_init(&a, block, size);
		e = json_parse(text, &a, &doc, &what);
		ck_assert(e == ERR_OK || (e == ERR_MEMORY && fitted == 0));
		if (e == ERR_OK) {
			fitted++;
			buf_init(&out, room, sizeof(room));
			show(&doc, 0, &out);
			unit_same("shown", buf_view(&out),
			    str_of("{a='A\n',b=[1,{c=null}],\t='x\ty'}"));
		}
		free(block);
	}
	ck_assert_uint_gt(fitted, 0);
}
END_TEST

START_TEST(later_allocations_leave_the_document_alone)
{
	static char block[JSON_ARENA_SIZE(128)];
	struct str what;
	struct json doc;
	struct arena a;
	size_t value;
	void *p;

	arena_init(&a, block, sizeof(block));
	ck_assert_int_eq(
	    json_parse(str_of("{\"a\":\"\\u0041 longer than an alignment\"}"),
		&a, &doc, &what),
	    ERR_OK);
	while ((p = arena_take(&a, 16)) != NULL)
		memset(p, 0, 16);
	ck_assert(json_find(&doc, 0, str_of("a"), &value));
	unit_same("text", json_text(&doc, value),
	    str_of("A longer than an alignment"));
}
END_TEST

START_TEST(plain_text_is_not_copied)
{
	struct str text = unit_guard(0, str_of("{\"a\":\"b\",\"c\":\"\\n\"}"));
	struct parsed p = parse(text);
	size_t value;

	ck_assert_int_eq(p.e, ERR_OK);
	ck_assert(json_find(&p.doc, 0, str_of("a"), &value));
	ck_assert_ptr_eq(json_text(&p.doc, value).p, text.p + 6);
	ck_assert(json_find(&p.doc, 0, str_of("c"), &value));
	ck_assert(json_text(&p.doc, value).p < text.p ||
	    json_text(&p.doc, value).p >= text.p + text.n);
	free(p.block);
}
END_TEST

static const struct find_case {
	const char *name;
	struct str member;
	const char *shown; /* NULL if the member is absent */
} find_cases[] = {
	{ "the first", STR("a"), "1" },
	{ "one after a nested object", STR("c"), "'x'" },
	{ "an escaped one", STR("\n"), "[[],2]" },
	{ "the empty one", STR(""), "null" },
	{ "one with a NUL", STR("a\0b"), "true" },
	{ "no member in another case", STR("A"), NULL },
	{ "no member of a nested object", STR("d"), NULL },
	{ "no member by its value", STR("x"), NULL },
	{ "no member by the beginning of its name", STR("a\0"), NULL },
};

START_TEST(find)
{
	const struct find_case *c = &find_cases[_i];
	struct parsed p = parse(
	    str_of("{\"a\":1,\"b\":{\"d\":{}},\"c\":\"x\","
		   "\"\\n\":[[],2],\"\":null,\"a\\u0000b\":true}"));
	char room[32];
	struct buf out;
	size_t value;
	bool found;

	ck_assert_int_eq(p.e, ERR_OK);
	found = json_find(&p.doc, 0, c->member, &value);
	unit_check(c->name, found == (c->shown != NULL));
	if (found) {
		buf_init(&out, room, sizeof(room));
		show(&p.doc, value, &out);
		unit_same(c->name, buf_view(&out), str_of(c->shown));
	}
	free(p.block);
}
END_TEST

START_TEST(iterates_over_members_and_items_only)
{
	struct parsed p = parse(
	    str_of("{\"a\":[\"\",1],\"b\":\"c\",\"d\":2,\"e\":[]}"));
	struct json_member m, of_value;
	size_t at = 0, inner = 0, item;
	int n, items;

	ck_assert_int_eq(p.e, ERR_OK);
	ck_assert(!json_next_item(&p.doc, 0, &inner, &item));
	for (n = 0; json_next(&p.doc, 0, &at, &m); n++) {
		inner = 0;
		ck_assert(!json_next(&p.doc, m.value, &inner, &of_value));
		ck_assert(!json_find(&p.doc, m.value, str_of(""), &item));
		for (items = 0; json_next_item(&p.doc, m.value, &inner, &item);
		     items++)
			continue;
		ck_assert_int_eq(items, str_is(m.name, "a") ? 2 : 0);
	}
	ck_assert_int_eq(n, 4);
	ck_assert(!json_next(&p.doc, 0, &at, &m));
	free(p.block);
}
END_TEST

START_TEST(the_text_of_a_scope_is_unchanged)
{
	struct parsed p = parse(str_of(" {\"a\": [1, {}] } "));
	size_t value;

	ck_assert_int_eq(p.e, ERR_OK);
	ck_assert(json_find(&p.doc, 0, str_of("a"), &value));
	unit_same("array", json_text(&p.doc, value), str_of("[1, {}]"));
	unit_same("root", json_text(&p.doc, 0), str_of("{\"a\": [1, {}] }"));
	free(p.block);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json");
	TCase *tc = tcase_create("json");

	tcase_add_loop_test(tc, typed, 0, COUNT(typed_cases));
	tcase_add_test(tc, longer_than_jsmn_counts);
	tcase_add_loop_test(tc, taken, 0, COUNT(taken_cases));
	tcase_add_loop_test(tc, cut_anywhere, 0, COUNT(taken_cases));
	tcase_add_loop_test(tc, refused, 0, COUNT(refused_cases));
	tcase_add_loop_test(tc, limit, 0, COUNT(limit_cases));
	tcase_add_test(tc, the_check_comes_before_any_memory_is_taken);
	tcase_add_test(tc, too_little_memory);
	tcase_add_test(tc, later_allocations_leave_the_document_alone);
	tcase_add_test(tc, plain_text_is_not_copied);
	tcase_add_loop_test(tc, find, 0, COUNT(find_cases));
	tcase_add_test(tc, iterates_over_members_and_items_only);
	tcase_add_test(tc, the_text_of_a_scope_is_unchanged);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
