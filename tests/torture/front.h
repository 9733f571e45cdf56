/* SPDX-License-Identifier: ISC */
/*
 * front.h - nginx before the victim, and HTTP to it.
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

/* For so many connections; skips the test where there is no nginx. */
void front_start(struct front *f, const struct victim *v, unsigned connections);
void front_stop(struct front *f);

/* A new connection on which a read waits for some seconds at most; -1. */
int front_connect(const struct front *f);
/* The text of a request with a token; the body may be NULL. Its length. */
size_t front_request(const struct victim *v, const char *method,
    const char *body, bool keep, char *out, size_t size);
/* One request and its answer: the status, or 0. */
int front_ask(const struct front *f, const struct victim *v, const char *method,
    const char *body);

#endif
