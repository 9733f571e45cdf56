/* SPDX-License-Identifier: ISC */
/*
 * clock.h - the monotonic clock (CLOCK_MONOTONIC), which no administrator sets
 * back. Deadlines and measured times use it; dates never do.
 */
#ifndef PUSHCERT_CLOCK_H
#define PUSHCERT_CLOCK_H

#include <stdint.h>

/* Milliseconds and microseconds since an arbitrary moment. */
int64_t clock_ms(void);
int64_t clock_us(void);

#endif
