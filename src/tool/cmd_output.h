/* SPDX-License-Identifier: ISC */
/*
 * cmd_output.h - prints messages and values, and reads and writes files.
 */
#ifndef PUSHCERT_CMD_OUTPUT_H
#define PUSHCERT_CMD_OUTPUT_H

#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

struct cmd_call;
struct fault;

enum { EXIT_USAGE = 2 };

/*
 * These print one line on standard error: "pushcert: COMMAND: " and the text,
 * which says what is wrong, where, and what to do. Control characters in it
 * are escaped, so that no file and no client can control the terminal.
 */
/* Returns EXIT_FAILURE. */
int
cmd_error(const struct cmd_call *c, const char *format, ...) ATTR_PRINTF(2, 3);
void
cmd_warn(const struct cmd_call *c, const char *format, ...) ATTR_PRINTF(2, 3);
/* Says what to do next. */
void
cmd_note(const struct cmd_call *c, const char *format, ...) ATTR_PRINTF(2, 3);
/* Prints the usage line of the command, too. Returns EXIT_USAGE, or the status
 * that the command defines for wrong usage. */
int
cmd_usage(const struct cmd_call *c, const char *format, ...) ATTR_PRINTF(2, 3);
/* Prints the text of an outcome, after `about` if that is not empty, and
 * returns EXIT_FAILURE. */
int cmd_fail(const struct cmd_call *c, enum err e, const char *about);
/* Prints the reason why a file or an argument cannot be used, and returns
 * EXIT_FAILURE. */
int cmd_fail_with(const struct cmd_call *c, const char *about, struct str what);
/* The same for the record of the tenant: ERR_NOT_FOUND means that there is
 * none. */
int cmd_fail_record(const struct cmd_call *c, enum err e);
/* Prints the reason in errno why a file cannot be used. Returns ERR_FILE. */
enum err cmd_fail_file(const struct cmd_call *c, const char *path);
/* Prints why the rules refuse a change, and returns EXIT_FAILURE. */
int cmd_refuse(const struct cmd_call *c, enum err e, const struct fault *fault);

/* Prints YYYY-MM-DDThh:mm:ssZ on standard output; `at` is in seconds, UTC. */
void cmd_print_date(int64_t at);
/*
 * These print a text that a client has sent. Control characters and characters
 * that change the direction or the line are escaped, so that the text cannot
 * control the terminal. cmd_print_text keeps line feeds; cmd_print_word escapes
 * them too.
 */
void cmd_print_text(struct str s);
void cmd_print_word(struct str s);

/* Appends such a text to a buffer; line feeds are escaped too. */
void cmd_put_word(struct buf *b, struct str s);

/* For a command that prints a list. If standard output is a terminal,
 * cmd_list_row prints the head line before the first row, and cmd_list_end
 * prints the text if there was none. A program that reads the output gets the
 * rows only, and so does a reader of JSON. */
void cmd_list_row(struct cmd_call *c, const char *head);
void cmd_list_end(const struct cmd_call *c, const char *none);

/* Flushes standard output. Prints the reason and returns ERR_FILE if any data
 * was lost. */
enum err cmd_flush(const struct cmd_call *c) ATTR_CHECKED;

/* An output file, which appears under its name whole or not at all, or
 * standard output. */
struct cmd_output {
	const struct cmd_call *call;
	FILE *f;
	const char *path; /* NULL: standard output */
	struct file file;
};
/* A path of NULL or "-" means standard output. A new file gets `mode`. Prints
 * the reason of a failure, as does the next function. */
enum err cmd_output_open(const struct cmd_call *c, const char *path,
    unsigned mode, struct cmd_output *o) ATTR_CHECKED;
/* Puts the file in its place, or removes it if e is a failure. Returns e, or
 * ERR_FILE if the file could not be written. */
enum err cmd_output_close(struct cmd_output *o, enum err e) ATTR_CHECKED;

/* Reads up to size bytes of a file into text, and points *out at them. Prints
 * the reason of a failure. */
enum err cmd_read_text(const struct cmd_call *c, const char *path, char *text,
    size_t size, struct str *out) ATTR_CHECKED;
/* Reads a file, or standard input if the path is "-", into the call's arena.
 * ERR_TOO_LARGE: the file has more than `size` bytes; *out has the first of
 * them, and the caller prints the reason. Any other failure, also that the file
 * is empty, is ERR_FILE, and its reason is printed. */
enum err cmd_read_source(struct cmd_call *c, const char *path, size_t size,
    struct str *out) ATTR_CHECKED;
/* Writes a whole file with this mode. Prints the reason of a failure. */
enum err cmd_write_text(const struct cmd_call *c, const char *path,
    unsigned mode, struct str text) ATTR_CHECKED;

#endif
