/* SPDX-License-Identifier: ISC */
/*
 * fuzz_secret.c - files with any contents give either secrets or a message with
 * the path of the bad file. The first byte of the input selects how the rest is
 * divided among the key file, the vendor's certificate and the vendor's key,
 * and the permissions of the key file.
 *
 * The files are in memory and are reused for each input.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/secret.h"

enum { KEY, CERTIFICATE, VENDOR_KEY, FILES };

static void
put_file(int i, const uint8_t *p, size_t n, mode_t mode, char *path)
{
	static int fd[FILES] = { -1, -1, -1 };

	if (fd[i] < 0)
		fd[i] = memfd_create("fuzz_secret", MFD_CLOEXEC);
	snprintf(path, CONFIG_TEXT_MAX, "/proc/self/fd/%d", fd[i]);
	fuzz_check(ftruncate(fd[i], 0) == 0 &&
	    pwrite(fd[i], p, n, 0) == (ssize_t)n && fchmod(fd[i], mode) == 0);
}

static void
check_text(const char text[SECRET_TEXT_MAX])
{
	fuzz_check(memchr(text, '\0', SECRET_TEXT_MAX) != NULL);
}

static void
check_message(const struct config *c, const char *message)
{
	const char *paths[] = { c->key_file, c->vendor_certificate,
		c->vendor_key };
	size_t i;

	fuzz_check(memchr(message, '\0', CONFIG_TEXT_MAX) != NULL);
	for (i = 0; i < FILES; i++)
		if (strncmp(message, paths[i], strlen(paths[i])) == 0)
			return;
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char message[CONFIG_TEXT_MAX] = "";
	static struct secrets s;
	static struct config c;
	mode_t mode;
	size_t n;
	enum err e;

	if (size < 1 || size > 3 * SECRET_TEXT_MAX)
		return 0;
	mode = data[0] % 16 == 15 ? 0640 : 0600;
	n = (size - 1) * (data[0] / 16) / 15;
	put_file(KEY, data + 1, n, mode, c.key_file);
	put_file(CERTIFICATE, data + 1 + n, (size - 1 - n) / 2, 0644,
	    c.vendor_certificate);
	put_file(VENDOR_KEY, data + 1 + n + (size - 1 - n) / 2,
	    size - 1 - n - (size - 1 - n) / 2, 0600, c.vendor_key);
	e = secret_load(&c, &s, message);
	fuzz_check(e == ERR_OK || e == ERR_FILE || e == ERR_NOT_PRIVATE);
	fuzz_check(s.missing == (e != ERR_OK));
	if (e != ERR_OK)
		check_message(&c, message);
	fuzz_check(mode == 0600 || !s.can_seal);
	fuzz_check(!s.is_vendor || e == ERR_OK);
	check_text(s.vendor_chain);
	check_text(s.vendor_key);
	(void)!secret_load_key(&c, &s, message);
	fuzz_check(mode == 0600 || !s.can_seal);
	secret_wipe(&s);
	return 0;
}
