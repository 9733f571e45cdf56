/* SPDX-License-Identifier: ISC */
/*
 * pool.h - a pool of threads that serves the connections of one listening
 * socket, until a signal ends it. The pool knows no protocol: the callbacks of
 * struct pool_work read requests and write responses.
 *
 * The thread that calls pool_run is the sweeper: it watches timeouts and
 * signals, and it accepts connections while all workers are busy.
 */
#ifndef PUSHCERT_POOL_H
#define PUSHCERT_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "server/conns.h"

struct sockaddr_storage;

/* The work of a pool. `arg` is the argument of the callbacks that take one. */
struct pool_work {
	void *arg;
	size_t workers;
	/* Timeouts, and the sweeper's callbacks (conns.h). Their argument is
	 * the worker's data from `begin`. */
	struct conns_rules rules;

	/* Whether a peer may connect. Called in any thread. */
	bool (*welcome)(void *arg, const struct sockaddr_storage *peer);
	/* Regular work, once a second in the sweeper's thread. An outcome
	 * other than ERR_OK ends the pool as a signal does. */
	enum err (*tidy)(void *arg);

	/* Makes a worker's data, *own. Called for each worker in the sweeper's
	 * thread; earlier workers may serve already. */
	enum err (*begin)(void *arg, void **own);
	/*
	 * `serve` reads one request and sends its response, in the worker's
	 * thread. With taken->late it should refuse the request: the peer has
	 * waited too long, and others still wait. `end` releases the worker's
	 * data, when the worker ends (in the sweeper's thread if the
	 * worker's thread could not be created).
	 */
	enum conns_next (*serve)(void *own, const struct conns_taken *taken);
	void (*end)(void *own);
	/* Whether a complete request waits in the socket, so that `serve` would
	 * not wait for the peer. Must not block. */
	bool (*whole)(void *own, int fd);
	/* Whether the write lock is stalled, so that the process must end.
	 * Called at each sweep, in the sweeper's thread. */
	bool (*stalled)(void *arg);
	/* Receives the number of workers that hang. Called after each sweep, in
	 * the sweeper's thread. */
	void (*hanging)(void *arg, size_t workers);
};

/*
 * Blocks SIGTERM, SIGINT and SIGUSR1 and ignores SIGPIPE, for the rest of the
 * process. Call it before pool_run, before any thread is started, and before a
 * library installs signal handlers.
 */
void pool_signals(void);

/*
 * Runs the pool until one of the three signals arrives (a signal before the
 * call counts), and then up to two more seconds, in which requests under way
 * are finished. A worker that hangs is lost to the pool; when half of them
 * hang, or when `stalled` is true, the pool ends as it does after a signal.
 * Closes `listener`, except after ERR_BUSY.
 *
 * Returns ERR_OK after a signal, or
 *
 *   - ERR_BUSY if a worker has not ended, or the pool ended because of hanging
 *     workers or `stalled`; workers may still use their data, and the caller
 * must end the process;
 *   - ERR_FILE if `listener` is not a listening socket, or becomes unusable;
 *   - the outcome of `tidy` that ended the pool;
 *   - ERR_MEMORY, or the outcome of `begin`, if no worker could be started.
 */
enum err pool_run(const struct pool_work *work, int listener) ATTR_CHECKED;

#endif
