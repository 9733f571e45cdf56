/* SPDX-License-Identifier: ISC */
/*
 * test_progress.c - the display of a long command: its text, that it appears on
 * a terminal and is erased at the end, and that nothing else gets any of it.
 */
#include "tool/cmd_progress.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/progress.h"
#include "unit.h"

#define PATIENCE_MS 30000

static const struct {
	const char *step;
	uint64_t done, total;
	const char *text;
} texts[] = {
	{ "verifying", 0, 10, "verifying, 0 %" },
	{ "verifying", 1, 3, "verifying, 33 %" },
	{ "verifying", 10, 10, "verifying, 100 %" },
	{ "verifying", 11, 10, "verifying, 100 %" },
	{ "verifying", 17, 0, "verifying, 17" },
	{ "verifying", UINT64_MAX / 2, UINT64_MAX, "verifying, 50 %" },
	{ "a step with a long name of its own", 1, 2,
	    "a step with a long n, 50 %" },
};

START_TEST(says_how_far_it_is)
{
	char text[CMD_PROGRESS_MAX];

	cmd_progress_text(
	    texts[_i].step, texts[_i].done, texts[_i].total, text);
	ck_assert_str_eq(text, texts[_i].text);
}
END_TEST

START_TEST(counts_a_step)
{
	struct progress work = { .file = 0 };
	uint64_t done, total;
	FILE *f = tmpfile();

	ck_assert_ptr_null(progress_read(&work, &done, &total));
	progress_step(&work, "first", 10);
	progress_add(&work, 3);
	progress_add(&work, 1);
	ck_assert_str_eq(progress_read(&work, &done, &total), "first");
	ck_assert_uint_eq(done, 4);
	ck_assert_uint_eq(total, 10);
	ck_assert_ptr_nonnull(f);
	progress_step(&work, "second", 20);
	progress_file(&work, fileno(f));
	ck_assert_int_eq(ftruncate(fileno(f), 7), 0);
	ck_assert_str_eq(progress_read(&work, &done, &total), "second");
	ck_assert_uint_eq(done, 7);
	ck_assert_uint_eq(total, 20);
	progress_step(&work, "third", 0);
	(void)progress_read(&work, &done, &total);
	ck_assert_uint_eq(done, 0);
	(void)fclose(f);
	/* Work without a display. */
	progress_step(NULL, "none", 1);
	progress_add(NULL, 1);
	progress_file(NULL, 1);
}
END_TEST

/* Opens a terminal; returns its side of the program, and sets the other. */
static int
open_terminal(int *screen)
{
	int fd;

	*screen = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(*screen, 0);
	ck_assert_int_eq(grantpt(*screen), 0);
	ck_assert_int_eq(unlockpt(*screen), 0);
	fd = open(ptsname(*screen), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Reads until the text was shown. */
static void
wait_for(int screen, const char *text)
{
	char shown[4096] = "";
	size_t n = 0;
	ssize_t got;
	struct pollfd p = { .fd = screen, .events = POLLIN };

	while (strstr(shown, text) == NULL) {
		ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
		ck_assert_uint_lt(n, sizeof(shown) - 1);
		got = read(screen, shown + n, sizeof(shown) - 1 - n);
		ck_assert_int_gt(got, 0);
		n += (size_t)got;
		shown[n] = '\0';
	}
}

START_TEST(shows_and_erases)
{
	struct progress work = { .file = 0 };
	struct cmd_progress p;
	int screen, fd = open_terminal(&screen);

	setenv("TERM", "vt100", 1);
	progress_step(&work, "verifying", 100);
	progress_add(&work, 42);
	cmd_progress_begin(&p, &work, fd);
	wait_for(screen, "\r\033[Kverifying, 42 %\r");
	progress_add(&work, 8);
	wait_for(screen, "\r\033[Kverifying, 50 %\r");
	/* The display goes on until the end, so the screen is emptied by
	 * reading until the last text, which erases the line. */
	progress_step(&work, "last", 0);
	wait_for(screen, "last, 0\r");
	cmd_progress_end(&p);
	(void)!write(fd, "done", 4);
	wait_for(screen, "\r\033[Kdone");
	close(fd);
	close(screen);
}
END_TEST

START_TEST(a_short_command_shows_nothing)
{
	struct progress work = { .file = 0 };
	struct cmd_progress p;
	int screen, fd = open_terminal(&screen);
	struct pollfd poller = { .fd = screen, .events = POLLIN };

	int64_t start = clock_ms();

	setenv("TERM", "vt100", 1);
	progress_step(&work, "verifying", 100);
	cmd_progress_begin(&p, &work, fd);
	ck_assert(p.on);
	cmd_progress_end(&p);
	/* On a busy machine even this may take half a second. */
	if (clock_ms() - start < 400)
		ck_assert_int_eq(poll(&poller, 1, 0), 0);
	close(fd);
	close(screen);
}
END_TEST

/* A pipe, a file and a terminal without cursor movements get nothing. */
START_TEST(nothing_but_a_terminal_gets_it)
{
	struct progress work = { .file = 0 };
	struct cmd_progress p;
	int screen, pipes[2], fd = open_terminal(&screen);

	ck_assert_int_eq(pipe(pipes), 0);
	progress_step(&work, "verifying", 100);
	cmd_progress_begin(&p, &work, pipes[1]);
	ck_assert(!p.on);
	cmd_progress_end(&p);
	setenv("TERM", "dumb", 1);
	cmd_progress_begin(&p, &work, fd);
	ck_assert(!p.on);
	cmd_progress_end(&p);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
	close(screen);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("progress");
	TCase *tc = tcase_create("progress");

	tcase_add_loop_test(
	    tc, says_how_far_it_is, 0, (int)(sizeof(texts) / sizeof(texts[0])));
	tcase_add_test(tc, counts_a_step);
	tcase_add_test(tc, shows_and_erases);
	tcase_add_test(tc, a_short_command_shows_nothing);
	tcase_add_test(tc, nothing_but_a_terminal_gets_it);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
