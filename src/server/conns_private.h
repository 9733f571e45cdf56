/* SPDX-License-Identifier: ISC */
/*
 * conns_private.h - the table of connections, for the files that make up peers.
 */
#ifndef PUSHCERT_CONNS_PRIVATE_H
#define PUSHCERT_CONNS_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "server/conns.h"

enum state {
	CLOSED,
	NEW, /* accepted: a request is on its way */
	IDLE, /* had an answer, may bring another request */
	PARTIAL, /* has brought a part of one */
	BUSY
};

struct conn {
	enum state state;
	bool watched; /* is in the epoll set */
	int64_t shut_at; /* while it was taken: nothing can come on it; or 0 */
	bool more; /* while it was taken: its peer has spoken */
	bool hangs; /* its worker does */
	/* By this a worker whose library has closed the connection knows
	 * whether its descriptor is another connection by now, and whoever
	 * waits at the queue, whether what he heard of is. */
	unsigned generation;
	int64_t since;
	size_t kept_as; /* what the count of those kept was then */
	void *taker;
};

struct conns {
	int set;
	struct conns_rules rules;
	pthread_mutex_t lock;
	size_t open;
	size_t hanging; /* workers */
	struct conns_sight sight;
	int64_t careful_until;
	bool draining;
	atomic_size_t kept; /* how often one was; rises under the lock */
	int end; /* no connection has had this descriptor or a higher one */
	struct conn table[CONNS_DESCRIPTORS];
	/* The phase of each connection that is taken: see clock_word. */
	atomic_uint_fast64_t clock[CONNS_DESCRIPTORS];
};

/*
 * A phase, whether reading was ended before its time, and when the phase began:
 * one word, so that the worker and the thread that looks change it
 * without a lock. A worker leaves WORKING by an exchange, and the other thread
 * refuses its peer by an exchange: only one of them succeeds, and only that one
 * writes to the peer.
 */
#define PHASE_BITS 3
#define CONNS_NEEDED ((uint_fast64_t)1 << PHASE_BITS)
#define TIME_BIT (PHASE_BITS + 1)

static inline uint_fast64_t
clock_word(enum conns_phase phase, int64_t at)
{
	return (uint_fast64_t)at << TIME_BIT | (uint_fast64_t)phase;
}

static inline enum conns_phase
phase_of(uint_fast64_t word)
{
	return (enum conns_phase)(word & (CONNS_NEEDED - 1));
}

static inline int64_t
began_at(uint_fast64_t word)
{
	return (int64_t)(word >> TIME_BIT);
}

/* The lock is held. From now on the connection comes into the queue each time
 * that its peer speaks, and at once if the peer has. */
bool conns_enqueue(struct conns *cs, int fd) ATTR_CHECKED;
/* The lock is held. */
void conns_forget(struct conns *cs, int fd);
/* How many connections there are. */
size_t conns_count(struct conns *cs);

#endif
