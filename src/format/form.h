/* SPDX-License-Identifier: ISC */
/*
 * form.h - reads the body that a browser sends for a form:
 * application/x-www-form-urlencoded (URL standard, section 5) and
 * multipart/form-data (RFC 7578).
 *
 * Pure. Slices point into the body or into the arena.
 */
#ifndef PUSHCERT_FORM_H
#define PUSHCERT_FORM_H

#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

/* More fields than any form of the pages has. */
#define FORM_FIELDS_MAX 16

/*
 * The value of a text field is valid UTF-8 without NUL, with the line ends that
 * the browser sent (CR LF). The value of a file may have any bytes.
 */
struct form_field {
	struct str name;
	struct str value;
	/* Of a file: its name without folders, as the browser wrote it, which
	 * is empty if the user chose no file. Null: a text field. */
	struct str filename;
};

struct form {
	size_t n;
	struct form_field field[FORM_FIELDS_MAX];
};

/* Bytes that the fields of a body of n bytes need in the arena at most. */
#define FORM_ARENA_SIZE(n) ((n) + 64)

/*
 * Reads a body of this content type, the value of the header. Returns ERR_OK,
 * ERR_FORM_TYPE for any other type, ERR_FORM with a phrase in fault->ours that
 * says what is wrong, or ERR_MEMORY. fault->what is then the piece at fault.
 */
enum err form_read(struct str type, struct str body, struct arena *a,
    struct form *out, struct fault *fault) ATTR_CHECKED;

/* The field with this name, or NULL. */
const struct form_field *form_field(const struct form *f, const char *name);
/* The value of that field; null if there is none. */
struct str form_value(const struct form *f, const char *name);

#endif
