/* SPDX-License-Identifier: ISC */
/*
 * lmdb_readers.c - finds the oldest reader in the reader table of the lock
 * file. mdb_reader_list gives the table as text: a line of titles, then a line
 * "process thread commit" for each reader, with "-" as the commit of a reader
 * that has not begun.
 */
#include "store/lmdb_readers.h"

#include <stdint.h>
#include <stdlib.h>

#include <lmdb.h>

static int
take_line(const char *line, void *arg)
{
	struct db_oldest *oldest = arg;
	char *thread, *text, *end;
	long pid = strtol(line, &thread, 10);
	size_t commit;

	(void)strtoul(thread, &text, 16);
	commit = strtoul(text, &end, 10);
	if (thread != line && text != thread && end != text &&
	    commit < oldest->commit) {
		oldest->pid = (pid_t)pid;
		oldest->commit = commit;
	}
	return 0;
}

struct db_oldest
lmdb_readers_oldest(struct MDB_env *env)
{
	struct db_oldest oldest = { .pid = 0 };
	MDB_envinfo info;

	if (mdb_env_info(env, &info) != 0)
		return oldest;
	oldest.commit = info.me_last_txnid;
	(void)mdb_reader_list(env, take_line, &oldest);
	oldest.changes = info.me_last_txnid - oldest.commit;
	return oldest;
}
