/* SPDX-License-Identifier: ISC */
/*
 * fuzz.h - the common part of all fuzz targets.
 *
 * A target NAME is one file, fuzz_NAME.c, with the function below, and a
 * directory corpus/NAME of inputs with descriptive names. Its program is
 * fuzz_NAME. By default it is linked with replay.c, and `make check` runs it
 * over the corpus, with any compiler. After `configure CC=clang
 * --enable-fuzzing --enable-sanitizers` it is linked with libFuzzer:
 *
 *   mkdir new && ./fuzz_NAME -runs=200000 new $srcdir/tests/fuzz/corpus/NAME
 *
 * An input that has caused a crash is copied into the corpus and so becomes a
 * permanent test. A new target needs only a line in Makefile.am's fuzz_targets.
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
