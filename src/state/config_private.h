/* SPDX-License-Identifier: ISC */
/*
 * config_private.h - between config and config_value: one key and its value.
 */
#ifndef PUSHCERT_CONFIG_PRIVATE_H
#define PUSHCERT_CONFIG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "state/config.h"

/* The first are texts, which may be empty; those from LIST on have commas
 * between their items, and each further line adds to them. */
enum config_kind {
	TEXT,
	URL,
	MOUNT,
	COUNTRY,
	LIST,
	ADDRESSES,
	ORIGINS,
	SIZE,
	COUNT,
	CHOICE,
	FLAG
};

#define K ((size_t)1 << 10)
#define M ((size_t)1 << 20)
#define G ((size_t)1 << 30)

struct config_key {
	const char *name;
	enum config_kind kind;
	size_t offset;
	const char *preset; /* as it would stand in a file */
	size_t least, most; /* of SIZE in bytes and of COUNT */
	const char *const *choices;
};

/* Whether the values of this kind have commas between their items. */
bool config_is_list(enum config_kind kind);
/*
 * Reads the value of a key into its member. The first line of a list replaces
 * the default, and each further line adds its items. False if the value does
 * not fit the kind of the key or is too long.
 */
bool config_set(const struct config_key *k, const char *value, bool first,
    struct config *c);
/* Appends the value as config_set would read it. */
void config_print_value(
    const struct config_key *k, const struct config *c, struct buf *out);
/* Appends to a message which values the key takes. */
void config_describe(const struct config_key *k, struct buf *out);

#endif
