/* SPDX-License-Identifier: ISC */
/*
 * pool.h - threads that serve the connections of one listening socket, until a
 * signal ends it. Knows no protocol.
 */
#ifndef PUSHCERT_POOL_H
#define PUSHCERT_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "server/conns.h"

struct sockaddr_storage;

/* What is done, by how many, and for whom (`arg`). */
struct pool_work {
	void *arg;
	size_t workers;
	/* Of `rules` the pool sets nothing: its functions get what `begin`
	 * gave, in the caller's thread. */
	struct conns_rules rules;

	/* Whether a peer may connect; in any thread. */
	bool (*welcome)(void *arg, const struct sockaddr_storage *peer);
	/* Once a second, in the caller's thread: what is to be looked after.
	 * Anything but ERR_OK ends the work as a signal does. */
	enum err (*tidy)(void *arg);

	/* For each worker, in the caller's thread, before any of them works:
	 * *own is whatever the worker wants. */
	enum err (*begin)(void *arg, void **own);
	/* In a worker's thread: for each connection on which a peer speaks, and
	 * last (in the caller's, if there is no thread to be had). taken->late:
	 * the peer has waited so long for a worker, and more wait, that it had
	 * better be refused. */
	enum conns_next (*serve)(void *own, const struct conns_taken *taken);
	void (*end)(void *own);
	/* Whether serve need not wait for its peer. */
	bool (*whole)(void *own, int fd);
	/* In the caller's thread: whether nothing can be written any more, so
	 * that the process must end. */
	bool (*stuck)(void *arg);
	/* In the caller's thread, when it has looked: how many workers hang. */
	void (*hanging)(void *arg, size_t workers);
};

/*
 * To be called before pool_run, any thread, and any library that likes signals:
 * blocks SIGTERM, SIGINT and SIGUSR1 for good and ignores SIGPIPE.
 */
void pool_signals(void);

/*
 * Works until one of the three is sent, even before the call, and then for at
 * most two seconds to finish what is under way; closes listener. A worker that
 * hangs costs a worker; half of them, or `stuck`, end the pool as a signal
 * does. ERR_OK, or
 * ERR_BUSY where a worker has not come back: it still uses what it has;
 * ERR_FILE where the socket cannot be listened on any more;
 * what `tidy` returned;
 * ERR_MEMORY, or what `begin` returned, where no worker could be started.
 */
enum err pool_run(const struct pool_work *work, int listener) ATTR_CHECKED;

#endif
