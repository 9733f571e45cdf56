/* SPDX-License-Identifier: ISC */
/*
 * buf.h - an output buffer over memory of the caller or of an arena.
 *
 * A writer does not check the room before each call: the buffer remembers that
 * a piece did not fit, drops it and everything after it, and the writer reads
 * `full` once at the end. A buffer never grows.
 */
#ifndef PUSHCERT_BUF_H
#define PUSHCERT_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t size;
	size_t n;
	bool full;
};

/* Writes into size bytes at p, which must outlive the buffer. */
void buf_init(struct buf *b, char *p, size_t size);
/* Writes into the free part of the arena. Until buf_close, the caller takes
 * nothing else from that arena. */
void buf_open(struct buf *b, struct arena *a);
/* Gives the unused memory back to the arena and returns the text, which lives
 * as long as the arena's pieces do; the null slice if the buffer was full. */
struct str buf_close(struct buf *b, struct arena *a);

/* Room for n bytes, which count as written; NULL if there is not enough. */
static inline char *
buf_take(struct buf *b, size_t n)
{
	if (b->full || n > b->size - b->n) {
		b->full = true;
		return NULL;
	}
	b->n += n;
	return b->p + b->n - n;
}

static inline void
buf_put(struct buf *b, const void *p, size_t n)
{
	char *to = buf_take(b, n);

	if (to != NULL && n > 0)
		memcpy(to, p, n);
}

static inline void
buf_char(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

static inline void
buf_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

static inline void
buf_text(struct buf *b, const char *c)
{
	buf_put(b, c, strlen(c));
}

/* buf_str and buf_text out of line: for code that is not run often, where an
 * inline copy at each call would take too much space. */
void buf_add(struct buf *b, struct str s);
void buf_add_text(struct buf *b, const char *c);
/* Appends a text with percent escapes (RFC 3986, section 2.1). Letters, digits
 * and the characters in `plain` stay as they are. */
void buf_percent(struct buf *b, struct str s, const char *plain);
/* Appends the number in decimal digits. */
void buf_u64(struct buf *b, uint64_t u);
void buf_printf(struct buf *b, const char *format, ...) ATTR_PRINTF(2, 3);
/* The text written until now; it lives as long as the buffer's memory. */
static inline struct str
buf_view(const struct buf *b)
{
	return str_from(b->p, b->n);
}

#endif
