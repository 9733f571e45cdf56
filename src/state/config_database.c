/* SPDX-License-Identifier: ISC */
/*
 * config_database.c - finds single values in a connection string of libpq, in
 * the form of words (host=a port=5432) or of a URI (postgresql://a:5432/name).
 */
#include "state/config_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* --- passwords ---------------------------------------------------------- */

/* The length of the scheme of a URI with its slashes; 0: it is no URI. */
static size_t
scheme_of(struct str s)
{
	return str_starts(s, "postgresql://") ? 13
	    : str_starts(s, "postgres://")    ? 11
					      : 0;
}

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) % 16 : -1;
}

/* Copies a URI with its escapes resolved, and returns the length. */
static size_t
unescape(struct str s, char out[CONFIG_TEXT_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < s.n && n < CONFIG_TEXT_MAX; i++)
		if (s.p[i] == '%' && i + 2 < s.n && digit(s.p[i + 1]) >= 0 &&
		    digit(s.p[i + 2]) >= 0) {
			out[n++] =
			    (char)(digit(s.p[i + 1]) * 16 + digit(s.p[i + 2]));
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	return n;
}

/* Other users may be able to read the configuration, so the string must not
 * have a password, neither as a word nor within a URI, where libpq takes the
 * text up to the first @ or / (postgresql://user:password@host). */
bool
config_database_fits(struct str s)
{
	char plain[CONFIG_TEXT_MAX];
	size_t n;

	if (scheme_of(s) == 0)
		return memmem(s.p, s.n, "password", 8) == NULL;
	n = unescape(s, plain);
	if (memmem(plain, n, "password", 8) != NULL)
		return false;
	s = str_tail(s, scheme_of(s));
	for (n = 0; n < s.n && s.p[n] != '@' && s.p[n] != '/'; n++)
		;
	return n == s.n || s.p[n] == '/' || memchr(s.p, ':', n) == NULL;
}

/* --- words -------------------------------------------------------------- */

/* A word of the string and its value, as libpq reads them. Neither is longer
 * than the string. */
struct word {
	char name[CONFIG_TEXT_MAX], value[CONFIG_TEXT_MAX];
};

/* As isspace has it in the C locale. */
static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *
after_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* Copies a value, in which a backslash precedes any character, and returns its
 * end. NULL: it lacks the closing quote. */
static const char *
read_value(const char *p, char out[CONFIG_TEXT_MAX])
{
	bool quoted = *p == '\'';
	size_t n = 0;

	if (quoted)
		p++;
	while (*p != '\0' && (quoted ? *p != '\'' : !is_blank(*p))) {
		if (*p == '\\' && *++p == '\0')
			break;
		out[n++] = *p++;
	}
	out[n] = '\0';
	if (!quoted)
		return p;
	return *p == '\'' ? p + 1 : NULL;
}

/* Reads `name = value`. Returns false at the end, and where libpq refuses the
 * string. */
static bool
next_word(const char **at, struct word *w)
{
	const char *p = after_blanks(*at);
	size_t n = 0;

	while (*p != '\0' && *p != '=' && !is_blank(*p))
		w->name[n++] = *p++;
	w->name[n] = '\0';
	p = after_blanks(p);
	if (*p != '=')
		return false;
	*at = read_value(after_blanks(p + 1), w->value);
	return *at != NULL;
}

/* Reads `name=value` of the query of a URI in the same way. */
static bool
next_parameter(const char **at, struct word *w)
{
	size_t n = strcspn(*at, "&");
	struct str value = str_from(*at, n), name, decoded;

	if (n == 0)
		return false;
	*at += n + ((*at)[n] == '&');
	name = str_cut(&value, '=');
	if (str_is_null(value) ||
	    !str_unpercent(name, false, w->name, &decoded))
		return false;
	w->name[decoded.n] = '\0';
	if (!str_unpercent(value, false, w->value, &decoded))
		return false;
	w->value[decoded.n] = '\0';
	return true;
}

/* Reads user@host:port,host:port of a URI. Copies the ports with the commas,
 * and returns the query, which may be empty. */
static const char *
read_authority(const char *p, char ports[CONFIG_TEXT_MAX])
{
	const char *user;
	struct str decoded;
	struct buf b;
	size_t n;

	user = p + strcspn(p, "@/");
	if (*user == '@')
		p = user + 1;
	buf_init(&b, ports, CONFIG_TEXT_MAX);
	for (;; p++) {
		if (*p == '[')
			p += strcspn(p, "]");
		p += strcspn(p, ":/?,");
		n = *p == ':' ? strcspn(p + 1, "/?,") : 0;
		buf_str(&b, str_from(p + 1, n));
		p += *p == ':' ? n + 1 : 0;
		if (*p != ',')
			break;
		buf_char(&b, ',');
	}
	if (!str_unpercent(buf_view(&b), false, ports, &decoded))
		decoded.n = 0;
	ports[decoded.n] = '\0';
	p += strcspn(p, "?");
	return *p == '?' ? p + 1 : p;
}

/* The last value of a word counts. */
bool
config_database_word(
    const struct config *c, const char *word, char out[CONFIG_TEXT_MAX])
{
	const char *p = c->database;
	size_t scheme = scheme_of(str_from(p, strlen(p)));
	struct word w;

	out[0] = '\0';
	if (scheme > 0) {
		p = read_authority(p + scheme, w.value);
		if (strcmp(word, "port") == 0)
			strcpy(out, w.value);
	}
	while (scheme > 0 ? next_parameter(&p, &w) : next_word(&p, &w))
		if (strcmp(w.name, word) == 0)
			strcpy(out, w.value);
	return out[0] != '\0';
}

/* --- ports -------------------------------------------------------------- */

/* The port of PostgreSQL, as libpq has it. */
#define PORT 5432

static size_t
add_port(uint16_t port, uint16_t *out, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (out[i] == port)
			return n;
	if (n < CONFIG_PORTS_MAX)
		out[n++] = port;
	return n;
}

/* An empty item of the list is the port of PostgreSQL. */
size_t
config_database_ports(const struct config *c, uint16_t out[CONFIG_PORTS_MAX])
{
	char text[CONFIG_TEXT_MAX];
	struct str list, item;
	uint64_t port;
	size_t n = 0;

	(void)config_database_word(c, "port", text);
	for (list = str_of(text); !str_is_null(list);) {
		item = str_trim(str_cut(&list, ','));
		if (item.n == 0)
			n = add_port(PORT, out, n);
		else if (str_u64(item, &port) && port > 0 && port <= UINT16_MAX)
			n = add_port((uint16_t)port, out, n);
	}
	return n > 0 ? n : add_port(PORT, out, n);
}
