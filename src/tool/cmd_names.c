/* SPDX-License-Identifier: ISC */
/*
 * cmd_names.c - keeps the names of all tenants in memory, in the order of the
 * GUIDs.
 */
#include "tool/cmd_names.h"

#include <stdlib.h>
#include <string.h>

struct name {
	struct guid tenant;
	char *alias; /* NULL: none */
};

struct cmd_names {
	struct name *row;
	size_t count, room;
};

static int
compare(const void *a, const void *b)
{
	const struct name *first = a, *second = b;

	return memcmp(&first->tenant, &second->tenant, sizeof(first->tenant));
}

static enum err
add_name(const struct tenant *t, void *arg)
{
	struct cmd_names *names = arg;
	struct name *row = names->row;

	if (t->alias.n == 0)
		return ERR_OK;
	if (names->count == names->room) {
		names->room = names->room > 0 ? 2 * names->room : 64;
		row = reallocarray(row, names->room, sizeof(*row));
		if (row == NULL)
			return ERR_MEMORY;
		names->row = row;
	}
	row += names->count;
	row->tenant = t->id;
	if ((row->alias = strndup(t->alias.p, t->alias.n)) == NULL)
		return ERR_MEMORY;
	names->count++;
	return ERR_OK;
}

enum err
cmd_names_load(struct txn *tx, struct cmd_names **out)
{
	struct cmd_names *names = calloc(1, sizeof(*names));
	enum err e;

	*out = NULL;
	if (names == NULL)
		return ERR_MEMORY;
	if ((e = store_tenants(tx, add_name, names)) != ERR_OK ||
	    names->count == 0) {
		cmd_names_free(names);
		return e;
	}
	qsort(names->row, names->count, sizeof(names->row[0]), compare);
	*out = names;
	return ERR_OK;
}

void
cmd_names_free(struct cmd_names *names)
{
	size_t i;

	if (names == NULL)
		return;
	for (i = 0; i < names->count; i++)
		free(names->row[i].alias);
	free(names->row);
	free(names);
}

struct str
cmd_names_alias(const struct cmd_names *names, const struct guid *tenant)
{
	const struct name key = { .tenant = *tenant }, *found = NULL;

	if (names != NULL)
		found = bsearch(
		    &key, names->row, names->count, sizeof(key), compare);
	return str_of(found != NULL ? found->alias : NULL);
}
