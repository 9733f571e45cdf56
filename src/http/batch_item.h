/* SPDX-License-Identifier: ISC */
/*
 * batch_item.h - makes the request of an item of a batch.
 */
#ifndef PUSHCERT_BATCH_ITEM_H
#define PUSHCERT_BATCH_ITEM_H

#include "base/attr.h"
#include "format/batch.h"
#include "http/call.h"

/* The facts that all items of a batch share. */
struct batch_item_source {
	struct call *outer;
	const struct batch *batch;
	const struct str *known; /* first segments of routes */
	struct str mount; /* the path before the root of the batch */
};

void batch_item_open(struct batch_item_source *from, struct call *outer,
    const struct batch *batch);
/* The request of item i without its URL: the method, the headers and the body
 * of the item, and the connection of the batch. */
void batch_item_fill(
    const struct batch_item_source *from, size_t i, struct request *req);
/* Adds the URL, which lives in the arena. Returns ERR_OK or ERR_MEMORY. */
enum err batch_item_url(const struct batch_item_source *from, size_t i,
    struct arena *a, struct request *req) ATTR_CHECKED;

#endif
