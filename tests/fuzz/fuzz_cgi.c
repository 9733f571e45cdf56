/* SPDX-License-Identifier: ISC */
/*
 * fuzz_cgi.c - a whole request: lines NAME=VALUE, an empty line, a body. Always
 * an answer, never a 5xx but for what is not built, the content always JSON,
 * and no header line but our own.
 *
 * The token is "reader" or "writer"; the store is kept from one input to the
 * next, since making one takes longer than a request.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "json.h"
#include "routes.h"

#define LINES_MAX 64

static struct {
	struct config config;
	struct secrets secrets; /* none */
	struct app app;
	struct worker worker;
	char directory[64];
} world;

static enum err
put_token(struct txn *tx, void *arg)
{
	return store_token_put(tx, arg);
}

static void
add_token(const char *text, uint32_t scopes)
{
	struct token t = { .rights = scopes, .name = str_of(text) };

	auth_token_hash(str_of(text), t.hash);
	fuzz_check(store_update(world.app.store, put_token, &t) == ERR_OK);
}

static void
remove_store(void)
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
make_world(void)
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
	add_token("reader", AUTH_SERVICE_CONFIG_READ);
	add_token("writer", AUTH_SERVICE_CONFIG_WRITE);
	atexit(remove_store);
}

static long
read_body(void *from, char *p, size_t n)
{
	struct str *body = from;

	if (n > body->n)
		n = body->n;
	if (n > 0)
		memcpy(p, body->p, n);
	*body = str_tail(*body, n);
	return (long)n;
}

static bool
is_ours(struct str line)
{
	static const char *const names[] = { "Status: ", "Content-Type: ",
		"OData-Version: ", "ETag: ", "Preference-Applied: ", "Allow: ",
		"WWW-Authenticate: ", "Retry-After: ", "request-id: ",
		"client-request-id: ", "Cache-Control: ", "Accept-Ranges: ",
		"X-Content-Type-Options: ", "Content-Length: " };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_starts(line, names[i]))
			return true;
	return false;
}

static void
check_answer(const struct answer *an)
{
	struct str rest = an->text, what;
	static char block[1 << 20];
	struct json json;
	struct arena a;

	fuzz_check(an->status < 500 || an->status == 501);
	fuzz_check(str_starts(rest, "Status: "));
	for (;;) {
		struct str line = str_cut(&rest, '\n');

		fuzz_check(str_ends(line, "\r"));
		line.n--;
		if (line.n == 0)
			break;
		fuzz_check(
		    is_ours(line) && memchr(line.p, '\r', line.n) == NULL);
	}
	arena_init(&a, block, sizeof(block));
	if (rest.n > 0)
		fuzz_check(json_parse(rest, &a, &json, &what) == ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request rq = { .read = read_body };
	struct str text, body;
	struct answer an;
	char *copy, *line, *end;
	int i;

	if (world.app.store == NULL)
		make_world();
	if (size > 8192 || (copy = malloc(size + 1)) == NULL)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	for (i = 0, line = copy; i < LINES_MAX; i++, line = end + 1) {
		if ((end = strchr(line, '\n')) == NULL || end == line)
			break;
		*end = '\0';
		request_take(&rq, line);
	}
	text = str_from(copy, size);
	body = str_tail(text, (size_t)(line - copy) + (*line == '\n'));
	rq.from = &body;
	rq.now.at = 1647952815;
	memset(rq.random, 7, sizeof(rq.random));
	routes_handle(&world.app, &world.worker, &rq, &an);
	check_answer(&an);
	free(copy);
	return 0;
}
