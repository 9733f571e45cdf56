/* SPDX-License-Identifier: ISC */
/*
 * micro.c - measures the cost of each step of a request on its own, on one
 * thread, over a store that fill has made.
 *
 *   micro DIRECTORY BODY <TOKENS
 *
 * It prints nanoseconds per step. Each figure is the minimum of several rounds,
 * which is the cost without disturbance by other processes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rules/auth.h"
#include "format/json.h"
#include "format/jwt.h"
#include "format/jwt_make.h"
#include "base/log.h"
#include "http/routes.h"
#include "http/view.h"

#define TOKENS_MAX 20000
#define ROUNDS 7
/* Minimum duration of a round, in nanoseconds. */
#define ROUND 20000000
#define BODY_MAX 4096
#define PATH "/v1.0/deviceManagement/applePushNotificationCertificate"

struct micro {
	struct str token[TOKENS_MAX];
	size_t tokens;
	struct str body;
	struct config config;
	struct app app;
	struct worker worker;
	char out[16384];

	struct json json;
	struct patch patch;
	struct record record;
	struct guid *tenant; /* one per token */
	struct jwt_keys keys;
	struct str jwt;
};

static void
must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "micro: %s: %s\n", what, err_info(e)->code);
	exit(EXIT_FAILURE);
}

static void
parse(struct micro *m, size_t i)
{
	struct str what;

	(void)i;
	must(json_parse(m->body, &m->worker.arena, &m->json, &what), "parse");
}

static void
validate(struct micro *m, size_t i)
{
	struct str what, target;

	parse(m, i);
	must(
	    record_patch(&m->json, &m->worker.arena, &m->patch, &what, &target),
	    "record_patch");
}

static void
merge(struct micro *m, size_t i)
{
	(void)i;
	record_merge(&m->record, &m->patch);
}

static void
emit(struct micro *m, size_t i)
{
	const struct view v = { .base = str_of("http://127.0.0.1:8080/v1.0"),
		.metadata = ODATA_MINIMAL,
		.set = RECORD_ALL };
	struct buf out;

	(void)i;
	buf_init(&out, m->out, sizeof(m->out));
	view_record(&out, &v, &m->record);
}

static void
check_token(struct micro *m, size_t i)
{
	uint8_t hash[STORE_HASH_LEN];
	struct token t;

	must(store_begin(m->worker.reader), "store_begin");
	auth_token_hash(m->token[i % m->tokens], hash);
	must(store_token(m->worker.reader, hash, &t), "store_token");
	store_end(m->worker.reader);
	m->tenant[i % m->tokens] = t.tenant;
}

static void
get(struct micro *m, size_t i)
{
	struct record r;

	must(store_begin(m->worker.reader), "store_begin");
	must(store_record(m->worker.reader, &m->tenant[i % m->tokens], &r),
	    "store_record");
	store_end(m->worker.reader);
}

static void
verify(struct micro *m, size_t i)
{
	struct str what;
	struct jwt claims;

	(void)i;
	must(jwt_verify(&m->keys, m->jwt, &m->worker.arena, &claims, &what),
	    "jwt_verify");
}

static long
read_body(void *from, char *p, size_t n)
{
	struct str *body = from;
	size_t part = n < body->n ? n : body->n;

	memcpy(p, body->p, part);
	*body = str_tail(*body, part);
	return (long)part;
}

static void
handle(struct micro *m, size_t i, const char *method, const char *prefer)
{
	static const char *const variables[] = { "REQUEST_URI=" PATH,
		"SCRIPT_NAME=" PATH, "QUERY_STRING=", "HTTP_HOST=localhost",
		"CONTENT_TYPE=application/json", "REMOTE_ADDR=127.0.0.1" };
	struct str body = m->body;
	struct request req = {
		.read = read_body, .from = &body, .now = { .at = 1800000000 }
	};
	struct response resp;
	char bearer[128];
	size_t v;

	for (v = 0; v < sizeof(variables) / sizeof(variables[0]); v++)
		request_take(&req, variables[v]);
	request_take(&req, method);
	request_take(&req, prefer);
	snprintf(bearer, sizeof(bearer), "HTTP_AUTHORIZATION=Bearer %.*s",
	    STR_ARG(m->token[i % m->tokens]));
	request_take(&req, bearer);
	routes_handle(&m->app, &m->worker, &req, &resp);
	must(resp.outcome, method);
}

static void
whole_get(struct micro *m, size_t i)
{
	handle(m, i, "REQUEST_METHOD=GET", "HTTP_PREFER=");
}

static void
whole_patch(struct micro *m, size_t i)
{
	handle(m, i, "REQUEST_METHOD=PATCH", "HTTP_PREFER=pushcert.dry-run");
}

/* The order matters: a step needs the results of the steps before it. */
static const struct {
	const char *name;
	void (*run)(struct micro *m, size_t i);
} pieces[] = {
	{ "parse the body", parse },
	{ "parse it, and read it as a patch", validate },
	{ "merge the patch", merge },
	{ "write the record as JSON", emit },
	{ "check a token", check_token },
	{ "get a record", get },
	{ "verify a JWT", verify },
	{ "a whole GET", whole_get },
	{ "a whole PATCH but for the change", whole_patch },
};

static int64_t
nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double
measure(struct micro *m, void (*run)(struct micro *m, size_t i))
{
	double least = 0;
	size_t i = 0;
	int round;

	/* Warm-up: every token is used once before the measurement. */
	for (; i < TOKENS_MAX / 10 || (run == check_token && i < m->tokens);
	     i++) {
		arena_reset(&m->worker.arena);
		run(m, i);
	}
	for (round = 0; round < ROUNDS; round++) {
		int64_t from = nanoseconds(), took;
		size_t n = 0;
		double each;

		do {
			arena_reset(&m->worker.arena);
			run(m, i++);
			n++;
			took = nanoseconds() - from;
		} while (took < ROUND);
		each = (double)took / (double)n;
		least = round == 0 || each < least ? each : least;
	}
	return least;
}

static void
set_up_jwt(struct micro *m)
{
	static char text[16384];
	struct str key, public, set, what;
	struct buf out;

	buf_init(&out, text, sizeof(text));
	must(jwt_make_key(&out), "jwt_make_key");
	key = buf_view(&out);
	must(jwt_make_public(key, &out, &what), "jwt_make_public");
	public = str_tail(buf_view(&out), key.n);
	must(jwt_make_set(public, &out, &what), "jwt_make_set");
	set = str_tail(buf_view(&out), key.n + public.n);
	must(jwt_keys_read(set, &m->worker.arena, &m->keys, &what), "set");
	m->jwt.p = text + out.n;
	must(jwt_make_token(key,
		 str_of("{\"iss\":\"https://sts.windows.net/1/\","
			"\"aud\":\"https://graph.microsoft.com\","
			"\"tid\":\"6fa459ea-ee8a-4ca4-894e-db77e160355e\","
			"\"scp\":\"DeviceManagementServiceConfig.Read.All\","
			"\"exp\":2000000000}"),
		 &out, &what),
	    "jwt_make_token");
	m->jwt = str_from(m->jwt.p, (size_t)(text + out.n - m->jwt.p));
}

static void
set_up(struct micro *m, const char *directory)
{
	struct store_options options = { .directory = directory,
		.map_size = (size_t)1 << 30,
		.readers = 16,
		.history_keep = 1 };
	size_t size;
	char line[256];

	while (m->tokens < TOKENS_MAX && fgets(line, sizeof(line), stdin)) {
		size_t n = strcspn(line, "\n");
		char *p = strdup(line);

		must(p != NULL ? ERR_OK : ERR_MEMORY, "tokens");
		m->token[m->tokens++] = str_from(p, n);
	}
	config_default(&m->config);
	must(store_open(&options, &m->app.store), directory);
	must(store_reader(m->app.store, &m->worker.reader), directory);
	m->app.config = &m->config;
	size = routes_arena_size(&m->config);
	arena_init(&m->worker.arena, malloc(size), size);
	m->tenant = calloc(TOKENS_MAX, sizeof(*m->tenant));
	if (m->worker.arena.block == NULL || m->tenant == NULL ||
	    m->tokens == 0)
		must(ERR_MEMORY, "set_up");
	set_up_jwt(m);
}

int
main(int argc, char **argv)
{
	static struct micro m;
	static char body[BODY_MAX];
	FILE *f;
	size_t i;

	if (argc != 3 || (f = fopen(argv[2], "r")) == NULL) {
		fputs("usage: micro DIRECTORY BODY <TOKENS\n", stderr);
		return 2;
	}
	m.body = str_from(body, fread(body, 1, sizeof(body), f));
	fclose(f);
	log_open(false, LOG_AT_ERROR);
	set_up(&m, argv[1]);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		printf("%-34s%8.0f ns\n", pieces[i].name,
		    measure(&m, pieces[i].run));
	store_reader_free(m.worker.reader);
	store_close(m.app.store);
	return EXIT_SUCCESS;
}
