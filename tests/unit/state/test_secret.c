/* SPDX-License-Identifier: ISC */
/*
 * test_secret.c - which files hold a key, and the messages for the others.
 */
#include "state/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define DIGITS                             \
	"00112233445566778899aabbccddeeff" \
	"FFEEDDCCBBAA99887766554433221100"

static const struct {
	const char *name;
	const char *text; /* NULL for a directory in place of the file */
	unsigned mode;
	enum err e;
	const char *message; /* the part after the path */
} files[] = {
	{ "takes 64 digits", DIGITS "\n", 0600, ERR_OK, NULL },
	{ "takes them without a newline", DIGITS, 0400, ERR_OK, NULL },
	{ "refuses a file that a group may read", DIGITS "\n", 0640,
	    ERR_NOT_PRIVATE,
	    "other users can read this key; run chmod 600 on it" },
	{ "refuses a file that others may write", DIGITS "\n", 0602,
	    ERR_NOT_PRIVATE,
	    "other users can read this key; run chmod 600 on it" },
	{ "refuses an empty file", "", 0600, ERR_FILE,
	    "not a key of 64 hexadecimal digits" },
	{ "refuses one digit more", DIGITS "0", 0600, ERR_FILE,
	    "not a key of 64 hexadecimal digits" },
	{ "takes them before blanks and ends of lines", DIGITS " \t\r\n\n",
	    0600, ERR_OK, NULL },
	{ "takes them after a byte order mark", "\xef\xbb\xbf" DIGITS "\r\n",
	    0600, ERR_OK, NULL },
	{ "refuses a second line", DIGITS "\n0\n", 0600, ERR_FILE,
	    "not a key of 64 hexadecimal digits" },
	{ "refuses damaged UTF-16", "\xff\xfe" DIGITS "0", 0600, ERR_FILE,
	    "invalid UTF-16; save the file as UTF-8" },
	{ "refuses a letter after f", "g" DIGITS, 0600, ERR_FILE,
	    "not a key of 64 hexadecimal digits" },
	{ "refuses a directory", NULL, 0755, ERR_FILE, "not a regular file" },
};

static void
make_file(const char *path, const char *text, unsigned mode)
{
	FILE *file;

	if (text == NULL) {
		ck_assert_int_eq(mkdir(path, mode), 0);
		return;
	}
	ck_assert_ptr_nonnull((file = fopen(path, "w")));
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static struct config c;
static struct secrets s;
static char message[CONFIG_TEXT_MAX], want[CONFIG_TEXT_MAX];

START_TEST(reads_keys)
{
	static const uint8_t first[] = { 0x00, 0x11, 0x22, 0x33 };

	snprintf(c.key_file, sizeof(c.key_file), "%s/key", unit_directory());
	make_file(c.key_file, files[_i].text, files[_i].mode);
	unit_check(files[_i].name, secret_load(&c, &s, message) == files[_i].e);
	unit_check(files[_i].name, s.can_seal == (files[_i].e == ERR_OK));
	unit_check(files[_i].name, s.missing == (files[_i].e != ERR_OK));
	if (files[_i].e == ERR_OK) {
		unit_check(files[_i].name, memcmp(s.key, first, 4) == 0);
		return;
	}
	snprintf(
	    want, sizeof(want), "%.200s: %s", c.key_file, files[_i].message);
	ck_assert_str_eq(message, want);
}
END_TEST

/* All users may read a vendor certificate, but its size is limited. */
static const struct {
	size_t n;
	enum err e;
} chains[] = {
	{ SECRET_TEXT_MAX - 1, ERR_OK },
	{ SECRET_TEXT_MAX, ERR_FILE },
};

START_TEST(reads_a_chain_of_less_than_16_KiB)
{
	static char text[SECRET_TEXT_MAX + 1];

	memset(text, 'x', chains[_i].n);
	snprintf(c.vendor_certificate, sizeof(c.vendor_certificate), "%s/chain",
	    unit_directory());
	snprintf(
	    c.vendor_key, sizeof(c.vendor_key), "%s/key", unit_directory());
	make_file(c.vendor_certificate, text, 0644);
	make_file(c.vendor_key, "a key", 0600);
	ck_assert_int_eq(secret_load(&c, &s, message), chains[_i].e);
	ck_assert(s.is_vendor == (chains[_i].e == ERR_OK));
	if (chains[_i].e == ERR_OK) {
		ck_assert_str_eq(s.vendor_chain, text);
		ck_assert_str_eq(s.vendor_key, "a key");
		/* The files have been read, so the sandbox may close them. */
		secret_leave_out(&s, &c);
		ck_assert_str_eq(c.vendor_certificate, "");
		ck_assert_str_eq(c.vendor_key, "");
		return;
	}
	secret_leave_out(&s, &c);
	ck_assert_str_ne(c.vendor_key, "");
	snprintf(want, sizeof(want), "%.200s: not less than 16 KiB",
	    c.vendor_certificate);
	ck_assert_str_eq(message, want);
}
END_TEST

START_TEST(makes_a_key_once)
{
	struct stat st;

	snprintf(c.key_file, sizeof(c.key_file), "%s/key", unit_directory());
	ck_assert_int_eq(secret_make(c.key_file), ERR_OK);
	ck_assert_int_eq(stat(c.key_file, &st), 0);
	ck_assert_int_eq(st.st_size, 65);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(secret_load(&c, &s, message), ERR_OK);
	ck_assert_int_eq(secret_make(c.key_file), ERR_FILE);
	ck_assert_int_eq(errno, EEXIST);
}
END_TEST

START_TEST(makes_a_key_in_an_empty_file)
{
	static const struct {
		const char *text;
		mode_t mode;
		bool made;
	} there[] = { { "", 0600, true }, { "", 0640, false },
		{ "x", 0600, false } };

	snprintf(c.key_file, sizeof(c.key_file), "%s/key", unit_directory());
	make_file(c.key_file, there[_i].text, there[_i].mode);
	ck_assert((secret_make(c.key_file) == ERR_OK) == there[_i].made);
	ck_assert(there[_i].made || errno == EEXIST);
	ck_assert((secret_load(&c, &s, message) == ERR_OK) == there[_i].made);
}
END_TEST

/* A vendor without a key is a mistake in the configuration, not in a file. */
START_TEST(a_vendor_needs_a_key)
{
	snprintf(c.vendor_certificate, sizeof(c.vendor_certificate), "%s/none",
	    unit_directory());
	c.vendor_key[0] = '\0';
	ck_assert_int_eq(secret_load(&c, &s, message), ERR_CONFIG);
	ck_assert(s.missing && !s.is_vendor);
	unit_check(message, unit_holds(str_of(message), "vendor_key is not"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("secret");
	TCase *cases = tcase_create("all");

	tcase_add_loop_test(
	    cases, reads_keys, 0, sizeof(files) / sizeof(files[0]));
	tcase_add_loop_test(cases, reads_a_chain_of_less_than_16_KiB, 0,
	    sizeof(chains) / sizeof(chains[0]));
	tcase_add_test(cases, a_vendor_needs_a_key);
	tcase_add_test(cases, makes_a_key_once);
	tcase_add_loop_test(cases, makes_a_key_in_an_empty_file, 0, 3);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
