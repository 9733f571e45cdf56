/* SPDX-License-Identifier: ISC */
/*
 * batch.h - reads the body of a JSON batch (OData JSON Format 4.01, section 19,
 * in the form of Microsoft Graph): the items, their ids and dependencies, and
 * the forms of their URLs.
 *
 * Pure. Slices point into the text or into the arena.
 */
#ifndef PUSHCERT_BATCH_H
#define PUSHCERT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/json.h"

#define BATCH_ITEMS_MAX 20
/* Bytes of an id. */
#define BATCH_ID_MAX 128
/* The body of an item may be as deep as that of a request; the object of the
 * batch, its array and the object of the item are around it. */
#define BATCH_DEPTH_MAX (JSON_DEPTH_MAX + 3)
/* Values and names in one batch, and the space that a text of n bytes needs in
 * the arena at most. */
#define BATCH_TOKENS_MAX (4 * (size_t)JSON_TOKENS_MAX)
#define BATCH_ARENA_SIZE(n) (64 * BATCH_TOKENS_MAX + (n))

struct batch_item {
	struct str id; /* a number as its digits */
	struct str method; /* a known one in capital letters */
	struct str url;
	struct str body; /* its JSON; null: none, or the method has none */
	size_t headers; /* the object; 0: none */
	uint32_t needs; /* bit i: the item depends on item i */
	bool conditional; /* has the member `if` */
};

struct batch {
	struct json json;
	size_t n;
	struct batch_item item[BATCH_ITEMS_MAX];
};

/* Reads the text. Returns an outcome of json_parse, or one of ERR_BATCH_*, and
 * *what is then the id of the item at fault, or a piece of the text. */
enum err batch_read(struct str text, struct arena *a, struct batch *out,
    struct str *what) ATTR_CHECKED;

/* Walks the headers of an item, each of which is a text; see json_next. */
bool batch_header(const struct batch *b, const struct batch_item *item,
    size_t *at, struct json_member *out);

/* A URL of an item: the path without scheme and host, decoded once, and the
 * query (null: none), in which each % stands before two digits. */
struct batch_url {
	struct str path;
	struct str query;
};

/* Reads a URL. Clients write a path with or without a leading slash, or an
 * absolute URL, and some do not escape blanks or %. Returns ERR_OK or
 * ERR_MEMORY. */
enum err
batch_url(struct str url, struct arena *a, struct batch_url *out) ATTR_CHECKED;

#endif
