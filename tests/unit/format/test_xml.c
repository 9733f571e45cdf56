/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "format/xml.h"
#include "unit.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

/* A program for the writer: <a opens an element a, =v gives the last element
 * the attribute n with this value, .t writes the text t, and > closes the
 * innermost element. A step ends before the next of these characters. */
static const struct {
	const char *name;
	const char *steps;
	const char *xml; /* after the declaration; NULL: the call is refused */
	bool complete;
} documents[] = {
	{ "an empty element", "<a>", "<a/>", true },
	{ "an attribute", "<a=1>", "<a n=\"1\"/>", true },
	{ "text", "<a.t>", "<a>t</a>", true },
	{ "empty text", "<a.>", "<a></a>", true },
	{ "nested elements", "<a=1<b><c.t>>", "<a n=\"1\"><b/><c>t</c></a>",
	    true },
	{ "text between elements", "<a.x<b>.y>", "<a>x<b/>y</a>", true },
	{ "escapes in text", "<a.&'\">", "<a>&amp;'&quot;</a>", true },
	{ "escapes in an attribute", "<a=&'\">", "<a n=\"&amp;'&quot;\"/>",
	    true },
	{ "line ends and tabs", "<a=\t\r\n>", "<a n=\"&#9;&#13;&#10;\"/>",
	    true },
	{ "a control character", "<a.\x01\x1f\x7f>",
	    "<a>\xef\xbf\xbd\xef\xbf\xbd\x7f</a>", true },
	{ "characters of several bytes", "<a.\xc3\xa4\xf0\x9f\x98\x80>",
	    "<a>\xc3\xa4\xf0\x9f\x98\x80</a>", true },
	{ "an element that is still open", "<a<b>", "<a><b/>", false },
	{ "a start tag that is still open", "<a", "<a", false },
	{ "refuses a second root", "<a><b>", NULL, false },
	{ "refuses text outside the root", "<a>.t", NULL, false },
	{ "refuses text before the root", ".t", NULL, false },
	{ "refuses an attribute after text", "<a.t=1>", NULL, false },
	{ "refuses an attribute after an element", "<a<b>=1>", NULL, false },
	{ "refuses an attribute without an element", "=1", NULL, false },
	{ "refuses an end without a start", "<a>>", NULL, false },
	{ "as deep as it can be", "<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a",
	    "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a", false },
	{ "refuses an element deeper than that",
	    "<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a", NULL, false },
};

static void
run(struct xml *x, const char *steps)
{
	static const char *const names[] = { "a", "b", "c" };
	size_t n;

	for (; *steps != '\0'; steps += 1 + n) {
		n = strcspn(steps + 1, "<=.>");
		if (*steps == '<')
			xml_begin(x, names[steps[1] - 'a']);
		else if (*steps == '=')
			xml_attribute(x, "n", str_from(steps + 1, n));
		else if (*steps == '.')
			xml_text(x, str_from(steps + 1, n));
		else
			xml_end(x);
	}
}

START_TEST(writes_documents)
{
	char text[512];
	struct buf out;
	struct xml x;

	buf_init(&out, text, sizeof(text));
	xml_init(&x, &out);
	run(&x, documents[_i].steps);
	unit_check(documents[_i].name, out.full == (documents[_i].xml == NULL));
	unit_check(
	    documents[_i].name, xml_complete(&x) == documents[_i].complete);
	if (documents[_i].xml == NULL)
		return;
	ck_assert(str_starts(buf_view(&out), DECLARATION));
	unit_same(documents[_i].name,
	    str_tail(buf_view(&out), strlen(DECLARATION)),
	    str_of(documents[_i].xml));
}
END_TEST

/* The steps above cannot contain < and >. */
START_TEST(escapes_angle_brackets)
{
	char text[256];
	struct buf out;
	struct xml x;

	buf_init(&out, text, sizeof(text));
	xml_init(&x, &out);
	xml_begin(&x, "a");
	xml_attribute_text(&x, "n", "<b>");
	xml_text(&x, str_of("]]></a>"));
	xml_end(&x);
	unit_same("angle brackets", buf_view(&out),
	    str_of(DECLARATION "<a n=\"&lt;b&gt;\">]]&gt;&lt;/a&gt;</a>"));
}
END_TEST

START_TEST(notices_a_full_buffer)
{
	char text[sizeof(DECLARATION) + 3];
	struct buf out;
	struct xml x;

	buf_init(&out, text, sizeof(text));
	xml_init(&x, &out);
	run(&x, "<a>");
	ck_assert(xml_complete(&x));
	run(&x, "<a.t>");
	ck_assert(out.full && !xml_complete(&x));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xml");
	TCase *t = tcase_create("xml");

	tcase_add_loop_test(
	    t, writes_documents, 0, sizeof(documents) / sizeof(documents[0]));
	tcase_add_test(t, escapes_angle_brackets);
	tcase_add_test(t, notices_a_full_buffer);
	suite_add_tcase(s, t);
	return unit_run(s);
}
