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
	/* The wrapping takes any bytes, not only ASCII text. */
	bool binary;
};

extern const struct wrap wraps[];
extern const size_t wraps_n;

#endif
