/* SPDX-License-Identifier: ISC */
/*
 * buf.h - an arena over one block, and an output buffer with a sticky overflow
 * flag.
 *
 * What an arena hands out lives until arena_reset: for the whole request.
 * Neither grows: when it is full that is an outcome like any other.
 */
#ifndef PUSHCERT_BUF_H
#define PUSHCERT_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"

struct arena {
	char *block;
	size_t size;
	size_t used;
};

/* Uses the caller's block, which must outlive the arena. */
void arena_init(struct arena *a, void *block, size_t size);
void arena_reset(struct arena *a);
/* n bytes aligned for any type, uninitialised; NULL when the arena is full. */
void *arena_take(struct arena *a, size_t n) ATTR_CHECKED;
/* A copy of s; the null slice when s is null or the arena is full. */
struct str arena_copy(struct arena *a, struct str s);

/*
 * Writers do not look at the room: the buffer remembers that something did not
 * fit, keeps nothing of it, and the writer looks at `full` once, at the end.
 */
struct buf {
	char *p;
	size_t size;
	size_t n;
	bool full;
};

void buf_init(struct buf *b, char *p, size_t size);
/* Takes all that is left of the arena; buf_close gives back what it did not
 * use and returns what was written (null slice if it was full). Nothing else
 * may be taken from the arena in between. */
void buf_open(struct buf *b, struct arena *a);
struct str buf_close(struct buf *b, struct arena *a);

/* Room for n bytes, which count as written; NULL where it is not there. */
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

void buf_u64(struct buf *b, uint64_t u);
void buf_printf(struct buf *b, const char *format, ...) ATTR_PRINTF(2, 3);
/* What was written so far; lives as long as the buffer's memory. */
static inline struct str
buf_view(const struct buf *b)
{
	return str_from(b->p, b->n);
}

#endif
