/* SPDX-License-Identifier: ISC */
/*
 * tokens.c - measures the cost of authentication, and whether the time of a
 * refusal reveals that a token is known.
 *
 *   tokens DIRECTORY
 *
 * The directory must not exist: the program creates a store of 1,000 tokens in
 * it. The exit status is 1 if the times differ.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rules/auth.h"
#include "format/jwt.h"
#include "format/jwt_make.h"
#include "base/log.h"

#define NOW 1700000000
#define TOKENS 1000
/* Rounds are short, so some of them run without an interruption. */
#define ROUNDS 500
#define REQUESTS 20
/* Refusals of each kind; the kinds take turns. */
#define SAMPLES 100000
/* Limit for the difference of the means, in standard errors. Chance exceeds it
 * once in 15,000 runs. */
#define T_MAX 4.0
/* Nanoseconds. A smaller difference cannot be measured through a web server and
 * a network, whose noise is a thousand times as large. */
#define HARMLESS 100.0

static struct {
	struct config config;
	struct store *store;
	struct txn *tx;
	struct auth *auth;
	struct arena arena;
	char jwt[4096];
} b;

static void
must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "tokens: %s\n", what);
	exit(EXIT_FAILURE);
}

static double
nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --- preparation -------------------------------------------------------- */

static enum err
put_tokens(struct txn *tx, void *arg)
{
	char text[32];
	unsigned i;
	enum err e;

	(void)arg;
	for (i = 0; i < TOKENS; i++) {
		/*
		 * All tokens have expired, so they are known and still refused.
		 */
		struct token t = { .name = str_of("token"), .expires_at = NOW };

		snprintf(text, sizeof(text), "known-%u", i);
		auth_token_hash(str_of(text), t.hash);
		if ((e = store_token_put(tx, &t)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static void
make_jwt(void)
{
	static const char claims[] =
	    "{\"aud\":\"https://graph.microsoft.com\",\"iss\":"
	    "\"https://sts.windows.net/6fa459ea-ee8a-4ca4-894e-db77e160355e/\","
	    "\"iat\":1700000000,\"nbf\":1700000000,\"exp\":1700003600,"
	    "\"acct\":0,\"acr\":\"1\",\"aio\":\"ATQAy/8TAAAAxxxxxxxxxxxxxxxxx\","
	    "\"amr\":[\"pwd\",\"mfa\"],\"app_displayname\":\"Renewal\","
	    "\"appid\":\"5a7dd5a5-0000-4000-8000-000000000001\","
	    "\"family_name\":\"Example\",\"given_name\":\"Eve\","
	    "\"ipaddr\":\"192.0.2.1\",\"name\":\"Eve Example\","
	    "\"oid\":\"5a7dd5a5-0000-4000-8000-000000000002\","
	    "\"scp\":\"DeviceManagementServiceConfig.ReadWrite.All openid\","
	    "\"sub\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
	    "\"tid\":\"6fa459ea-ee8a-4ca4-894e-db77e160355e\","
	    "\"upn\":\"eve@contoso.test\",\"ver\":\"1.0\","
	    "\"wids\":[\"62e90394-69f5-4237-9190-012177145e10\"]}";
	char key[4096], public[1024], set[2048];
	struct str key_text, what;
	struct buf out;
	FILE *f;

	buf_init(&out, key, sizeof(key));
	must(jwt_make_key(&out) == ERR_OK, "jwt_make_key");
	key_text = buf_view(&out);
	buf_init(&out, b.jwt, sizeof(b.jwt) - 1);
	buf_text(&out, "Bearer ");
	out.p += out.n;
	out.size -= out.n;
	out.n = 0;
	must(jwt_make_token(key_text, str_of(claims), &out, &what) == ERR_OK,
	    "jwt_make_token");
	buf_init(&out, public, sizeof(public));
	must(jwt_make_public(key_text, &out, &what) == ERR_OK, "public");
	key_text = buf_view(&out);
	buf_init(&out, set, sizeof(set));
	must(jwt_make_set(key_text, &out, &what) == ERR_OK, "jwt_make_set");
	must((f = fopen(b.config.jwks_file, "w")) != NULL, "keys");
	fwrite(out.p, 1, out.n, f);
	must(fclose(f) == 0, "keys");
}

static void
set_up(const char *directory)
{
	const struct store_options options = { .directory = directory,
		.map_size = (size_t)64 << 20,
		.readers = 10,
		.history_keep = 1,
		.create = true };

	config_default(&b.config);
	b.config.tenants = CONFIG_TENANTS_ANY;
	must(store_open(&options, &b.store) == ERR_OK, directory);
	must(store_update(b.store, put_tokens, NULL) == ERR_OK, "put_tokens");
	must(store_reader(b.store, &b.tx) == ERR_OK, "store_reader");
	snprintf(b.config.jwks_file, sizeof(b.config.jwks_file), "%s/keys",
	    directory);
	make_jwt();
	must((b.auth = auth_open(&b.config, NOW)) != NULL, "auth_open");
	arena_init(&b.arena, malloc(JWT_ARENA + 4096), JWT_ARENA + 4096);
	must(b.arena.block != NULL, "no memory");
}

static enum err
ask(const char *authorization, int64_t now_at)
{
	const struct auth_call call = { .tx = b.tx,
		.authorization = str_of(authorization),
		.now_at = now_at,
		.arena = &b.arena };
	struct principal who;
	enum err e;

	arena_reset(&b.arena);
	must(store_begin(b.tx) == ERR_OK, "store_begin");
	e = auth_bearer(b.auth, &call, &who);
	store_end(b.tx);
	return e;
}

/* --- cost --------------------------------------------------------------- */

/* Prints the minimum of the rounds: the cost without interruptions. */
static void
cost(const char *name, int64_t now_at, enum err want)
{
	double best = 0;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		double begun = nanoseconds(), took;

		for (i = 0; i < REQUESTS; i++)
			must(ask(b.jwt, now_at) == want, name);
		took = (nanoseconds() - begun) / REQUESTS;
		if (round == 0 || took < best)
			best = took;
	}
	printf("%-34s%8.2f us\n", name, best / 1000);
}

/* --- time of a refusal -------------------------------------------------- */

struct sample {
	double time[SAMPLES];
};

static int
compare(const void *a, const void *c)
{
	double x = *(const double *)a, y = *(const double *)c;

	return (x > y) - (x < y);
}

/* Two kinds are unknown tokens: any difference between them is chance. */
enum { KNOWN, UNKNOWN, AGAIN, KINDS };

static const struct {
	const char *name;
	const char *token;
	enum err want;
} kinds[KINDS] = {
	{ "refusal of a known token", "known", ERR_TOKEN_EXPIRED },
	{ "of an unknown one", "other", ERR_TOKEN_INVALID },
	{ "of another unknown one", "again", ERR_TOKEN_INVALID },
};

static double
refusal(int kind, unsigned number)
{
	char text[64];
	double begun, took;

	snprintf(text, sizeof(text), "Bearer %s-%u", kinds[kind].token, number);
	begun = nanoseconds();
	must(ask(text, NOW) == kinds[kind].want, kinds[kind].name);
	took = nanoseconds() - begun;
	return took;
}

/* Computes mean and variance of the fastest 90 %. The rest includes
 * interruptions by other processes. */
static void
moments(struct sample *s, double *mean, double *variance)
{
	size_t i, n = SAMPLES / 10 * 9;
	double sum = 0, squares = 0;

	qsort(s->time, SAMPLES, sizeof(s->time[0]), compare);
	for (i = 0; i < n; i++)
		sum += s->time[i];
	*mean = sum / (double)n;
	for (i = 0; i < n; i++)
		squares += (s->time[i] - *mean) * (s->time[i] - *mean);
	*variance = squares / (double)(n - 1) / (double)n;
}

/* Welch's t: the difference of the means in standard errors. */
static double
apart(const double *mean, const double *variance, int a, int c)
{
	return (mean[a] - mean[c]) / sqrt(variance[a] + variance[c]);
}

static bool
time_tells(void)
{
	static struct sample sample[KINDS];
	double mean[KINDS], variance[KINDS], t;
	size_t i;
	int kind, k;

	for (i = 0; i < SAMPLES; i++) {
		unsigned number = (unsigned)rand() % TOKENS;
		int first = rand() % KINDS;

		/* The order changes, because the first of three refusals is
		 * slower. */
		for (k = 0; k < KINDS; k++) {
			kind = (first + k) % KINDS;
			sample[kind].time[i] = refusal(kind, number);
		}
	}
	for (kind = 0; kind < KINDS; kind++) {
		moments(&sample[kind], &mean[kind], &variance[kind]);
		printf("%-34s%8.1f ns\n", kinds[kind].name, mean[kind]);
	}
	t = apart(mean, variance, KNOWN, UNKNOWN);
	printf("%-34s%8.1f\n%-34s%8.1f\n", "t of known and unknown", t,
	    "t of unknown and unknown", apart(mean, variance, AGAIN, UNKNOWN));
	return fabs(t) > T_MAX && fabs(mean[KNOWN] - mean[UNKNOWN]) > HARMLESS;
}

int
main(int argc, char **argv)
{
	bool tells;

	if (argc != 2) {
		fputs("usage: tokens DIRECTORY\n", stderr);
		return 2;
	}
	log_open(false, LOG_AT_ERROR);
	set_up(argv[1]);
	/* An expired JWT is not cached, so it is verified each time. */
	cost("JWT, RSA 2048, verified", NOW + 7200, ERR_TOKEN_EXPIRED);
	cost("JWT, verified before", NOW, ERR_OK);
	tells = time_tells();
	puts(tells ? "Time tells." : "Time does not tell.");
	auth_close(b.auth);
	store_reader_free(b.tx);
	store_close(b.store);
	free(b.arena.block);
	return tells ? EXIT_FAILURE : EXIT_SUCCESS;
}
