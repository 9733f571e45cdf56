/* SPDX-License-Identifier: ISC */
/*
 * json.h - strict JSON (RFC 8259) whose root is an object, tokenized in place
 * by jsmn, and a cursor over the tokens.
 *
 * Slices point into the caller's text or, for a string with escapes, into the
 * arena; both must outlive the document. The time is linear in the text, except
 * for sorting its names. Depth and number of tokens are limited.
 */
#ifndef PUSHCERT_JSON_H
#define PUSHCERT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

/* Deepest nesting of objects and arrays: a PATCH needs one, a JWKS four. */
#define JSON_DEPTH_MAX 32
/* Most values and names in one text; limits the work for a hostile body. */
#define JSON_TOKENS_MAX 4096
/* Space that a text of n bytes needs in the arena at most. */
#define JSON_ARENA_SIZE(n) (64 * (size_t)JSON_TOKENS_MAX + (n))

/* The limits of one text. A text with other limits than the usual ones may be
 * up to JSON_SCOPES_MAX deep. */
#define JSON_SCOPES_MAX 64
struct json_limits {
	unsigned depth;
	size_t tokens;
};

enum json_type {
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL
};

struct json_token;

struct json {
	const struct json_token *token;
	size_t count;
};

/* A value is the number of its token; the root object is 0. */
struct json_member {
	struct str name;
	size_t value;
};

/*
 * Checks the whole text, tokenizes it and resolves the escapes of its strings
 * and names. If it refuses, it returns one of ERR_JSON_*, or ERR_MEMORY if the
 * arena is too small, and *what is the offending piece of the text (empty at
 * its end).
 *
 * It reports the first of several mistakes, but a duplicate name only if the
 * text has no other mistake. A text of white space is ERR_JSON_EMPTY. A UTF-8
 * byte order mark before the text is ignored, as RFC 8259, section 8.1 allows;
 * UTF-16 and UTF-32 are ERR_JSON_UTF16. After ERR_JSON_DUPLICATE the document
 * is still readable, and json_find finds the first member of a name.
 */
enum err json_parse(struct str text, struct arena *a, struct json *out,
    struct str *what) ATTR_CHECKED;
/* The same with other limits. */
enum err json_parse_within(struct str text, const struct json_limits *most,
    struct arena *a, struct json *out, struct str *what) ATTR_CHECKED;

enum json_type json_type(const struct json *doc, size_t value);
/* The text of a string with its escapes resolved: valid UTF-8 that may hold
 * NUL. For other values, their piece of the input. */
struct str json_text(const struct json *doc, size_t value);

/*
 * Walks the members of an object, or the items of an array. *at is 0 before the
 * first call and belongs to the function. Returns false after the last member,
 * and at once if the value is not an object (array). Names have their escapes
 * resolved.
 */
bool json_next(
    const struct json *doc, size_t object, size_t *at, struct json_member *out);
bool
json_next_item(const struct json *doc, size_t array, size_t *at, size_t *value);
/* Finds the first member with this name. Returns false if there is none. */
bool json_find(
    const struct json *doc, size_t object, struct str name, size_t *value);

#endif
