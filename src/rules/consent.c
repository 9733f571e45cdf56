/* SPDX-License-Identifier: ISC */
/*
 * consent.c - grants the consent of a tenant once.
 */
#include "rules/consent.h"

struct consent_job {
	const struct caller *by;
	struct arena *arena;
	size_t arena_used;
	struct consent *out;
};

struct consent
consent_of(const struct caller *by)
{
	return (struct consent){ .when = by->now,
		.actor = by->actor,
		.kind = by->kind,
		.user_id = by->user_id };
}

static enum err
copy(struct arena *a, struct str *text)
{
	struct str from = *text;

	*text = arena_copy(a, from);
	return str_is_null(from) || !str_is_null(*text) ? ERR_OK : ERR_MEMORY;
}

/* The store_change. It may run more than once. */
static enum err
grant(struct txn *tx, void *arg)
{
	const struct consent_job *job = arg;
	const struct guid *tenant = &job->by->tenant;
	enum err e;

	job->arena->used = job->arena_used;
	e = store_consent(tx, tenant, job->out);
	if (e == ERR_NOT_FOUND) {
		*job->out = consent_of(job->by);
		return store_consent_put(tx, tenant, job->out);
	}
	if (e == ERR_OK)
		e = copy(job->arena, &job->out->actor);
	if (e == ERR_OK)
		e = copy(job->arena, &job->out->user_id);
	return e;
}

enum err
consent_grant(struct store *st, const struct caller *by, struct arena *a,
    struct consent *out)
{
	struct consent_job job = {
		.by = by, .arena = a, .arena_used = a->used, .out = out
	};

	return store_update_tenant(st, &by->tenant, grant, &job);
}
