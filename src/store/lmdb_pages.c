/* SPDX-License-Identifier: ISC */
/*
 * lmdb_pages.c - reads the pages of the data file. Only this file knows their
 * layout, which is that of LMDB 0.9 (struct MDB_page and struct MDB_meta in its
 * mdb.c). If the library or the file has another version, the checks here are
 * off.
 */
#include "store/lmdb_pages.h"

#include <string.h>
#include <unistd.h>

#include <lmdb.h>

#include "store/lmdb_private.h"

/* The release of LMDB whose layout this file knows, and the data version
 * (MDB_DATA_VERSION) that this release writes into both roots. */
enum { RELEASE_MAJOR = 0, RELEASE_MINOR = 9, DATA_VERSION = 1 };
static const bool header_is_known = MDB_VERSION_MAJOR == RELEASE_MAJOR &&
    MDB_VERSION_MINOR == RELEASE_MINOR;

/* In bytes; the page size of each supported processor is larger. */
#define PAGE_SIZE_MIN 512

/* The first bytes of a root page (P_META). */
struct root {
	size_t page;
	uint16_t pad, flags;
	uint32_t bounds;
	uint32_t magic, version;
	size_t address, map_size;
	struct {
		uint32_t pad; /* in tree[0]: the page size */
		uint16_t flags, depth;
		size_t pages[3], entries, top;
	} tree[2];
	size_t last_page;
	size_t commit;
};

bool
lmdb_env_knows_pages(void)
{
	int major, minor, patch;

	(void)mdb_version(&major, &minor, &patch);
	return header_is_known && major == RELEASE_MAJOR &&
	    minor == RELEASE_MINOR;
}

enum err
lmdb_env_examine(void *db, store_advice *report, void *arg)
{
	(void)db;
	if (!lmdb_env_knows_pages())
		report(arg, true,
		    "this LMDB is not of release 0.9, so damaged pages are "
		    "found only by the checksums of their rows",
		    "Use a build with LMDB 0.9, or make backups more often.");
	return ERR_OK;
}

bool
lmdb_pages_known(int fd)
{
	struct root root;

	if (!lmdb_env_knows_pages())
		return false;
	/* An empty file gets its roots from the library. */
	return pread(fd, &root, sizeof(root), 0) != (ssize_t)sizeof(root) ||
	    root.version == DATA_VERSION;
}

static bool
read_root(const struct lmdb_env *db, unsigned i, struct root *root)
{
	MDB_stat page;
	int fd;

	if (mdb_env_get_fd(db->env, &fd) != 0 ||
	    mdb_env_stat(db->env, &page) != 0 ||
	    pread(fd, root, sizeof(*root), (off_t)i * page.ms_psize) !=
		(ssize_t)sizeof(*root))
		return false;
	return true;
}

size_t
lmdb_pages_map_size(const struct lmdb_env *db)
{
	struct root root[2];

	if (!db->knows_pages || !read_root(db, 0, &root[0]) ||
	    !read_root(db, 1, &root[1]))
		return 0;
	return root[root[1].commit > root[0].commit].map_size;
}

bool
lmdb_pages_has_size(int fd)
{
	struct root root[2];
	size_t size;

	if (pread(fd, &root[0], sizeof(root[0]), 0) != (ssize_t)sizeof(root[0]))
		return true;
	size = root[0].tree[0].pad;
	return size >= PAGE_SIZE_MIN && (size & (size - 1)) == 0 &&
	    pread(fd, &root[1], sizeof(root[1]), (off_t)size) ==
	    (ssize_t)sizeof(root[1]) &&
	    root[1].tree[0].pad == size;
}

/* The first bytes of any page. */
struct head {
	size_t number;
	uint16_t pad, flags;
	union {
		struct {
			uint16_t lower, upper;
		} room; /* in a leaf: the gap between its nodes */
		uint32_t pages; /* of a value that has pages of its own */
	} has;
};
enum { LEAF = 0x02, OVERFLOW = 0x04 };

enum err
lmdb_txn_check_page(struct lmdb_txn *tx, struct str value, uintptr_t *map)
{
	const struct head *head;
	MDB_stat page;
	uintptr_t first;
	size_t size;
	bool good;

	if (!tx->db->knows_pages)
		return ERR_OK;
	if (mdb_env_stat(tx->db->env, &page) != 0)
		return ERR_STORE;
	size = page.ms_psize;
	head = (const void *)((uintptr_t)value.p & ~(uintptr_t)(size - 1));
	/* Pages lie in the order of their numbers, so each page yields the
	 * address of page 0, which must be the same for all of them. */
	first = (uintptr_t)head - head->number * size;
	if (*map == 0)
		*map = first;
	if (head->flags == OVERFLOW)
		good = head->has.pages ==
		    (sizeof(*head) + value.n + size - 1) / size;
	else
		good = head->flags == LEAF &&
		    head->has.room.lower >= sizeof(*head) &&
		    head->has.room.lower <= head->has.room.upper &&
		    head->has.room.upper <= size;
	return good && first == *map ? ERR_OK : ERR_CORRUPT;
}

/* LMDB's own map of free pages. Each value is a list of page numbers that
 * begins with its length. */
#define FREE_PAGES 0

size_t
lmdb_pages_free(const struct lmdb_txn *tx)
{
	MDB_cursor *cursor;
	MDB_val key, list;
	size_t n = 0, length;

	if (!tx->db->knows_pages ||
	    mdb_cursor_open(tx->mdb, FREE_PAGES, &cursor) != 0)
		return 0;
	while (mdb_cursor_get(cursor, &key, &list, MDB_NEXT) == 0) {
		if (list.mv_size < sizeof(length))
			break;
		memcpy(&length, list.mv_data, sizeof(length));
		n += length;
	}
	mdb_cursor_close(cursor);
	return n;
}

enum err
lmdb_pages_check_roots(const struct lmdb_env *db)
{
	struct root even = { .commit = 0 }, odd = even, again = { .commit = 1 };
	enum err e = ERR_OK;

	if (!db->knows_pages)
		return ERR_OK;
	/* If another process commits between the two reads, read again. */
	while (e == ERR_OK && again.commit != even.commit)
		if (!read_root(db, 0, &even) || !read_root(db, 1, &odd) ||
		    !read_root(db, 0, &again))
			e = ERR_STORE;
	if (e != ERR_OK || (even.commit == 0 && odd.commit == 0))
		return e;
	return even.commit % 2 == 0 &&
		(odd.commit == even.commit + 1 || odd.commit + 1 == even.commit)
	    ? ERR_OK
	    : ERR_CORRUPT;
}
