/* SPDX-License-Identifier: ISC */
/*
 * emit.h - the JSON writer, and escapers for HTML and plain text.
 *
 * The writer keeps a stack of scopes and sets commas and colons itself: what it
 * writes is always well-formed, or it asserts. The room is looked at once, by
 * the buffer's owner.
 */
#ifndef PUSHCERT_EMIT_H
#define PUSHCERT_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"
#include "str.h"

/* Deepest nesting: as deep as json.h reads, so what was read can be written. */
#define EMIT_DEPTH_MAX 32

/* Belongs to emit_*; nothing to release. */
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
/* The name of the next member; only inside an object. Names are those of our
 * own tables: they hold nothing that wants an escape. */
void emit_name(struct emit *e, const char *name);
/* As emit_name, for a name that has two parts. */
void emit_name2(struct emit *e, const char *first, const char *second);
/* A string; the null slice is written as null. Text must be valid UTF-8. */
void emit_str(struct emit *e, struct str s);
void emit_text(struct emit *e, const char *c);
void emit_u64(struct emit *e, uint64_t u);
void emit_i64(struct emit *e, int64_t i);
void emit_bool(struct emit *e, bool b);
void emit_null(struct emit *e);
/* True once the root value is closed. */
bool emit_complete(const struct emit *e);

/* & < > " ' as character references. */
void emit_html(struct buf *out, struct str s);
/* The inside of a JSON string, without the quotes: what RFC 8259, section 7
 * wants escaped is, and nothing else. */
void emit_escaped(struct buf *out, struct str s);

#endif
