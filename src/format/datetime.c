/* SPDX-License-Identifier: ISC */
/*
 * datetime.c - DateTimeOffset text and instants. Days count from 0001-01-01,
 * which is day 0, in the Gregorian calendar extended back to that date.
 */
#include "format/datetime.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define DAY 86400

#define DAYS_IN_400_YEARS 146097
#define DAYS_IN_100_YEARS 36524
#define DAYS_IN_4_YEARS 1461
#define DAYS_IN_YEAR 365

/* Day number of 1970-01-01. */
#define EPOCH 719162
/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
#define FIRST_AT (-(int64_t)EPOCH * DAY)
#define LAST_AT INT64_C(253402300799)

/* Days of a year before each month and before the next year. */
static const uint16_t month_starts[2][13] = {
	{ 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 },
	{ 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366 },
};

struct date {
	unsigned year, month, day; /* from 1 */
};

/* A text, split into its numbers. */
struct parts {
	struct date date;
	unsigned hour, minute, second;
	uint32_t nano;
	int offset; /* seconds east of UTC */
};

static const uint16_t *
months_of(unsigned year)
{
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month_starts[leap];
}

static int64_t
day_of(const struct date *d)
{
	unsigned y = d->year - 1;

	return (int64_t)y * DAYS_IN_YEAR + y / 4 - y / 100 + y / 400 +
	    months_of(d->year)[d->month - 1] + d->day - 1;
}

/* The last day of a 400-year or 4-year cycle would count as the first day of a
 * fifth century or year, so the quotient is clamped. */
static unsigned
at_most_3(unsigned n)
{
	return n > 3 ? 3 : n;
}

static struct date
date_of(unsigned day)
{
	struct date d = { .year = 1, .month = 1 };
	unsigned n;

	d.year += day / DAYS_IN_400_YEARS * 400;
	day %= DAYS_IN_400_YEARS;
	n = at_most_3(day / DAYS_IN_100_YEARS);
	d.year += n * 100;
	day -= n * DAYS_IN_100_YEARS;
	d.year += day / DAYS_IN_4_YEARS * 4;
	day %= DAYS_IN_4_YEARS;
	n = at_most_3(day / DAYS_IN_YEAR);
	d.year += n;
	day -= n * DAYS_IN_YEAR;
	while (day >= months_of(d.year)[d.month])
		d.month++;
	d.day = day - months_of(d.year)[d.month - 1] + 1;
	return d;
}

/* Takes a number of exactly `digits` digits and within the bounds. */
static bool
take_number(
    struct str *s, size_t digits, unsigned low, unsigned high, unsigned *out)
{
	uint64_t u;

	if (s->n < digits || !str_u64(str_head(*s, digits), &u) || u < low ||
	    u > high)
		return false;
	*s = str_tail(*s, digits);
	*out = (unsigned)u;
	return true;
}

/* Takes one character, a letter in either case. */
static bool
take(struct str *s, const char *mark)
{
	if (!str_iis(str_head(*s, 1), mark))
		return false;
	*s = str_tail(*s, 1);
	return true;
}

static bool
take_date(struct str *s, struct parts *t)
{
	struct date *d = &t->date;
	const uint16_t *months;

	if (!take_number(s, 4, 1, 9999, &d->year) || !take(s, "-") ||
	    !take_number(s, 2, 1, 12, &d->month) || !take(s, "-") ||
	    !take_number(s, 2, 1, 31, &d->day))
		return false;
	months = months_of(d->year);
	return d->day <= (unsigned)(months[d->month] - months[d->month - 1]);
}

static bool
take_fraction(struct str *s, uint32_t *nano)
{
	size_t i, n = 0;

	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	for (i = 0; i < 9; i++)
		*nano = *nano * 10 + (i < n ? (uint32_t)(s->p[i] - '0') : 0);
	*s = str_tail(*s, n);
	return n >= 1 && n <= 12;
}

static bool
take_time(struct str *s, struct parts *t)
{
	if (!take_number(s, 2, 0, 23, &t->hour) || !take(s, ":") ||
	    !take_number(s, 2, 0, 59, &t->minute))
		return false;
	if (!take(s, ":"))
		return true;
	if (!take_number(s, 2, 0, 60, &t->second))
		return false;
	return !take(s, ".") || take_fraction(s, &t->nano);
}

/* -00:00 counts as 0. */
static bool
take_offset(struct str *s, int *offset)
{
	unsigned hours, minutes;
	bool west;

	if (take(s, "Z"))
		return true;
	west = take(s, "-");
	if ((!west && !take(s, "+")) || !take_number(s, 2, 0, 14, &hours) ||
	    !take(s, ":") || !take_number(s, 2, 0, 59, &minutes))
		return false;
	*offset = (int)(hours * 3600 + minutes * 60);
	if (west)
		*offset = -*offset;
	return hours < 14 || minutes == 0;
}

enum err
datetime_parse(struct str text, struct instant *out)
{
	struct parts t = { 0 };

	if (!take_date(&text, &t) || !take(&text, "T") ||
	    !take_time(&text, &t) || !take_offset(&text, &t.offset) ||
	    text.n > 0)
		return ERR_NOT_DATE;
	out->at = (day_of(&t.date) - EPOCH) * DAY + t.hour * 3600 +
	    t.minute * 60 + t.second - t.offset;
	out->nano = t.nano;
	/* A leap second is valid only as the last second of a day in UTC. */
	if (t.second == 60 && out->at % DAY != 0)
		return ERR_NOT_DATE;
	return ERR_OK;
}

void
datetime_normal(struct str valid, struct buf *out)
{
	/* Every valid text has the same length up to the minute. */
	struct str date = str_head(valid, 10);
	struct str minute = str_head(str_tail(valid, 11), 5);
	struct str rest = str_tail(valid, 16);
	bool z = str_ends(rest, "z");

	buf_str(out, date);
	buf_char(out, 'T');
	buf_str(out, minute);
	if (!str_starts(rest, ":"))
		buf_text(out, ":00");
	buf_str(out, str_head(rest, rest.n - z));
	if (z)
		buf_char(out, 'Z');
}

static void
put(char *p, unsigned u, size_t digits)
{
	while (digits-- > 0) {
		p[digits] = (char)('0' + u % 10);
		u /= 10;
	}
}

void
datetime_ticks(struct instant t, char out[DATETIME_TICKS_LEN])
{
	memcpy(out, "YYYY-MM-DDThh:mm:ss.fffffffZ", DATETIME_TICKS_LEN);
	datetime_seconds(t.at, out);
	put(out + 20, t.nano / 100, 7);
}

void
datetime_seconds(int64_t at, char out[DATETIME_SECONDS_LEN])
{
	struct date d;
	unsigned second;

	if (at < FIRST_AT)
		at = FIRST_AT;
	if (at > LAST_AT)
		at = LAST_AT;
	at -= FIRST_AT;
	d = date_of((unsigned)(at / DAY));
	second = (unsigned)(at % DAY);
	memcpy(out, "YYYY-MM-DDThh:mm:ss", DATETIME_SECONDS_LEN);
	put(out, d.year, 4);
	put(out + 5, d.month, 2);
	put(out + 8, d.day, 2);
	put(out + 11, second / 3600, 2);
	put(out + 14, second / 60 % 60, 2);
	put(out + 17, second % 60, 2);
}
