/* SPDX-License-Identifier: ISC */
/*
 * cmd_spool.c - keeps the output of a command in memory until its read
 * transaction has ended.
 *
 * The reader of a pipe, a pager or a terminal may take output slowly. A
 * transaction that stays open meanwhile keeps all pages that are freed, and the
 * store of a busy service would grow until it is full.
 */
#include "tool/cmd_call.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "tool/cmd_output.h"

/* Replaces the descriptor fd by a file in memory. Returns a descriptor of the
 * original file, or -1. */
static int
divert(int fd)
{
	int memory = memfd_create("pushcert output", MFD_CLOEXEC), real = -1;

	if (memory >= 0)
		real = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (real >= 0 && dup2(memory, fd) < 0) {
		close(real);
		real = -1;
	}
	if (memory >= 0)
		close(memory);
	return real;
}

/* Puts the original file back, and writes the collected output to it. Closes
 * `real`. */
static bool
restore(int fd, int real)
{
	char block[64 * 1024];
	bool good = true;
	ssize_t n;
	int memory = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (dup2(real, fd) < 0 || memory < 0 || lseek(memory, 0, SEEK_SET) != 0)
		good = false;
	close(real);
	while (good && (n = read(memory, block, sizeof(block))) != 0)
		good = n > 0 && file_write(fd, block, (size_t)n) == ERR_OK;
	if (memory >= 0)
		close(memory);
	return good;
}

enum err
cmd_spool_begin(struct cmd_call *c, bool errors)
{
	if (c->spool.on)
		return ERR_OK;
	if (cmd_flush(c) != ERR_OK)
		return ERR_FILE;
	c->spool = (struct cmd_spool){ .on = true, .err = -1 };
	if ((c->spool.out = divert(STDOUT_FILENO)) >= 0 &&
	    (!errors || (c->spool.err = divert(STDERR_FILENO)) >= 0))
		return ERR_OK;
	(void)cmd_fail_file(c, "memory for the output");
	(void)!cmd_spool_end(c);
	return ERR_FILE;
}

enum err
cmd_spool_end(struct cmd_call *c)
{
	enum err e = ERR_OK;

	if (!c->spool.on)
		return ERR_OK;
	c->spool.on = false;
	if (cmd_flush(c) != ERR_OK)
		e = ERR_FILE;
	if (c->spool.err >= 0 && !restore(STDERR_FILENO, c->spool.err)) {
		(void)cmd_fail_file(c, "stderr");
		e = ERR_FILE;
	}
	if (c->spool.out >= 0 && !restore(STDOUT_FILENO, c->spool.out)) {
		(void)cmd_fail_file(c, "stdout");
		e = ERR_FILE;
	}
	return e;
}

enum err
cmd_end_reading(struct cmd_call *c)
{
	store_reader_free(c->reader);
	c->reader = NULL;
	return cmd_spool_end(c);
}
