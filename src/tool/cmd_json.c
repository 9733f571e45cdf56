/* SPDX-License-Identifier: ISC */
/*
 * cmd_json.c - prints one JSON object as a line on standard output.
 */
#include "tool/cmd_json.h"

#include <stdio.h>

#include "tool/cmd_output.h"

struct emit *
cmd_json_begin(struct cmd_json *j)
{
	buf_init(&j->text, j->line, sizeof(j->line));
	emit_init(&j->emit, &j->text);
	emit_object(&j->emit);
	return &j->emit;
}

void
cmd_json_end(struct cmd_json *j)
{
	emit_end(&j->emit);
	if (j->text.full)
		cmd_error(
		    NULL, "a line of JSON became too long and was left out");
	else
		printf("%.*s\n", STR_ARG(buf_view(&j->text)));
}
