/* SPDX-License-Identifier: ISC */
/*
 * keyring.c - one key set: the keys of the file, followed by keys that only an
 * earlier file had.
 *
 * At most one thread reads the file: the thread that holds `reading`. Only that
 * thread changes the keys, and it takes the write lock to do so; it may read
 * them without a lock. All other threads verify tokens under the read lock.
 * Lock order: reading, then lock.
 */
#include "state/keyring.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/libc.h"
#include "state/trust.h"

/* Limit of the report of skipped entries; a log line holds little more. */
#define LEFT_MAX 768

/* The file has changed if one of these values has. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
	int cause; /* errno of stat, or 0 */
};

struct keyring {
	const char *path;
	uid_t user; /* the running user */
	_Atomic int64_t looked_at;
	_Atomic uint64_t state;

	/* Used only by the thread that holds `reading`. */
	pthread_mutex_t reading;
	struct stamp stamp;
	struct log_repeat told;
	enum log_level level; /* for skipped entries */
	uint64_t left; /* hash of the last report of skipped entries */

	/* Guards the members below. */
	struct libc_lock lock;
	struct jwt_keys keys;
	int64_t until[JWT_KEYS_MAX]; /* 0: the key is in the file */
};

/* The memory for reading a file, which is too large for a worker's stack. */
struct reading {
	struct jwt_keys keys;
	char text[JWT_SET_MAX + 1];
	char block[JWT_SET_ARENA(JWT_SET_MAX)];
	/* The report of skipped entries. */
	char left[LEFT_MAX];
	struct buf report;
	bool has_secrets;
};

static bool
is_same(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode &&
	    a->size == b->size && a->cause == b->cause &&
	    a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec;
}

static struct stamp
stamp_of(const char *path)
{
	struct stamp s = { .cause = 0 };
	struct stat st;

	if (stat(path, &st) != 0) {
		s.cause = errno;
		return s;
	}
	s.device = st.st_dev;
	s.inode = st.st_ino;
	s.size = st.st_size;
	s.changed = st.st_ctim;
	return s;
}

/*
 * Whether another user may have made or changed the file. Trust in the path was
 * checked at the start, but then the file may have been missing from a
 * directory where every user may create files. Write permission of a group is
 * not checked again: the sandbox hides /etc/group.
 */
static bool
is_of_others(const struct keyring *k, int fd)
{
	const struct trust_users users = { .running = k->user };
	struct trust_fault fault;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return true;
	st.st_mode &= ~(mode_t)S_IWGRP;
	return !trust_judge(&users, k->path, &st, &fault);
}

/* Reads the text of the file. Fails with errno, which is EPERM if another user
 * may have written it. A text that is too long is cut off, and too long for
 * jwt_keys_visit as well. */
static enum err
read_text(const struct keyring *k, char *text, size_t size, struct str *out)
{
	enum err e;
	int fd, cause = EPERM;

	if ((e = file_open(k->path, &fd)) != ERR_OK)
		return e;
	e = ERR_FILE;
	if (!is_of_others(k, fd)) {
		e = file_read_fd(fd, text, size, out);
		cause = errno;
	}
	close(fd);
	errno = cause;
	return e != ERR_OK && cause == EFBIG ? ERR_OK : e;
}

/*
 * Logs why the file was not used. cause == 0: the text is wrong, which is
 * logged once, because the same text is not read twice. Otherwise cause is an
 * errno that may go away, and the line repeats at the rate of
 * log_should_repeat.
 */
static void
complain(struct keyring *k, const char *why, int cause, int64_t now_at)
{
	if (cause != 0 && !log_should_repeat(&k->told, (uint64_t)cause, now_at))
		return;
	log_line(LOG_AT_ERROR, "%s: %s; %s", k->path, why,
	    k->keys.n > 0 ? "the former keys stay in use"
			  : "no keys are loaded");
}

/* Adds a skipped entry to the report. A key for another purpose is not
 * reported, because a set usually holds such keys too. */
static void
note_left(const struct jwt_left *left, void *arg)
{
	struct reading *r = arg;

	if (left->reason == JWT_OTHER_PURPOSE)
		return;
	r->has_secrets |= left->reason == JWT_SECRET;
	buf_printf(
	    &r->report, "%skey %zu", r->report.n > 0 ? "; " : "", left->number);
	if (left->name.n > 0)
		buf_printf(
		    &r->report, " '%.*s'", STR_ARG(str_head(left->name, 48)));
	buf_printf(&r->report, ": %.*s", STR_ARG(left->why));
}

/* Logs the report, unless it is the same as last time: a file that is replaced
 * every hour would otherwise repeat it every hour. */
static void
report_left(struct keyring *k, const struct reading *r)
{
	struct str text = buf_view(&r->report);
	uint8_t hash[CRYPTO_SHA256_LEN];
	uint64_t former = k->left;

	k->left = 0;
	if (text.n == 0)
		return;
	crypto_sha256(text, hash);
	memcpy(&k->left, hash, sizeof(k->left));
	if (k->left == former)
		return;
	log_line(r->has_secrets ? LOG_AT_ERROR : k->level,
	    "%s: skipped keys: %.*s%s", k->path, STR_ARG(text),
	    r->report.full ? "; and more" : "");
	if (r->has_secrets)
		log_line(LOG_AT_ERROR,
		    "%s: the file contains private or shared keys; treat them "
		    "as compromised, and replace them at their server",
		    k->path);
}

static enum err
read_keys(struct keyring *k, struct reading *r, int64_t now_at)
{
	struct str text, what;
	struct arena a;
	enum err e;

	if ((e = read_text(k, r->text, sizeof(r->text), &text)) != ERR_OK) {
		complain(k,
		    errno == EPERM ? "another user can write to it"
				   : strerror(errno),
		    errno, now_at);
		return e;
	}
	arena_init(&a, r->block, sizeof(r->block));
	buf_init(&r->report, r->left, sizeof(r->left));
	e = jwt_keys_visit(text, &a, note_left, r, &r->keys, &what);
	report_left(k, r);
	if (e == ERR_CONFIG)
		complain(k, what.p, 0, now_at);
	else if (e == ERR_MEMORY)
		complain(k, strerror(ENOMEM), ENOMEM, now_at);
	else if (e != ERR_OK)
		complain(k, "it is not valid JSON", 0, now_at);
	return e;
}

/* Whether one of the first n keys has the same name. */
static bool
holds(const struct jwt_keys *keys, size_t n, const struct jwt_key *key)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_eq(jwt_key_name(&keys->key[i]), jwt_key_name(key)))
			return true;
	return false;
}

/* Appends the former keys that still serve while there is space, and frees the
 * others. Several former keys may have the same name, so only the n keys of the
 * file are compared. */
static void
keep_former(struct keyring *k, struct jwt_keys *fresh, int64_t now_at)
{
	int64_t until[JWT_KEYS_MAX] = { 0 };
	size_t i, n = fresh->n;

	for (i = 0; i < k->keys.n; i++) {
		const struct jwt_key *key = &k->keys.key[i];
		int64_t end = k->until[i];

		if (end == 0)
			end = now_at + KEYRING_KEPT;
		if (end <= now_at || holds(fresh, n, key) ||
		    jwt_keys_expose(fresh, key) || fresh->n == JWT_KEYS_MAX) {
			crypto_rsa_free(key->rsa);
			continue;
		}
		until[fresh->n] = end;
		fresh->key[fresh->n++] = *key;
	}
	memcpy(k->until, until, sizeof(until));
}

/* Whether a key must be dropped: its time is over, or its private half stands
 * in the set `read`, which may be NULL. */
static bool
is_over(const struct keyring *k, size_t i, const struct jwt_keys *read,
    int64_t now_at)
{
	return (k->until[i] != 0 && k->until[i] <= now_at) ||
	    (read != NULL && jwt_keys_expose(read, &k->keys.key[i]));
}

static void
drop_over(struct keyring *k, const struct jwt_keys *read, int64_t now_at)
{
	size_t i, n = 0;

	libc_lock_alone(&k->lock);
	for (i = 0; i < k->keys.n; i++) {
		if (is_over(k, i, read, now_at)) {
			crypto_rsa_free(k->keys.key[i].rsa);
			continue;
		}
		k->until[n] = k->until[i];
		k->keys.key[n++] = k->keys.key[i];
	}
	k->keys.n = n;
	libc_unlock(&k->lock);
	atomic_fetch_add(&k->state, 1);
}

/* Reads the file and replaces the keys. Returns false if another attempt with
 * the same file may succeed. */
static bool
reload(struct keyring *k, int64_t now_at)
{
	struct reading *r = calloc(1, sizeof(*r));
	enum err e;
	size_t n;

	if (r == NULL) {
		complain(k, strerror(ENOMEM), ENOMEM, now_at);
		return false;
	}
	if ((e = read_keys(k, r, now_at)) == ERR_OK) {
		n = r->keys.n;
		libc_lock_alone(&k->lock);
		keep_former(k, &r->keys, now_at);
		/* Copies only the used part, so that the rest of the array
		 * takes no memory pages. */
		memcpy(k->keys.key, r->keys.key,
		    r->keys.n * sizeof(r->keys.key[0]));
		k->keys.n = r->keys.n;
		libc_unlock(&k->lock);
		/* Not logged at the start, because a CGI program starts for
		 * every request. */
		if (atomic_fetch_add(&k->state, 1) > 0)
			log_line(LOG_AT_INFO, "%s: keys read: %zu", k->path, n);
	} else if (r->keys.exposed_n > 0) {
		/* Even a set without a usable key shows the exposed keys. */
		drop_over(k, &r->keys, now_at);
	}
	free(r);
	return e != ERR_FILE && e != ERR_MEMORY;
}

static bool
is_one_over(const struct keyring *k, int64_t now_at)
{
	size_t i;

	for (i = 0; i < k->keys.n; i++)
		if (is_over(k, i, NULL, now_at))
			return true;
	return false;
}

static void
look(struct keyring *k, int64_t now_at)
{
	/* The stamp is taken before the text is read, so that a change in
	 * between is found the next time. */
	struct stamp s = stamp_of(k->path);

	if (!is_same(&s, &k->stamp)) {
		k->stamp = s;
		/* Retry, unless the file is missing: when it appears, its stamp
		 * differs anyway. */
		if (!reload(k, now_at) && s.cause == 0)
			k->stamp.size = -1;
	}
	if (is_one_over(k, now_at))
		drop_over(k, NULL, now_at);
}

struct keyring *
keyring_open(const char *path, int64_t now_at, enum log_level level)
{
	struct keyring *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->path = path;
	k->user = geteuid();
	k->level = level;
	/* No file has this size, so the first look reads the file. */
	k->stamp.size = -1;
	pthread_mutex_init(&k->reading, NULL);
	libc_lock_init(&k->lock);
	atomic_store(&k->looked_at, now_at);
	look(k, now_at);
	return k;
}

void
keyring_close(struct keyring *k)
{
	if (k == NULL)
		return;
	jwt_keys_free(&k->keys);
	libc_lock_destroy(&k->lock);
	pthread_mutex_destroy(&k->reading);
	free(k);
}

uint64_t
keyring_refresh(struct keyring *k, int64_t now_at)
{
	/* "Not equal" also covers a clock that was set back. */
	if (atomic_load(&k->looked_at) != now_at &&
	    pthread_mutex_trylock(&k->reading) == 0) {
		if (atomic_exchange(&k->looked_at, now_at) != now_at)
			look(k, now_at);
		pthread_mutex_unlock(&k->reading);
	}
	return atomic_load(&k->state);
}

enum err
keyring_verify(struct keyring *k, struct str token, struct arena *a,
    struct jwt *out, struct str *what)
{
	enum err e;

	libc_lock_shared(&k->lock);
	e = jwt_verify(&k->keys, token, a, out, what);
	libc_unlock(&k->lock);
	return e;
}
