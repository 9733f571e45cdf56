/* SPDX-License-Identifier: ISC */
/*
 * pg_lane.c - the lanes: connections for the reads of many threads. All reads
 * that wait at the same time are sent together.
 *
 * The logins of a batch (a token and the record of its tenant) are one
 * statement, which costs the server a third less than a statement for each:
 * 10 us instead of 16 where 32 wait (two CPUs, PostgreSQL 15). Their answer is
 * shared, and the last of its readers frees it.
 */
#include "store/pg_private.h"

#include <stdlib.h>

/* The answer to one statement. */
struct pg_shared {
	atomic_size_t readers;
	struct pg_result *result;
};

struct pg_read {
	/* The first member, so that a job's address is that of its read. */
	struct group_commit_job job;
	const struct pg_fetch *fetch;
	struct pg_shared *answer;
	size_t row; /* of a login: its row in the answer, plus 1; 0: none */
	enum err outcome;
};

static void
drop_answer(const struct pg_api *pq, struct pg_read *read)
{
	struct pg_shared *a = read->answer;

	read->answer = NULL;
	if (a == NULL || atomic_fetch_sub(&a->readers, 1) > 1)
		return;
	pg_result_free(pq, a->result);
	free(a);
}

/* --- a batch of reads --------------------------------------------------- */

static enum err
begin_reads(void *arg, int64_t ms)
{
	struct pg_lane *lane = arg;

	lane->until = pg_deadline_left(ms);
	return pg_connect(&lane->link, lane->until);
}

static bool
send_logins(struct pg_lane *lane)
{
	struct pg_array keys = { .n = 0 };
	bool sent = false;
	size_t i;

	pg_array_begin(&keys, PG_BYTEA, lane->logins);
	for (i = 0; i < lane->logins; i++) {
		const struct pg_want *want = &lane->login[i]->fetch->want;

		pg_array_add(&keys, want->byte, want->n);
	}
	if (!keys.failed) {
		const struct pg_value value = { keys.p, keys.n };

		sent = pg_link_send(
		    &lane->link, &lane->db->sql.logins, &value, 1);
	}
	pg_array_free(&keys);
	return sent;
}

/* Notes the row of each login. False if the answer has other rows. */
static bool
find_rows(struct pg_lane *lane, const struct pg_result *result)
{
	const struct pg_api *pq = lane->db->target.api;
	size_t rows = pg_result_rows(pq, result), i;
	uint64_t number;

	for (i = 0; i < lane->logins; i++)
		lane->login[i]->row = 0;
	for (i = 0; i < rows; i++) {
		number = pg_result_number(pq, result, i);
		if (number < 1 || number > lane->logins ||
		    lane->login[number - 1]->row != 0)
			return false;
		lane->login[number - 1]->row = i + 1;
	}
	return true;
}

/* The answer to the logins comes first, if there are any. */
static bool
take_answer(void *arg, size_t i, struct pg_result *result)
{
	struct pg_lane *lane = arg;
	bool of_logins = lane->logins > 0 && i == 0;
	struct pg_read **read =
	    of_logins ? lane->login : &lane->other[i - (lane->logins > 0)];
	size_t n = of_logins ? lane->logins : 1;
	struct pg_shared *a;

	if ((of_logins && !find_rows(lane, result)) ||
	    (a = malloc(sizeof(*a))) == NULL)
		return false;
	a->result = result;
	atomic_init(&a->readers, n);
	for (i = 0; i < n; i++)
		read[i]->answer = a;
	return true;
}

static bool
send_other(struct pg_lane *lane, const struct pg_fetch *f)
{
	return f->all != NULL ? pg_send_wants(f->all, &lane->link, f->table)
			      : pg_send_fetch(&lane->db->sql, &lane->link, f);
}

static enum err
send_reads(struct pg_lane *lane)
{
	bool sent = lane->logins == 0 || send_logins(lane);
	size_t i;

	for (i = 0; i < lane->others && sent; i++)
		sent = send_other(lane, lane->other[i]->fetch);
	/* Only its place in the order assigns an answer to its read, so all
	 * statements are sent or none. A failure shows when the answers are
	 * awaited. */
	if (!sent)
		pg_link_close(&lane->link);
	switch (pg_link_run(&lane->link, lane->until, take_answer, lane)) {
	case PG_DONE:
		return ERR_OK;
	case PG_FAILED:
		return lane->link.failure;
	case PG_CONFLICT:
	case PG_AGAIN:
	case PG_LOST:
	default:
		return ERR_BUSY;
	}
}

/* Sends the reads of a chain of jobs. A read changes nothing, so after a lost
 * connection it is sent again. */
static enum err
send_until_read(struct pg_lane *lane, struct group_commit_job *first, size_t n)
{
	const struct pg_api *pq = lane->db->target.api;
	struct group_commit_job *job = first;
	enum err e;
	size_t i;

	lane->logins = lane->others = 0;
	for (i = 0; i < n; i++, job = job->next) {
		struct pg_read *read = (struct pg_read *)job;

		drop_answer(pq, read);
		if (read->fetch->login)
			lane->login[lane->logins++] = read;
		else
			lane->other[lane->others++] = read;
	}
	while ((e = send_reads(lane)) == ERR_BUSY) {
		for (i = 0, job = first; i < n; i++, job = job->next)
			drop_answer(pq, (struct pg_read *)job);
		if (pg_connect(&lane->link, lane->until) != ERR_OK)
			break;
	}
	for (i = 0, job = first; i < n; i++, job = job->next)
		((struct pg_read *)job)->outcome = e;
	return e;
}

/* Where one read fails for good, the server skips those after it, so each of
 * them is sent alone. */
static void
run_reads(struct group_commit_job *first, size_t n, void *arg)
{
	struct pg_lane *lane = arg;
	struct group_commit_job *job;
	enum err e;

	if (first == NULL)
		return;
	lane->until = pg_deadline_of(first, lane->until);
	e = send_until_read(lane, first, n);
	if (n < 2 || e == ERR_OK || e == ERR_BUSY)
		return;
	for (job = first; job != NULL; job = job->next)
		(void)send_until_read(lane, job, 1);
}

enum err
pg_lane_init(struct pg_lane *lane, struct pg_db *db)
{
	const struct group_commit_work work = { .arg = lane,
		.begin = begin_reads,
		.run = run_reads,
		.batch_max = PG_LANE_BATCH,
		.shares_clients = true,
		.timeout_ms = db->timeout_ms };

	lane->db = db;
	pg_link_init(&lane->link, &db->target);
	return group_commit_init(&lane->queue, &work);
}

void
pg_lane_free(struct pg_lane *lane)
{
	group_commit_destroy(&lane->queue);
	pg_link_close(&lane->link);
}

/* --- one read ----------------------------------------------------------- */

/* The columns of a login: the number of the key, then key, row and mark of the
 * token, and those of the record, which are NULL if it is missing. */
enum { TOKEN_AT = 1, RECORD_AT = 4 };

static enum err
learn_login(struct pg_session *s, const struct pg_read *read)
{
	const struct pg_result *r = read->answer->result;
	struct pg_fetch record = { .table = STORE_RECORD, .limit = 1 };
	struct pg_answer a = { .r = r, .column = TOKEN_AT };
	struct str key;
	enum err e;

	if (read->row > 0)
		a = (struct pg_answer){ r, read->row - 1, 1, TOKEN_AT };
	e = pg_learn(s, read->fetch, &a);
	if (e != ERR_OK || read->row == 0)
		return e;
	key = pg_result_value(s->db->target.api, r, a.first, RECORD_AT);
	if (key.n == 0 || key.n > STORE_KEY_MAX)
		return ERR_OK;
	record.want = pg_want_of(STORE_FROM, key);
	a.column = RECORD_AT;
	return pg_learn(s, &record, &a);
}

static enum err
learn(struct pg_session *s, const struct pg_read *read)
{
	const struct pg_fetch *f = read->fetch;

	if (read->answer == NULL)
		return ERR_STORE;
	if (f->login)
		return learn_login(s, read);
	return f->all != NULL
	    ? pg_learn_wants(s, f->table, read->answer->result)
	    : pg_learn_all(s, f, read->answer->result);
}

enum err
pg_lane_fetch(struct pg_session *s, const struct pg_fetch *f)
{
	const struct spread *lanes = &s->db->spread;
	struct pg_read read = { .fetch = f };
	enum err e;

	e = group_commit_run(lanes->queue[spread_choose(lanes)], &read.job);
	if (e == ERR_OK && (e = read.outcome) == ERR_OK)
		e = learn(s, &read);
	drop_answer(s->db->target.api, &read);
	return e;
}
