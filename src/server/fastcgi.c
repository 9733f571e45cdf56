/* SPDX-License-Identifier: ISC */
/*
 * fastcgi.c - the pool of workers, and what is looked after beside them.
 */
#include "server/fastcgi.h"

#include <stdlib.h>

#include "server/fastcgi_socket.h"
#include "server/fastcgi_worker.h"
#include "base/log.h"
#include "state/metrics.h"
#include "server/pool.h"

/* What all threads share. */
struct server {
	const struct app *app;
	struct fastcgi_door door;
	unsigned seconds; /* that the caller's thread has looked after us */
	struct fastcgi_worker *refuser; /* of the thread that looks */
};

static void
hanging(void *arg, size_t workers)
{
	const struct server *sv = arg;

	metrics_hanging(sv->app->metrics, workers);
}

/* Changes of all workers wait for the thread that has the write lock. */
static bool
stuck(void *arg)
{
	const struct server *sv = arg;
	int64_t most = (int64_t)sv->app->config->worker_timeout * 1000;

	if (sv->app->store == NULL || store_write_age(sv->app->store) <= most)
		return false;
	log_line(LOG_AT_ERROR,
	    "a change holds the write lock and does not end, so this process "
	    "ends");
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

/* Readers of dead processes are forgotten once a minute. */
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
	const char *peers = getenv("FCGI_WEB_SERVER_ADDRS");
	struct server sv = { .app = app,
		.door = {
		    .named = peers != NULL && *peers != '\0' ? peers : NULL,
		    .refusal_logged = ATOMIC_FLAG_INIT } };
	const struct pool_work work = { .arg = &sv,
		.workers = app->config->workers,
		.rules = { .timeout_ms = (int64_t)app->config->worker_timeout *
			1000,
		    .queue = (int64_t)app->config->queue_timeout * 1000,
		    .refuse = fastcgi_worker_refuse,
		    .hangs = fastcgi_worker_hangs },
		.welcome = welcome,
		.tidy = tidy,
		.begin = begin,
		.serve = fastcgi_worker_serve,
		.end = fastcgi_worker_free,
		.whole = fastcgi_worker_whole,
		.stuck = stuck,
		.hanging = hanging };
	enum err e;

	if (!fastcgi_look_at(&sv.door, fd))
		return ERR_FILE;
	/* Before libfcgi's handlers, which end a request in the middle. */
	pool_signals();
	if (!fastcgi_worker_init())
		return ERR_MEMORY;
	if ((e = fastcgi_worker_new(app, NULL, &sv.refuser)) != ERR_OK)
		return e;
	e = pool_run(&work, fd);
	/* A worker that has not come back may still be refused. */
	if (e != ERR_BUSY)
		fastcgi_worker_free(sv.refuser);
	return e;
}
