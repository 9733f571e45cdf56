/* SPDX-License-Identifier: ISC */
/*
 * cmd_custody.c - notes which people look after a tenant's certificate. Apple's
 * mails name neither the customer nor the topic, and an Apple account is hard
 * to find again after its owner has left.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>

#include "tool/cmd_output.h"

static const struct {
	enum cmd_option option;
	const char *name;
	size_t limit; /* in bytes */
} texts[CUSTODY_TEXTS] = {
	[CUSTODY_OWNER] = { OPTION_OWNER, "--owner", 256 },
	[CUSTODY_CONTACT] = { OPTION_CONTACT, "--contact", 256 },
	[CUSTODY_NOTES] = { OPTION_NOTES, "--notes", 1024 },
};

/* Whether the text is UTF-8 on one line, without control characters. */
static bool
is_line(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return str_utf8_valid(s);
}

static int
check_texts(struct cmd_call *c)
{
	bool given = false;
	struct str s;
	size_t i;

	for (i = 0; i < CUSTODY_TEXTS; i++) {
		if ((c->given & CMD_BIT(texts[i].option)) == 0)
			continue;
		given = true;
		s = str_of(c->value[texts[i].option]);
		if (s.n > texts[i].limit || !is_line(s))
			return cmd_usage(c,
			    "%s: give one line of at most %zu bytes of UTF-8",
			    texts[i].name, texts[i].limit);
	}
	return given ? EXIT_SUCCESS
		     : cmd_usage(c, "give --owner, --contact or --notes");
}

/* Changes the texts that were given; an empty one is removed. */
static enum err
put_custody(struct txn *tx, void *arg)
{
	const struct cmd_call *c = arg;
	struct custody custody = { .text = { { NULL, 0 } } };
	enum err e = store_custody(tx, &c->tenant, &custody);
	size_t i;

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	for (i = 0; i < CUSTODY_TEXTS; i++)
		if ((c->given & CMD_BIT(texts[i].option)) != 0)
			custody.text[i] = str_of(c->value[texts[i].option]);
	return store_custody_put(tx, &c->tenant, &custody);
}

int
cmd_tenant_set(struct cmd_call *c)
{
	int status = check_texts(c);
	enum err e;

	if (status != EXIT_SUCCESS)
		return status;
	/* The argument may also be an alias. */
	if (!cmd_guid(c->argument[0], &c->tenant))
		c->alias = c->argument[0];
	if (cmd_load_config(c) != ERR_OK || cmd_open_store(c, false) != ERR_OK)
		return EXIT_FAILURE;
	e = store_update(c->store, put_custody, c);
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(c, e, cmd_place(c));
}
