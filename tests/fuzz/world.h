/* SPDX-License-Identifier: ISC */
/*
 * world.h - common parts of the targets that send complete requests to
 * routes_handle: a store, tokens and a body. All inputs share one store,
 * because creating a store takes longer than a request.
 */
#ifndef PUSHCERT_FUZZ_WORLD_H
#define PUSHCERT_FUZZ_WORLD_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rules/auth.h"
#include "fuzz.h"
#include "base/log.h"
#include "http/routes.h"
#include "state/batch_rooms.h"

static struct {
	struct config config;
	struct secrets secrets; /* no key files */
	struct app app;
	struct worker worker;
	struct batch_rooms rooms;
	char directory[64];
} world;

static enum err
world_put_token(struct txn *tx, void *arg)
{
	return store_token_put(tx, arg);
}

static void
world_token(const char *text, const struct guid *tenant, uint32_t scopes,
    int64_t expires_at)
{
	struct token t = { .tenant = *tenant,
		.scopes = scopes,
		.name = str_of(text),
		.expires_at = expires_at };

	auth_token_hash(str_of(text), t.hash);
	fuzz_check(
	    store_update(world.app.store, world_put_token, &t) == ERR_OK);
}

static void
world_remove(void)
{
	static const char *const files[] = { "/data.mdb", "/lock.mdb", "" };
	char path[128];
	size_t i;

	store_reader_free(world.worker.reader);
	store_close(world.app.store);
	free(world.worker.arena.block);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", world.directory, files[i]);
		(void)remove(path);
	}
}

static void
world_make(void)
{
	const char *base = getenv("TMPDIR");
	struct store_options options = { .directory = world.directory,
		.map_size = (size_t)64 << 20,
		.readers = 256,
		.history_keep = 3,
		.create = true };
	size_t size;

	if (base == NULL)
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(world.directory, sizeof(world.directory),
	    "%.32s/pushcert-fuzz-XXXXXX", base);
	fuzz_check(mkdtemp(world.directory) != NULL);
	config_default(&world.config);
	world.config.max_body = 4096;
	log_open(false, LOG_AT_ERROR);
	fuzz_check(store_open(&options, &world.app.store) == ERR_OK);
	world.app.config = &world.config;
	world.app.secrets = &world.secrets;
	fuzz_check(
	    store_reader(world.app.store, &world.worker.reader) == ERR_OK);
	size = routes_arena_size(&world.config);
	arena_init(&world.worker.arena, malloc(size), size);
	batch_rooms_init(&world.rooms, routes_room_size(&world.config), 2);
	world.app.batch_rooms = &world.rooms;
	atexit(world_remove);
}

/* A request_read function for a body in a struct str. */
static long
world_read_body(void *from, char *p, size_t n)
{
	struct str *body = from;

	if (n > body->n)
		n = body->n;
	if (n > 0)
		memcpy(p, body->p, n);
	*body = str_tail(*body, n);
	return (long)n;
}

#endif
