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

/* `select` is the decoded text of $select, or null. */
struct odata_query {
	struct str select;
	bool has_format; /* its level then overrides Accept */
	enum odata_metadata format;
};

/* Reads a query string. $select may be written without the $. Options that are
 * not system options are ignored. Returns ERR_QUERY_OPTION, ERR_QUERY_TWICE,
 * ERR_QUERY_ESCAPE or ERR_FORMAT; *what is then the option's name or value. */
enum err odata_query(struct str query, struct arena *a, struct odata_query *out,
    struct str *what) ATTR_CHECKED;

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
