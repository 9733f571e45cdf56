/* SPDX-License-Identifier: ISC */
/*
 * deploy_target.c - lists the programs in deploy_directory.
 */
#include "tool/deploy_target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/trust.h"

static bool
is_target_name(const char *name)
{
	static const char known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789_-";
	size_t n = strspn(name, known);

	return n > 0 && n <= DEPLOY_NAME_MAX && name[n] == '\0';
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct deploy_target *)a)->name,
	    ((const struct deploy_target *)b)->name);
}

/* Adds a target, or puts it in the place of a target of the same name. */
static enum err
add(struct deploy_targets *t, const char *name, const char *folder)
{
	struct deploy_target *at;
	size_t i = 0;

	while (i < t->n && strcmp(t->list[i].name, name) != 0)
		i++;
	if (i == t->room) {
		t->room = t->room > 0 ? 2 * t->room : 16;
		at = reallocarray(t->list, t->room, sizeof(*at));
		if (at == NULL)
			return ERR_MEMORY;
		t->list = at;
	}
	t->n += i == t->n;
	at = &t->list[i];
	snprintf(at->name, sizeof(at->name), "%s", name);
	snprintf(at->folder, sizeof(at->folder), "%s", folder);
	return ERR_OK;
}

/* Adds the programs of an open directory, which it closes. */
static enum err
add_all(struct deploy_targets *t, int fd, const char *folder)
{
	const struct dirent *entry;
	enum err e = ERR_OK;
	struct stat st;
	DIR *d;

	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return ERR_FILE;
	}
	while (e == ERR_OK && (entry = readdir(d)) != NULL)
		if (is_target_name(entry->d_name) &&
		    fstatat(fd, entry->d_name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode) &&
		    (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0)
			e = add(t, entry->d_name, folder);
	closedir(d);
	if (t->n > 0)
		qsort(t->list, t->n, sizeof(*t->list), by_name);
	return e;
}

/* Adds the programs of a folder, if there is one of this name. */
static enum err
add_folder(struct deploy_targets *t, const char *folder)
{
	char path[PATH_MAX];
	int fd;

	if (folder[0] == '\0' || folder[0] == '.' || strchr(folder, '/') ||
	    snprintf(path, sizeof(path), "%s/%s", t->directory, folder) >=
		(int)sizeof(path))
		return ERR_OK;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? ERR_OK : ERR_FILE;
	return add_all(t, fd, folder);
}

enum err
deploy_target_read(const char *directory, struct deploy_targets *out)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*out = (struct deploy_targets){ .directory = directory };
	return fd < 0 ? ERR_FILE : add_all(out, fd, "");
}

enum err
deploy_target_of(const struct deploy_targets *all, const struct guid *tenant,
    struct str alias, struct deploy_targets *out)
{
	char folder[STR_GUID_LEN + 1] = "", named[DEPLOY_NAME_MAX + 1];
	enum err e = ERR_OK;
	size_t i;

	*out = (struct deploy_targets){ .directory = all->directory };
	for (i = 0; i < all->n && e == ERR_OK; i++)
		e = add(out, all->list[i].name, "");
	snprintf(named, sizeof(named), "%.*s", STR_ARG(alias));
	if (e == ERR_OK && alias.n > 0)
		e = add_folder(out, named);
	str_guid_text(tenant, folder);
	return e == ERR_OK ? add_folder(out, folder) : e;
}

void
deploy_target_free(struct deploy_targets *t)
{
	free(t->list);
	t->list = NULL;
	t->n = 0;
}

bool
deploy_target_path(
    const char *directory, const struct deploy_target *t, char out[PATH_MAX])
{
	return snprintf(out, PATH_MAX, "%s/%s%s%s", directory, t->folder,
		   t->folder[0] != '\0' ? "/" : "", t->name) < PATH_MAX;
}

enum err
deploy_target_trust(const char *directory, const struct deploy_target *t,
    struct trust_fault *out)
{
	char path[PATH_MAX];
	enum err e;

	if ((e = trust_directory(directory, out)) != ERR_OK)
		return e;
	if (t->folder[0] != '\0') {
		snprintf(path, sizeof(path), "%s/%s", directory, t->folder);
		if ((e = trust_directory(path, out)) != ERR_OK)
			return e;
	}
	return deploy_target_path(directory, t, path) ? trust_file(path, out)
						      : ERR_OK;
}
