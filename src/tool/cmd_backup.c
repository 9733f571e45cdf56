/* SPDX-License-Identifier: ISC */
/*
 * cmd_backup.c - copies the whole store into a file, and puts such a file in
 * the place of the store.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/cmd_output.h"
#include "tool/cmd_progress.h"

static int
fail(const struct cmd_call *c, enum err e, const char *path)
{
	if (e != ERR_FILE)
		return cmd_fail(c, e, path);
	(void)cmd_fail_file(c, path);
	return EXIT_FAILURE;
}

/* Whether the file would lie in the directory. A backup in the data directory
 * would be lost together with the store, or could overwrite it. */
static bool
is_within(const char *path, const char *directory)
{
	char parent[PATH_MAX], copy[PATH_MAX], outer[PATH_MAX];
	size_t n;

	if (strlen(path) >= sizeof(copy))
		return false;
	strcpy(copy, path);
	if (realpath(dirname(copy), parent) == NULL ||
	    realpath(directory, outer) == NULL)
		return false;
	n = strlen(outer);
	return strncmp(parent, outer, n) == 0 &&
	    (parent[n] == '\0' || parent[n] == '/');
}

/* Runs in a child process and prints its own errors. */
static enum err
backup(struct cmd_call *c, void *arg)
{
	bool force = (c->given & CMD_BIT(OPTION_FORCE)) != 0;
	const char *path = c->argument[0];
	struct cmd_progress progress;
	enum err e;

	(void)arg;
	if ((e = cmd_open_store(c, false)) != ERR_OK)
		return e;
	cmd_progress_begin(&progress, &c->progress, STDERR_FILENO);
	e = store_backup(c->store, path, force);
	cmd_progress_end(&progress);
	if (e == ERR_FILE && errno == EEXIST)
		cmd_error(c,
		    "%s: the file exists; choose another name, or replace it "
		    "with --force",
		    path);
	else if (e == ERR_CORRUPT)
		cmd_error(c,
		    "%s: the store is damaged and no backup was made; 'pushcert "
		    "verify' reports the damage",
		    cmd_place(c));
	else if (e != ERR_OK)
		(void)fail(c, e, path);
	return e;
}

int
cmd_backup(struct cmd_call *c)
{
	int died;
	enum err e;

	if (cmd_load_config(c) != ERR_OK)
		return EXIT_FAILURE;
	if (is_within(c->argument[0], c->config.data)) {
		cmd_error(c,
		    "%s: a backup in the data directory would be lost with it; "
		    "choose another directory",
		    c->argument[0]);
		return EXIT_FAILURE;
	}
	e = cmd_in_child(c, backup, NULL, 0, &died);
	if (died != 0)
		cmd_error(c,
		    "%s: the store is damaged: reading it ended with signal %d, "
		    "and no backup was made; 'pushcert verify' reports the damage",
		    cmd_place(c), died);
	if (e != ERR_OK)
		store_backup_clean(c->config.data);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Runs in a child process, because reading a damaged backup may kill the
 * process that reads it. The store is not changed before the whole backup has
 * been read. */
static enum err
restore(struct cmd_call *c, void *arg)
{
	bool force = (c->given & CMD_BIT(OPTION_FORCE)) != 0;
	const char *path = c->argument[0];
	struct cmd_progress progress;
	enum err e;

	(void)arg;
	if ((e = cmd_open_store(c, true)) != ERR_OK)
		return e;
	cmd_progress_begin(&progress, &c->progress, STDERR_FILENO);
	e = store_restore(c->store, path, force);
	cmd_progress_end(&progress);
	if (e == ERR_EXISTS)
		cmd_error(c,
		    "%s: the store is not empty; replace it with --force",
		    cmd_place(c));
	else if (e == ERR_NO_STORE || e == ERR_CORRUPT)
		cmd_error(c,
		    "%s: this is not a complete backup and nothing was changed; "
		    "choose a file that 'pushcert backup' wrote",
		    path);
	else if (e != ERR_OK)
		(void)fail(c, e, path);
	return e;
}

int
cmd_restore(struct cmd_call *c)
{
	int died;

	if (cmd_load_config(c) != ERR_OK || !cmd_has_place(c, c->config.data))
		return EXIT_FAILURE;
	if (cmd_in_child(c, restore, NULL, 0, &died) == ERR_OK)
		return EXIT_SUCCESS;
	if (died != 0)
		cmd_error(c,
		    "%s: this is not a complete backup: reading it ended with "
		    "signal %d, and nothing was changed; choose a file that "
		    "'pushcert backup' wrote",
		    c->argument[0], died);
	/* A sanitizer ends the child without a signal. */
	store_backup_clean(c->config.data);
	return EXIT_FAILURE;
}
