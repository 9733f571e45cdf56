/* SPDX-License-Identifier: ISC */
/*
 * test_trust.c - which owners, modes and groups allow other users to write to a
 * file.
 */
#include "state/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

/* Users and groups: root is 0. We are 10, alone in group 10. eve (20) and
 * bob (21) share group 20. carol (30) shares group 30 with dave (40), whom only
 * the list of groups names. */
static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "ours:x:10:10::/:/bin/sh\n"
			     "eve:x:20:20::/:/bin/sh\n"
			     "bob:x:21:20::/:/bin/sh\n"
			     "carol:x:30:30::/:/bin/sh\n"
			     "dave:x:40:40::/:/bin/sh\n"
			     "erin:x:50:50::/:/bin/sh\n";
static const char group[] = "root:x:0:\n"
			    "ours:x:10:ours,root\n"
			    "eve:x:20:\n"
			    "carol:x:30:carol,dave\n"
			    "empty:x:60:\n"
			    "stranger:x:70:nobody-knows\n"
			    "twice:x:80:\n"
			    "again:x:80:dave\n";

enum { FILE_ = S_IFREG, DIR_ = S_IFDIR, DEVICE = S_IFCHR, FIFO = S_IFIFO };

static const struct trust_case {
	const char *name;
	unsigned type, mode;
	uid_t owner, gid, running;
	const char *cure; /* NULL if the file is safe */
} cases[] = {
#define OWNER "Run chown root on it, or run this as its owner."
#define OTHERS "Run chmod o-w on it."
#define GROUP "Run chmod g-w on it."
	{ "a file of ours", FILE_, 0600, 10, 10, 10, NULL },
	{ "a file of root's", FILE_, 0644, 0, 0, 10, NULL },
	{ "a file of root's, and this is root", FILE_, 0644, 0, 0, 0, NULL },
	{ "a file of another", FILE_, 0600, 20, 20, 10, OWNER },
	{ "a file of another, and this is root", FILE_, 0600, 20, 20, 0,
	    OWNER },
	{ "a file that all may write", FILE_, 0646, 10, 10, 10, OTHERS },
	{ "a file of root's that all may write", FILE_, 0602, 0, 0, 10,
	    OTHERS },
	{ "a sticky bit on a file", FILE_, 01646, 0, 0, 10, OTHERS },
	{ "a file that all may read", FILE_, 0755, 10, 10, 10, NULL },
	{ "a group that is ours alone", FILE_, 0664, 10, 10, 10, NULL },
	{ "a group of root's alone", FILE_, 0664, 0, 0, 10, NULL },
	{ "a group of two by their entries", FILE_, 0664, 20, 20, 20, GROUP },
	{ "a group that may only read", FILE_, 0644, 20, 20, 20, NULL },
	{ "a group of two by its list", FILE_, 0664, 30, 30, 30, GROUP },
	{ "a group that is another's", FILE_, 0664, 10, 40, 10, GROUP },
	{ "a group without members", FILE_, 0664, 10, 60, 10, NULL },
	{ "a group of a name without a user", FILE_, 0664, 10, 70, 10, GROUP },
	{ "a group with two names", FILE_, 0664, 10, 80, 10, GROUP },
	{ "a group that is not listed", FILE_, 0664, 10, 99, 10, GROUP },
	{ "a group of its owner that is not listed", FILE_, 0664, 50, 50, 50,
	    NULL },
	{ "a file of root's in our group", FILE_, 0664, 0, 10, 10, GROUP },
	{ "a directory of ours", DIR_, 0700, 10, 10, 10, NULL },
	{ "a directory of root's", DIR_, 0755, 0, 0, 10, NULL },
	{ "a directory of another", DIR_, 0755, 20, 20, 10, OWNER },
	{ "a directory that all may write", DIR_, 0777, 10, 10, 10, OTHERS },
	{ "a directory that a group may write", DIR_, 0775, 20, 20, 20, GROUP },
	{ "a sticky directory of root's", DIR_, 01777, 0, 0, 10, NULL },
	{ "a sticky directory of root's and a group's", DIR_, 01775, 0, 20, 10,
	    NULL },
	{ "a sticky directory of ours", DIR_, 01777, 10, 10, 10, OTHERS },
	{ "a sticky directory of another", DIR_, 01777, 20, 20, 10, OWNER },
	{ "a device", DEVICE, 0666, 0, 0, 10, NULL },
	{ "a pipe that all may write", FIFO, 0622, 10, 10, 10, OTHERS },
};

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

START_TEST(judges)
{
	const struct trust_case *c = &cases[_i];
	const struct stat st = { .st_mode = c->type | c->mode,
		.st_uid = c->owner,
		.st_gid = c->gid };
	char names[2][300];
	const struct trust_users users = { c->running, names[0], names[1] };
	struct trust_fault fault;

	snprintf(names[0], sizeof(names[0]), "%s/passwd", unit_directory());
	snprintf(names[1], sizeof(names[1]), "%s/group", unit_directory());
	write_file(names[0], passwd);
	write_file(names[1], group);
	unit_check(c->name,
	    trust_judge(&users, "the path", &st, &fault) == (c->cure == NULL));
	if (c->cure == NULL)
		return;
	unit_same(c->name, str_of(fault.cure), str_of(c->cure));
	unit_check(c->name, strstr(fault.what, "the path: ") == fault.what);
}
END_TEST

/* Without a list of groups, no group is trusted. */
START_TEST(without_a_list_of_groups_none_is_trusted)
{
	const struct trust_users users = { 10, "/nowhere", "/nowhere" };
	const struct stat file = { .st_mode = S_IFREG | 0644, .st_uid = 10 };
	const struct stat shared = { .st_mode = S_IFREG | 0664, .st_uid = 10 };
	struct trust_fault fault;

	ck_assert(trust_judge(&users, "a", &file, &fault));
	ck_assert(!trust_judge(&users, "a", &shared, &fault));
}
END_TEST

/* The path is DIRECTORY/by/link, a link to DIRECTORY/true/file. */
static const struct place_case {
	const char *name;
	const char *open; /* writable for all users; NULL: none is */
	bool file, directory; /* whether trust_file and trust_directory report a
				 fault */
} place_cases[] = {
	{ "all is closed", NULL, false, false },
	{ "the file", "true/file", true, false },
	{ "its directory", "true", true, true },
	{ "the directory of a link to the file", "by", true, true },
	{ "a directory above", ".", false, false },
};

START_TEST(places)
{
	const struct place_case *c = &place_cases[_i];
	struct trust_fault fault;

	ck_assert(chdir(unit_directory()) == 0);
	ck_assert(mkdir("true", 0755) == 0 && mkdir("by", 0755) == 0);
	write_file("true/file", "x");
	ck_assert(chmod("true/file", 0644) == 0);
	ck_assert(symlink("../true/file", "by/link") == 0);
	if (c->open != NULL)
		ck_assert(chmod(c->open, 0777) == 0);
	unit_check(
	    c->name, (trust_file("by/link", &fault) != ERR_OK) == c->file);
	unit_check(c->name,
	    (trust_directory("by/link", &fault) != ERR_OK) == c->directory);
	/* A missing file is not a fault, but its directory may be one. */
	ck_assert(unlink("true/file") == 0);
	unit_check(c->name,
	    (trust_file("by/link", &fault) != ERR_OK) ==
		(c->open != NULL && strcmp(c->open, "by") == 0));
	ck_assert(trust_file("nowhere/file", &fault) == ERR_OK);
	ck_assert(trust_file("/dev/null", &fault) == ERR_OK);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trust");
	TCase *t = tcase_create("trust");

	tcase_add_loop_test(t, judges, 0, ROWS(cases));
	tcase_add_test(t, without_a_list_of_groups_none_is_trusted);
	tcase_add_loop_test(t, places, 0, ROWS(place_cases));
	suite_add_tcase(s, t);
	return unit_run(s);
}
