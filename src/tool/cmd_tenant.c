/* SPDX-License-Identifier: ISC */
/*
 * cmd_tenant.c - lists, adds and removes the tenants whose JWTs are accepted.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>
#include <string.h>

#include "format/emit.h"
#include "tool/cmd_json.h"
#include "tool/cmd_output.h"

static enum err
take_tenant_argument(struct cmd_call *c)
{
	if (cmd_guid(c->argument[0], &c->tenant))
		return ERR_OK;
	(void)cmd_usage(c,
	    "'%.64s' is not a GUID; give one of the form "
	    "12345678-1234-1234-1234-123456789abc",
	    c->argument[0]);
	return ERR_USAGE;
}

/* Refuses a name that belongs to another tenant. */
static enum err
check_alias(struct txn *tx, const struct cmd_call *c)
{
	struct guid other;
	enum err e = cmd_find_alias(tx, c->value[OPTION_NAME], &other);

	if (e == ERR_OK && memcmp(&other, &c->tenant, sizeof(other)) != 0)
		return ERR_EXISTS;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Adds the tenant. If it has been added before, changes its name. */
static enum err
put_tenant(struct txn *tx, void *arg)
{
	const struct cmd_call *c = arg;
	struct tenant t = { .id = c->tenant, .created_at = cmd_now_at() };
	const char *name = c->value[OPTION_NAME];
	enum err e = store_tenant(tx, &c->tenant, &t);

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (name != NULL) {
		if ((e = check_alias(tx, c)) != ERR_OK)
			return e;
		t.alias = str_of(name);
	}
	return store_tenant_put(tx, &t);
}

int
cmd_tenant_add(struct cmd_call *c)
{
	const char *name = c->value[OPTION_NAME];
	struct guid id;
	enum err e;

	if (take_tenant_argument(c) != ERR_OK)
		return EXIT_USAGE;
	if (name != NULL && !cmd_is_alias(name))
		return cmd_usage(c,
		    "--name '%.64s': give an alias without blanks and control "
		    "characters",
		    name);
	if (name != NULL && cmd_guid(name, &id))
		return cmd_usage(
		    c, "--name '%.64s': a GUID cannot be an alias", name);
	if (cmd_load_config(c) != ERR_OK || cmd_open_store(c, false) != ERR_OK)
		return EXIT_FAILURE;
	e = store_update(c->store, put_tenant, c);
	if (e == ERR_EXISTS)
		return cmd_fail_with(c, name,
		    str_of(
			"another tenant has this alias; choose another one"));
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(c, e, cmd_place(c));
}

static void
print_tenant_json(const struct tenant *t)
{
	char id[STR_GUID_LEN];
	struct cmd_json json;
	struct emit *e;

	str_guid_text(&t->id, id);
	e = cmd_json_begin(&json);
	emit_name(e, "tenant");
	emit_str(e, str_from(id, sizeof(id)));
	emit_name(e, "name");
	emit_str(e, t->alias);
	emit_name(e, "created");
	emit_i64(e, t->created_at);
	cmd_json_end(&json);
}

static enum err
list_tenant(const struct tenant *t, void *arg)
{
	struct cmd_call *c = arg;
	char id[STR_GUID_LEN];

	if (c->given & CMD_BIT(OPTION_JSON)) {
		print_tenant_json(t);
		return ERR_OK;
	}
	cmd_list_row(c,
	    "TENANT                                ADDED                 "
	    "ALIAS");
	str_guid_text(&t->id, id);
	printf("%.*s  ", STR_GUID_LEN, id);
	cmd_print_date(t->created_at);
	printf("  ");
	cmd_print_word(t->alias.n > 0 ? t->alias : str_of("-"));
	putchar('\n');
	return ERR_OK;
}

int
cmd_tenant_list(struct cmd_call *c)
{
	enum err e;

	if (cmd_begin_reading(c) != ERR_OK)
		return EXIT_FAILURE;
	e = store_tenants(c->reader, list_tenant, c);
	cmd_list_end(c, "no tenants; 'pushcert tenant add' adds one");
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(c, e, cmd_place(c));
}

static enum err
delete_tenant(struct txn *tx, void *arg)
{
	const struct cmd_call *c = arg;

	return store_tenant_delete(tx, &c->tenant);
}

int
cmd_tenant_remove(struct cmd_call *c)
{
	enum err e;

	/* The argument may also be an alias. */
	if (!cmd_guid(c->argument[0], &c->tenant))
		c->alias = c->argument[0];
	if (cmd_load_config(c) != ERR_OK || cmd_open_store(c, false) != ERR_OK)
		return EXIT_FAILURE;
	e = store_update(c->store, delete_tenant, c);
	if (e == ERR_NOT_FOUND) {
		cmd_error(c,
		    "%s: this tenant was not added; 'pushcert tenant list' lists "
		    "those that were",
		    c->argument[0]);
		return EXIT_FAILURE;
	}
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(c, e, cmd_place(c));
}
