/* SPDX-License-Identifier: ISC */
/*
 * fastcgi.h - the FastCGI application: its sockets, its peers, its requests.
 */
#ifndef PUSHCERT_FASTCGI_H
#define PUSHCERT_FASTCGI_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "http/routes.h"

/* Whether fd is a listening socket, as web servers hand it on as fd 0. */
bool fastcgi_is_listening(int fd);

/*
 * The listening socket with which this process was started: standard input, or
 * descriptor 3 as systemd passes it (sd_listen_fds(3)); -1 where there is
 * neither. ERR_FILE where systemd passes anything but one listening socket;
 * the log says so.
 */
enum err fastcgi_inherit(int *fd) ATTR_CHECKED;

/* Whether only this machine can reach it: unix socket or loopback address. */
bool fastcgi_is_local(int fd);

/*
 * Makes a listening unix socket (mode 0660) at path and takes the place of a
 * dead one. ERR_FILE if another process listens there or it cannot be made;
 * errno tells why. To be called before any thread is started.
 */
enum err fastcgi_listen(const char *path, int *fd) ATTR_CHECKED;

/*
 * Serves requests from the listening socket with config->workers threads until
 * SIGTERM, SIGINT or SIGUSR1, or until the store cannot be used any more
 * (store_look), then finishes what is in flight, at most for two seconds;
 * closes fd. Without a store every answer is app->broken. Returns ERR_OK then,
 * or what store_look returned, or
 * ERR_BUSY where a worker is still at it (with a disk that hangs, say): the
 * store is in use, so the caller ends the process without store_close;
 * ERR_MEMORY, ERR_STORE where no worker could be started;
 * ERR_FILE where fd cannot be listened on any more.
 */
enum err fastcgi_serve(const struct app *app, int fd) ATTR_CHECKED;

#endif
