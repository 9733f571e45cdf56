/* SPDX-License-Identifier: ISC */
/*
 * xml.h - the XML writer (XML 1.0).
 *
 * The writer keeps a stack of the open elements, closes each tag itself and
 * escapes every value, so its output is always well-formed. A call that would
 * break that marks the buffer as full. The owner of the buffer checks `full`
 * once, at the end.
 */
#ifndef PUSHCERT_XML_H
#define PUSHCERT_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Deepest nesting. A description of types (CSDL) needs 9. */
#define XML_DEPTH_MAX 16

/* The members belong to xml_*. A writer has nothing to release. */
struct xml {
	struct buf *out;
	const char *open[XML_DEPTH_MAX];
	uint8_t depth;
	bool in_tag; /* the innermost element takes attributes */
	bool closed; /* the root element is closed */
};

/* Writes the XML declaration. */
void xml_init(struct xml *x, struct buf *out);
/* Opens an element in the innermost open element. Names of elements and
 * attributes come from our own tables and outlive the writer. */
void xml_begin(struct xml *x, const char *name);
/* An attribute of the element that was opened last. Allowed only before the
 * content of that element. */
void xml_attribute(struct xml *x, const char *name, struct str value);
void xml_attribute_text(struct xml *x, const char *name, const char *value);
/* Text in the innermost element. A value must be valid UTF-8; a control
 * character that XML does not allow is written as U+FFFD. */
void xml_text(struct xml *x, struct str text);
/* Closes the innermost element. */
void xml_end(struct xml *x);
/* True once the root element is closed. */
bool xml_complete(const struct xml *x);

#endif
