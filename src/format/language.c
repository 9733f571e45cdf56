/* SPDX-License-Identifier: ISC */
/*
 * language.c - reads Accept-Language. A quality counts in thousandths, as it
 * has at most three digits after the point (RFC 9110, section 12.4.2).
 */
#include "format/language.h"

#include <stdbool.h>

#define QUALITY_MAX 1000

static const char *const tags[LANGUAGES] = {
	[LANGUAGE_EN] = "en",
	[LANGUAGE_DE] = "de",
};

/* Reads 0, 1, or 0 or 1 with up to three digits after a point. */
static bool
read_quality(struct str s, unsigned *out)
{
	unsigned unit = QUALITY_MAX;
	size_t i;

	if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1') ||
	    (s.n > 1 && s.p[1] != '.'))
		return false;
	*out = (unsigned)(s.p[0] - '0') * unit;
	for (i = 2; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		unit /= 10;
		*out += (unsigned)(s.p[i] - '0') * unit;
	}
	return *out <= QUALITY_MAX;
}

/* Reads the parameters of a range, of which only q is defined. */
static bool
quality_of(struct str parameters, unsigned *out)
{
	struct str value, name;

	*out = QUALITY_MAX;
	if (str_is_null(parameters))
		return true;
	value = str_trim(parameters);
	name = str_trim(str_cut(&value, '='));
	return str_iis(name, "q") && !str_is_null(value) &&
	    read_quality(str_trim(value), out);
}

/* Whether the language of a range is the language; a range of a region has a
 * hyphen after it. */
static bool
is_range_of(struct str range, const char *tag)
{
	struct str primary = str_cut(&range, '-');

	return str_iis(primary, tag);
}

/* The quality of a language, and the number of the range that gives it. */
struct rank {
	unsigned quality;
	unsigned at;
	bool named; /* by a range other than * */
};

static void
take_range(struct rank *rank, const char *tag, struct str range, unsigned at,
    unsigned quality)
{
	bool any = str_is(range, "*");

	if (any ? rank->named : !is_range_of(range, tag))
		return;
	if (!any && !rank->named)
		*rank = (struct rank){ .at = at, .named = true };
	if (quality <= rank->quality)
		return;
	rank->quality = quality;
	rank->at = at;
}

enum language
language_pick(struct str accept)
{
	struct rank rank[LANGUAGES] = { { .quality = 0 } };
	enum language best = LANGUAGE_EN;
	unsigned at, quality, i;

	for (at = 0; !str_is_null(accept); at++) {
		struct str rest = str_cut(&accept, ',');
		struct str range = str_trim(str_cut(&rest, ';'));

		if (!quality_of(rest, &quality))
			continue;
		for (i = 0; i < LANGUAGES; i++)
			take_range(&rank[i], tags[i], range, at, quality);
	}
	for (i = 0; i < LANGUAGES; i++)
		if (rank[i].quality > rank[best].quality ||
		    (rank[i].quality > 0 &&
			rank[i].quality == rank[best].quality &&
			rank[i].at < rank[best].at))
			best = (enum language)i;
	return best;
}

const char *
language_tag(enum language language)
{
	return tags[language];
}
