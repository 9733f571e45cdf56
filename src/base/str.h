/* SPDX-License-Identifier: ISC */
/*
 * str.h - slices of bytes: compare, trim, split, numbers, hex, base64, percent
 * escapes, UTF-8, GUIDs.
 *
 * A struct str is a view: a pointer and a length, without a terminator, passed
 * by value and never freed. It lives as long as the bytes that it points at. A
 * null slice (p == NULL) means "absent"; an empty slice is present and has no
 * bytes. No function here allocates memory or reads past the end of a slice.
 */
#ifndef PUSHCERT_STR_H
#define PUSHCERT_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/* A slice of a string literal; also an initialiser of a constant table. */
#define STR(literal)                                     \
	{                                                \
		.p = (literal), .n = sizeof(literal) - 1 \
	}
#define STR_EMPTY ((struct str)STR(""))
/* The two arguments for "%.*s" of printf. */
#define STR_ARG(s) (int)(s).n, (s).p

/* The smallest functions are inline, so that the compiler knows the length of a
 * literal. */

static inline struct str
str_from(const char *p, size_t n)
{
	return (struct str){ .p = p, .n = n };
}

/* A slice of a C string; the null slice for NULL. */
static inline struct str
str_of(const char *c)
{
	return str_from(c, c == NULL ? 0 : strlen(c));
}

static inline bool
str_is_null(struct str s)
{
	return s.p == NULL;
}

static inline bool
str_eq(struct str a, struct str b)
{
	/* A null slice has no bytes, so memcmp never gets a null pointer.
	 * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
str_is(struct str s, const char *c)
{
	return str_eq(s, str_of(c));
}

/* str_ieq and str_iis compare ASCII letters without regard to case. str_ifold
 * is str_ieq for slices of the same length. */
bool str_ifold(struct str a, struct str b);

static inline bool
str_ieq(struct str a, struct str b)
{
	return a.n == b.n && str_ifold(a, b);
}

static inline bool
str_iis(struct str s, const char *c)
{
	return str_ieq(s, str_of(c));
}

/* Whether s contains the part; ASCII letters of either case are equal. */
bool str_icontains(struct str s, struct str part);

bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);

/* The first n bytes of s, and the bytes after them. An n greater than s.n
 * counts as s.n. */
static inline struct str
str_head(struct str s, size_t n)
{
	return str_from(s.p, n < s.n ? n : s.n);
}

static inline struct str
str_tail(struct str s, size_t n)
{
	if (n > s.n)
		n = s.n;
	return n == 0 ? s : str_from(s.p + n, s.n - n);
}

/* s without blanks and tabs at both ends (OWS in HTTP). */
struct str str_trim(struct str s);
/*
 * Returns the part of *s before the first `at` and leaves in *s the part after
 * it. If s does not contain `at`, returns the whole of *s and makes *s null. To
 * split a list:
 *
 *   while (!str_is_null(list)) { item = str_cut(&list, ','); ... }
 */
struct str str_cut(struct str *s, char at);

/* The first line, without its end and without blanks and tabs before that. */
struct str str_line(struct str s);
/*
 * Converts the text of a small file to UTF-8 without a byte order mark. Windows
 * editors and shells write byte order marks and UTF-16. *plain is a part of the
 * text or, for UTF-16, lies in out[STR_PLAIN_SIZE(text.n)]. Returns false if
 * the text starts like UTF-16 but is not valid UTF-16.
 */
#define STR_PLAIN_SIZE(n) ((n) / 2 * 3)
bool str_plain(struct str text, char *out, struct str *plain);

/* Reads decimal digits. Returns false for a sign, a blank, an empty text or an
 * overflow. */
bool str_u64(struct str s, uint64_t *out);

/* Writes 2 * n hexadecimal digits without a terminator. */
void str_hex(const uint8_t *bytes, size_t n, char *out);
void str_hex_upper(const uint8_t *bytes, size_t n, char *out);
/* Reads exactly 2 * n hexadecimal digits of either case. Returns false for any
 * other text. */
bool str_unhex(struct str s, uint8_t *bytes, size_t n);

/* The value of one hexadecimal digit, or -1. */
int str_hex_digit(char c);

/*
 * base64 (RFC 4648, section 4) and base64url without padding (section 5). An
 * encoder writes at most STR_BASE64_SIZE(n) bytes and returns their number. A
 * decoder writes at most s.n / 4 * 3 + 3 bytes and returns false for any text
 * but the canonical form (stray bits, wrong padding, other characters).
 */
#define STR_BASE64_SIZE(n) (((n) + 2) / 3 * 4)
size_t str_base64(const uint8_t *bytes, size_t n, char *out);
size_t str_base64url(const uint8_t *bytes, size_t n, char *out);
bool str_unbase64(struct str s, uint8_t *out, size_t *n);
bool str_unbase64url(struct str s, uint8_t *out, size_t *n);

/* Decodes percent escapes (RFC 3986, section 2.1) to out, which needs s.n
 * bytes. With `plus`, '+' becomes a blank as in a query. Returns false for a
 * broken escape or an escaped NUL. */
bool str_unpercent(struct str s, bool plus, char *out, struct str *decoded);

/* Returns the length in bytes of the well-formed UTF-8 sequence (RFC 3629) at
 * the start of s, or 0 if there is none. */
size_t str_utf8_step(struct str s);
bool str_utf8_valid(struct str s);
/* The number of code points in a valid text. */
size_t str_utf8_count(struct str s);
/* The longest prefix of a valid text that has at most n code points. */
struct str str_utf8_head(struct str s, size_t n);

/* GUIDs: 16 bytes, written in lower case as 8-4-4-4-12 digits (RFC 9562). */
#define STR_GUID_LEN 36
struct guid {
	uint8_t byte[16];
};
bool str_guid(struct str s, struct guid *out);
/* Writes STR_GUID_LEN characters without a terminator. */
void str_guid_text(const struct guid *g, char *out);
/* Turns 16 random bytes into a GUID of version 4 (RFC 9562, section 5.4). */
void str_guid_v4(struct guid *g);

#endif
