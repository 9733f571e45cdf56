/* SPDX-License-Identifier: ISC */
/*
 * wrapping.c - the table of wrappings.
 */
#include "format/wrapping.h"

#include <stdint.h>
#include <string.h>

#include "format/charset.h"
#include "format/digits.h"
#include "format/escape.h"
#include "format/quoting.h"

/* Fewer digits, or numbers in a row, contain no key: the shortest DER of a key
 * on a curve, secp112r1 in SEC 1, has 30 bytes. A line of a dump has 40 digits.
 */
#define BASE64_MIN 32
#define HEX_MIN 40
#define NUMBERS_MIN 28
/* Binary files also contain up to this many NULs at every other byte. */
#define SPREAD_MIN 16
/* Binary files also contain shorter runs of ASCII. A layer without such a run
 * contains no text and is noise. */
#define TEXT_RUN_MIN 20
/* Prose has hardly any longer words. */
#define ROW_MIN 40
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

/* A run of digits with at most `gap` other bytes between two of them. `total`
 * is the number of all digits, `rows` of those in runs of at least ROW_MIN. */
struct row {
	size_t n;
	size_t gap;
	size_t longest;
	size_t total;
	size_t rows;
};

static void
count(struct row *row, bool digit, size_t gap)
{
	if (digit) {
		row->gap = 0;
		if (++row->n > row->longest)
			row->longest = row->n;
		if (row->n >= ROW_MIN)
			row->rows += row->n == ROW_MIN ? ROW_MIN : 1;
		row->total++;
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
	out->letters += (class & (BASE64 | HEX)) == BASE64 && (c | 0x20) != 'x';
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
		   numbers = { 0 }, words = { 0 };
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
		count(&words, (class & (BASE64 | URL)) != 0, 0);
		count(&hex, (class & HEX) != 0, HEX_GAP);
		count(&numbers, digit && !in_number, NUMBER_GAP);
		if (is_letter(text.p[i]))
			numbers.n = 0;
		in_number = digit;
	}
	out->text = text_row.longest >= TEXT_RUN_MIN || is_utf8(out);
	out->texts = text_row.rows;
	out->words = words.rows;
	out->base64 = out->text ? base64.longest : 0;
	out->hex = out->text ? hex.longest : 0;
	out->all_base64 = out->text ? base64.total : 0;
	out->all_hex = out->text ? hex.total : 0;
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
	*phrase = "it contains control characters";
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
	return look->text && !is_noise(look) &&
	    quoting_take_off(text, false, out);
}

/* A + before a row of digits may be the sign of a patch or a digit of base64.
 * The digit is likelier, so base64 is read first. */
static bool
take_off_signs(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	(void)way;
	*phrase = "it is quoted";
	return look->text && !is_noise(look) &&
	    quoting_take_off(text, true, out);
}

/* --- digits ------------------------------------------------------------ */

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

/*
 * The ways of digits_base64, in both alphabets, on each piece of text. The last
 * four ways are the alignments of the whole text, with the digits of base64url
 * as separators; if there are no such digits and no noise, they would read the
 * same.
 */
static bool
take_off_base64(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	*phrase = str_iis(str_head(text, 5), "data:") ? "it is a data URI"
						      : "it is base64";
	if (look->all_base64 < BASE64_MIN)
		return false;
	if (way >= DIGITS_BASE64_WAYS) {
		if (!look->url && !is_noise(look))
			return false;
		digits_base64(text, way - DIGITS_BASE64_WAYS, false, out);
		return true;
	}
	while (!str_is_null(text))
		digits_base64(next_text(&text, look), way, look->url, out);
	return true;
}

/* The exact ways of digits_hex for a dump. */
static bool
take_off_dump(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	*phrase = "it is hexadecimal";
	if (look->all_hex < HEX_MIN || is_noise(look) || !digits_are_dump(text))
		return false;
	digits_hex(text, DIGITS_HEX_PLAIN + way, out);
	return true;
}

static bool
take_off_hex(struct str text, const struct wrapping_look *look, unsigned way,
    struct buf *out, const char **phrase)
{
	*phrase = "it is hexadecimal";
	if (look->all_hex < HEX_MIN)
		return false;
	if (way < DIGITS_HEX_PLAIN) {
		digits_hex(text, way, out);
		return true;
	}
	while (!str_is_null(text))
		digits_hex(next_text(&text, look), way, out);
	return true;
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
		digits_numbers(next_text(&text, look), out);
	return true;
}

/* Exact wrappings come first: the first reading of a certificate counts. */
const struct wrapping wrapping_table[WRAPPINGS] = {
	{ take_off_controls, .ways = 1 },
	{ take_off_dump, .ways = 2, .exact = true },
	{ take_off_escapes, .ways = 1, .in_place = true, .share = 128,
	    .exact = true },
	{ take_off_characters, .ways = 1, .in_place = true, .share = 4,
	    .exact = true },
	{ take_off_quotes, .ways = 1, .in_place = true },
	{ take_off_hex, .ways = DIGITS_HEX_WAYS },
	{ take_off_numbers, .ways = 1 },
	{ take_off_base64, .ways = DIGITS_BASE64_WAYS + 4 },
	{ take_off_signs, .ways = 1, .in_place = true, .always = true },
	{ take_off_wide, .ways = 2 },
};
