/* SPDX-License-Identifier: ISC */
/*
 * delivery.h - which certificate each target of `deploy` has taken, and its
 * tries.
 */
#ifndef PUSHCERT_DELIVERY_H
#define PUSHCERT_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

/* Of one tenant and one target. A fingerprint is the SHA-256 of a certificate
 * in lower-case hexadecimal digits. */
struct delivery {
	struct str target;
	/* The certificate that the target has taken; null: none. */
	struct str fingerprint;
	struct str serial;
	int64_t expires_at;
	int64_t taken_at;
	bool skipped; /* the hook does not apply to this certificate */
	/* The certificate that was tried last, the tries, the exit status of
	 * the last one, and the times of the first and of the next one. */
	struct str tried;
	uint64_t tries;
	uint64_t last_exit;
	int64_t since_at;
	int64_t next_at; /* 0: the last try succeeded */
};

/* ERR_NOT_FOUND: the target was never tried. */
enum err store_delivery(struct txn *tx, const struct guid *tenant,
    struct str target, struct delivery *out) ATTR_CHECKED;
enum err store_delivery_put(struct txn *tx, const struct guid *tenant,
    const struct delivery *d) ATTR_CHECKED;

/* Visits the deliveries of one tenant, or of all (NULL) in the order of the
 * tenants. A visit that returns anything but ERR_OK ends the walk. A damaged
 * row is logged and passed over. */
typedef enum err store_delivery_visit(
    const struct guid *tenant, const struct delivery *d, void *arg);
enum err store_deliveries(struct txn *tx, const struct guid *tenant,
    store_delivery_visit *visit, void *arg) ATTR_CHECKED;

/* Whether a key of STORE_META is that of a delivery. */
bool store_is_delivery(struct str key, struct guid *tenant);
/* Reads the row of a key, and finds it again by its tenant and target. */
enum err store_delivery_at(struct txn *tx, struct str key) ATTR_CHECKED;

/*
 * Makes this process the only one that delivers certificates of this store,
 * until it closes the store or ends. In LMDB the lock is a file in the data
 * directory; in PostgreSQL it is an advisory lock, which holds for all
 * machines. ERR_IN_USE: another process delivers now.
 */
enum err store_deliver_alone(struct store *st) ATTR_CHECKED;

#endif
