/* SPDX-License-Identifier: ISC */
/*
 * datetime.h - DateTimeOffset text (OData 4.01 ABNF, RFC 3339) and instants.
 *
 * Pure: the clock is a parameter of every function.
 */
#ifndef PUSHCERT_DATETIME_H
#define PUSHCERT_DATETIME_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

/* An instant: seconds since 1970-01-01T00:00:00Z without leap seconds, and
 * nanoseconds. */
struct instant {
	int64_t at;
	uint32_t nano;
};

/* The Edm.DateTimeOffset that stands for "not set". */
#define DATETIME_UNSET "0001-01-01T00:00:00Z"
/* The longest text that datetime_parse accepts, and the longest that
 * datetime_normal writes. */
#define DATETIME_TEXT_MAX 48

/*
 * Reads YYYY-MM-DDThh:mm[:ss[.f{1,12}]](Z|+hh:mm|-hh:mm); t and z may be lower
 * case. The date is one of the Gregorian calendar, years 0001 to 9999. The
 * offset is within 14 hours; -00:00 counts as 0. Second 60 is valid only at
 * 23:59:60 UTC. Digits of the fraction after the ninth are checked but do not
 * reach *out. ERR_NOT_DATE for any other text.
 */
enum err datetime_parse(struct str text, struct instant *out) ATTR_CHECKED;

/* Appends a valid text in the form that is stored and returned: the caller's
 * fraction and offset stay as sent, T and Z become upper case, and missing
 * seconds are written out (RFC 3339, section 5.6). */
void datetime_normal(struct str valid, struct buf *out);

/* Both functions write an instant before year 0001 or after 9999 as the nearest
 * second inside these years. Neither writes a terminator. */

/* YYYY-MM-DDThh:mm:ss.fffffffZ, as Graph writes lastModifiedDateTime. */
#define DATETIME_TICKS_LEN 28
void datetime_ticks(struct instant t, char out[DATETIME_TICKS_LEN]);
/* YYYY-MM-DDThh:mm:ss without a zone; the caller appends Z if needed. */
#define DATETIME_SECONDS_LEN 19
void datetime_seconds(int64_t at, char out[DATETIME_SECONDS_LEN]);

#endif
