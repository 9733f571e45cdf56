/* SPDX-License-Identifier: ISC */
/*
 * batch_reply.h - the response to one item, as an entry of the response to its
 * batch.
 */
#ifndef PUSHCERT_BATCH_REPLY_H
#define PUSHCERT_BATCH_REPLY_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/response.h"

/* Appends {"id","status","headers","body"}. The body is the content itself if
 * it is JSON, a text if it is one, and base64 otherwise. If the entry does not
 * fit, appends nothing and returns false. */
bool batch_reply_put(struct buf *out, struct str id,
    const struct response_parts *parts) ATTR_CHECKED;

#endif
