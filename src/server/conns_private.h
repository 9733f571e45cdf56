/* SPDX-License-Identifier: ISC */
/*
 * conns_private.h - the table of connections, shared by conns.c and
 * conns_sweep.c.
 *
 * One lock protects the table. A thread that holds it takes other locks only in
 * the callbacks `refuse` and `hangs` (the lock of the log, for example), and no
 * thread calls conns_* while it holds a lock of another module. So the order
 * is: the table first, then the locks of the callbacks. The clock words are
 * outside the lock, so that a worker enters a phase without contention.
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

/*
 * The states of a connection.
 *
 *   CLOSED   The entry is unused. Left by conns_admit, to NEW.
 *   NEW      Accepted, and nothing has been read. Left by conns_take, to BUSY.
 *   IDLE     Kept alive after a response; the next request may arrive. Entered
 *            by conns_give_back with CONNS_KEEP, left by conns_take, to BUSY.
 *   PARTIAL  Part of a request waits in the socket's buffer, because workers
 *            were short (conns_taken.careful). Entered by conns_give_back with
 *            CONNS_LATER, left by conns_take, to BUSY.
 *   BUSY     A worker holds the connection. Left by conns_give_back only, to
 *            IDLE, PARTIAL or CLOSED.
 *
 * The sweeper may close a connection that is NEW, IDLE or PARTIAL. It never
 * closes a BUSY one, because the worker uses the descriptor: it shuts the
 * socket down, and the worker notices that and gives the connection back.
 */
enum state { CLOSED, NEW, IDLE, PARTIAL, BUSY };

struct conn {
	enum state state;
	bool watched; /* in the epoll set; the kernel removes it on close */
	/* When the sweeper shut the socket down while it was BUSY; 0: it did
	 * not. conns_give_back closes such a connection. */
	int64_t shut_at;
	bool hangs; /* its worker hangs; counted in conns.hanging */
	/*
	 * Counts the connections that had this descriptor, and the times that
	 * they were armed. Two threads compare it with the generation that they
	 * remember: a worker that took an event from epoll, and a worker that
	 * gives back a connection which libfcgi has closed, for whose
	 * descriptor a new connection may have been accepted since. It does not
	 * change while a worker holds the connection.
	 */
	unsigned generation;
	/* NEW: when it was accepted. IDLE: when it was given back. PARTIAL and
	 * BUSY: when the first byte of the request was noticed. */
	int64_t since;
	int seen; /* PARTIAL: the bytes that the last worker saw, or fewer */
	void *taker;
};

struct conns {
	/* The epoll set. An event carries the descriptor and its generation. */
	int set;
	struct conns_rules rules;
	/* Protects the fields from here to `table`. The sweeper alone writes
	 * `careful_until` and therefore reads it without the lock. */
	pthread_mutex_t lock;
	size_t open; /* entries that are not CLOSED */
	size_t hanging; /* entries whose `hangs` is set */
	struct conns_sight sight; /* as of the last sweep */
	int64_t careful_until;
	bool draining;
	int end; /* above the highest descriptor that was ever used */
	struct conn table[CONNS_DESCRIPTORS];
	/* The phase of each BUSY connection, see clock_word. */
	atomic_uint_fast64_t clock[CONNS_DESCRIPTORS];
};

/*
 * A clock word holds, from the lowest bit: the phase, the flag CONNS_NEEDED
 * (reading was ended early), and the time at which the phase began. Worker and
 * sweeper change the word by compare-and-exchange, without the lock. The worker
 * leaves WORKING by such an exchange, and the sweeper enters REFUSED from
 * WORKING by another; only one of them can succeed, and only that thread writes
 * to the peer.
 *
 * conns_take and conns_give_back set the phase to READING under the lock, so no
 * phase carries over from one request to the next.
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

/* The caller holds the lock. Adds the connection to the epoll set, or arms it
 * again, with a new generation; `how` is EPOLLONESHOT or EPOLLET. An event
 * follows at once if there is data already. False if epoll has no memory. */
bool conns_enqueue(struct conns *cs, int fd, uint32_t how) ATTR_CHECKED;
/* The caller holds the lock, and closes the descriptor afterwards. */
void conns_forget(struct conns *cs, int fd);
/* The number of connections that are not CLOSED; takes the lock. */
size_t conns_count(struct conns *cs);

#endif
