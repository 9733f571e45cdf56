/* SPDX-License-Identifier: ISC */
/*
 * odata.h - the parts of a request that OData 4.01 and RFC 9110 define around a
 * resource: query options, Prefer, Accept, conditional headers, ETags.
 *
 * Pure. Slices point into the given header or into the arena.
 */
#ifndef PUSHCERT_ODATA_H
#define PUSHCERT_ODATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

/* The odata.metadata level of a response. */
enum odata_metadata { ODATA_NONE, ODATA_MINIMAL, ODATA_FULL };

enum odata_prefer {
	ODATA_PREFER_MINIMAL = 1 << 0,
	ODATA_PREFER_REPRESENTATION = 1 << 1,
	ODATA_PREFER_DRY_RUN = 1 << 2
};
#define ODATA_PREFER_RETURN (ODATA_PREFER_MINIMAL | ODATA_PREFER_REPRESENTATION)

/* The system query options that a resource may take. A set of them is bits. */
enum odata_option {
	ODATA_SELECT,
	ODATA_FORMAT,
	ODATA_EXPAND,
	ODATA_FILTER,
	ODATA_ORDERBY,
	ODATA_TOP,
	ODATA_SKIP,
	ODATA_COUNT,
	ODATA_SKIPTOKEN,
	ODATA_OPTIONS
};
#define ODATA_BIT(option) (1U << (option))

/* The decoded text of each option, without spaces at its ends; null if the
 * query does not have the option. */
struct odata_query {
	struct str text[ODATA_OPTIONS];
};

/* Reads a query string. The resource takes the options of the set `taken`,
 * which may be written without the $, except $format. Options that are not
 * system options are ignored. Returns ERR_QUERY_OPTION, ERR_QUERY_TWICE or
 * ERR_QUERY_ESCAPE; *what is then the option's name. */
enum err odata_query(struct str query, unsigned taken, struct arena *a,
    struct odata_query *out, struct str *what) ATTR_CHECKED;

/* Appends the options of a set that the query has, joined by &, with new
 * percent escapes. */
void odata_put_options(
    const struct odata_query *query, unsigned set, struct buf *out);

/* Reads $format, which overrides Accept. Returns ERR_FORMAT for a value other
 * than JSON. */
enum err odata_format(struct str value, enum odata_metadata *out) ATTR_CHECKED;
/* Whether $format names this media type ("application/xml"), or its second half
 * ("xml"). */
bool odata_format_is(struct str value, struct str type);

/* Reads Accept: the metadata level that the client wants for JSON. An absent
 * header accepts anything. Returns ERR_NOT_ACCEPTABLE if no range accepts JSON;
 * q=0 refuses it. */
enum err odata_accept(struct str accept, enum odata_metadata *out) ATTR_CHECKED;

/* Reads Prefer (RFC 7240): the known preferences as bits; unknown preferences
 * are ignored. The first of minimal and representation wins. */
unsigned odata_prefer(struct str prefer);

/*
 * Whether the list of an If-Match or If-None-Match header names this weak ETag.
 * The comparison is weak and ignores a suffix that a web server's compression
 * put inside the quotes (-gzip, -br, -deflate, -zstd). A list of just * matches
 * any ETag that is not null.
 */
bool odata_match(struct str list, struct str etag);

/* Reads a header that may have only one value. Web servers join repeated lines
 * with commas. Equal lines count as one; returns false if they differ. */
bool odata_single(struct str lines, struct str *value);

/* Whether the media type, without its parameters, is application/json. */
bool odata_is_json(struct str content_type);

#endif
