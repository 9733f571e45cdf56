/* SPDX-License-Identifier: ISC */
/*
 * unwrap_private.h - shared by unwrap and unwrap_search: the state of a search.
 */
#ifndef PUSHCERT_UNWRAP_PRIVATE_H
#define PUSHCERT_UNWRAP_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/crypto.h"
#include "format/unwrap.h"

struct unwrap_search {
	struct arena *arena;
	size_t left; /* bytes that may still be searched */
	const char *phrase[UNWRAP_DEPTH + 1]; /* one for each layer */
	char *room; /* memory for `what` */
	bool keys_only;
	bool only; /* the text is nothing but certificates */

	/* The results. */
	struct buf pem; /* the certificates of layer pem_depth */
	size_t pem_depth;
	size_t certificates;
	size_t readings; /* of certificates, also of those that do not count */
	uint8_t id[PEM_CHAIN_MAX + 2][CRYPTO_SHA256_LEN]; /* their hashes */
	enum pem_kind kind; /* another kind, in an inner layer */
	struct str what; /* text for a key, an archive or `kind` */
	bool archive;
	bool deep;
};

/* Describes the content of an inner layer; the phrases of its wrappings come
 * before this in a message. */
extern const char *const unwrap_contents[];

enum err unwrap_search(
    struct unwrap_search *s, struct str text, struct arena *a) ATTR_CHECKED;
enum err unwrap_visit(
    struct unwrap_search *s, size_t depth, struct str text) ATTR_CHECKED;
void unwrap_explain(struct unwrap_search *s, size_t depth, const char *last);

#endif
