/* SPDX-License-Identifier: ISC */
/*
 * trust.c - owner, mode, and the members of groups in /etc/passwd and
 * /etc/group.
 */
#include "state/trust.h"

#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- groups -------------------------------------------------------------- */

/* The owner may write to its file, and root to every file. */
static bool
is_other(uid_t uid, uid_t owner)
{
	return uid != owner && uid != 0;
}

/* Whether the user of this name is neither the owner nor root. Returns true for
 * a name that the file does not list. */
static bool
names_other(const char *passwd, const char *name, uid_t owner)
{
	FILE *f = fopen(passwd, "re");
	const struct passwd *p;
	bool other = true;

	while (f != NULL && (p = fgetpwent(f)) != NULL) {
		if (strcmp(p->pw_name, name) == 0) {
			other = is_other(p->pw_uid, owner);
			break;
		}
	}
	if (f != NULL)
		(void)fclose(f);
	return other;
}

/* Whether /etc/group lists a member of the group other than the owner and root.
 * Sets *known if the file has the group. */
static bool
lists_other(
    const struct trust_users *users, gid_t gid, uid_t owner, bool *known)
{
	FILE *f = fopen(users->group, "re");
	const struct group *g;
	bool other = false;
	char **name;

	while (f != NULL && !other && (g = fgetgrent(f)) != NULL) {
		if (g->gr_gid != gid)
			continue;
		*known = true;
		for (name = g->gr_mem; *name != NULL && !other; name++)
			other = names_other(users->passwd, *name, owner);
	}
	if (f != NULL)
		(void)fclose(f);
	return other;
}

/* Whether the group is the primary group of a user other than the owner and
 * root. Sets *known if it is the primary group of any user. */
static bool
is_first_of_other(
    const struct trust_users *users, gid_t gid, uid_t owner, bool *known)
{
	FILE *f = fopen(users->passwd, "re");
	const struct passwd *p;
	bool other = false;

	while (f != NULL && !other && (p = fgetpwent(f)) != NULL) {
		if (p->pw_gid != gid)
			continue;
		*known = true;
		other = is_other(p->pw_uid, owner);
	}
	if (f != NULL)
		(void)fclose(f);
	return other;
}

static bool
has_others(const struct trust_users *users, gid_t gid, uid_t owner)
{
	bool known = false;

	return lists_other(users, gid, owner, &known) ||
	    is_first_of_other(users, gid, owner, &known) || !known;
}

/* --- judging ------------------------------------------------------------- */

bool
trust_judge(const struct trust_users *users, const char *path,
    const struct stat *st, struct trust_fault *out)
{
	unsigned mode = st->st_mode & 07777;

	if (S_ISCHR(st->st_mode))
		return true;
	if (is_other(st->st_uid, users->running)) {
		out->cure = "Run chown root on it, or run this as its owner.";
		snprintf(out->what, sizeof(out->what),
		    "%s: belongs to user %ld, which can change it; the owner "
		    "must be root or user %ld",
		    path, (long)st->st_uid, (long)users->running);
		return false;
	}
	if (S_ISDIR(st->st_mode) && (mode & S_ISVTX) != 0 && st->st_uid == 0)
		return true;
	if ((mode & S_IWOTH) != 0) {
		out->cure = "Run chmod o-w on it.";
		snprintf(out->what, sizeof(out->what),
		    "%s: every user may write to it (mode %03o)", path, mode);
		return false;
	}
	if ((mode & S_IWGRP) != 0 &&
	    has_others(users, st->st_gid, st->st_uid)) {
		out->cure = "Run chmod g-w on it.";
		snprintf(out->what, sizeof(out->what),
		    "%s: the members of group %ld may write to it (mode %03o)",
		    path, (long)st->st_gid, mode);
		return false;
	}
	return true;
}

static enum err
check(const char *path, struct trust_fault *out)
{
	const struct trust_users users = { geteuid(), "/etc/passwd",
		"/etc/group" };
	struct stat st;

	return stat(path, &st) != 0 || trust_judge(&users, path, &st, out)
	    ? ERR_OK
	    : ERR_NOT_PRIVATE;
}

static enum err
check_parent(const char *path, struct trust_fault *out)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	return check(dirname(copy), out);
}

enum err
trust_directory(const char *path, struct trust_fault *out)
{
	char target[PATH_MAX];
	enum err e;

	if ((e = check_parent(path, out)) != ERR_OK)
		return e;
	/* realpath also resolves directories on the way that are links. */
	return realpath(path, target) != NULL ? check_parent(target, out)
					      : ERR_OK;
}

enum err
trust_file(const char *path, struct trust_fault *out)
{
	enum err e = check(path, out);

	return e == ERR_OK ? trust_directory(path, out) : e;
}
