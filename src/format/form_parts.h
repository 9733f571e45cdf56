/* SPDX-License-Identifier: ISC */
/*
 * form_parts.h - the parts of a multipart body (RFC 2046, section 5.1, and RFC
 * 7578).
 *
 * Pure. Slices point into the given texts.
 */
#ifndef PUSHCERT_FORM_PARTS_H
#define PUSHCERT_FORM_PARTS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

/* A part with its headers read. */
struct form_part {
	struct str name;
	struct str filename; /* null: not a file */
	struct str charset; /* of its Content-Type; null: none */
	struct str content;
};

/* The members belong to form_parts_*. */
struct form_parts {
	struct str boundary;
	struct str rest; /* after the last delimiter */
	bool last; /* that delimiter was the last */
	bool begun; /* the first delimiter was found */
};

/* Reads the boundary in the value of Content-Type. Returns false if it has
 * none, or an invalid one. */
bool form_parts_begin(
    struct form_parts *p, struct str content_type, struct str body);

/* The next part. Returns ERR_STOP after the last one, or ERR_FORM with the
 * fault. */
enum err form_parts_next(struct form_parts *p, struct form_part *out,
    struct fault *fault) ATTR_CHECKED;

/*
 * Finds a parameter in what follows the first semicolon of a header's value,
 * without the quotes of a quoted string. *value is null if there is none, and
 * empty texts between semicolons are ignored. Returns false if the parameters
 * are not well-formed, or if one is there twice.
 */
bool form_parts_parameter(
    struct str parameters, const char *name, struct str *value) ATTR_CHECKED;

#endif
