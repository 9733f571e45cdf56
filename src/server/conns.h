/* SPDX-License-Identifier: ISC */
/*
 * conns.h - the connections of a pool: the queue of those on which a peer
 * speaks, in whose hands each of them is and since when, and an end for those
 * that overstay. Safe to call from any thread.
 */
#ifndef PUSHCERT_CONNS_H
#define PUSHCERT_CONNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Descriptors of connections are below this. Some are not connections, so
 * there are fewer at a time. */
#define CONNS_DESCRIPTORS 16384

struct conns;

/* What becomes of a connection when it has been served. */
enum conns_next {
	CONNS_KEEP, /* wait for more on it */
	CONNS_LATER, /* part of a request: look again in a while */
	CONNS_CLOSE,
	CONNS_CLOSED /* by the library that has read from it */
};

/*
 * What a worker does with a connection. Each phase has a clock of its own, and
 * only some of them are a hang when their time is over:
 *
 * READING    The request may still arrive. Its time runs from its first byte;
 *            then the connection is shut for reading, so the worker sees its
 *            end and goes on.
 * WORKING    The request has arrived, nothing is answered. The worker hangs
 *            after `timeout_ms` and `queue`, since it may wait for its turn to
 *            write; the peer is answered in its place.
 * ANSWERING  The peer takes the answer. Then the connection is cut.
 * TIDYING    The answer is out; the worker may wait and hang as in WORKING.
 */
enum conns_phase {
	CONNS_READING,
	CONNS_WORKING,
	CONNS_ANSWERING,
	CONNS_TIDYING,
	CONNS_REFUSED /* WORKING took too long: the peer has its answer */
};

struct conns_rules {
	/* Milliseconds: of a phase, and to wait for a worker or for the turn to
	 * write. */
	int64_t timeout_ms;
	int64_t queue;
	/* Answers a peer in the place of its worker, which is WORKING; must
	 * not wait. The worker cannot give the connection back meanwhile. */
	void (*refuse)(void *taker, int fd);
	/* Called once for a worker that hangs. */
	void (*hangs)(void *taker);
};

/* NULL where there is no memory or no descriptor for it. */
struct conns *conns_new(const struct conns_rules *rules);
void conns_free(struct conns *cs);

/* A connection: its descriptor may be another one's by now, which has another
 * generation. */
struct conn_ref {
	int fd;
	unsigned generation;
	size_t kept; /* when the wait at the queue began: how many had been */
};

/*
 * The queue: the next connection on which a peer speaks, or one of the other
 * descriptors. Such a one comes once each time that it becomes readable, or,
 * with `always`, to everybody as long as it is.
 */
struct conn_ref conns_next(struct conns *cs);
bool conns_watch(struct conns *cs, int fd, bool always) ATTR_CHECKED;
/* Whether somebody looks again: to be called every 50 ms while this is true. */
bool conns_careful(const struct conns *cs);
/* Whether anything is in the queue. */
bool conns_queued(const struct conns *cs);

/* Whether there is room for one more. */
bool conns_room(struct conns *cs);
/* A new connection, whose descriptor is ours now: to be queued or taken. False
 * if it had to be closed. */
bool conns_admit(struct conns *cs, int fd, struct conn_ref *out) ATTR_CHECKED;
bool conns_queue(struct conns *cs, struct conn_ref at) ATTR_CHECKED;
/* A connection in the hands of a worker. */
struct conns_taken {
	struct conn_ref at;
	bool late; /* it has waited so long that its peer has better be told */
	bool careful; /* workers are short: only for what has come in whole */
	bool doubtful; /* what was heard of may have been read before */
	atomic_uint_fast64_t *clock; /* of conns_enter */
};

/* False when the connection is gone or somebody else's; else it is the taker's
 * until he gives it back. */
bool conns_take(struct conns *cs, struct conn_ref at, void *taker,
    struct conns_taken *out) ATTR_CHECKED;
/* False when it stays his, because its peer has spoken meanwhile. */
bool conns_give_back(struct conns *cs, struct conns_taken *taken,
    enum conns_next next) ATTR_CHECKED;

/* The taker begins a phase; a connection that is taken is READING. False when
 * its peer was refused meanwhile: nothing may be written to it any more. */
bool conns_enter(const struct conns_taken *taken, enum conns_phase phase);
/* Whether the connection was shut for reading because the worker is needed or
 * the pool ends, and not because the request took its whole time. */
bool conns_was_needed(const struct conns_taken *taken);

/* What the thread that looks knows. */
struct conns_sight {
	bool starving; /* peers wait, and no worker is left */
	bool out_of_resources; /* descriptors or memory */
	bool stuck; /* nothing can be written: no worker waits for its turn */
};

/*
 * To be called now and then by one thread: ends connections whose phase has
 * taken too long, sooner if others are kept waiting, and, where descriptors are
 * short, those that say nothing. Returns how many workers hang; a worker that
 * gives its connection back does not hang any more.
 */
size_t conns_sweep(struct conns *cs, const struct conns_sight *sight);
/* Lets requests that are under way be served, refuses those that are not done
 * at the end, and closes all. False if a connection was not given back within
 * two seconds. */
bool conns_drain(struct conns *cs) ATTR_CHECKED;

#endif
