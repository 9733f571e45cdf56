/* SPDX-License-Identifier: ISC */
/*
 * test_form.c - the fields of a form's body, and what is refused.
 */
#include "format/form.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define URLENCODED STR("application/x-www-form-urlencoded")
#define MULTIPART STR("multipart/form-data; boundary=B")
#define CD "Content-Disposition: form-data; name="

/* The fields that are read: name=[value], or name<filename>=[value]. */
static const struct {
	const char *name;
	struct str type;
	struct str body;
	struct str want;
} forms[] = {
	{ "an empty body", URLENCODED, STR(""), STR("") },
	{ "one pair", URLENCODED, STR("a=1"), STR("a=[1]") },
	{ "pairs", URLENCODED, STR("a=1&b=2"), STR("a=[1]b=[2]") },
	{ "empty values", URLENCODED, STR("a=&b&=c"), STR("a=[]b=[]=[c]") },
	{ "empty pairs", URLENCODED, STR("&&a=1&&"), STR("a=[1]") },
	{ "a second equals sign", URLENCODED, STR("a=b=c"), STR("a=[b=c]") },
	{ "escapes and blanks", URLENCODED, STR("%61+=%2b+%26%3D%25"),
	    STR("a =[+ &=%]") },
	{ "UTF-8", URLENCODED, STR("a=%C3%A4\xc3\xa4"),
	    STR("a=[\xc3\xa4\xc3\xa4]") },
	{ "line ends", URLENCODED, STR("a=1%0D%0A2"), STR("a=[1\r\n2]") },
	{ "parameters of the type",
	    STR("Application/X-WWW-Form-Urlencoded ; charset=\"UTF-8\""),
	    STR("a=1"), STR("a=[1]") },
	{ "16 pairs", URLENCODED, STR("a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p"),
	    STR("a=[]b=[]c=[]d=[]e=[]f=[]g=[]h=[]i=[]j=[]k=[]l=[]m=[]n=[]"
		"o=[]p=[]") },
	{ "no part", MULTIPART, STR("--B--\r\n"), STR("") },
	{ "no line end at the end", MULTIPART, STR("--B--"), STR("") },
	{ "one part", MULTIPART, STR("--B\r\n" CD "\"a\"\r\n\r\n1\r\n--B--"),
	    STR("a=[1]") },
	{ "two parts", MULTIPART,
	    STR("--B\r\n" CD "\"a\"\r\n\r\n1\r\n--B\r\n" CD
		"b\r\n\r\n2\r\n--B--\r\n"),
	    STR("a=[1]b=[2]") },
	{ "text around the parts", MULTIPART,
	    STR("before\r\n--B\r\n" CD "a\r\n\r\n1\r\n--B--\r\nafter\r\n--B"),
	    STR("a=[1]") },
	{ "blanks after the boundary", MULTIPART,
	    STR("--B \t\r\n" CD "a\r\n\r\n1\r\n--B-- \t\r\n"), STR("a=[1]") },
	{ "an empty value", MULTIPART, STR("--B\r\n" CD "a\r\n\r\n\r\n--B--"),
	    STR("a=[]") },
	{ "headers without an empty line after them", MULTIPART,
	    STR("--B\r\n" CD "a\r\n\r\n--B--"), STR("a=[]") },
	{ "a file", MULTIPART,
	    STR("--B\r\n" CD "\"f\"; filename=\"x.pem\"\r\n"
		"Content-Type: application/octet-stream\r\n\r\n\0\xff\r\n"
		"--B--"),
	    STR("f<x.pem>=[\0\xff]") },
	{ "a file of 0 bytes", MULTIPART,
	    STR("--B\r\n" CD "\"f\"; filename=\"x.pem\"\r\n\r\n\r\n--B--"),
	    STR("f<x.pem>=[]") },
	{ "no file was chosen", MULTIPART,
	    STR("--B\r\n" CD "\"f\"; filename=\"\"\r\n"
		"Content-Type: application/octet-stream\r\n\r\n\r\n--B--"),
	    STR("f<>=[]") },
	{ "a file of line ends", MULTIPART,
	    STR("--B\r\n" CD "f; filename=x\r\n\r\n\r\n\n\r\r\n\r\n--B--"),
	    STR("f<x>=[\r\n\n\r\r\n]") },
	{ "a line feed before a boundary is content", MULTIPART,
	    STR("--B\r\n" CD "a\r\n\r\n1\n--B\r\n2\r\n--B--"),
	    STR("a=[1\n--B\r\n2]") },
	{ "a boundary in a line is content", MULTIPART,
	    STR("--B\r\n" CD "a\r\n\r\n1--B\r\n2\r\n--B--"),
	    STR("a=[1--B\r\n2]") },
	{ "a longer boundary is content", MULTIPART,
	    STR("--B\r\n" CD "a\r\n\r\n\r\n--BB\r\n--B-\r\n--B--x\r\n--B--"),
	    STR("a=[\r\n--BB\r\n--B-\r\n--B--x]") },
	{ "a shorter boundary is content",
	    STR("multipart/form-data; boundary=--BB"),
	    STR("----BB\r\n" CD "a\r\n\r\n\r\n----B\r\n--BB\r\n----BB--"),
	    STR("a=[\r\n----B\r\n--BB]") },
	{ "the boundary of Chromium",
	    STR("multipart/form-data; "
		"boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"),
	    STR("------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n" CD
		"\"a\"\r\n\r\n1\r\n"
		"------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n"),
	    STR("a=[1]") },
	{ "a quoted boundary, and other parameters",
	    STR("multipart/form-data; x=1; boundary=\"a b,c=d\"; y=\"\""),
	    STR("--a b,c=d\r\n" CD "a\r\n\r\n1\r\n--a b,c=d--"), STR("a=[1]") },
	{ "case does not matter in names",
	    STR("Multipart/Form-Data;BOUNDARY=B"),
	    STR("--B\r\ncontent-disposition:FORM-DATA;NAME=a\r\n\r\n1\r\n"
		"--B--"),
	    STR("a=[1]") },
	{ "a parameter before the name", MULTIPART,
	    STR("--B\r\nContent-Disposition: form-data; filename=\"a;"
		"name=b\"; name=\"c\"\r\n\r\n1\r\n--B--"),
	    STR("c<a;name=b>=[1]") },
	{ "a quotation mark as a browser writes it", MULTIPART,
	    STR("--B\r\n" CD "f; filename=\"a%22b%0D%0A\"\r\n\r\n1\r\n--B--"),
	    STR("f<a%22b%0D%0A>=[1]") },
	{ "a quotation mark with a backslash", MULTIPART,
	    STR("--B\r\n" CD "f; filename=\"ab\\\"; name=c\"\r\n\r\n1\r\n"
		"--B--"),
	    STR("f<\"; name=c>=[1]") },
	{ "a path of Windows", MULTIPART,
	    STR("--B\r\n" CD "f; filename=\"C:\\dir\\x.pem\"\r\n\r\n1\r\n"
		"--B--"),
	    STR("f<x.pem>=[1]") },
	{ "a path of Unix", MULTIPART,
	    STR("--B\r\n" CD "f; filename=\"../../x.pem\"\r\n\r\n1\r\n--B--"),
	    STR("f<x.pem>=[1]") },
	{ "an extended file name", MULTIPART,
	    STR("--B\r\n" CD "f; filename*=UTF-8''%e2%82%ac.pem\r\n\r\n1\r\n"
		"--B--"),
	    STR("f<%e2%82%ac.pem>=[1]") },
	{ "both file names", MULTIPART,
	    STR("--B\r\n" CD "f; filename*=UTF-8''a; filename=b\r\n\r\n1\r\n"
		"--B--"),
	    STR("f<b>=[1]") },
	{ "an extended file name without quotes", MULTIPART,
	    STR("--B\r\n" CD "f; filename*=x\r\n\r\n1\r\n--B--"),
	    STR("f<x>=[1]") },
	{ "a character encoding", MULTIPART,
	    STR("--B\r\n" CD "a\r\nContent-Type: text/plain; charset=UTF-8"
		"\r\n\r\n\xc3\xa4\r\n--B--"),
	    STR("a=[\xc3\xa4]") },
	{ "a transfer encoding that changes nothing", MULTIPART,
	    STR("--B\r\n" CD "a\r\nContent-Transfer-Encoding: 8Bit\r\n\r\n1"
		"\r\n--B--"),
	    STR("a=[1]") },
	{ "a file in another character encoding", MULTIPART,
	    STR("--B\r\n" CD "f; filename=x\r\nContent-Type: text/plain; "
		"charset=utf-16\r\n\r\n\xff\xfe\r\n--B--"),
	    STR("f<x>=[\xff\xfe]") },
	{ "an unknown header", MULTIPART,
	    STR("--B\r\nX-a: b\r\n" CD "a\r\n\r\n1\r\n--B--"), STR("a=[1]") },
};

static void
describe(const struct form *form, struct buf *out)
{
	size_t i;

	for (i = 0; i < form->n; i++) {
		buf_str(out, form->field[i].name);
		if (!str_is_null(form->field[i].filename)) {
			buf_char(out, '<');
			buf_str(out, form->field[i].filename);
			buf_char(out, '>');
		}
		buf_text(out, "=[");
		buf_str(out, form->field[i].value);
		buf_char(out, ']');
	}
}

static enum err
read_form(
    struct str type, struct str body, struct form *form, struct fault *fault)
{
	static char block[4096];
	struct arena a;

	arena_init(&a, block, FORM_ARENA_SIZE(body.n));
	*fault = (struct fault){ .withheld = false };
	if (!str_is_null(body))
		body = unit_guard(1, body);
	return form_read(unit_guard(0, type), body, &a, form, fault);
}

START_TEST(reads)
{
	struct fault fault;
	struct form form;
	char room[512];
	struct buf out;

	ck_assert_int_eq(
	    read_form(forms[_i].type, forms[_i].body, &form, &fault), ERR_OK);
	buf_init(&out, room, sizeof(room));
	describe(&form, &out);
	unit_same(forms[_i].name, buf_view(&out), forms[_i].want);
}
END_TEST

/* Wherever the upload is cut off, it is refused, or only the line end after the
 * last boundary is missing. */
START_TEST(a_body_that_was_cut_off)
{
	struct str body = forms[_i].body;
	struct fault fault;
	struct form form;
	size_t n;
	enum err e;

	/* Without its end, a line of these becomes the last boundary. */
	if (!str_starts(forms[_i].type, "multipart") ||
	    unit_count(body, "--B--") > 1 ||
	    strcmp(forms[_i].name, "text around the parts") == 0)
		return;
	while (!str_ends(body, "--"))
		body.n--;
	for (n = 0; n < body.n; n++) {
		e = read_form(forms[_i].type, str_head(body, n), &form, &fault);
		unit_check(forms[_i].name, e == ERR_FORM);
		unit_check(forms[_i].name, fault.what.n <= body.n);
	}
}
END_TEST

#define CUT                                                             \
	"it ends before its last boundary, so the upload was cut off; " \
	"send it again"
#define DISPOSITION \
	"a part has not exactly one valid Content-Disposition with a name"
#define ESCAPE                                                              \
	"a percent sign is not before two hexadecimal digits, or they are " \
	"00"
#define TEXT "a text field is not valid UTF-8, or has a NUL"
#define BOUNDARY "its content type has no valid boundary"
#define ENCODING "it has another character encoding than UTF-8"

static const struct {
	const char *name;
	struct str type;
	struct str body;
	const char *phrase; /* NULL: ERR_FORM_TYPE */
	struct str what;
} refusals[] = {
	{ "JSON", STR("application/json"), STR("{}"), NULL,
	    STR("application/json") },
	{ "no type", STR(""), STR("a=1"), NULL, STR("") },
	{ "plain text", STR("text/plain"), STR("a=1"), NULL,
	    STR("text/plain") },
	{ "another multipart", STR("multipart/mixed; boundary=B"), STR("--B--"),
	    NULL, STR("multipart/mixed; boundary=B") },
	{ "another encoding",
	    STR("application/x-www-form-urlencoded;charset=latin1"), STR("a=1"),
	    ENCODING, STR("application/x-www-form-urlencoded;charset=latin1") },
	{ "two encodings",
	    STR("application/x-www-form-urlencoded;charset=utf-8;"
		"charset=utf-8"),
	    STR("a=1"), ENCODING,
	    STR("application/x-www-form-urlencoded;charset=utf-8;"
		"charset=utf-8") },
	{ "an escape without digits", URLENCODED, STR("a=1%zz"), ESCAPE,
	    STR("%zz") },
	{ "half an escape", URLENCODED, STR("a=%41%4"), ESCAPE, STR("%4") },
	{ "an escape in a name", URLENCODED, STR("%=1"), ESCAPE, STR("%") },
	{ "an escaped NUL", URLENCODED, STR("a=1%002"), ESCAPE, STR("%002") },
	{ "a NUL", URLENCODED, STR("a=1\0"), TEXT, STR("a") },
	{ "a NUL in a name", URLENCODED, STR("a\0=1"), TEXT, STR("a\0") },
	{ "invalid UTF-8", URLENCODED, STR("a=%ff"), TEXT, STR("a") },
	{ "a surrogate", URLENCODED, STR("a=%ed%a0%80"), TEXT, STR("a") },
	{ "a field twice", URLENCODED, STR("a=1&b=2&%61=1"),
	    "it has a field more than once", STR("a") },
	{ "17 fields", URLENCODED, STR("a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q"),
	    "it has more than 16 fields", STR("q") },
	{ "no boundary", STR("multipart/form-data"), STR("--B--"), BOUNDARY,
	    STR("multipart/form-data") },
	{ "an empty boundary", STR("multipart/form-data; boundary="),
	    STR("----"), BOUNDARY, STR("multipart/form-data; boundary=") },
	{ "two boundaries", STR("multipart/form-data; boundary=a; boundary=b"),
	    STR("--a--"), BOUNDARY,
	    STR("multipart/form-data; boundary=a; boundary=b") },
	{ "a boundary without its last quotation mark",
	    STR("multipart/form-data; boundary=\"B"), STR("--B--"), BOUNDARY,
	    STR("multipart/form-data; boundary=\"B") },
	{ "text after a quoted boundary",
	    STR("multipart/form-data; boundary=\"B\"x"), STR("--B--"), BOUNDARY,
	    STR("multipart/form-data; boundary=\"B\"x") },
	{ "a boundary that ends in a blank",
	    STR("multipart/form-data; boundary=\"B \""), STR("--B --"),
	    BOUNDARY, STR("multipart/form-data; boundary=\"B \"") },
	{ "a boundary with a line end",
	    STR("multipart/form-data; boundary=\"B\r\n\""), STR("--B\r\n--"),
	    BOUNDARY, STR("multipart/form-data; boundary=\"B\r\n\"") },
	{ "a boundary of 71 characters",
	    STR("multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	    STR(""), BOUNDARY,
	    STR("multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") },
	{ "an empty multipart body", MULTIPART, STR(""),
	    "it has no line with the boundary of its content type", STR("B") },
	{ "no multipart body", MULTIPART, { NULL, 0 },
	    "it has no line with the boundary of its content type", STR("B") },
	{ "another boundary in the body", MULTIPART,
	    STR("--A\r\n" CD "a\r\n\r\n1\r\n--A--"),
	    "it has no line with the boundary of its content type", STR("B") },
	{ "line feeds only", MULTIPART, STR("--B\n" CD "a\n\n1\n--B--\n"),
	    "it has no line with the boundary of its content type", STR("B") },
	{ "no last boundary", MULTIPART,
	    STR("--B\r\n" CD "a\r\n\r\n1\r\n--B\r\n"), CUT, STR("B") },
	{ "half of the last boundary", MULTIPART,
	    STR("--B\r\n" CD "a\r\n\r\n1\r\n--B-"), CUT, STR("B") },
	{ "a boundary directly after another one", MULTIPART,
	    STR("--B\r\n--B--"), "a part has no empty line after its headers",
	    STR("") },
	{ "a part without headers", MULTIPART, STR("--B\r\n\r\n1\r\n--B--"),
	    DISPOSITION, STR("\r\n1") },
	{ "a part without an empty line", MULTIPART,
	    STR("--B\r\n" CD "a\r\n--B--"),
	    "a part has no empty line after its headers", STR(CD "a") },
	{ "a part without a name", MULTIPART,
	    STR("--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--"),
	    DISPOSITION, STR("Content-Disposition: form-data") },
	{ "an attachment", MULTIPART,
	    STR("--B\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n"
		"--B--"),
	    DISPOSITION, STR("Content-Disposition: attachment; name=a") },
	{ "two dispositions", MULTIPART,
	    STR("--B\r\n" CD "a\r\n" CD "b\r\n\r\n1\r\n--B--"), DISPOSITION,
	    STR(CD "b") },
	{ "two names", MULTIPART,
	    STR("--B\r\n" CD "a; name=b\r\n\r\n1\r\n--B--"), DISPOSITION,
	    STR(CD "a; name=b") },
	{ "a name without its last quotation mark", MULTIPART,
	    STR("--B\r\n" CD "\"a\r\n\r\n1\r\n--B--"), DISPOSITION,
	    STR(CD "\"a") },
	{ "a header without a colon", MULTIPART,
	    STR("--B\r\nabc\r\n\r\n1\r\n--B--"),
	    "a header of a part is not well-formed", STR("abc") },
	{ "a header in two lines", MULTIPART,
	    STR("--B\r\nContent-Disposition: form-data;\r\n name: a\r\n\r\n1"
		"\r\n--B--"),
	    DISPOSITION, STR("Content-Disposition: form-data;") },
	{ "a line that continues a header", MULTIPART,
	    STR("--B\r\n" CD "a\r\n b: c\r\n\r\n1\r\n--B--"),
	    "a header of a part is not well-formed", STR(" b: c") },
	{ "quoted-printable", MULTIPART,
	    STR("--B\r\n" CD
		"a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
		"=41\r\n--B--"),
	    "a part has a transfer encoding", STR("quoted-printable") },
	{ "an invalid type of a part", MULTIPART,
	    STR("--B\r\n" CD "a\r\nContent-Type: text/plain; charset=\"a\r\n"
		"\r\n1\r\n--B--"),
	    "a part has an invalid Content-Type",
	    STR("Content-Type: text/plain; charset=\"a") },
	{ "a field in another encoding", MULTIPART,
	    STR("--B\r\n" CD "a\r\nContent-Type: text/plain; charset=latin1"
		"\r\n\r\n1\r\n--B--"),
	    "a field has another character encoding than UTF-8",
	    STR("latin1") },
	{ "a text field with a NUL", MULTIPART,
	    STR("--B\r\n" CD "a\r\n\r\n\0\r\n--B--"), TEXT, STR("a") },
	{ "a text field that is not UTF-8", MULTIPART,
	    STR("--B\r\n" CD "a\r\n\r\n\xff\r\n--B--"), TEXT, STR("a") },
	{ "a file whose name is not UTF-8", MULTIPART,
	    STR("--B\r\n" CD "\xff; filename=a\r\n\r\n1\r\n--B--"), TEXT,
	    STR("\xff") },
	{ "a part twice", MULTIPART,
	    STR("--B\r\n" CD "a\r\n\r\n1\r\n--B\r\n" CD
		"\"a\"\r\n\r\n1\r\n--B--"),
	    "it has a field more than once", STR("a") },
};

START_TEST(refuses)
{
	struct fault fault;
	struct form form;
	enum err e;

	e = read_form(refusals[_i].type, refusals[_i].body, &form, &fault);
	unit_check(refusals[_i].name,
	    e == (refusals[_i].phrase == NULL ? ERR_FORM_TYPE : ERR_FORM));
	if (refusals[_i].phrase != NULL)
		unit_same(
		    refusals[_i].name, fault.ours, str_of(refusals[_i].phrase));
	unit_same(refusals[_i].name, fault.what, refusals[_i].what);
}
END_TEST

START_TEST(refuses_17_parts)
{
	struct fault fault;
	struct form form;
	char body[1024];
	struct buf b;
	char c;

	buf_init(&b, body, sizeof(body));
	for (c = 'a'; c <= 'q'; c++)
		buf_printf(&b, "--B\r\n" CD "%c\r\n\r\n1\r\n", c);
	buf_text(&b, "--B--");
	ck_assert(!b.full);
	ck_assert_int_eq(
	    read_form((struct str)MULTIPART, buf_view(&b), &form, &fault),
	    ERR_FORM);
	unit_same(
	    "the phrase", fault.ours, str_of("it has more than 16 fields"));
	unit_same("the field", fault.what, str_of("q"));
}
END_TEST

START_TEST(finds_a_field_by_its_name)
{
	struct fault fault;
	struct form form;

	ck_assert_int_eq(
	    read_form((struct str)URLENCODED, str_of("a=1&b="), &form, &fault),
	    ERR_OK);
	unit_same("a", form_value(&form, "a"), str_of("1"));
	unit_same("b", form_value(&form, "b"), str_of(""));
	ck_assert(str_is_null(form_value(&form, "A")));
	ck_assert_ptr_eq(form_field(&form, "b"), &form.field[1]);
	ck_assert_ptr_null(form_field(&form, "c"));
}
END_TEST

START_TEST(a_full_arena)
{
	struct fault fault = { .withheld = false };
	struct form form;
	struct arena a;
	char block[4];

	arena_init(&a, block, sizeof(block));
	ck_assert_int_eq(form_read((struct str)URLENCODED, str_of("a=%31%32"),
			     &a, &form, &fault),
	    ERR_MEMORY);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("form");
	TCase *t = tcase_create("form");

	tcase_add_loop_test(t, reads, 0, COUNT(forms));
	tcase_add_loop_test(t, a_body_that_was_cut_off, 0, COUNT(forms));
	tcase_add_loop_test(t, refuses, 0, COUNT(refusals));
	tcase_add_test(t, refuses_17_parts);
	tcase_add_test(t, finds_a_field_by_its_name);
	tcase_add_test(t, a_full_arena);
	suite_add_tcase(s, t);
	return unit_run(s);
}
