/* SPDX-License-Identifier: ISC */
/*
 * xml.c - the XML writer. Text and attributes have the same escapes: those that
 * an attribute in double quotes needs are also right in text.
 */
#include "format/xml.h"

#include <limits.h>

/* U+FFFD stands for a character that an XML document cannot contain, not even
 * as a reference (XML 1.0, section 2.2). */
#define NONE "\xef\xbf\xbd"

/* The replacement of each byte; NULL leaves the byte as it is. A reader turns a
 * tab or a line end of an attribute into a blank unless it is a reference. */
/* clang-format off */
static const char *const in_xml[UCHAR_MAX + 1] = {
	NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
	NONE, "&#9;", "&#10;", NONE, NONE, "&#13;", NONE, NONE,
	NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
	NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
	['&'] = "&amp;",
	['<'] = "&lt;",
	['>'] = "&gt;",
	['"'] = "&quot;",
};
/* clang-format on */

/* A call that would produce invalid XML is a bug of ours. It marks the buffer
 * as full, so the request fails but the process goes on. */
static void
misused(struct xml *x)
{
	x->out->full = true;
}

static void
put_escaped(struct buf *out, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		const char *other = in_xml[(unsigned char)s.p[i]];

		if (other != NULL)
			buf_text(out, other);
		else
			buf_char(out, s.p[i]);
	}
}

/* Ends the start tag of the innermost element, whose content follows. */
static void
end_tag(struct xml *x)
{
	if (x->in_tag)
		buf_char(x->out, '>');
	x->in_tag = false;
}

void
xml_init(struct xml *x, struct buf *out)
{
	*x = (struct xml){ .out = out };
	buf_text(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
}

void
xml_begin(struct xml *x, const char *name)
{
	if (x->closed || x->depth == XML_DEPTH_MAX) {
		misused(x);
		return;
	}
	end_tag(x);
	buf_char(x->out, '<');
	buf_text(x->out, name);
	x->open[x->depth++] = name;
	x->in_tag = true;
}

void
xml_attribute(struct xml *x, const char *name, struct str value)
{
	if (!x->in_tag) {
		misused(x);
		return;
	}
	buf_char(x->out, ' ');
	buf_text(x->out, name);
	buf_text(x->out, "=\"");
	put_escaped(x->out, value);
	buf_char(x->out, '"');
}

void
xml_attribute_text(struct xml *x, const char *name, const char *value)
{
	xml_attribute(x, name, str_of(value));
}

void
xml_text(struct xml *x, struct str text)
{
	if (x->depth == 0) {
		misused(x);
		return;
	}
	end_tag(x);
	put_escaped(x->out, text);
}

void
xml_end(struct xml *x)
{
	if (x->depth == 0) {
		misused(x);
		return;
	}
	x->depth--;
	x->closed = x->depth == 0;
	if (x->in_tag) {
		buf_text(x->out, "/>");
	} else {
		buf_text(x->out, "</");
		buf_text(x->out, x->open[x->depth]);
		buf_char(x->out, '>');
	}
	x->in_tag = false;
}

bool
xml_complete(const struct xml *x)
{
	return x->closed && !x->out->full;
}
