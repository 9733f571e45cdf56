/* SPDX-License-Identifier: ISC */
/*
 * fuzz.h - the common part of all fuzz targets.
 *
 * A target NAME is one file, fuzz_NAME.c, with the function below, and a
 * directory corpus/NAME of inputs with descriptive names. It is linked twice:
 * as replay_NAME, which `make check` runs over the corpus with any compiler,
 * and, after `configure CC=clang --enable-fuzzing --enable-sanitizers`, as
 * fuzz_NAME with libFuzzer:
 *
 *   mkdir new && ./fuzz_NAME -runs=200000 new $srcdir/tests/fuzz/corpus/NAME
 *
 * An input that has caused a crash is copied into the corpus and so becomes a
 * permanent test. A target needs these lines in Makefile.am:
 *
 *   fuzz_targets += fuzz_NAME
 *   fuzz_NAME_SOURCES = tests/fuzz/fuzz_NAME.c
 *   fuzz_NAME_LDFLAGS = $(fuzz_ldflags)
 *   fuzz_NAME_LDADD = $(libraries)
 *   replay_targets += replay_NAME
 *   replay_NAME_SOURCES = tests/fuzz/fuzz_NAME.c
 *   replay_NAME_LDADD = $(replay_libraries)
 */
#ifndef PUSHCERT_FUZZ_H
#define PUSHCERT_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Processes one input and returns 0. The result may not depend on earlier
 * inputs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Like assert, but not disabled by NDEBUG. */
static inline void
fuzz_check(bool holds)
{
	if (!holds)
		abort();
}

#endif
