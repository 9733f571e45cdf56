/* SPDX-License-Identifier: ISC */
/*
 * html.h - the HTML writer.
 *
 * The writer keeps a stack of the open elements, writes every tag itself and
 * escapes every value, so a page can have neither an open tag nor a value that
 * counts as markup, whatever the value is. A call that would break that marks
 * the buffer as full. The owner of the buffer checks html_complete once, at the
 * end.
 *
 * Names of elements and attributes are literals, and they outlive the writer. A
 * value may have any bytes: an ill-formed sequence of UTF-8 and a control
 * character that HTML does not allow are written as U+FFFD.
 */
#ifndef PUSHCERT_HTML_H
#define PUSHCERT_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Deepest nesting. A cell of a table with a picture needs 10. */
#define HTML_DEPTH_MAX 24

/* The members belong to html_*. A writer has nothing to release. */
struct html {
	struct buf *out;
	const char *open[HTML_DEPTH_MAX];
	uint8_t depth;
	bool in_tag; /* the innermost element takes attributes */
	bool closed; /* the root element is closed */
};

/* Writes the document type. */
void html_init(struct html *h, struct buf *out);

/* Opens an element in the innermost open element. Elements that have no content
 * in HTML, such as input, are closed like all others. */
void html_open(struct html *h, const char *name);
/* The same with the attribute class. */
void html_open_class(struct html *h, const char *name, const char *classes);
/* Closes the innermost element. */
void html_close(struct html *h);
/* Closes this many elements. */
void html_close_all(struct html *h, unsigned n);

/*
 * An attribute of the element that was opened last. Allowed only before the
 * content of that element. A null value leaves the attribute out. An attribute
 * that the policy of the pages forbids (style, or the name of an event) is a
 * wrong call, and so is a link with a scheme other than http and https.
 */
void html_attr(struct html *h, const char *name, struct str value);
void html_attr_text(struct html *h, const char *name, const char *value);
void html_attr_u64(struct html *h, const char *name, uint64_t value);
/* An attribute without a value, such as required; nothing unless `set`. */
void html_flag(struct html *h, const char *name, bool set);

/* Text in the innermost element. An element whose content is not text, such as
 * input or script, has none. */
void html_text(struct html *h, struct str text);
void html_words(struct html *h, const char *words);
void html_u64(struct html *h, uint64_t number);
/* A whole element with this text. */
void html_element(struct html *h, const char *name, struct str text);

/* True once the root element is closed and all of the page fits. */
bool html_complete(const struct html *h);

#endif
