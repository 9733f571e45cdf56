/* SPDX-License-Identifier: ISC */
/*
 * damaged_backups.c - a backup with changed bytes, or a truncated one, is
 * restored. Afterwards the store either holds everything that the intact backup
 * holds, or restore has reported what is wrong and has changed nothing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"
#include "victim.h"

#define MUTANTS 60
#define MUTANTS_FULL 1000
#define TENANTS 40
#define ROUNDS 3
#define PAGE 4096
#define HEAD_LEN 64

struct test {
	struct torture t;
	struct victim v;
	char config[160]; /* of the target store */
	unsigned char *whole, *mutant;
	size_t n;
	unsigned same, refused, died;
};

/* --- commands ----------------------------------------------------------- */

/* Runs the command in the directory of the test and returns its wait status. */
static int
shell(const struct test *f, const char *command)
{
	char text[1024];

	snprintf(text, sizeof(text), "p=$PWD/pushcert; cd '%s' && { %s; }",
	    f->t.dir, command);
	return system(text);
}

static void
need(struct test *f, const char *command)
{
	if (shell(f, command) != 0)
		torture_die(&f->t, command);
}

/* A command that writes the contents of a store to a file. */
#define DUMP(config, file)                                                  \
	"{ $p token list --config " config " && $p list --config " config   \
	" --json && $p history --config " config " --tenant " VICTIM_TENANT \
	" && $p verify --json --config " config "; } >" file " 2>&1"

static void
put_file(struct test *f, const char *name, const unsigned char *p, size_t n)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->t.dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, p, n) != (ssize_t)n || close(fd) != 0)
		torture_die(&f->t, path);
}

/* --- stores ------------------------------------------------------------- */

static void
fill(struct test *f)
{
	static char body[9000], out[16384];
	const struct ask a = { .method = "PATCH", .body = body };
	char token[TENANTS][VICTIM_TOKEN_MAX];
	unsigned i, round;

	victim_set(&f->v, 1);
	for (i = 0; i < TENANTS; i++)
		victim_token(&f->v, i + 2, token[i]);
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < TENANTS; i++) {
			memcpy(f->v.token, token[i], VICTIM_TOKEN_MAX);
			snprintf(body, sizeof(body),
			    "{\"appleIdentifier\":\"%u.%u\","
			    "\"certificate\":\"%0*u\"}",
			    round, i, i % 8 == 0 ? 8000 : 50, i);
			if (victim_ask(&f->v, &a, out, sizeof(out)) != 200)
				torture_die(&f->t, out);
		}
}

static void
make_stores(struct test *f)
{
	char command[512], path[256];
	struct stat st;
	int fd;

	victim_make(&f->v, &f->t, NULL);
	victim_start(&f->v);
	fill(f);
	if (!victim_stop(&f->v))
		torture_die(&f->t, "stop");
	snprintf(command, sizeof(command),
	    "cp '%s' one.conf && "
	    "$p backup whole --config one.conf && "
	    "printf 'data = %%s\\nkey_file = %%s\\n' \"$PWD/two\" "
	    "\"$PWD/two.key\" >two.conf && $p init --config two.conf && "
	    "$p token create --config two.conf --tenant " VICTIM_TENANT
	    " --scope DeviceManagementServiceConfig.ReadWrite.All"
	    " --name untouched",
	    f->v.config);
	need(f, command);
	need(f, DUMP("one.conf", "good") " || :");
	need(f, DUMP("two.conf", "untouched"));
	need(f, "cp two/data.mdb saved");
	snprintf(path, sizeof(path), "%s/whole", f->t.dir);
	if ((fd = open(path, O_RDONLY)) < 0 || fstat(fd, &st) != 0)
		torture_die(&f->t, path);
	f->n = (size_t)st.st_size;
	f->whole = malloc(f->n);
	f->mutant = malloc(f->n);
	if (f->whole == NULL || f->mutant == NULL ||
	    read(fd, f->whole, f->n) != (ssize_t)f->n)
		torture_die(&f->t, path);
	close(fd);
}

/* --- mutants ------------------------------------------------------------ */

static unsigned char
other_byte(struct test *f, unsigned char byte)
{
	static const unsigned char usual[] = { 0, 0xff, 0x7f, 0x80, 1 };

	switch (torture_random(&f->t, 3)) {
	case 0:
		return usual[torture_random(&f->t, sizeof(usual))];
	case 1:
		return (unsigned char)torture_random(&f->t, 256);
	default:
		return byte ^ (unsigned char)(1U << torture_random(&f->t, 8));
	}
}

/* Makes a mutant and returns its length. Most changes hit sensitive places: the
 * roots and the heads of pages. */
static size_t
mutate(struct test *f)
{
	unsigned changes = 1U << torture_random(&f->t, 5), i;
	size_t page, at;

	memcpy(f->mutant, f->whole, f->n);
	if (torture_random(&f->t, 6) == 0)
		return torture_random(&f->t, (uint32_t)f->n);
	for (i = 0; i < changes; i++) {
		page = torture_random(&f->t, 4) == 0
		    ? torture_random(&f->t, 2)
		    : torture_random(&f->t, (uint32_t)(f->n / PAGE));
		at = page * PAGE +
		    torture_random(&f->t,
			torture_random(&f->t, 3) == 0 ? PAGE : HEAD_LEN * 2);
		f->mutant[at] = other_byte(f, f->mutant[at]);
	}
	return f->n;
}

static void
try_mutant(struct test *f, unsigned number)
{
	size_t n = mutate(f);
	int status, rc;

	put_file(f, "mutant", f->mutant, n);
	status = shell(f,
	    "timeout 60 $p restore mutant --force --config two.conf "
	    ">said 2>&1");
	rc = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	torture_check(&f->t, rc == 0 || rc == 1,
	    "mutant %u: restore ends with "
	    "%#x",
	    number, (unsigned)status);
	torture_check(&f->t, (shell(f, "test -s said") == 0) == (rc != 0),
	    "mutant %u: %d, and a message", number, rc);
	need(f, DUMP("two.conf", "now") " || :");
	torture_check(&f->t,
	    shell(f, rc == 0 ? "cmp good now" : "cmp untouched now") == 0,
	    "mutant %u: %d, and the store is what it must be", number, rc);
	torture_check(&f->t, shell(f, "test \"$(ls two | wc -l)\" = 2") == 0,
	    "mutant %u: nothing is left", number);
	f->same += rc == 0;
	f->refused += rc == 1;
	f->died += shell(f, "grep -q signal said") == 0;
	if (rc == 0)
		need(f, "cp saved two/data.mdb && rm two/lock.mdb");
}

int
main(int argc, char **argv)
{
	static struct test f;
	unsigned mutants, i;

	torture_begin(&f.t, "damaged_backups", argc, argv);
	make_stores(&f);
	mutants = f.t.full ? MUTANTS_FULL : MUTANTS;
	for (i = 1; i <= mutants; i++)
		try_mutant(&f, i);
	torture_check(&f.t, f.refused > mutants / 4, "damage is found");
	printf("damaged_backups: %u mutants, %u hold all, %u refused, "
	       "of which %u end what reads them\n",
	    mutants, f.same, f.refused, f.died);
	free(f.whole);
	free(f.mutant);
	return torture_end(&f.t);
}
