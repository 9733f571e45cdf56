/* SPDX-License-Identifier: ISC */
/*
 * trust.h - whether other users can change a file that decides who is let in:
 * the configuration, and the key set of the issuers.
 *
 * A file is safe if its owner is root or the running user, and no one else may
 * write to it or replace it in its directory. The same holds for the directory;
 * a sticky directory of root's is safe, since no user can replace another's
 * file in it. A group that may write is safe as long as it has no members but
 * the owner and root.
 */
#ifndef PUSHCERT_TRUST_H
#define PUSHCERT_TRUST_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/err.h"

struct trust_fault {
	char what[PATH_MAX + 256]; /* "PATH: every user may write to it ..." */
	const char *cure; /* a constant sentence */
};

/* Who may write. The files are read without NSS, which neither a static program
 * nor a sandbox has: members that only a directory service knows are unknown,
 * and a group that the file does not list counts as one with other members. */
struct trust_users {
	uid_t running;
	const char *passwd, *group; /* paths of the two files */
};

/* What is wrong with one file or directory, whose path is for the message. */
bool trust_judge(const struct trust_users *users, const char *path,
    const struct stat *st, struct trust_fault *out) ATTR_CHECKED;

/* The directory of a path and, where the path is a symbolic link, that of its
 * target: ERR_OK or ERR_NOT_PRIVATE. A file that does not exist is not at
 * fault. */
enum err
trust_directory(const char *path, struct trust_fault *out) ATTR_CHECKED;
/* The same, and the file. A device is nothing that others could change. */
enum err trust_file(const char *path, struct trust_fault *out) ATTR_CHECKED;

#endif
