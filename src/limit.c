/* SPDX-License-Identifier: ISC */
/*
 * limit.c - a leaky bucket per peer, found by a hash of its address.
 */
#include "limit.h"

#include <pthread.h>
#include <stdlib.h>

/* 4,096 addresses: 96 KiB. */
#define SETS ((size_t)1024)
#define WAYS 4

struct bucket {
	uint64_t peer; /* hash; 0: free */
	int64_t seen_at;
	/* When the last failure will have leaked out. */
	int64_t empty_at;
};

struct limit {
	unsigned burst;
	unsigned period;
	pthread_mutex_t lock;
	struct bucket bucket[SETS][WAYS];
};

struct limit *
limit_new(unsigned burst, unsigned period)
{
	struct limit *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->burst = burst;
	l->period = period;
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void
limit_free(struct limit *l)
{
	if (l == NULL)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* FNV-1a: who collides shares a bucket, and gains nothing by it, not even with
 * a free one. */
static uint64_t
hash(struct str s)
{
	uint64_t h = 14695981039346656037U;
	size_t i;

	for (i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211U;
	return h;
}

/* The peer's bucket, or the one in its set that was not seen for longest. */
static struct bucket *
find(struct limit *l, uint64_t peer)
{
	struct bucket *set = l->bucket[peer % SETS], *oldest = set;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (set[i].peer == peer)
			return &set[i];
		if (set[i].seen_at < oldest->seen_at)
			oldest = &set[i];
	}
	*oldest = (struct bucket){ .peer = peer };
	return oldest;
}

unsigned
limit_failed(struct limit *l, struct str peer, int64_t now_at)
{
	int64_t full, wait;
	struct bucket *b;

	if (l == NULL || l->burst == 0)
		return 0;
	full = (int64_t)l->burst * l->period;
	pthread_mutex_lock(&l->lock);
	b = find(l, hash(peer));
	b->seen_at = now_at;
	/* Also where the clock was set back. */
	if (b->empty_at < now_at || b->empty_at > now_at + full + l->period)
		b->empty_at = now_at;
	b->empty_at += l->period;
	wait = b->empty_at - now_at - full;
	/* What overflows is not counted: to wait helps at once. */
	if (wait > 0)
		b->empty_at -= l->period;
	pthread_mutex_unlock(&l->lock);
	return wait > 0 ? (unsigned)wait : 0;
}

static bool
is_listed(struct str list, struct str item)
{
	while (!str_is_null(list))
		if (str_ieq(str_trim(str_cut(&list, ',')), item))
			return true;
	return false;
}

struct str
limit_peer(struct str remote, struct str forwarded, struct str trusted)
{
	struct str peer = remote;

	while (forwarded.n > 0 && is_listed(trusted, peer)) {
		size_t n = forwarded.n;

		while (n > 0 && forwarded.p[n - 1] != ',')
			n--;
		peer = str_trim(str_tail(forwarded, n));
		forwarded.n = n > 0 ? n - 1 : 0;
	}
	return peer;
}
