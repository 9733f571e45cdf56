/* SPDX-License-Identifier: ISC */
/*
 * stale_reader.c - a process is killed while it reads. Its entry in the reader
 * table would keep every page that was in use at that moment, and the file
 * would grow with each change. A process that opens the store removes such
 * entries, and a process that has it open removes them within a minute.
 *
 * The control: while the reader lives the file must grow; otherwise the test
 * would show nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "timing.h"
#include "torture.h"
#include "victim.h"

#define CHANGES 300
#define CHANGES_FULL 3000
/* Seconds within which a running program removes stale readers. */
#define LOOKS_AFTER 61
/* Number of bytes by which the file may vary while a commit is under way. */
#define SLACK (16 * 4096)

struct test {
	struct torture t;
	struct victim v;
	struct victim other; /* has the store open all the time */
	unsigned number;
};

/* Makes this number of changes and returns the growth of the file in bytes. */
static off_t
growth(struct test *f, unsigned changes)
{
	off_t before = victim_data_size(&f->v);

	for (; changes > 0; changes--) {
		f->number++;
		torture_check(&f->t, victim_set(&f->v, f->number) == 200,
		    "change %u", f->number);
	}
	return victim_data_size(&f->v) - before;
}

_Noreturn static void
read_for_ever(const struct test *f, int ready)
{
	const struct store_options options = { .directory = f->v.data,
		.map_size = (size_t)1 << 30,
		.readers = 256,
		.history_keep = 100 };
	struct store *st;
	struct txn *reader;

	if (store_open(&options, &st) != ERR_OK ||
	    store_reader(st, &reader) != ERR_OK ||
	    store_begin(reader) != ERR_OK || write(ready, "", 1) != 1)
		_exit(99);
	for (;;)
		pause();
}

/* Starts a process that begins a read transaction and never ends it. */
static pid_t
start_reader(struct test *f)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready) != 0 || (pid = fork()) < 0)
		torture_die(&f->t, "fork");
	if (pid == 0)
		read_for_ever(f, ready[1]);
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		torture_die(&f->t, "the reader");
	close(ready[0]);
	return pid;
}

static void
kill_reader(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void
check_flat(struct test *f, off_t grown, const char *when)
{
	torture_check(&f->t, grown <= SLACK, "%s the file grows by %lld", when,
	    (long long)grown);
}

/* Waits until the program has removed the stale reader. A few changes go on
 * meanwhile. */
static void
wait_until_seen(struct test *f)
{
	unsigned i;

	for (i = 0; i < LOOKS_AFTER; i++) {
		(void)growth(f, 1);
		sleep_ms(1000);
	}
}

int
main(int argc, char **argv)
{
	struct test f = { .number = 0 };
	off_t usual, held, opened, waited = 0;
	unsigned changes;
	pid_t reader;

	torture_begin(&f.t, "stale-reader", argc, argv);
	changes = f.t.full ? CHANGES_FULL : CHANGES;
	victim_make(&f.v, &f.t, NULL);
	victim_second(&f.v, &f.other);
	victim_start(&f.other);
	victim_start(&f.v);
	(void)growth(&f, CHANGES);
	usual = growth(&f, changes);
	check_flat(&f, usual, "at rest");

	reader = start_reader(&f);
	held = growth(&f, changes);
	torture_check(&f.t, held > SLACK, "the control grows by %lld only",
	    (long long)held);
	kill_reader(reader);
	torture_check(&f.t, victim_stop(&f.v), "the end");
	victim_start(&f.v);
	opened = growth(&f, changes);
	check_flat(&f, opened, "opened again");

	if (f.t.full) {
		kill_reader(start_reader(&f));
		wait_until_seen(&f);
		waited = growth(&f, changes);
		check_flat(&f, waited, "after a minute");
	}
	torture_check(
	    &f.t, victim_stop(&f.v) && victim_stop(&f.other), "the end");
	printf("stale-reader: %u changes each; the file grows by %lld KiB, "
	       "with a reader by %lld, opened after its death by %lld, a "
	       "minute after by %lld\n",
	    changes, (long long)usual / 1024, (long long)held / 1024,
	    (long long)opened / 1024, (long long)waited / 1024);
	return torture_end(&f.t);
}
