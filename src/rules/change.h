/* SPDX-License-Identifier: ISC */
/*
 * change.h - the rules for one tenant's record: how it is read, changed,
 * removed and restored, and which events go into its history.
 *
 * The functions know neither HTTP nor the database. Records and texts that they
 * return live in the caller's arena.
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

/* The caller who requests a change, and the time of the request. */
struct caller {
	struct guid tenant;
	struct str actor;
	enum actor_kind kind;
	uint32_t scopes;
	struct str user_id; /* or null */
	struct guid request_id; /* zeros: not a request of HTTP */
	struct instant now;
};

/* An event that this caller causes. */
struct event change_event(const struct caller *by, enum store_action action);

/*
 * The findings of a change beside its outcome. They are filled in for a refused
 * upload too, so that one dry run shows everything that a user should know.
 * After ERR_PRECONDITION or an outcome of the store they say nothing. The texts
 * live in the arena of the change.
 */
struct change_findings {
	bool existed;
	struct record former; /* the record before the change, if it existed */
	bool same; /* the uploaded certificate is the stored one */
	struct policy_notices notices;
};

/* One requested change. Its members are filled in before any transaction
 * begins. */
struct change {
	const struct config *config;
	struct arena *arena;
	struct caller by;
	struct guid new_id; /* for a record that it creates */
	struct str if_match; /* null: unconditional */
	struct str if_none_match;
	/* The revision that the record must have; 0 means that there must be no
	 * record. */
	bool revision_given;
	uint64_t revision;
	struct str allow_topic; /* the topic that may replace the stored one */
	/* The upload of the stored certificate in another form, such as DER,
	 * changes nothing. */
	bool any_form;
	/* The patch is a former record (change_former), and former_topic is the
	 * topic that the topic guard kept for it. */
	bool restores;
	struct str former_topic;
	/* The key of the certificate in the patch, sealed by csr_seal; NULL:
	 * the change brings no key. A pending request of another key stays
	 * pending and does not refuse the certificate. */
	const struct csr *imported;
	struct patch patch;
	struct change_findings found; /* results */
};

/* Reads the tenant's record. Returns ERR_NOT_FOUND if there is none. */
enum err change_read(struct txn *tx, const struct guid *tenant, struct arena *a,
    struct record *out) ATTR_CHECKED;

/*
 * Applies a change durably, or refuses it; a refused upload is written to the
 * history, and nothing else is changed. *out is the record after the change.
 * After a removal, every property but the id and the date of the change is
 * unset. If no property gets a new value, nothing is written but a key that was
 * imported.
 *
 * Returns ERR_OK, ERR_PRECONDITION, ERR_NOT_FOUND (an empty patch, or the
 * removal of a record that does not exist), an outcome of policy.h, or one of
 * the store. The properties that are derived from the certificate are added to
 * in->patch.
 */
enum err change_patch(struct store *st, struct change *in, struct record *out,
    struct fault *fault) ATTR_CHECKED;

/*
 * The same for a series of changes, which share a commit if they can.
 * change_prepare does the part before the transaction; the result and *in, *out
 * and *fault live in the arena of the change. Each change needs an arena of its
 * own, and keeps its place in it from change_prepare on; change_run_series uses
 * up to CHANGE_ARENA bytes more of it.
 */
struct change_ready;
#define CHANGE_ARENA (RECORD_BYTES_MAX + (size_t)160 * 1024)
enum err change_prepare(struct change *in, struct record *out,
    struct fault *fault, struct change_ready **ready) ATTR_CHECKED;

/* One change of a series. `needs` are the earlier changes, as bits, that must
 * have succeeded; otherwise the outcome is ERR_DEPENDENCY. The other outcomes
 * are those of change_patch. */
struct change_step {
	struct change_ready *ready;
	uint32_t needs;
	enum err outcome;
};
#define CHANGE_SERIES_MAX 20
/* Applies the changes in their order, each as if it had a transaction of its
 * own. When the function returns, every change is durable or refused. */
void change_run_series(struct store *st, struct change_step *step, size_t n);

/* A dry run of the same: *out is the record that would be stored. `tx` must
 * have begun. */
enum err change_try(struct txn *tx, struct change *in, struct record *out,
    struct fault *fault) ATTR_CHECKED;

/*
 * Prepares the change that restores the record as it was before the event of
 * that number: fills in those members of *in that describe the change, for
 * change_patch or change_try. The certificate is checked like an upload, but it
 * may be older than the stored one and belong to an older request. Returns
 * ERR_NOT_FOUND if the history has no such event, or if there was no record
 * before it.
 */
enum err
change_former(struct txn *tx, struct change *in, uint64_t number) ATTR_CHECKED;

#endif
