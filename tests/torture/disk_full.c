/* SPDX-License-Identifier: ISC */
/*
 * disk_full.c - on a full disk the program refuses a change with 507. Committed
 * data can still be read, even by a program that starts on the full disk, and
 * changes succeed again as soon as there is space.
 *
 * The disk is a small tmpfs in a private mount namespace, which needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "torture.h"
#include "victim.h"

#define SIZE "size=2m"
#define ROUNDS 4
#define ROUNDS_FULL 50
#define CHANGES_MAX 50

struct test {
	struct torture t;
	struct victim v;
	char disk[128];
	char fill[160];
	unsigned number;
	unsigned refused;
};

/* Fills the disk until the given number of pages is left. */
static void
fill_disk(struct test *f, unsigned left)
{
	static const char page[4096] = "";
	int fd = open(f->fill, O_WRONLY | O_CREAT | O_APPEND, 0600);
	struct stat st;

	if (fd < 0)
		torture_die(&f->t, f->fill);
	while (write(fd, page, sizeof(page)) == (ssize_t)sizeof(page))
		continue;
	if (errno != ENOSPC || fstat(fd, &st) != 0 ||
	    ftruncate(fd, st.st_size - (off_t)(left * sizeof(page))) != 0)
		torture_die(&f->t, f->fill);
	close(fd);
}

static void
check_get(struct test *f, const char *when)
{
	int status;
	long number = victim_get(&f->v, &status);

	torture_check(&f->t, number == (long)f->number,
	    "GET %s: status %d, %ld and not %u", when, status, number,
	    f->number);
}

/* Makes changes until one is refused with 507, or until CHANGES_MAX changes
 * have fitted into pages that were freed. */
static void
change_until_full(struct test *f)
{
	char text[5000], body[5100], out[16384];
	struct ask a = { .method = "PATCH", .body = body };
	int status = 200, tries;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (tries = 0; status == 200 && tries < CHANGES_MAX; tries++) {
		snprintf(body, sizeof(body),
		    "{\"appleIdentifier\":\"%u\",\"certificate\":\"%s\"}",
		    f->number + 1, text);
		status = victim_ask(&f->v, &a, out, sizeof(out));
		if (status == 200)
			f->number++;
	}
	f->refused += status == 507;
	torture_check(&f->t,
	    status == 200 ||
		(status == 507 && strstr(out, "InsufficientStorage") != NULL),
	    "PATCH on a full disk: %.300s", out);
}

/* A small change may fit into pages that were freed. */
static void
change_if_fits(struct test *f)
{
	int status = victim_set(&f->v, f->number + 1);

	if (status == 200)
		f->number++;
	torture_check(&f->t, status == 200 || status == 507,
	    "PATCH of a start on a full disk: status %d", status);
	check_get(f, "after that");
}

/* In every other round the program is started on the full disk. */
static void
try_round(struct test *f, unsigned round)
{
	if (f->v.pid == 0)
		victim_start(&f->v);
	check_get(f, "before");
	fill_disk(f, round % 4);
	change_until_full(f);
	check_get(f, "on a full disk");
	if (round % 2 == 1) {
		torture_check(
		    &f->t, victim_stop(&f->v), "the end on a full disk");
		victim_start(&f->v);
		check_get(f, "of a start on a full disk");
		change_if_fits(f);
	}
	if (unlink(f->fill) != 0)
		torture_die(&f->t, f->fill);
	torture_check(&f->t, victim_set(&f->v, ++f->number) == 200,
	    "PATCH when there is room again");
	check_get(f, "when there is room again");
}

/* On a full disk init fails with a message; it must not crash. */
static void
try_init(struct test *f)
{
	char line[1024];

	snprintf(line, sizeof(line),
	    "mkdir -m 700 %s/other; ./pushcert init --data %s/other --config "
	    "%s/other.conf >%s/said 2>&1; code=$?; rm -r %s/other; test $code "
	    "= 1 && grep -qi 'no space\\|full' %s/said",
	    f->disk, f->disk, f->t.dir, f->t.dir, f->disk, f->t.dir);
	fill_disk(f, 1);
	torture_check(&f->t, system(line) == 0, "init on a full disk");
	if (unlink(f->fill) != 0)
		torture_die(&f->t, f->fill);
}

int
main(int argc, char **argv)
{
	struct test f = { .number = 1 };
	char data[160];
	unsigned round, rounds;

	torture_begin(&f.t, "disk-full", argc, argv);
	snprintf(f.disk, sizeof(f.disk), "%s/disk", f.t.dir);
	snprintf(f.fill, sizeof(f.fill), "%s/fill", f.disk);
	snprintf(data, sizeof(data), "%s/data", f.disk);
	if (mkdir(f.disk, 0700) != 0)
		torture_die(&f.t, f.disk);
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("pushcert", f.disk, "tmpfs", 0, SIZE) != 0)
		torture_skip(&f.t, "needs the right to mount a tmpfs");
	victim_make(&f.v, &f.t, data);
	victim_start(&f.v);
	torture_check(&f.t, victim_set(&f.v, f.number) == 200, "PATCH");
	rounds = f.t.full ? ROUNDS_FULL : ROUNDS;
	for (round = 0; round < rounds; round++)
		try_round(&f, round);
	torture_check(&f.t, victim_stop(&f.v), "the end");
	try_init(&f);
	torture_check(&f.t, f.refused >= rounds / 2, "the disk is full");
	printf("disk-full: %u changes, %u times full, %u wrong\n", f.number,
	    f.refused, f.t.failed);
	umount2(f.disk, MNT_DETACH);
	return torture_end(&f.t);
}
