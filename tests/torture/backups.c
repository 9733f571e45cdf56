/* SPDX-License-Identifier: ISC */
/*
 * backups.c - a backup that is made while clients change the store is the store
 * at one moment: after it is restored into another directory, the store passes
 * verify and returns the records that were committed at that moment.
 *
 * Each writer sets the records of its own tenants in turn to numbers that grow
 * by one. So one number per writer describes a moment, and all records of that
 * writer must agree with it. This number may not exceed the number
 * that the writer had last sent when the backup ended, and it may not be lower
 * than the number that was last acknowledged when the backup began.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"
#include "victim.h"

#define BACKUPS 5
#define BACKUPS_FULL 50
#define WRITERS 4
#define TENANTS 5 /* per writer */

/* The test shares this with its writers. */
struct writer {
	atomic_uint acknowledged;
	atomic_uint failed;
	atomic_bool stop;
	pid_t pid;
};

struct test {
	struct torture t;
	struct victim v;
	struct victim copy;
	char file[160];
	char token[WRITERS][TENANTS][VICTIM_TOKEN_MAX];
	struct writer *writer;
	unsigned changes; /* in the last backup */
};

static void
be(struct victim *v, const char token[VICTIM_TOKEN_MAX])
{
	memcpy(v->token, token, VICTIM_TOKEN_MAX);
}

_Noreturn static void
write_for_ever(struct test *f, unsigned writer)
{
	struct writer *w = &f->writer[writer];
	struct victim v = f->v;
	unsigned i;

	for (i = 1; !atomic_load(&w->stop); i++) {
		be(&v, f->token[writer][i % TENANTS]);
		if (victim_set(&v, i) != 200) {
			w->failed++;
			break;
		}
		atomic_store(&w->acknowledged, i);
	}
	_exit(EXIT_SUCCESS);
}

static void
start_writers(struct test *f)
{
	unsigned i;

	f->writer = torture_share(WRITERS * sizeof(*f->writer));
	for (i = 0; i < WRITERS; i++) {
		if ((f->writer[i].pid = fork()) < 0)
			torture_die(&f->t, "fork");
		if (f->writer[i].pid == 0)
			write_for_ever(f, i);
	}
}

static void
stop_writers(struct test *f)
{
	unsigned i;

	for (i = 0; i < WRITERS; i++)
		atomic_store(&f->writer[i].stop, true);
	for (i = 0; i < WRITERS; i++) {
		waitpid(f->writer[i].pid, NULL, 0);
		torture_check(&f->t, f->writer[i].failed == 0,
		    "writer %u was refused", i);
	}
}

/* Waits until each tenant has a record. */
static void
wait_for_records(struct test *f)
{
	unsigned i, tries = 0;

	for (i = 0; i < WRITERS; i++)
		while (f->writer[i].acknowledged < TENANTS) {
			if (tries++ > 2000)
				torture_die(&f->t, "the writers");
			usleep(5000);
		}
}

static bool
run(struct test *f, const char *arguments, const char *config)
{
	char line[640];

	snprintf(line, sizeof(line), "./pushcert %s --config %s >>%s 2>&1",
	    arguments, config, f->v.log);
	return system(line) == 0;
}

static bool
restore(struct test *f)
{
	char arguments[320], line[320];

	snprintf(line, sizeof(line), "rm -rf %s", f->copy.data);
	if (system(line) != 0)
		torture_die(&f->t, line);
	snprintf(arguments, sizeof(arguments), "restore %s", f->file);
	return run(f, arguments, f->copy.config) &&
	    run(f, "verify", f->copy.config);
}

/* The tenants of a writer must have consecutive numbers, up to the greatest of
 * them. */
static void
check_writer(struct test *f, unsigned backup, unsigned writer, unsigned least)
{
	long number[TENANTS], most = 0;
	unsigned i, asked = f->writer[writer].acknowledged + 1;
	int status;

	for (i = 0; i < TENANTS; i++) {
		be(&f->copy, f->token[writer][i]);
		number[i] = victim_get(&f->copy, &status);
		if (number[i] > most)
			most = number[i];
	}
	torture_check(&f->t, most >= (long)least && most <= (long)asked,
	    "backup %u, writer %u: %ld, not from %u to %u", backup, writer,
	    most, least, asked);
	for (i = 0; i < TENANTS; i++)
		torture_check(&f->t,
		    number[i] % TENANTS == (long)i && number[i] <= most &&
			most - number[i] < TENANTS,
		    "backup %u, writer %u: %ld beside %ld", backup, writer,
		    number[i], most);
	f->changes += (unsigned)most;
}

static void
try_backup(struct test *f, unsigned backup)
{
	char arguments[320];
	unsigned least[WRITERS], i;

	for (i = 0; i < WRITERS; i++)
		least[i] = f->writer[i].acknowledged;
	snprintf(arguments, sizeof(arguments), "backup %s%s", f->file,
	    backup > 0 ? " --force" : "");
	if (!torture_check(&f->t, run(f, arguments, f->v.config),
		"backup %u is made", backup))
		return;
	if (!torture_check(&f->t, restore(f), "backup %u is restored", backup))
		return;
	victim_start(&f->copy);
	f->changes = 0;
	for (i = 0; i < WRITERS; i++)
		check_writer(f, backup, i, least[i]);
	torture_check(
	    &f->t, victim_stop(&f->copy), "backup %u: the end", backup);
}

static void
make_copy(struct test *f)
{
	FILE *config;

	victim_second(&f->v, &f->copy);
	snprintf(f->copy.data, sizeof(f->copy.data), "%.90s/copy", f->t.dir);
	snprintf(f->copy.config, sizeof(f->copy.config), "%.90s/copy.conf",
	    f->t.dir);
	snprintf(f->file, sizeof(f->file), "%s/backup", f->t.dir);
	if ((config = fopen(f->copy.config, "w")) == NULL ||
	    fprintf(config, "data = %s\n", f->copy.data) < 0 ||
	    fclose(config) != 0)
		torture_die(&f->t, f->copy.config);
}

int
main(int argc, char **argv)
{
	static struct test f;
	unsigned i, k, backups;

	torture_begin(&f.t, "backups", argc, argv);
	victim_make(&f.v, &f.t, NULL);
	make_copy(&f);
	for (i = 0; i < WRITERS; i++)
		for (k = 0; k < TENANTS; k++)
			victim_token(&f.v, i * TENANTS + k, f.token[i][k]);
	victim_start(&f.v);
	start_writers(&f);
	wait_for_records(&f);
	backups = f.t.full ? BACKUPS_FULL : BACKUPS;
	for (i = 0; i < backups; i++)
		try_backup(&f, i);
	stop_writers(&f);
	torture_check(&f.t, victim_stop(&f.v), "the end");
	printf("backups: %u backups, each restored, of up to %u changes, %u "
	       "wrong\n",
	    backups, f.changes, f.t.failed);
	return torture_end(&f.t);
}
