/* SPDX-License-Identifier: ISC */
/*
 * description.h - the documents that describe the service: $metadata (CSDL 4.0,
 * XML) and openapi.json (OpenAPI 3.0.3). Both are loops over the model, the
 * routes and the permissions.
 */
#ifndef PUSHCERT_DESCRIPTION_H
#define PUSHCERT_DESCRIPTION_H

#include "base/buf.h"
#include "base/str.h"
#include "format/model.h"
#include "format/path.h"
#include "http/call.h"

/* The kinds of things that a path denotes. */
struct description_path {
	enum model_type type; /* MODEL_NONE: no entity of the model */
	bool many; /* a collection of the type */
};

/* The kind of thing that the first n patterns of a route denote. */
struct description_path description_path(const struct route *route, size_t n);
/* The number of patterns of a route. */
size_t description_length(const struct route *route);

/* Appends the document for one root. The OpenAPI document names the URL of the
 * root, `base`. */
void description_metadata(
    struct buf *out, const struct route_table *table, enum path_root root);
void description_openapi(struct buf *out, const struct route_table *table,
    enum path_root root, struct str base);

#endif
