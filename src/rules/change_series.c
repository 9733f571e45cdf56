/* SPDX-License-Identifier: ISC */
/*
 * change_series.c - changes that follow each other in one request and share a
 * commit.
 *
 * All changes of a series run in one transaction. A change that depends on
 * another one sees within the transaction whether that one succeeded. If the
 * commit fails, and nothing was changed, each change gets a transaction of its
 * own, so that only the change at fault fails. ERR_BUSY is different: a
 * database may have made the changes nevertheless, so they are not repeated.
 */
#include "rules/change_job.h"

struct change_ready {
	struct job job;
	struct verdict verdict;
	/* The series while it runs. */
	const struct change_step *series;
	uint32_t needs;
	bool good; /* the last run has applied the change */
};

enum err
change_prepare(struct change *in, struct record *out, struct fault *fault,
    struct change_ready **ready)
{
	struct change_ready *r = arena_take(in->arena, sizeof(*r));

	if (r == NULL)
		return ERR_MEMORY;
	*r = (struct change_ready){
		.job = { .in = in, .out = out, .fault = fault }
	};
	*ready = r;
	return change_open(&r->job, &r->verdict);
}

static bool
has_needs(const struct change_ready *r)
{
	uint32_t left = r->needs;

	for (; left != 0; left &= left - 1)
		if (!r->series[__builtin_ctz(left)].ready->good)
			return false;
	return true;
}

/* The store_change of one change. */
static enum err
apply(struct txn *tx, void *arg)
{
	struct change_ready *r = arg;
	enum err e;

	r->good = false;
	if (!has_needs(r))
		return ERR_DEPENDENCY;
	e = change_apply(tx, &r->job);
	r->good = e == ERR_OK && r->job.refusal == ERR_OK;
	return e;
}

/* The outcome for the caller, from that of the change or of its commit. */
static enum err
outcome(const struct change_ready *r, enum err e)
{
	if (e == ERR_OK)
		return r->job.refusal;
	*r->job.fault = (struct fault){ .what = str_of(NULL) };
	return e;
}

static const struct guid *
tenant_of(const struct change_step *step)
{
	return &step->ready->job.in->by.tenant;
}

static void
run_alone(struct store *st, struct change_step *step, size_t n)
{
	size_t i;
	enum err e;

	for (i = 0; i < n; i++) {
		e = store_update_tenant(
		    st, tenant_of(&step[i]), apply, step[i].ready);
		if (e != ERR_OK)
			step[i].ready->good = false;
		step[i].outcome = outcome(step[i].ready, e);
	}
}

void
change_run_series(struct store *st, struct change_step *step, size_t n)
{
	struct store_step steps[CHANGE_SERIES_MAX];
	enum err e;
	size_t i;

	for (i = 0; i < n; i++) {
		step[i].ready->series = step;
		step[i].ready->needs = step[i].needs;
		steps[i] = (struct store_step){ .change = apply,
			.arg = step[i].ready,
			.tenant = tenant_of(&step[i]) };
	}
	e = store_update_series(st, steps, n);
	if (e != ERR_OK && e != ERR_BUSY) {
		run_alone(st, step, n);
		return;
	}
	for (i = 0; i < n; i++)
		step[i].outcome = outcome(
		    step[i].ready, e == ERR_OK ? steps[i].outcome : e);
}
