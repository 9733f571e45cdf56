/* SPDX-License-Identifier: ISC */
/*
 * digits.c - reads base64, hexadecimal and lists of numbers.
 */
#include "format/digits.h"

#include <stdint.h>
#include <string.h>

#include "format/escape.h"

/* --- base64 ------------------------------------------------------------ */

static int
base64_digit(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || (url && c == '-'))
		return 62;
	if (c == '/' || (url && c == '_'))
		return 63;
	return -1;
}

void
digits_base64(struct str text, unsigned way, bool url, struct buf *out)
{
	bool words = way == DIGITS_BASE64_WAYS - 1;
	unsigned have = 0, skip = words ? 0 : way;
	uint32_t bits = 0;
	size_t i;
	int digit;

	for (i = 0; i < text.n; i++) {
		digit = base64_digit(text.p[i], url);
		if (digit < 0) {
			have = words ? 0 : have;
			continue;
		}
		if (skip > 0) {
			skip--;
			continue;
		}
		bits = bits << 6 | (unsigned)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_char(out, (char)(bits >> have));
		}
	}
}

/* --- hexadecimal ------------------------------------------------------- */

/* Returns the part of a line after an offset of eight digits and a colon, which
 * xxd writes; null if there is none. */
static struct str
after_offset(struct str line)
{
	size_t i, n = 0;

	for (i = 0; i < line.n; i++) {
		if (line.p[i] == ':' && n >= 8)
			return str_tail(line, i + 1 + (i + 1 < line.n));
		n = str_hex_digit(line.p[i]) >= 0 ? n + 1 : 0;
	}
	return str_of(NULL);
}

/* Returns the digits of a line of a dump, without the offset at its start and
 * the characters at its end. Other lines stay as they are. */
static struct str
dumped_line(struct str line)
{
	struct str digits = line, columns = after_offset(line);
	uint32_t offset;
	size_t n, i;

	if (!str_is_null(columns)) {
		for (i = 0; i + 1 < columns.n; i++)
			if (columns.p[i] == ' ' && columns.p[i + 1] == ' ')
				return str_head(columns, i);
		return columns;
	}
	while (digits.n > 0 && digits.p[0] != 0 &&
	    strchr(" \t>|#*;/\"'+", digits.p[0]) != NULL)
		digits = str_tail(digits, 1);
	n = escape_number(digits, 16, 8, &offset);
	columns = str_tail(digits, n);
	if (n >= 7 && offset % 16 == 0 && str_starts(columns, "  "))
		return str_cut(&columns, '|');
	return line;
}

bool
digits_are_dump(struct str text)
{
	size_t lines = 0, dumped = 0;
	struct str line;

	while (!str_is_null(text)) {
		line = str_cut(&text, '\n');
		lines += line.n > 0;
		dumped += dumped_line(line).n < line.n;
	}
	return lines > 0 && 2 * dumped >= lines;
}

/* Decodes pairs of hexadecimal digits. A single digit between other characters
 * is a byte too: 0x30, 0x4. */
static void
decode_hex(struct str line, unsigned *high, struct buf *out)
{
	size_t i, start = 0;
	int digit;

	for (i = 0; i <= line.n; i++) {
		digit = i < line.n ? str_hex_digit(line.p[i]) : -1;
		if (digit < 0) {
			if (i - start == 1 && *high < 16) {
				buf_char(out, (char)*high);
				*high = 16;
			}
			start = i + 1;
		} else if (digit == 0 && i + 1 < line.n &&
		    (line.p[i + 1] | 0x20) == 'x') {
			continue;
		} else if (*high == 16) {
			*high = (unsigned)digit;
		} else {
			buf_char(out, (char)(*high << 4 | (unsigned)digit));
			*high = 16;
		}
	}
}

/* Decodes pairs that end where a word of digits ends, so that a digit in other
 * text before them does not shift them. */
static void
decode_hex_words(struct str line, struct buf *out)
{
	unsigned high;
	struct str word;
	size_t n;

	for (; line.n > 0; line = str_tail(line, n + (n == 0))) {
		for (n = 0; n < line.n && str_hex_digit(line.p[n]) >= 0; n++)
			;
		word = str_head(line, n);
		if (n == 1 && n < line.n && (line.p[n] | 0x20) == 'x')
			continue;
		high = n == 1 ? 0 : 16;
		if (n > 1)
			word = str_tail(word, n % 2);
		decode_hex(word, &high, out);
	}
}

/* Fewer than one prefix 0x in this many bytes is chance. */
#define PREFIX_IN 16

/* Whether the digits have prefixes. Read as digits, these zeros look like the
 * small numbers of DER. */
static bool
has_prefixes(struct str text)
{
	size_t i, n = 0;

	for (i = 1; i < text.n; i++)
		n += text.p[i - 1] == '0' && (text.p[i] | 0x20) == 'x';
	return PREFIX_IN * n > text.n;
}

/* Decodes all pairs of digits, whatever is between them. */
static void
decode_all_hex(struct str text, unsigned high, struct buf *out)
{
	size_t i;
	int digit;

	for (i = 0; i < text.n; i++) {
		if ((digit = str_hex_digit(text.p[i])) < 0)
			continue;
		if (high < 16)
			buf_char(out, (char)(high << 4 | (unsigned)digit));
		high = high < 16 ? 16 : (unsigned)digit;
	}
}

void
digits_hex(struct str text, unsigned way, struct buf *out)
{
	unsigned high = way % 2 == 0 ? 16 : 0;
	struct str line;

	if (way < DIGITS_HEX_PLAIN && !has_prefixes(text))
		decode_all_hex(text, high, out);
	if (way < DIGITS_HEX_PLAIN)
		return;
	while (!str_is_null(text)) {
		line = dumped_line(str_cut(&text, '\n'));
		if (way == DIGITS_HEX_WAYS - 1)
			decode_hex_words(line, out);
		else
			decode_hex(line, &high, out);
	}
}

/* --- numbers ----------------------------------------------------------- */

static bool
is_letter(char c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

void
digits_numbers(struct str text, struct buf *out)
{
	size_t i, n, after;
	uint32_t number;

	for (i = 0; i<text.n; i += n> 0 ? n : 1) {
		n = escape_number(str_tail(text, i), 10, 9, &number);
		after = i + n;
		if (after < text.n && text.p[after] == '"')
			after++;
		if (n == 0 || number > 255 || (n > 1 && text.p[i] == '0') ||
		    (i > 0 && is_letter(text.p[i - 1])) ||
		    (after < text.n &&
			(text.p[after] == ':' || is_letter(text.p[after]))))
			continue;
		if (i > 0 && text.p[i - 1] == '-')
			number = 256 - number;
		buf_char(out, (char)number);
	}
}
