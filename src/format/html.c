/* SPDX-License-Identifier: ISC */
/*
 * html.c - the HTML writer. Text and attributes have the same escapes: those
 * that an attribute in double quotes needs are also right in text.
 *
 * Every function is out of line, also those that only write a literal: a page
 * has hundreds of calls, and a copy of the code at each would make the program
 * larger by half.
 */
#include "format/html.h"

/* U+FFFD stands for a character that a page cannot contain, not even as a
 * reference. */
#define NONE "\xef\xbf\xbd"

/* How the content of an element differs from the usual. */
enum content {
	USUAL,
	NO_CONTENT, /* no end tag either (HTML, section "Void elements") */
	NO_TEXT, /* a reader would not take references off */
	DROPS_LINE /* a reader drops a line feed at the start */
};

/* Names in place: a table of pointers would need work of the dynamic linker,
 * and more space. */
static const struct {
	char name[sizeof("textarea")];
	uint8_t content;
} unusual[] = {
	{ "br", NO_CONTENT },
	{ "hr", NO_CONTENT },
	{ "img", NO_CONTENT },
	{ "input", NO_CONTENT },
	{ "link", NO_CONTENT },
	{ "meta", NO_CONTENT },
	{ "wbr", NO_CONTENT },
	{ "script", NO_TEXT },
	{ "style", NO_TEXT },
	{ "textarea", DROPS_LINE },
	{ "pre", DROPS_LINE },
};

/* A wrong call is a bug of ours. It marks the buffer as full, so the request
 * fails but the process goes on. */
static void
misused(struct html *h)
{
	h->out->full = true;
}

static void
put(struct html *h, const char *literal)
{
	buf_add_text(h->out, literal);
}

/* Whether a literal is a name, so that it cannot end a tag. */
static bool
is_name(const char *name)
{
	size_t n = 0;

	while ((name[n] >= 'a' && name[n] <= 'z') ||
	    (n > 0 &&
		((name[n] >= 'A' && name[n] <= 'Z') || name[n] == '-' ||
		    (name[n] >= '0' && name[n] <= '9'))))
		n++;
	return n > 0 && name[n] == '\0';
}

static enum content
content_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(unusual) / sizeof(unusual[0]); i++)
		if (strcmp(unusual[i].name, name) == 0)
			return (enum content)unusual[i].content;
	return USUAL;
}

static enum content
innermost(const struct html *h)
{
	return h->depth == 0 ? NO_CONTENT : content_of(h->open[h->depth - 1]);
}

static bool
is_plain(unsigned char c)
{
	if (c > '>')
		return c < 0x7f;
	if (c < ' ')
		return c == '\t' || c == '\n';
	return c != '&' && c != '<' && c != '>' && c != '"' && c != '\'';
}

/* The bytes at the start of s that are written as they are. */
static size_t
plain(struct str s)
{
	size_t i = 0;

	while (i < s.n && is_plain((unsigned char)s.p[i]))
		i++;
	return i;
}

/* The form of a byte of ASCII that is not plain. A reader turns a carriage
 * return into a line feed unless it is a reference. */
static const char *
escape_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\r':
		return "&#13;";
	default:
		return NONE;
	}
}

/* Writes the first character of a text that is not plain and returns its
 * length. U+0080 to U+009F are control characters. */
static size_t
put_special(struct buf *out, struct str s)
{
	size_t n = str_utf8_step(s);

	if ((s.p[0] & 0x80) == 0) {
		buf_add_text(out, escape_of(s.p[0]));
		return 1;
	}
	if (n == 0 || (s.p[0] == '\xc2' && (unsigned char)s.p[1] < 0xa0)) {
		buf_add_text(out, NONE);
		return n == 0 ? 1 : n;
	}
	buf_add(out, str_head(s, n));
	return n;
}

static void
put_escaped(struct buf *out, struct str s)
{
	while (s.n > 0) {
		size_t n = plain(s);

		buf_put(out, s.p, n);
		s = str_tail(s, n);
		if (s.n > 0)
			s = str_tail(s, put_special(out, s));
	}
}

/* Ends the start tag of the innermost element, whose content follows. Returns
 * false if the element may not have content. */
static bool
begin_content(struct html *h, bool text)
{
	enum content content = innermost(h);

	if (content == NO_CONTENT || (text && content == NO_TEXT)) {
		misused(h);
		return false;
	}
	if (h->in_tag)
		put(h, content == DROPS_LINE ? ">\n" : ">");
	h->in_tag = false;
	return true;
}

void
html_init(struct html *h, struct buf *out)
{
	*h = (struct html){ .out = out };
	put(h, "<!DOCTYPE html>\n");
}

void
html_open(struct html *h, const char *name)
{
	if (h->closed || h->depth == HTML_DEPTH_MAX || !is_name(name)) {
		misused(h);
		return;
	}
	if (h->depth > 0 && !begin_content(h, false))
		return;
	put(h, "<");
	put(h, name);
	h->open[h->depth++] = name;
	h->in_tag = true;
}

void
html_open_class(struct html *h, const char *name, const char *classes)
{
	html_open(h, name);
	html_attr_text(h, "class", classes);
}

void
html_close(struct html *h)
{
	enum content content = innermost(h);

	if (h->depth == 0) {
		misused(h);
		return;
	}
	if (h->in_tag)
		put(h, ">");
	h->in_tag = false;
	h->depth--;
	h->closed = h->depth == 0;
	if (content == NO_CONTENT)
		return;
	put(h, "</");
	put(h, h->open[h->depth]);
	put(h, ">");
}

void
html_close_all(struct html *h, unsigned n)
{
	while (n-- > 0)
		html_close(h);
}

/* Whether an attribute of this name would hold code. */
static bool
is_code(const char *name)
{
	return strncmp(name, "on", 2) == 0 || strcmp(name, "style") == 0 ||
	    strcmp(name, "srcdoc") == 0;
}

static bool
is_link(const char *name)
{
	return strcmp(name, "href") == 0 || strcmp(name, "src") == 0 ||
	    strcmp(name, "action") == 0 || strcmp(name, "formaction") == 0;
}

/* A link is relative, or has the scheme http or https. A colon after the first
 * slash, question mark or number sign is not the end of a scheme. */
static bool
is_safe_link(struct str value)
{
	size_t i;

	if (str_starts(value, "https://") || str_starts(value, "http://"))
		return true;
	for (i = 0; i < value.n; i++) {
		if (value.p[i] == ':')
			return false;
		if (value.p[i] == '/' || value.p[i] == '?' || value.p[i] == '#')
			break;
	}
	return true;
}

static bool
begin_attribute(struct html *h, const char *name)
{
	if (!h->in_tag || !is_name(name) || is_code(name)) {
		misused(h);
		return false;
	}
	put(h, " ");
	put(h, name);
	return true;
}

void
html_attr(struct html *h, const char *name, struct str value)
{
	if (str_is_null(value))
		return;
	if (is_link(name) && !is_safe_link(value)) {
		misused(h);
		return;
	}
	if (!begin_attribute(h, name))
		return;
	put(h, "=\"");
	put_escaped(h->out, value);
	put(h, "\"");
}

void
html_attr_text(struct html *h, const char *name, const char *value)
{
	html_attr(h, name, str_of(value));
}

void
html_attr_u64(struct html *h, const char *name, uint64_t value)
{
	if (!begin_attribute(h, name))
		return;
	put(h, "=\"");
	buf_u64(h->out, value);
	put(h, "\"");
}

void
html_flag(struct html *h, const char *name, bool set)
{
	if (set)
		(void)begin_attribute(h, name);
}

void
html_text(struct html *h, struct str text)
{
	if (begin_content(h, true))
		put_escaped(h->out, text);
}

void
html_words(struct html *h, const char *words)
{
	html_text(h, str_of(words));
}

void
html_u64(struct html *h, uint64_t number)
{
	if (begin_content(h, true))
		buf_u64(h->out, number);
}

void
html_element(struct html *h, const char *name, struct str text)
{
	html_open(h, name);
	html_text(h, text);
	html_close(h);
}

bool
html_complete(const struct html *h)
{
	return h->closed && !h->out->full;
}
