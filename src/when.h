/* SPDX-License-Identifier: ISC */
/*
 * when.h - DateTimeOffset text (OData 4.01 ABNF, RFC 3339) and instants.
 *
 * Pure: the clock is a parameter everywhere.
 */
#ifndef PUSHCERT_WHEN_H
#define PUSHCERT_WHEN_H

#include <stdint.h>

#include "attr.h"
#include "err.h"
#include "mem.h"
#include "str.h"

/* An instant: seconds since 1970-01-01T00:00:00Z, leap seconds not counted. */
struct instant {
	int64_t at;
	uint32_t nano;
};

/* The Edm.DateTimeOffset that stands for "not set". */
#define WHEN_UNSET "0001-01-01T00:00:00Z"
/* The longest text that when_parse takes, and the longest of when_normal. */
#define WHEN_TEXT_MAX 48

/*
 * Reads YYYY-MM-DDThh:mm[:ss[.f{1,12}]](Z|+hh:mm|-hh:mm), t and z also in
 * lower case: a date of the Gregorian calendar from 0001 to 9999, an offset
 * within 14 hours (-00:00 is 0), second 60 only at 23:59:60 UTC. Digits of the
 * fraction beyond the ninth do not reach *out. ERR_NOT_DATE otherwise.
 */
enum err when_parse(struct str text, struct instant *out) ATTR_CHECKED;

/*
 * Appends the form in which a valid text is kept and given back: the caller's
 * fraction and offset as sent, T and Z in upper case and the seconds written
 * out, as RFC 3339 section 5.6 asks of those who generate.
 */
void when_normal(struct str valid, struct buf *out);

/* What lies before the year 0001 or behind 9999 is written as the second of
 * these that is nearest to it. */

/* YYYY-MM-DDThh:mm:ss.fffffffZ, as Graph writes lastModifiedDateTime. */
#define WHEN_TICKS_LEN 28
void when_ticks(struct instant t, char out[WHEN_TICKS_LEN]);
/* YYYY-MM-DDThh:mm:ss without a zone; append Z where one is wanted. */
#define WHEN_SECONDS_LEN 19
void when_seconds(int64_t at, char out[WHEN_SECONDS_LEN]);

#endif
