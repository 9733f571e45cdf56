/* SPDX-License-Identifier: ISC */
/*
 * hook.h - runs a program of the operator in a process group of its own, with
 * texts in files that exist only in memory.
 */
#ifndef PUSHCERT_HOOK_H
#define PUSHCERT_HOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct cmd_call;

/* A variable of the environment. */
struct hook_fact {
	const char *name, *value;
};

/* A text that the hook may read from a file. */
struct hook_text {
	const char *variable; /* gets the path of the file */
	struct str text; /* null: the variable is not set */
	/* A line of the hook's output with a part of this text is left out. */
	bool secret;
};

/* The most texts of a hook. */
#define HOOK_TEXTS_MAX 4

struct hook {
	const char *name; /* stands before each line of its output */
	const char *program; /* a path, or a command of the shell: */
	bool is_command;
	const struct hook_fact *facts;
	size_t facts_n;
	const struct hook_text *texts;
	size_t texts_n; /* at most HOOK_TEXTS_MAX */
	struct str input; /* standard input, which can be read twice */
	/* The hook keeps our standard output; otherwise that goes where its
	 * standard error goes. */
	bool keeps_output;
	/* A file that becomes its standard output; 0: there is none. */
	int output;
	unsigned timeout; /* seconds */
	const char *timeout_key; /* the configuration key of that number */
	/* When this descriptor becomes readable, the hook has HOOK_GRACE
	 * seconds left. -1: there is none. */
	int stop;
};
#define HOOK_GRACE 5

/* Exit statuses that stand for the failure of a hook, as timeout(1) and the
 * shell use them; a signal is 128 and its number. */
enum { HOOK_TIMEOUT = 124, HOOK_REFUSED = 126, HOOK_VANISHED = 127 };

/* Runs the hook to its end, copies its messages to standard error, and kills
 * all processes of its process group at the end. The hook gets no signal mask
 * of this process. Returns the exit status. */
int hook_run(const struct cmd_call *c, const struct hook *h);

#endif
