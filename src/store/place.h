/* SPDX-License-Identifier: ISC */
/*
 * place.h - how far each `notify` has come in the histories of the tenants, and
 * what it needs to find new events at little cost.
 */
#ifndef PUSHCERT_PLACE_H
#define PUSHCERT_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

/* Of one tenant, one name, and one matter. */
struct place {
	struct str name; /* that of --name */
	/* The matter of the place: see the matters in notify_watch.h. */
	struct str matter;
	uint64_t number; /* of the last event that was delivered */
	/* The certificate that was reported last, as in a struct notice. */
	struct str serial;
	struct str expires;
	uint64_t level;
};

/* The place of a name and a matter. ERR_NOT_FOUND: nothing was delivered. */
enum err store_place(struct txn *tx, const struct guid *tenant, struct str name,
    struct str matter, struct place *out) ATTR_CHECKED;
enum err store_place_put(struct txn *tx, const struct guid *tenant,
    const struct place *p) ATTR_CHECKED;
enum err store_place_delete(struct txn *tx, const struct guid *tenant,
    struct str name, struct str matter) ATTR_CHECKED;
/* Visits the places of all names and matters in the order of the tenants. A
 * damaged row is logged and passed over, as if nothing was delivered. */
typedef enum err
store_place_visit(const struct guid *tenant, const struct place *p, void *arg);
enum err
store_places(struct txn *tx, store_place_visit *visit, void *arg) ATTR_CHECKED;

/* Whether a key of STORE_META is that of a place. */
bool store_is_place(struct str key, struct guid *tenant);
/* Reads the row of a key, and finds it again by its name and matter. */
enum err store_place_at(struct txn *tx, struct str key) ATTR_CHECKED;

/* Visits each tenant that has events, with the number of the newest one, in the
 * order of the tenants. It reads keys only, so it is cheap, and finds no
 * damage. ERR_OLD_FORMAT: the store must be upgraded first. */
typedef enum err
store_newest_visit(const struct guid *tenant, uint64_t number, void *arg);
enum err
store_newest(struct txn *tx, store_newest_visit *visit, void *arg) ATTR_CHECKED;
/* The least number of an event that is greater than `number`. ERR_NOT_FOUND. */
enum err store_event_after(struct txn *tx, const struct guid *tenant,
    uint64_t number, uint64_t *out) ATTR_CHECKED;

/* A number that differs after each change of the store, and perhaps without
 * one. Needs the lock of store_notify_alone; ERR_IN_USE: it was lost. */
enum err store_stamp(struct store *st, uint64_t *out) ATTR_CHECKED;

/*
 * Makes this process the only one that notifies under this name, until it
 * closes the store or ends. In LMDB the lock is a byte of a file in the data
 * directory; in PostgreSQL it is an advisory lock, which holds for all
 * machines. ERR_IN_USE: another process notifies now. A process may call this
 * again with the same name, but not together with store_deliver_alone.
 */
enum err store_notify_alone(struct store *st, struct str name) ATTR_CHECKED;

#endif
