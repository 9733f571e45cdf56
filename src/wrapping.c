/* SPDX-License-Identifier: ISC */
/*
 * wrapping.c - the table of wrappings.
 *
 * Readers are lenient: they pass over everything that is not a digit of theirs,
 * and so also read digits that are not meant. That is harmless, because only a
 * key or a certificate in the reading counts, and it makes line ends, quotes,
 * zero-width characters and text around the digits irrelevant.
 */
#include "wrapping.h"

#include <stdint.h>
#include <string.h>

#include "escape.h"
#include "quoting.h"

/* Fewer digits or numbers in a row hold no key: the shortest DER of a key has
 * 20 bytes. */
#define BASE64_MIN 24
#define HEX_MIN 40
#define NUMBERS_MIN 18
/* Fewer NULs at every other byte happen in binary files. */
#define SPREAD_MIN 16
#define WIDE_MIN 10
/* Fewer bytes of ASCII in a row happen in binary files as well: no text is
 * there, so the layer is noise. */
#define TEXT_RUN_MIN 20
/* In a binary file, fewer escapes than one in so many bytes are chance. */
#define ESCAPES_IN_BINARY 128

/* --- the first look ---------------------------------------------------- */

/* How a byte counts: as a digit of base64, of base64url only, or of
 * hexadecimal; as the beginning of an escape; as a byte between digits. */
enum { BASE64 = 1, URL = 2, HEX = 4, ESCAPE = 8, BETWEEN = 16 };

static unsigned
class_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return BASE64 | HEX;
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
		return (c | 0x20) <= 'f' ? BASE64 | HEX : BASE64;
	switch (c) {
	case '+':
	case '/':
		return BASE64;
	case '-':
	case '_':
		return URL;
	case '%':
	case '\\':
		return ESCAPE | BETWEEN;
	case '&':
	case '<':
		return ESCAPE;
	case '=':
	case ',':
	case ':':
	case ';':
	case '[':
	case ']':
	case ' ':
		return BETWEEN;
	default:
		return c >= '\t' && c <= '\r' ? BETWEEN : 0;
	}
}

static bool
is_letter(char c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

/* Digits in a row, with at most `gap` other bytes between two of them. */
struct row {
	size_t n;
	size_t gap;
	size_t longest;
};

static void
count(struct row *row, bool digit, size_t gap)
{
	if (digit) {
		row->gap = 0;
		if (++row->n > row->longest)
			row->longest = row->n;
	} else if (++row->gap > gap) {
		row->n = 0;
	}
}

static bool
is_control(uint8_t c)
{
	return (c < ' ' && (c < '\t' || c > '\r')) || c == 0x7f;
}

/* ASCII, in UTF-16 too. */
static bool
is_text(uint8_t c)
{
	return c < 0x7f && (c == 0 || !is_control(c));
}

/* Bytes between two digits: in lines of base64; in 0x30, 0x82 with a line end
 * between; between the first digits of two numbers. */
#define BASE64_GAP 2
#define HEX_GAP 6
#define NUMBER_GAP 12

static void
look_at(struct str text, size_t i, struct wrapping_look *out)
{
	uint8_t c = (uint8_t)text.p[i];
	uint8_t last = i > 0 ? (uint8_t)text.p[i - 1] : ' ';
	unsigned class = class_of(c);

	out->high += c >= 0x80;
	out->utf8 += last >= 0xc2 && c >= 0x80 && c < 0xc0;
	out->controls += is_control(c);
	out->escapes |= (class & ESCAPE) != 0;
	out->other += class == 0 || class == ESCAPE;
	out->letters += (class & (BASE64 | HEX)) == BASE64;
	out->blanks += c == ' ';
	out->url |= (class & URL) && last != c && (class_of(last) & BASE64);
	out->spread += c == 0 && i >= 2 && last != 0 && text.p[i - 2] == 0;
}

void
wrapping_look(struct str text, struct wrapping_look *out)
{
	struct row text_row = { 0 }, base64 = { 0 }, hex = { 0 },
		   numbers = { 0 };
	bool in_number = false, digit;
	unsigned class;
	size_t i;

	*out = (struct wrapping_look){ .url = false };
	for (i = 0; i < text.n; i++) {
		class = class_of((uint8_t)text.p[i]);
		digit = text.p[i] >= '0' && text.p[i] <= '9';
		look_at(text, i, out);
		count(&text_row, is_text((uint8_t)text.p[i]), 0);
		count(&base64, (class & (BASE64 | URL)) != 0, BASE64_GAP);
		count(&hex, (class & HEX) != 0, HEX_GAP);
		count(&numbers, digit && !in_number, NUMBER_GAP);
		if (is_letter(text.p[i]))
			numbers.n = 0;
		in_number = digit;
	}
	out->text = text_row.longest >= TEXT_RUN_MIN ||
	    (out->high > 0 && 4 * out->utf8 >= out->high);
	out->base64 = out->text ? base64.longest : 0;
	out->hex = out->text ? hex.longest : 0;
	out->numbers = out->text ? numbers.longest : 0;
}

/* --- encodings of characters ------------------------------------------- */

/* The code points that windows-1252 has for the bytes from 0x80 (WHATWG): a
 * browser reads Latin-1 so. */
static const uint16_t windows_1252[32] = { 0x20ac, 0x81, 0x201a, 0x0192, 0x201e,
	0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,
	0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
	0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178 };

/* A well-formed UTF-8 sequence of n bytes as a code point. */
static uint32_t
code_point(const char *p, size_t n)
{
	const uint8_t *u = (const uint8_t *)p;
	uint32_t c;
	size_t i;

	if (n == 1)
		return u[0];
	c = u[0] & (0x7fU >> n);
	for (i = 1; i < n; i++)
		c = c << 6 | (u[i] & 0x3fU);
	return c;
}

/* The byte that was read as this character, or -1. */
static int
latin_1(uint32_t c)
{
	int i;

	if (c <= 0xff)
		return (int)c;
	for (i = 0; i < 32; i++)
		if (windows_1252[i] == c)
			return 0x80 + i;
	return -1;
}

/* Pairs with a NUL in either place become bytes. The pairs may begin anywhere:
 * some files are ASCII followed by UTF-16. UTF-32 becomes UTF-16. */
static bool
drop_nuls(struct str text, struct buf *out)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		bool pair = i + 1 < text.n &&
		    (text.p[i] == 0 || text.p[i + 1] == 0);

		buf_char(out, text.p[pair && text.p[i + 1] != 0 ? i + 1 : i]);
		i += pair;
	}
	return true;
}

/* Characters become the bytes that they stand for. A byte order mark and the
 * sign for a character that could not be read are dropped; others stay. Where
 * most bytes above ASCII are no UTF-8, the rest is so by chance. */
static bool
drop_utf8(struct str text, struct buf *out)
{
	size_t good = 0, bad = 0;
	uint32_t c;
	size_t n;
	int byte;

	for (; text.n > 0; text = str_tail(text, n)) {
		n = str_utf8_step(text);
		c = n > 0 ? code_point(text.p, n) : 0;
		byte = n > 1 ? latin_1(c) : -1;
		good += byte >= 0 || c == 0xfeff || c == 0xfffd;
		bad += n == 0;
		n = n > 0 ? n : 1;
		if (byte >= 0)
			buf_char(out, (char)byte);
		else if (c != 0xfeff && c != 0xfffd)
			buf_put(out, text.p, n);
	}
	return good > bad;
}

static bool
take_off_characters(struct str text, const struct wrapping_look *look,
    unsigned way, struct buf *out, const char **phrase)
{
	(void)way;
	*phrase = "the file is UTF-16";
	if (look->spread >= SPREAD_MIN)
		return drop_nuls(text, out);
	*phrase = str_starts(text, "\xef\xbb\xbf")
	    ? "it begins with a byte order mark"
	    : "it was read as Latin-1";
	return look->high > 0 && drop_utf8(text, out);
}

/* A file that was read as UTF-16 although it is not, or in the wrong order:
 * each character stands for two bytes. */
static bool
take_off_wide(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	size_t n, wide = 0, bad = 0, all = 0;
	bool was_wide = false;
	uint32_t c;

	*phrase = "it was read as UTF-16";
	if (look->high < 2 * WIDE_MIN)
		return false;
	for (; text.n > 0; text = str_tail(text, n > 0 ? n : 1)) {
		n = str_utf8_step(text);
		c = code_point(text.p, n > 0 ? n : 1);
		all++;
		bad += n == 0;
		if (n == 2 || n == 3 || (was_wide && c < 0x80)) {
			was_wide = c > 0xff && latin_1(c) < 0;
			wide += was_wide;
			buf_char(out, (char)(way == 0 ? c >> 8 : c & 0xff));
			buf_char(out, (char)(way == 0 ? c & 0xff : c >> 8));
		} else {
			buf_char(out, (char)c);
		}
	}
	return wide >= WIDE_MIN && wide > bad && 4 * wide >= all;
}

/* --- escapes and quotes ------------------------------------------------ */

static bool
take_off_escapes(struct str text, const struct wrapping_look *look,
    unsigned way, struct buf *out, const char **phrase)
{
	size_t n = 0;

	(void)way;
	if (look->escapes && look->text)
		n = escape_take_off(text, out, phrase);
	return n > 0 &&
	    (16 * look->controls < text.n || n > text.n / ESCAPES_IN_BINARY);
}

static bool
take_off_quotes(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	(void)way;
	*phrase = "it is quoted";
	return look->text && quoting_take_off(text, out);
}

/* --- digits ------------------------------------------------------------ */

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

/* All digits of the text as one stream, of which the first `skip` are passed
 * over. Padding ends a group: what follows it begins anew. */
static void
decode_base64(struct str text, unsigned skip, bool url, struct buf *out)
{
	unsigned passed = 0, have = 0;
	uint32_t bits = 0;
	size_t i;
	int digit;

	for (i = 0; i < text.n; i++) {
		digit = base64_digit(text.p[i], url);
		if (text.p[i] == '=')
			passed = have = 0;
		if (digit < 0 || passed++ < skip)
			continue;
		bits = bits << 6 | (unsigned)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_char(out, (char)(bits >> have));
		}
	}
}

/* At each alignment; and if there are digits of base64url, once more with those
 * as separators. */
static bool
take_off_base64(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	bool dashes = way >= 4;

	*phrase = str_iis(str_head(text, 5), "data:") ? "it is a data URI"
						      : "it is base64";
	if (look->base64 < BASE64_MIN || (dashes && !look->url))
		return false;
	decode_base64(text, way % 4, look->url && !dashes, out);
	return true;
}

/* The rest of a line after an offset of eight digits and a colon, as xxd writes
 * it; null where there is none. */
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

/* A line of a dump: without the offset at its start, and without the characters
 * at its end. Any other line is returned as it is. */
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

/* Hexadecimal digits in pairs. A lone digit between others than digits is a
 * byte of its own: 0x30, 0x4. */
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

static bool
take_off_hex(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	unsigned high = way == 0 ? 16 : 0;

	*phrase = "it is hexadecimal";
	if (look->hex < HEX_MIN)
		return false;
	while (!str_is_null(text))
		decode_hex(dumped_line(str_cut(&text, '\n')), &high, out);
	return true;
}

/* Numbers from -128 to 255, as JSON and debuggers write bytes. A number before
 * a colon is the name of the next one: {"0":48,"1":130}. Digits of hexadecimal
 * are none. */
static bool
take_off_numbers(struct str text, const struct wrapping_look *look,
    unsigned way, struct buf *out, const char **phrase)
{
	size_t i, n, after;
	uint32_t number;

	(void)way;
	*phrase = "it is a list of numbers";
	if (look->numbers < NUMBERS_MIN)
		return false;
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
	return true;
}

/* First those that are taken off exactly. */
const struct wrapping wrapping_table[WRAPPINGS] = {
	{ take_off_escapes, 1, true },
	{ take_off_characters, 1, true },
	{ take_off_quotes, 1, true },
	{ take_off_hex, 2, false },
	{ take_off_numbers, 1, false },
	{ take_off_base64, 8, false },
	{ take_off_wide, 2, false },
};
