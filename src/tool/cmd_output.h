/* SPDX-License-Identifier: ISC */
/*
 * cmd_output.h - prints messages and values, and reads and writes files.
 */
#ifndef PUSHCERT_CMD_OUTPUT_H
#define PUSHCERT_CMD_OUTPUT_H

#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

struct fault;

enum { EXIT_USAGE = 2 };

/* Prints the text of an outcome, after `about` if that is not empty, and
 * returns EXIT_FAILURE. */
int cmd_fail(enum err e, const char *about);
/* Prints the reason why a file or an argument cannot be used, and returns
 * EXIT_FAILURE. */
int cmd_fail_with(const char *about, struct str why);
/* Prints the reason and returns EXIT_USAGE. */
int cmd_usage(const char *why);
/* Prints why the rules refuse a change, and returns EXIT_FAILURE. */
int cmd_refuse(enum err e, const struct fault *fault);

/* Prints YYYY-MM-DDThh:mm:ssZ on standard output; `at` is in seconds, UTC. */
void cmd_print_date(int64_t at);
/*
 * These print a text that a client has sent. Control characters and characters
 * that change the direction or the line are escaped, so that the text cannot
 * control the terminal. cmd_print_text keeps line feeds; the others escape
 * them too. cmd_print_error prints on standard error.
 */
void cmd_print_text(struct str s);
void cmd_print_word(struct str s);
void cmd_print_error(struct str s);

/* Flushes standard output. Prints the reason and returns ERR_FILE if any data
 * was lost. */
enum err cmd_flush(void) ATTR_CHECKED;

/* An output file, which appears under its name whole or not at all, or
 * standard output. */
struct cmd_output {
	FILE *f;
	const char *path; /* NULL: standard output */
	struct file file;
};
/* A path of NULL or "-" means standard output. A new file gets `mode`. Prints
 * the reason of a failure, as does the next function. */
enum err cmd_output_open(
    const char *path, unsigned mode, struct cmd_output *o) ATTR_CHECKED;
/* Puts the file in its place, or removes it if e is a failure. Returns e, or
 * ERR_FILE if the file could not be written. */
enum err cmd_output_close(struct cmd_output *o, enum err e) ATTR_CHECKED;

/* Reads up to size bytes of a file into text, and points *out at them. Prints
 * the reason of a failure. */
enum err cmd_read_text(
    const char *path, char *text, size_t size, struct str *out) ATTR_CHECKED;
/* Writes a whole file with this mode. Prints the reason of a failure. */
enum err
cmd_write_text(const char *path, unsigned mode, struct str text) ATTR_CHECKED;

#endif
