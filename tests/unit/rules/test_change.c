/* SPDX-License-Identifier: ISC */
/*
 * test_change.c - the rules of a tenant's record over its whole life: the topic
 * guard, restores, events and keys.
 *
 * The certificates are issued here, for keys that the program made or for a key
 * of the test. A number in a comment is the number of the event that the line
 * adds to the history.
 */
#include "rules/change.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "rules/csr.h"
#include "format/crypto.h"
#include "unit.h"
#include "unit_certificate.h"
#include "unit_store.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define NOW 1796083200 /* 2026-12-01 */
#define DAY 86400
#define YEAR (365 * DAY)
#define A "com.apple.mgmt.External.a"
#define B "com.apple.mgmt.External.b"

static const struct guid tenant = { .byte = { 0x6b, 0xcc } };

static struct {
	struct config config;
	struct secrets secrets;
	struct store *store;
	struct arena arena;
	char block[512 * 1024];
	int64_t now; /* advances by a second with each change */
	EVP_PKEY *key;
	struct fault fault;
	struct record out;
	enum err notice;
	struct change_findings found;
} f;

/* --- setup ---------------------------------------------------------------- */

static void
begin_world(unsigned keep, unsigned certificates)
{
	config_default(&f.config);
	f.secrets.can_seal = true;
	f.now = NOW;
	arena_init(&f.arena, f.block, sizeof(f.block));
	f.key = EVP_EC_gen("P-256");
	ck_assert_ptr_nonnull(f.key);
	f.store = unit_store((struct store_options){
	    .history_keep = keep, .history_certificates = certificates });
}

static void
end_world(void)
{
	store_close(f.store);
	EVP_PKEY_free(f.key);
}

/* Issues a certificate with this topic (NULL: none) and end, as PEM. */
static void
issue_for(EVP_PKEY *key, const char *topic, int64_t until_at, char *pem)
{
	static long serial = 1000;

	serial++;
	unit_issue_pem(&(struct unit_certificate){ .key = key,
			   .issuer = f.key,
			   .topic = topic,
			   .name = "APSP:test",
			   .serial = serial,
			   .from_at = until_at - YEAR,
			   .until_at = until_at },
	    pem);
}

static const char *
issue(const char *topic, int64_t until_at)
{
	static char pem[8][UNIT_PEM_MAX];
	static unsigned n;
	char *out = pem[n++ % 8];

	issue_for(f.key, topic, until_at, out);
	return out;
}

/* Returns the key of the pending request. */
static EVP_PKEY *
requested_key(void)
{
	struct txn *tx = unit_begin(f.store);
	const unsigned char *p;
	EVP_PKEY *key;
	struct csr csr;

	ck_assert_int_eq(store_csr(tx, &tenant, NULL, &csr), ERR_OK);
	p = (const unsigned char *)csr.public_key.p;
	key = d2i_PUBKEY(NULL, &p, (long)csr.public_key.n);
	ck_assert_ptr_nonnull(key);
	store_reader_free(tx);
	return key;
}

static enum err
request(void)
{
	const struct caller by = {
		.tenant = tenant, .actor = STR("test"), .now = { f.now++, 0 }
	};
	const struct csr_order order = { .store = f.store,
		.config = &f.config,
		.secrets = &f.secrets,
		.by = &by,
		.arena = &f.arena };
	struct str text, what;

	arena_reset(&f.arena);
	return csr_make(&order, &text, &what);
}

/* Makes a request and the certificate that Apple would issue for it. */
static void
request_and_issue(int64_t until_at, char pem[UNIT_PEM_MAX])
{
	EVP_PKEY *key;

	ck_assert_int_eq(request(), ERR_OK);
	key = requested_key();
	issue_for(key, A, until_at, pem);
	EVP_PKEY_free(key);
}

static enum err
change(struct change *in, bool try)
{
	struct txn *tx;
	enum err e;

	in->config = &f.config;
	in->arena = &f.arena;
	in->by = (struct caller){
		.tenant = tenant, .actor = STR("test"), .now = { f.now++, 0 }
	};
	in->new_id.byte[0] = (uint8_t)f.now;
	if (!try) {
		e = change_patch(f.store, in, &f.out, &f.fault);
	} else {
		tx = unit_begin(f.store);
		e = change_try(tx, in, &f.out, &f.fault);
		store_reader_free(tx);
	}
	f.notice = policy_notice(&in->found.notices);
	f.found = in->found;
	return e;
}

static enum err
upload(const char *text, const char *allow)
{
	struct change in = { .allow_topic = str_of(allow),
		.patch = { .set = RECORD_BIT(RECORD_CERTIFICATE) } };

	arena_reset(&f.arena);
	in.patch.value[RECORD_CERTIFICATE] = str_of(text);
	return change(&in, false);
}

static enum err
name(const char *apple_id)
{
	struct change in = { .patch = { .set = RECORD_BIT(RECORD_APPLE_ID) } };

	arena_reset(&f.arena);
	in.patch.value[RECORD_APPLE_ID] = str_of(apple_id);
	return change(&in, false);
}

static enum err
remove_record(void)
{
	struct change in = { .patch = { .set = RECORD_BIT(RECORD_APPLE_ID) |
				     RECORD_BIT(RECORD_CERTIFICATE) } };

	arena_reset(&f.arena);
	in.patch.value[RECORD_APPLE_ID] = STR_EMPTY;
	in.patch.value[RECORD_CERTIFICATE] = STR_EMPTY;
	return change(&in, false);
}

static enum err
restore_with(struct change *in, uint64_t number, bool try)
{
	struct txn *tx = unit_begin(f.store);
	enum err e;

	arena_reset(&f.arena);
	in->config = &f.config;
	in->arena = &f.arena;
	in->by.tenant = tenant;
	e = change_former(tx, in, number);
	store_reader_free(tx);
	return e == ERR_OK ? change(in, try) : e;
}

static enum err
restore(uint64_t number, const char *allow)
{
	struct change in = { .allow_topic = str_of(allow) };

	return restore_with(&in, number, false);
}

/* The result of a walk through the history. */
struct found {
	uint64_t events, newest, refusals;
	struct str pem;
	uint64_t
	    leads_back; /* the newest event whose former record contains pem */
};

static enum err
add_event(const struct event *ev, void *arg)
{
	struct found *found = arg;

	if (found->events++ == 0)
		found->newest = ev->number;
	if (ev->action == STORE_REFUSED)
		found->refusals += ev->count;
	if (found->leads_back == 0 && ev->had_former &&
	    str_eq(ev->former.value[RECORD_CERTIFICATE], found->pem))
		found->leads_back = ev->number;
	return ERR_OK;
}

static struct found
history(const char *pem)
{
	struct found found = { .pem = str_of(pem) };
	struct txn *tx = unit_begin(f.store);

	ck_assert_int_eq(store_events(tx, &tenant, add_event, &found), ERR_OK);
	store_reader_free(tx);
	return found;
}

static uint64_t
verify(void)
{
	struct txn *tx = unit_begin(f.store);
	uint64_t findings = unit_verify(tx).findings;

	store_reader_free(tx);
	return findings;
}

/* ERR_OK if the private key of the certificate can be exported. */
static enum err
export_key(const char *pem)
{
	struct txn *tx = unit_begin(f.store);
	uint8_t key[X509_PRIVATE_MAX];
	struct str what;
	struct x509 x;
	enum err e;
	size_t n;

	arena_reset(&f.arena);
	ck_assert_int_eq(x509_read(str_of(pem), &f.arena, &x, &what), ERR_OK);
	e = csr_private_key(tx, &f.secrets, &tenant, x.public_key, key, &n);
	crypto_wipe(key, sizeof(key));
	store_reader_free(tx);
	return e;
}

/* --- records, events and keys that are kept ------------------------------- */

/* Makes refusals of two kinds in turn, so that no event equals the one before
 * it. */
static void
refuse_in_turn(const char *other_topic, unsigned times)
{
	unsigned i;

	for (i = 0; i < times; i++)
		ck_assert_int_eq(
		    upload(i % 2 ? other_topic : "undefined", NULL),
		    i % 2 ? ERR_TOPIC_CHANGE : ERR_NOT_A_CERTIFICATE);
}

START_TEST(refusals_displace_neither_the_former_record_nor_the_key)
{
	static char first[UNIT_PEM_MAX], second[UNIT_PEM_MAX];
	const char *other;
	struct found found;
	unsigned i;

	begin_world(100, 10);
	request_and_issue(NOW + YEAR, first);
	ck_assert_int_eq(upload(first, NULL), ERR_OK);
	request_and_issue(NOW + YEAR + DAY, second);
	ck_assert_int_eq(upload(second, NULL), ERR_OK);
	found = history(first);
	ck_assert_uint_eq(found.leads_back, 4);
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(upload(second, NULL), ERR_OK);
	ck_assert_uint_eq(history(first).newest, 4);
	other = issue(B, NOW + YEAR);
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(upload(other, NULL), ERR_TOPIC_CHANGE);
	found = history(first);
	ck_assert_uint_eq(found.newest, 5);
	ck_assert_uint_eq(found.refusals, 1000);
	refuse_in_turn(other, 1000);
	found = history(first);
	ck_assert_uint_eq(found.newest, 1005);
	ck_assert_uint_eq(found.events, 101);
	ck_assert_uint_eq(found.leads_back, 4);
	ck_assert_uint_eq(verify(), 0);
	ck_assert_int_eq(restore(4, NULL), ERR_OK);
	unit_same("the first", f.out.value[RECORD_CERTIFICATE], str_of(first));
	ck_assert_int_eq(export_key(first), ERR_OK);
	ck_assert_int_eq(export_key(second), ERR_OK);
	ck_assert_uint_eq(verify(), 0);
	end_world();
}
END_TEST

START_TEST(keeps_the_key_of_a_replaced_request)
{
	static char pem[3][UNIT_PEM_MAX];
	unsigned i;

	begin_world(100, 2);
	for (i = 0; i < 3; i++)
		request_and_issue(NOW + YEAR + i * DAY, pem[i]);
	/* The store keeps two keys, so the first one was deleted. */
	ck_assert_int_eq(export_key(pem[0]), ERR_NOT_FOUND);
	ck_assert_int_eq(export_key(pem[1]), ERR_OK);
	ck_assert_int_eq(upload(pem[1], NULL), ERR_OK);
	ck_assert_int_eq(export_key(pem[1]), ERR_OK);
	ck_assert_int_eq(export_key(pem[2]), ERR_OK);
	/* Requests without a certificate do not displace a key in use. */
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(request(), ERR_OK);
	ck_assert_int_eq(export_key(pem[1]), ERR_OK);
	ck_assert_uint_eq(verify(), 0);
	end_world();
}
END_TEST

START_TEST(keeps_the_keys_of_the_last_certificates)
{
	static char pem[4][UNIT_PEM_MAX];
	unsigned i;

	begin_world(100, 2);
	for (i = 0; i < 3; i++) {
		request_and_issue(NOW + YEAR + i * DAY, pem[i]);
		ck_assert_int_eq(upload(pem[i], NULL), ERR_OK);
	}
	ck_assert_int_eq(export_key(pem[0]), ERR_NOT_FOUND);
	/* A certificate that is uploaded again is the newest again. */
	ck_assert_int_eq(upload(pem[1], NULL), ERR_OK);
	request_and_issue(NOW + YEAR + i * DAY, pem[3]);
	ck_assert_int_eq(upload(pem[3], NULL), ERR_OK);
	ck_assert_int_eq(export_key(pem[1]), ERR_OK);
	ck_assert_int_eq(export_key(pem[2]), ERR_NOT_FOUND);
	ck_assert_int_eq(export_key(pem[3]), ERR_OK);
	ck_assert_uint_eq(verify(), 0);
	end_world();
}
END_TEST

START_TEST(keeps_the_key_in_use_though_the_clock_went_back)
{
	static char pem[3][UNIT_PEM_MAX];
	unsigned i;

	begin_world(100, 2);
	for (i = 0; i < 3; i++) {
		request_and_issue(NOW + YEAR + i * DAY, pem[i]);
		ck_assert_int_eq(upload(pem[i], NULL), ERR_OK);
		f.now -= DAY;
	}
	ck_assert_int_eq(export_key(pem[2]), ERR_OK);
	end_world();
}
END_TEST

/* --- restoring ------------------------------------------------------------ */

START_TEST(judges_a_restore_like_an_upload)
{
	const char *a, *b;

	begin_world(100, 10);
	a = issue(A, NOW + YEAR);
	b = issue(B, NOW + YEAR);
	ck_assert_int_eq(upload(a, NULL), ERR_OK); /* 1 */
	ck_assert_int_eq(
	    upload(b, B), ERR_OK); /* 2, the record before it holds a */
	ck_assert_int_eq(restore(2, NULL), ERR_TOPIC_CHANGE); /* 3 */
	unit_same("old topic", f.fault.what, str_of(B));
	unit_same("new topic", f.fault.also, str_of(A));
	ck_assert_int_eq(restore(2, B), ERR_TOPIC_CHANGE);
	ck_assert_uint_eq(history("").newest, 3);
	ck_assert_uint_eq(history("").refusals, 2);
	ck_assert_int_eq(
	    restore(2, A), ERR_OK); /* 4, the record before it holds b */
	unit_same("certificate", f.out.value[RECORD_CERTIFICATE], str_of(a));
	unit_same("topic", f.out.value[RECORD_TOPIC], str_of(A));
	ck_assert_uint_eq(f.out.revision, 3);
	/* The topic guard now protects topic A. */
	ck_assert_int_eq(upload(b, NULL), ERR_TOPIC_CHANGE); /* 5 */
	ck_assert_int_eq(restore(4, NULL), ERR_TOPIC_CHANGE);
	ck_assert_int_eq(restore(1, NULL), ERR_NOT_FOUND);
	ck_assert_int_eq(restore(99, NULL), ERR_NOT_FOUND);
	ck_assert_uint_eq(verify(), 0);
	end_world();
}
END_TEST

START_TEST(refuses_to_restore_the_current_state)
{
	uint64_t newest;

	begin_world(100, 10);
	ck_assert_int_eq(upload(issue(A, NOW + YEAR), NULL), ERR_OK); /* 1 */
	ck_assert_int_eq(name("a"), ERR_OK); /* 2 */
	ck_assert_int_eq(restore(2, NULL), ERR_OK); /* 3 */
	newest = history("").newest;
	ck_assert_uint_eq(newest, 3);
	ck_assert_uint_eq(f.out.revision, 3);
	ck_assert_int_eq(restore(2, NULL), ERR_OK);
	ck_assert_uint_eq(history("").newest, newest);
	ck_assert_uint_eq(f.out.revision, 3);
	ck_assert_int_eq(f.notice, ERR_OK);
	end_world();
}
END_TEST

START_TEST(restores_only_the_revision_that_was_named)
{
	struct change in = { .revision_given = true, .revision = 1 };

	begin_world(100, 10);
	ck_assert_int_eq(name("a"), ERR_OK); /* 1 */
	ck_assert_int_eq(name("b"), ERR_OK); /* 2 */
	ck_assert_int_eq(restore_with(&in, 2, false), ERR_PRECONDITION);
	in.revision = 0;
	ck_assert_int_eq(restore_with(&in, 2, false), ERR_PRECONDITION);
	in.revision = 2;
	ck_assert_int_eq(restore_with(&in, 2, true), ERR_OK);
	ck_assert_uint_eq(history("").newest, 2);
	ck_assert_int_eq(restore_with(&in, 2, false), ERR_OK);
	unit_same("name", f.out.value[RECORD_APPLE_ID], str_of("a"));
	/* Revision 0 stands for no record. */
	ck_assert_int_eq(remove_record(), ERR_OK); /* 4 */
	ck_assert_int_eq(restore_with(&in, 4, false), ERR_PRECONDITION);
	in.revision = 0;
	ck_assert_int_eq(restore_with(&in, 4, false), ERR_OK);
	ck_assert_uint_eq(f.out.revision, 1);
	end_world();
}
END_TEST

START_TEST(a_dry_run_restores_nothing)
{
	struct change in = { .if_match = { NULL, 0 } };
	const char *a;

	begin_world(100, 10);
	a = issue(A, NOW + YEAR);
	ck_assert_int_eq(upload(a, NULL), ERR_OK); /* 1 */
	ck_assert_int_eq(upload("", NULL), ERR_OK); /* 2 */
	ck_assert_int_eq(restore_with(&in, 2, true), ERR_OK);
	unit_same("certificate", f.out.value[RECORD_CERTIFICATE], str_of(a));
	ck_assert_uint_eq(history("").newest, 2);
	ck_assert_int_eq(upload(issue(B, NOW + YEAR), B), ERR_OK); /* 3 */
	ck_assert_int_eq(restore_with(&in, 2, true), ERR_TOPIC_CHANGE);
	ck_assert_uint_eq(history("").newest, 3);
	end_world();
}
END_TEST

START_TEST(restores_only_the_record_whose_etag_was_given)
{
	char before[RECORD_ETAG_MAX], after[RECORD_ETAG_MAX];
	struct change in = { .if_match = { NULL, 0 } };

	begin_world(100, 10);
	ck_assert_int_eq(name("a"), ERR_OK); /* 1 */
	in.if_match = record_etag(&f.out, before);
	ck_assert_int_eq(name("b"), ERR_OK); /* 2 */
	ck_assert_int_eq(restore_with(&in, 2, true), ERR_PRECONDITION);
	ck_assert_int_eq(restore_with(&in, 2, false), ERR_PRECONDITION);
	in.if_match = record_etag(&f.out, after);
	ck_assert_int_eq(restore_with(&in, 2, true), ERR_OK);
	ck_assert_int_eq(restore_with(&in, 2, false), ERR_OK); /* 3 */
	ck_assert_int_eq(remove_record(), ERR_OK); /* 4 */
	ck_assert_int_eq(restore_with(&in, 4, false), ERR_PRECONDITION);
	in.if_match = str_of(NULL);
	in.if_none_match = str_of("*");
	ck_assert_int_eq(restore_with(&in, 4, false), ERR_OK); /* 5 */
	ck_assert_int_eq(restore_with(&in, 4, false), ERR_PRECONDITION);
	ck_assert_uint_eq(history("").newest, 5);
	end_world();
}
END_TEST

/* --- dry runs ------------------------------------------------------------- */

/* An upload that is only tried; f.found is what it finds out. */
static enum err
try_upload(const char *text, const char *allow)
{
	struct change in = { .allow_topic = str_of(allow),
		.patch = { .set = RECORD_BIT(RECORD_CERTIFICATE) } };

	arena_reset(&f.arena);
	in.patch.value[RECORD_CERTIFICATE] = str_of(text);
	return change(&in, true);
}

static void
check_notice(size_t i, enum err reason, const char *what, const char *also)
{
	const struct policy_notice *n = &f.found.notices.row[i];

	ck_assert_uint_lt(i, f.found.notices.n);
	ck_assert_int_eq(n->reason, reason);
	if (what != NULL)
		unit_same("what", n->fault.what, str_of(what));
	unit_same("also", n->fault.also, str_of(also));
}

START_TEST(one_dry_run_finds_every_notice)
{
	static char waiting[UNIT_PEM_MAX];
	const char *a, *b;

	begin_world(100, 10);
	a = issue(A, NOW + YEAR);
	ck_assert_int_eq(try_upload(a, NULL), ERR_OK);
	ck_assert(!f.found.existed && !f.found.same);
	ck_assert_uint_eq(f.found.notices.n, 1);
	check_notice(0, ERR_UNSUPPORTED_KEY, "EC", NULL);
	ck_assert_int_eq(upload(a, NULL), ERR_OK);
	request_and_issue(NOW + YEAR, waiting);
	b = issue(B, NOW + 1);
	f.now = NOW + 3600;
	ck_assert_int_eq(try_upload(b, NULL), ERR_TOPIC_CHANGE);
	ck_assert(f.found.existed && !f.found.same);
	unit_same(
	    "before", f.found.former.value[RECORD_CERTIFICATE], str_of(a));
	ck_assert_uint_eq(f.found.notices.n, 5);
	check_notice(0, ERR_TOPIC_CHANGE, A, B);
	check_notice(1, ERR_UNSUPPORTED_KEY, "EC", NULL);
	check_notice(2, ERR_EXPIRED, "2026-12-01T00:00:01Z", NULL);
	check_notice(
	    3, ERR_OLDER, "2026-12-01T00:00:01Z", "2027-12-01T00:00:00Z");
	check_notice(4, ERR_KEY_MISMATCH, NULL, NULL);
	/* The same with the topic allowed: stored, with all notices. */
	ck_assert_int_eq(try_upload(b, B), ERR_OK);
	ck_assert_uint_eq(f.found.notices.n, 5);
	check_notice(0, ERR_TOPIC_CHANGE, A, B);
	unit_same("topic", f.out.value[RECORD_TOPIC], str_of(B));
	/* The certificate of the pending request. */
	f.now = NOW + 10;
	ck_assert_int_eq(try_upload(waiting, NULL), ERR_OK);
	ck_assert_uint_eq(f.found.notices.n, 0);
	ck_assert_uint_eq(history("").newest, 2);
	end_world();
}
END_TEST

/* Returns the PEM with CRLF line ends. The service stores it unchanged. */
static const char *
with_crlf(const char *pem)
{
	static char text[2 * UNIT_PEM_MAX];
	char *out = text;

	for (; *pem != '\0'; *out++ = *pem++)
		if (*pem == '\n')
			*out++ = '\r';
	*out = '\0';
	return text;
}

START_TEST(a_dry_run_knows_the_stored_certificate)
{
	struct change any = { .any_form = true,
		.patch = { .set = RECORD_BIT(RECORD_CERTIFICATE) } };
	const char *a;

	begin_world(100, 10);
	a = issue(A, NOW + YEAR);
	ck_assert_int_eq(upload(a, NULL), ERR_OK);
	f.config.certificate_policy = CONFIG_ENFORCE;
	ck_assert_int_eq(try_upload(a, NULL), ERR_OK);
	ck_assert(f.found.existed && f.found.same);
	ck_assert_int_eq(
	    try_upload(issue(A, NOW + YEAR), NULL), ERR_UNSUPPORTED_KEY);
	ck_assert(f.found.existed && !f.found.same);
	ck_assert_uint_eq(f.found.notices.n, 1);
	check_notice(0, ERR_UNSUPPORTED_KEY, "EC", NULL);
	/* The same certificate in another text. */
	ck_assert_int_eq(try_upload(with_crlf(a), NULL), ERR_UNSUPPORTED_KEY);
	any.patch.value[RECORD_CERTIFICATE] = str_of(with_crlf(a));
	arena_reset(&f.arena);
	ck_assert_int_eq(change(&any, true), ERR_OK);
	ck_assert(f.found.same);
	ck_assert_uint_eq(f.out.revision, 1);
	/* A text has no notices, and nothing is stored beside it. */
	ck_assert_int_eq(try_upload("undefined", NULL), ERR_NOT_A_CERTIFICATE);
	ck_assert_uint_eq(f.found.notices.n, 0);
	ck_assert(f.found.existed);
	end_world();
}
END_TEST

START_TEST(guards_the_topic_through_restores)
{
	const char *a, *b;

	begin_world(100, 10);
	a = issue(A, NOW + YEAR);
	b = issue(B, NOW + YEAR);
	ck_assert_int_eq(upload("a text", NULL), ERR_OK); /* 1 */
	ck_assert_int_eq(upload(a, NULL),
	    ERR_OK); /* 2, the record before it holds the text */
	ck_assert_int_eq(restore(2, NULL), ERR_NOT_A_CERTIFICATE); /* 3 */
	ck_assert_int_eq(upload("", NULL), ERR_OK); /* 4 */
	ck_assert_int_eq(restore(2, NULL),
	    ERR_OK); /* 5, the record before it holds no certificate */
	unit_same("text", f.out.value[RECORD_CERTIFICATE], str_of("a text"));
	ck_assert_int_eq(upload(b, NULL), ERR_TOPIC_CHANGE); /* 6 */
	ck_assert_int_eq(upload(a, NULL), ERR_OK); /* 7 */
	/* Restoring a record without a certificate clears the certificate. */
	ck_assert_int_eq(restore(5, NULL), ERR_OK); /* 8 */
	ck_assert(str_is_null(f.out.value[RECORD_CERTIFICATE]));
	ck_assert(str_is_null(f.out.value[RECORD_SERIAL]));
	ck_assert_int_eq(upload(b, NULL), ERR_TOPIC_CHANGE); /* 9 */
	/* Removing the record ends the guard. A record that is restored is
	 * protected again. */
	ck_assert_int_eq(remove_record(), ERR_OK); /* 10 */
	ck_assert_int_eq(restore(10, NULL), ERR_OK); /* 11 */
	ck_assert_int_eq(upload(b, NULL), ERR_TOPIC_CHANGE); /* 12 */
	ck_assert_int_eq(remove_record(), ERR_OK); /* 13 */
	ck_assert_int_eq(upload(b, NULL), ERR_OK); /* 14 */
	ck_assert_int_eq(restore(13, NULL), ERR_OK); /* 15 */
	ck_assert_int_eq(upload(a, NULL), ERR_TOPIC_CHANGE); /* 16 */
	ck_assert_uint_eq(verify(), 0);
	end_world();
}
END_TEST

START_TEST(removes_nothing_by_a_restore)
{
	begin_world(100, 10);
	ck_assert_int_eq(name(""), ERR_OK); /* 1 */
	ck_assert_int_eq(name("a"), ERR_OK); /* 2 */
	ck_assert_int_eq(restore(2, NULL), ERR_OK);
	unit_same("name", f.out.value[RECORD_APPLE_ID], STR_EMPTY);
	ck_assert_uint_eq(f.out.revision, 3);
	end_world();
}
END_TEST

START_TEST(a_restore_obeys_the_certificate_policy)
{
	const char *expired, *older;

	begin_world(100, 10);
	expired = issue(A, NOW + 1);
	older = issue(A, NOW + YEAR / 2);
	ck_assert_int_eq(upload(expired, NULL), ERR_OK); /* 1 */
	ck_assert_int_eq(upload(older, NULL), ERR_OK); /* 2 */
	ck_assert_int_eq(upload(issue(A, NOW + YEAR), NULL), ERR_OK); /* 3 */
	ck_assert_int_eq(restore(3, NULL), ERR_OK); /* 4 */
	ck_assert_int_eq(f.notice, ERR_OLDER);
	f.now = NOW + DAY;
	ck_assert_int_eq(restore(2, NULL), ERR_OK); /* 5 */
	ck_assert_int_eq(f.notice, ERR_EXPIRED);
	f.config.certificate_policy = CONFIG_ENFORCE;
	/* The key type is checked before the date, so a key on an elliptic
	 * curve gives this error. */
	ck_assert_int_eq(restore(3, NULL), ERR_UNSUPPORTED_KEY); /* 6 */
	end_world();
}
END_TEST

START_TEST(restores_an_older_certificate_under_enforcement)
{
	static char first[UNIT_PEM_MAX], second[UNIT_PEM_MAX],
	    third[UNIT_PEM_MAX];

	begin_world(100, 10);
	f.config.certificate_policy = CONFIG_ENFORCE;
	request_and_issue(NOW + YEAR, first);
	ck_assert_int_eq(upload(first, NULL), ERR_OK); /* 2 */
	request_and_issue(NOW + YEAR + DAY - 1, second);
	ck_assert_int_eq(upload(second, NULL), ERR_NOT_YET_VALID); /* 4 */
	f.now += DAY;
	ck_assert_int_eq(upload(second, NULL), ERR_OK); /* 5 */
	ck_assert_int_eq(upload(first, NULL), ERR_OLDER); /* 6 */
	/* The pending request does not prevent the restore. */
	request_and_issue(NOW + YEAR, third);
	ck_assert_int_eq(restore(5, NULL), ERR_OK); /* 8 */
	ck_assert_int_eq(f.notice, ERR_OLDER);
	f.now = NOW + YEAR;
	ck_assert_int_eq(upload(first, NULL), ERR_OK);
	ck_assert_int_eq(f.notice, ERR_EXPIRED);
	ck_assert_int_eq(restore(8, NULL), ERR_OK); /* 9 */
	ck_assert_int_eq(restore(9, NULL), ERR_EXPIRED);
	end_world();
}
END_TEST

/* --- files ---------------------------------------------------------------- */

static enum err
file_text(struct str file, struct str *out)
{
	arena_reset(&f.arena);
	f.fault = (struct fault){ .what = { NULL, 0 } };
	return policy_file_text(file, &f.arena, out, &f.fault);
}

START_TEST(takes_the_text_of_a_file)
{
	static char large[PEM_TEXT_MAX + 1];
	unsigned char *der = NULL;
	const char *pem;
	struct str text;
	struct x509 x;
	int n;

	begin_world(100, 10);
	pem = issue(A, NOW + YEAR);
	ck_assert_int_eq(file_text(str_of(pem), &text), ERR_OK);
	ck_assert_ptr_eq(text.p, pem);
	/* The fault of a text is found when it is uploaded. */
	ck_assert_int_eq(file_text(str_of("-----BEGIN CERT"), &text), ERR_OK);
	ck_assert_int_eq(file_text(str_of("undefined"), &text), ERR_OK);
	ck_assert(str_is_null(text) && f.fault.ours.n > 0);
	ck_assert_int_eq(file_text(STR_EMPTY, &text), ERR_OK);
	ck_assert(str_is_null(text));
	ck_assert_int_eq(x509_read(str_of(pem), &f.arena, &x, &text), ERR_OK);
	der = malloc(x.der.n);
	ck_assert_ptr_nonnull(der);
	memcpy(der, x.der.p, x.der.n);
	n = (int)x.der.n;
	ck_assert_int_eq(
	    file_text(str_from((char *)der, (size_t)n), &text), ERR_OK);
	unit_same("binary", text, str_of(pem));
	ck_assert_int_eq(file_text(str_from((char *)der, (size_t)n - 1), &text),
	    ERR_NOT_A_CERTIFICATE);
	free(der);
	der = NULL;
	n = i2d_PrivateKey(f.key, &der);
	ck_assert_int_eq(file_text(str_from((char *)der, (size_t)n), &text),
	    ERR_PRIVATE_KEY);
	ck_assert(str_is_null(text));
	OPENSSL_free(der);
	ck_assert_int_eq(
	    file_text(str_from(large, sizeof(large)), &text), ERR_TOO_LONG);
	unit_same("property", f.fault.what, str_of("certificate"));
	end_world();
}
END_TEST

START_TEST(turns_a_request_into_a_file)
{
	struct txn *tx;
	struct str text, file;

	begin_world(100, 10);
	ck_assert_int_eq(request(), ERR_OK);
	tx = unit_begin(f.store);
	ck_assert_int_eq(csr_pending(tx, &tenant, &f.arena, &text), ERR_OK);
	store_reader_free(tx);
	ck_assert(!csr_is_signed(text));
	ck_assert_int_eq(csr_file(text, &f.arena, &file), ERR_OK);
	ck_assert(str_starts(file, "-----BEGIN CERTIFICATE REQUEST-----\nMII"));
	ck_assert(str_ends(file, "-----END CERTIFICATE REQUEST-----\n"));
	/* The start of an XML document in base64. */
	text = str_of("PD94bWwg");
	ck_assert(csr_is_signed(text));
	ck_assert_int_eq(csr_file(text, &f.arena, &file), ERR_OK);
	unit_same("signed", file, text);
	ck_assert_int_eq(
	    csr_file(str_of("MII?"), &f.arena, &file), ERR_CORRUPT);
	end_world();
}
END_TEST

/* --- the guard with several threads and with older releases --------------- */

/* Removes topic and fingerprint, which releases before format 4 did not store
 * beside the certificate. */
static enum err
forget(struct txn *tx, void *arg)
{
	struct record r;
	enum err e = store_record(tx, &tenant, &r);

	(void)arg;
	if (e != ERR_OK)
		return e;
	r.newest_topic = r.fingerprint = str_of(NULL);
	return store_record_put(tx, &tenant, &r);
}

/* Returns a text in which the certificate is found only after unwrapping. */
static const char *
wrap(const char *pem)
{
	static char text[2 * UNIT_PEM_MAX] =
	    "data:application/x-pem-file;base64,";
	char *to = strchr(text, ',') + 1;

	to[str_base64((const uint8_t *)pem, strlen(pem), to)] = '\0';
	return text;
}

START_TEST(a_wrapped_copy_of_the_stored_certificate_is_no_change)
{
	const char *a, *other;

	begin_world(100, 10);
	a = issue(A, NOW + YEAR);
	other = issue(A, NOW + YEAR);
	ck_assert_int_eq(upload(with_crlf(a), NULL), ERR_OK);
	ck_assert_int_eq(upload(wrap(a), NULL), ERR_OK);
	ck_assert_uint_eq(f.out.revision, 1);
	unit_same(
	    "text", f.out.value[RECORD_CERTIFICATE], str_of(with_crlf(a)));
	/* The comparison also works if no fingerprint is stored. */
	unit_update(f.store, forget, NULL);
	ck_assert_int_eq(upload(wrap(a), NULL), ERR_OK);
	ck_assert_uint_eq(f.out.revision, 1);
	ck_assert_uint_eq(history("").newest, 1);
	/* A different text that needs no unwrapping is a change, and so is
	 * another certificate. */
	ck_assert_int_eq(upload(a, NULL), ERR_OK);
	ck_assert_uint_eq(f.out.revision, 2);
	ck_assert_int_eq(upload(wrap(other), NULL), ERR_OK);
	ck_assert_uint_eq(f.out.revision, 3);
	unit_same("text", f.out.value[RECORD_CERTIFICATE], str_of(other));
	ck_assert_int_eq(
	    upload(wrap(issue(B, NOW + YEAR)), NULL), ERR_TOPIC_CHANGE);
	end_world();
}
END_TEST

#define THREADS 8

struct uploader {
	pthread_t thread;
	const char *topic;
	char pem[UNIT_PEM_MAX];
	enum err e;
	struct arena arena;
	char block[128 * 1024];
};

static void *
upload_one(void *arg)
{
	struct uploader *u = arg;
	struct change in = { .config = &f.config,
		.arena = &u->arena,
		.by = { .tenant = tenant, .now = { NOW, 0 } },
		.patch = { .set = RECORD_BIT(RECORD_CERTIFICATE) } };
	struct record out;
	struct fault fault;

	in.patch.value[RECORD_CERTIFICATE] = str_of(u->pem);
	u->e = change_patch(f.store, &in, &out, &fault);
	return NULL;
}

START_TEST(lets_one_topic_in_even_within_a_shared_commit)
{
	static struct uploader up[THREADS];
	struct record r;
	struct txn *tx;
	unsigned i;

	begin_world(100, 10);
	for (i = 0; i < THREADS; i++) {
		up[i].topic = i % 2 ? A : B;
		issue_for(f.key, up[i].topic, NOW + YEAR, up[i].pem);
		arena_init(&up[i].arena, up[i].block, sizeof(up[i].block));
	}
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(
		    pthread_create(&up[i].thread, NULL, upload_one, &up[i]), 0);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(up[i].thread, NULL), 0);
	tx = unit_begin(f.store);
	ck_assert_int_eq(store_record(tx, &tenant, &r), ERR_OK);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(up[i].e,
		    str_is(r.value[RECORD_TOPIC], up[i].topic)
			? ERR_OK
			: ERR_TOPIC_CHANGE);
	store_reader_free(tx);
	ck_assert_uint_eq(verify(), 0);
	end_world();
}
END_TEST

START_TEST(guards_the_record_of_an_older_release)
{
	const char *a, *b;

	begin_world(100, 10);
	a = issue(A, NOW + YEAR);
	b = issue(B, NOW + YEAR);
	ck_assert_int_eq(upload(a, NULL), ERR_OK);
	unit_update(f.store, forget, NULL);
	ck_assert_int_eq(upload(b, NULL), ERR_TOPIC_CHANGE);
	ck_assert_int_eq(upload(a, NULL), ERR_OK);
	ck_assert_uint_eq(f.out.revision, 1);
	ck_assert_int_eq(upload("", NULL), ERR_OK);
	ck_assert_int_eq(upload(b, NULL), ERR_TOPIC_CHANGE);
	end_world();
}
END_TEST

/* --- imported keys -------------------------------------------------------- */

/* The key of f.key, as an operator would import it. */
static enum err
import(const char *pem, bool try)
{
	static const uint8_t secret[] = "no key of RSA, but sealed like one";
	struct change in = { .patch = {
				 .set = RECORD_BIT(RECORD_CERTIFICATE) } };
	struct csr csr = { .when = { 0, 0 } };
	struct str what;
	struct x509 x;

	arena_reset(&f.arena);
	ck_assert_int_eq(x509_read(str_of(pem), &f.arena, &x, &what), ERR_OK);
	csr.public_key = x.public_key;
	ck_assert_int_eq(csr_seal(&f.secrets, &tenant, &f.arena,
			     str_from((const char *)secret, sizeof(secret)),
			     &csr.sealed_key),
	    ERR_OK);
	in.imported = &csr;
	in.patch.value[RECORD_CERTIFICATE] = str_of(pem);
	return change(&in, try);
}

START_TEST(an_imported_key_comes_with_its_certificate)
{
	const char *pem;

	begin_world(100, 10);
	pem = issue(A, NOW + YEAR);
	ck_assert_int_eq(import(pem, true), ERR_OK);
	ck_assert_uint_eq(history(pem).events, 0);
	ck_assert_int_eq(import(pem, false), ERR_OK);
	unit_same(
	    "the certificate", f.out.value[RECORD_CERTIFICATE], str_of(pem));
	ck_assert_int_eq(export_key(pem), ERR_OK);
	ck_assert_int_eq(import(issue(B, NOW + YEAR), false), ERR_TOPIC_CHANGE);
	ck_assert_uint_eq(history(pem).refusals, 1);
	ck_assert_uint_eq(verify(), 0);
	end_world();
}
END_TEST

START_TEST(an_imported_key_is_added_to_the_stored_certificate)
{
	struct record before;
	const char *pem;

	begin_world(100, 10);
	pem = issue(A, NOW + YEAR);
	ck_assert_int_eq(upload(pem, NULL), ERR_OK);
	before = f.out;
	ck_assert_int_eq(export_key(pem), ERR_NOT_FOUND);
	ck_assert_int_eq(import(pem, false), ERR_OK);
	ck_assert_uint_eq(f.out.revision, before.revision);
	ck_assert_uint_eq(history(pem).newest, 2);
	ck_assert_int_eq(export_key(pem), ERR_OK);
	ck_assert_uint_eq(verify(), 0);
	end_world();
}
END_TEST

START_TEST(an_imported_key_leaves_another_request_pending)
{
	struct str text;
	struct txn *tx;
	const char *pem;

	begin_world(100, 10);
	f.config.certificate_policy = CONFIG_ENFORCE;
	EVP_PKEY_free(f.key);
	f.key = EVP_RSA_gen(2048);
	pem = issue(A, NOW + YEAR);
	ck_assert_int_eq(request(), ERR_OK);
	ck_assert_int_eq(upload(pem, NULL), ERR_KEY_MISMATCH);
	ck_assert_int_eq(import(pem, false), ERR_OK);
	ck_assert_int_eq(export_key(pem), ERR_OK);
	tx = unit_begin(f.store);
	arena_reset(&f.arena);
	ck_assert_int_eq(csr_pending(tx, &tenant, &f.arena, &text), ERR_OK);
	store_reader_free(tx);
	ck_assert_uint_eq(verify(), 0);
	end_world();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		refusals_displace_neither_the_former_record_nor_the_key,
		keeps_the_key_of_a_replaced_request,
		keeps_the_keys_of_the_last_certificates,
		keeps_the_key_in_use_though_the_clock_went_back,
		judges_a_restore_like_an_upload,
		refuses_to_restore_the_current_state,
		restores_only_the_revision_that_was_named,
		a_dry_run_restores_nothing,
		guards_the_topic_through_restores,
		removes_nothing_by_a_restore,
		a_restore_obeys_the_certificate_policy,
		restores_an_older_certificate_under_enforcement,
		lets_one_topic_in_even_within_a_shared_commit,
		guards_the_record_of_an_older_release,
		a_wrapped_copy_of_the_stored_certificate_is_no_change,
	};
	Suite *suite = suite_create("change");
	TCase *t = tcase_create("change");
	size_t i;

	for (i = 0; i < ROWS(tests); i++)
		tcase_add_test(t, tests[i]);
	tcase_add_test(t, restores_only_the_record_whose_etag_was_given);
	tcase_add_test(t, one_dry_run_finds_every_notice);
	tcase_add_test(t, a_dry_run_knows_the_stored_certificate);
	tcase_add_test(t, takes_the_text_of_a_file);
	tcase_add_test(t, turns_a_request_into_a_file);
	tcase_add_test(t, an_imported_key_comes_with_its_certificate);
	tcase_add_test(t, an_imported_key_is_added_to_the_stored_certificate);
	tcase_add_test(t, an_imported_key_leaves_another_request_pending);
	/* Some tests make 4,000 changes, and each change waits for the disk. */
	tcase_set_timeout(t, 240);
	suite_add_tcase(suite, t);
	return unit_run(suite);
}
