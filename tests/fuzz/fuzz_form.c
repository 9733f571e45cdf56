/* SPDX-License-Identifier: ISC */
/*
 * fuzz_form.c - the first line of the input is a content type, the rest is the
 * body of a form. Each slice lies in the body or in the arena, names differ,
 * and text is UTF-8. The fields are then written as both forms of a body, and
 * must be read as they were.
 */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "format/form.h"

#define BLOCK ((size_t)256 << 10)
#define BOUNDARY "a7d1f0c3-not-in-any-value"

static bool
lies_in(struct str part, struct str whole)
{
	return part.n == 0 ||
	    (part.p >= whole.p && part.n <= whole.n &&
		(size_t)(part.p - whole.p) <= whole.n - part.n);
}

static void
check_fields(const struct form *f, struct str body, const struct arena *a)
{
	struct str block = str_from(a->block, a->used);
	size_t i, k;

	fuzz_check(f->n <= FORM_FIELDS_MAX);
	for (i = 0; i < f->n; i++) {
		const struct form_field *field = &f->field[i];

		fuzz_check(
		    lies_in(field->name, body) || lies_in(field->name, block));
		fuzz_check(lies_in(field->value, body) ||
		    lies_in(field->value, block));
		fuzz_check(str_utf8_valid(field->name));
		fuzz_check(!str_is_null(field->filename) ||
		    (str_utf8_valid(field->value) &&
			(field->value.n == 0 ||
			    memchr(field->value.p, '\0', field->value.n) ==
				NULL)));
		for (k = 0; k < i; k++)
			fuzz_check(!str_eq(field->name, f->field[k].name));
	}
}

static void
put_escaped(struct buf *out, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		buf_printf(out, "%%%02x", (unsigned char)s.p[i]);
}

static void
put_pairs(const struct form *f, struct buf *out)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		put_escaped(out, f->field[i].name);
		buf_char(out, '=');
		put_escaped(out, f->field[i].value);
		buf_char(out, '&');
	}
}

static void
put_parts(const struct form *f, struct buf *out)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		buf_text(out,
		    "--" BOUNDARY "\r\n"
		    "Content-Disposition: form-data; name=\"");
		buf_str(out, f->field[i].name);
		if (!str_is_null(f->field[i].filename))
			buf_text(out, "\"; filename=\"x");
		buf_text(out, "\"\r\n\r\n");
		buf_str(out, f->field[i].value);
		buf_text(out, "\r\n");
	}
	buf_text(out, "--" BOUNDARY "--\r\n");
}

static void
check_again(
    const struct form *f, const char *type, struct str body, struct arena *a)
{
	struct fault fault = { .withheld = false };
	struct form again;
	size_t i;

	fuzz_check(form_read(str_of(type), body, a, &again, &fault) == ERR_OK);
	fuzz_check(again.n == f->n);
	for (i = 0; i < f->n; i++) {
		fuzz_check(str_eq(again.field[i].name, f->field[i].name));
		fuzz_check(str_eq(again.field[i].value, f->field[i].value));
	}
}

/* Whether the pairs can hold the fields: none is a file, and none consists of
 * nothing, which is no pair. The parts cannot hold a name with a quotation mark
 * or a line end, nor one that ends in a backslash. */
static bool
fit_pairs(const struct form *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (!str_is_null(f->field[i].filename))
			return false;
	return true;
}

static bool
fit_parts(const struct form *f)
{
	size_t i, k;

	for (i = 0; i < f->n; i++) {
		struct str name = f->field[i].name;

		for (k = 0; k < name.n; k++)
			if (strchr("\"\r\n\\", name.p[k]) != NULL)
				return false;
		if (memmem(f->field[i].value.p, f->field[i].value.n, BOUNDARY,
			strlen(BOUNDARY)) != NULL)
			return false;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = str_from((const char *)data, size);
	struct str type = str_cut(&body, '\n');
	struct fault fault = { .withheld = false };
	struct form f;
	struct arena a;
	struct buf b;
	char *block;

	if (size > 8192 || (block = malloc(BLOCK)) == NULL)
		return 0;
	arena_init(&a, block, BLOCK);
	if (form_read(type, body, &a, &f, &fault) == ERR_OK) {
		check_fields(&f, body, &a);
		buf_open(&b, &a);
		put_pairs(&f, &b);
		body = buf_close(&b, &a);
		if (fit_pairs(&f))
			check_again(
			    &f, "application/x-www-form-urlencoded", body, &a);
		buf_open(&b, &a);
		put_parts(&f, &b);
		body = buf_close(&b, &a);
		if (fit_parts(&f))
			check_again(&f,
			    "multipart/form-data; boundary=" BOUNDARY, body,
			    &a);
	} else {
		fuzz_check(fault.what.n <= size);
	}
	free(block);
	return 0;
}
