/* SPDX-License-Identifier: ISC */
/*
 * command_record.c - a tenant's record on the terminal.
 */
#include "command_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "record.h"
#include "view.h"

static void
print_record(const struct record *r)
{
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++) {
		printf("%s: ", record_properties[i].name);
		command_print_text(record_text(r, (enum property)i));
		putchar('\n');
	}
}

static int
print_record_json(const struct record *r)
{
	struct view v = { .metadata = ODATA_NONE, .set = RECORD_ALL };
	size_t size = 512 * 1024;
	char *text = malloc(size);
	struct buf out;

	if (text == NULL)
		return command_fail(ERR_MEMORY, "show");
	buf_init(&out, text, size);
	view_record(&out, &v, r);
	printf("%.*s\n", STR_ARG(buf_view(&out)));
	free(text);
	return EXIT_SUCCESS;
}

int
command_show(struct command_call *c)
{
	struct record r;
	enum err e;

	if (command_begin_reading(c) != ERR_OK)
		return EXIT_FAILURE;
	if (command_need_tenant(c) != ERR_OK)
		return EXIT_FAILURE;
	if ((e = store_record(c->reader, &c->tenant, &r)) != ERR_OK)
		return command_fail(e, "show");
	if (c->given & COMMAND_BIT(OPTION_JSON))
		return print_record_json(&r);
	print_record(&r);
	return EXIT_SUCCESS;
}
