/* SPDX-License-Identifier: ISC */
/*
 * fastcgi.h - the FastCGI application: an acceptor thread, workers, signals.
 */
#ifndef PUSHCERT_FASTCGI_H
#define PUSHCERT_FASTCGI_H

#include <stdbool.h>

#include "attr.h"
#include "err.h"
#include "routes.h"

/* Whether fd is a listening socket, as web servers hand it on as fd 0. */
bool fastcgi_is_listening(int fd);

/*
 * Makes a listening unix socket (mode 0660) at path and takes the place of a
 * dead one. ERR_FILE if another process listens there or it cannot be made;
 * errno tells why.
 */
enum err fastcgi_listen(const char *path, int *fd) ATTR_CHECKED;

/*
 * To be called before any thread is started and before fastcgi_serve: takes
 * SIGTERM, SIGINT, SIGUSR1 and SIGPIPE from libfcgi's handlers.
 */
void fastcgi_signals(void);

/*
 * Serves requests from the listening socket with config->workers threads until
 * SIGTERM, SIGINT or SIGUSR1, then finishes what is in flight, at most for two
 * seconds. Returns ERR_OK then.
 */
enum err fastcgi_serve(const struct app *app, int fd) ATTR_CHECKED;

#endif
