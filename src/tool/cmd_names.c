/* SPDX-License-Identifier: ISC */
/*
 * cmd_names.c - keeps the aliases and custodies of all tenants in memory, in
 * the order of the GUIDs.
 */
#include "tool/cmd_names.h"

#include <stdlib.h>
#include <string.h>

/* The alias, and the texts of a custody. */
#define TEXTS (1 + CUSTODY_TEXTS)

struct name {
	struct guid tenant;
	char *text[TEXTS]; /* NULL: none */
};

struct cmd_names {
	struct name *row;
	size_t count, room;
	size_t aliased; /* the first rows, in their order */
};

static int
compare(const void *a, const void *b)
{
	const struct name *first = a, *second = b;

	return memcmp(&first->tenant, &second->tenant, sizeof(first->tenant));
}

static struct name *
find(const struct cmd_names *names, size_t count, const struct guid *tenant)
{
	const struct name key = { .tenant = *tenant };

	return count == 0
	    ? NULL
	    : bsearch(&key, names->row, count, sizeof(key), compare);
}

/* Appends an empty row. Returns NULL if memory runs out. */
static struct name *
add_row(struct cmd_names *names, const struct guid *tenant)
{
	struct name *row = names->row;

	if (names->count == names->room) {
		names->room = names->room > 0 ? 2 * names->room : 64;
		row = reallocarray(row, names->room, sizeof(*row));
		if (row == NULL)
			return NULL;
		names->row = row;
	}
	row += names->count++;
	*row = (struct name){ .tenant = *tenant };
	return row;
}

static enum err
set_text(struct name *row, size_t i, struct str text)
{
	if (text.n == 0)
		return ERR_OK;
	row->text[i] = strndup(text.p, text.n);
	return row->text[i] != NULL ? ERR_OK : ERR_MEMORY;
}

static enum err
add_alias(const struct tenant *t, void *arg)
{
	struct name *row;

	if (t->alias.n == 0)
		return ERR_OK;
	row = add_row(arg, &t->id);
	return row != NULL ? set_text(row, 0, t->alias) : ERR_MEMORY;
}

/* Both walks are in the order of the GUIDs, so the rows with an alias can be
 * searched while others are appended. */
static enum err
add_custody(const struct guid *tenant, const struct custody *c, void *arg)
{
	struct cmd_names *names = arg;
	struct name *row = find(names, names->aliased, tenant);
	enum err e = ERR_OK;
	size_t i;

	if (row == NULL && (row = add_row(names, tenant)) == NULL)
		return ERR_MEMORY;
	for (i = 0; i < CUSTODY_TEXTS && e == ERR_OK; i++)
		e = set_text(row, 1 + i, c->text[i]);
	return e;
}

enum err
cmd_names_load(struct txn *tx, struct cmd_names **out)
{
	struct cmd_names *names = calloc(1, sizeof(*names));
	enum err e;

	*out = NULL;
	if (names == NULL)
		return ERR_MEMORY;
	if ((e = store_tenants(tx, add_alias, names)) == ERR_OK) {
		names->aliased = names->count;
		e = store_custodies(tx, add_custody, names);
	}
	if (e != ERR_OK || names->count == 0) {
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
	size_t i, k;

	if (names == NULL)
		return;
	for (i = 0; i < names->count; i++)
		for (k = 0; k < TEXTS; k++)
			free(names->row[i].text[k]);
	free(names->row);
	free(names);
}

static struct str
text_of(const struct cmd_names *names, const struct guid *tenant, size_t i)
{
	const struct name *row = NULL;

	if (names != NULL)
		row = find(names, names->count, tenant);
	return str_of(row != NULL ? row->text[i] : NULL);
}

struct str
cmd_names_alias(const struct cmd_names *names, const struct guid *tenant)
{
	return text_of(names, tenant, 0);
}

struct str
cmd_names_custody(const struct cmd_names *names, const struct guid *tenant,
    enum custody_text text)
{
	return text_of(names, tenant, 1 + (size_t)text);
}
