/* SPDX-License-Identifier: ISC */
/*
 * peer.h - what a peer of pushcert keeps: tokens by their hash, records as
 * JSON, and the former ones as history. peer.c is the program; a peer_*.c is a
 * way to keep things.
 *
 * Peers do the work that a client sees: they know a bearer by the SHA-256 of
 * its token, check and merge the properties of a PATCH, keep the former record
 * in the same transaction, and answer with Graph's members and headers. They
 * judge no certificates, dates, preferences or queries.
 */
#ifndef PUSHCERT_PEER_H
#define PUSHCERT_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define PEER_KEY_LEN 32
#define PEER_TEXT_MAX 4096

/* A record as it is kept: its members without annotations. */
struct peer_record {
	uint64_t revision;
	size_t n;
	char text[PEER_TEXT_MAX];
};

struct conn;

/* Opens the file, or makes it; once per process. NULL if that fails. */
struct conn *peer_open(const char *path);
/* Makes n tenants in one transaction; `make` says what each begins with. */
typedef void
peer_make(size_t tenant, uint8_t key[PEER_KEY_LEN], struct peer_record *out);
bool peer_fill(struct conn *p, size_t n, peer_make *make);
/* The record of the key's tenant; false where there is none. */
bool peer_get(
    struct conn *p, const uint8_t key[PEER_KEY_LEN], struct peer_record *out);
/* Changes it durably, in a transaction of its own, and keeps the former one;
 * false where there is none, or `change` says so. */
typedef bool peer_change(struct peer_record *r, void *arg);
bool peer_patch(struct conn *p, const uint8_t key[PEER_KEY_LEN],
    peer_change *change, void *arg, struct peer_record *out);

#endif
