/* SPDX-License-Identifier: ISC */
/*
 * token_use.h - keeps the times at which opaque tokens were last used until
 * they are written to the store; private to auth. Safe to call from any thread.
 */
#ifndef PUSHCERT_TOKEN_USE_H
#define PUSHCERT_TOKEN_USE_H

#include <stdint.h>

#include "store/store.h"

struct token_use;

/* Returns NULL if memory runs out. */
struct token_use *token_use_new(void);
void token_use_free(struct token_use *uses);

/* Notes that the token is used now, unless the store already has a recent use
 * of it. */
void
token_use_note(struct token_use *uses, const struct token *t, int64_t now_at);
/* Writes the noted uses to the store, if the oldest of them is at least a
 * minute old; with INT64_MAX, at any age. Waits for other writers. A failure is
 * logged, and the uses are lost. */
void token_use_write(struct token_use *uses, struct store *st, int64_t now_at);

#endif
