/* SPDX-License-Identifier: ISC */
/*
 * odata.h - what OData 4.01 and RFC 9110 put around a resource: query options,
 * Prefer, Accept, conditional headers, ETags.
 *
 * Pure. Slices point into the header given or into the arena.
 */
#ifndef PUSHCERT_ODATA_H
#define PUSHCERT_ODATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

/* odata.metadata=... of the answer. */
enum odata_metadata { ODATA_NONE, ODATA_MINIMAL, ODATA_FULL };

enum odata_prefer {
	ODATA_PREFER_MINIMAL = 1 << 0,
	ODATA_PREFER_REPRESENTATION = 1 << 1,
	ODATA_PREFER_DRY_RUN = 1 << 2
};
#define ODATA_PREFER_RETURN (ODATA_PREFER_MINIMAL | ODATA_PREFER_REPRESENTATION)

/* The text of $select, decoded; null when there is none. */
struct odata_query {
	struct str select;
	bool has_format; /* then its level counts, whatever Accept says */
	enum odata_metadata format;
};

/*
 * Reads a query string. $select may stand without the $. Options
 * that are not system options are ignored. ERR_QUERY_OPTION, ERR_QUERY_TWICE,
 * ERR_QUERY_ESCAPE, ERR_FORMAT; *what is the option's name or value.
 */
enum err odata_query(struct str query, struct arena *a, struct odata_query *out,
    struct str *what) ATTR_CHECKED;

/*
 * Accept: which metadata level the client wants of JSON. An absent header
 * means anything. ERR_NOT_ACCEPTABLE where no JSON is acceptable (q=0 counts).
 */
enum err odata_accept(struct str accept, enum odata_metadata *out) ATTR_CHECKED;

/* Prefer: the known preferences as bits, unknown ones ignored (RFC 7240). The
 * first of minimal and representation wins. */
unsigned odata_prefer(struct str prefer);

/*
 * Whether an If-Match or If-None-Match list names this weak ETag. Compares
 * weakly and without a suffix that a web server's compression put inside the
 * quotes (-gzip, -br, -deflate, -zstd). A list of just * matches any tag that
 * is not null.
 */
bool odata_match(struct str list, struct str etag);

/*
 * The value of a header that has one. Web servers join repeated lines with
 * commas: equal lines count as one, and false if they differ.
 */
bool odata_single(struct str lines, struct str *value);

/* Whether the media type, without its parameters, is application/json. */
bool odata_is_json(struct str content_type);

#endif
