/* SPDX-License-Identifier: ISC */
/*
 * fastcgi_worker.h - what one worker of the pool does and owns. The functions
 * with a void pointer, which is a worker, are the pool's. Private to fastcgi.
 */
#ifndef PUSHCERT_FASTCGI_WORKER_H
#define PUSHCERT_FASTCGI_WORKER_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "server/conns.h"
#include "http/routes.h"

struct fastcgi_worker;

/* Once, before any worker. False where there is no memory. */
bool fastcgi_worker_init(void) ATTR_CHECKED;

/* The refuser is a worker of the thread that looks: it answers in the place of
 * one that hangs. NULL for itself. ERR_MEMORY, or why the store gives no
 * reader. */
enum err fastcgi_worker_new(const struct app *app,
    struct fastcgi_worker *refuser, struct fastcgi_worker **out) ATTR_CHECKED;
void fastcgi_worker_free(void *worker);

/* Reads one request and answers it. */
enum conns_next
fastcgi_worker_serve(void *worker, const struct conns_taken *taken);
/* Whether a request has come whole. */
bool fastcgi_worker_whole(void *worker, int fd);

/* In the thread that looks. */
void fastcgi_worker_refuse(void *worker, int fd);
void fastcgi_worker_hangs(void *worker);

#endif
