/* SPDX-License-Identifier: ISC */
/*
 * lmdb_env.h - ordered maps of byte strings in one file, which threads and
 * processes share. Only the lmdb_* files call LMDB. Private to store.
 *
 * These files know nothing of the meaning of the bytes. They make sure that the
 * directory is private and local and that each commit is on the disk. They
 * reopen the file after an error that an LMDB environment does not survive, and
 * when another file has replaced it. A commit into a file that is not data.mdb
 * any more returns ERR_STORE.
 *
 * Each function may also return, beside the outcomes named below: ERR_FULL (the
 * disk or the map is full), ERR_CORRUPT (a page is damaged), ERR_STORE (any
 * other failure; its cause is logged).
 */
#ifndef PUSHCERT_LMDB_ENV_H
#define PUSHCERT_LMDB_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "store/engine.h"

struct lmdb_env;
struct lmdb_txn;

struct lmdb_options {
	const char *directory;
	size_t map_size;
	/* The number of readers that the caller needs. lmdb_env_open returns
	 * ERR_STORE if the lock file has fewer slots. */
	unsigned readers;
	/* Create the directory and the files if they are missing. */
	bool create;
	/* Accept a read-only disk, on which each write returns ERR_STORE. */
	bool reads;
	/*
	 * The names of the maps, which end with NULL and must outlive the
	 * environment. A map's number is its index here. The index of NULL is
	 * LMDB's main map. Every commit writes the page of the main map anyway,
	 * so it is the place for a row that every commit changes. A caller must
	 * not walk it.
	 */
	const char *const *maps;
	/* The number of the last maps that may be missing, because an older
	 * release made the file; their use is ERR_CORRUPT until
	 * lmdb_txn_make_maps has made them. */
	unsigned maps_new;
};

/* ERR_NO_STORE, ERR_NOT_PRIVATE, ERR_NETWORK_FS. A process must not open the
 * same directory twice, and must not fork after it opened one: in both cases it
 * would lose its locks. */
enum err lmdb_env_open(
    const struct lmdb_options *options, struct lmdb_env **out) ATTR_CHECKED;
/* The caller must have freed all readers. NULL is allowed. */
void lmdb_env_close(struct lmdb_env *db);
/* Regards the maps that may be missing as missing, after a transaction that
 * made them has failed. */
void lmdb_env_forget_maps(struct lmdb_env *db);
/* The descriptor of lock.mdb; -1 while the environment is closed. */
int lmdb_env_lock_file(const struct lmdb_env *db);
/* The absolute path, which lives as long as the environment. */
const char *lmdb_env_directory(const struct lmdb_env *db);
/* Writes a data file with the last committed state and without free pages,
 * while changes go on. */
enum err lmdb_env_copy(struct lmdb_env *db, int fd) ATTR_CHECKED;
/* The number of the last commit. */
enum err lmdb_env_last_commit(struct lmdb_env *db, uint64_t *out) ATTR_CHECKED;
/* Frees the reader slots of dead processes. */
void lmdb_env_tidy(struct lmdb_env *db);
/* Checks that the open files are still the files of the directory. Each write
 * makes the same check, and readers make it once a second. ERR_STORE: the files
 * were removed or replaced, and this process can never use the store again. */
enum err lmdb_env_look(struct lmdb_env *db) ATTR_CHECKED;
/* Whether the library is LMDB 0.9, so that pages are checked (lmdb_pages.h). It
 * opens no file with another layout than its own. */
bool lmdb_env_knows_pages(void);
/* See store_examine. */
enum err lmdb_env_examine(void *db, store_advice *report, void *arg);
/* How many times this process has opened a file that replaced data.mdb. */
unsigned lmdb_env_opened(const struct lmdb_env *db);
/* Ends the use of the store for good. A caller does this when it cannot use the
 * file that replaced data.mdb. `why` goes into the log. */
void lmdb_env_give_up(struct lmdb_env *db, const char *why);

/* A reader sees, from lmdb_txn_begin to lmdb_txn_end, the state that was
 * committed last before lmdb_txn_begin. */
enum err
lmdb_txn_reader(struct lmdb_env *db, struct lmdb_txn **out) ATTR_CHECKED;
void lmdb_txn_reader_free(struct lmdb_txn *tx);
enum err lmdb_txn_begin(struct lmdb_txn *tx) ATTR_CHECKED;
void lmdb_txn_end(struct lmdb_txn *tx);

/*
 * The only write transaction. lmdb_txn_write waits for the write transactions
 * of other threads and processes. The caller must end the transaction by
 * lmdb_txn_commit, which ends it whatever it returns, or by lmdb_txn_abort.
 * After a failed put or delete the caller must abort.
 */
enum err
lmdb_txn_write(struct lmdb_env *db, struct lmdb_txn **out) ATTR_CHECKED;
enum err lmdb_txn_commit(struct lmdb_txn *tx) ATTR_CHECKED;
void lmdb_txn_abort(struct lmdb_txn *tx);
/* Makes the maps that are missing, in a write transaction, after whose failure
 * lmdb_env_forget_maps must be called. This process must have no reader. */
enum err lmdb_txn_make_maps(struct lmdb_txn *tx) ATTR_CHECKED;

/* For a writer, the number of its own commit, which is one more than that of
 * the last commit; for a reader, the number of the commit that it sees. A copy
 * begins with commit 1. */
uint64_t lmdb_txn_commit_number(const struct lmdb_txn *tx);
/*
 * Checks the two roots of the file. They describe the last commit and the one
 * before it, and LMDB takes the root with the higher commit number. So a
 * damaged number can bring back an old state. ERR_CORRUPT: the two numbers are
 * not neighbours.
 */
enum err lmdb_env_check_roots(struct lmdb_env *db) ATTR_CHECKED;

/*
 * Checks the header of the page that holds a value, which a reader was given.
 * LMDB needs some parts of this header only when it changes the page.
 * ERR_CORRUPT: the header is damaged. The caller sets *map to 0 before the
 * first call in a transaction.
 */
enum err lmdb_txn_check_page(
    struct lmdb_txn *tx, struct str value, uintptr_t *map) ATTR_CHECKED;
/*
 * The reader, of any process, that sees the oldest commit. LMDB reuses no page
 * that was freed since that commit. False: every reader sees the newest commit.
 * `seconds` is a lower bound, because only lmdb_env_look, once a second,
 * watches the readers.
 */
struct db_reader_age {
	pid_t pid;
	uint64_t changes; /* commits since the reader began */
	int64_t seconds;
};
bool lmdb_env_oldest_reader(struct lmdb_env *db, struct db_reader_age *out);
/* The bytes of the map that are in use, and the size of the map. The reader
 * must have begun. */
void lmdb_txn_usage(struct lmdb_txn *tx, uint64_t *used, uint64_t *size);

/* The value lives until the reader ends, or until the writer puts or deletes.
 * ERR_NOT_FOUND. */
enum err lmdb_txn_get(struct lmdb_txn *tx, unsigned map, struct str key,
    struct str *value) ATTR_CHECKED;

/*
 * Finds the pair with the least key that is not less than *key (STORE_FROM),
 * with the least key that is greater (STORE_NEXT), or with the greatest key
 * that is less (STORE_PREVIOUS), and sets *key to its key. The null key stands
 * before the first key for STORE_FROM and STORE_NEXT, and after the last key
 * for STORE_PREVIOUS. ERR_NOT_FOUND at the end. Puts and deletes between two
 * steps do not disturb a walk.
 */
enum err lmdb_txn_step(struct lmdb_txn *tx, unsigned map,
    enum store_direction way, struct str *key, struct str *value) ATTR_CHECKED;

enum err lmdb_txn_put(struct lmdb_txn *tx, unsigned map, struct str key,
    struct str value) ATTR_CHECKED;
/* ERR_NOT_FOUND changes nothing, and the transaction can still be committed. */
enum err
lmdb_txn_delete(struct lmdb_txn *tx, unsigned map, struct str key) ATTR_CHECKED;

#endif
