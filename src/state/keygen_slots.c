/* SPDX-License-Identifier: ISC */
/*
 * keygen_slots.c - the tenants whose keys are being made, and the tenant whose
 * turn is next.
 *
 * A refused client retries later, while the clients of a busy tenant may retry
 * all the time and win every free slot. So the last free slot is reserved for a
 * while for the tenant that was refused first.
 */
#include "state/keygen_slots.h"

#include <string.h>

static bool
is_same(const struct guid *a, const struct guid *b)
{
	return memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}

void
keygen_slots_init(struct keygen_slots *s, long cpus)
{
	size_t half = cpus > 1 ? (size_t)cpus / 2 : 1;

	memset(s, 0, sizeof(*s));
	s->most = half < KEYGEN_SLOTS_MAX ? half : KEYGEN_SLOTS_MAX;
	pthread_mutex_init(&s->lock, NULL);
}

/* The caller holds the lock. Returns the slot of the tenant, or s->used if the
 * tenant has none. */
static size_t
slot_of(const struct keygen_slots *s, const struct guid *tenant)
{
	size_t i;

	for (i = 0; i < s->used && !is_same(&s->tenant[i], tenant); i++)
		continue;
	return i;
}

/* The caller holds the lock. Whether the tenant may take a free slot. */
static bool
has_turn(
    const struct keygen_slots *s, const struct guid *tenant, int64_t now_at)
{
	bool kept = now_at < s->next_until && !is_same(&s->next, tenant);

	return s->used + kept < s->most;
}

bool
keygen_slots_take(
    struct keygen_slots *s, const struct guid *tenant, int64_t now_at)
{
	bool good = false;

	pthread_mutex_lock(&s->lock);
	if (slot_of(s, tenant) < s->used)
		goto out;
	if ((good = has_turn(s, tenant, now_at))) {
		s->tenant[s->used++] = *tenant;
		if (is_same(&s->next, tenant))
			s->next_until = 0;
	} else if (now_at >= s->next_until ||
	    s->next_until - now_at > KEYGEN_SLOTS_KEPT) {
		/* The reservation has ended, or the clock was set back. */
		s->next = *tenant;
		s->next_until = now_at + KEYGEN_SLOTS_KEPT;
	}
out:
	pthread_mutex_unlock(&s->lock);
	return good;
}

void
keygen_slots_give(struct keygen_slots *s, const struct guid *tenant)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	if ((i = slot_of(s, tenant)) < s->used)
		s->tenant[i] = s->tenant[--s->used];
	pthread_mutex_unlock(&s->lock);
}
