/* SPDX-License-Identifier: ISC */
/*
 * lmdb_pages.h - checks of the pages of the data file. Private to the lmdb_*
 * files.
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
 * Whether the library and the data file are of LMDB 0.9, the only layout that
 * lmdb_pages.c knows. If not, lmdb_txn_check_page and lmdb_pages_check_roots
 * return ERR_OK, and the numbers are 0. True for an empty file.
 */
bool lmdb_pages_known(int fd);
/*
 * Whether both roots contain the same valid page size. LMDB divides by this
 * size without a check, and searches forever for a page that begins at a wrong
 * address. True for an empty file. The caller has made sure that the layout is
 * known.
 */
bool lmdb_pages_has_size(int fd);
/* The size in bytes of the map of the last writer, of any process; 0 if
 * unknown. */
size_t lmdb_pages_map_size(const struct lmdb_env *db);
/* The number of pages that LMDB may reuse. */
size_t lmdb_pages_free(const struct lmdb_txn *tx);
/* See lmdb_env_check_roots. */
enum err lmdb_pages_check_roots(const struct lmdb_env *db) ATTR_CHECKED;

#endif
