/* SPDX-License-Identifier: ISC */
/*
 * ratelimit.c - a leaky bucket for each client, found by a hash of its address.
 *
 * Each failure adds `period` seconds to the time at which the bucket is empty.
 * The bucket is full when that time is burst * period seconds away. An entry
 * that is replaced starts with an empty bucket.
 */
#include "state/ratelimit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "format/client_addr.h"

/* 4,096 addresses in 96 KiB. */
#define SETS ((size_t)1024)
#define WAYS 4

struct bucket {
	uint64_t peer; /* hash of the address; 0: free */
	int64_t seen_at;
	/* when the last failure will have leaked out */
	int64_t empty_at;
};

struct ratelimit {
	unsigned burst;
	unsigned period;
	pthread_mutex_t lock;
	struct bucket bucket[SETS][WAYS];
};

struct ratelimit *
ratelimit_new(unsigned burst, unsigned period)
{
	struct ratelimit *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->burst = burst;
	l->period = period;
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void
ratelimit_free(struct ratelimit *l)
{
	if (l == NULL)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* --- addresses ---------------------------------------------------------- */

/* Bytes of the network prefix of an IPv6 address (RFC 4291, section 2.5.4). */
#define PREFIX_LEN 8
#define IPV4_LEN 4

/*
 * Returns the part of an address that its holder cannot choose freely. For
 * IPv4, also within IPv6 (IPv4-mapped, or NAT64 of RFC 6052), that is the whole
 * address. For IPv6 it is the first 64 bits, because a host may use any address
 * of its network. A name that is not an address stands for itself. The result
 * lies in `address` or in peer.
 */
static struct str
network(struct str peer, uint8_t address[CLIENT_ADDR_LEN])
{
	static const uint8_t ipv4_in[][CLIENT_ADDR_LEN - IPV4_LEN] = {
		{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff },
		{ 0, 0x64, 0xff, 0x9b },
	};
	const char *p = (const char *)address;
	size_t i;

	if (!client_addr_parse(peer, address))
		return peer;
	for (i = 0; i < sizeof(ipv4_in) / sizeof(ipv4_in[0]); i++)
		if (memcmp(address, ipv4_in[i], sizeof(ipv4_in[i])) == 0)
			return str_from(p + sizeof(ipv4_in[i]), IPV4_LEN);
	return str_from(p, PREFIX_LEN);
}

/* FNV-1a. Clients with equal hashes share a bucket, which only makes them wait
 * longer. A client whose hash is 0 shares the free buckets. */
static uint64_t
hash(struct str s)
{
	uint64_t h = 14695981039346656037U;
	size_t i;

	for (i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211U;
	return h;
}

/* Returns the client's bucket. If there is none, replaces the entry of its set
 * that was idle longest. */
static struct bucket *
find(struct ratelimit *l, uint64_t peer)
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
ratelimit_failed(struct ratelimit *l, struct str peer, int64_t now_at)
{
	uint8_t address[CLIENT_ADDR_LEN];
	int64_t full, wait;
	struct bucket *b;

	if (l == NULL || l->burst == 0)
		return 0;
	full = (int64_t)l->burst * l->period;
	pthread_mutex_lock(&l->lock);
	b = find(l, hash(network(peer, address)));
	b->seen_at = now_at;
	/* The second test covers a clock that was set back. */
	if (b->empty_at < now_at || b->empty_at > now_at + full + l->period)
		b->empty_at = now_at;
	b->empty_at += l->period;
	wait = b->empty_at - now_at - full;
	/* A failure that overflows the bucket is not counted, so that the wait
	 * does not grow with each attempt. */
	if (wait > 0)
		b->empty_at -= l->period;
	pthread_mutex_unlock(&l->lock);
	return wait > 0 ? (unsigned)wait : 0;
}
