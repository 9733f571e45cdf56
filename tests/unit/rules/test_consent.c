/* SPDX-License-Identifier: ISC */
/*
 * test_consent.c - a consent belongs to its tenant, and the first caller grants
 * it for good.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "rules/consent.h"
#include "unit.h"
#include "unit_store.h"

#define NOW 1700000000
#define THREADS 8

static struct store *
open_consents(void)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/store", unit_directory());
	return unit_store(
	    (struct store_options){ .directory = path, .history_keep = 5 });
}

static struct caller
caller(unsigned tenant, const char *actor, const char *user_id, int64_t at)
{
	return (struct caller){ .tenant = unit_tenant(tenant),
		.actor = str_of(actor),
		.kind = ACTOR_USER,
		.user_id = str_of(user_id),
		.now = { at, 1234567 } };
}

/* Grants the consent and compares what the caller gets. */
static void
grant(struct store *st, const struct caller *by, const struct caller *first)
{
	struct consent got;
	struct arena a;
	char room[256];

	arena_init(&a, room, sizeof(room));
	ck_assert_int_eq(consent_grant(st, by, &a, &got), ERR_OK);
	unit_same("actor", got.actor, first->actor);
	ck_assert(str_is_null(got.user_id) == str_is_null(first->user_id));
	unit_same("user id", got.user_id, first->user_id);
	ck_assert_int_eq(got.kind, first->kind);
	ck_assert_int_eq(got.when.at, first->now.at);
	ck_assert_uint_eq(got.when.nano, first->now.nano);
}

START_TEST(the_first_caller_grants_it)
{
	struct caller eve = caller(1, "eve by app", "id-of-eve", NOW);
	struct caller bob = caller(1, "bob by app", "id-of-bob", NOW + 60);
	struct caller other = caller(2, "app robot", NULL, NOW + 70);
	struct guid stranger = unit_tenant(3);
	struct store *st = open_consents();
	struct consent c;
	struct txn *tx;

	tx = unit_begin(st);
	ck_assert_int_eq(store_consent(tx, &eve.tenant, &c), ERR_NOT_FOUND);
	store_reader_free(tx);
	grant(st, &eve, &eve);
	grant(st, &bob, &eve);
	grant(st, &other, &other);
	grant(st, &eve, &eve);
	tx = unit_begin(st);
	ck_assert_int_eq(store_consent(tx, &eve.tenant, &c), ERR_OK);
	unit_same("actor", c.actor, eve.actor);
	ck_assert_int_eq(store_consent(tx, &stranger, &c), ERR_NOT_FOUND);
	ck_assert_uint_eq(unit_verify(tx).consents, 2);
	ck_assert_uint_eq(unit_verify(tx).findings, 0);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

START_TEST(reports_the_lack_of_memory)
{
	struct caller eve = caller(1, "eve by app", "id-of-eve", NOW);
	struct store *st = open_consents();
	struct consent got;
	struct arena a;
	char room[8];

	grant(st, &eve, &eve);
	arena_init(&a, room, sizeof(room));
	ck_assert_int_eq(consent_grant(st, &eve, &a, &got), ERR_MEMORY);
	store_close(st);
}
END_TEST

struct racer {
	pthread_t thread;
	struct store *st;
	struct caller by;
	char room[256];
	struct consent got;
	enum err e;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	struct arena a;

	arena_init(&a, r->room, sizeof(r->room));
	r->e = consent_grant(r->st, &r->by, &a, &r->got);
	return NULL;
}

/* Callers at the same time share a batch of the store. All of them see the
 * consent of one of them. */
START_TEST(one_of_many_callers_grants_it)
{
	static const char *const names[THREADS] = { "a", "b", "c", "d", "e",
		"f", "g", "h" };
	static struct racer racers[THREADS];
	struct store *st = open_consents();
	int i;

	for (i = 0; i < THREADS; i++) {
		racers[i].st = st;
		racers[i].by = caller(1, names[i], names[i], NOW + i);
		ck_assert_int_eq(
		    pthread_create(&racers[i].thread, NULL, race, &racers[i]),
		    0);
	}
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(racers[i].thread, NULL), 0);
	for (i = 0; i < THREADS; i++) {
		ck_assert_int_eq(racers[i].e, ERR_OK);
		unit_same("actor", racers[i].got.actor, racers[0].got.actor);
		unit_same(
		    "the same", racers[i].got.user_id, racers[i].got.actor);
		ck_assert_int_eq(racers[i].got.when.at, racers[0].got.when.at);
	}
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("consent");
	TCase *t = tcase_create("consent");

	tcase_add_test(t, the_first_caller_grants_it);
	tcase_add_test(t, reports_the_lack_of_memory);
	tcase_add_test(t, one_of_many_callers_grants_it);
	suite_add_tcase(s, t);
	return unit_run(s);
}
