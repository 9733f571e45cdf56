/* SPDX-License-Identifier: ISC */
/*
 * fastcgi_socket.h - who may connect to a listening socket. Private to fastcgi.
 */
#ifndef PUSHCERT_FASTCGI_SOCKET_H
#define PUSHCERT_FASTCGI_SOCKET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/attr.h"

struct sockaddr_storage;

struct fastcgi_door {
	const char *named; /* FCGI_WEB_SERVER_ADDRS, or NULL */
	bool local; /* listens on a loopback address only */
	atomic_flag refusal_logged; /* that somebody was refused */
};

/* Learns where the socket listens and prepares it; false where it is none. */
bool fastcgi_look_at(struct fastcgi_door *door, int fd) ATTR_CHECKED;
/* In any thread. */
bool
fastcgi_welcome(struct fastcgi_door *door, const struct sockaddr_storage *peer);

#endif
