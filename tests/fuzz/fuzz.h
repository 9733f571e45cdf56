/* SPDX-License-Identifier: ISC */
/*
 * fuzz.h - what a fuzz target is made of.
 *
 * A target NAME is one file, fuzz_NAME.c, with the function below, and a
 * directory corpus/NAME of inputs with names that say what they are. It is
 * linked twice: as replay_NAME, which `make check` runs over the corpus with
 * any compiler, and, after `configure CC=clang --enable-fuzzing
 * --enable-sanitizers`, as fuzz_NAME with libFuzzer:
 *
 *	mkdir new && ./fuzz_NAME -runs=200000 new $srcdir/tests/fuzz/corpus/NAME
 *
 * An input that crashed is copied into the corpus and so is a test for ever.
 * All that Makefile.am needs to know of a target:
 *
 *	fuzz_targets += fuzz_NAME
 *	fuzz_NAME_SOURCES = tests/fuzz/fuzz_NAME.c
 *	fuzz_NAME_LDFLAGS = $(fuzz_ldflags)
 *	fuzz_NAME_LDADD = $(libraries)
 *	replay_targets += replay_NAME
 *	replay_NAME_SOURCES = tests/fuzz/fuzz_NAME.c
 *	replay_NAME_LDADD = $(replay_libraries)
 */
#ifndef PUSHCERT_FUZZ_H
#define PUSHCERT_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Feeds one input; returns 0. Nothing may be kept from one to the next. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert, but not to be compiled out. */
static inline void
fuzz_check(bool holds)
{
	if (!holds)
		abort();
}

#endif
