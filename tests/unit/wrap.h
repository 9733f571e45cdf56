/* SPDX-License-Identifier: ISC */
/*
 * wrap.h - wraps texts as other programs do, for the tests of unwrap.
 */
#ifndef PUSHCERT_WRAP_H
#define PUSHCERT_WRAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct wrap {
	const char *name;
	void (*put)(struct str s, struct buf *out);
	/* Takes any bytes, not only a text in ASCII. */
	bool binary;
};

extern const struct wrap wraps[];
extern const size_t wraps_n;

#endif
