/* SPDX-License-Identifier: ISC */
/*
 * config_private.h - shared by config and config_value: one key and its value.
 */
#ifndef PUSHCERT_CONFIG_PRIVATE_H
#define PUSHCERT_CONFIG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "state/config.h"

/* The kinds before SIZE are texts, which may be empty. LIST, ADDRESSES,
 * ORIGINS and IDS have commas between items, and each further line of the key
 * adds items. */
enum config_kind {
	TEXT,
	URL,
	MOUNT,
	COUNTRY,
	DATABASE,
	SCHEMA,
	ID,
	LIST,
	ADDRESSES,
	ORIGINS,
	IDS,
	SIZE,
	COUNT,
	CHOICE,
	FLAG
};

#define K (UINT64_C(1) << 10)
#define M (UINT64_C(1) << 20)
#define G (UINT64_C(1) << 30)
/* The size, but at most a quarter of the address space: 1G on a processor of
 * 32 bits. */
#define CAPPED(size) \
	((size) <= SIZE_MAX / 4 + 1 ? (size_t)(size) : SIZE_MAX / 4 + 1)

struct config_key {
	const char *name;
	enum config_kind kind;
	size_t offset;
	const char *preset; /* the default, written as in a file */
	size_t least, most; /* SIZE: bytes; COUNT: as is */
	const char *const *choices;
};

/* The character that joins the lines of a key of this kind: a comma for a list,
 * a line feed for a connection string; NUL if a file may have one line of it.
 */
char config_joint(enum config_kind kind);
/* Reads the value of a key into its member. The first line replaces the
 * default; a further line is appended. Returns false if the value
 * does not fit the kind of the key or is too long. */
bool config_set(const struct config_key *k, const char *value, bool first,
    struct config *c);
/* Appends the value in the form that config_set reads. */
void config_print_value(
    const struct config_key *k, const struct config *c, struct buf *out);
/* Appends a description of the values that the key takes, for a message. */
void config_describe(const struct config_key *k, struct buf *out);

/* config_database.c: whether a connection string has no password. */
bool config_database_fits(struct str s);

#endif
