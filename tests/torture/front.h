/* SPDX-License-Identifier: ISC */
/*
 * front.h - an nginx in front of the program under test, and an HTTP client.
 */
#ifndef PUSHCERT_FRONT_H
#define PUSHCERT_FRONT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "victim.h"

struct front {
	struct torture *t;
	struct sockaddr_in at;
	pid_t pid;
};

/* Starts nginx for this number of connections. Skips the test if nginx is not
 * installed. */
void front_start(struct front *f, const struct victim *v, unsigned connections);
void front_stop(struct front *f);

/* Returns a new connection whose reads time out after 20 seconds, or -1. */
int front_connect(const struct front *f);
/* Writes a request with the token of the victim to `out` and returns its
 * length. The body may be NULL. */
size_t front_request(const struct victim *v, const char *method,
    const char *body, bool keep, char *out, size_t size);
/* Sends one request on a new connection. Returns the status of the response, or
 * 0 if no response came. */
int front_ask(const struct front *f, const struct victim *v, const char *method,
    const char *body);

#endif
