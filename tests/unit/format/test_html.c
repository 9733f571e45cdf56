/* SPDX-License-Identifier: ISC */
/*
 * test_html.c - the pages that are written, why they can have neither an open
 * tag nor a value that counts as markup, and how values are escaped.
 */
#include "format/html.h"

#include <stdlib.h>

#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define DOCTYPE "<!DOCTYPE html>\n"
#define NONE "\xef\xbf\xbd"

/* A program for the writer: <a opens the element, =v gives the element that was
 * opened last the attribute title with this value, ?a an attribute without a
 * value, .t writes the text t, and > closes the innermost element. A step ends
 * before the next of these characters. */
static const struct {
	const char *name;
	const char *steps;
	const char *html; /* after the document type; NULL: a wrong call */
	bool complete;
} pages[] = {
	{ "an empty element", "<p>", "<p></p>", true },
	{ "an attribute", "<p=1>", "<p title=\"1\"></p>", true },
	{ "an empty attribute", "<p=>", "<p title=\"\"></p>", true },
	{ "an attribute without a value", "<p?hidden>", "<p hidden></p>",
	    true },
	{ "text", "<p.t>", "<p>t</p>", true },
	{ "nested elements", "<div=1<b><i.t>>",
	    "<div title=\"1\"><b></b><i>t</i></div>", true },
	{ "text between elements", "<p.x<b>.y>", "<p>x<b></b>y</p>", true },
	{ "an element without content", "<p<br><input=1>>",
	    "<p><br><input title=\"1\"></p>", true },
	{ "a root without content", "<br>", "<br>", true },
	{ "a name of two words", "<a-b>", "<a-b></a-b>", true },
	{ "a name with a digit", "<h1>", "<h1></h1>", true },
	{ "a script", "<script>", "<script></script>", true },
	{ "a text area", "<textarea.\nx>", "<textarea>\n\nx</textarea>", true },
	{ "an empty text area", "<textarea>", "<textarea></textarea>", true },
	{ "an element that is still open", "<div<p>", "<div><p></p>", false },
	{ "a start tag that is still open", "<p", "<p", false },
	{ "refuses a second root", "<p><p>", NULL, false },
	{ "refuses text outside the root", "<p>.t", NULL, false },
	{ "refuses text before the root", ".t", NULL, false },
	{ "refuses an attribute after text", "<p.t=1>", NULL, false },
	{ "refuses an attribute after an element", "<p<b>=1>", NULL, false },
	{ "refuses an attribute without an element", "=1", NULL, false },
	{ "refuses an end without a start", "<p>>", NULL, false },
	{ "refuses text in an element without content", "<br.t>", NULL, false },
	{ "refuses an element in an element without content", "<br<b>>", NULL,
	    false },
	{ "refuses text in a script", "<script.t>", NULL, false },
	{ "refuses text in a style", "<style.t>", NULL, false },
	{ "refuses an empty name", "<", NULL, false },
	{ "refuses a name with a blank", "<a b", NULL, false },
	{ "refuses a name in capital letters", "<P", NULL, false },
	{ "refuses an attribute for an event", "<p?onclick", NULL, false },
	{ "refuses an attribute with style", "<p?style", NULL, false },
	{ "refuses an attribute with a page", "<p?srcdoc", NULL, false },
};

/* The writer keeps the names, so they stay in the copy of the steps. */
static void
run(struct html *h, const char *steps, char copy[512])
{
	size_t i, n;

	strcpy(copy, steps);
	for (i = 0; steps[i] != '\0'; i += 1 + n) {
		char *word = copy + i + 1;

		n = strcspn(steps + i + 1, "<=?.>");
		word[n] = '\0';
		if (steps[i] == '<')
			html_open(h, word);
		else if (steps[i] == '=')
			html_attr_text(h, "title", word);
		else if (steps[i] == '?')
			html_flag(h, word, true);
		else if (steps[i] == '.')
			html_words(h, word);
		else
			html_close(h);
	}
}

START_TEST(writes_pages)
{
	const char *want = pages[_i].html;
	char text[512], copy[512];
	struct buf out;
	struct html h;

	buf_init(&out, text, sizeof(text));
	html_init(&h, &out);
	run(&h, pages[_i].steps, copy);
	unit_check(pages[_i].name, out.full == (want == NULL));
	unit_check(pages[_i].name, html_complete(&h) == pages[_i].complete);
	if (want == NULL)
		return;
	ck_assert(str_starts(buf_view(&out), DOCTYPE));
	unit_same(pages[_i].name, str_tail(buf_view(&out), strlen(DOCTYPE)),
	    str_of(want));
}
END_TEST

static const struct {
	const char *name;
	struct str text;
	struct str html;
} values[] = {
	{ "nothing", STR(""), STR("") },
	{ "plain text", STR("plain text"), STR("plain text") },
	{ "a tag", STR("</p><script>"), STR("&lt;/p&gt;&lt;script&gt;") },
	{ "a reference", STR("&lt;&#60;&"), STR("&amp;lt;&amp;#60;&amp;") },
	{ "quotation marks", STR("\"'`"), STR("&quot;&#39;`") },
	{ "a comment", STR("<!-- -->"), STR("&lt;!-- --&gt;") },
	{ "line ends and tabs", STR("\t\r\n"), STR("\t&#13;\n") },
	{ "control characters", STR("\0\x01\x08\x0b\x0c\x0e\x1f\x7f"),
	    STR(NONE NONE NONE NONE NONE NONE NONE NONE) },
	{ "control characters of two bytes", STR("\xc2\x80\xc2\x9f\xc2\xa0"),
	    STR(NONE NONE "\xc2\xa0") },
	{ "two, three and four bytes",
	    STR("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
	    STR("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") },
	{ "half a character before a tag", STR("\xc3<\xf0\x9f<"),
	    STR(NONE "&lt;" NONE NONE "&lt;") },
	{ "half a character at the end", STR("a\xe2\x82"), STR("a" NONE NONE) },
	{ "an overlong tag", STR("\xc0\xbc"), STR(NONE NONE) },
	{ "a surrogate", STR("\xed\xa0\x80"), STR(NONE NONE NONE) },
};

START_TEST(escapes_values)
{
	struct str text = unit_guard(0, values[_i].text), got;
	char room[256], want_room[256];
	struct buf out, want;
	struct html h;

	buf_init(&out, room, sizeof(room));
	html_init(&h, &out);
	html_open(&h, "p");
	html_attr(&h, "title", text);
	html_text(&h, text);
	html_close(&h);
	got = str_tail(buf_view(&out), strlen(DOCTYPE));
	buf_init(&want, want_room, sizeof(want_room));
	buf_text(&want, "<p title=\"");
	buf_str(&want, values[_i].html);
	buf_text(&want, "\">");
	buf_str(&want, values[_i].html);
	buf_text(&want, "</p>");
	ck_assert(html_complete(&h));
	unit_same(values[_i].name, got, buf_view(&want));
}
END_TEST

static const struct {
	const char *name;
	const char *attribute;
	const char *link;
	bool allowed;
} links[] = {
	{ "a relative link", "href", "history", true },
	{ "the folder", "href", "./", true },
	{ "a query with a colon", "href", "event?n=1:2", true },
	{ "a fragment with a colon", "href", "#a:b", true },
	{ "a path with a colon", "href", "./a:b", true },
	{ "https", "href", "https://identity.apple.com/pushcert", true },
	{ "http", "action", "http://[::1]/ui/", true },
	{ "an empty link", "href", "", true },
	{ "refuses javascript", "href", "javascript:alert(1)", false },
	{ "refuses it in capital letters", "href", "JavaScript:a", false },
	{ "refuses it after a blank", "href", " javascript:a", false },
	{ "refuses it with a tab", "href", "java\tscript:a", false },
	{ "refuses data", "src", "data:text/html,x", false },
	{ "refuses another scheme in a form", "action", "ftp://a", false },
	{ "refuses it at a button", "formaction", "vbscript:a", false },
	{ "is no link", "title", "javascript:a", true },
};

START_TEST(takes_links)
{
	char room[256];
	struct buf out;
	struct html h;

	buf_init(&out, room, sizeof(room));
	html_init(&h, &out);
	html_open(&h, "a");
	html_attr_text(&h, links[_i].attribute, links[_i].link);
	html_close(&h);
	unit_check(links[_i].name, html_complete(&h) == links[_i].allowed);
}
END_TEST

START_TEST(the_other_calls)
{
	char room[512];
	struct buf out;
	struct html h;

	buf_init(&out, room, sizeof(room));
	html_init(&h, &out);
	html_open_class(&h, "main", "a b");
	html_open(&h, "progress");
	html_attr_u64(&h, "max", UINT64_MAX);
	html_attr(&h, "value", str_of(NULL));
	html_flag(&h, "hidden", false);
	html_u64(&h, 42);
	html_close(&h);
	html_element(&h, "b", str_of("x"));
	html_open(&h, "ul");
	html_open(&h, "li");
	ck_assert(!html_complete(&h));
	html_close_all(&h, 3);
	ck_assert(html_complete(&h));
	unit_same("the page", str_tail(buf_view(&out), strlen(DOCTYPE)),
	    str_of("<main class=\"a b\">"
		   "<progress max=\"18446744073709551615\">42</progress>"
		   "<b>x</b><ul><li></li></ul></main>"));
}
END_TEST

START_TEST(as_deep_as_it_can_be)
{
	char room[1024];
	struct buf out;
	struct html h;
	int i;

	buf_init(&out, room, sizeof(room));
	html_init(&h, &out);
	for (i = 0; i < HTML_DEPTH_MAX; i++)
		html_open(&h, "b");
	ck_assert(!out.full);
	html_open(&h, "b");
	ck_assert(out.full);
}
END_TEST

/* A page that does not fit is not complete, wherever it ends. */
START_TEST(notices_a_full_buffer)
{
	static const char steps[] = "<div=&<br>.a<script>>";
	static const char html[] = DOCTYPE
	    "<div title=\"&amp;\"><br>a<script></script></div>";
	char copy[512], *room;
	struct buf out;
	struct html h;
	size_t size;

	for (size = 0; size < sizeof(html); size++) {
		room = malloc(size + 1);
		buf_init(&out, room, size);
		html_init(&h, &out);
		run(&h, steps, copy);
		ck_assert(html_complete(&h) == (size == sizeof(html) - 1));
		free(room);
	}
}
END_TEST

/* A reader that knows only what the writer may write. */
struct reader {
	struct str rest;
	struct str open[HTML_DEPTH_MAX];
	size_t depth;
	bool failed;
};

static bool
skip(struct reader *r, const char *literal)
{
	if (!str_starts(r->rest, literal))
		return false;
	r->rest = str_tail(r->rest, strlen(literal));
	return true;
}

static bool
skip_reference(struct reader *r)
{
	return skip(r, "&amp;") || skip(r, "&lt;") || skip(r, "&gt;") ||
	    skip(r, "&quot;") || skip(r, "&#39;") || skip(r, "&#13;");
}

/* Reads text up to the byte `end` of markup, or to the end. */
static void
read_text(struct reader *r, char end)
{
	while (r->rest.n > 0 && r->rest.p[0] != end && !r->failed) {
		unsigned char c = (unsigned char)r->rest.p[0];

		if (c == '&') {
			r->failed = !skip_reference(r);
			continue;
		}
		r->failed = strchr("<>\"'", c) != NULL || c == 0x7f ||
		    (c < ' ' && c != '\t' && c != '\n');
		r->rest = str_tail(r->rest, 1);
	}
}

static struct str
read_name(struct reader *r)
{
	size_t n = 0;

	while (n < r->rest.n && r->rest.p[n] >= 'a' && r->rest.p[n] <= 'z')
		n++;
	r->failed |= n == 0;
	r->rest = str_tail(r->rest, n);
	return str_from(r->rest.p - n, n);
}

static void
read_start_tag(struct reader *r)
{
	struct str name = read_name(r);

	while (skip(r, " ") && !r->failed) {
		(void)read_name(r);
		if (!skip(r, "=\""))
			continue;
		read_text(r, '"');
		r->failed |= !skip(r, "\"");
	}
	r->failed |= !skip(r, ">") || r->depth == HTML_DEPTH_MAX;
	if (!r->failed && !str_is(name, "br") && !str_is(name, "input"))
		r->open[r->depth++] = name;
}

static void
read_end_tag(struct reader *r)
{
	struct str name = read_name(r);

	r->failed |= !skip(r, ">") || r->depth == 0;
	if (!r->failed)
		r->failed = !str_eq(r->open[--r->depth], name);
}

static bool
is_whole(struct str page)
{
	struct reader r = { .rest = page };

	r.failed = !str_utf8_valid(page) || !skip(&r, DOCTYPE);
	while (r.rest.n > 0 && !r.failed) {
		if (skip(&r, "</"))
			read_end_tag(&r);
		else if (skip(&r, "<"))
			read_start_tag(&r);
		else
			read_text(&r, '<');
	}
	return !r.failed && r.depth == 0;
}

/* A text of bytes that a reader may take for markup. */
static struct str
any_text(unsigned *seed, char room[16])
{
	static const char bytes[] = "<>&\"'=/ !-ab;#x\n\r\t\0\x80\xc3\xe2";
	size_t i, n = (size_t)rand_r(seed) % 16;

	for (i = 0; i < n; i++)
		room[i] = bytes[(size_t)rand_r(seed) % sizeof(bytes)];
	return str_from(room, n);
}

static void
any_call(struct html *h, unsigned *seed)
{
	static const char *const names[] = { "div", "p", "br", "textarea",
		"input", "script", "svg" };
	char room[16];
	const char *name = names[(size_t)rand_r(seed) % COUNT(names)];

	switch (rand_r(seed) % 7) {
	case 0:
	case 1:
		html_open(h, name);
		break;
	case 2:
		html_attr(h, "title", any_text(seed, room));
		break;
	case 3:
		html_attr(h, "href", any_text(seed, room));
		break;
	case 4:
		html_element(h, name, any_text(seed, room));
		break;
	case 5:
		html_text(h, any_text(seed, room));
		break;
	default:
		html_close(h);
	}
}

/* Whatever is called, in whatever order: a page is either whole or refused. To
 * get whole pages often, the test makes few calls and closes what is open. */
START_TEST(any_calls_make_a_whole_page_or_none)
{
	unsigned seed = (unsigned)_i + 1, run_no, calls, complete = 0;
	char room[4096];
	struct buf out;
	struct html h;

	for (run_no = 0; run_no < 20000; run_no++) {
		buf_init(&out, room, sizeof(room));
		html_init(&h, &out);
		html_open(&h, "main");
		for (calls = (unsigned)rand_r(&seed) % 12; calls > 0; calls--)
			any_call(&h, &seed);
		while (h.depth > 0)
			html_close(&h);
		if (!html_complete(&h))
			continue;
		complete++;
		ck_assert_msg(
		    is_whole(buf_view(&out)), "%.*s", STR_ARG(buf_view(&out)));
	}
	ck_assert_uint_gt(complete, 1000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("html");
	TCase *t = tcase_create("html");

	tcase_add_loop_test(t, writes_pages, 0, COUNT(pages));
	tcase_add_loop_test(t, escapes_values, 0, COUNT(values));
	tcase_add_loop_test(t, takes_links, 0, COUNT(links));
	tcase_add_test(t, the_other_calls);
	tcase_add_test(t, as_deep_as_it_can_be);
	tcase_add_test(t, notices_a_full_buffer);
	tcase_add_loop_test(t, any_calls_make_a_whole_page_or_none, 0, 4);
	suite_add_tcase(s, t);
	return unit_run(s);
}
