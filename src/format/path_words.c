/* SPDX-License-Identifier: ISC */
/*
 * path_words.c - the words of a path after its root, and the patterns that
 * routes match them with.
 */
#include "format/path.h"

#include <string.h>

/* Whether a text is a string of OData: in single quotes, each single quote in
 * it doubled. */
static bool
is_quoted(struct str text)
{
	size_t i;

	if (text.n < 2 || text.p[0] != '\'' || text.p[text.n - 1] != '\'')
		return false;
	for (i = 1; i + 1 < text.n; i++) {
		if (text.p[i] != '\'')
			continue;
		if (i + 2 == text.n || text.p[i + 1] != '\'')
			return false;
		i++;
	}
	return true;
}

/* The value of a text that is_quoted accepts. */
static struct str
unquoted(struct str text, struct arena *a)
{
	struct str inner = str_from(text.p + 1, text.n - 2);
	struct buf out;

	if (inner.n == 0 || memchr(inner.p, '\'', inner.n) == NULL)
		return inner;
	buf_open(&out, a);
	while (inner.n > 0) {
		buf_char(&out, inner.p[0]);
		inner = str_tail(inner, inner.p[0] == '\'' ? 2 : 1);
	}
	return buf_close(&out, a);
}

/* Splits name(inner) at its first parenthesis; false for any other text. */
static bool
split_call(struct str text, struct str *name, struct str *inner)
{
	*inner = text;
	*name = str_cut(inner, '(');
	if (!str_ends(*inner, ")"))
		return false;
	inner->n--;
	return true;
}

static void
add_word(struct path *p, struct str word, bool key)
{
	if (p->words == PATH_WORDS_MAX)
		return;
	p->keys |= (unsigned)key << p->words;
	p->word[p->words++] = word;
}

/* Adds the words of a segment. A key is name('key') or name(id='key'). */
static enum err
add_segment(struct path *p, struct str segment, struct arena *a)
{
	struct str name, key;

	if (segment.p[segment.n - 1] != ')' || !str_ends(segment, "')") ||
	    !split_call(segment, &name, &key)) {
		add_word(p, segment, false);
		return ERR_OK;
	}
	if (str_iis(str_head(key, 3), "id="))
		key = str_tail(key, 3);
	if (name.n == 0 || !is_quoted(key)) {
		add_word(p, segment, false);
		return ERR_OK;
	}
	key = unquoted(key, a);
	add_word(p, name, false);
	add_word(p, key, true);
	return str_is_null(key) ? ERR_MEMORY : ERR_OK;
}

enum err
path_read_words(struct path *p, struct arena *a)
{
	enum err e = ERR_OK;
	size_t i;

	p->words = 0;
	p->keys = 0;
	for (i = p->at + 1; i < p->count && e == ERR_OK; i++)
		e = add_segment(p, p->segment[i], a);
	return e;
}

/* The name of a function without its namespace. */
static struct str
bare_name(struct str word)
{
	static const char prefix[] = "microsoft.graph.";

	if (str_iis(str_head(word, sizeof(prefix) - 1), prefix))
		word = str_tail(word, sizeof(prefix) - 1);
	return word;
}

/* Splits the word of a function with a parameter: name(parameter='value'). The
 * value keeps its quotes. */
static bool
split_argument(
    struct str word, struct str *name, struct str *parameter, struct str *value)
{
	if (!split_call(word, name, value))
		return false;
	*parameter = str_trim(str_cut(value, '='));
	*value = str_trim(*value);
	return is_quoted(*value);
}

static bool
is_function(struct str word, struct str pattern)
{
	struct str name, parameter, value, wanted, wanted_parameter;

	word = bare_name(word);
	if (!split_call(pattern, &wanted, &wanted_parameter)) {
		if (str_ends(word, "()"))
			word.n -= 2;
		return str_ieq(word, pattern);
	}
	return split_argument(word, &name, &parameter, &value) &&
	    str_ieq(name, wanted) && str_ieq(parameter, wanted_parameter);
}

static bool
is_word(
    const struct path *p, size_t i, const struct str *pattern, bool function)
{
	bool key = (p->keys >> i & 1) != 0;

	if (pattern->p[0] == '{')
		return !key || str_is(*pattern, "{id}");
	if (key)
		return false;
	if (function && str_is_null(pattern[1]))
		return is_function(p->word[i], *pattern);
	return str_ieq(p->word[i], *pattern);
}

bool
path_is(const struct path *p, const struct str *list, bool function)
{
	size_t n = p->words, i;

	for (i = 0; i < n && !str_is_null(list[i]); i++)
		;
	if (i < n || !str_is_null(list[i]))
		return false;
	/* Compares from the end, because most paths have the same start. */
	while (i-- > 0)
		if (!is_word(p, i, list + i, function))
			return false;
	return true;
}

size_t
path_agrees(const struct path *p, const struct str *list, bool function)
{
	size_t i = 0;

	while (!str_is_null(list[i]) && i < p->words &&
	    is_word(p, i, list + i, function))
		i++;
	return i;
}

bool
path_is_open(const struct str *list)
{
	for (; !str_is_null(*list); list++)
		if (list->p[0] == '{')
			return true;
	return false;
}

bool
path_takes_value(const struct str *list)
{
	for (; !str_is_null(*list); list++)
		if (str_is(*list, "{id}") || str_ends(*list, ")"))
			return true;
	return false;
}

struct str
path_argument(struct str word, struct arena *a)
{
	struct str name, parameter, value;

	if (!split_argument(word, &name, &parameter, &value))
		return str_of(NULL);
	return unquoted(value, a);
}
