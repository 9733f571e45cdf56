/* SPDX-License-Identifier: ISC */
/*
 * fastcgi_worker.h - the callbacks of the pool that speak FastCGI. Private to
 * fastcgi. A `void *worker` is a struct fastcgi_worker.
 */
#ifndef PUSHCERT_FASTCGI_WORKER_H
#define PUSHCERT_FASTCGI_WORKER_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "server/conns.h"
#include "http/routes.h"

struct fastcgi_worker;

/* Initialises libfcgi; call it once, before the first worker. False if memory
 * is short. */
bool fastcgi_worker_init(void) ATTR_CHECKED;

/*
 * Makes a worker. `refuser` is the sweeper's own worker, which refuses requests
 * in the place of a worker that hangs; it is NULL when that one is made.
 * ERR_MEMORY, or the error of store_reader. The worker is valid until
 * fastcgi_worker_free.
 */
enum err fastcgi_worker_new(const struct app *app,
    struct fastcgi_worker *refuser, struct fastcgi_worker **out) ATTR_CHECKED;
void fastcgi_worker_free(void *worker);

/* Reads one request and sends its response. Blocks while the peer is slow; the
 * sweeper ends that by a shutdown of the socket. */
enum conns_next
fastcgi_worker_serve(void *worker, const struct conns_taken *taken);
/* Whether a complete request waits in the socket; does not block. */
bool fastcgi_worker_whole(void *worker, int fd);

/* For the sweeper: conns_rules.refuse and conns_rules.hangs. */
void fastcgi_worker_refuse(void *worker, int fd);
void fastcgi_worker_hangs(void *worker);

#endif
