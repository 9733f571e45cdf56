/* SPDX-License-Identifier: ISC */
/*
 * metrics.c - counters. Relaxed memory order is enough, because no code infers
 * from one counter that another has changed.
 */
#include "state/metrics.h"

static void
add(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void
metrics_request(struct metrics *m, int status, enum err outcome)
{
	int class = status / 100;

	if (m == NULL)
		return;
	add(&m->request[class >= 1 && class < METRICS_CLASSES ? class : 0], 1);
	if (outcome != ERR_OK)
		add(&m->refusal[outcome], 1);
}

void
metrics_commit(struct metrics *m, size_t changes, enum err outcome)
{
	size_t i = 0;

	if (m == NULL)
		return;
	if (outcome != ERR_OK) {
		add(&m->failed_commits, 1);
		return;
	}
	while (i < METRICS_BATCHES - 1 && changes > (size_t)1 << i)
		i++;
	add(&m->batch[i], 1);
	add(&m->changes, changes);
}

void
metrics_change_begins(struct metrics *m)
{
	if (m != NULL)
		add(&m->writers, 1);
}

void
metrics_change_ends(struct metrics *m, enum err outcome)
{
	if (m == NULL)
		return;
	atomic_fetch_sub_explicit(&m->writers, 1, memory_order_relaxed);
	if (outcome == ERR_BUSY)
		add(&m->turned_away, 1);
}

void
metrics_hang(struct metrics *m)
{
	if (m != NULL)
		add(&m->hangs, 1);
}

void
metrics_hanging(struct metrics *m, size_t workers)
{
	if (m != NULL)
		atomic_store_explicit(
		    &m->hanging, workers, memory_order_relaxed);
}

void
metrics_use_database(struct metrics *m)
{
	if (m != NULL)
		atomic_store_explicit(
		    &m->has_database, true, memory_order_relaxed);
}

void
metrics_count_database(struct metrics *m, enum metrics_database what)
{
	if (m != NULL)
		add(&m->database[what], 1);
}

static void
read_all(atomic_uint_fast64_t *counter, size_t n, uint64_t *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = atomic_load_explicit(
		    &counter[i], memory_order_relaxed);
}

void
metrics_read(struct metrics *m, struct metrics_counts *out)
{
	read_all(m->request, METRICS_CLASSES, out->request);
	read_all(m->refusal, ERR_COUNT, out->refusal);
	read_all(m->batch, METRICS_BATCHES, out->batch);
	read_all(&m->changes, 1, &out->changes);
	read_all(&m->failed_commits, 1, &out->failed_commits);
	read_all(&m->writers, 1, &out->writers);
	read_all(&m->turned_away, 1, &out->turned_away);
	read_all(&m->hangs, 1, &out->hangs);
	read_all(&m->hanging, 1, &out->hanging);
	read_all(m->database, METRICS_DATABASE, out->database);
	out->has_database = atomic_load_explicit(
	    &m->has_database, memory_order_relaxed);
}
