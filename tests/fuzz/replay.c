/* SPDX-License-Identifier: ISC */
/*
 * replay.c - runs a fuzz target over files and directories: the arguments of
 * the command line, or the target's corpus in the source tree. The program is
 * named fuzz_NAME. It prints the name of each file before it runs the target,
 * so the last name is the culprit, and finally the number of files. It fails if
 * there are no files.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define PATH_SIZE 4096

/* Copies the file into a block of exactly its size, so that a memory checker
 * detects reads beyond the end. */
static int
replay_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size + (size == 0));
	FILE *f = fopen(path, "rb");
	int count = -1;

	printf("%s\n", path);
	if (data != NULL && f != NULL && fread(data, 1, size, f) == size) {
		LLVMFuzzerTestOneInput(data, size);
		count = 1;
	} else {
		perror(path);
	}
	if (f != NULL)
		fclose(f);
	free(data);
	return count;
}

static int replay(const char *path);

static int
replay_directory(const char *path)
{
	char inner[PATH_SIZE];
	struct dirent **names;
	int i, n, one, count = 0;

	if ((n = scandir(path, &names, NULL, alphasort)) < 0) {
		perror(path);
		return -1;
	}
	for (i = 0; i < n; i++) {
		snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name);
		one = names[i]->d_name[0] == '.' ? 0 : replay(inner);
		count = one < 0 || count < 0 ? -1 : count + one;
		free(names[i]);
	}
	free(names);
	return count;
}

/* Returns the number of files that were run, or -1. */
static int
replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		perror(path);
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		return replay_directory(path);
	return replay_file(path, (size_t)st.st_size);
}

int
main(int argc, char *argv[])
{
	const char *base = strrchr(argv[0], '/');
	const char *target = strchr(base != NULL ? base : argv[0], '_');
	const char *srcdir = getenv("srcdir");
	char corpus[PATH_SIZE];
	int i, one, count = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	target = target != NULL ? target + 1 : argv[0];
	snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s",
	    srcdir != NULL ? srcdir : ".", target);
	if (argc < 2)
		count = replay(corpus);
	for (i = 1; i < argc; i++) {
		one = replay(argv[i]);
		count = one < 0 || count < 0 ? -1 : count + one;
	}
	printf("%s: %d inputs\n", target, count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
