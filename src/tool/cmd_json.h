/* SPDX-License-Identifier: ISC */
/*
 * cmd_json.h - prints one JSON object as a line on standard output.
 */
#ifndef PUSHCERT_CMD_JSON_H
#define PUSHCERT_CMD_JSON_H

#include "base/buf.h"
#include "format/emit.h"

/*
 * The longest line is an event of the history: six texts of at most 1,024
 * characters each, and an actor of at most 200 bytes. A character takes at most
 * 6 bytes in JSON (\u001f), so that 40 KB are enough.
 */
#define CMD_JSON_MAX ((size_t)64 * 1024)

/* A line that is being written. Has nothing to release. */
struct cmd_json {
	struct emit emit;
	struct buf text;
	char line[CMD_JSON_MAX];
};

/* Opens the object and returns the writer of its members. */
struct emit *cmd_json_begin(struct cmd_json *j);
/* Closes the object and prints the line. An object of more than CMD_JSON_MAX
 * bytes is not printed: a message on standard error takes its place. */
void cmd_json_end(struct cmd_json *j);
#endif
