/* SPDX-License-Identifier: ISC */
/*
 * cmd_progress.h - shows on a terminal how far a long command has come. Only
 * the files of the tool include it.
 */
#ifndef PUSHCERT_CMD_PROGRESS_H
#define PUSHCERT_CMD_PROGRESS_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

/* Longest text of the display, with its NUL. */
#define CMD_PROGRESS_MAX 40

struct progress;

struct cmd_progress {
	struct progress *work;
	int fd;
	bool on; /* the thread runs */
	pthread_t thread;
	sem_t end;
};

/* Writes "verifying, 42 %", or the number of units if the total is unknown. */
void cmd_progress_text(const char *step, uint64_t done, uint64_t total,
    char out[CMD_PROGRESS_MAX]);

/* Shows the steps of the work, from half a second on, if fd is a terminal;
 * writes nothing otherwise. cmd_progress_end erases the text. */
void cmd_progress_begin(struct cmd_progress *p, struct progress *work, int fd);
void cmd_progress_end(struct cmd_progress *p);

#endif
