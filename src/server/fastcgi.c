/* SPDX-License-Identifier: ISC */
/*
 * fastcgi.c - joins the pool of threads with the FastCGI workers, and does the
 * regular work beside them.
 */
#include "server/fastcgi.h"

#include <stdlib.h>

#include "server/fastcgi_socket.h"
#include "server/fastcgi_worker.h"
#include "base/log.h"
#include "state/metrics.h"
#include "server/pool.h"

/* Shared by all threads of the service. */
struct server {
	const struct app *app;
	struct fastcgi_door door;
	unsigned seconds; /* calls of tidy, one a second */
	/* The sweeper's own worker, for refusals. */
	struct fastcgi_worker *refuser;
};

static void
hanging(void *arg, size_t workers)
{
	const struct server *sv = arg;

	metrics_hanging(sv->app->metrics, workers);
}

/* The thread with the write lock has not released it within the worker timeout.
 * Every other change to the store waits for that thread, so the process ends
 * and thereby releases the lock. */
static bool
stalled(void *arg)
{
	const struct server *sv = arg;
	int64_t most = (int64_t)sv->app->config->worker_timeout * 1000;

	if (sv->app->store == NULL || store_write_age(sv->app->store) <= most)
		return false;
	log_line(LOG_AT_ERROR,
	    "a change has held the write lock for longer than worker_timeout; "
	    "this process ends");
	return true;
}

static enum err
begin(void *arg, void **own)
{
	const struct server *sv = arg;
	struct fastcgi_worker *worker;
	enum err e;

	e = fastcgi_worker_new(sv->app, sv->refuser, &worker);
	if (e == ERR_OK)
		*own = worker;
	return e;
}

static bool
welcome(void *arg, const struct sockaddr_storage *peer)
{
	struct server *sv = arg;

	return fastcgi_welcome(&sv->door, peer);
}

/* Once a minute the store removes the reader slots of dead processes. */
static enum err
tidy(void *arg)
{
	struct server *sv = arg;

	log_catch_up();
	if (sv->app->store == NULL)
		return ERR_OK;
	if (++sv->seconds % 60 == 0)
		store_tidy(sv->app->store);
	return store_look(sv->app->store);
}

enum err
fastcgi_serve(const struct app *app, int fd)
{
	const char *allowed = getenv("FCGI_WEB_SERVER_ADDRS");
	struct server sv = { .app = app,
		.door = { .named = allowed != NULL && *allowed != '\0' ? allowed
								       : NULL,
		    .refusal_logged = ATOMIC_FLAG_INIT } };
	const struct pool_work work = { .arg = &sv,
		.workers = app->config->workers,
		.rules = { .timeout_ms = (int64_t)app->config->worker_timeout *
			1000,
		    .queue_ms = (int64_t)app->config->queue_timeout * 1000,
		    .refuse = fastcgi_worker_refuse,
		    .hangs = fastcgi_worker_hangs },
		.welcome = welcome,
		.tidy = tidy,
		.begin = begin,
		.serve = fastcgi_worker_serve,
		.end = fastcgi_worker_free,
		.whole = fastcgi_worker_whole,
		.stalled = stalled,
		.hanging = hanging };
	enum err e;

	if (!fastcgi_look_at(&sv.door, fd))
		return ERR_FILE;
	/* The signals are blocked first, because libfcgi installs handlers that
	 * would end a request in the middle. */
	pool_signals();
	if (!fastcgi_worker_init())
		return ERR_MEMORY;
	if ((e = fastcgi_worker_new(app, NULL, &sv.refuser)) != ERR_OK)
		return e;
	e = pool_run(&work, fd);
	/* After ERR_BUSY a worker still runs, and its request may still be
	 * refused. */
	if (e != ERR_BUSY)
		fastcgi_worker_free(sv.refuser);
	return e;
}
