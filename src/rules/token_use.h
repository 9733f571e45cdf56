/* SPDX-License-Identifier: ISC */
/*
 * token_use.h - remembers when each opaque token was last used, and writes it
 * to the store; private to auth. Safe to call from any thread.
 */
#ifndef PUSHCERT_TOKEN_USE_H
#define PUSHCERT_TOKEN_USE_H

#include <stdint.h>

#include "store/store.h"

struct token_use;

/* NULL if there is no memory. */
struct token_use *token_use_new(void);
void token_use_free(struct token_use *uses);

/* Remembers that a token of the store is used now. */
void
token_use_note(struct token_use *uses, const struct token *t, int64_t now_at);
/* Writes the remembered uses to the store if the first of them is a minute old;
 * INT64_MAX: in any case. Waits for other writers. */
void token_use_write(struct token_use *uses, struct store *st, int64_t now_at);

#endif
