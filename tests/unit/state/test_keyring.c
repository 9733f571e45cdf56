/* SPDX-License-Identifier: ISC */
/*
 * test_keyring.c - how a keyring follows the file of its key set, and the sets
 * and tokens that jwt_make writes.
 */
#include "state/keyring.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/jwt_make.h"
#include "base/log.h"
#include "unit.h"

#define KEYS 3
#define START_AT 1700000000

/* main creates the keys. */
static char private_text[KEYS][4096];
static char public_text[KEYS][1024];
static char token_text[KEYS][2048];

static const struct str claims = STR(
    "{\"iss\":\"https://a.test/\",\"aud\":\"b\",\"exp\":2000000000,"
    "\"tid\":\"6fa459ea-ee8a-4ca4-894e-db77e160355e\"}");

static struct str
signer(int i)
{
	return str_of(private_text[i]);
}

static struct str
token(int i)
{
	return str_of(token_text[i]);
}

static const char *
path(void)
{
	static char p[256];

	snprintf(p, sizeof(p), "%s/keys.json", unit_directory());
	return p;
}

static void
write_text(struct str text)
{
	char fresh[300];
	FILE *f;

	snprintf(fresh, sizeof(fresh), "%s.new", path());
	ck_assert((f = fopen(fresh, "w")) != NULL);
	fwrite(text.p, 1, text.n, f);
	ck_assert(fclose(f) == 0);
	ck_assert(rename(fresh, path()) == 0);
}

/* Writes an entry that cannot be used as a key: 'x' lacks a member, 'd' is key
 * 0 with its private half. */
static void
put_extra(char which, struct buf *out)
{
	char text[2048], *at;
	struct str what;
	struct buf b;

	if (which == 'x') {
		buf_text(out, "{\"kty\":\"RSA\",\"kid\":\"odd\"},");
		return;
	}
	buf_init(&b, text, sizeof(text) - 1);
	ck_assert(jwt_make_set(str_of(public_text[0]), &b, &what) == ERR_OK);
	text[b.n] = '\0';
	ck_assert((at = strchr(text, '[')) != NULL);
	text[b.n - 3] = '\0'; /* cuts off the end of object, array and object */
	buf_printf(out, "%s,\"d\":\"AQAB\"},", at + 1);
}

/* Writes the file with the keys of these digits, such as "02", and the extra
 * entries of the letters after them, as in "0x". "-" removes the file; "!"
 * writes broken JSON. */
static void
write_keys(const char *which)
{
	char pem[4096] = "", set[8192], text[16384];
	struct str what, rest;
	struct buf b;

	if (which[0] == '-') {
		unlink(path());
		return;
	}
	if (which[0] == '!') {
		write_text(str_of("{\"keys\":["));
		return;
	}
	for (; *which >= '0' && *which < '0' + KEYS; which++)
		strcat(pem, public_text[*which - '0']);
	buf_init(&b, set, sizeof(set));
	rest = str_of("]}");
	if (pem[0] != '\0') {
		ck_assert(jwt_make_set(str_of(pem), &b, &what) == ERR_OK);
		rest = buf_view(&b);
		(void)str_cut(&rest, '[');
	}
	buf_init(&b, text, sizeof(text));
	buf_text(&b, "{\"keys\":[");
	for (; *which != '\0'; which++)
		put_extra(*which, &b);
	if (pem[0] == '\0')
		b.n--; /* drops the comma */
	buf_str(&b, rest);
	ck_assert(!b.full);
	write_text(buf_view(&b));
}

/* Returns the digits of the keys whose tokens are accepted, such as "01". */
static const char *
taken(struct keyring *k)
{
	static char block[JWT_ARENA], out[KEYS + 1];
	struct arena a;
	struct str what;
	struct jwt t;
	int i, n = 0;

	for (i = 0; i < KEYS; i++) {
		arena_init(&a, block, sizeof(block));
		if (keyring_verify(k, token(i), &a, &t, &what) == ERR_OK)
			out[n++] = (char)('0' + i);
	}
	out[n] = '\0';
	return out;
}

#define STEPS 5

/* At each step the test writes the file and advances the clock. */
static const struct {
	const char *name;
	struct {
		const char *file; /* NULL if it stays as it is */
		int64_t later;
		const char *taken;
	} step[STEPS];
} cases[] = {
	{ "reads a file at the start", { { "01", 0, "01" } } },
	{ "starts without a file", { { "-", 0, "" }, { "0", 1, "0" } } },
	{ "starts with a broken file", { { "!", 0, "" }, { "0", 1, "0" } } },
	{ "looks once a second",
	    { { "0", 0, "0" }, { "01", 0, "0" }, { NULL, 1, "01" } } },
	{ "looks when the clock was set back",
	    { { "0", 0, "0" }, { "01", -5, "01" } } },
	{ "keeps the keys when the file breaks",
	    { { "0", 0, "0" }, { "!", 1, "0" }, { NULL, 100000, "0" },
		{ "1", 1, "01" } } },
	{ "keeps the keys when the file is gone",
	    { { "0", 0, "0" }, { "-", 1, "0" }, { NULL, 100000, "0" } } },
	{ "keeps a former key for a day",
	    { { "0", 0, "0" }, { "1", 1, "01" }, { NULL, 86399, "01" },
		{ NULL, 1, "1" } } },
	{ "a file rewritten with the same keys changes nothing",
	    { { "0", 0, "0" }, { "1", 1, "01" }, { "1", 3600, "01" },
		{ "1", 82799, "01" }, { "1", 1, "1" } } },
	{ "keeps each former key of several changes for a day",
	    { { "0", 0, "0" }, { "1", 1, "01" }, { "2", 3600, "012" },
		{ NULL, 82800, "12" }, { NULL, 3600, "2" } } },
	{ "reads the keys beside an odd entry at the start",
	    { { "0x", 0, "0" } } },
	{ "reads new keys beside an odd entry",
	    { { "0", 0, "0" }, { "01x", 1, "01" } } },
	{ "keeps the keys when no usable one is left",
	    { { "0", 0, "0" }, { "x", 1, "0" }, { NULL, 100000, "0" } } },
	{ "takes no key whose private half stands in the file",
	    { { "01d", 0, "1" } } },
	{ "drops a key whose private half stands in the file",
	    { { "01", 0, "01" }, { "1d", 1, "1" } } },
	{ "drops it where no usable key is left",
	    { { "01", 0, "01" }, { "d", 1, "1" }, { "0", 1, "01" } } },
	{ "a key that comes back is a key of the file",
	    { { "0", 0, "0" }, { "1", 1, "01" }, { "01", 1, "01" },
		{ NULL, 100000, "01" } } },
};

START_TEST(follows_the_file)
{
	int64_t now_at = START_AT;
	struct keyring *k = NULL;
	int i;

	for (i = 0; i < STEPS && cases[_i].step[i].taken != NULL; i++) {
		if (cases[_i].step[i].file != NULL)
			write_keys(cases[_i].step[i].file);
		now_at += cases[_i].step[i].later;
		if (k == NULL)
			k = keyring_open(path(), now_at, LOG_AT_WARNING);
		ck_assert(k != NULL);
		keyring_refresh(k, now_at);
		ck_assert_msg(strcmp(taken(k), cases[_i].step[i].taken) == 0,
		    "%s: step %d: took '%s'", cases[_i].name, i, taken(k));
	}
	keyring_close(k);
}
END_TEST

/* The generation changes when cached results become stale. */
START_TEST(the_generation_changes_with_the_keys)
{
	struct keyring *k;
	uint64_t first, second;

	write_keys("0");
	k = keyring_open(path(), START_AT, LOG_AT_WARNING);
	first = keyring_refresh(k, START_AT);
	ck_assert(keyring_refresh(k, START_AT + 1) == first);
	write_keys("!");
	ck_assert(keyring_refresh(k, START_AT + 2) == first);
	write_keys("1");
	second = keyring_refresh(k, START_AT + 3);
	ck_assert(second != first);
	ck_assert(keyring_refresh(k, START_AT + 4) == second);
	/* The former key is dropped a day after it left the file. */
	ck_assert(keyring_refresh(k, START_AT + 3 + KEYRING_KEPT) != second);
	keyring_close(k);
}
END_TEST

/* The first attempt fails because no file descriptor is free. The keyring tries
 * again a second later, although the file has not changed. */
START_TEST(tries_again_to_read)
{
	struct rlimit limit, none;
	struct keyring *k;

	write_keys("0");
	k = keyring_open(path(), START_AT, LOG_AT_WARNING);
	write_keys("1");
	ck_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	ck_assert(setrlimit(RLIMIT_NOFILE, &none) == 0);
	keyring_refresh(k, START_AT + 1);
	ck_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	ck_assert_str_eq(taken(k), "0");
	keyring_refresh(k, START_AT + 2);
	ck_assert_str_eq(taken(k), "01");
	keyring_close(k);
}
END_TEST

/* Standard error goes to this file, which main opens. */
static FILE *log_file;

/* Returns the number of log lines that contain this text. */
static int
logged(const char *text)
{
	char line[2048];
	int n = 0;

	rewind(log_file);
	while (fgets(line, sizeof(line), log_file) != NULL)
		n += strstr(line, text) != NULL;
	return n;
}

/*
 * An issuer repeats a faulty entry in every copy of its set. It is logged once.
 */
START_TEST(logs_an_odd_entry_once)
{
	struct keyring *k;

	ck_assert(ftruncate(fileno(log_file), 0) == 0);
	log_open(false, LOG_AT_WARNING);
	write_keys("0x");
	k = keyring_open(path(), START_AT, LOG_AT_WARNING);
	ck_assert_int_eq(logged("skipped keys: key 1 'odd': its n"), 1);
	write_keys("01x");
	keyring_refresh(k, START_AT + 1);
	ck_assert_int_eq(logged("skipped keys"), 1);
	/* A different report is logged again, and a private key is logged as an
	 * error. */
	write_keys("1xd");
	keyring_refresh(k, START_AT + 2);
	ck_assert_int_eq(logged("skipped keys"), 2);
	ck_assert_int_eq(logged("replace them at their server"), 1);
	keyring_close(k);
	/* A process for a single request passes LOG_AT_DEBUG, so it does not
	 * log the report; pushcert doctor shows it. */
	write_keys("0x");
	k = keyring_open(path(), START_AT, LOG_AT_DEBUG);
	ck_assert_int_eq(logged("skipped keys"), 2);
	keyring_close(k);
}
END_TEST

/* The owner and mode are checked at each reading, because another user may have
 * replaced the file since the start. */
START_TEST(reads_no_file_that_others_may_write)
{
	struct keyring *k;

	write_keys("0");
	k = keyring_open(path(), START_AT, LOG_AT_WARNING);
	write_keys("01");
	ck_assert(chmod(path(), 0646) == 0);
	keyring_refresh(k, START_AT + 1);
	ck_assert_str_eq(taken(k), "0");
	ck_assert(chmod(path(), 0644) == 0);
	if (geteuid() == 0) {
		ck_assert(chown(path(), 65534, 0) == 0);
		keyring_refresh(k, START_AT + 2);
		ck_assert_str_eq(taken(k), "0");
		ck_assert(chown(path(), 0, 0) == 0);
	}
	keyring_refresh(k, START_AT + 3);
	ck_assert_str_eq(taken(k), "01");
	keyring_close(k);
}
END_TEST

/* A name in the new set belongs to the new key, even if a former key had it. */
START_TEST(former_names_do_not_come_back)
{
	struct keyring *k;
	char text[4096], *at;
	struct str what;
	struct buf b;

	write_keys("0");
	k = keyring_open(path(), START_AT, LOG_AT_WARNING);
	ck_assert_str_eq(taken(k), "0");
	/* Writes the same name with another modulus. */
	buf_init(&b, text, sizeof(text) - 1);
	ck_assert(jwt_make_set(str_of(public_text[0]), &b, &what) == ERR_OK);
	text[b.n] = '\0';
	ck_assert((at = strstr(text, "\"n\":\"")) != NULL);
	at[100] = at[100] == 'A' ? 'B' : 'A';
	write_text(buf_view(&b));
	keyring_refresh(k, START_AT + 1);
	ck_assert_str_eq(taken(k), "");
	keyring_close(k);
}
END_TEST

struct readers {
	struct keyring *keyring;
	atomic_bool stop;
	atomic_int refused;
};

static void *
verify(void *arg)
{
	char *block = malloc(JWT_ARENA);
	struct readers *r = arg;
	struct arena a;
	struct str what;
	struct jwt t;

	while (!atomic_load(&r->stop)) {
		arena_init(&a, block, JWT_ARENA);
		if (keyring_verify(r->keyring, token(0), &a, &t, &what) !=
		    ERR_OK)
			atomic_fetch_add(&r->refused, 1);
	}
	free(block);
	return NULL;
}

#define READERS 8

/* The number is high enough that some thread is reading at any time. */
START_TEST(changes_under_readers)
{
	struct readers r = { .keyring = NULL };
	pthread_t thread[READERS];
	int i;

	write_keys("0");
	r.keyring = keyring_open(path(), START_AT, LOG_AT_WARNING);
	for (i = 0; i < READERS; i++)
		pthread_create(&thread[i], NULL, verify, &r);
	for (i = 1; i <= 50; i++) {
		write_keys(i % 2 == 0 ? "01" : "02");
		keyring_refresh(r.keyring, START_AT + i);
	}
	atomic_store(&r.stop, true);
	for (i = 0; i < READERS; i++)
		pthread_join(thread[i], NULL);
	ck_assert_int_eq(atomic_load(&r.refused), 0);
	keyring_close(r.keyring);
}
END_TEST

/* --- sets and tokens of jwt_make ---------------------------------------- */

/* The key of RFC 7638, section 3.1, as a PEM public key, and its thumbprint. */
static const char example_key[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0vx7agoebGcQSuuPiLJX\n"
    "ZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS\n"
    "oc/BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ/2W+5JsGY4Hc5n9yBXArwl93lqt\n"
    "7/RN5w6Cf0h4QyQ5v+65YGjQR0/FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0\n"
    "zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt+bFTWhAI4vMQFh6WeZu0f\n"
    "M4lFd2NcRwr3XPksINHaQ+G/xBniIqbw0Ls1jF44+csFCur+kEgU8awapJzKnqDK\n"
    "gwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

START_TEST(names_keys_by_their_thumbprint)
{
	char text[2048];
	struct str what;
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	ck_assert(jwt_make_set(str_of(example_key), &b, &what) == ERR_OK);
	text[b.n] = '\0';
	ck_assert(
	    strstr(text,
		"\"kid\":\"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs\"") !=
	    NULL);
	ck_assert(strstr(text,
		      "{\"keys\":[{\"e\":\"AQAB\",\"kty\":\"RSA\","
		      "\"n\":\"0vx7agoebGcQSuuPiLJX") == text);
}
END_TEST

START_TEST(makes_no_set_of_other_texts)
{
	char text[8192];
	struct str what;
	struct buf b;
	buf_init(&b, text, sizeof(text));
	ck_assert(jwt_make_set(str_of(""), &b, &what) == ERR_CONFIG);
	ck_assert(jwt_make_set(str_of("{}"), &b, &what) == ERR_CONFIG);
	ck_assert(jwt_make_set(signer(0), &b, &what) == ERR_CONFIG);
	ck_assert(
	    jwt_make_public(str_of(public_text[0]), &b, &what) == ERR_CONFIG);
	ck_assert(jwt_make_token(str_of(public_text[0]), str_of("{}"), &b,
		      &what) == ERR_CONFIG);
}
END_TEST

static const char elliptic_key[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWjUlkCYjSsTniB/qIG7yuxWkezTw\n"
    "lzSvWGwpsUEldQ+EdcFdUt8OcDHwfZRPEtVQRck/J9iFeg9xEc98g2s/3w==\n"
    "-----END PUBLIC KEY-----\n";

static void
note_name(const struct jwt_left *left, void *arg)
{
	snprintf(
	    arg, 256, "%.*s: %.*s", STR_ARG(left->name), STR_ARG(left->why));
}

/* jwt_make_set writes an entry for such a key. The reader leaves that entry out
 * and takes the others. */
START_TEST(leaves_out_a_key_that_is_not_an_RSA_key)
{
	static char block[JWT_SET_ARENA(8192)];
	static struct jwt_keys keys;
	char pem[2048], text[8192], left[256] = "";
	struct arena a;
	struct str what;
	struct buf b;

	snprintf(pem, sizeof(pem), "%s%s", elliptic_key, public_text[0]);
	buf_init(&b, text, sizeof(text));
	ck_assert(jwt_make_set(str_of(pem), &b, &what) == ERR_OK);
	arena_init(&a, block, sizeof(block));
	ck_assert(jwt_keys_visit(buf_view(&b), &a, note_name, &left, &keys,
		      &what) == ERR_OK);
	ck_assert_uint_eq(keys.n, 1);
	ck_assert_str_eq(left, "PEM 1: it is not an RSA key");
	jwt_keys_free(&keys);
	buf_init(&b, text, sizeof(text));
	ck_assert(jwt_make_set(str_of(""), &b, &what) == ERR_CONFIG);
	unit_same(
	    "of nothing", what, str_of("the file has no public key in PEM"));
}
END_TEST

START_TEST(reports_the_lack_of_room)
{
	size_t size, n = strlen(token_text[0]);
	char text[2048];
	struct str what;
	struct buf b;

	for (size = 0; size < n; size += 37) {
		buf_init(&b, text, size);
		ck_assert(
		    jwt_make_token(signer(0), claims, &b, &what) == ERR_MEMORY);
		buf_init(&b, text, size < 380 ? size : 380);
		ck_assert(jwt_make_set(str_of(public_text[0]), &b, &what) ==
		    ERR_MEMORY);
	}
}
END_TEST

static void
must(bool holds)
{
	if (holds)
		return;
	fputs("test_keyring: no keys\n", stderr);
	exit(EXIT_FAILURE);
}

static void
make(int i)
{
	struct str what;
	struct buf b;

	buf_init(&b, private_text[i], sizeof(private_text[i]) - 1);
	must(jwt_make_key(&b) == ERR_OK);
	buf_init(&b, public_text[i], sizeof(public_text[i]) - 1);
	must(jwt_make_public(signer(i), &b, &what) == ERR_OK);
	buf_init(&b, token_text[i], sizeof(token_text[i]) - 1);
	must(jwt_make_token(signer(i), claims, &b, &what) == ERR_OK);
}

int
main(void)
{
	Suite *s = suite_create("keyring");
	TCase *t = tcase_create("keyring");
	int i;

	for (i = 0; i < KEYS; i++)
		make(i);
	must((log_file = tmpfile()) != NULL &&
	    fcntl(fileno(log_file), F_SETFL, O_APPEND) == 0 &&
	    dup2(fileno(log_file), STDERR_FILENO) == STDERR_FILENO);
	/* The tests break files on purpose, so they log nothing by default. */
	log_open(false, (enum log_level) - 1);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(
	    t, follows_the_file, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, the_generation_changes_with_the_keys);
	tcase_add_test(t, tries_again_to_read);
	tcase_add_test(t, reads_no_file_that_others_may_write);
	tcase_add_test(t, logs_an_odd_entry_once);
	tcase_add_test(t, former_names_do_not_come_back);
	tcase_add_test(t, changes_under_readers);
	tcase_add_test(t, names_keys_by_their_thumbprint);
	tcase_add_test(t, makes_no_set_of_other_texts);
	tcase_add_test(t, leaves_out_a_key_that_is_not_an_RSA_key);
	tcase_add_test(t, reports_the_lack_of_room);
	suite_add_tcase(s, t);
	return unit_run(s);
}
