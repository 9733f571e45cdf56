/* SPDX-License-Identifier: ISC */
/*
 * peers.h - the connections of a pool: the queue of those on which a peer
 * speaks, in whose hands each of them is and since when, and an end for those
 * that overstay. Safe to call from any thread.
 */
#ifndef PUSHCERT_PEERS_H
#define PUSHCERT_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"

/* Descriptors of connections are below this. Some are not connections, so
 * there are fewer at a time. */
#define PEERS_DESCRIPTORS 16384

struct peers;

/* What becomes of a connection when it has been served. */
enum peers_next {
	PEERS_KEEP, /* wait for more on it */
	PEERS_LATER, /* part of a request: look again in a while */
	PEERS_CLOSE,
	PEERS_CLOSED /* by the library that has read from it */
};

/* How long things may take, in milliseconds. */
struct peers_times {
	/* A request, from its first byte until its answer is taken; then its
	 * connection is cut off. */
	int64_t patience;
	/* To wait for a worker. */
	int64_t queue;
};

/* NULL where there is no memory or no descriptor for it. */
struct peers *peers_new(const struct peers_times *times);
void peers_free(struct peers *ps);

/* A connection: its descriptor may be another one's by now, which has another
 * number. */
struct peers_place {
	int fd;
	unsigned number;
	size_t kept; /* when the wait at the queue began: how many had been */
};

/*
 * The queue: the next connection on which a peer speaks, or one of the other
 * descriptors. Such a one comes once each time that it becomes readable, or,
 * with `always`, to everybody as long as it is.
 */
struct peers_place peers_next(struct peers *ps);
bool peers_watch(struct peers *ps, int fd, bool always) ATTR_CHECKED;
/* Whether somebody looks again: to be called every 50 ms while this is true. */
bool peers_careful(const struct peers *ps);
/* Whether anything is in the queue. */
bool peers_queued(const struct peers *ps);

/* Whether there is room for one more. */
bool peers_room(struct peers *ps);
/* A new connection, whose descriptor is ours now: to be queued or taken. False
 * if it had to be closed. */
bool
peers_admit(struct peers *ps, int fd, struct peers_place *out) ATTR_CHECKED;
bool peers_queue(struct peers *ps, struct peers_place at) ATTR_CHECKED;
/* A connection in the hands of a worker. */
struct peers_taken {
	struct peers_place at;
	bool late; /* it has waited so long that its peer has better be told */
	bool careful; /* workers are short: only for what has come in whole */
	bool doubtful; /* what was heard of may have been read before */
};

/* False when the connection is gone or somebody else's; else it is the taker's
 * until he gives it back. */
bool peers_take(struct peers *ps, struct peers_place at, void *taker,
    struct peers_taken *out) ATTR_CHECKED;
/* False when it stays his, because its peer has spoken meanwhile. */
bool peers_give_back(struct peers *ps, struct peers_taken *taken,
    enum peers_next next) ATTR_CHECKED;

/*
 * To be called now and then by one thread: ends those that have taken too
 * long, sooner if others are kept waiting, and, where descriptors are short,
 * those that say nothing. Returns one who does not give back even what was cut
 * off, while he has it in his hands; else NULL.
 */
void *peers_look(struct peers *ps, bool starving, bool short_of);
/* Lets those be served that are under way, and closes all. False if one was
 * not given back within two seconds. */
bool peers_finish(struct peers *ps) ATTR_CHECKED;

#endif
