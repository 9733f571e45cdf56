/* SPDX-License-Identifier: ISC */
/*
 * pg_claim.c - claims the store for an upgrade, so that one process of all
 * machines upgrades it.
 *
 * The claim is an advisory lock of the server, on a connection of its own. It
 * does not keep other processes from the store: a batch of an older release
 * that is under way fails at its end, because it compares the format (see
 * pg_format.c), and the release then ends with ERR_NEWER.
 */
#include "store/pg_private.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

/* Milliseconds between two attempts to get the lock. */
#define AGAIN_MS 100
/* Milliseconds that the server may take to answer. */
#define ANSWER_MS 5000

struct answer {
	const struct pg_api *pq;
	bool locked;
};

static bool
take_locked(void *arg, size_t i, struct pg_result *result)
{
	struct answer *a = arg;
	struct str value = pg_result_value(a->pq, result, 0, 0);

	(void)i;
	a->locked = value.n == 1 && value.p[0] == 1;
	return false;
}

/* The numbers of the lock are "push" in ASCII and the hash of the name of the
 * schema, with the work after it. */
static enum err
try_lock(struct pg_db *db, const char *work)
{
	struct answer a = { .pq = db->target.api };
	int64_t until = clock_ms() + ANSWER_MS;
	enum pg_outcome outcome;
	char sql[160];

	snprintf(sql, sizeof(sql),
	    "SELECT pg_try_advisory_lock(1886745448, hashtext('%s%s'))",
	    db->schema, work);
	if (pg_connect(&db->claim, until) != ERR_OK)
		return ERR_BUSY;
	(void)pg_link_send_text(&db->claim, sql);
	outcome = pg_link_run(&db->claim, until, take_locked, &a);
	if (outcome == PG_FAILED)
		return db->claim.failure;
	if (outcome != PG_DONE)
		return ERR_BUSY;
	return a.locked ? ERR_OK : ERR_UPGRADING;
}

enum err
pg_claim(void *arg, int64_t ms, pid_t *pid)
{
	const struct timespec pause = { .tv_nsec = AGAIN_MS * 1000000L };
	struct pg_db *db = arg;
	int64_t until = clock_ms() + ms;
	enum err e;

	*pid = 0;
	while ((e = try_lock(db, "")) == ERR_UPGRADING && clock_ms() < until)
		nanosleep(&pause, NULL);
	return e;
}

/* The end of the connection releases the lock. */
void
pg_unclaim(void *arg)
{
	pg_link_close(&((struct pg_db *)arg)->claim);
}

/* No upgrade runs meanwhile, so the connection of the claim is free. The lock
 * lasts until the connection ends. */
enum err
pg_alone(void *arg, const char *work)
{
	char words[64];
	enum err e;

	snprintf(words, sizeof(words), " %s", work);
	e = try_lock(arg, words);
	return e == ERR_UPGRADING ? ERR_IN_USE : e;
}

struct stamp {
	const struct pg_api *pq;
	uint64_t hash;
};

static bool
take_stamp(void *arg, size_t i, struct pg_result *result)
{
	struct stamp *s = arg;
	struct str text = pg_result_value(s->pq, result, 0, 0);
	size_t k;

	(void)i;
	/* FNV-1a. */
	s->hash = UINT64_C(0xcbf29ce484222325);
	for (k = 0; k < text.n; k++)
		s->hash = (s->hash ^ (unsigned char)text.p[k]) *
		    UINT64_C(0x100000001b3);
	return false;
}

/*
 * The snapshot of the server names the transactions that are under way and the
 * next one, so it differs after each commit, also of another database. The
 * query runs on the connection that holds the lock, so a lost lock is noticed.
 */
enum err
pg_stamp(void *arg, uint64_t *out)
{
	struct pg_db *db = arg;
	struct stamp s = { .pq = db->target.api };

	(void)pg_link_send_text(
	    &db->claim, "SELECT txid_current_snapshot()::text");
	if (pg_link_run(&db->claim, clock_ms() + ANSWER_MS, take_stamp, &s) !=
	    PG_DONE)
		return ERR_IN_USE;
	*out = s.hash;
	return ERR_OK;
}
