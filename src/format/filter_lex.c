/* SPDX-License-Identifier: ISC */
/*
 * filter_lex.c - the pieces of a filter: names, keywords, literals, and the
 * place of a fault.
 */
#include "format/filter_private.h"

#include <string.h>

#include "base/buf.h"

/* --- characters --------------------------------------------------------- */

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A character of a literal without quotes. */
static bool
is_word(char c)
{
	return is_letter(c) || is_digit(c) ||
	    (c != '\0' && strchr("-+:.", c) != NULL);
}

void
filter_skip_blanks(struct filter_parser *p)
{
	while (p->rest.n > 0 && (p->rest.p[0] == ' ' || p->rest.p[0] == '\t'))
		p->rest = str_tail(p->rest, 1);
}

/* The next character after blanks; NUL at the end. */
char
filter_peek(struct filter_parser *p)
{
	filter_skip_blanks(p);
	return p->rest.n > 0 ? p->rest.p[0] : '\0';
}

bool
filter_take(struct filter_parser *p, char c)
{
	if (c == '\0' || filter_peek(p) != c)
		return false;
	p->rest = str_tail(p->rest, 1);
	return true;
}

struct str
filter_peek_name(struct filter_parser *p)
{
	size_t n = 0;

	filter_skip_blanks(p);
	while (n < p->rest.n &&
	    (is_letter(p->rest.p[n]) || (n > 0 && is_digit(p->rest.p[n]))))
		n++;
	return str_head(p->rest, n);
}

/* Takes the keyword if it is the next name. */
bool
filter_take_keyword(struct filter_parser *p, const char *keyword)
{
	struct str name = filter_peek_name(p);

	if (!str_iis(name, keyword))
		return false;
	p->rest = str_tail(p->rest, name.n);
	return true;
}

/* --- faults ------------------------------------------------------------- */

/* Refuses the piece of the filter that begins at `place`. */
enum err
filter_refuse(const struct filter_parser *p, enum err e, struct str place,
    struct str what)
{
	size_t before = p->all.n - place.n;

	if (place.n > 0)
		before = (size_t)(place.p - p->all.p);
	p->fault->at = str_utf8_count(str_head(p->all, before));
	p->fault->what = what;
	return e;
}

enum err
filter_syntax(struct filter_parser *p)
{
	filter_skip_blanks(p);
	return filter_refuse(p, ERR_FILTER_SYNTAX, p->rest, p->all);
}

/* --- literals ----------------------------------------------------------- */

/* Removes the second one of each two quotes. */
static enum err
undouble(struct filter_parser *p, struct str *text)
{
	char *room, *to;
	size_t i;

	if (text->n == 0 || memchr(text->p, '\'', text->n) == NULL)
		return ERR_OK;
	if ((room = to = arena_take(p->arena, text->n)) == NULL)
		return ERR_MEMORY;
	for (i = 0; i < text->n; i++) {
		*to++ = text->p[i];
		i += text->p[i] == '\'';
	}
	*text = str_from(room, (size_t)(to - room));
	return ERR_OK;
}

static enum err
read_quoted(struct filter_parser *p, struct filter_literal *out)
{
	struct str s = p->rest;
	size_t i = 1;

	while (
	    i < s.n && (s.p[i] != '\'' || (i + 1 < s.n && s.p[i + 1] == '\'')))
		i += s.p[i] == '\'' ? 2 : 1;
	if (i >= s.n) {
		p->rest = str_tail(s, s.n);
		return filter_syntax(p);
	}
	out->quoted = true;
	out->raw = str_head(s, i + 1);
	out->text = str_from(s.p + 1, i - 1);
	p->rest = str_tail(s, i + 1);
	return undouble(p, &out->text);
}

enum err
filter_read_literal(struct filter_parser *p, struct filter_literal *out)
{
	size_t n = 0;

	*out = (struct filter_literal){ .quoted = false };
	if (filter_peek(p) == '\'')
		return read_quoted(p, out);
	while (n < p->rest.n && is_word(p->rest.p[n]))
		n++;
	if (n == 0)
		return filter_syntax(p);
	out->raw = out->text = str_head(p->rest, n);
	p->rest = str_tail(p->rest, n);
	return ERR_OK;
}

/* Whether the next operand is a literal: not a name, or a name that is a
 * constant or the start of a GUID. */
bool
filter_at_literal(struct filter_parser *p)
{
	struct str name = filter_peek_name(p);
	char next = p->rest.n > name.n ? p->rest.p[name.n] : '\0';

	if (name.n == 0 || next == '-')
		return true;
	return next != '/' && next != '(' &&
	    (str_iis(name, "null") || str_iis(name, "true") ||
		str_iis(name, "false"));
}

static bool
read_time(struct str text, struct instant *out)
{
	static const struct str midnight = STR("T00:00:00Z");
	char whole[DATETIME_TEXT_MAX];
	struct buf b;

	buf_init(&b, whole, sizeof(whole));
	buf_str(&b, text);
	if (text.n == sizeof("0000-00-00") - 1)
		buf_str(&b, midnight);
	return !b.full && datetime_parse(buf_view(&b), out) == ERR_OK;
}

/* The GUID in lower case. */
static enum err
read_guid(struct filter_parser *p, struct str *text)
{
	struct guid g;
	char *room;

	if (!str_guid(*text, &g))
		return ERR_FILTER_LITERAL;
	if ((room = arena_take(p->arena, STR_GUID_LEN)) == NULL)
		return ERR_MEMORY;
	str_guid_text(&g, room);
	*text = str_from(room, STR_GUID_LEN);
	return ERR_OK;
}

/* The literal as a value of the type. */
enum err
filter_convert(struct filter_parser *p, const struct filter_literal *l,
    enum filter_type type, struct filter_value *out)
{
	*out = (struct filter_value){ .text = l->text };
	if (!l->quoted && str_iis(l->text, "null")) {
		out->is_null = true;
		return ERR_OK;
	}
	switch (type) {
	case FILTER_TEXT:
		return l->quoted ? ERR_OK : ERR_FILTER_LITERAL;
	case FILTER_TIME:
		return read_time(l->text, &out->time) ? ERR_OK
						      : ERR_FILTER_LITERAL;
	case FILTER_GUID:
		return read_guid(p, &out->text);
	}
	return ERR_INTERNAL;
}

/* --- paths ------------------------------------------------------------- */

/* Reads names with slashes between them. */
enum err
filter_read_path(struct filter_parser *p, struct str *out)
{
	const char *start;
	struct str name = filter_peek_name(p);

	start = p->rest.p;
	for (;;) {
		if (name.n == 0)
			return filter_syntax(p);
		p->rest = str_tail(p->rest, name.n);
		*out = str_from(start, (size_t)(p->rest.p - start));
		if (p->rest.n == 0 || p->rest.p[0] != '/')
			return ERR_OK;
		p->rest = str_tail(p->rest, 1);
		if (p->rest.n == 0 || !is_letter(p->rest.p[0]))
			return filter_syntax(p);
		name = filter_peek_name(p);
	}
}
