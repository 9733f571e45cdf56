/* SPDX-License-Identifier: ISC */
/*
 * keygen_slots.h - how many private keys this process makes at a time. A key of
 * RSA takes a CPU for a tenth of a second and more, so without a limit a single
 * tenant could keep every CPU and every worker busy. Safe to call from any
 * thread.
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
/* Seconds for which a free slot is kept for a tenant that was refused: twice
 * the Retry-After of a 503. */
#define KEYGEN_SLOTS_KEPT 10

struct keygen_slots {
	pthread_mutex_t lock;
	size_t most;
	size_t used;
	struct guid tenant[KEYGEN_SLOTS_MAX]; /* of each used slot */
	/* The tenant that was refused first since it last had a slot; it gets
	 * the last free slot until that time. */
	struct guid next;
	int64_t next_until;
};

/* Half of the CPUs, and one at least. */
void keygen_slots_init(struct keygen_slots *s, long cpus);

/* False where all slots are used or kept, or the tenant has one. A slot that
 * was taken is given back. */
bool keygen_slots_take(struct keygen_slots *s, const struct guid *tenant,
    int64_t now_at) ATTR_CHECKED;
void keygen_slots_give(struct keygen_slots *s, const struct guid *tenant);

#endif
