/* SPDX-License-Identifier: ISC */
/*
 * test_faults.c - functions of the library while a system call fails or an
 * arena is too small. The outcome reports the failure, a success is complete,
 * nothing is left half finished, and the next try succeeds. The torture test
 * "faults" does the same to whole programs.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>

#include "rules/auth.h"
#include "fault.h"
#include "format/jwt_make.h"
#include "state/keyring.h"
#include "base/log.h"
#include "rules/change.h"
#include "rules/csr.h"
#include "unit.h"

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
#define NOW 1700000000
#define CLAIMS "{\"iss\":\"a\",\"aud\":\"b\",\"exp\":2000000000}"
#define ROOM ((size_t)256 * 1024)
#define TOPIC "com.apple.mgmt.External.1b4e28ba-2fa1-4c8e-883f-0016d3cca427"

/* main creates these. */
static char key_pem[4096], public_pem[1024], certificate_pem[8192], set[1024],
    token[2048];

/* The input and the results of one try. */
static struct {
	struct config config;
	struct store *store, *other;
	struct arena arena;
	char block[ROOM];
	size_t room; /* size of the arena in this try, in bytes */

	struct buf text;
	char text_block[16384];
	char message[CONFIG_TEXT_MAX];
	struct secrets secrets;
	struct x509 x509;
	struct x509_request request;
	struct str what, out;
	size_t n;
	bool held; /* whether the results are right */
} f;

static const struct guid tenant = { .byte = { 0x6b } };

static const char *
in_directory(int slot, const char *name)
{
	static char path[4][256];

	snprintf(
	    path[slot], sizeof(path[slot]), "%s/%s", unit_directory(), name);
	return path[slot];
}

/* --- actions -------------------------------------------------------------- */

static enum err
seal(void)
{
	static const uint8_t key[CRYPTO_KEY_LEN] = { 1 };
	const struct str plain = STR("a private key"), about = STR("a tenant");
	uint8_t sealed[64], out[64];
	enum err e;

	if ((e = crypto_seal(key, about, plain, sealed)) != ERR_OK)
		return e;
	e = crypto_open(key, about,
	    str_from((char *)sealed, plain.n + CRYPTO_SEAL_MORE), out, &f.n);
	f.held = f.n == plain.n && memcmp(out, plain.p, plain.n) == 0;
	return e;
}

static enum err
read_certificate(void)
{
	enum err e = x509_read(
	    str_of(certificate_pem), &f.arena, &f.x509, &f.what);

	/* libcrypto does not report that memory for the key was lacking. The
	 * key then has 0 bits, and the rules refuse it. */
	f.held = str_is(f.x509.topic, TOPIC) && str_is(f.x509.serial, "0A1B") &&
	    (f.x509.key_bits == 2048 || f.x509.key_bits == 0) &&
	    str_is(f.x509.issuer, "UID=" TOPIC);
	return e;
}

static enum err
make_request(void)
{
	const struct x509_subject subject = { .country = STR("DE"),
		.common_name = STR("mdm") };

	enum err e = x509_request(&subject, &f.arena, &f.request, &f.what);

	f.held = f.request.private_n > 1000 && f.request.csr.n > 500 &&
	    f.request.public_key.n > 200;
	return e;
}

static enum err
wrap_request(void)
{
	const struct x509_vendor vendor = { .chain = str_of(certificate_pem),
		.key = str_of(key_pem),
		.now_at = (int64_t)time(NULL) };
	enum err e = x509_vendor_request(
	    str_of("a request"), &vendor, &f.arena, &f.out, &f.what);

	f.held = str_starts(f.out, "PD94bWwgdmVyc2lvbj0i") && f.out.n > 2000;
	return e;
}

static enum err
make_key(void)
{
	enum err e = jwt_make_key(&f.text);

	f.held = str_starts(buf_view(&f.text), "-----BEGIN PRIVATE KEY-----\n");
	return e;
}

static enum err
make_public(void)
{
	enum err e = jwt_make_public(str_of(key_pem), &f.text, &f.what);

	f.held = str_eq(buf_view(&f.text), str_of(public_pem));
	return e;
}

static enum err
make_set(void)
{
	enum err e = jwt_make_set(str_of(public_pem), &f.text, &f.what);

	f.held = str_eq(buf_view(&f.text), str_of(set));
	return e;
}

static enum err
make_token(void)
{
	enum err e = jwt_make_token(
	    str_of(key_pem), str_of(CLAIMS), &f.text, &f.what);

	f.held = str_eq(buf_view(&f.text), str_of(token));
	return e;
}

static enum err
read_set(void)
{
	static struct jwt_keys keys;
	enum err e = jwt_keys_read(str_of(set), &f.arena, &keys, &f.what);

	f.held = keys.n == 1;
	jwt_keys_free(&keys);
	return e;
}

static enum err
make_secret(void)
{
	return secret_make(in_directory(1, "fresh"));
}

static void
look_at_secret(enum err e)
{
	struct config c = f.config;
	enum err loaded;

	strcpy(c.key_file, in_directory(1, "fresh"));
	c.vendor_certificate[0] = '\0';
	loaded = secret_load(&c, &f.secrets, f.message);
	ck_assert(e != ERR_OK || (loaded == ERR_OK && f.secrets.can_seal));
	unlink(c.key_file);
}

static enum err
read_secrets(void)
{
	enum err e = secret_load(&f.config, &f.secrets, f.message);

	f.held = f.secrets.can_seal && f.secrets.is_vendor;
	return e;
}

static void
look_at_secrets(enum err e)
{
	ck_assert(e == ERR_OK || (f.secrets.missing && !f.secrets.is_vendor));
}

static enum err
open_auth(void)
{
	struct auth *auth = auth_open(&f.config, NOW);

	if (auth == NULL)
		return ERR_MEMORY;
	f.held = auth_failed(auth, str_of("192.0.2.1"), str_of(NULL), NOW) == 0;
	auth_close(auth);
	return ERR_OK;
}

static enum err
count(const struct guid *g, const struct record *r, void *arg)
{
	(void)g;
	(void)r;
	(*(size_t *)arg)++;
	return ERR_OK;
}

static enum err
read_store(void)
{
	struct txn *tx = NULL;
	enum err e;

	f.n = 0;
	if ((e = store_reader(f.store, &tx)) == ERR_OK &&
	    (e = store_begin(tx)) == ERR_OK)
		e = store_records(tx, count, &f.n);
	f.held = f.n == 1;
	store_reader_free(tx);
	return e;
}

static enum err
open_store(void)
{
	const struct store_options options = {
		.directory = in_directory(1, "other"),
		.map_size = (size_t)16 << 20,
		.readers = 4,
		.create = true,
	};
	struct store *st = NULL;
	enum err e = store_open(&options, &st);

	store_close(st);
	return e;
}

static enum err
back_up(void)
{
	return store_backup(f.store, in_directory(2, "backup"), false);
}

static unsigned
count_files(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static off_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

/* The data directory has the two files of the store, "." and ".."; the
 * directory above it has the files of set_up. */
static void
look_at_backup(enum err e)
{
	const char *file = in_directory(2, "backup");
	off_t whole = size_of(in_directory(3, "whole"));

	ck_assert_int_eq(size_of(file), e == ERR_OK ? whole : -1);
	unlink(file);
	ck_assert_uint_eq(count_files(f.config.data), 4);
	ck_assert_uint_eq(count_files(unit_directory()), 2 + 6);
}

static enum err
restore(void)
{
	return store_restore(f.store, in_directory(3, "whole"), true);
}

static void
look_at_store(enum err e)
{
	(void)e;
	ck_assert_int_eq(read_store(), ERR_OK);
	ck_assert(f.held);
	ck_assert_uint_eq(count_files(f.config.data), 4);
}

static enum err
patch(void)
{
	const unsigned id = 1U << RECORD_APPLE_ID,
		       text = 1U << RECORD_CERTIFICATE;
	struct change in = { .config = &f.config,
		.arena = &f.arena,
		.by = { .tenant = tenant, .actor = STR("test") },
		.patch = { .set = id | text } };
	struct record out = { .revision = 0 };
	struct fault fault;
	enum err e;

	in.by.now.at = NOW;
	in.patch.value[RECORD_APPLE_ID] = str_of("an Apple ID");
	in.patch.value[RECORD_CERTIFICATE] = str_of(certificate_pem);
	e = change_patch(f.store, &in, &out, &fault);
	f.held = str_is(out.value[RECORD_TOPIC], TOPIC);
	return e;
}

static enum err
request(void)
{
	const struct caller by = { .tenant = tenant,
		.actor = STR("test"),
		.now = { (int64_t)time(NULL), 0 } };
	const struct csr_order order = { .store = f.store,
		.config = &f.config,
		.secrets = &f.secrets,
		.by = &by,
		.arena = &f.arena };
	enum err e = csr_make(&order, &f.out, &f.what);

	f.held = f.out.n > 2000;
	return e;
}

#define SET(e) ((uint64_t)1 << ((e)-ERR_NOT_IMPLEMENTED))
#define LIBCRYPTO (SET(ERR_MEMORY) | SET(ERR_INTERNAL))
/* The PEM readers of libcrypto do not report why they find no key, and
 * X509_NAME does not report why it refuses a part. So the outcome may be
 * ERR_CONFIG. */
#define PEM (LIBCRYPTO | SET(ERR_CONFIG))
#define STORE (SET(ERR_MEMORY) | SET(ERR_STORE) | SET(ERR_FULL))

static const struct act {
	const char *name;
	enum err (*run)(void);
	uint64_t fails_with;
	void (*look)(enum err e);
	unsigned skip; /* the smaller, the more calls are left out; 0: none */
} acts[] = {
	{ "a seal", seal, LIBCRYPTO, NULL, 0 },
	{ "reading a certificate", read_certificate, LIBCRYPTO, NULL, 8 },
	{ "a request", make_request, PEM, NULL, 1 },
	{ "a vendor's wrapping", wrap_request, PEM, NULL, 2 },
	{ "a key", make_key, LIBCRYPTO, NULL, 1 },
	{ "a public key", make_public, PEM, NULL, 2 },
	{ "a key set", make_set, PEM, NULL, 2 },
	{ "a token", make_token, PEM, NULL, 2 },
	{ "reading a key set", read_set, LIBCRYPTO, NULL, 0 },
	{ "a key file", make_secret, SET(ERR_FILE) | LIBCRYPTO, look_at_secret,
	    0 },
	{ "reading key files", read_secrets, SET(ERR_FILE), look_at_secrets,
	    0 },
	{ "auth", open_auth, SET(ERR_MEMORY), NULL, 0 },
	{ "a new store", open_store, STORE, NULL, 0 },
	{ "a reader", read_store, STORE, NULL, 0 },
	{ "a backup", back_up, STORE | SET(ERR_FILE), look_at_backup, 0 },
	{ "a restore", restore, STORE | SET(ERR_FILE), look_at_store, 0 },
	{ "a change", patch, STORE | LIBCRYPTO, NULL, 8 },
	{ "a request that is kept", request, STORE | PEM, NULL, 1 },
};

/* --- failures ------------------------------------------------------------- */

static const struct kind {
	const char *name;
	enum fault_call call;
	int cause;
} kinds[] = {
	{ "malloc", FAULT_MALLOC, ENOMEM },
	{ "mmap", FAULT_MMAP, ENOMEM },
	{ "open", FAULT_OPEN, EMFILE },
	{ "read", FAULT_READ, EIO },
	{ "write", FAULT_WRITE, ENOSPC },
	{ "pwrite", FAULT_PWRITE, ENOSPC },
	{ "fdatasync", FAULT_FDATASYNC, EIO },
	{ "ftruncate", FAULT_FTRUNCATE, ENOSPC },
};

static enum err
run(const struct act *a)
{
	f.held = true;
	f.n = 0;
	f.out = str_of(NULL);
	arena_init(&f.arena, f.block, f.room);
	buf_init(&f.text, f.text_block, sizeof(f.text_block));
	return a->run();
}

static void
look(const struct act *a, const char *kind, long n, enum err e)
{
	bool known = e == ERR_OK ||
	    (e >= ERR_NOT_IMPLEMENTED && (a->fails_with & SET(e)) != 0);

	ck_assert_msg(
	    known, "%s, %s %ld: %s", a->name, kind, n, err_info(e)->text);
	ck_assert_msg(e != ERR_OK || f.held, "%s, %s %ld: good, but not true",
	    a->name, kind, n);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	if (a->look != NULL)
		a->look(e);
}

static void
fail_calls(const struct act *a, const struct kind *k, struct fault_plan *plan)
{
	bool hit;
	enum err e;
	long n;

	for (n = 1;; n += a->skip > 0 ? 1 + n / a->skip : 1) {
		fault_arm(plan, k->call, k->cause, n);
		e = run(a);
		hit = fault_disarm(plan);
		look(a, k->name, n, e);
		if (!hit)
			break;
	}
	ck_assert_msg(e == ERR_OK, "%s after %s", a->name, k->name);
}

START_TEST(calls)
{
	struct fault_plan *plan = fault_new();
	int i;

	ck_assert_ptr_nonnull(plan);
	fault_watch(plan);
	f.room = ROOM;
	for (i = 0; i < ROWS(kinds); i++)
		fail_calls(&acts[_i], &kinds[i], plan);
}
END_TEST

/* An arena that is too small gives ERR_MEMORY. The first size that suffices
 * gives the full result. */
START_TEST(rooms)
{
	const struct act *a = &acts[_i];
	enum err e = ERR_MEMORY;

	for (f.room = 0; e != ERR_OK && f.room < ROOM;
	     f.room += 24 + f.room / (a->skip == 1 ? 1 : 16)) {
		e = run(a);
		ck_assert_msg(e == ERR_OK || e == ERR_MEMORY,
		    "%s, room %zu: %s", a->name, f.room, err_info(e)->text);
		look(a, "room", (long)f.room, e);
	}
	unit_check(a->name, e == ERR_OK);
}
END_TEST

/* --- setup ---------------------------------------------------------------- */

static void
must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "test_faults: %s\n", what);
	exit(EXIT_FAILURE);
}

static void
read_text(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "r");

	must(file != NULL, path);
	out[fread(out, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void
write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	must(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0, path);
}

/* Makes the texts. The certificate is self-signed and serves as vendor
 * certificate too. */
static void
make_texts(void)
{
	char line[1024];

	snprintf(line, sizeof(line),
	    "cd '%s' && umask 077 && openssl req -x509 -newkey rsa:2048 -nodes "
	    "-keyout key -out certificate -days 3650 -set_serial 0x0a1b "
	    "-subj '/UID=" TOPIC "' 2>/dev/null && "
	    "openssl pkey -in key -pubout -out public",
	    unit_directory());
	must(system(line) == 0, "openssl");
	read_text(in_directory(0, "key"), key_pem, sizeof(key_pem));
	read_text(in_directory(0, "public"), public_pem, sizeof(public_pem));
	read_text(in_directory(0, "certificate"), certificate_pem,
	    sizeof(certificate_pem));
	buf_init(&f.text, set, sizeof(set) - 1);
	must(jwt_make_set(str_of(public_pem), &f.text, &f.what) == ERR_OK,
	    "a set");
	buf_init(&f.text, token, sizeof(token) - 1);
	must(jwt_make_token(
		 str_of(key_pem), str_of(CLAIMS), &f.text, &f.what) == ERR_OK,
	    "a token");
}

static enum err
put_first(struct txn *tx, void *arg)
{
	const struct record r = { .revision = 1 };

	(void)arg;
	return store_record_put(tx, &tenant, &r);
}

/* Each test runs in a process of its own and has a directory of its own. */
static void
set_up(void)
{
	struct store_options options = { .directory = f.config.data,
		.map_size = (size_t)16 << 20,
		.readers = 4,
		.history_keep = 5,
		.create = true };
	struct config *c = &f.config;

	config_default(c);
	snprintf(c->data, sizeof(c->data), "%s/data", unit_directory());
	strcpy(c->key_file, in_directory(0, "seal"));
	strcpy(c->vendor_certificate, in_directory(0, "certificate"));
	strcpy(c->vendor_key, in_directory(0, "key"));
	strcpy(c->jwks_file, in_directory(0, "set"));
	umask(077);
	write_text(c->vendor_certificate, certificate_pem);
	write_text(c->vendor_key, key_pem);
	write_text(c->jwks_file, set);
	ck_assert_int_eq(secret_make(c->key_file), ERR_OK);
	ck_assert_int_eq(secret_load(c, &f.secrets, f.message), ERR_OK);
	ck_assert_int_eq(store_open(&options, &f.store), ERR_OK);
	ck_assert_int_eq(store_update(f.store, put_first, NULL), ERR_OK);
	ck_assert_int_eq(
	    store_backup(f.store, in_directory(3, "whole"), false), ERR_OK);
}

static void
tear_down(void)
{
	store_close(f.store);
}

int
main(void)
{
	Suite *suite = suite_create("faults");
	TCase *cases = tcase_create("all");

	make_texts();
	/* A service does this before it serves. */
	must(crypto_preload() == ERR_OK, "libcrypto");
	/* The failures are intended, so nothing is logged. */
	log_open(false, (enum log_level) - 1);
	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_loop_test(cases, calls, 0, ROWS(acts));
	tcase_add_loop_test(cases, rooms, 0, ROWS(acts));
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
