/* SPDX-License-Identifier: ISC */
/*
 * lmdb_pages.h - checks of the data file's pages; private to the lmdb_* files.
 */
#ifndef PUSHCERT_LMDB_PAGES_H
#define PUSHCERT_LMDB_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct lmdb_env;
struct lmdb_txn;

/*
 * Whether the library and the data file are of LMDB 0.9, whose layout
 * lmdb_pages.c knows. Where this is false, the other functions here read no
 * page: the two checks return ERR_OK and the two numbers are 0. An empty file
 * is known.
 */
bool lmdb_pages_known(int fd);
/*
 * Whether both roots state the same possible page size. LMDB divides by this
 * size without a check, and never returns from a search of a page that begins
 * elsewhere. True for an empty file. Call it only where the layout is known.
 */
bool lmdb_pages_has_size(int fd);
/* Bytes of the map that the last writer had, of any process. 0: unknown. */
size_t lmdb_pages_map_size(const struct lmdb_env *db);
/* The number of pages that may be used again. */
size_t lmdb_pages_free(const struct lmdb_txn *tx);
/* See lmdb_env_check_roots. */
enum err lmdb_pages_check_roots(const struct lmdb_env *db) ATTR_CHECKED;

#endif
