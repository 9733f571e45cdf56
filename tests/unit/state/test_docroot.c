/* SPDX-License-Identifier: ISC */
/*
 * test_docroot.c - document roots above the data directory, reached by their
 * own names and through links.
 */
#include "state/docroot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static const char *
below(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", unit_directory(), name);
	return path;
}

static void
make_home(void)
{
	static const char *const directories[] = { "home", "home/me",
		"home/me/data", "home/me/site", "home/me/site/sub",
		"home/me/site/sub/data", "home/me/htdocs", "home/me/sited" };
	static const char *const names[] = { "alias", "home/me/hosted" };
	static const char *const targets[] = { "home/me", "site/sub" };
	size_t i;
	FILE *f;

	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		(void)mkdir(below(directories[i]), 0700);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (symlink(targets[i], below(names[i])) != 0)
			continue; /* The link exists already. */
	if ((f = fopen(below("home/me/site/.htaccess"), "w")) != NULL)
		fclose(f);
}

static const struct {
	const char *name, *data, *root;
	bool want;
} holds[] = {
	{ "data beside the root", "home/me/data", "home/me/site", false },
	{ "data in the root", "home/me/site/sub/data", "home/me/site", true },
	{ "data is the root", "home/me/site", "home/me/site", true },
	{ "root named by a link", "home/me/site/sub/data", "alias/site", true },
	{ "root is a link", "home/me/site/sub/data", "home/me/hosted", true },
	{ "data named by a link", "alias/site/sub/data", "home/me/site", true },
	{ "names that begin alike", "home/me/sited", "home/me/site", false },
	{ "root that is not there", "home/me/data", "home/you", false },
	{ "data that is not there", "home/you/data", "home", false },
};

START_TEST(finds_document_roots_above_the_data)
{
	const char *name = holds[_i].name;
	struct docroot d;

	make_home();
	docroot_init(&d, below(holds[_i].data));
	unit_check(name,
	    docroot_holds(&d, unit_guard(0, str_of(below(holds[_i].root)))) ==
		holds[_i].want);
}
END_TEST

START_TEST(ignores_paths_that_are_not_document_roots)
{
	struct docroot d;

	make_home();
	docroot_init(&d, below("home/me/data"));
	ck_assert(!docroot_holds(&d, str_of(NULL)));
	ck_assert(!docroot_holds(&d, str_of("")));
	ck_assert(!docroot_holds(&d, str_of("/")));
	ck_assert(!docroot_holds(&d, str_of("//")));
	ck_assert(!docroot_holds(&d, str_of(".")));
	ck_assert_int_eq(chdir(below("home")), 0);
	ck_assert(!docroot_holds(&d, str_of("me")));
}
END_TEST

/* docroot_init remembers DOCROOT_DEPTH directories, from the data upwards. The
 * topmost of them still counts; directories above it do not. */
START_TEST(looks_up_to_a_limited_depth)
{
	struct docroot d;
	char path[PATH_MAX], near[PATH_MAX];
	int i;

	make_home();
	strcpy(path, below("home/me/site"));
	for (i = 0; i < DOCROOT_DEPTH; i++) {
		strcat(path, "/d");
		(void)mkdir(path, 0700);
		if (i == 0)
			strcpy(near, path);
	}
	docroot_init(&d, path);
	ck_assert_uint_eq(d.n, DOCROOT_DEPTH);
	ck_assert(!docroot_holds(&d, str_of(below("home/me/site"))));
	ck_assert(docroot_holds(&d, str_of(strcat(near, "/d"))));
}
END_TEST

/* The result for a root that is too long to be remembered is computed at each
 * call. */
START_TEST(takes_long_roots)
{
	char path[2 * PATH_MAX];
	struct docroot_seen seen = { .n = 0 };
	struct docroot d;
	struct str root;

	make_home();
	docroot_init(&d, below("home/me/site/sub/data"));
	memset(path, '/', sizeof(path));
	ck_assert(!docroot_holds(&d, str_from(path, sizeof(path))));
	memcpy(path, below("home"), strlen(below("home")));
	root = str_from(path, PATH_MAX / 2);
	memcpy(path + root.n - 2, "up", 2);
	path[root.n] = '\0';
	ck_assert(!docroot_holds_now(&d, &seen, root, 1));
	ck_assert_uint_eq(seen.n, 0);
	path[strlen(below("home"))] = '\0';
	ck_assert_int_eq(symlink(path, below("home/up")), 0);
	path[strlen(below("home"))] = '/';
	ck_assert(docroot_holds_now(&d, &seen, root, 1));
	ck_assert_int_eq(unlink(below("home/up")), 0);
}
END_TEST

START_TEST(looks_again_in_the_next_second)
{
	struct str root;
	struct docroot_seen seen = { .n = 0 };
	struct docroot d;
	char path[PATH_MAX];

	make_home();
	snprintf(path, sizeof(path), "%s", below("moved"));
	root = unit_guard(0, str_of(path));
	docroot_init(&d, below("home/me/data"));
	(void)unlink(path);
	ck_assert(!docroot_holds_now(&d, &seen, root, 1));
	ck_assert_int_eq(symlink("home/me", path), 0);
	ck_assert(!docroot_holds_now(&d, &seen, root, 1));
	ck_assert(docroot_holds_now(&d, &seen, root, 2));
	ck_assert(docroot_holds_now(&d, &seen, root, 2));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(!docroot_holds_now(&d, &seen, root, 2));
	ck_assert(docroot_holds_now(&d, &seen, str_of(below("home/me")), 2));
	ck_assert(!docroot_holds_now(&d, &seen, str_of(NULL), 2));
}
END_TEST

static const struct {
	const char *name, *data, *want;
} suspects[] = {
	{ "a directory like any other", "home/me/data", NULL },
	{ "a .htaccess above", "home/me/site/sub/data", "home/me/site" },
	{ "a .htaccess above a directory that does not exist yet",
	    "home/me/site/new/data", "home/me/site" },
	{ "a name of a document root above", "home/me/htdocs/data",
	    "home/me/htdocs" },
	{ "the document root itself", "home/me/htdocs", "home/me/htdocs" },
	{ "a link into it", "home/me/hosted/data", "home/me/site" },
};

START_TEST(suspects_document_roots)
{
	char want[PATH_MAX], found[PATH_MAX];
	struct str got;

	make_home();
	got = docroot_suspect(below(suspects[_i].data), found);
	if (suspects[_i].want == NULL) {
		unit_check(suspects[_i].name, str_is_null(got));
		return;
	}
	ck_assert(realpath(below(suspects[_i].want), want) != NULL);
	unit_same(suspects[_i].name, got, str_of(want));
}
END_TEST

START_TEST(suspects_no_path_that_does_not_exist)
{
	char found[PATH_MAX], path[PATH_MAX + 1];

	ck_assert(str_is_null(docroot_suspect("nowhere", found)));
	ck_assert(str_is_null(docroot_suspect("/nowhere", found)));
	memset(path, 'a', PATH_MAX);
	memcpy(path, "/htdocs/", 8);
	path[PATH_MAX] = '\0';
	ck_assert(str_is_null(docroot_suspect(path, found)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("docroot");
	TCase *t = tcase_create("docroot");

	tcase_add_loop_test(t, finds_document_roots_above_the_data, 0,
	    sizeof(holds) / sizeof(holds[0]));
	tcase_add_test(t, ignores_paths_that_are_not_document_roots);
	tcase_add_test(t, looks_up_to_a_limited_depth);
	tcase_add_test(t, takes_long_roots);
	tcase_add_test(t, looks_again_in_the_next_second);
	tcase_add_loop_test(t, suspects_document_roots, 0,
	    sizeof(suspects) / sizeof(suspects[0]));
	tcase_add_test(t, suspects_no_path_that_does_not_exist);
	suite_add_tcase(s, t);
	return unit_run(s);
}
