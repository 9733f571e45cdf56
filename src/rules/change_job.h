/* SPDX-License-Identifier: ISC */
/*
 * change_job.h - a change on its way through a transaction; private to change.
 */
#ifndef PUSHCERT_CHANGE_JOB_H
#define PUSHCERT_CHANGE_JOB_H

#include "rules/change.h"

/* What decide found to be done. */
enum action { NOTHING, CHANGE, REMOVE, REFUSE };

/* A change on its way through a transaction. */
struct job {
	struct change *in;
	const struct verdict *verdict;
	struct record *out;
	struct fault *fault;
	size_t arena_used; /* where a second run starts over */

	struct record former;
	bool existed;
	bool same; /* the certificate is the stored one */
	struct patch patch; /* that of in, less what leaves things unchanged */
	struct csr pending; /* null texts: no request waits */
	enum action action;
	enum err refusal;
};

/* Copies a record of the store into the arena. */
enum err change_copy_record(
    const struct record *r, struct arena *a, struct record *out) ATTR_CHECKED;

/* What is to be done about a change, without doing it. */
enum err change_decide(struct txn *tx, struct job *job) ATTR_CHECKED;

#endif
