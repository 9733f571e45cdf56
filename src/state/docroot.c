/* SPDX-License-Identifier: ISC */
/*
 * docroot.c - compares directories by device and inode.
 */
#include "state/docroot.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Usual names of document roots. */
static const char *const names[] = { "public_html", "htdocs", "httpdocs",
	"html" };

static bool
is_same(const struct docroot_directory *a, const struct stat *b)
{
	return a->file == b->st_ino && a->device == b->st_dev;
}

void
docroot_init(struct docroot *d, const char *data)
{
	int fd = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC), up;
	struct stat st;

	d->n = 0;
	while (fd >= 0 && d->n < DOCROOT_DEPTH && fstat(fd, &st) == 0) {
		if (d->n > 0 && is_same(&d->above[d->n - 1], &st))
			break; /* "/" is its own parent */
		d->above[d->n].device = st.st_dev;
		d->above[d->n].file = st.st_ino;
		d->n++;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = up;
	}
	if (fd >= 0)
		close(fd);
}

bool
docroot_holds(const struct docroot *d, struct str root)
{
	char path[PATH_MAX];
	struct stat st;
	size_t i;

	if (root.n < 2 || root.n >= sizeof(path) || root.p[0] != '/')
		return false;
	memcpy(path, root.p, root.n);
	path[root.n] = '\0';
	if (stat(path, &st) != 0)
		return false;
	/* The last entry is "/", which holds every directory. */
	for (i = 0; i + 1 < d->n; i++)
		if (is_same(&d->above[i], &st))
			return true;
	return false;
}

bool
docroot_holds_now(const struct docroot *d, struct docroot_seen *seen,
    struct str root, int64_t now_at)
{
	if (root.n == 0 ||
	    (seen->at == now_at && str_eq(root, str_from(seen->root, seen->n))))
		return false;
	if (docroot_holds(d, root))
		return true;
	if (root.n > sizeof(seen->root))
		return false;
	memcpy(seen->root, root.p, root.n);
	seen->n = root.n;
	seen->at = now_at;
	return false;
}

static bool
looks_like_one(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash == NULL ? path : slash + 1;
	char inside[PATH_MAX + sizeof("/.htaccess")];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(last, names[i]) == 0)
			return true;
	strcpy(inside, path);
	strcat(inside, "/.htaccess");
	return access(inside, F_OK) == 0;
}

/* Removes the last name of the path. Returns false if the path has only one. */
static bool
parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return false;
	*slash = '\0';
	return true;
}

struct str
docroot_suspect(const char *data, char path[PATH_MAX])
{
	char text[PATH_MAX];

	if (strlen(data) >= sizeof(text))
		return str_of(NULL);
	strcpy(text, data);
	while (realpath(text, path) == NULL)
		if (!parent(text))
			return str_of(NULL);
	do {
		if (looks_like_one(path))
			return str_of(path);
	} while (parent(path));
	return str_of(NULL);
}
