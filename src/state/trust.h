/* SPDX-License-Identifier: ISC */
/*
 * trust.h - whether other users can change a file that decides which callers
 * are let in: the configuration, or the key set of the issuers.
 *
 * A file is safe if its owner is root or the running user, and if no other user
 * can write to it or replace it in its directory. The same holds for the
 * directory; a sticky directory of root is safe too, because a user cannot
 * replace another user's file in it. Write permission for a group is safe if
 * the group has no members but the owner and root.
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

/*
 * The users. Their files are read without NSS, which neither a static program
 * nor a sandbox has. Members that only a directory service lists stay unknown,
 * so a group that is missing from the files counts as a group with other
 * members.
 */
struct trust_users {
	uid_t running;
	const char *passwd, *group; /* /etc/passwd and /etc/group */
};

/* Whether one file or directory is safe. If not, *out says why; the path is
 * only for that message. */
bool trust_judge(const struct trust_users *users, const char *path,
    const struct stat *st, struct trust_fault *out) ATTR_CHECKED;

/* Checks the directory of a path and, if the path is a symbolic link, the
 * directory of its target. Returns ERR_OK or ERR_NOT_PRIVATE. A directory that
 * does not exist is not at fault. */
enum err
trust_directory(const char *path, struct trust_fault *out) ATTR_CHECKED;
/* Checks the file as well as trust_directory. A device always passes, because
 * it has no content to change. */
enum err trust_file(const char *path, struct trust_fault *out) ATTR_CHECKED;

#endif
