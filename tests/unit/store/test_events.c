/* SPDX-License-Identifier: ISC */
/*
 * test_events.c - which events of a history are kept: the newest ones, the ways
 * back to the last certificates, and one event for equal refusals.
 *
 * An event leads back to certificate n if the record before the event holds it.
 * A way back is the newest event that leads back to a certificate.
 */
#include "store/store.h"

#include <string.h>

#include "format/crypto.h"
#include "format/row.h"
#include "store/store_private.h"
#include "unit.h"
#include "unit_store.h"

#define NO_CERTIFICATE 0
#define LIST_MAX 64

static const struct guid tenant = { .byte = { 0x6b } };

static struct store *
open_store(unsigned keep, unsigned certificates)
{
	return unit_store((struct store_options){
	    .history_keep = keep, .history_certificates = certificates });
}

/* A record with the certificate of this number. A release before format 4
 * stored no fingerprint. */
struct content {
	uint8_t certificate;
	bool old;
	char text[8], fingerprint[CRYPTO_SHA256_LEN];
	struct record record;
};

static void
make_record(struct content *c, uint64_t revision)
{
	c->record = (struct record){ .revision = revision };
	if (c->certificate == NO_CERTIFICATE)
		return;
	memset(c->text, 'a' + c->certificate, sizeof(c->text));
	memset(c->fingerprint, c->certificate, sizeof(c->fingerprint));
	c->record.value[RECORD_CERTIFICATE] = str_from(
	    c->text, sizeof(c->text));
	c->record.value[RECORD_SERIAL] = str_of("01");
	if (!c->old)
		c->record.fingerprint = str_from(
		    c->fingerprint, sizeof(c->fingerprint));
}

/* The arguments of one call of store_update. */
struct order {
	enum store_action action;
	struct content next; /* of a change */
	const char *actor, *outcome; /* of a refusal */
	enum actor_kind kind;
	uint32_t scopes;
	const char *user_id;
	struct guid request_id;
	int64_t at;
};

static enum err
obey(struct txn *tx, void *arg)
{
	struct order *o = arg;
	struct event ev = { .when = { o->at, 7 },
		.action = o->action,
		.actor = str_of(o->actor),
		.kind = o->kind,
		.scopes = o->scopes,
		.user_id = str_of(o->user_id),
		.request_id = o->request_id,
		.outcome = str_of(o->outcome) };
	enum err e = store_record(tx, &tenant, &ev.former);

	ev.had_former = e == ERR_OK;
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (o->action == STORE_CHANGED) {
		make_record(
		    &o->next, (ev.had_former ? ev.former.revision : 0) + 1);
		e = store_record_put(tx, &tenant, &o->next.record);
		if (e != ERR_OK)
			return e;
	}
	return store_event_add(tx, &tenant, &ev);
}

static void
do_order(struct store *st, struct order o)
{
	unit_update(st, obey, &o);
}

static void
change(struct store *st, uint8_t certificate)
{
	do_order(st,
	    (struct order){ .action = STORE_CHANGED,
		.next = { .certificate = certificate } });
}

/* Adds refusals of two kinds in turn, so that the history does not count equal
 * ones together. */
static void
refuse(struct store *st, unsigned times)
{
	static unsigned turn;

	for (; times > 0; times--)
		do_order(st,
		    (struct order){ .action = STORE_REFUSED,
			.outcome = turn++ % 2 ? "TopicChange" : "WeakKey" });
}

/* The numbers of the events, newest first. */
struct list {
	size_t n;
	uint64_t number[LIST_MAX];
	struct event last; /* the newest event */
};

static enum err
add_number(const struct event *ev, void *arg)
{
	struct list *list = arg;

	ck_assert_uint_lt(list->n, LIST_MAX);
	if (list->n == 0)
		list->last = *ev;
	list->number[list->n++] = ev->number;
	return ERR_OK;
}

static void
expect(struct store *st, const char *name, const uint64_t *want, size_t n)
{
	struct list list = { .n = 0 };
	struct txn *tx = unit_begin(st);
	size_t i;

	ck_assert_int_eq(store_events(tx, &tenant, add_number, &list), ERR_OK);
	ck_assert_msg(list.n == n, "%s: %zu events, not %zu", name, list.n, n);
	for (i = 0; i < n; i++)
		ck_assert_msg(list.number[i] == want[i],
		    "%s: number %zu is %llu, not %llu", name, i,
		    (unsigned long long)list.number[i],
		    (unsigned long long)want[i]);
	unit_check(name, unit_verify(tx).findings == 0);
	store_reader_free(tx);
}

#define EXPECT(st, name, ...)                               \
	expect(st, name, (const uint64_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

START_TEST(keeps_the_newest_way_back)
{
	struct store *st = open_store(2, 10);

	change(st, 1); /* 1 leads back to nothing */
	change(st, 1); /* 2 leads back to 1 */
	change(st, 2); /* 3 is the newest event that leads back to 1 */
	refuse(st, 2); /* 4, 5 lead back to 2 */
	EXPECT(st, "the way back to 1", 5, 4, 3);
	change(st, 3); /* 6 */
	refuse(st, 2); /* 7, 8 */
	EXPECT(st, "the ways back to 1 and 2", 8, 7, 6, 3);
	change(st, 1); /* 9 leads back to 3 */
	change(st, 3); /* 10 leads back to 1 */
	refuse(st, 2); /* 11, 12 lead back to 3 */
	/* 10 leads back to 1 and 11 to 3, so 3 and 9 are dropped. */
	EXPECT(st, "a newer way back to 1", 12, 11, 10, 6);
	refuse(st, 2); /* 13, 14 */
	EXPECT(st, "no way back to the stored certificate", 14, 13, 10, 6);
	store_close(st);
}
END_TEST

START_TEST(keeps_the_last_certificates)
{
	struct store *st = open_store(1, 2);
	uint8_t i;

	for (i = 1; i <= 5; i++)
		change(st, i); /* event i leads back to i - 1 */
	EXPECT(st, "two ways back beyond one event", 5, 4, 3);
	refuse(st, 40);
	EXPECT(st, "they stay", 45, 5, 4);
	store_close(st);
	/* The store now keeps a single certificate. */
	st = open_store(1, 1);
	refuse(st, 1);
	EXPECT(st, "fewer", 46, 5);
	store_close(st);
}
END_TEST

START_TEST(keeps_no_way_back_to_a_text)
{
	struct store *st = open_store(1, 10);

	change(st, NO_CERTIFICATE);
	change(st, NO_CERTIFICATE);
	change(st, 1);
	change(st, NO_CERTIFICATE); /* 4 */
	refuse(st, 2);
	EXPECT(st, "the certificate alone", 6, 4);
	store_close(st);
}
END_TEST

START_TEST(distinguishes_certificates_without_fingerprints)
{
	struct order o = { .action = STORE_CHANGED };
	struct store *st = open_store(1, 10);
	uint8_t i;

	for (i = 0; i < 6; i++) {
		o.next =
		    (struct content){ .certificate = 1 + i % 2, .old = true };
		do_order(st, o);
	}
	refuse(st, 1);
	EXPECT(st, "one way back to each", 7, 6);
	refuse(st, 2);
	EXPECT(st, "and none to the stored one", 9, 6);
	store_close(st);
}
END_TEST

START_TEST(drops_a_few_at_a_time)
{
	struct store *st = open_store(60, 10);
	struct list list;
	struct txn *tx;
	unsigned rounds = 0;

	change(st, 1);
	change(st, 2); /* 2 leads back to 1 */
	refuse(st, 58);
	store_close(st);
	st = open_store(3, 10);
	do {
		refuse(st, 1);
		list = (struct list){ .n = 0 };
		tx = unit_begin(st);
		ck_assert_int_eq(
		    store_events(tx, &tenant, add_number, &list), ERR_OK);
		store_reader_free(tx);
	} while (list.n > 4 && ++rounds < 10);
	ck_assert_uint_ge(rounds, 3);
	ck_assert_uint_le(rounds, 4);
	ck_assert_uint_eq(list.number[3], 2);
	store_close(st);
}
END_TEST

START_TEST(keeps_gaps_after_the_limit_is_raised)
{
	struct store *st = open_store(2, 10);

	change(st, 1);
	change(st, 2);
	refuse(st, 6); /* 3 to 8 */
	EXPECT(st, "a gap", 8, 7, 2);
	store_close(st);
	st = open_store(50, 10);
	EXPECT(st, "the same gap", 8, 7, 2);
	refuse(st, 2);
	EXPECT(st, "the same gap later", 10, 9, 8, 7, 2);
	store_close(st);
}
END_TEST

START_TEST(counts_equal_refusals)
{
	struct order o = { .action = STORE_REFUSED,
		.actor = "a",
		.outcome = "TopicChange",
		.at = 100 };
	struct store *st = open_store(5, 10);
	struct list list = { .n = 0 };
	struct txn *tx;

	do_order(st, o);
	o.at = 200;
	do_order(st, o);
	o.at = 300;
	do_order(st, o);
	tx = unit_begin(st);
	ck_assert_int_eq(store_events(tx, &tenant, add_number, &list), ERR_OK);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_uint_eq(list.last.count, 3);
	ck_assert_int_eq(list.last.when.at, 100);
	ck_assert_int_eq(list.last.last.at, 300);
	ck_assert_uint_eq(list.last.last.nano, 7);
	store_reader_free(tx);

	o.actor = "b";
	do_order(st, o);
	EXPECT(st, "another actor", 2, 1);
	o.kind = ACTOR_USER;
	do_order(st, o);
	EXPECT(st, "another kind of actor", 3, 2, 1);
	o.user_id = "0123";
	do_order(st, o);
	EXPECT(st, "another user", 4, 3, 2, 1);
	o.scopes = 1;
	do_order(st, o);
	EXPECT(st, "other permissions", 5, 4, 3, 2, 1);
	o.request_id.byte[0] = 1;
	do_order(st, o);
	EXPECT(st, "another request", 5, 4, 3, 2, 1);
	store_close(st);
}
END_TEST

START_TEST(counts_refusals_of_one_state)
{
	struct order o = {
		.action = STORE_REFUSED, .actor = "a", .outcome = "TopicChange"
	};
	struct store *st = open_store(5, 10);

	do_order(st, o);
	do_order(st, o);
	o.outcome = "WeakKey";
	do_order(st, o);
	EXPECT(st, "another reason", 2, 1);
	change(st, 1);
	do_order(st, o);
	do_order(st, o);
	EXPECT(st, "after a change", 4, 3, 2, 1);
	change(st, 1);
	change(st, 1);
	EXPECT(st, "changes are not counted together", 6, 5, 4, 3, 2);
	store_close(st);
}
END_TEST

START_TEST(keeps_the_actor)
{
	struct order o = { .action = STORE_REQUESTED,
		.actor = "eve by app",
		.kind = ACTOR_USER,
		.scopes = UINT32_MAX,
		.user_id = "0123",
		.request_id = { .byte = { 1, [15] = 2 } } };
	struct store *st = open_store(5, 10);
	struct txn *tx;
	struct event ev;

	do_order(st, o);
	tx = unit_begin(st);
	ck_assert_int_eq(store_event(tx, &tenant, 1, &ev), ERR_OK);
	unit_same("the actor", ev.actor, str_of(o.actor));
	ck_assert_int_eq(ev.kind, ACTOR_USER);
	ck_assert_uint_eq(ev.scopes, UINT32_MAX);
	unit_same("the user id", ev.user_id, str_of(o.user_id));
	ck_assert_mem_eq(
	    ev.request_id.byte, o.request_id.byte, sizeof(o.request_id.byte));
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* Rows of events as releases wrote them: with so many fields, and a number in
 * the field of the actor's kind. */
static const struct row {
	const char *name;
	size_t fields;
	uint64_t kind;
	enum err outcome;
} rows[] = {
	{ "an event of format 3", 11, 0, ERR_OK },
	{ "an event of format 4", 15, 0, ERR_OK },
	{ "an event of this release", 19, ACTOR_APPLICATION, ERR_OK },
	{ "a kind of actor that a newer release knows", 19, ACTOR_KINDS,
	    ERR_NEWER },
	{ "a field that a newer release knows", 20, 0, ERR_NEWER },
};

static enum err
put_row(struct txn *tx, void *arg)
{
	const struct row *r = arg;
	char key_bytes[STORE_EVENT_KEY_LEN], at[ROW_U64_LEN],
	    action[ROW_U64_LEN], kind[ROW_U64_LEN];
	struct str field[ROW_FIELDS_MAX] = { [0] = row_u64(1700000000, at),
		[2] = row_u64(STORE_REQUESTED, action),
		[3] = STR("old"),
		[15] = row_u64(r->kind, kind),
		[17] = STR("user"),
		[18] = STR("0123456789abcdef") };
	struct str key = store_event_key_of(&tenant, 1, key_bytes);
	struct buf row;

	store_scratch(tx, STORE_ROW, &row);
	row_encode(key, field, r->fields, &row);
	return store_put(tx, STORE_RECORD, key, &row);
}

START_TEST(reads_rows_of_other_releases)
{
	struct store *st = open_store(5, 10);
	struct row r = rows[_i];
	struct event ev;
	struct txn *tx;
	size_t i;

	unit_update(st, put_row, &r);
	tx = unit_begin(st);
	unit_check(r.name, store_event(tx, &tenant, 1, &ev) == r.outcome);
	if (r.outcome == ERR_OK) {
		unit_same(r.name, ev.actor, str_of("old"));
		unit_check(r.name, ev.kind == r.kind && ev.scopes == 0);
		unit_same(
		    r.name, ev.user_id, str_of(r.fields > 17 ? "user" : NULL));
		for (i = 0; i < sizeof(ev.request_id.byte); i++)
			unit_check(r.name,
			    ev.request_id.byte[i] ==
				(r.fields > 18 ? "0123456789abcdef"[i] : 0));
	}
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* The places of tables are bits of the upper half of a hash. */
START_TEST(spreads_ids_that_differ_in_one_byte)
{
	size_t at = (size_t)_i, i, n = 0;
	bool used[4096] = { false }, *place;
	struct guid id = tenant;

	for (i = 0; i < 256; i++) {
		id.byte[at] = (uint8_t)i;
		place = &used[(store_tenant_hash(&id) >> 32) % 4096];
		n += !*place;
		*place = true;
	}
	ck_assert_uint_ge(n, 200);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("events");
	TCase *t = tcase_create("events");

	tcase_add_test(t, keeps_the_newest_way_back);
	tcase_add_test(t, keeps_the_last_certificates);
	tcase_add_test(t, keeps_no_way_back_to_a_text);
	tcase_add_test(t, distinguishes_certificates_without_fingerprints);
	tcase_add_test(t, drops_a_few_at_a_time);
	tcase_add_test(t, keeps_gaps_after_the_limit_is_raised);
	tcase_add_test(t, counts_equal_refusals);
	tcase_add_test(t, counts_refusals_of_one_state);
	tcase_add_test(t, keeps_the_actor);
	tcase_add_loop_test(
	    t, reads_rows_of_other_releases, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(
	    t, spreads_ids_that_differ_in_one_byte, 0, sizeof(tenant.byte));
	tcase_set_timeout(t, 60);
	suite_add_tcase(suite, t);
	return unit_run(suite);
}
