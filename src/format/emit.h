/* SPDX-License-Identifier: ISC */
/*
 * emit.h - the JSON writer, and escapers for HTML and plain text.
 *
 * The writer keeps a stack of scopes and writes commas and colons itself, so
 * its output is always well-formed. A call that would break that marks the
 * buffer as full. The owner of the buffer checks `full` once, at the end.
 */
#ifndef PUSHCERT_EMIT_H
#define PUSHCERT_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Deepest nesting; the same as in json.h, so that any text that was read can be
 * written. */
#define EMIT_DEPTH_MAX 32

/* The members belong to emit_*. A writer has nothing to release. */
struct emit {
	struct buf *out;
	uint8_t scope[EMIT_DEPTH_MAX + 1];
	uint8_t depth;
};

void emit_init(struct emit *e, struct buf *out);
void emit_object(struct emit *e);
void emit_array(struct emit *e);
/* Closes the innermost object or array. */
void emit_end(struct emit *e);
/* The name of the next member, inside an object only. Names come from our own
 * tables and are written without escapes. */
void emit_name(struct emit *e, const char *name);
/* Like emit_name, for a name in two parts: "first@second". */
void emit_name2(struct emit *e, const char *first, const char *second);
/* A string, which must be valid UTF-8; the null slice is written as null. */
void emit_str(struct emit *e, struct str s);
void emit_text(struct emit *e, const char *c);
void emit_u64(struct emit *e, uint64_t u);
void emit_i64(struct emit *e, int64_t i);
void emit_bool(struct emit *e, bool b);
void emit_null(struct emit *e);
/* A value that is JSON already, and valid. */
void emit_json(struct emit *e, struct str json);
/* True once the root value is closed. */
bool emit_complete(const struct emit *e);

/* Appends s with & < > " ' as character references. */
void emit_html(struct buf *out, struct str s);
/* Appends the inside of a JSON string, without the quotes. Only the characters
 * that RFC 8259, section 7, requires to be escaped are escaped. */
void emit_escaped(struct buf *out, struct str s);

#endif
