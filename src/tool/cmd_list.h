/* SPDX-License-Identifier: ISC */
/*
 * cmd_list.h - the rows of `list`. Only cmd_list.c and cmd_list_show.c include
 * it.
 */
#ifndef PUSHCERT_CMD_LIST_H
#define PUSHCERT_CMD_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "format/datetime.h"
#include "tool/cmd_call.h"

struct row {
	struct expiry_tenant t; /* its texts are in `text`, or of the names */
	struct instant modified;
	char *text;
};

struct list {
	struct cmd_call *c;
	int64_t now_at;
	unsigned statuses; /* a set; the bits are 1 << enum expiry_status */
	struct row *row;
	size_t count, room;
};

/* Prints the rows in their order. */
void cmd_list_show(const struct list *l);

#endif
