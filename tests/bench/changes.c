/* SPDX-License-Identifier: ISC */
/*
 * changes.c - changes by the program's own code (rules/change.h), on a store
 * that fill has made in LMDB, or on a copy of it in PostgreSQL.
 *
 *   changes [-c THREADS] [-d SECONDS] [-n TENANTS] DIRECTORY [DATABASE SCHEMA]
 */
#include "changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fill.h"
#include "rules/change.h"
#include "state/config.h"

#define ARENA ((size_t)1 << 20)

struct shared {
	struct config config;
	struct store *store;
};

struct own {
	struct shared *shared;
	struct arena arena;
};

static void *
open_store(char **arguments, int n)
{
	static struct shared s;
	struct store_options options = { .map_size = (size_t)8 << 30,
		.readers = 16,
		.history_keep = 100,
		.history_certificates = 10,
		.timeout_ms = 5000 };
	enum err e;

	if (n != 1 && n != 3)
		changes_die("changes", "DIRECTORY [DATABASE SCHEMA]");
	config_default(&s.config);
	options.directory = arguments[0];
	if (n == 3) {
		options.database = arguments[1];
		options.database_schema = arguments[2];
		options.database_lanes = 2;
	}
	if ((e = store_open(&options, &s.store)) != ERR_OK)
		changes_die(arguments[0], err_info(e)->text);
	return &s;
}

static void *
begin(void *shared)
{
	struct own *o = calloc(1, sizeof(*o));
	void *block = malloc(ARENA);

	if (o == NULL || block == NULL)
		changes_die("changes", "memory");
	o->shared = shared;
	arena_init(&o->arena, block, ARENA);
	return o;
}

static bool
change(void *own, unsigned long tenant, unsigned number)
{
	struct own *o = own;
	char text[32];
	struct change in = { .config = &o->shared->config,
		.arena = &o->arena,
		.by = { .tenant = fill_tenant(tenant),
		    .actor = str_of("bench"),
		    .now = { .at = time(NULL) } },
		.patch = { .set = RECORD_BIT(RECORD_APPLE_ID) } };
	struct record out;
	struct fault fault;

	arena_reset(&o->arena);
	snprintf(text, sizeof(text), "number %u", number);
	in.patch.value[RECORD_APPLE_ID] = str_of(text);
	return change_patch(o->shared->store, &in, &out, &fault) == ERR_OK;
}

int
main(int argc, char **argv)
{
	static const struct changes_way way = { open_store, begin, change,
		"changes [-c THREADS] [-d SECONDS] [-n TENANTS] DIRECTORY "
		"[DATABASE SCHEMA]" };

	return changes_main(argc, argv, &way);
}
