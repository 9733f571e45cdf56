/* SPDX-License-Identifier: ISC */
/*
 * listener.h - accepts the connections of a listening socket into a table of
 * connections. Safe to call from any thread.
 */
#ifndef PUSHCERT_LISTENER_H
#define PUSHCERT_LISTENER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "server/conns.h"

struct sockaddr_storage;

struct listener {
	int fd; /* non-blocking */
	struct conns *conns;
	void *arg;
	/* Whether a peer may connect; `arg` is its argument. */
	bool (*welcome)(void *arg, const struct sockaddr_storage *peer);
	/* Called with `owner` when `broken` or `out_of_resources` becomes true;
	 * must not block. */
	void (*alarm)(void *owner);
	void *owner;

	atomic_bool broken; /* accept fails for good; logged */
	/* Table entries, descriptors or memory ran out; the owner resets it. */
	atomic_bool out_of_resources;
	atomic_bool shut; /* set by the owner: accept no more connections */
	atomic_bool shortage_logged;
};

/* Accepts the whole backlog into the queue, as far as resources allow. */
void listener_accept(struct listener *l);
/*
 * The same, except that the first connection is returned in *out if its first
 * byte arrives within two milliseconds, as a web server's does. That connection
 * skips the queue, which saves an epoll_ctl and an epoll_wait. False if there
 * was none, or if it went into the queue as well.
 */
bool listener_accept_one(struct listener *l, struct conn_ref *out);

#endif
