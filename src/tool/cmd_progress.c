/* SPDX-License-Identifier: ISC */
/*
 * cmd_progress.c - a thread that shows how far the work has come.
 *
 * The cursor returns to the start of the line after each text, and a text is
 * shorter than any message. So a line of the log or a message, which may come
 * at any time, overwrites the text.
 */
#include "tool/cmd_progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/progress.h"

/* Milliseconds before the first text, so that a short command shows none, and
 * between two texts. */
#define FIRST 500
#define PAUSE 200

#define ERASE "\r\033[K"

void
cmd_progress_text(
    const char *step, uint64_t done, uint64_t total, char out[CMD_PROGRESS_MAX])
{
	if (total == 0)
		snprintf(out, CMD_PROGRESS_MAX, "%.20s, %llu", step,
		    (unsigned long long)done);
	else
		snprintf(out, CMD_PROGRESS_MAX, "%.20s, %u %%", step,
		    done >= total
			? 100
			: (unsigned)((double)done / (double)total * 100));
}

static void
show(const struct cmd_progress *p)
{
	char text[CMD_PROGRESS_MAX];
	uint64_t done, total;
	const char *step = progress_read(p->work, &done, &total);

	if (step == NULL)
		return;
	cmd_progress_text(step, done, total, text);
	dprintf(p->fd, ERASE "%s\r", text);
}

/* Waits until the work has ended, or for the pause. Returns false at the end.
 */
static bool
wait_on(sem_t *end, long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (sem_timedwait(end, &until) != 0)
		if (errno != EINTR)
			return true;
	return false;
}

static void *
display(void *arg)
{
	struct cmd_progress *p = arg;
	long pause = FIRST;

	while (wait_on(&p->end, pause)) {
		show(p);
		pause = PAUSE;
	}
	if (pause == PAUSE)
		dprintf(p->fd, ERASE);
	return NULL;
}

static bool
is_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && (term == NULL || strcmp(term, "dumb") != 0);
}

/* Without a thread the work goes on unseen. Signals stay with the thread that
 * works. */
void
cmd_progress_begin(struct cmd_progress *p, struct progress *work, int fd)
{
	sigset_t all, former;

	*p = (struct cmd_progress){ .work = work, .fd = fd };
	if (!is_terminal(fd) || sem_init(&p->end, 0, 0) != 0)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	p->on = pthread_create(&p->thread, NULL, display, p) == 0;
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	if (!p->on)
		sem_destroy(&p->end);
}

void
cmd_progress_end(struct cmd_progress *p)
{
	int cause = errno;

	if (!p->on)
		return;
	sem_post(&p->end);
	pthread_join(p->thread, NULL);
	sem_destroy(&p->end);
	p->on = false;
	errno = cause;
}
