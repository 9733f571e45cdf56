/* SPDX-License-Identifier: ISC */
/*
 * pg_dial.h - makes a connection to PostgreSQL in a thread of its own, so that
 * a caller waits no longer than it wants. Private to pg_link.c.
 *
 * libpq looks up names by getaddrinfo, which blocks, and only its blocking call
 * gives up on a host that does not answer and tries the next one.
 */
#ifndef PUSHCERT_PG_DIAL_H
#define PUSHCERT_PG_DIAL_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/pg_link.h"

struct pg_dial;

/* Room for the reason of a refusal. */
#define PG_WHY_MAX 256

/* ERR_MEMORY. */
enum err pg_dial_begin(
    const struct pg_target *target, struct pg_dial **out) ATTR_CHECKED;
/*
 * Waits for the end of the attempt. ERR_BUSY: the deadline passed, and a later
 * call may go on waiting. After any other outcome the attempt is freed: ERR_OK
 * with the connection, which may have failed; ERR_MEMORY; or ERR_STORE if the
 * target is not allowed, with the reason.
 */
enum err pg_dial_wait(struct pg_dial *d, int64_t until, struct pg_conn **out,
    char why[PG_WHY_MAX]) ATTR_CHECKED;
/* Gives up the attempt. NULL is allowed. */
void pg_dial_drop(struct pg_dial *d);

#endif
