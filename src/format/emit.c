/* SPDX-License-Identifier: ISC */
/*
 * emit.c - the JSON writer with a table of its states, and the escapers with
 * tables of bytes.
 */
#include "format/emit.h"

#include <limits.h>
#include <string.h>

/* The state of the innermost scope: its type, and the item that was written
 * last. */
enum scope {
	NOWHERE,
	ROOT,
	ROOT_CLOSED,
	ARRAY_EMPTY,
	ARRAY,
	OBJECT_EMPTY,
	OBJECT,
	MEMBER
};

/* For each state: the next state after a value and after a name (NOWHERE: not
 * allowed). */
static const struct {
	enum scope value;
	enum scope name;
	bool comma; /* written before a value and before a name */
	char end; /* the character that closes the scope here, or NUL */
} rules[] = {
	[ROOT] = { .value = ROOT_CLOSED },
	[ROOT_CLOSED] = { .value = NOWHERE },
	[ARRAY_EMPTY] = { .value = ARRAY, .end = ']' },
	[ARRAY] = { .value = ARRAY, .comma = true, .end = ']' },
	[OBJECT_EMPTY] = { .name = MEMBER, .end = '}' },
	[OBJECT] = { .name = MEMBER, .comma = true, .end = '}' },
	[MEMBER] = { .value = OBJECT },
};

/* The replacement of each byte; NULL leaves the byte as it is. */
/* clang-format off */
static const char *const in_json[UCHAR_MAX + 1] = {
	"\\u0000", "\\u0001", "\\u0002", "\\u0003",
	"\\u0004", "\\u0005", "\\u0006", "\\u0007",
	"\\b", "\\t", "\\n", "\\u000b",
	"\\f", "\\r", "\\u000e", "\\u000f",
	"\\u0010", "\\u0011", "\\u0012", "\\u0013",
	"\\u0014", "\\u0015", "\\u0016", "\\u0017",
	"\\u0018", "\\u0019", "\\u001a", "\\u001b",
	"\\u001c", "\\u001d", "\\u001e", "\\u001f",
	['"'] = "\\\"",
	['\\'] = "\\\\",
};
/* clang-format on */

static const char *const in_html[UCHAR_MAX + 1] = {
	['&'] = "&amp;",
	['<'] = "&lt;",
	['>'] = "&gt;",
	['"'] = "&quot;",
	['\''] = "&#39;",
};

static enum scope
scope(const struct emit *e)
{
	return (enum scope)e->scope[e->depth];
}

/* A call that would produce invalid JSON is a bug of ours. It marks the buffer
 * as full, so the request fails but the process goes on. */
static void
misused(struct emit *e)
{
	e->out->full = true;
}

static void
step(struct emit *e, enum scope next)
{
	if (next == NOWHERE) {
		misused(e);
		return;
	}
	if (rules[scope(e)].comma)
		buf_char(e->out, ',');
	e->scope[e->depth] = (uint8_t)next;
}

static void
begin_value(struct emit *e)
{
	step(e, rules[scope(e)].value);
}

static void
begin_scope(struct emit *e, enum scope inner, char mark)
{
	begin_value(e);
	if (e->depth == EMIT_DEPTH_MAX) {
		misused(e);
		return;
	}
	e->scope[++e->depth] = (uint8_t)inner;
	buf_char(e->out, mark);
}

void
emit_init(struct emit *e, struct buf *out)
{
	*e = (struct emit){ .out = out, .scope = { ROOT } };
}

void
emit_object(struct emit *e)
{
	begin_scope(e, OBJECT_EMPTY, '{');
}

void
emit_array(struct emit *e)
{
	begin_scope(e, ARRAY_EMPTY, '[');
}

void
emit_end(struct emit *e)
{
	char end = rules[scope(e)].end;

	if (end == '\0') {
		misused(e);
		return;
	}
	buf_char(e->out, end);
	e->depth--;
}

void
emit_name(struct emit *e, const char *name)
{
	size_t n = strlen(name);
	char *p;

	step(e, rules[scope(e)].name);
	if ((p = buf_take(e->out, n + 3)) == NULL)
		return;
	p[0] = '"';
	memcpy(p + 1, name, n);
	p[n + 1] = '"';
	p[n + 2] = ':';
}

void
emit_name2(struct emit *e, const char *first, const char *second)
{
	step(e, rules[scope(e)].name);
	buf_char(e->out, '"');
	buf_text(e->out, first);
	buf_text(e->out, second);
	buf_text(e->out, "\":");
}

void
emit_u64(struct emit *e, uint64_t u)
{
	begin_value(e);
	buf_u64(e->out, u);
}

void
emit_i64(struct emit *e, int64_t i)
{
	begin_value(e);
	if (i < 0)
		buf_char(e->out, '-');
	buf_u64(e->out, i < 0 ? -(uint64_t)i : (uint64_t)i);
}

void
emit_bool(struct emit *e, bool b)
{
	begin_value(e);
	buf_text(e->out, b ? "true" : "false");
}

void
emit_null(struct emit *e)
{
	begin_value(e);
	buf_text(e->out, "null");
}

void
emit_json(struct emit *e, struct str json)
{
	begin_value(e);
	buf_str(e->out, json);
}

bool
emit_complete(const struct emit *e)
{
	return scope(e) == ROOT_CLOSED;
}

/* Returns how many bytes at the start of s need no replacement. */
static size_t
plain(struct str s, const char *const table[UCHAR_MAX + 1])
{
	size_t i;

	for (i = 0; i < s.n && table[(unsigned char)s.p[i]] == NULL; i++)
		;
	return i;
}

static void
replace_first(
    struct buf *out, struct str *s, const char *const table[UCHAR_MAX + 1])
{
	if (s->n == 0)
		return;
	buf_text(out, table[(unsigned char)s->p[0]]);
	*s = str_tail(*s, 1);
}

void
emit_html(struct buf *out, struct str s)
{
	while (s.n > 0) {
		size_t n = plain(s, in_html);

		buf_put(out, s.p, n);
		s = str_tail(s, n);
		replace_first(out, &s, in_html);
	}
}

/* The bytes that one step checks (a vector type of GCC and clang). */
typedef unsigned char step_bytes __attribute__((vector_size(16)));

/* Whether the bytes of one step need no escape in a JSON string. */
static inline bool
are_plain(const char *p)
{
	step_bytes c;
	uint64_t half[2];

	memcpy(&c, p, sizeof(c));
	c = (step_bytes)((c < ' ') | (c == '"') | (c == '\\'));
	memcpy(half, &c, sizeof(half));
	return (half[0] | half[1]) == 0;
}

/* Like plain() for JSON, but 16 bytes at a time, because most output is base64
 * of certificates. */
static size_t
plain_json(struct str s)
{
	const size_t n = sizeof(step_bytes);
	size_t i;

	for (i = 0; s.n - i >= n; i += n)
		if (!are_plain(s.p + i))
			return i + plain(str_tail(s, i), in_json);
	/* The last step overlaps the one before it. */
	if (i > 0 && are_plain(s.p + s.n - n))
		return s.n;
	return i + plain(str_tail(s, i), in_json);
}

void
emit_escaped(struct buf *out, struct str s)
{
	while (s.n > 0) {
		size_t n = plain_json(s);

		buf_put(out, s.p, n);
		s = str_tail(s, n);
		replace_first(out, &s, in_json);
	}
}

/* Most strings need no escapes and are copied in one piece. */
void
emit_str(struct emit *e, struct str s)
{
	char *p;

	if (str_is_null(s)) {
		emit_null(e);
		return;
	}
	begin_value(e);
	if (plain_json(s) < s.n) {
		buf_char(e->out, '"');
		emit_escaped(e->out, s);
		buf_char(e->out, '"');
	} else if ((p = buf_take(e->out, s.n + 2)) != NULL) {
		p[0] = '"';
		if (s.n > 0)
			memcpy(p + 1, s.p, s.n);
		p[s.n + 1] = '"';
	}
}

void
emit_text(struct emit *e, const char *c)
{
	emit_str(e, str_of(c));
}
