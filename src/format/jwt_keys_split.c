/* SPDX-License-Identifier: ISC */
/*
 * jwt_keys_split.c - converts the text of a set from UTF-16 and splits it into
 * entries.
 *
 * Splitting is for a set that json refuses as a whole: one entry that is too
 * deep, too long or has half a surrogate pair must not keep the other entries
 * out. The splitter looks only at strings and brackets, and json reads each
 * entry afterwards. A set that was cut off has no end and is refused.
 */
#include "format/jwt_keys.h"

#include <string.h>

/* Adds a byte order mark to UTF-16 that has none. Its first character is ASCII,
 * as in every JSON and PEM text, which shows the byte order. */
static enum err
mark(struct str text, struct arena *a, struct str *out)
{
	bool little = text.n >= 2 && text.p[0] != '\0' && text.p[1] == '\0';
	bool big = text.n >= 2 && text.p[0] == '\0' && text.p[1] != '\0';
	char *p;

	*out = text;
	if (!little && !big)
		return ERR_OK;
	if ((p = arena_take(a, text.n + 2)) == NULL)
		return ERR_MEMORY;
	memcpy(p, little ? "\xff\xfe" : "\xfe\xff", 2);
	memcpy(p + 2, text.p, text.n);
	*out = str_from(p, text.n + 2);
	return ERR_OK;
}

enum err
jwt_keys_text(struct str text, struct arena *a, struct str *out)
{
	char *room;
	enum err e;

	if ((e = mark(text, a, &text)) != ERR_OK)
		return e;
	if ((room = arena_take(a, STR_PLAIN_SIZE(text.n) + 1)) == NULL)
		return ERR_MEMORY;
	if (!str_plain(text, room, out))
		*out = text;
	return ERR_OK;
}

/* --- entries ------------------------------------------------------------- */

static struct str
skip_blanks(struct str s)
{
	while (s.n > 0 &&
	    (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' ||
		s.p[0] == '\n'))
		s = str_tail(s, 1);
	return s;
}

static bool
starts(struct str s, char c)
{
	return s.n > 0 && s.p[0] == c;
}

/* The length of the string at the start of s; 0 if it has no end. */
static size_t
string_length(struct str s)
{
	size_t i;

	for (i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

/* The length of the value at the start of s; 0 if it has no end. */
static size_t
value_length(struct str s)
{
	size_t i = 0, n, depth = 0;

	while (i < s.n) {
		char c = s.p[i];

		if (depth == 0 && (c == ',' || c == ']' || c == '}'))
			return i;
		n = c == '"' ? string_length(str_tail(s, i)) : 1;
		if (n == 0)
			return 0;
		i += n;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return i;
	}
	return 0;
}

/* Takes one value and the comma or closing bracket after it. */
static bool
take_value(struct str *s, char end, struct str *value, bool *ended)
{
	size_t n = value_length(*s);

	if (n == 0)
		return false;
	*value = str_head(*s, n);
	*s = skip_blanks(str_tail(*s, n));
	*ended = starts(*s, end);
	if (!*ended && !starts(*s, ','))
		return false;
	*s = skip_blanks(str_tail(*s, 1));
	return true;
}

/* Takes a name and its colon. */
static bool
take_name(struct str *s, struct str *name)
{
	size_t n = starts(*s, '"') ? string_length(*s) : 0;

	if (n == 0)
		return false;
	*name = str_head(*s, n);
	*s = skip_blanks(str_tail(*s, n));
	if (!starts(*s, ':'))
		return false;
	*s = skip_blanks(str_tail(*s, 1));
	return true;
}

/* Whether the entries are values with commas between them and a closing bracket
 * at the end. */
static bool
is_whole(struct str entries)
{
	struct str entry;
	bool ended = false;

	while (!ended)
		if (!take_value(&entries, ']', &entry, &ended))
			return false;
	return entries.n == 0;
}

bool
jwt_keys_split(struct str text, struct str *entries)
{
	struct str s = skip_blanks(text), name, value;
	bool ended = false;

	*entries = str_of(NULL);
	if (!starts(s, '{'))
		return false;
	s = skip_blanks(str_tail(s, 1));
	while (!ended) {
		if (!take_name(&s, &name) ||
		    !take_value(&s, '}', &value, &ended))
			return false;
		if (!str_is(name, "\"keys\""))
			continue;
		/* A second "keys", or "keys" without an array. */
		if (!str_is_null(*entries) || !starts(value, '['))
			return false;
		*entries = skip_blanks(str_tail(value, 1));
	}
	return !str_is_null(*entries) && s.n == 0 && is_whole(*entries);
}

bool
jwt_keys_next(struct str *entries, struct str *entry)
{
	bool ended;

	return take_value(entries, ']', entry, &ended);
}
