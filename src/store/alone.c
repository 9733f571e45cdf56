/* SPDX-License-Identifier: ISC */
/*
 * alone.c - locks that let only one process of all do some work. An engine
 * without a lock of its own has a file in the data directory.
 */
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "format/crypto.h"
#include "store/delivery.h"
#include "store/engine.h"
#include "store/store_private.h"
#include "store/store_struct.h"

static enum err
open_lock(struct store *st, const char *name)
{
	char path[PATH_MAX];

	if (st->alone_lock >= 0)
		return ERR_OK;
	snprintf(path, sizeof(path), "%s/%s", store_directory(st), name);
	st->alone_lock = open(
	    path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
	if (st->alone_lock >= 0)
		return ERR_OK;
	log_line(LOG_AT_ERROR, "store: %s: %s", path, strerror(errno));
	return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_STORE;
}

static enum err
outcome(int rc)
{
	if (rc == 0)
		return ERR_OK;
	return errno == EWOULDBLOCK || errno == EACCES ? ERR_IN_USE : ERR_STORE;
}

enum err
store_deliver_alone(struct store *st)
{
	enum err e;

	if (st->engine->alone != NULL)
		return st->engine->alone(st->db, "deploy");
	if ((e = open_lock(st, "deploy.lock")) != ERR_OK)
		return e;
	return outcome(flock(st->alone_lock, LOCK_EX | LOCK_NB));
}

/* The byte of a name is the start of its SHA-256, so that one file has the
 * locks of all names. */
enum err
store_notify_alone(struct store *st, struct str name)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1
	};
	char work[sizeof("notify ") + 16] = "notify ";
	uint8_t hash[CRYPTO_SHA256_LEN];
	uint64_t byte = 0;
	enum err e;
	size_t i;

	crypto_sha256(name, hash);
	if (st->engine->alone != NULL) {
		str_hex(hash, 8, work + strlen(work));
		return st->engine->alone(st->db, work);
	}
	if ((e = open_lock(st, "notify.lock")) != ERR_OK)
		return e;
	for (i = 0; i < 7; i++)
		byte = byte << 8 | hash[i];
	/* 48 bits, so that the byte is below the limit of any file system. */
	lock.l_start = (off_t)(byte >> 8);
	return outcome(fcntl(st->alone_lock, F_OFD_SETLK, &lock));
}

enum err
store_stamp(struct store *st, uint64_t *out)
{
	enum err e = st->engine->stamp(st->db, out);

	/* A file that replaced the former one begins to count again. */
	*out ^= (uint64_t)st->engine->generation(st->db) << 48;
	return e;
}
