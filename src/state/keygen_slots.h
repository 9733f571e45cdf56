/* SPDX-License-Identifier: ISC */
/*
 * keygen_slots.h - limits how many private keys this process makes at a time.
 * An RSA key takes a tenth of a second of CPU time and more, so without a limit
 * a single tenant could keep every CPU and every worker busy. Safe to call from
 * any thread.
 */
#ifndef PUSHCERT_KEYGEN_SLOTS_H
#define PUSHCERT_KEYGEN_SLOTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

#define KEYGEN_SLOTS_MAX 64
/* Seconds for which a slot stays reserved for a refused tenant: twice the
 * Retry-After of a 503. */
#define KEYGEN_SLOTS_KEPT 10

struct keygen_slots {
	pthread_mutex_t lock;
	size_t most;
	size_t used;
	struct guid tenant[KEYGEN_SLOTS_MAX]; /* of each used slot */
	/* The tenant that was refused first since it last had a slot. The last
	 * free slot is reserved for it until next_until. */
	struct guid next;
	int64_t next_until;
};

/* The limit is half of the CPUs, at least 1 and at most KEYGEN_SLOTS_MAX. */
void keygen_slots_init(struct keygen_slots *s, long cpus);

/* Returns false if all slots are used or reserved, or the tenant has one
 * already. The caller gives back a slot that it took. */
bool keygen_slots_take(struct keygen_slots *s, const struct guid *tenant,
    int64_t now_at) ATTR_CHECKED;
void keygen_slots_give(struct keygen_slots *s, const struct guid *tenant);

#endif
