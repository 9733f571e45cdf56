/* SPDX-License-Identifier: ISC */
/*
 * pg_policy.h - which connections to PostgreSQL are allowed. Private to
 * pg_dial.c. A file includes libpq-fe.h before this header.
 *
 * The connection string holds no password, because other users may be able to
 * read it. A connection that leaves the machine uses TLS and checks the name of
 * the server (sslmode=verify-full).
 */
#ifndef PUSHCERT_PG_POLICY_H
#define PUSHCERT_PG_POLICY_H

#include <stdbool.h>

#include "base/attr.h"
#include "store/pg_dial.h"

struct pg_api;

/* Whether libpq finds no password in the string; else `why` says what is wrong,
 * without the string. */
bool pg_policy_has_no_password(const struct pg_api *pq, const char *conninfo,
    char why[PG_WHY_MAX]) ATTR_CHECKED;
/* Whether these options, as libpq has gathered them from the string, from the
 * environment and from a service file, may be used; else `why` says what is
 * wrong. */
bool pg_policy_allows(const struct pg_api *pq, const PQconninfoOption *options,
    char why[PG_WHY_MAX]) ATTR_CHECKED;
/* Wipes the passwords of the options, and frees them. NULL is allowed. */
void pg_policy_free(const struct pg_api *pq, PQconninfoOption *options);

#endif
