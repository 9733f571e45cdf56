/* SPDX-License-Identifier: ISC */
/*
 * batch_run.h - runs the items of a batch. routes.c calls the functions when an
 * item, or the batch as a whole, gets its response.
 */
#ifndef PUSHCERT_BATCH_RUN_H
#define PUSHCERT_BATCH_RUN_H

#include "http/call.h"
#include "http/response.h"

/* Adds the response of an item to that of its batch. Returns a text that is not
 * null, or null if the response does not fit. */
struct str batch_run_put(const struct call *c, struct response_parts *parts);
/* The id of the item that is being answered. */
struct str batch_run_id(const struct call *c);
/* The outcome of an item whose response does not fit. */
enum err batch_run_full(struct call *c) ATTR_CHECKED;
/* Writes the header lines of a batch right before its content. Returns the
 * whole response, or null if they do not fit. */
struct str
batch_run_head(const struct call *c, const struct response_parts *parts);

#endif
