/* SPDX-License-Identifier: ISC */
/*
 * quoting.c - removes the marks that mail, source code, patches and consoles
 * put around lines.
 */
#include "format/quoting.h"

#include <string.h>

/* The length of the typographic quote or zero-width character that starts s. */
static size_t
quote_length(struct str s)
{
	static const char *const quotes[] = { "\xe2\x80\x98", "\xe2\x80\x99",
		"\xe2\x80\x9a", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e",
		"\xe2\x80\x8b", "\xe2\x80\xb9", "\xe2\x80\xba", "\xc2\xab",
		"\xc2\xbb", "\xc2\xa0", "\xef\xbb\xbf" };
	size_t i;

	for (i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		if (str_starts(s, quotes[i]))
			return strlen(quotes[i]);
	return 0;
}

static bool
is_any_of(char c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

/* Digits of a line number; longer numbers are the offsets of a dump. */
#define LINE_NUMBER_MAX 5

static struct str
without_number(struct str line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] >= '0' && line.p[n] <= '9')
		n++;
	if (n > 0 && n <= LINE_NUMBER_MAX && n < line.n &&
	    is_any_of(line.p[n], ":.)|] \t"))
		return str_tail(line, n + 1);
	return line;
}

/* A line without the marks before it. `sign` starts most of the lines, like the
 * + of a patch. */
static struct str
without_prefix(struct str line, char sign)
{
	struct str before = { NULL, 0 };

	line = str_trim(line);
	if (sign == '/' && str_starts(line, "//"))
		line = str_tail(line, 2);
	else if (line.n > 0 && line.p[0] == sign)
		line = str_tail(line, 1);
	while (line.n != before.n) {
		before = line;
		while (
		    line.n > 0 && is_any_of(line.p[0], " \t>|#*;:!~`\"'([{,"))
			line = str_tail(line, 1);
		if (str_starts(line, "- "))
			line = str_tail(line, 2);
		if (str_starts(line, "-- ") || str_starts(line, "// ") ||
		    str_starts(line, "REM "))
			line = str_tail(line, 3);
		line = str_tail(line, quote_length(line));
		line = without_number(line);
	}
	return line;
}

static struct str
without_suffix(struct str line)
{
	bool more = true;

	while (line.n > 0 && more) {
		more = is_any_of(line.p[line.n - 1], " \t\r\\\"'`,;$|)]}>");
		if (str_ends(line, " +") || str_ends(line, "\"+") ||
		    str_ends(line, "'+"))
			more = true;
		line.n -= more;
		if (!more && line.n > 3 &&
		    quote_length(str_tail(line, line.n - 3)) == 3) {
			line.n -= 3;
			more = true;
		}
	}
	return line;
}

/* A row of base64 has 64 or 76 digits; the last may be shorter. */
#define SIGNED_WORD_MIN 16

/* The sign that at least half of the lines start with: + or - of a patch, or /
 * of comments; else 0. A few such lines may be digits of base64. */
static char
common_sign(struct str text)
{
	size_t lines = 0, plus = 0, minus = 0, slashes = 0;
	struct str line;

	while (!str_is_null(text)) {
		line = str_trim(str_cut(&text, '\n'));
		lines += line.n > 0;
		plus += str_starts(line, "+");
		minus += str_starts(line, "-");
		slashes += str_starts(line, "//");
	}
	if (lines < 3)
		return 0;
	if (2 * slashes >= lines)
		return '/';
	return 2 * plus >= lines ? '+' : 2 * minus >= lines ? '-' : 0;
}

/* Whether the line starts with a + and, after other marks, a long word, which
 * may be a row of digits with other text after it. */
static bool
is_signed_word(struct str line)
{
	line = str_trim(line);
	if (!str_starts(line, "+"))
		return false;
	line = without_prefix(line, '+');
	return str_cut(&line, ' ').n >= SIGNED_WORD_MIN - 1;
}

bool
quoting_take_off(struct str text, bool signs, struct buf *out)
{
	char common = common_sign(text), sign;
	bool changed = false;
	struct str line, inner;

	while (!str_is_null(text)) {
		line = str_cut(&text, '\n');
		sign = signs && is_signed_word(line) ? '+' : common;
		inner = without_prefix(without_suffix(line), sign);
		if (str_ends(line, "\r"))
			line.n--;
		changed |= signs
		    ? inner.n != without_prefix(without_suffix(line), common).n
		    : !str_eq(str_trim(line), inner);
		buf_str(out, inner);
		if (!str_is_null(text))
			buf_char(out, '\n');
	}
	return changed;
}
