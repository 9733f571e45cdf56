/* SPDX-License-Identifier: ISC */
/*
 * test_file.c - a file is read whole or refused with its errno; a file that is
 * written appears whole or not at all.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ROOM 16

/* Returns the path of a name in the directory of this test. */
static const char *
at(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned turn;
	char *p = path[turn++ % COUNT(path)];

	snprintf(p, PATH_MAX, "%.200s/%s", unit_directory(), name);
	return p;
}

static void
make(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
has_text(const char *path, const char *want)
{
	char text[256];
	struct str got;

	ck_assert_int_eq(file_read(path, text, sizeof(text), &got), ERR_OK);
	unit_same(path, got, str_of(want));
}

/* The number of files in the directory of this test. */
static unsigned
count_files(void)
{
	DIR *directory = opendir(unit_directory());
	const struct dirent *entry;
	unsigned n = 0;

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(directory);
	return n;
}

static const struct {
	const char *name, *text, *want;
	int cause;
} reads[] = {
	{ "reads an empty file", "", "", 0 },
	{ "reads a short file", "a\nb", "a\nb", 0 },
	{ "reads a file of exactly the limit", "0123456789abcdef",
	    "0123456789abcdef", 0 },
	{ "refuses a file of one byte more, and has its beginning",
	    "0123456789abcdef+", "0123456789abcdef", EFBIG },
	{ "refuses a file that is missing", NULL, NULL, ENOENT },
};

START_TEST(reads_a_file_whole)
{
	const char *path = at("read"), *name = reads[_i].name;
	char text[ROOM + 1] = { [ROOM] = '!' };
	int before = dup(STDIN_FILENO), after;
	struct str got;
	enum err e;

	close(before);
	if (reads[_i].text != NULL)
		make(path, reads[_i].text);
	e = file_read(path, text, ROOM, &got);
	if (reads[_i].cause != 0)
		unit_check(name, errno == reads[_i].cause);
	unit_check(name, e == (reads[_i].cause == 0 ? ERR_OK : ERR_FILE));
	unit_check(name, str_is_null(got) == (reads[_i].want == NULL));
	unit_same(name, got, str_of(reads[_i].want));
	unit_check(name, text[ROOM] == '!');
	after = dup(STDIN_FILENO);
	unit_check(name, after == before);
	close(after);
}
END_TEST

START_TEST(reports_a_directory)
{
	char text[ROOM];
	struct str got = str_of("x");

	ck_assert_int_eq(
	    file_read(unit_directory(), text, ROOM, &got), ERR_FILE);
	ck_assert_int_eq(errno, EISDIR);
	ck_assert(str_is_null(got));
}
END_TEST

START_TEST(no_descriptor_passes_to_another_program)
{
	struct file f;
	int fd;

	make(at("old"), "old");
	ck_assert_int_eq(file_open(at("old"), &fd), ERR_OK);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	ck_assert_int_eq(file_create(&f, at("new"), 0600, false), ERR_OK);
	ck_assert_int_eq(fcntl(f.fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(file_finish(&f, ERR_FILE), ERR_FILE);
	ck_assert_int_eq(file_create(&f, "/dev/null", 0600, true), ERR_OK);
	ck_assert_int_eq(fcntl(f.fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(file_finish(&f, ERR_OK), ERR_OK);
}
END_TEST

static void
note_signal(int number)
{
	(void)number;
}

/* Interrupts the parent, which waits for a pipe, again and again. */
static void
send_signals(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < 50; i++) {
		kill(getppid(), SIGUSR1);
		nanosleep(&pause, NULL);
	}
}

/* Sends a text in two parts. */
static void
send_text(int to)
{
	bool good;

	send_signals();
	good = write(to, "first, ", 7) == 7;
	send_signals();
	_exit(good && write(to, "second", 6) == 6 ? 0 : 1);
}

/* Waits for a child and returns its exit status. */
static int
status_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(reads_a_pipe_to_its_end_in_spite_of_signals)
{
	struct sigaction act = { .sa_handler = note_signal };
	char text[ROOM];
	struct str got;
	int fd[2];
	pid_t child;

	ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_ge(child = fork(), 0);
	if (child == 0)
		send_text(fd[1]);
	close(fd[1]);
	ck_assert_int_eq(file_read_fd(fd[0], text, ROOM, &got), ERR_OK);
	unit_same("the text", got, str_of("first, second"));
	ck_assert_int_eq(status_of(child), 0);
	close(fd[0]);
}
END_TEST

/* More than a pipe holds (64 KiB, pipe(7)). */
#define MUCH 300000

static void
count_bytes(int from)
{
	static char text[MUCH + 1];
	struct str got;

	send_signals();
	_exit(file_read_fd(from, text, sizeof(text), &got) == ERR_OK &&
		    got.n == MUCH && got.p[MUCH - 1] == 'z'
		? 0
		: 1);
}

START_TEST(writes_all_bytes_to_a_pipe_in_spite_of_signals)
{
	struct sigaction act = { .sa_handler = note_signal };
	static char text[MUCH];
	int fd[2];
	pid_t child;

	memset(text, 'z', sizeof(text));
	ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_ge(child = fork(), 0);
	if (child == 0) {
		close(fd[1]);
		count_bytes(fd[0]);
	}
	close(fd[0]);
	ck_assert_int_eq(file_write(fd[1], text, sizeof(text)), ERR_OK);
	close(fd[1]);
	ck_assert_int_eq(status_of(child), 0);
}
END_TEST

START_TEST(reports_that_a_write_failed)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(full, 0);
	ck_assert_int_eq(file_write(full, "x", 1), ERR_FILE);
	ck_assert_int_eq(errno, ENOSPC);
	close(full);
}
END_TEST

START_TEST(a_file_appears_when_it_is_finished)
{
	struct stat st;
	struct file f;

	ck_assert_int_eq(file_create(&f, at("new"), 0640, false), ERR_OK);
	ck_assert(file_is_new(&f));
	ck_assert_int_eq(file_write(f.fd, "text", 4), ERR_OK);
	ck_assert_int_ne(access(at("new"), F_OK), 0);
	ck_assert_int_eq(file_finish(&f, ERR_OK), ERR_OK);
	has_text(at("new"), "text");
	ck_assert_int_eq(stat(at("new"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(a_failure_leaves_the_old_file)
{
	struct file f;

	make(at("old"), "old");
	ck_assert_int_eq(file_create(&f, at("old"), 0600, true), ERR_OK);
	ck_assert_int_eq(file_write(f.fd, "half", 4), ERR_OK);
	ck_assert_int_eq(file_finish(&f, ERR_MEMORY), ERR_MEMORY);
	has_text(at("old"), "old");
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(replaces_only_if_it_is_asked_to)
{
	struct file f;

	make(at("old"), "old");
	ck_assert_int_eq(file_create(&f, at("old"), 0600, false), ERR_FILE);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(file_create(&f, at("old"), 0600, true), ERR_OK);
	ck_assert_int_eq(file_write(f.fd, "new", 3), ERR_OK);
	ck_assert_int_eq(file_finish(&f, ERR_OK), ERR_OK);
	has_text(at("old"), "new");
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(keeps_a_file_that_another_process_made_meanwhile)
{
	struct file f;

	ck_assert_int_eq(file_create(&f, at("new"), 0600, false), ERR_OK);
	make(at("new"), "theirs");
	ck_assert_int_eq(file_finish(&f, ERR_OK), ERR_FILE);
	ck_assert_int_eq(errno, EEXIST);
	has_text(at("new"), "theirs");
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(follows_a_link_and_keeps_it)
{
	struct stat st;
	struct file f;

	make(at("old"), "old");
	ck_assert_int_eq(symlink("old", at("link")), 0);
	ck_assert_int_eq(file_create(&f, at("link"), 0600, true), ERR_OK);
	ck_assert_int_eq(file_write(f.fd, "new", 3), ERR_OK);
	ck_assert_int_eq(file_finish(&f, ERR_OK), ERR_OK);
	has_text(at("old"), "new");
	ck_assert_int_eq(lstat(at("link"), &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_uint_eq(count_files(), 2);
}
END_TEST

START_TEST(writes_a_descriptor_directly)
{
	char path[32], text[ROOM];
	struct file f;
	struct str got;
	int fd[2];

	ck_assert_int_eq(pipe(fd), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd[1]);
	ck_assert_int_eq(file_create(&f, path, 0600, true), ERR_OK);
	ck_assert(!file_is_new(&f));
	ck_assert_int_eq(file_write(f.fd, "text", 4), ERR_OK);
	ck_assert_int_eq(file_finish(&f, ERR_OK), ERR_OK);
	close(fd[1]);
	ck_assert_int_eq(file_read_fd(fd[0], text, ROOM, &got), ERR_OK);
	unit_same(path, got, str_of("text"));
	close(fd[0]);
}
END_TEST

/* Paths that cannot become a file, and the reason. */
static const struct {
	const char *path;
	int cause;
} wrong[] = {
	{ "loop", ELOOP },
	{ "missing/new", ENOENT },
	{ ".", EISDIR },
};

START_TEST(refuses_a_path_that_is_no_file)
{
	struct file f;

	ck_assert_int_eq(symlink("loop", at("loop")), 0);
	ck_assert_int_eq(
	    file_create(&f, at(wrong[_i].path), 0600, true), ERR_FILE);
	ck_assert_int_eq(errno, wrong[_i].cause);
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(refuses_a_path_that_is_too_long)
{
	char path[PATH_MAX + 1];
	struct file f;

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(file_create(&f, path, 0600, true), ERR_FILE);
	ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

/* Another program opens it by its number, and can neither change it nor make it
 * longer or shorter. */
START_TEST(a_file_in_memory_cannot_be_changed)
{
	int fd = file_memory(str_of("a key"));
	char path[32];
	struct stat st;

	ck_assert_int_ge(fd, 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	has_text(path, "a key");
	has_text(path, "a key");
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_uint_eq(st.st_nlink, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_lt(write(fd, "x", 1), 0);
	ck_assert_int_ne(ftruncate(fd, 0), 0);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("file");
	TCase *tc = tcase_create("file");

	tcase_add_loop_test(tc, reads_a_file_whole, 0, COUNT(reads));
	tcase_add_test(tc, reports_a_directory);
	tcase_add_test(tc, no_descriptor_passes_to_another_program);
	tcase_add_test(tc, reads_a_pipe_to_its_end_in_spite_of_signals);
	tcase_add_test(tc, writes_all_bytes_to_a_pipe_in_spite_of_signals);
	tcase_add_test(tc, reports_that_a_write_failed);
	tcase_add_test(tc, a_file_appears_when_it_is_finished);
	tcase_add_test(tc, a_failure_leaves_the_old_file);
	tcase_add_test(tc, replaces_only_if_it_is_asked_to);
	tcase_add_test(tc, keeps_a_file_that_another_process_made_meanwhile);
	tcase_add_test(tc, follows_a_link_and_keeps_it);
	tcase_add_test(tc, writes_a_descriptor_directly);
	tcase_add_loop_test(
	    tc, refuses_a_path_that_is_no_file, 0, COUNT(wrong));
	tcase_add_test(tc, refuses_a_path_that_is_too_long);
	tcase_add_test(tc, a_file_in_memory_cannot_be_changed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
