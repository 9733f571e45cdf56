/* SPDX-License-Identifier: ISC */
/*
 * conns.h - the connections of a pool, and the queue of those on which a peer
 * has sent something.
 *
 * A worker waits in conns_next until a connection becomes readable, takes the
 * connection, serves one request and gives the connection back. A connection
 * that waits for its next request therefore costs a descriptor, but no worker.
 * One thread, the sweeper, calls conns_sweep regularly: it enforces the
 * timeouts below and detects workers that hang. The sweeper is the pool's
 * caller.
 *
 * Any thread may call these functions, except that conns_new, conns_free,
 * conns_careful, conns_sweep and conns_drain belong to the sweeper. All times
 * are milliseconds of the monotonic clock.
 */
#ifndef PUSHCERT_CONNS_H
#define PUSHCERT_CONNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* The table has one entry per descriptor, and a connection whose descriptor is
 * not below this number is closed at once. Listening sockets, the store and the
 * log use descriptors too, so there are always fewer connections. */
#define CONNS_DESCRIPTORS 16384

struct conns;

/* How a worker gives a connection back. */
enum conns_next {
	CONNS_KEEP, /* keep-alive: wait for the next request */
	CONNS_LATER, /* the request is incomplete: wait for its rest */
	CONNS_CLOSE,
	CONNS_CLOSED /* libfcgi has closed the descriptor already */
};

/*
 * The phase of a busy connection. The timeout depends on the phase, and so does
 * the question whether an expired timeout is the worker's fault (it hangs) or
 * the peer's (the connection is shut down, and the worker carries on).
 *
 *   READING    Entered by conns_take, and again before each read of the body.
 *              The request may still be arriving. The time runs from its
 *              first byte. After `timeout_ms` the sweeper shuts the socket
 *              for reading; the worker reads an end of file and carries on.
 *              A worker that does not notice this within two seconds hangs.
 *   WORKING    Entered after a read. The worker handles the request, and no
 *              byte of a response has been sent. After `timeout_ms` plus
 *              `queue_ms` (the worker may wait for the write lock) the worker
 *              hangs, and the sweeper refuses the request: REFUSED.
 *   ANSWERING  Entered before the first byte of the response. The peer is
 *              reading it. After `timeout_ms` the sweeper shuts the socket
 *              down. A worker that does not notice this within two seconds
 *              hangs.
 *   TIDYING    Entered after the last byte of the response. The worker may
 *              write to the store once more, and hangs after the same time
 *              as in WORKING.
 *   REFUSED    Entered from WORKING, by the sweeper only, which sends the
 *              response. The worker must not write; it can only give the
 *              connection back.
 */
enum conns_phase {
	CONNS_READING,
	CONNS_WORKING,
	CONNS_ANSWERING,
	CONNS_TIDYING,
	CONNS_REFUSED /* the sweeper has answered in the worker's place */
};

struct conns_rules {
	/* The time allowed for a phase, and the time to wait for a worker or
	 * for the write lock. */
	int64_t timeout_ms;
	int64_t queue_ms;
	/*
	 * Sends a refusal to the peer of a worker in the phase WORKING. The
	 * sweeper calls it while it holds the table's lock, so the worker
	 * cannot give the connection back meanwhile. The function must not
	 * block and must not call conns_*.
	 */
	void (*refuse)(void *taker, int fd);
	/* Called once for each worker that hangs; same conditions as refuse. */
	void (*hangs)(void *taker);
};

/* NULL if memory or a descriptor for the epoll set is missing. */
struct conns *conns_new(const struct conns_rules *rules);
void conns_free(struct conns *cs);

/*
 * A reference to a connection. The kernel reuses descriptors, so an event may
 * name a descriptor that belongs to a newer connection by the time a worker
 * reads the event. Each accept, and each arming for an event, gives the table
 * entry a new generation, and a reference with another generation is stale.
 */
struct conn_ref {
	int fd;
	unsigned generation;
};

/*
 * conns_next waits for the next event: a connection became readable, or a
 * descriptor of conns_watch did. A connection is reported to one worker, and
 * again only after that worker has given it back. A watched descriptor is
 * reported to one worker each time that something arrives, or, with `always`,
 * to every worker for as long as it is readable; its reference has the
 * generation 0.
 */
struct conn_ref conns_next(struct conns *cs);
bool conns_watch(struct conns *cs, int fd, bool always) ATTR_CHECKED;
/* True for ten seconds after a shortage of workers; the sweeper calls
 * conns_sweep every 50 ms during that time. */
bool conns_careful(const struct conns *cs);
/* Whether conns_next would return at once. */
bool conns_queued(const struct conns *cs);

/* Whether the table accepts another connection. */
bool conns_room(struct conns *cs);
/*
 * conns_admit enters an accepted descriptor into the table, which owns it from
 * now on; the caller then puts the connection into the queue or takes it. Both
 * functions return false if they had to close the descriptor: because its
 * number is too high, or because epoll had no memory. conns_queue leaves a
 * connection alone that the sweeper has closed since.
 */
bool conns_admit(struct conns *cs, int fd, struct conn_ref *out) ATTR_CHECKED;
bool conns_queue(struct conns *cs, struct conn_ref at) ATTR_CHECKED;
/* A connection that a worker holds, until conns_give_back. */
struct conns_taken {
	struct conn_ref at;
	/* The peer waited longer than `queue_ms` while workers were short:
	 * refuse the request. */
	bool late;
	/* Workers were short within the last ten seconds: serve it only if the
	 * request has arrived completely. */
	bool careful;
	atomic_uint_fast64_t *clock; /* the word that conns_enter changes */
};

/* conns_take makes the connection busy; `taker` is the argument of the
 * callbacks. False if the reference is stale, or if an incomplete request has
 * not grown since the last worker saw it. */
bool conns_take(struct conns *cs, struct conn_ref at, void *taker,
    struct conns_taken *out) ATTR_CHECKED;
void conns_give_back(
    struct conns *cs, const struct conns_taken *taken, enum conns_next next);

/* The worker enters a phase. False if the sweeper has refused the request
 * meanwhile: the worker must not write to the connection any more. */
bool conns_enter(const struct conns_taken *taken, enum conns_phase phase);
/* Whether the sweeper ended the reading early, because other connections need
 * the worker or the pool is ending. False if the request used up its whole
 * time. */
bool conns_was_needed(const struct conns_taken *taken);

/* The state of the pool, which the sweeper passes to conns_sweep. */
struct conns_sight {
	/* Connections are queued, and all workers are busy. */
	bool starving;
	/* accept ran out of descriptors, memory or table entries. */
	bool out_of_resources;
	/* The write lock is not released: a worker in the phase WORKING gets no
	 * extra time to wait for it. */
	bool stalled;
};

/*
 * Applies the timeouts to every connection: at once to phases that took too
 * long, after 250 ms to slow peers while workers are short, and after two
 * seconds to silent connections while descriptors are short. Returns the number
 * of workers that hang; a worker that gives its connection back after all is
 * not counted any more.
 */
size_t conns_sweep(struct conns *cs, const struct conns_sight *sight);
/* Drains the table, within two seconds: requests under way are served, requests
 * that are not done at the end are refused, and all connections are closed.
 * False if a worker has still not given its connection back. */
bool conns_drain(struct conns *cs) ATTR_CHECKED;

#endif
