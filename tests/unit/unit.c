/* SPDX-License-Identifier: ISC */
/*
 * unit.c - guard pages, comparisons, directories, captured logs and the runner
 * of the unit tests.
 */
#include "unit.h"

#include "store/store.h"

#include <fcntl.h>
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

void
unit_capture(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/stderr", unit_directory());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert(fd >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	close(fd);
}

struct str
unit_captured(void)
{
	static char text[256 * 1024];
	ssize_t n = pread(STDERR_FILENO, text, sizeof(text), 0);

	ck_assert(n >= 0);
	return str_from(text, (size_t)n);
}

unsigned
unit_count(struct str text, const char *part)
{
	const char *end = text.p + text.n, *at = text.p;
	unsigned n = 0;

	while (at != NULL &&
	    (at = memmem(at, (size_t)(end - at), part, strlen(part))) != NULL) {
		at++;
		n++;
	}
	return n;
}

bool
unit_holds(struct str text, const char *part)
{
	return unit_count(text, part) > 0;
}

long
unit_read_body(void *body, char *p, size_t n)
{
	struct str *rest = body;

	if (n > rest->n)
		n = rest->n;
	if (n > 0)
		memcpy(p, rest->p, n);
	*rest = str_tail(*rest, n);
	return (long)n;
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

bool
unit_on_server(void)
{
	const char *database = getenv("PUSHCERT_TEST_DATABASE");

	return database != NULL && *database != '\0';
}

void
unit_engine(struct store_options *options, char schema[UNIT_SCHEMA_MAX])
{
	const char *database = getenv("PUSHCERT_TEST_DATABASE"), *p;
	uint64_t hash = 0xcbf29ce484222325;

	if (!unit_on_server())
		return;
	for (p = options->directory; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3;
	snprintf(
	    schema, UNIT_SCHEMA_MAX, "test_%016llx", (unsigned long long)hash);
	options->database = database;
	options->database_schema = schema;
	options->database_lanes = 2;
}

bool
unit_is_watched(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#endif
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return true;
#endif
#endif
	return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}
