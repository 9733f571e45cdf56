/* SPDX-License-Identifier: ISC */
/*
 * peer.h - what a peer of pushcert keeps: tokens, records, and the former ones
 * as history. peer.c is the program; a peer_*.c is a way to keep things.
 *
 * It does less than pushcert and so is flattered: a record is the text of the
 * last PATCH, unread; a token is its own key.
 */
#ifndef PUSHCERT_PEER_H
#define PUSHCERT_PEER_H

#include <stdbool.h>
#include <stddef.h>

#define PEER_TEXT_MAX 4096

struct peer;

/* Opens the file, or makes it; once per process. NULL if that fails. */
struct peer *peer_open(const char *path);
/* Makes `n` tenants, each with a token and the same record. */
bool peer_fill(
    struct peer *p, char **token, size_t n, const char *text, size_t text_n);
/* The record of the token's tenant: its length, 0 where there is none. */
size_t peer_get(struct peer *p, const char *token, char out[PEER_TEXT_MAX]);
/* Changes it durably and keeps the former one; false where there is none. */
bool
peer_patch(struct peer *p, const char *token, const char *text, size_t text_n);

#endif
