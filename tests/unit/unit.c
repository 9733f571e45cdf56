/* SPDX-License-Identifier: ISC */
/*
 * unit.c - guard pages, comparisons and the runner of the unit tests.
 */
#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char directory[64];
static pid_t directory_owner;

struct str
unit_guard(int slot, struct str text)
{
	static struct {
		char *p;
		size_t size;
	} slots[UNIT_SLOTS];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (text.n / page + 1) * page;
	char *end;

	ck_assert(slot >= 0 && slot < UNIT_SLOTS);
	if (slots[slot].p != NULL)
		munmap(slots[slot].p, slots[slot].size);
	slots[slot].size = size + page;
	slots[slot].p = mmap(NULL, size + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert(slots[slot].p != MAP_FAILED);
	end = slots[slot].p + size;
	ck_assert(mprotect(end, page, PROT_NONE) == 0);
	if (text.n > 0)
		memcpy(end - text.n, text.p, text.n);
	return str_from(end - text.n, text.n);
}

void
unit_same(const char *name, struct str got, struct str want)
{
	ck_assert_msg(
	    str_is_null(got) == str_is_null(want) && str_eq(got, want),
	    "%s: got '%.*s', want '%.*s'", name, STR_ARG(got), STR_ARG(want));
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_directory(void)
{
	if (getpid() == directory_owner)
		nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *
unit_directory(void)
{
	const char *base = getenv("TMPDIR");

	if (directory[0] != '\0' && getpid() == directory_owner)
		return directory;
	snprintf(directory, sizeof(directory), "%s/pushcert-unit-XXXXXX",
	    base != NULL ? base : "/tmp");
	/* unit_directory reports errors itself: ck_assert works only inside a
	 * test, and the golden program calls this function without one. */
	if (mkdtemp(directory) == NULL) {
		perror(directory);
		exit(EXIT_FAILURE);
	}
	directory_owner = getpid();
	atexit(remove_directory);
	return directory;
}

int
unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
