/* SPDX-License-Identifier: ISC */
/*
 * json_check.c - one pass over a text, left to right. The scanner never
 * recurses: it keeps one bit for each open scope.
 */
#include "format/json_check.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "format/json.h"

static const struct str literals[] = {
	STR("true"),
	STR("false"),
	STR("null"),
};

/* The tokens that may come next; 0 once the root is closed. */
enum want {
	WANT_VALUE = 1 << 0,
	WANT_NAME = 1 << 1,
	WANT_COLON = 1 << 2,
	WANT_COMMA = 1 << 3,
	WANT_CLOSE = 1 << 4
};

/* After a refusal, p is at the offending piece. */
struct scan {
	const char *p;
	const char *end;
	unsigned want;
	unsigned depth;
	uint64_t arrays; /* one bit per open scope; bit 0 is the innermost */
	size_t count;
	struct json_limits most;
	struct str what;
};

/* Whether a word belongs to the grammar, starts such a word, or neither. */
enum fit { FITS, BEGINS, FAILS };

_Static_assert(JSON_SCOPES_MAX <= 64, "struct scan has a bit per scope");

static struct str
rest(const struct scan *s)
{
	return str_from(s->p, (size_t)(s->end - s->p));
}

static enum err
refuse(struct scan *s, enum err e, size_t n)
{
	s->what = str_head(rest(s), n);
	return e;
}

static enum err
refuse_end(struct scan *s, enum err e)
{
	s->p = s->end;
	return refuse(s, e, 0);
}

/* Visible ASCII, except the punctuation of JSON. */
static bool
is_word(char c)
{
	return c > ' ' && c < 0x7f && strchr("{}[]:,\"", c) == NULL;
}

static struct str
word_at(const struct scan *s)
{
	struct str all = rest(s);
	size_t n = 0;

	while (n < all.n && is_word(all.p[n]))
		n++;
	return str_head(all, n);
}

/* Reports the whole word or character, so that the message is readable. */
static enum err
refuse_here(struct scan *s, enum err e)
{
	size_t n = word_at(s).n;

	if (n == 0)
		n = str_utf8_step(rest(s));
	return n == 0 ? refuse(s, ERR_JSON_UTF8, 1) : refuse(s, e, n);
}

static enum err
unexpected(struct scan *s)
{
	return refuse_here(
	    s, s->want == 0 ? ERR_JSON_TRAILING : ERR_JSON_SYNTAX);
}

/* Counts a name or value, if one may come here. */
static enum err
count_token(struct scan *s, unsigned as)
{
	if ((s->want & as) == 0)
		return unexpected(s);
	if (s->count == s->most.tokens)
		return refuse_here(s, ERR_JSON_TOKENS);
	s->count++;
	return ERR_OK;
}

/* Ends a value, other than an object or array, at s->p. Outside of all scopes
 * the value would be the root, which must be an object. */
static enum err
end_value(struct scan *s, const char *start)
{
	size_t n = (size_t)(s->p - start);

	if (s->depth == 0) {
		s->p = start;
		return refuse(s, ERR_JSON_NOT_OBJECT, n);
	}
	s->want = WANT_COMMA | WANT_CLOSE;
	return ERR_OK;
}

static enum err
check_open(struct scan *s)
{
	bool array = *s->p == '[';
	enum err e;

	if ((e = count_token(s, WANT_VALUE)) != ERR_OK)
		return e;
	if (array && s->depth == 0)
		return refuse(s, ERR_JSON_NOT_OBJECT, 1);
	if (s->depth == s->most.depth)
		return refuse(s, ERR_JSON_DEPTH, 1);
	s->arrays = s->arrays << 1 | array;
	s->depth++;
	s->want = (array ? WANT_VALUE : WANT_NAME) | WANT_CLOSE;
	s->p++;
	return ERR_OK;
}

static enum err
check_close(struct scan *s)
{
	bool array = *s->p == ']';

	if ((s->want & WANT_CLOSE) == 0 || array != (s->arrays & 1))
		return unexpected(s);
	s->arrays >>= 1;
	s->depth--;
	s->want = s->depth == 0 ? 0 : WANT_COMMA | WANT_CLOSE;
	s->p++;
	return ERR_OK;
}

static enum err
check_mark(struct scan *s, unsigned as, unsigned next)
{
	if ((s->want & as) == 0)
		return unexpected(s);
	s->want = next;
	s->p++;
	return ERR_OK;
}

/* Reports n bytes of the escape and the first character after them. */
static enum err
refuse_escape(struct scan *s, size_t n)
{
	return refuse(
	    s, ERR_JSON_ESCAPE, n + str_utf8_step(str_tail(rest(s), n)));
}

/* Reads the code unit of \uXXXX. */
static enum err
check_unit(struct scan *s, unsigned *unit)
{
	size_t i;

	*unit = 0;
	for (i = 2; i < 6; i++) {
		int digit;

		if (i == rest(s).n)
			return refuse_end(s, ERR_JSON_CUT);
		if ((digit = str_hex_digit(s->p[i])) < 0)
			return refuse_escape(s, i);
		*unit = *unit << 4 | (unsigned)digit;
	}
	return ERR_OK;
}

/* Checks the low half of a surrogate pair, which must follow the high half at
 * s->p. */
static enum err
check_low(struct scan *s)
{
	struct str next = str_tail(rest(s), 6);
	unsigned low;
	enum err e;

	if (next.n < 2 && str_eq(next, str_head(str_of("\\u"), next.n)))
		return refuse_end(s, ERR_JSON_CUT);
	if (!str_starts(next, "\\u"))
		return refuse(s, ERR_JSON_SURROGATE, 6);
	s->p += 6;
	if ((e = check_unit(s, &low)) != ERR_OK)
		return e;
	if (low >= 0xdc00 && low <= 0xdfff) {
		s->p += 6;
		return ERR_OK;
	}
	s->p -= 6;
	return refuse(s, ERR_JSON_SURROGATE, 6);
}

static enum err
check_unicode(struct scan *s)
{
	unsigned unit;
	enum err e;

	if ((e = check_unit(s, &unit)) != ERR_OK)
		return e;
	if (unit >= 0xd800 && unit <= 0xdbff)
		return check_low(s);
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return refuse(s, ERR_JSON_SURROGATE, 6);
	s->p += 6;
	return ERR_OK;
}

static enum err
check_escape(struct scan *s)
{
	if (rest(s).n < 2)
		return refuse_end(s, ERR_JSON_CUT);
	if (s->p[1] == 'u')
		return check_unicode(s);
	if (memchr("\"\\/bfnrt", s->p[1], 8) == NULL)
		return refuse_escape(s, 1);
	s->p += 2;
	return ERR_OK;
}

/* Checks an escape, a control character or a character outside ASCII. */
static enum err
check_special(struct scan *s)
{
	size_t n;

	if (*s->p == '\\')
		return check_escape(s);
	if ((unsigned char)*s->p < ' ')
		return refuse(s, ERR_JSON_CONTROL, 1);
	if ((n = str_utf8_step(rest(s))) == 0)
		return refuse(s, ERR_JSON_UTF8, 1);
	s->p += n;
	return ERR_OK;
}

static bool
is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

static enum err
check_string(struct scan *s)
{
	bool name = (s->want & WANT_NAME) != 0;
	const char *start = s->p;
	enum err e;

	if ((e = count_token(s, WANT_NAME | WANT_VALUE)) != ERR_OK)
		return e;
	for (s->p++;;) {
		while (s->p < s->end && is_plain((unsigned char)*s->p))
			s->p++;
		if (s->p == s->end)
			return refuse_end(s, ERR_JSON_CUT);
		if (*s->p == '"')
			break;
		if ((e = check_special(s)) != ERR_OK)
			return e;
	}
	s->p++;
	if (!name)
		return end_value(s, start);
	s->want = WANT_COLON;
	return ERR_OK;
}

static enum fit
fit_digits(struct str *w)
{
	struct str all = *w;

	while (w->n > 0 && w->p[0] >= '0' && w->p[0] <= '9')
		*w = str_tail(*w, 1);
	if (w->n < all.n)
		return FITS;
	return w->n == 0 ? BEGINS : FAILS;
}

static bool
take(struct str *w, const char *any)
{
	if (w->n == 0 || strchr(any, w->p[0]) == NULL)
		return false;
	*w = str_tail(*w, 1);
	return true;
}

/* The number of RFC 8259, section 6. */
static enum fit
fit_number(struct str w)
{
	enum fit f;

	take(&w, "-");
	if (!take(&w, "0") && (f = fit_digits(&w)) != FITS)
		return f;
	if (take(&w, ".") && (f = fit_digits(&w)) != FITS)
		return f;
	if (take(&w, "eE")) {
		take(&w, "+-");
		if ((f = fit_digits(&w)) != FITS)
			return f;
	}
	return w.n == 0 ? FITS : FAILS;
}

static enum fit
fit_literal(struct str w)
{
	size_t i;

	for (i = 0; i < sizeof(literals) / sizeof(literals[0]); i++)
		if (str_eq(w, str_head(literals[i], w.n)))
			return w.n == literals[i].n ? FITS : BEGINS;
	return FAILS;
}

static enum err
check_word(struct scan *s)
{
	struct str w = word_at(s);
	bool number = strchr("+-.0123456789", *s->p) != NULL;
	enum fit f;
	enum err e;

	if (w.n == 0 || (s->want & WANT_VALUE) == 0)
		return unexpected(s);
	f = number ? fit_number(w) : fit_literal(w);
	if (f == BEGINS && w.p + w.n == s->end)
		return refuse_end(s, ERR_JSON_CUT);
	if (f != FITS)
		return refuse_here(
		    s, number ? ERR_JSON_NUMBER : ERR_JSON_SYNTAX);
	if ((e = count_token(s, WANT_VALUE)) != ERR_OK)
		return e;
	s->p += w.n;
	return end_value(s, w.p);
}

static enum err
check_next(struct scan *s)
{
	switch (*s->p) {
	case ' ':
	case '\t':
	case '\n':
	case '\r':
		s->p++;
		return ERR_OK;
	case '{':
	case '[':
		return check_open(s);
	case '}':
	case ']':
		return check_close(s);
	case ':':
		return check_mark(s, WANT_COLON, WANT_VALUE);
	case ',':
		return check_mark(s, WANT_COMMA,
		    (s->arrays & 1) != 0 ? WANT_VALUE : WANT_NAME);
	case '"':
		return check_string(s);
	default:
		return check_word(s);
	}
}

enum err
json_check(struct str text, const struct json_limits *most, size_t *tokens,
    struct str *what)
{
	struct scan s = {
		.p = text.p,
		.end = str_tail(text, text.n).p,
		.want = WANT_VALUE,
		.most = *most,
		.what = str_head(text, 0),
	};
	enum err e = ERR_OK;

	while (e == ERR_OK && s.p < s.end)
		e = check_next(&s);
	if (e == ERR_OK && s.want != 0)
		e = refuse_end(
		    &s, s.count == 0 ? ERR_JSON_EMPTY : ERR_JSON_CUT);
	*tokens = s.count;
	*what = s.what;
	return e;
}
