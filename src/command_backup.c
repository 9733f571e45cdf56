/* SPDX-License-Identifier: ISC */
/*
 * command_backup.c - the whole store into a file, and back.
 */
#include "command_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
fail(enum err e, const char *path)
{
	if (e != ERR_FILE)
		return command_fail(e, path);
	fprintf(stderr, "pushcert: %s: %s\n", path, strerror(errno));
	return EXIT_FAILURE;
}

int
command_backup(struct command_call *c)
{
	const char *path = c->argument[0];
	enum err e;

	if (command_load_config(c) != ERR_OK ||
	    command_open_store(c, false) != ERR_OK)
		return EXIT_FAILURE;
	e = store_backup(c->store, path);
	return e == ERR_OK ? EXIT_SUCCESS : fail(e, path);
}

int
command_restore(struct command_call *c)
{
	bool force = (c->given & COMMAND_BIT(OPTION_FORCE)) != 0;
	const char *path = c->argument[0];
	enum err e;

	if (command_load_config(c) != ERR_OK ||
	    command_open_store(c, true) != ERR_OK)
		return EXIT_FAILURE;
	e = store_restore(c->store, path, force);
	if (e == ERR_USAGE)
		fprintf(stderr,
		    "pushcert: %s: the store is not empty; --force puts the "
		    "backup in its place\n",
		    c->config.data);
	else if (e == ERR_NO_STORE || e == ERR_CORRUPT)
		fprintf(stderr,
		    "pushcert: %s: not a whole backup; nothing was changed\n",
		    path);
	else if (e != ERR_OK)
		(void)fail(e, path);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
