/* SPDX-License-Identifier: ISC */
/*
 * fastcgi_socket.h - decides which peers may connect. Private to fastcgi.
 */
#ifndef PUSHCERT_FASTCGI_SOCKET_H
#define PUSHCERT_FASTCGI_SOCKET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/attr.h"

struct sockaddr_storage;

struct fastcgi_door {
	const char *named; /* FCGI_WEB_SERVER_ADDRS; NULL: unset or empty */
	bool local; /* the socket has a loopback address */
	atomic_flag refusal_logged; /* a refusal is logged once */
};

/* Fills in `local`, and sets TCP_NODELAY on a TCP socket. False if fd is not a
 * socket. */
bool fastcgi_look_at(struct fastcgi_door *door, int fd) ATTR_CHECKED;
/* Whether this peer may connect. Safe to call from any thread. */
bool
fastcgi_welcome(struct fastcgi_door *door, const struct sockaddr_storage *peer);

#endif
