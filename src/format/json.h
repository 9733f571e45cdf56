/* SPDX-License-Identifier: ISC */
/*
 * json.h - strict JSON (RFC 8259) whose root is an object, tokenized in place
 * by jsmn, and a cursor over the tokens.
 *
 * Zero-copy: slices point into the caller's text, or into the arena where an
 * escape had to be resolved; both must outlive the document. Time is linear in
 * the text, but for sorting its names; depth and number of tokens are bounded.
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
/* Most values and names in one text: bounds the work on a hostile body. */
#define JSON_TOKENS_MAX 4096
/* Room in the arena that no text of n bytes needs more than. */
#define JSON_ARENA_SIZE(n) (64 * (size_t)JSON_TOKENS_MAX + (n))

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
 * and names. On refusal *what is the offending piece of the text (empty at its
 * end) and the outcome is one of ERR_JSON_*, or ERR_MEMORY if the arena is too
 * small. Of several faults the first is told, a duplicate name after all
 * others. Nothing but white space: ERR_JSON_EMPTY. A byte order mark of UTF-8
 * before the text is ignored, as a parser may (RFC 8259, section 8.1); UTF-16
 * and UTF-32 are ERR_JSON_UTF16. After ERR_JSON_DUPLICATE the document can be
 * read nevertheless; json_find finds the first member of a name.
 */
enum err json_parse(struct str text, struct arena *a, struct json *out,
    struct str *what) ATTR_CHECKED;

enum json_type json_type(const struct json *doc, size_t value);
/*
 * A string's text with its escapes resolved: valid UTF-8, may hold NUL. Of any
 * other value the text as it stands.
 */
struct str json_text(const struct json *doc, size_t value);

/*
 * Walks the members of an object: *at is 0 before the first call and belongs
 * to json_next. False after the last member, and at once for what is no
 * object. Names have their escapes resolved. Items of an array likewise.
 */
bool json_next(
    const struct json *doc, size_t object, size_t *at, struct json_member *out);
bool
json_next_item(const struct json *doc, size_t array, size_t *at, size_t *value);
/* The member of that name, or false. */
bool json_find(
    const struct json *doc, size_t object, struct str name, size_t *value);

#endif
