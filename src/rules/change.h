/* SPDX-License-Identifier: ISC */
/*
 * change.h - the rules of one tenant's record: read it, change it, remove it,
 * request a certificate for it, and what goes into its history.
 *
 * Knows nothing of HTTP and nothing of LMDB: it speaks of tenants, records and
 * outcomes. Records and texts that it returns live in the caller's arena.
 */
#ifndef PUSHCERT_CHANGE_H
#define PUSHCERT_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "state/config.h"
#include "base/err.h"
#include "rules/policy.h"
#include "base/buf.h"
#include "format/record.h"
#include "store/store.h"
#include "base/str.h"
#include "format/datetime.h"

/* Who wants something changed, and when. */
struct caller {
	struct guid tenant;
	struct str actor;
	struct instant now;
};

/* One wanted change, complete before any transaction opens. */
struct change {
	const struct config *config;
	struct arena *arena;
	struct caller by;
	struct guid new_id; /* of the record if this change makes it */
	struct str if_match; /* null: unconditional */
	struct str if_none_match;
	/* The revision that the record must have, 0 for no record. */
	bool revision_given;
	uint64_t revision;
	struct str allow_topic; /* the topic that may replace the stored one */
	/* The patch is a former record (change_former), and this the topic
	 * that its guard had. */
	bool restores;
	struct str former_topic;
	struct patch patch;
	/* Result: the fault of a certificate that was accepted all the same
	 * (policy_notice), or ERR_OK. */
	enum err notice;
};

/* The tenant's record; ERR_NOT_FOUND while there is none. */
enum err change_read(struct txn *tx, const struct guid *tenant, struct arena *a,
    struct record *out) ATTR_CHECKED;

/*
 * Applies a change durably, or refuses it and changes nothing but the history
 * of refused uploads. *out is the record as it is afterwards; after a removal
 * everything but the id is unset. A change after which every property has the
 * value that it had is none: nothing is written. ERR_PRECONDITION,
 * ERR_NOT_FOUND (an empty patch or a removal of nothing), what policy.h says of
 * the certificate, or what the store says. The patch of *in gets what is
 * derived.
 */
enum err change_patch(struct store *st, struct change *in, struct record *out,
    struct fault *fault) ATTR_CHECKED;

/* The same without the change: what would be stored, or the refusal. `tx` has
 * begun. */
enum err change_try(struct txn *tx, struct change *in, struct record *out,
    struct fault *fault) ATTR_CHECKED;

/*
 * Makes the change that brings the record back to what it was before the event
 * of that number: fills in what of *in says what changes, for change_patch or
 * change_try. It is judged like an upload, but may be older than the stored
 * certificate and belong to an older request. ERR_NOT_FOUND where the history
 * has no such event, or there was no record before it.
 */
enum err
change_former(struct txn *tx, struct change *in, uint64_t number) ATTR_CHECKED;

#endif
