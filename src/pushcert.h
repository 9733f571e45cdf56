/* SPDX-License-Identifier: ISC */
/*
 * pushcert.h - the rules of one tenant's record: read it, change it, remove it,
 * and what goes into its history.
 *
 * Knows nothing of HTTP and nothing of LMDB: it speaks of tenants, records and
 * outcomes. Records that it returns live in the caller's arena.
 */
#ifndef PUSHCERT_PUSHCERT_H
#define PUSHCERT_PUSHCERT_H

#include <stdbool.h>

#include "attr.h"
#include "config.h"
#include "err.h"
#include "mem.h"
#include "record.h"
#include "store.h"
#include "str.h"
#include "when.h"

/* What a refusal is about: pieces of the request for err's text, a piece of
 * our own, and the property at fault. */
struct fault {
	struct str what;
	struct str also;
	struct str ours;
	struct str target;
};

/* One wanted change, complete before any transaction opens. */
struct change {
	const struct config *config;
	struct arena *arena;
	struct guid tenant;
	struct str actor;
	struct instant now;
	struct guid new_id; /* of the record if this change makes it */
	struct str if_match; /* null: unconditional */
	struct str if_none_match;
	struct patch patch;
};

/* The tenant's record; ERR_NOT_FOUND while there is none. */
enum err pushcert_read(struct txn *tx, const struct guid *tenant,
    struct arena *a, struct record *out) ATTR_CHECKED;

/*
 * Applies a change durably, or refuses it and changes nothing. *out is the
 * record as it is afterwards; after a removal all of it but the id is unset.
 * ERR_PRECONDITION, ERR_NOT_FOUND (an empty patch or a removal of nothing),
 * or what the store says.
 */
enum err pushcert_patch(struct store *st, const struct change *in,
    struct record *out, struct fault *fault) ATTR_CHECKED;

#endif
