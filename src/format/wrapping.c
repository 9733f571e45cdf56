/* SPDX-License-Identifier: ISC */
/*
 * wrapping.c - the table of wrappings.
 *
 * The readers are lenient: they skip every byte that is not a digit, and so
 * also read digits that were not meant. That is harmless, because only a key or
 * a certificate in the result counts. It makes line ends, quotes, zero-width
 * characters and text around the digits irrelevant.
 */
#include "format/wrapping.h"

#include <stdint.h>
#include <string.h>

#include "format/charset.h"
#include "format/escape.h"
#include "format/quoting.h"

/* Fewer digits or numbers in a row contain no key: the shortest DER of a key on
 * a curve, secp112r1 in SEC 1, has 30 bytes. A line of a dump has 40 digits. */
#define BASE64_MIN 32
#define HEX_MIN 40
#define NUMBERS_MIN 28
/* Binary files also contain up to this many NULs at every other byte. */
#define SPREAD_MIN 16
/* Binary files also contain shorter runs of ASCII. A layer without such a run
 * contains no text and is noise. */
#define TEXT_RUN_MIN 20
/* In a binary file, fewer escapes than one in this many bytes are chance. */
#define ESCAPES_IN_BINARY 128

/* --- the first look ---------------------------------------------------- */

/* The classes of a byte: digit of base64, of base64url only, or of hexadecimal;
 * start of an escape; byte between digits; control character; ASCII, also as
 * UTF-16. */
enum {
	BASE64 = 1,
	URL = 2,
	HEX = 4,
	ESCAPE = 8,
	BETWEEN = 16,
	CONTROL = 32,
	TEXT = 64
};

/* A table, because every byte of every layer is looked up. Bytes between digits
 * are blanks, line ends and each of =,:;[]\% ; escapes start with one of %\&< .
 * Bytes from 0x80 have no class. */
static const uint8_t classes[256] = { 96, 32, 32, 32, 32, 32, 32, 32, 32, 80,
	80, 80, 80, 80, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
	32, 32, 32, 32, 80, 64, 64, 64, 64, 88, 72, 64, 64, 64, 64, 65, 80, 66,
	64, 65, 69, 69, 69, 69, 69, 69, 69, 69, 69, 69, 80, 80, 72, 80, 64, 64,
	64, 69, 69, 69, 69, 69, 69, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65,
	65, 65, 65, 65, 65, 65, 65, 65, 65, 80, 88, 80, 64, 66, 64, 69, 69, 69,
	69, 69, 69, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65,
	65, 65, 65, 65, 65, 64, 64, 64, 64, 32 };

static bool
is_letter(char c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

/* A run of digits with at most `gap` other bytes between two of them. */
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

/* The largest gaps: between digits of base64 at a line end; between digits in
 * 0x30, 0x82 with a line end; between the first digits of two numbers. */
#define BASE64_GAP 2
#define HEX_GAP 6
#define NUMBER_GAP 12

static void
look_at(struct str text, size_t i, struct wrapping_look *out)
{
	uint8_t c = (uint8_t)text.p[i];
	uint8_t last = i > 0 ? (uint8_t)text.p[i - 1] : ' ';
	unsigned class = classes[c];

	out->high += c >= 0x80;
	out->utf8 += last >= 0xc2 && c >= 0x80 && c < 0xc0;
	out->controls += (class & CONTROL) != 0;
	out->escapes |= (class & ESCAPE) != 0;
	out->other += (class & (BASE64 | URL | BETWEEN)) == 0;
	out->letters += (class & (BASE64 | HEX)) == BASE64;
	out->blanks += c == ' ';
	out->url |= (class & URL) && (classes[last] & BASE64) &&
	    i + 1 < text.n && (classes[(uint8_t)text.p[i + 1]] & BASE64);
	out->spread += c == 0 && i >= 2 && last != 0 && text.p[i - 2] == 0;
}

/* Whether the bytes above ASCII are UTF-8: at least one in five is the second
 * byte of a character. In UTF-8 one in two to four is; in random bytes one in
 * eight looks like it. */
static bool
is_utf8(const struct wrapping_look *look)
{
	return look->high > 0 && 5 * look->utf8 >= look->high;
}

void
wrapping_look(struct str text, struct wrapping_look *out)
{
	struct row text_row = { 0 }, base64 = { 0 }, hex = { 0 },
		   numbers = { 0 };
	bool in_number = false, digit;
	unsigned class;
	size_t i;

	*out = (struct wrapping_look){ .length = text.n };
	for (i = 0; i < text.n; i++) {
		class = classes[(uint8_t)text.p[i]];
		digit = text.p[i] >= '0' && text.p[i] <= '9';
		look_at(text, i, out);
		count(&text_row, (class & TEXT) != 0, 0);
		count(&base64, (class & (BASE64 | URL)) != 0, BASE64_GAP);
		count(&hex, (class & HEX) != 0, HEX_GAP);
		count(&numbers, digit && !in_number, NUMBER_GAP);
		if (is_letter(text.p[i]))
			numbers.n = 0;
		in_number = digit;
	}
	out->text = text_row.longest >= TEXT_RUN_MIN || is_utf8(out);
	out->base64 = out->text ? base64.longest : 0;
	out->hex = out->text ? hex.longest : 0;
	out->numbers = out->text ? numbers.longest : 0;
}

/* Whether the layer is a binary file, or digits at a wrong alignment. */
static bool
is_noise(const struct wrapping_look *look)
{
	return look->spread < SPREAD_MIN && 16 * look->controls >= look->length;
}

/* --- encodings of characters ------------------------------------------- */

/* UTF-16 that was decoded with another encoding counts as one layer. */
static void
drop_spread(struct buf *out, const char **phrase)
{
	struct str bytes = buf_view(out);
	struct wrapping_look look;

	wrapping_look(bytes, &look);
	if (look.spread < SPREAD_MIN)
		return;
	*phrase = "the file is UTF-16";
	out->n = 0;
	charset_drop_nuls(bytes, out);
}

static bool
take_off_characters(struct str text, const struct wrapping_look *look,
    unsigned way, struct buf *out, const char **phrase)
{
	(void)way;
	*phrase = "the file is UTF-16";
	if (look->spread >= SPREAD_MIN) {
		charset_drop_nuls(text, out);
		return true;
	}
	*phrase = str_starts(text, "\xef\xbb\xbf")
	    ? "it begins with a byte order mark"
	    : "it was read as Latin-1";
	if (!is_utf8(look) || !charset_drop_utf8(text, out))
		return false;
	drop_spread(out, phrase);
	return true;
}

/* Control characters in the text itself, such as those of a terminal. In a
 * reading they show that it is noise. */
static bool
take_off_controls(struct str text, const struct wrapping_look *look,
    unsigned way, struct buf *out, const char **phrase)
{
	size_t i;

	(void)way;
	*phrase = "it holds control characters";
	if (!look->is_sent || look->controls == 0 ||
	    look->spread >= SPREAD_MIN || !str_utf8_valid(text))
		return false;
	for (i = 0; i < text.n; i++)
		if ((classes[(uint8_t)text.p[i]] & CONTROL) == 0)
			buf_char(out, text.p[i]);
	return out->n > 0;
}

/* The two ways are the two byte orders. */
static bool
take_off_wide(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	*phrase = "it was read as UTF-16";
	if (!is_utf8(look) || look->high < 2 * CHARSET_WIDE_MIN ||
	    !charset_narrow(text, way == 0, out))
		return false;
	drop_spread(out, phrase);
	return true;
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
	    ((!is_noise(look) && 4 * look->high < look->length) ||
		n > text.n / ESCAPES_IN_BINARY);
}

static bool
take_off_quotes(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	(void)way;
	*phrase = "it is quoted";
	return look->text && !is_noise(look) && quoting_take_off(text, out);
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

/* Decodes all digits of the text as one stream and skips the first `skip` of
 * them. Padding ends a group, and the digits after it form a new stream. */
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

/* Takes the next piece of text from among noise. Alignments start again in each
 * piece. */
static struct str
next_text(struct str *text, const struct wrapping_look *look)
{
	struct str piece = *text;
	size_t i, n = 0;

	*text = str_of(NULL);
	if (!is_noise(look))
		return piece;
	for (i = 0; i < piece.n; i++) {
		if (classes[(uint8_t)piece.p[i]] & TEXT) {
			n++;
			continue;
		}
		if (n >= TEXT_RUN_MIN)
			break;
		n = 0;
	}
	if (i < piece.n)
		*text = str_tail(piece, i);
	return n >= TEXT_RUN_MIN ? str_from(piece.p + i - n, n) : STR_EMPTY;
}

/* Ways 0 to 3 are the alignments. If the text has digits of base64url, ways 4
 * to 7 are the alignments with those digits as separators. */
static bool
take_off_base64(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	bool dashes = way >= 4;

	*phrase = str_iis(str_head(text, 5), "data:") ? "it is a data URI"
						      : "it is base64";
	if (look->base64 < BASE64_MIN || (dashes && !look->url))
		return false;
	while (!str_is_null(text))
		decode_base64(
		    next_text(&text, look), way % 4, look->url && !dashes, out);
	return true;
}

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

/* Ways 0 and 1 start pairs at either digit; way 2 goes word by word. */
static bool
take_off_hex(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	unsigned high = way == 0 ? 16 : 0;
	struct str lines, line;

	*phrase = "it is hexadecimal";
	if (look->hex < HEX_MIN)
		return false;
	while (!str_is_null(text)) {
		lines = next_text(&text, look);
		while (!str_is_null(lines)) {
			line = dumped_line(str_cut(&lines, '\n'));
			if (way == 2)
				decode_hex_words(line, out);
			else
				decode_hex(line, &high, out);
		}
	}
	return true;
}

/* Decodes numbers from -128 to 255, the form in which JSON and debuggers write
 * bytes. A number before a colon is the name of the next number:
 * {"0":48,"1":130}. Hexadecimal digits do not count. */
static void
decode_numbers(struct str text, struct buf *out)
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

static bool
take_off_numbers(struct str text, const struct wrapping_look *look,
    unsigned way, struct buf *out, const char **phrase)
{
	(void)way;
	*phrase = "it is a list of numbers";
	if (look->numbers < NUMBERS_MIN)
		return false;
	while (!str_is_null(text))
		decode_numbers(next_text(&text, look), out);
	return true;
}

/* Exact wrappings come first: the first reading of a certificate counts. */
const struct wrapping wrapping_table[WRAPPINGS] = {
	{ take_off_controls, 1, false, 0 },
	{ take_off_escapes, 1, true, 128 },
	{ take_off_characters, 1, true, 4 },
	{ take_off_quotes, 1, true, 0 },
	{ take_off_hex, 3, false, 0 },
	{ take_off_numbers, 1, false, 0 },
	{ take_off_base64, 8, false, 0 },
	{ take_off_wide, 2, false, 8 },
};
