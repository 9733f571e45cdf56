/* SPDX-License-Identifier: ISC */
/*
 * str.c - slices of bytes. Every loop is bounded by the slice's length.
 */
#include "base/str.h"

#include <string.h>

static const char base64_digits[2][65] = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
str_ifold(struct str a, struct str b)
{
	size_t i;

	/* A fast path: clients usually send the case of our tables. */
	if (str_eq(a, b))
		return true;
	for (i = 0; i < a.n; i++)
		if (a.p[i] != b.p[i] && lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool
str_icontains(struct str s, struct str part)
{
	size_t i;

	for (i = 0; i + part.n <= s.n; i++)
		if (str_ifold(str_head(str_tail(s, i), part.n), part))
			return true;
	return false;
}

bool
str_starts(struct str s, const char *prefix)
{
	return str_is(str_head(s, strlen(prefix)), prefix);
}

bool
str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && str_is(str_tail(s, s.n - n), suffix);
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_tail(s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

struct str
str_line(struct str s)
{
	size_t i;

	for (i = 0; i < s.n && s.p[i] != '\n' && s.p[i] != '\r'; i++)
		;
	s.n = i;
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

struct str
str_cut(struct str *s, char at)
{
	const char *found = s->n == 0 ? NULL : memchr(s->p, at, s->n);
	struct str part = *s;

	if (found == NULL) {
		*s = str_of(NULL);
	} else {
		part.n = (size_t)(found - s->p);
		*s = str_tail(*s, part.n + 1);
	}
	return part;
}

bool
str_u64(struct str s, uint64_t *out)
{
	uint64_t u = 0;
	size_t i;

	if (s.n == 0)
		return false;
	for (i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)s.p[i] - '0';

		if (digit > 9 || u > (UINT64_MAX - digit) / 10)
			return false;
		u = u * 10 + digit;
	}
	*out = u;
	return true;
}

static void
hex(const uint8_t *bytes, size_t n, const char *digits, char *out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
}

void
str_hex(const uint8_t *bytes, size_t n, char *out)
{
	hex(bytes, n, "0123456789abcdef", out);
}

void
str_hex_upper(const uint8_t *bytes, size_t n, char *out)
{
	hex(bytes, n, "0123456789ABCDEF", out);
}

int
str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
str_unhex(struct str s, uint8_t *bytes, size_t n)
{
	size_t i;

	if (s.n != 2 * n)
		return false;
	for (i = 0; i < n; i++) {
		int high = str_hex_digit(s.p[2 * i]);
		int low = str_hex_digit(s.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Writes no padding. Returns the number of digits. */
static size_t
encode64(const uint8_t *bytes, size_t n, const char *digits, char *out)
{
	const char *start = out;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		bits = bits << 8 | bytes[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = digits[bits >> (have - 6) & 63];
	}
	if (have > 0)
		*out++ = digits[bits << (6 - have) & 63];
	return (size_t)(out - start);
}

size_t
str_base64(const uint8_t *bytes, size_t n, char *out)
{
	size_t len = encode64(bytes, n, base64_digits[0], out);

	while (len % 4 != 0)
		out[len++] = '=';
	return len;
}

size_t
str_base64url(const uint8_t *bytes, size_t n, char *out)
{
	return encode64(bytes, n, base64_digits[1], out);
}

static int
digit64(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	if (c == (url ? '_' : '/'))
		return 63;
	return -1;
}

static bool
decode64(struct str s, bool url, uint8_t *out, size_t *n)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t i, len = 0;

	if (s.n % 4 == 1)
		return false;
	for (i = 0; i < s.n; i++) {
		int digit = digit64(s.p[i], url);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[len++] = (uint8_t)(bits >> have);
		}
	}
	*n = len;
	return (bits & ((1U << have) - 1)) == 0;
}

bool
str_unbase64(struct str s, uint8_t *out, size_t *n)
{
	if (s.n % 4 != 0)
		return false;
	if (str_ends(s, "=="))
		s.n -= 2;
	else if (str_ends(s, "="))
		s.n -= 1;
	return decode64(s, false, out, n);
}

bool
str_unbase64url(struct str s, uint8_t *out, size_t *n)
{
	return decode64(s, true, out, n);
}

bool
str_unpercent(struct str s, bool plus, char *out, struct str *decoded)
{
	size_t i, len = 0;

	for (i = 0; i < s.n; i++) {
		uint8_t byte;

		if (s.p[i] != '%') {
			out[len++] = s.p[i];
			if (plus && s.p[i] == '+')
				out[len - 1] = ' ';
			continue;
		}
		if (!str_unhex(str_head(str_tail(s, i + 1), 2), &byte, 1) ||
		    byte == 0)
			return false;
		out[len++] = (char)byte;
		i += 2;
	}
	*decoded = str_from(out, len);
	return true;
}

/* RFC 3629, section 4: for each range of lead bytes, the length of the sequence
 * and the range of its second byte. Later bytes are in 80..BF. */
static const struct {
	uint8_t first, last, low, high, length;
} utf8_leads[] = {
	{ 0x00, 0x7f, 0x00, 0x00, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t
str_utf8_step(struct str s)
{
	const uint8_t *u = (const uint8_t *)s.p;
	size_t i, k;

	if (s.n == 0)
		return 0;
	for (i = 0; i < sizeof(utf8_leads) / sizeof(utf8_leads[0]); i++) {
		if (u[0] < utf8_leads[i].first || u[0] > utf8_leads[i].last)
			continue;
		if (s.n < utf8_leads[i].length)
			return 0;
		for (k = 1; k < utf8_leads[i].length; k++) {
			uint8_t low = k == 1 ? utf8_leads[i].low : 0x80;
			uint8_t high = k == 1 ? utf8_leads[i].high : 0xbf;

			if (u[k] < low || u[k] > high)
				return 0;
		}
		return utf8_leads[i].length;
	}
	return 0;
}

/* Returns how many bytes at the start of s are ASCII, rounded down to a
 * multiple of eight. Most text is ASCII. */
static size_t
ascii(struct str s)
{
	uint64_t w;
	size_t i;

	for (i = 0; s.n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, s.p + i, sizeof(w));
		if ((w & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return i;
}

/* Writes a character as UTF-8 and returns the number of bytes. */
static size_t
put_utf8(uint32_t code, char *out)
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const uint8_t leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t i;

	for (i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(leads[n] | code);
	return n;
}

/* Reads one character of UTF-16 at the start of s and returns its length in
 * bytes: 0 if the text ends within a character or half of a surrogate pair is
 * missing. */
static size_t
utf16_step(struct str s, bool big, uint32_t *code)
{
	const uint8_t *p = (const uint8_t *)s.p;
	uint32_t low;

	if (s.n < 2)
		return 0;
	*code = (uint32_t)p[!big] << 8 | p[big];
	if (*code < 0xd800 || *code > 0xdfff)
		return 2;
	if (*code > 0xdbff || s.n < 4)
		return 0;
	low = (uint32_t)p[2 + !big] << 8 | p[2 + big];
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return 4;
}

bool
str_plain(struct str text, char *out, struct str *plain)
{
	bool big = str_starts(text, "\xfe\xff");
	uint32_t code;
	size_t step, n = 0;

	*plain = text;
	if (!big && !str_starts(text, "\xff\xfe")) {
		if (str_starts(text, "\xef\xbb\xbf"))
			*plain = str_tail(text, 3);
		return true;
	}
	for (text = str_tail(text, 2); text.n > 0;
	     text = str_tail(text, step)) {
		if ((step = utf16_step(text, big, &code)) == 0)
			return false;
		n += put_utf8(code, out + n);
	}
	*plain = str_from(out, n);
	return true;
}

bool
str_utf8_valid(struct str s)
{
	while (s.n > 0) {
		size_t step = ascii(s);

		if (step == 0 && (step = str_utf8_step(s)) == 0)
			return false;
		s = str_tail(s, step);
	}
	return true;
}

size_t
str_utf8_count(struct str s)
{
	size_t i, count = 0;

	for (i = 0; i < s.n; i++)
		count += ((uint8_t)s.p[i] & 0xc0) != 0x80;
	return count;
}

struct str
str_utf8_head(struct str s, size_t n)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (((uint8_t)s.p[i] & 0xc0) != 0x80 && n-- == 0)
			return str_head(s, i);
	return s;
}

static bool
guid_dash(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

bool
str_guid(struct str s, struct guid *out)
{
	char digits[32];
	size_t i, n = 0;

	if (s.n != STR_GUID_LEN)
		return false;
	for (i = 0; i < STR_GUID_LEN; i++) {
		if (!guid_dash(i))
			digits[n++] = s.p[i];
		else if (s.p[i] != '-')
			return false;
	}
	return str_unhex(str_from(digits, n), out->byte, sizeof(out->byte));
}

void
str_guid_text(const struct guid *g, char *out)
{
	static const char digits[] = "0123456789abcdef";
	static const uint8_t places[] = { 0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24,
		26, 28, 30, 32, 34 };
	size_t i;

	for (i = 0; i < sizeof(g->byte); i++) {
		out[places[i]] = digits[g->byte[i] >> 4];
		out[places[i] + 1] = digits[g->byte[i] & 0xf];
	}
	out[8] = out[13] = out[18] = out[23] = '-';
}

void
str_guid_v4(struct guid *g)
{
	g->byte[6] = (uint8_t)((g->byte[6] & 0x0f) | 0x40);
	g->byte[8] = (uint8_t)((g->byte[8] & 0x3f) | 0x80);
}
