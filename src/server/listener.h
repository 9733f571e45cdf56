/* SPDX-License-Identifier: ISC */
/*
 * listener.h - a listening socket, whose backlog is emptied into the peers of a
 * pool. Safe to call from any thread.
 */
#ifndef PUSHCERT_LISTENER_H
#define PUSHCERT_LISTENER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "server/conns.h"

struct sockaddr_storage;

struct listener {
	int fd; /* does not block */
	struct conns *conns;
	void *arg;
	/* Whether a peer may connect. */
	bool (*welcome)(void *arg, const struct sockaddr_storage *peer);
	/* One of those below has become true. */
	void (*alarm)(void *owner);
	void *owner;

	atomic_bool broken; /* it cannot be listened on any more */
	atomic_bool out_of_resources; /* room, descriptors or memory */
	atomic_bool shut; /* by its owner: what comes is not ours */
	atomic_bool shortage_logged;
};

/* Empties the backlog, as far as there is room, into the queue. */
void listener_accept(struct listener *l);
/* The same, but for one whose peer speaks at once, as web servers do: this
 * saves the way through the queue. False if there is none. */
bool listener_accept_one(struct listener *l, struct conn_ref *out);

#endif
