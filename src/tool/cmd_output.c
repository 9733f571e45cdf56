/* SPDX-License-Identifier: ISC */
/*
 * cmd_output.c - prints messages and values, and reads and writes files.
 */
#include "tool/cmd_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "format/datetime.h"
#include "http/view.h"
#include "tool/cmd_help.h"

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

/* Takes the next character from the text, and writes it to `out` as it is
 * printed: escaped if it would control a terminal. Returns the length. */
static size_t
take_character(struct str *s, bool lines, char out[8])
{
	unsigned char ch = (unsigned char)s->p[0];
	unsigned code = moving_character(*s);

	*s = str_tail(*s, code == 0 ? 1 : code < 0x800 ? 2 : 3);
	if (code != 0)
		return (size_t)snprintf(out, 8, "\\u%04x", code);
	if ((ch < ' ' && !(lines && ch == '\n')) || ch == 0x7f)
		return (size_t)snprintf(out, 8, "\\x%02x", ch);
	out[0] = (char)ch;
	return 1;
}

static void
print_escaped(struct str s, bool lines)
{
	char out[8] = "";

	while (s.n > 0)
		fwrite(out, 1, take_character(&s, lines, out), stdout);
}

void
cmd_print_text(struct str s)
{
	print_escaped(s, true);
}

void
cmd_print_word(struct str s)
{
	print_escaped(s, false);
}

void
cmd_put_word(struct buf *b, struct str s)
{
	char out[8] = "";

	while (s.n > 0)
		buf_put(b, out, take_character(&s, false, out));
}

/* --- messages --------------------------------------------------------- */

/* Room for the longest message, and for the same with each byte escaped. */
#define MESSAGE_MAX (VIEW_MESSAGE_MAX + 2 * PATH_MAX)
#define LINE_MAX_BYTES (4 * MESSAGE_MAX + 64)

/* Writes the whole line with one call, so that the lines of several processes
 * do not mix. */
static void
print_message(const struct cmd_call *c, const char *text)
{
	const struct command *row = c != NULL ? c->command : NULL;
	char block[LINE_MAX_BYTES], out[8];
	struct str rest = str_of(text);
	struct buf line;

	buf_init(&line, block, sizeof(block));
	buf_text(&line, "pushcert: ");
	if (row != NULL) {
		buf_text(&line, row->word);
		buf_text(&line, row->second != NULL ? " " : "");
		buf_text(&line, row->second != NULL ? row->second : "");
		buf_text(&line, ": ");
	}
	while (rest.n > 0)
		buf_put(&line, out, take_character(&rest, false, out));
	buf_char(&line, '\n');
	fwrite(line.p, 1, line.n, stderr);
}

/* Prints a mark and the formatted text. */
ATTR_PRINTF(3, 0)
static void
print_formatted(
    const struct cmd_call *c, const char *mark, const char *format, va_list ap)
{
	char text[MESSAGE_MAX];
	size_t n = strlen(mark);

	memcpy(text, mark, n + 1);
	(void)vsnprintf(text + n, sizeof(text) - n, format, ap);
	print_message(c, text);
}

int
cmd_error(const struct cmd_call *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_formatted(c, "", format, ap);
	va_end(ap);
	return EXIT_FAILURE;
}

void
cmd_note(const struct cmd_call *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_formatted(c, "", format, ap);
	va_end(ap);
}

void
cmd_warn(const struct cmd_call *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_formatted(c, "warning: ", format, ap);
	va_end(ap);
}

int
cmd_usage(const struct cmd_call *c, const char *format, ...)
{
	char text[MESSAGE_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	print_message(c, text);
	cmd_help_usage(c->command, stderr);
	if (c->command != NULL && c->command->misused != NULL)
		return c->command->misused(text);
	return EXIT_USAGE;
}

/* Texts for the outcomes whose usual text speaks to an HTTP client. The log has
 * the cause of the first two; the tool logs to standard error. */
static const char *
outcome_text(enum err e)
{
	static const struct {
		enum err e;
		const char *text;
	} texts[] = {
		{ ERR_STORE,
		    "the store cannot be used; the line above has "
		    "the cause" },
		{ ERR_NOT_PRIVATE,
		    "the data directory cannot be used; the "
		    "line above has the cause" },
		{ ERR_NO_STORE,
		    "there is no store yet; 'pushcert init' "
		    "creates one" },
		{ ERR_NEWER,
		    "a newer release wrote this store; install that "
		    "release" },
		{ ERR_IN_USE,
		    "the store has an older format and another "
		    "process has it open; stop the process that "
		    "the line above names, and try again" },
		{ ERR_UPGRADING,
		    "another process is upgrading the store; "
		    "try again when it has ended" },
		{ ERR_READ_ONLY,
		    "read_only = yes in the configuration forbids changes; "
		    "remove that key first" },
		{ ERR_FULL,
		    "the store or the disk is full, nothing was "
		    "changed; 'pushcert doctor' reports which" },
		{ ERR_BUSY,
		    "another process has held the lock of the store "
		    "for too long; 'pushcert doctor' helps to find "
		    "it" },
		{ ERR_CORRUPT,
		    "a stored value is damaged and was not used; "
		    "'pushcert verify' reports all damage" },
		{ ERR_MEMORY, "not enough memory" },
		{ ERR_NOT_IMPLEMENTED,
		    "the configuration names no key_file; set that key and "
		    "run 'pushcert init'" },
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].e == e)
			return texts[i].text;
	return err_info(e)->text;
}

int
cmd_fail(const struct cmd_call *c, enum err e, const char *about)
{
	const char *text = outcome_text(e);

	if (e == ERR_BUSY && c->config.database[0] != '\0')
		text =
		    "the database did not answer in time; a change may have "
		    "been done all the same; 'pushcert doctor' helps to find "
		    "the cause";
	return cmd_error(
	    c, "%s%s%s", about, about[0] != '\0' ? ": " : "", text);
}

int
cmd_fail_record(const struct cmd_call *c, enum err e)
{
	char tenant[STR_GUID_LEN];

	if (e != ERR_NOT_FOUND)
		return cmd_fail(c, e, cmd_place(c));
	str_guid_text(&c->tenant, tenant);
	return cmd_error(c,
	    "tenant %.*s has no record; 'pushcert upload FILE' stores a "
	    "certificate, 'pushcert list' shows the tenants",
	    STR_GUID_LEN, tenant);
}

int
cmd_fail_with(const struct cmd_call *c, const char *about, struct str what)
{
	return cmd_error(c, "%s: %.*s", about, STR_ARG(what));
}

/* The advice after this error of a file. */
static const char *
cure_of(int cause)
{
	switch (cause) {
	case ENOENT:
	case ENOTDIR:
		return "; check the path";
	case EISDIR:
		return "; give the path of a file";
	case EEXIST:
		return "; choose another path";
	case EACCES:
		return "; run the command as a user with this permission";
	default:
		return "";
	}
}

enum err
cmd_fail_file(const struct cmd_call *c, const char *path)
{
	int cause = errno;

	cmd_error(c, "%s: %s%s", path, strerror(cause), cure_of(cause));
	return ERR_FILE;
}

int
cmd_refuse(const struct cmd_call *c, enum err e, const struct fault *fault)
{
	char text[VIEW_MESSAGE_MAX];
	struct buf message;

	/* Not a refusal by the rules, but a failure of the store. */
	if (outcome_text(e) != err_info(e)->text)
		return cmd_fail(c, e, cmd_place(c));
	buf_init(&message, text, sizeof(text));
	view_message(&message, e, fault);
	if (e == ERR_TOPIC_CHANGE) {
		buf_text(&message, ", or here --allow-topic-change ");
		buf_str(&message, fault->also);
	}
	return cmd_error(c, "%.*s", STR_ARG(buf_view(&message)));
}

void
cmd_print_date(int64_t at)
{
	char text[DATETIME_SECONDS_LEN];

	datetime_seconds(at, text);
	printf("%.*sZ", DATETIME_SECONDS_LEN, text);
}

/* --- lists ------------------------------------------------------------ */

static bool
is_for_people(const struct cmd_call *c)
{
	return (c->given & CMD_BIT(OPTION_JSON)) == 0 &&
	    isatty(c->spool.on ? c->spool.out : STDOUT_FILENO);
}

void
cmd_list_row(struct cmd_call *c, const char *head)
{
	if (c->rows++ == 0 && is_for_people(c))
		printf("%s\n", head);
}

void
cmd_list_end(const struct cmd_call *c, const char *none)
{
	if (c->rows == 0 && is_for_people(c))
		printf("%s\n", none);
}

/* --- output ----------------------------------------------------------- */

enum err
cmd_flush(const struct cmd_call *c)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return ERR_OK;
	return cmd_fail_file(c, "stdout");
}

enum err
cmd_output_open(const struct cmd_call *c, const char *path, unsigned mode,
    struct cmd_output *o)
{
	int fd;

	*o = (struct cmd_output){ .call = c, .f = stdout };
	if (path == NULL || strcmp(path, "-") == 0)
		return ERR_OK;
	o->path = path;
	if (file_create(&o->file, path, mode, true) != ERR_OK)
		return cmd_fail_file(c, path);
	fd = fcntl(o->file.fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (fd >= 0 && (o->f = fdopen(fd, "w")) != NULL)
		return ERR_OK;
	(void)cmd_fail_file(c, path);
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
		e = cmd_fail_file(o->call, o->path);
	if (fclose(o->f) != 0 && e == ERR_OK)
		e = cmd_fail_file(o->call, o->path);
	if (e != ERR_OK)
		return file_finish(&o->file, e);
	return file_finish(&o->file, ERR_OK) == ERR_OK
	    ? ERR_OK
	    : cmd_fail_file(o->call, o->path);
}

/* --- files ------------------------------------------------------------- */

enum err
cmd_read_source(
    struct cmd_call *c, const char *path, size_t size, struct str *out)
{
	bool standard = strcmp(path, "-") == 0;
	char *p = arena_take(&c->arena, size);
	enum err e = ERR_MEMORY;

	errno = ENOMEM;
	if (p != NULL)
		e = standard ? file_read_fd(STDIN_FILENO, p, size, out)
			     : file_read(path, p, size, out);
	if (e != ERR_OK && errno == EFBIG)
		return ERR_TOO_LARGE;
	if (e != ERR_OK)
		return cmd_fail_file(c, path);
	if (out->n > 0)
		return ERR_OK;
	cmd_error(c, "%s: the file is empty", path);
	return ERR_FILE;
}

enum err
cmd_read_text(const struct cmd_call *c, const char *path, char *text,
    size_t size, struct str *out)
{
	enum err e = file_read(path, text, size, out);

	if (e != ERR_OK)
		(void)cmd_fail_file(c, path);
	return e;
}
