/* SPDX-License-Identifier: ISC */
/*
 * command_share.c - what the subcommands share.
 */
#include "command_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "log.h"
#include "when.h"

int
command_fail(enum err e, const char *about)
{
	fprintf(stderr, "pushcert: %s%s%s\n", about, about[0] ? ": " : "",
	    err_info(e)->text);
	return EXIT_FAILURE;
}

int
command_usage(const char *why)
{
	fprintf(stderr, "pushcert: %s\nTry 'pushcert --help'.\n", why);
	return EXIT_USAGE;
}

int64_t
command_now_at(void)
{
	return (int64_t)time(NULL);
}

enum err
command_load_config(struct command_call *c)
{
	char path[PATH_MAX], message[CONFIG_TEXT_MAX];
	const char *file = config_find(c->config_path, path);
	enum err e = ERR_OK;

	config_default(&c->config);
	if (file != NULL)
		e = config_load(file, &c->config, message);
	if (e != ERR_OK)
		fprintf(stderr, "pushcert: %s\n", message);
	if (e == ERR_OK)
		log_open(c->config.syslog, (enum log_level)c->config.log_level);
	return e;
}

enum err
command_open_store(struct command_call *c, bool create)
{
	struct store_options options = {
		.directory = c->config.data,
		.map_size = c->config.map_size,
		.readers = (unsigned)c->config.workers + 256,
		.history_keep = (unsigned)c->config.history_keep,
		.metrics = c->metrics,
		.create = create,
	};
	enum err e = store_open(&options, &c->store);

	if (e != ERR_OK)
		(void)command_fail(e, c->config.data);
	return e;
}

/* Configuration, store and an open read transaction. */
enum err
command_begin_reading(struct command_call *c)
{
	enum err e;

	if ((e = command_load_config(c)) != ERR_OK)
		return e;
	if ((e = command_open_store(c, false)) != ERR_OK)
		return e;
	if ((e = store_reader(c->store, &c->reader)) != ERR_OK ||
	    (e = store_begin(c->reader)) != ERR_OK)
		(void)command_fail(e, c->config.data);
	return e;
}

void
command_print_date(int64_t at)
{
	char text[WHEN_SECONDS_LEN];

	when_seconds(at, text);
	printf("%.*sZ", WHEN_SECONDS_LEN, text);
}

/* Takes the only tenant there is where none was named. */
static enum err
only_tenant(const struct guid *tenant, const struct record *r, void *arg)
{
	struct command_call *c = arg;

	(void)r;
	if (c->given & COMMAND_BIT(OPTION_TENANT))
		return ERR_USAGE;
	c->given |= COMMAND_BIT(OPTION_TENANT);
	c->tenant = *tenant;
	return ERR_OK;
}

enum err
command_need_tenant(struct command_call *c)
{
	enum err e = ERR_OK;

	if ((c->given & COMMAND_BIT(OPTION_TENANT)) == 0)
		e = store_records(c->reader, only_tenant, c);
	if (e == ERR_USAGE)
		fprintf(stderr,
		    "pushcert: there are several tenants: "
		    "say which with --tenant GUID\n");
	else if (e != ERR_OK)
		(void)command_fail(e, "tenant");
	return e;
}

/* Text of a client, safe on a terminal. */
void
command_print_text(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];

		if (ch < ' ' && ch != '\n')
			printf("\\x%02x", ch);
		else
			putchar(ch);
	}
}
