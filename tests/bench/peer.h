/* SPDX-License-Identifier: ISC */
/*
 * peer.h - the data of a peer, a program that does the same work as pushcert:
 * tokens by their hash, records as JSON, and earlier records as history. peer.c
 * is the program; each peer_*.c implements the storage.
 *
 * Peers do the work that a client can observe. They identify the caller by the
 * SHA-256 of its token, check and merge the properties of a PATCH, store the
 * previous record in the same transaction, and answer with Graph's members and
 * headers. They do not check certificates, dates, preferences or queries.
 */
#ifndef PUSHCERT_PEER_H
#define PUSHCERT_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define PEER_KEY_LEN 32
#define PEER_TEXT_MAX 4096

/* A stored record: its members without annotations. */
struct peer_record {
	uint64_t revision;
	size_t n;
	char text[PEER_TEXT_MAX];
};

struct conn;

/* Opens the file or creates it, once per process. Returns NULL on failure. */
struct conn *peer_open(const char *path);
/* Makes n tenants in one transaction; `make` supplies the token hash and the
 * first record of each. */
typedef void
peer_make(size_t tenant, uint8_t key[PEER_KEY_LEN], struct peer_record *out);
bool peer_fill(struct conn *p, size_t n, peer_make *make);
/* Reads the record of the key's tenant. Returns false if there is none. */
bool peer_get(
    struct conn *p, const uint8_t key[PEER_KEY_LEN], struct peer_record *out);
/* Changes the record durably, in a transaction of its own, and stores the
 * previous record in the history. Returns false if the tenant has no record or
 * if `change` returns false. */
typedef bool peer_change(struct peer_record *r, void *arg);
bool peer_patch(struct conn *p, const uint8_t key[PEER_KEY_LEN],
    peer_change *change, void *arg, struct peer_record *out);

#endif
