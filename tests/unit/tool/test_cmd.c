/* SPDX-License-Identifier: ISC */
/*
 * test_cmd.c - commands on an unusual machine: with a library that the program
 * does not know, and without memory. The function of LMDB that returns its
 * version is replaced here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lmdb.h>

#include "tool/cmd.h"
#include "tool/cmd_table.h"
#include "unit.h"

static int major_release, minor_release;

char *
mdb_version(int *major, int *minor, int *patch)
{
	static char text[] = "LMDB";

	*major = major_release;
	*minor = minor_release;
	*patch = 0;
	return text;
}

/* Runs a command, with its standard output in a file, and reads that. */
static int
run(char **argv, char *said, size_t size)
{
	int argc, status;
	FILE *f;

	for (argc = 0; argv[argc] != NULL; argc++)
		;
	ck_assert_ptr_nonnull(freopen("said", "w", stdout));
	status = cmd_run(argc, argv);
	fflush(stdout);
	ck_assert_ptr_nonnull(f = fopen("said", "r"));
	said[fread(said, 1, size - 1, f)] = '\0';
	fclose(f);
	return status;
}

#define WORD(text) (char *)(uintptr_t)(text)

static const struct release {
	const char *name;
	int major, minor;
	bool known;
} releases[] = {
	{ "0.9", 0, 9, true },
	{ "0.8", 0, 8, false },
	{ "0.10", 0, 10, false },
	{ "1.0", 1, 0, false },
	{ "1.9", 1, 9, false },
};

START_TEST(reports_an_unknown_release_of_lmdb)
{
	const struct release *r = &releases[_i];
	char *init[] = { WORD("pushcert"), WORD("init"), WORD("--data"),
		WORD("data"), WORD("--config"), WORD("pushcert.conf"), NULL };
	char *doctor[] = { WORD("pushcert"), WORD("doctor"), WORD("--config"),
		WORD("pushcert.conf"), NULL };
	char said[4096];

	major_release = r->major;
	minor_release = r->minor;
	ck_assert(mkdir(r->name, 0700) == 0 && chdir(r->name) == 0);
	umask(077);
	ck_assert_int_eq(run(init, said, sizeof(said)), EXIT_SUCCESS);
	/* The store is in good order, so a release alone is no finding. */
	ck_assert_int_eq(run(doctor, said, sizeof(said)), EXIT_SUCCESS);
	unit_check(r->name,
	    r->known ==
		(strstr(said, "this LMDB is not of release 0.9") == NULL));
}
END_TEST

/* --- no memory ------------------------------------------------------------ */

#ifdef INSTRUMENTED
#define OWN_HEAP false
#else
#define OWN_HEAP true
#endif

/* The blocks that take_heap took; each begins with the address of another. */
static void *heap;

/* Takes all memory that the process may have. */
static void
take_heap(void)
{
	struct rlimit none = { .rlim_cur = 0 };
	void **block;
	size_t n;

	ck_assert(setrlimit(RLIMIT_AS, &none) == 0 &&
	    getrlimit(RLIMIT_AS, &none) == 0);
	if (none.rlim_cur != 0) {
		printf("skipped: no limit of memory, as under qemu-user\n");
		_exit(EXIT_FAILURE);
	}
	for (n = (size_t)1 << 20; n >= 16; n /= 2)
		while ((block = malloc(n)) != NULL) {
			*block = heap;
			heap = block;
		}
}

/* libcrypto 3.5 waits for itself if the first allocation fails. */
START_TEST(ends_without_memory)
{
	char *list[] = { WORD("pushcert"), WORD("tenant"), WORD("list"),
		WORD("--config"), WORD("/nonexistent"), NULL };

	if (!OWN_HEAP) {
		printf("skipped: the sanitizers and gcov need memory\n");
		_exit(EXIT_FAILURE);
	}
	alarm(10);
	take_heap();
	_exit(cmd_run(5, list));
}
END_TEST

START_TEST(completes_each_row_of_the_table_of_commands)
{
	const struct command *row;
	size_t i;

	for (i = 0; (row = cmd_row(i)) != NULL; i++) {
		ck_assert_ptr_nonnull(row->word);
		unit_check(row->word, row->summary != NULL && row->run != NULL);
		unit_check(row->word, (row->needs & ~row->options) == 0);
		unit_check(row->word,
		    (row->force != NULL) ==
			((row->options & CMD_BIT(OPTION_FORCE)) != 0));
	}
	ck_assert_uint_gt(i, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cmd");
	TCase *t = tcase_create("cmd");

	if (chdir(unit_directory()) != 0)
		return EXIT_FAILURE;
	tcase_add_loop_test(t, reports_an_unknown_release_of_lmdb, 0,
	    sizeof(releases) / sizeof(releases[0]));
	tcase_add_test(t, completes_each_row_of_the_table_of_commands);
	tcase_add_exit_test(t, ends_without_memory, EXIT_FAILURE);
	suite_add_tcase(s, t);
	return unit_run(s);
}
