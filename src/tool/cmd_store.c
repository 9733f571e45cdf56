/* SPDX-License-Identifier: ISC */
/*
 * cmd_store.c - opens the store as the configuration says, and upgrades it.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>
#include <unistd.h>

#include "format/expiry.h"

#include "tool/cmd_output.h"
#include "tool/cmd_progress.h"

/* How long a command waits for other processes to close the store before it
 * upgrades the store, in milliseconds. A command that only reads ends sooner
 * than this. */
#define UPGRADE_WAIT 2000

enum err
cmd_upgrade(struct cmd_call *c, uint64_t tenants_most, int64_t wait)
{
	const struct store_upgrade_options options = {
		.keep_copy = (c->given & CMD_BIT(OPTION_NO_COPY)) == 0,
		.tenants_most = tenants_most,
		.wait = wait,
	};

	struct cmd_progress progress;
	enum err e;

	cmd_progress_begin(&progress, &c->progress, STDERR_FILENO);
	e = store_upgrade(c->store, &options);
	cmd_progress_end(&progress);
	return e;
}

const char *
cmd_place(const struct cmd_call *c)
{
	return c->config.database[0] != '\0' ? "the database" : c->config.data;
}

/* Adds the begin of the validity to a record of an older release. */
static bool
complete(struct record *r)
{
	void *block = malloc(EXPIRY_ARENA);
	struct expiry x;
	struct arena a;

	if (block == NULL)
		return false;
	arena_init(&a, block, EXPIRY_ARENA);
	x = expiry_of_text(r->value[RECORD_CERTIFICATE], &a);
	free(block);
	r->issued = x.issued;
	r->issued_at = x.issued_at;
	return x.issued;
}

struct store_options
cmd_store_options(struct cmd_call *c)
{
	struct store_options options = {
		.directory = c->config.data,
		.map_size = c->config.map_size,
		.readers = (unsigned)c->config.workers + 256,
		.history_keep = (unsigned)c->config.history_keep,
		.history_certificates =
		    (unsigned)c->config.history_certificates,
		.timeout_ms = (int64_t)c->config.queue_timeout * 1000,
		.queue_max = c->config.queue_writers,
		/* Less than the number of workers, so that some workers are not
		 * blocked when the disk hangs. */
		.batch_max = (c->config.workers * 3 + 3) / 4,
		.metrics = c->metrics,
		.progress = &c->progress,
		.complete = complete,
		.reads = c->reads,
	};

	if (c->config.database[0] != '\0') {
		options.database = c->config.database;
		options.database_password_file =
		    c->config.database_password_file;
		options.database_schema = c->config.database_schema;
		options.database_lanes = (unsigned)c->config.database_lanes;
		options.database_owner = c->value[OPTION_OWNER];
		options.database_reader = c->value[OPTION_READER];
	}
	return options;
}

enum err
cmd_try_store(struct cmd_call *c, bool create)
{
	struct store_options options = cmd_store_options(c);
	enum err e;

	options.create = create;
	e = store_open(&options, &c->store);
	/* init and restore make a store whatever the configuration says. */
	if (e == ERR_OK && c->config.read_only && !create)
		store_set_read_only(c->store);
	return e;
}

enum err
cmd_open_store(struct cmd_call *c, bool create)
{
	enum err e;

	c->reads = !c->writes && !create;
	e = cmd_try_store(c, create);
	if (e == ERR_OK && c->writes)
		e = cmd_upgrade(c, 0, UPGRADE_WAIT);
	if (e == ERR_OK)
		return cmd_find_tenant(c);
	(void)cmd_fail(c, e, cmd_place(c));
	return e;
}
