/* SPDX-License-Identifier: ISC */
/*
 * test_lmdb.c - the directory of the database, its transactions, and its
 * behaviour when system calls fail. The calls that fail on demand are defined
 * here and replace those in the C library.
 */
#include "store/lmdb_env.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include "hook.h"
#include "unit.h"

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
/* Both meta pages (roots) of the file end before this offset. */
#define ROOTS_END (8 * KIB)

/* Which call fails, with which errno, and how many times. */
static struct {
	/* QUOTA: a write is cut short, and no more space can be allocated. */
	enum { NOTHING, WRITE, WRITE_ROOT, SYNC, QUOTA } what;
	int cause;
	unsigned times;
} fault;
static long file_system_type;

static bool
fails(int what)
{
	if (fault.times == 0 || what != (int)fault.what)
		return false;
	fault.times--;
	errno = fault.cause;
	return true;
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t);

	HOOK_REAL(real, "pwrite64");
	if (fails(at < (off_t)ROOTS_END ? WRITE_ROOT : WRITE))
		return -1;
	if (at >= (off_t)ROOTS_END && fails(QUOTA))
		return real(fd, p, n / 2, at);
	return real(fd, p, n, at);
}
HOOK_SHORT(ssize_t, pwrite, (int fd, const void *p, size_t n, long at),
    (fd, p, n, at));

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	if (fails(WRITE))
		return -1;
	if (fails(QUOTA))
		return syscall(SYS_writev, fd, v, 1);
	return syscall(SYS_writev, fd, v, n);
}

/*
 * The lock file is allocated from offset 0 when it is created, which succeeds.
 */
int
fallocate(int fd, int mode, off_t at, off_t n)
{
	int (*real)(int, int, off_t, off_t);

	HOOK_REAL(real, "fallocate64");
	if (fault.what == QUOTA && at > 0) {
		errno = fault.cause;
		return -1;
	}
	return real(fd, mode, at, n);
}

int
fdatasync(int fd)
{
	if (fails(SYNC))
		return -1;
	return (int)syscall(SYS_fdatasync, fd);
}

int
fstatfs(int fd, struct statfs *fs)
{
	int (*real)(int, struct statfs *), rc;

	HOOK_REAL(real, "fstatfs64");
	rc = real(fd, fs);
	if (file_system_type != 0)
		fs->f_type = file_system_type;
	return rc;
}

/* --- an environment that is closed at the wrong moment ------------------ */

/*
 * Calls of LMDB are replaced too. A commit fails because the map is full, and
 * then looks at the file. At that moment the test runs a thread whose reader
 * finds a larger map and therefore wants to reopen the environment. The
 * environment must not be closed before the thread of the commit has finished.
 */
static struct {
	bool full; /* the next commit finds the map full */
	bool looks; /* the thread of the commit is about to look at the file */
	bool resized; /* the next reader finds a larger map */
	bool closed; /* the environment was closed meanwhile */
	struct lmdb_txn *reader;
} rivals;

#define REAL(name) (*(void **)(&real) = dlsym(RTLD_NEXT, name))

int
mdb_txn_commit(MDB_txn *txn)
{
	int (*real)(MDB_txn *);

	REAL("mdb_txn_commit");
	if (!rivals.full)
		return real(txn);
	rivals.full = false;
	rivals.looks = true;
	mdb_txn_abort(txn);
	return MDB_MAP_FULL;
}

int
mdb_txn_renew(MDB_txn *txn)
{
	int (*real)(MDB_txn *);

	REAL("mdb_txn_renew");
	if (!rivals.resized)
		return real(txn);
	rivals.resized = false;
	return MDB_MAP_RESIZED;
}

void
mdb_env_close(MDB_env *env)
{
	void (*real)(MDB_env *);

	REAL("mdb_env_close");
	rivals.closed = true;
	real(env);
}

static void *
begin_beside(void *reader)
{
	rivals.resized = true;
	(void)(lmdb_txn_begin(reader) == ERR_OK);
	lmdb_txn_end(reader);
	return NULL;
}

int
mdb_env_get_fd(MDB_env *env, mdb_filehandle_t *fd)
{
	int (*real)(MDB_env *, mdb_filehandle_t *);
	pthread_t thread;

	REAL("mdb_env_get_fd");
	if (rivals.looks) {
		rivals.looks = false;
		rivals.closed = false;
		ck_assert(pthread_create(
			      &thread, NULL, begin_beside, rivals.reader) == 0);
		pthread_join(thread, NULL);
		ck_assert_msg(!rivals.closed,
		    "the environment was closed under the commit");
	}
	return real(env, fd);
}

/* The minor release that the library claims to be; 0: its own. */
static int minor_release;

char *
mdb_version(int *major, int *minor, int *patch)
{
	char *(*real)(int *, int *, int *);
	char *text;

	REAL("mdb_version");
	text = real(major, minor, patch);
	if (minor_release != 0)
		*minor = minor_release;
	return text;
}

static const char *const maps[] = { "first", "second", NULL };

/* Every test runs in an empty directory of its own. */
#define HERE "."

static void
enter_directory(void)
{
	ck_assert(chdir(unit_directory()) == 0);
}

static enum err
try_open(
    const char *directory, size_t map_size, bool create, struct lmdb_env **out)
{
	const struct lmdb_options options = {
		.directory = directory,
		.map_size = map_size,
		.create = create,
		.maps = maps,
	};

	*out = NULL;
	return lmdb_env_open(&options, out);
}

static struct lmdb_env *
open_sized(size_t map_size)
{
	struct lmdb_env *db;

	ck_assert(try_open(HERE, map_size, true, &db) == ERR_OK);
	return db;
}

static enum err
put(struct lmdb_env *db, const char *key, struct str value)
{
	struct lmdb_txn *tx;
	enum err e;

	if ((e = lmdb_txn_write(db, &tx)) != ERR_OK)
		return e;
	if ((e = lmdb_txn_put(tx, 0, str_of(key), value)) == ERR_OK)
		return lmdb_txn_commit(tx);
	lmdb_txn_abort(tx);
	return e;
}

static enum err
put_text(struct lmdb_env *db, const char *key, const char *value)
{
	return put(db, key, str_of(value));
}

static void
check_value(struct lmdb_txn *tx, const char *key, const char *want)
{
	struct str value = str_of(NULL);
	enum err e;

	ck_assert(lmdb_txn_begin(tx) == ERR_OK);
	e = lmdb_txn_get(tx, 0, str_of(key), &value);
	ck_assert(e == (want == NULL ? ERR_NOT_FOUND : ERR_OK));
	unit_same(key, value, str_of(want));
	lmdb_txn_end(tx);
}

static struct lmdb_txn *
reader_of(struct lmdb_env *db)
{
	struct lmdb_txn *tx;

	ck_assert(lmdb_txn_reader(db, &tx) == ERR_OK);
	return tx;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	ck_assert(stat(path, &st) == 0);
	return st.st_mode & 07777;
}

/* Forks. The rest of the test runs in the child, whose exit status check_child
 * checks. */
static bool
in_child(pid_t *pid)
{
	fflush(NULL);
	*pid = fork();
	ck_assert(*pid >= 0);
	return *pid == 0;
}

static void
check_child(pid_t pid)
{
	int status;

	ck_assert(waitpid(pid, &status, 0) == pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "the child ended with %x", (unsigned)status);
}

START_TEST(makes_private_files_under_any_umask)
{
	static const mode_t umasks[] = { 0, 022, 0777 };
	struct lmdb_env *db;

	umask(umasks[_i]);
	ck_assert(try_open("data", MIB, true, &db) == ERR_OK);
	ck_assert_uint_eq(mode_of("data"), 0700);
	ck_assert_uint_eq(mode_of("data/data.mdb"), 0600);
	ck_assert_uint_eq(mode_of("data/lock.mdb"), 0600);
	lmdb_env_close(db);
	ck_assert(try_open("data", MIB, false, &db) == ERR_OK);
	lmdb_env_close(db);
}
END_TEST

START_TEST(finds_no_store_in_an_empty_directory)
{
	struct lmdb_env *db;

	ck_assert(try_open("data", MIB, false, &db) == ERR_NO_STORE);
	ck_assert(try_open(HERE, MIB, false, &db) == ERR_NO_STORE);
	/* The failed attempts have left no file that looks like a store. */
	ck_assert(rmdir(unit_directory()) == 0);
}
END_TEST

START_TEST(finds_no_store_after_an_interrupted_first_start)
{
	struct lmdb_env *db;
	int fd = open("data.mdb", O_CREAT | O_WRONLY, 0600);

	ck_assert(fd >= 0 && close(fd) == 0);
	ck_assert(try_open(HERE, MIB, false, &db) == ERR_NO_STORE);
	ck_assert(try_open(HERE, MIB, true, &db) == ERR_OK);
	lmdb_env_close(db);
}
END_TEST

START_TEST(treats_a_missing_map_as_damage)
{
	static const char *const others[] = { "first", "third", NULL };
	const struct lmdb_options options = {
		.directory = HERE,
		.map_size = MIB,
		.create = true,
		.maps = others,
	};
	struct lmdb_env *db;

	lmdb_env_close(open_sized(MIB));
	/* The store does not create the map again: that would hide the loss of
	 * its rows. */
	ck_assert(lmdb_env_open(&options, &db) == ERR_CORRUPT);
}
END_TEST

/* Offsets in a meta page of LMDB 0.9, whose numbers of pages and commits have
 * the size of the processor's word: the page size, and the number of the
 * commit. */
#define SIZE_AT (16 + 3 * sizeof(size_t))
#define COMMIT_AT (32 + 14 * sizeof(size_t))
START_TEST(refuses_an_impossible_page_size)
{
	off_t at = (off_t)SIZE_AT + (_i % 2 == 0 ? 0 : sysconf(_SC_PAGESIZE));
	struct lmdb_env *db;
	uint32_t size;
	int fd;

	lmdb_env_close(open_sized(MIB));
	fd = open("data.mdb", O_RDWR);
	ck_assert(pread(fd, &size, sizeof(size), at) == 4);
	ck_assert(size == (uint32_t)sysconf(_SC_PAGESIZE));
	size ^= UINT32_C(1) << _i / 2;
	ck_assert(pwrite(fd, &size, sizeof(size), at) == 4);
	ck_assert(close(fd) == 0);
	ck_assert(try_open(HERE, MIB, false, &db) == ERR_CORRUPT);
}
END_TEST

/* A meta page holds the number of its commit. With a library of
 * another release the checks read nothing, because the layout may differ. */
START_TEST(checks_pages_only_in_the_layout_of_the_known_release)
{
	struct lmdb_env *db;
	uint8_t byte;
	int fd;

	db = open_sized(MIB);
	ck_assert(put_text(db, "key", "second commit") == ERR_OK);
	ck_assert(put_text(db, "key", "third commit") == ERR_OK);
	lmdb_env_close(db);
	fd = open("data.mdb", O_RDWR);
	ck_assert(pread(fd, &byte, 1, COMMIT_AT) == 1);
	ck_assert(byte == 2);
	byte ^= 64;
	ck_assert(pwrite(fd, &byte, 1, COMMIT_AT) == 1);
	ck_assert(close(fd) == 0);
	minor_release = _i == 0 ? 0 : 10;
	ck_assert(try_open(HERE, MIB, false, &db) == ERR_OK);
	ck_assert(lmdb_env_check_roots(db) == (_i == 0 ? ERR_CORRUPT : ERR_OK));
	lmdb_env_close(db);
}
END_TEST

static const struct {
	const char *name;
	const char *file;
	mode_t mode;
} open_to_others[] = {
	{ "refuses a directory that the group may read", ".", 0740 },
	{ "refuses a directory that others may search", ".", 0701 },
	{ "refuses data that the group may write", "data.mdb", 0620 },
	{ "refuses data that others may read", "data.mdb", 0604 },
	{ "refuses a lock file that others may write", "lock.mdb", 0602 },
};

START_TEST(refuses_files_that_others_can_use)
{
	struct lmdb_env *db;

	lmdb_env_close(open_sized(MIB));
	ck_assert(chmod(open_to_others[_i].file, open_to_others[_i].mode) == 0);
	unit_check(open_to_others[_i].name,
	    try_open(HERE, MIB, true, &db) == ERR_NOT_PRIVATE);
}
END_TEST

START_TEST(refuses_files_of_another_owner)
{
	static const char *const files[] = { ".", "data.mdb", "lock.mdb" };
	struct lmdb_env *db;

	if (geteuid() != 0) {
		puts("only root can give a file away: not tested");
		return;
	}
	lmdb_env_close(open_sized(MIB));
	ck_assert(chown(files[_i], 1, (gid_t)-1) == 0);
	unit_check(
	    files[_i], try_open(HERE, MIB, true, &db) == ERR_NOT_PRIVATE);
}
END_TEST

static const struct {
	const char *name;
	const char *file;
} replaced[] = {
	{ "refuses a link in place of the data", "data.mdb" },
	{ "refuses a link in place of the lock file", "lock.mdb" },
};

START_TEST(refuses_a_link_in_place_of_a_file)
{
	const char *path = replaced[_i].file;
	struct lmdb_env *db;

	lmdb_env_close(open_sized(MIB));
	ck_assert(rename(path, "elsewhere") == 0);
	ck_assert(symlink("elsewhere", path) == 0);
	unit_check(replaced[_i].name,
	    try_open(HERE, MIB, true, &db) == ERR_NOT_PRIVATE);
}
END_TEST

START_TEST(refuses_a_link_or_a_file_in_place_of_the_directory)
{
	struct lmdb_env *db;

	lmdb_env_close(open_sized(MIB));
	ck_assert(symlink(".", "link") == 0);
	ck_assert(try_open("link", MIB, true, &db) == ERR_NOT_PRIVATE);
	ck_assert(try_open("data.mdb", MIB, true, &db) == ERR_NOT_PRIVATE);
}
END_TEST

static const struct {
	const char *name;
	long type;
	enum err outcome;
} file_systems[] = {
	{ "takes ext4", 0xef53, ERR_OK },
	{ "takes XFS", 0x58465342, ERR_OK },
	{ "takes Btrfs", 0x9123683e, ERR_OK },
	{ "takes tmpfs", 0x01021994, ERR_OK },
	{ "takes overlayfs", 0x794c7630, ERR_OK },
	{ "takes ZFS", 0x2fc12fc1, ERR_OK },
	{ "refuses NFS", 0x6969, ERR_NETWORK_FS },
	{ "refuses CIFS", 0xff534d42, ERR_NETWORK_FS },
	{ "refuses CIFS with the type of 32-bit systems", (int)0xff534d42,
	    ERR_NETWORK_FS },
	{ "refuses SMB 2", 0xfe534d42, ERR_NETWORK_FS },
	{ "refuses SMB", 0x517b, ERR_NETWORK_FS },
	{ "refuses FUSE", 0x65735546, ERR_NETWORK_FS },
	{ "refuses 9P", 0x01021997, ERR_NETWORK_FS },
	{ "refuses Ceph", 0x00c36400, ERR_NETWORK_FS },
};

START_TEST(refuses_network_file_systems)
{
	struct lmdb_env *db;

	file_system_type = file_systems[_i].type;
	unit_check(file_systems[_i].name,
	    try_open(HERE, MIB, true, &db) == file_systems[_i].outcome);
	lmdb_env_close(db);
}
END_TEST

START_TEST(allocates_its_lock_file_and_replaces_a_lost_one)
{
	struct stat st;
	struct lmdb_env *db;

	lmdb_env_close(open_sized(MIB));
	ck_assert(unlink("lock.mdb") == 0);
	ck_assert(try_open(HERE, MIB, false, &db) == ERR_OK);
	ck_assert(stat("lock.mdb", &st) == 0);
	ck_assert(st.st_size >= 8192 * 64);
	ck_assert(st.st_blocks * 512 >= st.st_size);
	lmdb_env_close(db);
}
END_TEST

START_TEST(is_not_opened_twice_in_a_process)
{
	struct lmdb_env *db = open_sized(MIB), *again;
	struct lmdb_txn *tx = reader_of(db);
	pid_t pid;

	ck_assert(try_open(HERE, MIB, true, &again) == ERR_STORE);
	/* The first environment keeps its state and its locks: another process
	 * does not take its reader for dead. */
	ck_assert(lmdb_txn_begin(tx) == ERR_OK);
	if (in_child(&pid)) {
		struct lmdb_env *other;

		ck_assert(try_open(HERE, MIB, true, &other) == ERR_OK);
		ck_assert(put_text(other, "key", "value") == ERR_OK);
		lmdb_env_tidy(other);
		lmdb_env_close(other);
		_exit(0);
	}
	check_child(pid);
	lmdb_txn_end(tx);
	check_value(tx, "key", "value");
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
}
END_TEST

START_TEST(is_not_used_after_a_fork)
{
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *tx;
	pid_t pid;

	if (in_child(&pid)) {
		ck_assert(lmdb_txn_reader(db, &tx) == ERR_STORE);
		ck_assert(lmdb_txn_write(db, &tx) == ERR_STORE);
		_exit(0);
	}
	check_child(pid);
	lmdb_env_close(db);
}
END_TEST

START_TEST(has_room_for_readers_up_to_a_limit)
{
	struct lmdb_options options = {
		.directory = HERE,
		.map_size = MIB,
		.readers = 8192,
		.create = true,
		.maps = maps,
	};
	struct lmdb_env *db;

	ck_assert(lmdb_env_open(&options, &db) == ERR_OK);
	lmdb_env_close(db);
	options.readers++;
	ck_assert(lmdb_env_open(&options, &db) == ERR_STORE);
}
END_TEST

START_TEST(takes_a_smaller_map_in_little_address_space)
{
	static const struct rlimit limit = { 64 * MIB, 64 * MIB };
	struct lmdb_txn *tx;
	struct lmdb_env *db;
	pid_t pid;

	if (unit_is_watched()) {
		puts("the tool needs the address space: not tested");
		return;
	}
	if (in_child(&pid)) {
		ck_assert(setrlimit(RLIMIT_AS, &limit) == 0);
		db = open_sized(1024 * MIB);
		ck_assert(put_text(db, "key", "value") == ERR_OK);
		tx = reader_of(db);
		check_value(tx, "key", "value");
		lmdb_txn_reader_free(tx);
		lmdb_env_close(db);
		_exit(0);
	}
	check_child(pid);
}
END_TEST

START_TEST(shows_a_reader_one_state)
{
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *tx = reader_of(db), *other = reader_of(db);
	struct str value;

	ck_assert(put_text(db, "key", "old") == ERR_OK);
	ck_assert(lmdb_txn_begin(tx) == ERR_OK);
	ck_assert(put_text(db, "key", "new") == ERR_OK);
	check_value(other, "key", "new");
	ck_assert(lmdb_txn_get(tx, 0, str_of("key"), &value) == ERR_OK);
	unit_same("the reader's state", value, str_of("old"));
	lmdb_txn_end(tx);
	check_value(tx, "key", "new");
	lmdb_txn_reader_free(tx);
	lmdb_txn_reader_free(other);
	lmdb_env_close(db);
}
END_TEST

START_TEST(an_aborted_transaction_leaves_nothing)
{
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *tx = reader_of(db), *writer;

	ck_assert(lmdb_txn_write(db, &writer) == ERR_OK);
	ck_assert(
	    lmdb_txn_put(writer, 0, str_of("key"), str_of("value")) == ERR_OK);
	lmdb_txn_abort(writer);
	check_value(tx, "key", NULL);
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
}
END_TEST

START_TEST(writes_nothing_if_nothing_was_put)
{
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *tx;

	fault.what = SYNC;
	fault.cause = EIO;
	fault.times = 1;
	ck_assert(lmdb_txn_write(db, &tx) == ERR_OK);
	ck_assert(lmdb_txn_delete(tx, 0, str_of("none")) == ERR_NOT_FOUND);
	ck_assert(lmdb_txn_commit(tx) == ERR_OK);
	ck_assert_uint_eq(fault.times, 1);
	lmdb_env_close(db);
}
END_TEST

/* Puts and deletes a few large and small values under the same keys. */
static void
stir(struct lmdb_txn *tx, unsigned *seed)
{
	static char large[50 * KIB];
	unsigned ops;
	char key[2];
	enum err e;

	for (ops = 8; ops > 0; ops--) {
		*seed = *seed * 1103515245 + 12345;
		key[0] = (char)('a' + (*seed >> 16) % 6);
		key[1] = '\0';
		if ((*seed >> 20) % 4 == 0)
			e = lmdb_txn_delete(tx, 0, str_of(key));
		else
			e = lmdb_txn_put(tx, 0, str_of(key),
			    str_from(large, (*seed >> 8) % sizeof(large)));
		ck_assert(e == ERR_OK || e == ERR_NOT_FOUND);
	}
}

START_TEST(opens_a_file_that_ends_before_its_last_page)
{
	struct lmdb_env *db = open_sized(16 * MIB);
	struct lmdb_txn *tx;
	unsigned i, seed = 6;

	/* LMDB does not write pages that one transaction allocates and frees.
	 * They may be the last pages of the file. */
	for (i = 0; i < 40; i++) {
		ck_assert(lmdb_txn_write(db, &tx) == ERR_OK);
		stir(tx, &seed);
		ck_assert(lmdb_txn_commit(tx) == ERR_OK);
		lmdb_env_close(db);
		db = open_sized(16 * MIB);
	}
	lmdb_env_close(db);
}
END_TEST

static const struct {
	const char *name;
	enum store_direction way;
	const char *from;
	const char *key; /* NULL if there are no more keys */
} steps[] = {
	{ "goes to the first", STORE_NEXT, NULL, "b" },
	{ "goes to the last", STORE_PREVIOUS, NULL, "d" },
	{ "goes past an existing key", STORE_NEXT, "b", "bb" },
	{ "goes past a missing key", STORE_NEXT, "ba", "bb" },
	{ "goes on from before the first", STORE_NEXT, "a", "b" },
	{ "ends at the last", STORE_NEXT, "d", NULL },
	{ "ends past the last", STORE_NEXT, "e", NULL },
	{ "goes before an existing key", STORE_PREVIOUS, "d", "bb" },
	{ "goes before a missing key", STORE_PREVIOUS, "c", "bb" },
	{ "goes back from past the last", STORE_PREVIOUS, "e", "d" },
	{ "ends at the first", STORE_PREVIOUS, "b", NULL },
	{ "ends before the first", STORE_PREVIOUS, "a", NULL },
};

START_TEST(walks)
{
	struct lmdb_env *db = open_sized(MIB);
	struct str key = str_of(steps[_i].from), value;
	struct lmdb_txn *tx;
	enum err e;

	ck_assert(put_text(db, "d", "value of d") == ERR_OK);
	ck_assert(put_text(db, "b", "value of b") == ERR_OK);
	ck_assert(put_text(db, "bb", "value of bb") == ERR_OK);
	tx = reader_of(db);
	ck_assert(lmdb_txn_begin(tx) == ERR_OK);
	e = lmdb_txn_step(tx, 0, steps[_i].way, &key, &value);
	if (steps[_i].key == NULL) {
		unit_check(steps[_i].name, e == ERR_NOT_FOUND);
	} else {
		unit_check(steps[_i].name, e == ERR_OK);
		unit_same(steps[_i].name, key, str_of(steps[_i].key));
		unit_check(steps[_i].name,
		    str_eq(str_tail(value, strlen("value of ")), key));
	}
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
}
END_TEST

START_TEST(walks_an_empty_map)
{
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *tx = reader_of(db);
	struct str key = str_of(NULL), value;

	ck_assert(put_text(db, "key", "of the first map") == ERR_OK);
	ck_assert(lmdb_txn_begin(tx) == ERR_OK);
	ck_assert(
	    lmdb_txn_step(tx, 1, STORE_NEXT, &key, &value) == ERR_NOT_FOUND);
	ck_assert(lmdb_txn_step(tx, 1, STORE_PREVIOUS, &key, &value) ==
	    ERR_NOT_FOUND);
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
}
END_TEST

START_TEST(shares_its_file_with_other_processes)
{
	struct lmdb_txn *tx;
	struct lmdb_env *db;
	pid_t pid;

	if (in_child(&pid)) {
		db = open_sized(MIB);
		ck_assert(put_text(db, "key", "of the child") == ERR_OK);
		lmdb_env_close(db);
		_exit(0);
	}
	db = open_sized(MIB);
	tx = reader_of(db);
	check_child(pid);
	check_value(tx, "key", "of the child");
	ck_assert(put_text(db, "key", "of the parent") == ERR_OK);
	check_value(tx, "key", "of the parent");
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
}
END_TEST

/* Puts values of 4 KiB under new keys until one does not fit. Returns their
 * number. */
static unsigned
fill(struct lmdb_env *db)
{
	static char value[4 * KIB];
	unsigned n;
	char key[24];
	enum err e;

	for (n = 0;; n++) {
		snprintf(key, sizeof(key), "fill %u", n);
		e = put(db, key, str_from(value, sizeof(value)));
		if (e != ERR_OK)
			break;
	}
	ck_assert(e == ERR_FULL);
	return n;
}

static void
make_room(struct lmdb_env *db, unsigned n)
{
	struct lmdb_txn *tx;
	char key[24];

	ck_assert(lmdb_txn_write(db, &tx) == ERR_OK);
	while (n-- > 0) {
		snprintf(key, sizeof(key), "fill %u", n);
		ck_assert(lmdb_txn_delete(tx, 0, str_of(key)) == ERR_OK);
	}
	ck_assert(lmdb_txn_commit(tx) == ERR_OK);
}

START_TEST(is_usable_after_its_map_was_full)
{
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *tx = reader_of(db);
	unsigned n;

	ck_assert(put_text(db, "key", "value") == ERR_OK);
	n = fill(db);
	ck_assert(n > 50);
	check_value(tx, "key", "value");
	make_room(db, n / 2);
	/* Pages that a transaction frees are available from the second
	 * transaction after it. */
	ck_assert(put_text(db, "key", "new") == ERR_OK);
	ck_assert(fill(db) > n / 4);
	check_value(tx, "key", "new");
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
}
END_TEST

/* Waits for a byte from `go`, puts 3 MiB under new keys, and writes a byte to
 * `done`. */
static void
grow(struct lmdb_env *db, int go, int done, const char *prefix)
{
	static char value[100 * KIB];
	char key[24];
	int i;

	ck_assert(read(go, key, 1) == 1);
	for (i = 0; i < 30; i++) {
		snprintf(key, sizeof(key), "%.5s %u", prefix, (unsigned)i);
		ck_assert(
		    put(db, key, str_from(value, sizeof(value))) == ERR_OK);
	}
	ck_assert(put_text(db, "key", prefix) == ERR_OK);
	ck_assert(write(done, "", 1) == 1);
}

static void
order(int go, int done)
{
	char c;

	ck_assert(write(go, "", 1) == 1);
	ck_assert(read(done, &c, 1) == 1);
}

START_TEST(adopts_a_map_that_another_process_enlarged)
{
	struct lmdb_txn *tx, *late;
	int go[2], done[2];
	struct lmdb_env *db;
	pid_t pid;

	ck_assert(pipe(go) == 0 && pipe(done) == 0);
	if (in_child(&pid)) {
		db = open_sized(64 * MIB);
		grow(db, go[0], done[1], "once");
		grow(db, go[0], done[1], "twice");
		lmdb_env_close(db);
		_exit(0);
	}
	db = open_sized(MIB);
	tx = reader_of(db);
	late = reader_of(db);
	ck_assert(lmdb_txn_begin(tx) == ERR_OK);
	order(go[1], done[0]);
	/* The map cannot be enlarged while a reader uses it. */
	ck_assert(lmdb_txn_begin(late) == ERR_STORE);
	ck_assert(put_text(db, "key", "no") == ERR_STORE);
	lmdb_txn_end(tx);
	check_value(late, "key", "once");
	check_value(tx, "key", "once");
	ck_assert(put_text(db, "key", "ours") == ERR_OK);
	check_value(tx, "key", "ours");
	/* The map is now large enough, so it need not be enlarged. */
	ck_assert(lmdb_txn_begin(tx) == ERR_OK);
	order(go[1], done[0]);
	check_value(late, "key", "twice");
	lmdb_txn_end(tx);
	check_child(pid);
	lmdb_txn_reader_free(tx);
	lmdb_txn_reader_free(late);
	lmdb_env_close(db);
}
END_TEST

/* A misuse of the interface fails the change; it does not end the process. */
START_TEST(refuses_invalid_keys_and_calls)
{
	static char longest[STORE_KEY_MAX + 1];
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *tx, *reader = reader_of(db);

	ck_assert(lmdb_txn_write(db, &tx) == ERR_OK);
	ck_assert(lmdb_txn_put(tx, 0, str_of(""), str_of("x")) == ERR_INTERNAL);
	ck_assert(lmdb_txn_put(tx, 0, str_from(longest, sizeof(longest)),
		      str_of("x")) == ERR_INTERNAL);
	ck_assert(lmdb_txn_put(tx, 0, str_of("x"),
		      str_from(longest, STORE_VALUE_MAX + 1)) == ERR_INTERNAL);
	ck_assert(lmdb_txn_begin(tx) == ERR_INTERNAL);
	lmdb_txn_abort(tx);
	lmdb_txn_abort(tx);
	ck_assert(lmdb_txn_commit(tx) == ERR_INTERNAL);
	ck_assert(lmdb_txn_begin(reader) == ERR_OK);
	ck_assert(lmdb_txn_begin(reader) == ERR_INTERNAL);
	lmdb_txn_end(reader);
	ck_assert(put_text(db, "key", "new") == ERR_OK);
	check_value(reader, "key", "new");
	lmdb_txn_reader_free(reader);
	lmdb_env_close(db);
}
END_TEST

/* The second half of this test is mdb_env_get_fd, above. */
START_TEST(no_other_thread_closes_it_under_a_commit)
{
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *reader = reader_of(db);

	rivals.reader = reader;
	rivals.full = true;
	ck_assert(put_text(db, "key", "lost") == ERR_FULL);
	ck_assert(rivals.reader != NULL && !rivals.full && !rivals.looks);
	ck_assert(put_text(db, "key", "new") == ERR_OK);
	check_value(reader, "key", "new");
	ck_assert(rivals.closed);
	lmdb_txn_reader_free(reader);
	lmdb_env_close(db);
}
END_TEST

static const struct {
	const char *name;
	int what;
	int cause;
	enum err outcome;
} faults[] = {
	{ "refuses a write that does not fit on the disk", WRITE, ENOSPC,
	    ERR_FULL },
	{ "refuses a write over the quota", WRITE, EDQUOT, ERR_FULL },
	{ "refuses a write over the file size limit", WRITE, EFBIG, ERR_FULL },
	{ "refuses a write that a quota cuts short", QUOTA, EDQUOT, ERR_FULL },
	{ "reports any other short write as a failure", QUOTA, EIO, ERR_STORE },
	{ "survives a write that fails", WRITE, EIO, ERR_STORE },
	{ "survives a sync that fails", SYNC, EIO, ERR_STORE },
	{ "survives a root that cannot be written", WRITE_ROOT, EIO,
	    ERR_STORE },
};

START_TEST(survives_faults)
{
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *tx = reader_of(db);

	ck_assert(put_text(db, "key", "old") == ERR_OK);
	fault.what = faults[_i].what;
	fault.cause = faults[_i].cause;
	fault.times = 1;
	unit_check(
	    faults[_i].name, put_text(db, "key", "lost") == faults[_i].outcome);
	unit_check(faults[_i].name, fault.times == 0);
	check_value(tx, "key", "old");
	unit_check(faults[_i].name, put_text(db, "key", "new") == ERR_OK);
	check_value(tx, "key", "new");
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
	db = open_sized(MIB);
	tx = reader_of(db);
	check_value(tx, "key", "new");
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
}
END_TEST

START_TEST(waits_for_readers_before_it_reopens)
{
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *tx = reader_of(db), *late = reader_of(db);
	struct str value;

	ck_assert(put_text(db, "key", "old") == ERR_OK);
	ck_assert(lmdb_txn_begin(tx) == ERR_OK);
	fault.what = WRITE_ROOT;
	fault.cause = EIO;
	fault.times = 1;
	ck_assert(put_text(db, "key", "lost") == ERR_STORE);
	ck_assert(lmdb_txn_begin(late) == ERR_STORE);
	ck_assert(put_text(db, "key", "refused") == ERR_STORE);
	lmdb_txn_end(late);
	ck_assert(lmdb_txn_get(tx, 0, str_of("key"), &value) == ERR_OK);
	unit_same("the reader's state", value, str_of("old"));
	lmdb_txn_end(tx);
	check_value(late, "key", "old");
	ck_assert(put_text(db, "key", "new") == ERR_OK);
	check_value(tx, "key", "new");
	lmdb_txn_reader_free(tx);
	lmdb_txn_reader_free(late);
	lmdb_env_close(db);
}
END_TEST

START_TEST(comes_back_when_it_can_be_opened_again)
{
	struct lmdb_env *db = open_sized(MIB);
	struct lmdb_txn *tx = reader_of(db);

	ck_assert(put_text(db, "key", "old") == ERR_OK);
	fault.what = WRITE_ROOT;
	fault.cause = EIO;
	fault.times = 1;
	ck_assert(put_text(db, "key", "lost") == ERR_STORE);
	ck_assert(chmod(HERE, 0750) == 0);
	ck_assert(lmdb_txn_begin(tx) == ERR_STORE);
	ck_assert(lmdb_txn_begin(tx) == ERR_STORE);
	lmdb_env_tidy(db);
	ck_assert(chmod(HERE, 0700) == 0);
	check_value(tx, "key", "old");
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);
}
END_TEST

/* Mounts a file system of 2 MiB over the test's directory, in a namespace of
 * its own. */
static bool
mount_small_disk(void)
{
	if (unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("none", unit_directory(), "tmpfs", 0, "size=2m,mode=0700") ==
		0 &&
	    chdir(unit_directory()) == 0)
		return true;
	printf("no disk of our own to fill: %s: not tested\n", strerror(errno));
	return false;
}

/* Fills the disk, except for the space that files have allocated already. */
static void
fill_disk(void)
{
	static const char zeros[4 * KIB];
	int fd = open("filler", O_CREAT | O_WRONLY | O_APPEND, 0600);

	ck_assert(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		continue;
	ck_assert(errno == ENOSPC);
	close(fd);
}

START_TEST(is_usable_on_a_full_disk)
{
	struct lmdb_txn *tx;
	struct lmdb_env *db;

	if (!mount_small_disk())
		return;
	db = open_sized(64 * MIB);
	tx = reader_of(db);
	ck_assert(put_text(db, "key", "value") == ERR_OK);
	fill_disk();
	fill(db);
	check_value(tx, "key", "value");
	ck_assert(unlink("filler") == 0);
	ck_assert(put_text(db, "key", "new") == ERR_OK);
	fill_disk();
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);

	db = open_sized(64 * MIB);
	tx = reader_of(db);
	check_value(tx, "key", "new");
	lmdb_txn_reader_free(tx);
	lmdb_env_close(db);

	/* The lock file cannot be allocated. The open fails, and the process
	 * survives. */
	ck_assert(unlink("lock.mdb") == 0);
	fill_disk();
	ck_assert(try_open(HERE, MIB, false, &db) == ERR_FULL);
	ck_assert(umount2(unit_directory(), MNT_DETACH) == 0);
}
END_TEST

static Suite *
suite_db(void)
{
	Suite *s = suite_create("lmdb");
	TCase *t = tcase_create("the directory");
	tcase_add_checked_fixture(t, enter_directory, NULL);

	tcase_add_loop_test(t, makes_private_files_under_any_umask, 0, 3);
	tcase_add_test(t, finds_no_store_in_an_empty_directory);
	tcase_add_test(t, finds_no_store_after_an_interrupted_first_start);
	tcase_add_test(t, treats_a_missing_map_as_damage);
	tcase_add_loop_test(t, refuses_an_impossible_page_size, 0, 64);
	tcase_add_loop_test(
	    t, checks_pages_only_in_the_layout_of_the_known_release, 0, 2);
	tcase_add_loop_test(t, refuses_files_that_others_can_use, 0,
	    sizeof(open_to_others) / sizeof(open_to_others[0]));
	tcase_add_loop_test(t, refuses_files_of_another_owner, 0, 3);
	tcase_add_loop_test(t, refuses_a_link_in_place_of_a_file, 0,
	    sizeof(replaced) / sizeof(replaced[0]));
	tcase_add_test(t, refuses_a_link_or_a_file_in_place_of_the_directory);
	tcase_add_loop_test(t, refuses_network_file_systems, 0,
	    sizeof(file_systems) / sizeof(file_systems[0]));
	tcase_add_test(t, allocates_its_lock_file_and_replaces_a_lost_one);
	suite_add_tcase(s, t);

	t = tcase_create("the process");
	tcase_add_checked_fixture(t, enter_directory, NULL);
	tcase_add_test(t, is_not_opened_twice_in_a_process);
	tcase_add_test(t, is_not_used_after_a_fork);
	tcase_add_test(t, has_room_for_readers_up_to_a_limit);
	tcase_add_test(t, takes_a_smaller_map_in_little_address_space);
	tcase_add_test(t, shares_its_file_with_other_processes);
	tcase_add_test(t, adopts_a_map_that_another_process_enlarged);
	tcase_add_test(t, no_other_thread_closes_it_under_a_commit);
	tcase_add_test(t, refuses_invalid_keys_and_calls);
	suite_add_tcase(s, t);

	t = tcase_create("transactions");
	tcase_add_checked_fixture(t, enter_directory, NULL);
	tcase_add_test(t, shows_a_reader_one_state);
	tcase_add_test(t, an_aborted_transaction_leaves_nothing);
	tcase_add_test(t, writes_nothing_if_nothing_was_put);
	tcase_add_test(t, opens_a_file_that_ends_before_its_last_page);
	tcase_add_loop_test(t, walks, 0, sizeof(steps) / sizeof(steps[0]));
	tcase_add_test(t, walks_an_empty_map);
	suite_add_tcase(s, t);

	t = tcase_create("failures");
	tcase_add_checked_fixture(t, enter_directory, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, is_usable_after_its_map_was_full);
	tcase_add_loop_test(
	    t, survives_faults, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(t, waits_for_readers_before_it_reopens);
	tcase_add_test(t, comes_back_when_it_can_be_opened_again);
	tcase_add_test(t, is_usable_on_a_full_disk);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite_db());
}
