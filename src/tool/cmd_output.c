/* SPDX-License-Identifier: ISC */
/*
 * cmd_output.c - prints messages and values, and reads and writes files.
 */
#include "tool/cmd_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "format/datetime.h"
#include "http/view.h"

int
cmd_fail(enum err e, const char *about)
{
	fprintf(stderr, "pushcert: %s%s%s\n", about, about[0] ? ": " : "",
	    err_info(e)->text);
	return EXIT_FAILURE;
}

int
cmd_usage(const char *why)
{
	fprintf(stderr, "pushcert: %s\nTry 'pushcert --help'.\n", why);
	return EXIT_USAGE;
}

int
cmd_fail_with(const char *about, struct str what)
{
	fprintf(stderr, "pushcert: %s: %.*s\n", about, STR_ARG(what));
	return EXIT_FAILURE;
}

void
cmd_print_date(int64_t at)
{
	char text[DATETIME_SECONDS_LEN];

	datetime_seconds(at, text);
	printf("%.*sZ", DATETIME_SECONDS_LEN, text);
}

/* Returns the character at the start of the text if it is longer than one byte
 * and would control a terminal or move the text after it: control characters,
 * line separators, changes of direction. Otherwise returns 0. */
static unsigned
moving_character(struct str s)
{
	static const struct {
		unsigned first, last;
	} ranges[] = { { 0x80, 0x9f }, { 0x200e, 0x200f }, { 0x2028, 0x202e },
		{ 0x2066, 0x2069 } };
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned code = 0;
	size_t i;

	if (s.n >= 2 && (p[0] & 0xe0) == 0xc0)
		code = (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
	else if (s.n >= 3 && (p[0] & 0xf0) == 0xe0)
		code = (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 |
		    (p[2] & 0x3fU);
	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return code;
	return 0;
}

/* Prints a client's text, safe for a terminal. Keeps line feeds if `lines` is
 * true. */
static void
print_escaped(FILE *out, struct str s, bool lines)
{
	while (s.n > 0) {
		unsigned char ch = (unsigned char)s.p[0];
		unsigned code = moving_character(s);

		if (code != 0)
			fprintf(out, "\\u%04x", code);
		else if ((ch < ' ' && !(lines && ch == '\n')) || ch == 0x7f)
			fprintf(out, "\\x%02x", ch);
		else
			putc(ch, out);
		s = str_tail(s, code == 0 ? 1 : code < 0x800 ? 2 : 3);
	}
}

void
cmd_print_text(struct str s)
{
	print_escaped(stdout, s, true);
}

void
cmd_print_word(struct str s)
{
	print_escaped(stdout, s, false);
}

void
cmd_print_error(struct str s)
{
	print_escaped(stderr, s, false);
}

int
cmd_refuse(enum err e, const struct fault *fault)
{
	char text[VIEW_MESSAGE_MAX];
	struct buf message;

	buf_init(&message, text, sizeof(text));
	view_message(&message, e, fault);
	fprintf(stderr, "pushcert: ");
	print_escaped(stderr, buf_view(&message), false);
	if (e == ERR_TOPIC_CHANGE) {
		fprintf(stderr, ", or here --allow-topic-change ");
		print_escaped(stderr, fault->also, false);
	}
	putc('\n', stderr);
	return EXIT_FAILURE;
}

/* --- output ----------------------------------------------------------- */

static enum err
output_failed(const char *path)
{
	fprintf(stderr, "pushcert: %s: %s\n", path, strerror(errno));
	return ERR_FILE;
}

enum err
cmd_flush(void)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return ERR_OK;
	return output_failed("stdout");
}

enum err
cmd_output_open(const char *path, unsigned mode, struct cmd_output *o)
{
	int fd;

	*o = (struct cmd_output){ .f = stdout };
	if (path == NULL || strcmp(path, "-") == 0)
		return ERR_OK;
	o->path = path;
	if (file_create(&o->file, path, mode, true) != ERR_OK)
		return output_failed(path);
	fd = fcntl(o->file.fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (fd >= 0 && (o->f = fdopen(fd, "w")) != NULL)
		return ERR_OK;
	(void)output_failed(path);
	if (fd >= 0)
		close(fd);
	return file_finish(&o->file, ERR_FILE);
}

enum err
cmd_output_close(struct cmd_output *o, enum err e)
{
	bool whole;

	if (o->path == NULL)
		return e;
	whole = fflush(o->f) == 0 && !ferror(o->f);
	if (e == ERR_OK && !whole)
		e = output_failed(o->path);
	if (fclose(o->f) != 0 && e == ERR_OK)
		e = output_failed(o->path);
	if (e != ERR_OK)
		return file_finish(&o->file, e);
	return file_finish(&o->file, ERR_OK) == ERR_OK ? ERR_OK
						       : output_failed(o->path);
}

/* --- files ------------------------------------------------------------- */

enum err
cmd_read_text(const char *path, char *text, size_t size, struct str *out)
{
	enum err e = file_read(path, text, size, out);

	if (e != ERR_OK)
		fprintf(stderr, "pushcert: %s: %s\n", path, strerror(errno));
	return e;
}
