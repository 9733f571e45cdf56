/* SPDX-License-Identifier: ISC */
/*
 * progress.h - how far a long piece of work has come. The thread that works
 * reports its steps; a display in another thread reads them
 * (tool/cmd_progress).
 */
#ifndef PUSHCERT_PROGRESS_H
#define PUSHCERT_PROGRESS_H

#include <stdatomic.h>
#include <stdint.h>

/* All zero before the first step. */
struct progress {
	_Atomic(const char *) name;
	_Atomic uint64_t done, total;
	_Atomic int file; /* descriptor + 1; 0: none */
};

/* For the functions of the thread that works, p may be NULL: the work has no
 * display. */

/* Begins a step, such as "verifying", which has this many units; 0: not known.
 * The name is a constant. */
void progress_step(struct progress *p, const char *name, uint64_t total);
/* Adds units of the step that are done. */
void progress_add(struct progress *p, uint64_t units);
/* The step fills this file, and its units are the file's bytes. The descriptor
 * stays open until the next step begins. */
void progress_file(struct progress *p, int fd);

/* Returns the name of the step, or NULL before the first one. The numbers of
 * two steps may be mixed for an instant. */
const char *progress_read(struct progress *p, uint64_t *done, uint64_t *total);

#endif
