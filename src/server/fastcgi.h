/* SPDX-License-Identifier: ISC */
/*
 * fastcgi.h - the FastCGI service: its listening socket and its main loop.
 */
#ifndef PUSHCERT_FASTCGI_H
#define PUSHCERT_FASTCGI_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "http/routes.h"

/* Whether fd is a listening socket. A web server that starts a FastCGI program
 * passes one as descriptor 0 (FastCGI 1.0, section 2.2). */
bool fastcgi_is_listening(int fd);

/*
 * The listening socket with which this process was started: standard input, or
 * descriptor 3 if systemd passed it (sd_listen_fds(3)). *fd is -1 if there is
 * neither. ERR_FILE, with a line in the log, if systemd passed several sockets
 * or a descriptor that does not listen.
 */
enum err fastcgi_inherit(int *fd) ATTR_CHECKED;

/* Whether only programs on this machine can connect: a unix socket or a
 * loopback address. */
bool fastcgi_is_local(int fd);

/*
 * Makes a listening unix socket at path, with mode 0660. A socket at path on
 * which no process listens is replaced. ERR_FILE if another process listens
 * there or the socket cannot be made; errno holds the reason. The function
 * changes the umask for a moment, so no other thread may run yet.
 */
enum err fastcgi_listen(const char *path, int *fd) ATTR_CHECKED;

/*
 * Serves requests from the listening socket fd with config->workers threads,
 * until SIGTERM, SIGINT or SIGUSR1 arrives or store_look fails. Then the
 * requests in flight may finish, for at most two seconds. Without a store every
 * request is refused with app->broken. The function closes fd, except after
 * ERR_BUSY or an error at the start.
 *
 * Returns ERR_OK after a signal, or
 *
 *   - the outcome of store_look that ended the service;
 *   - ERR_BUSY if a worker is still busy (the disk hangs, for example). The
 *     worker uses the store, so the caller must end the process without
 *     store_close;
 *   - ERR_MEMORY or ERR_STORE if no worker could be started;
 *   - ERR_FILE if fd is not a listening socket, or stops being usable.
 */
enum err fastcgi_serve(const struct app *app, int fd) ATTR_CHECKED;

#endif
