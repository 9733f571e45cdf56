/* SPDX-License-Identifier: ISC */
/*
 * deploy_state.h - whether each target of each tenant has taken the tenant's
 * certificate.
 */
#ifndef PUSHCERT_DEPLOY_STATE_H
#define PUSHCERT_DEPLOY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "format/crypto.h"
#include "format/record.h"
#include "store/delivery.h"
#include "store/store.h"
#include "tool/deploy_target.h"

struct cmd_call;

/* PENDING: not tried yet. FAILED: tried in vain. SKIPPED: the hook has said
 * that it does not apply. */
enum deploy_state {
	DEPLOY_IS_PENDING,
	DEPLOY_HAS_FAILED,
	DEPLOY_IS_TAKEN,
	DEPLOY_IS_SKIPPED
};
const char *deploy_state_word(enum deploy_state state);

#define DEPLOY_FINGERPRINT_LEN (2 * CRYPTO_SHA256_LEN)

/* The certificate of a tenant; slices of the record and of the arena. */
struct deploy_certificate {
	struct guid tenant;
	struct str alias; /* or null */
	struct str apple_id; /* or null */
	struct str text; /* as stored, for x509_read */
	struct str serial;
	int64_t begins_at, ends_at;
	char fingerprint[DEPLOY_FINGERPRINT_LEN + 1];
	int64_t modified_at;
	bool valid; /* now */
};

/* One target of that tenant. */
struct deploy_view {
	const struct deploy_certificate *certificate;
	const struct deploy_target *target;
	struct delivery row; /* zeros: never tried */
	enum deploy_state state;
	uint64_t tries; /* of this certificate */
	int64_t since_at; /* when the certificate could have been taken */
};

/* Reads the certificate in a record. False: there is none. */
bool deploy_state_certificate(struct cmd_call *c, const struct guid *tenant,
    const struct record *r, struct deploy_certificate *out);

typedef enum err deploy_state_visit(const struct deploy_view *v, void *arg);

/* A walk over tenants and targets. */
struct deploy_walk {
	struct cmd_call *c;
	struct deploy_targets all;
	const char *only; /* the name of a target, or NULL */
	int64_t now_at;
	deploy_state_visit *visit;
	void *arg;
};

/* Reads deploy_directory. Prints the reason of a failure. Nothing of it needs
 * to be released but by deploy_state_end, also after a failure. */
enum err
deploy_state_begin(struct cmd_call *c, struct deploy_walk *w) ATTR_CHECKED;
void deploy_state_end(struct deploy_walk *w);
/* Visits the targets of one tenant, in the order of their names. `walk` is a
 * struct deploy_walk, so that this is a store_record_visit. */
enum err deploy_state_tenant(
    const struct guid *tenant, const struct record *r, void *walk);

#endif
