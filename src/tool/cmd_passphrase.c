/* SPDX-License-Identifier: ISC */
/*
 * cmd_passphrase.c - reads a passphrase from a file or from the terminal.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "format/crypto.h"
#include "tool/cmd_output.h"

/* Moves the first line to the start of `text`, as UTF-8. */
static enum err
take_first_line(char text[CMD_PASSPHRASE_ROOM], struct str *out)
{
	char wide[STR_PLAIN_SIZE(CMD_PASSPHRASE_ROOM)];
	bool good = str_plain(*out, wide, out);

	if (good) {
		*out = str_head(str_line(*out), CMD_PASSPHRASE_ROOM);
		memmove(text, out->p, out->n);
		out->p = text;
	}
	crypto_wipe(wide, sizeof(wide));
	return good ? ERR_OK : ERR_FILE;
}

static enum err
passphrase_of_file(const struct cmd_call *c, const char *path,
    char text[CMD_PASSPHRASE_ROOM], struct str *out)
{
	enum err e = file_read(path, text, CMD_PASSPHRASE_ROOM, out);

	if (e != ERR_OK && errno != EFBIG)
		(void)cmd_fail_file(c, path);
	else if ((e = take_first_line(text, out)) != ERR_OK)
		cmd_error(
		    c, "%s: damaged UTF-16; save the file as UTF-8", path);
	return e;
}

/* Reads a line from the terminal, which returns one line per read(). Spaces at
 * its end are part of the passphrase. */
static enum err
read_line(int tty, char text[CMD_PASSPHRASE_ROOM], struct str *out)
{
	ssize_t n = read(tty, text, CMD_PASSPHRASE_ROOM);
	struct str rest;

	if (n < 0)
		return ERR_FILE;
	rest = str_from(text, (size_t)n);
	*out = str_cut(&rest, '\n');
	return ERR_OK;
}

static enum err
ask(int tty, const char *prompt, char text[CMD_PASSPHRASE_ROOM],
    struct str *out)
{
	struct termios shown, hidden;
	enum err e;

	if (tcgetattr(tty, &shown) != 0)
		return ERR_FILE;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(tty, TCSAFLUSH, &hidden) != 0)
		return ERR_FILE;
	dprintf(tty, "%s: ", prompt);
	e = read_line(tty, text, out);
	dprintf(tty, "\n");
	return tcsetattr(tty, TCSAFLUSH, &shown) == 0 ? e : ERR_FILE;
}

/* Asks once, or twice if nothing else would reveal a typing error. */
static enum err
passphrase_of_terminal(const struct cmd_call *c, bool twice,
    char text[CMD_PASSPHRASE_ROOM], struct str *out)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	char again[CMD_PASSPHRASE_ROOM];
	struct str second = { NULL, 0 };
	enum err e = ERR_FILE;

	if (tty < 0 || ask(tty, "Passphrase", text, out) != ERR_OK ||
	    (twice && ask(tty, "Again", again, &second) != ERR_OK))
		cmd_error(c,
		    "the passphrase is missing and no terminal can ask for it; "
		    "use --passphrase-file FILE");
	else if (twice && !str_eq(*out, second))
		cmd_error(c, "the two passphrases differ; try again");
	else
		e = ERR_OK;
	crypto_wipe(again, sizeof(again));
	if (tty >= 0)
		close(tty);
	return e;
}

enum err
cmd_passphrase(const struct cmd_call *c, bool twice,
    char text[CMD_PASSPHRASE_ROOM], struct str *out)
{
	const char *path = c->value[OPTION_PASSPHRASE_FILE];

	return path != NULL ? passphrase_of_file(c, path, text, out)
			    : passphrase_of_terminal(c, twice, text, out);
}
