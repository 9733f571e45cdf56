/* SPDX-License-Identifier: ISC */
/*
 * form.c - the fields of a form's body, and the checks that both forms of a
 * body share. A value of a multipart body is a piece of the body; a value that
 * is percent-encoded is decoded into the arena.
 */
#include "format/form.h"

#include <stdbool.h>

#include "format/form_parts.h"

/* Whether a text field may have this value. */
static bool
is_text(struct str s)
{
	return (s.n == 0 || memchr(s.p, '\0', s.n) == NULL) &&
	    str_utf8_valid(s);
}

/* A browser writes text in the encoding of the page, which is UTF-8. ASCII is a
 * part of it. */
static bool
is_utf8_name(struct str charset)
{
	return str_is_null(charset) || str_iis(charset, "utf-8") ||
	    str_iis(charset, "utf8") || str_iis(charset, "us-ascii");
}

static enum err
refuse(struct fault *fault, const char *phrase, struct str what)
{
	fault->ours = str_of(phrase);
	fault->what = what;
	return ERR_FORM;
}

_Static_assert(FORM_FIELDS_MAX == 16, "a phrase below has the number");

static enum err
add_field(struct form *out, const struct form_field *field, struct fault *fault)
{
	size_t i;

	if (!is_text(field->name) ||
	    (str_is_null(field->filename) && !is_text(field->value)))
		return refuse(fault,
		    "a text field is not valid UTF-8, or has a NUL",
		    field->name);
	for (i = 0; i < out->n; i++)
		if (str_eq(out->field[i].name, field->name))
			return refuse(fault, "it has a field more than once",
			    field->name);
	if (out->n == FORM_FIELDS_MAX)
		return refuse(fault, "it has more than 16 fields", field->name);
	out->field[out->n++] = *field;
	return ERR_OK;
}

/* The first escape of a text that is not valid, and what follows it. */
static struct str
wrong_escape(struct str s)
{
	uint8_t byte;
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == '%' &&
		    (!str_unhex(str_head(str_tail(s, i + 1), 2), &byte, 1) ||
			byte == 0))
			break;
	return str_tail(s, i);
}

/* Decodes one name or value of a pair into the arena, unless it has nothing to
 * decode. */
static enum err
unescape(struct str s, struct arena *a, struct str *out, struct fault *fault)
{
	char *room;

	*out = s;
	if (s.n == 0 ||
	    (memchr(s.p, '%', s.n) == NULL && memchr(s.p, '+', s.n) == NULL))
		return ERR_OK;
	if ((room = arena_take(a, s.n)) == NULL)
		return ERR_MEMORY;
	if (!str_unpercent(s, true, room, out))
		return refuse(fault,
		    "a percent sign is not before two hexadecimal digits, "
		    "or they are 00",
		    wrong_escape(s));
	return ERR_OK;
}

static enum err
read_pairs(
    struct str body, struct arena *a, struct form *out, struct fault *fault)
{
	enum err e = ERR_OK;

	while (!str_is_null(body) && e == ERR_OK) {
		struct str value = str_cut(&body, '&');
		struct form_field field = { .filename = { NULL, 0 } };
		struct str name;

		if (value.n == 0)
			continue;
		name = str_cut(&value, '=');
		if (str_is_null(value))
			value = STR_EMPTY;
		e = unescape(name, a, &field.name, fault);
		if (e == ERR_OK)
			e = unescape(value, a, &field.value, fault);
		if (e == ERR_OK)
			e = add_field(out, &field, fault);
	}
	return e;
}

static enum err
read_parts(
    struct str type, struct str body, struct form *out, struct fault *fault)
{
	struct form_parts parts;
	struct form_part part;
	enum err e;

	if (!form_parts_begin(&parts, type, body))
		return refuse(
		    fault, "its content type has no valid boundary", type);
	while ((e = form_parts_next(&parts, &part, fault)) == ERR_OK) {
		struct form_field field = { .name = part.name,
			.value = part.content,
			.filename = part.filename };

		if (str_is_null(part.filename) && !is_utf8_name(part.charset))
			return refuse(fault,
			    "a field has another character encoding than "
			    "UTF-8",
			    part.charset);
		if ((e = add_field(out, &field, fault)) != ERR_OK)
			return e;
	}
	return e == ERR_STOP ? ERR_OK : e;
}

enum err
form_read(struct str type, struct str body, struct arena *a, struct form *out,
    struct fault *fault)
{
	struct str rest = type;
	struct str media = str_trim(str_cut(&rest, ';'));
	struct str charset;

	out->n = 0;
	if (str_iis(media, "multipart/form-data"))
		return read_parts(type, body, out, fault);
	if (!str_iis(media, "application/x-www-form-urlencoded")) {
		fault->what = type;
		return ERR_FORM_TYPE;
	}
	if (!form_parts_parameter(rest, "charset", &charset) ||
	    !is_utf8_name(charset))
		return refuse(fault,
		    "it has another character encoding than UTF-8", type);
	return read_pairs(body, a, out, fault);
}

const struct form_field *
form_field(const struct form *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (str_is(f->field[i].name, name))
			return &f->field[i];
	return NULL;
}

struct str
form_value(const struct form *f, const char *name)
{
	const struct form_field *field = form_field(f, name);

	return field == NULL ? str_of(NULL) : field->value;
}
