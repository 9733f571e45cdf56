/* SPDX-License-Identifier: ISC */
/*
 * change_job.h - the state of a change during its transaction; private to
 * change.c and change_decide.c.
 */
#ifndef PUSHCERT_CHANGE_JOB_H
#define PUSHCERT_CHANGE_JOB_H

#include "rules/change.h"

/* The result of change_decide. REFUSE: the upload is refused, and the refusal
 * goes into the history. */
enum action { NOTHING, CHANGE, REMOVE, REFUSE };

/* A change during its transaction. The store may run the transaction twice, and
 * change_decide resets everything below arena_used at the start of each run. */
struct job {
	struct change *in;
	const struct verdict *verdict;
	struct record *out;
	struct fault *fault;
	size_t arena_used; /* the use of the arena before the first run */

	struct record former;
	bool existed;
	bool same; /* the uploaded certificate is the stored one */
	struct patch patch; /* in->patch without what changes nothing */
	struct csr pending; /* null texts: no request is pending */
	enum action action;
	enum err refusal;
};

/* Copies a record that the store returned into the arena. */
enum err change_copy_record(
    const struct record *r, struct arena *a, struct record *out) ATTR_CHECKED;

/* Decides what the change does: sets job->action, job->refusal and *job->out.
 * Returns ERR_OK (for a refused upload too), ERR_PRECONDITION, ERR_NOT_FOUND,
 * ERR_MEMORY or an outcome of the store. */
enum err change_decide(struct txn *tx, struct job *job) ATTR_CHECKED;

/* Checks the upload and prepares the job, before any transaction begins. The
 * verdict must outlive the job. */
enum err change_open(struct job *job, struct verdict *verdict) ATTR_CHECKED;
/*
 * The store_change of a job (arg). A refused upload adds an event to the
 * history, so the transaction must succeed; job->refusal keeps the outcome for
 * the caller.
 */
enum err change_apply(struct txn *tx, void *arg) ATTR_CHECKED;

#endif
