/* SPDX-License-Identifier: ISC */
/*
 * fuzz_config.c - any file gives either a configuration or a message with the
 * path of the file. A valid configuration that is printed and loaded again is
 * the same, unless printing has made a line too long.
 *
 * The file is in memory and is reused for each input.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "state/config.h"

/* The longest line that config_load accepts. */
#define LINE_MAX_LEN 198
#define FILE_MAX 8192

static const char *
put_file(const void *text, size_t n)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz_config", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	fuzz_check(
	    ftruncate(fd, 0) == 0 && pwrite(fd, text, n, 0) == (ssize_t)n);
	return path;
}

static bool
has_long_line(const char *text, size_t n)
{
	const char *p = text, *end;

	for (; (end = memchr(p, '\n', n - (size_t)(p - text))) != NULL;
	     p = end + 1)
		if (end - p > LINE_MAX_LEN)
			return true;
	return false;
}

/* Prints the configuration and loads the text again. Returns false if a line
 * has become too long. */
static bool
load_printed(const struct config *c, struct config *out)
{
	static char text[64 * 1024];
	char message[CONFIG_TEXT_MAX];
	FILE *f = fmemopen(text, sizeof(text), "w");
	size_t n;

	fuzz_check(f != NULL);
	config_print(c, f);
	n = (size_t)ftell(f);
	fuzz_check(fclose(f) == 0);
	if (has_long_line(text, n))
		return false;
	fuzz_check(config_load(put_file(text, n), out, message) == ERR_OK);
	return true;
}

/* Printing normalises lists: blanks and empty items disappear. */
static void
forget_lists(struct config *c)
{
	memset(c->jwt_issuer, 0, sizeof(c->jwt_issuer));
	memset(c->jwt_audience, 0, sizeof(c->jwt_audience));
	memset(c->trusted_proxies, 0, sizeof(c->trusted_proxies));
}

static void
check_printed(struct config *c)
{
	static struct config once, twice;

	if (!load_printed(c, &once) || !load_printed(&once, &twice))
		return;
	fuzz_check(memcmp(&once, &twice, sizeof(once)) == 0);
	forget_lists(c);
	forget_lists(&once);
	fuzz_check(memcmp(c, &once, sizeof(once)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char message[CONFIG_TEXT_MAX] = "";
	static struct config c;
	const char *path;
	enum err e;

	if (size > FILE_MAX)
		return 0;
	path = put_file(data, size);
	e = config_load(path, &c, message);
	fuzz_check(e == ERR_OK || e == ERR_CONFIG);
	if (e == ERR_OK)
		check_printed(&c);
	else
		fuzz_check(strncmp(message, path, strlen(path)) == 0 &&
		    memchr(message, '\0', sizeof(message)) != NULL);
	return 0;
}
