/* SPDX-License-Identifier: ISC */
/*
 * pushcert.c - the rules. Each change is one function that runs inside the
 * store's write transaction: it reads, decides, and only then puts.
 */
#include "pushcert.h"

#include "crypto.h"
#include "odata.h"

/* What the server derives from a real certificate (contract 4). */
#define DERIVED                                                      \
	(RECORD_BIT(RECORD_TOPIC) | RECORD_BIT(RECORD_EXPIRES) |     \
	    RECORD_BIT(RECORD_STATUS) | RECORD_BIT(RECORD_FAILURE) | \
	    RECORD_BIT(RECORD_SERIAL))

/* A change on its way through the write transaction. */
struct job {
	const struct change *in;
	struct record *out;
	size_t arena_used; /* where a second run starts over */
	uint8_t fingerprint[CRYPTO_SHA256_LEN];
	struct record former;
	bool existed;
};

static enum err
copy_record(const struct record *r, struct arena *a, struct record *out)
{
	unsigned i;

	out->revision = r->revision;
	for (i = 0; i < RECORD_PROPERTIES; i++) {
		out->value[i] = arena_copy(a, r->value[i]);
		if (!str_is_null(r->value[i]) && str_is_null(out->value[i]))
			return ERR_MEMORY;
	}
	return ERR_OK;
}

enum err
pushcert_read(struct txn *tx, const struct guid *tenant, struct arena *a,
    struct record *out)
{
	struct record stored;
	enum err e;

	if ((e = store_record(tx, tenant, &stored)) != ERR_OK)
		return e;
	return copy_record(&stored, a, out);
}

static enum err
check_conditions(
    const struct change *in, const struct record *former, bool existed)
{
	char text[RECORD_ETAG_MAX];
	struct str etag = existed ? record_etag(former, text) : str_of(NULL);

	if (!str_is_null(in->if_match) && !odata_match(in->if_match, etag))
		return ERR_PRECONDITION;
	if (!str_is_null(in->if_none_match) &&
	    odata_match(in->if_none_match, etag))
		return ERR_PRECONDITION;
	return ERR_OK;
}

static void
unset(struct record *r, unsigned properties)
{
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (properties & RECORD_BIT(i))
			r->value[i] = str_of(NULL);
}

/* The record after the patch: what was derived from a real certificate goes
 * with it. A real one is known by its serial, which only the server sets. */
static void
merge(const struct change *in, struct record *r)
{
	const struct patch *p = &in->patch;

	if ((p->set & RECORD_BIT(RECORD_CERTIFICATE)) &&
	    !str_is_null(r->value[RECORD_SERIAL]))
		unset(r, DERIVED);
	record_merge(r, p);
	if (r->value[RECORD_CERTIFICATE].n == 0)
		r->value[RECORD_CERTIFICATE] = str_of(NULL);
}

/* Sets what every change sets; the texts live in the arena. */
static enum err
stamp(const struct change *in, bool existed, struct record *r)
{
	char *modified = arena_take(in->arena, WHEN_TICKS_LEN);
	char *id = arena_take(in->arena, STR_GUID_LEN);

	if (modified == NULL || id == NULL)
		return ERR_MEMORY;
	when_ticks(in->now, modified);
	r->value[RECORD_MODIFIED] = str_from(modified, WHEN_TICKS_LEN);
	r->revision++;
	if (!existed) {
		str_guid_text(&in->new_id, id);
		r->value[RECORD_ID] = str_from(id, STR_GUID_LEN);
	}
	return ERR_OK;
}

static enum err
put_event(struct txn *tx, const struct job *job, enum store_action action)
{
	const struct change *in = job->in;
	bool certificate = in->patch.value[RECORD_CERTIFICATE].n > 0;
	struct event ev = {
		.when = in->now,
		.action = action,
		.actor = in->actor,
		.changed = in->patch.set,
		.had_former = job->existed,
		.former = job->former,
	};

	if (certificate)
		ev.fingerprint = str_from(
		    (const char *)job->fingerprint, sizeof(job->fingerprint));
	return store_event_add(tx, &in->tenant, &ev);
}

static enum err
remove_record(struct txn *tx, struct job *job)
{
	enum err e;

	if (!job->existed)
		return ERR_NOT_FOUND;
	unset(job->out, RECORD_ALL & ~RECORD_BIT(RECORD_ID));
	if ((e = stamp(job->in, true, job->out)) != ERR_OK)
		return e;
	if ((e = store_record_delete(tx, &job->in->tenant)) != ERR_OK)
		return e;
	return put_event(tx, job, STORE_REMOVED);
}

static enum err
change_record(struct txn *tx, struct job *job)
{
	enum err e;

	merge(job->in, job->out);
	if ((e = stamp(job->in, job->existed, job->out)) != ERR_OK)
		return e;
	if ((e = store_record_put(tx, &job->in->tenant, job->out)) != ERR_OK)
		return e;
	return put_event(tx, job, STORE_CHANGED);
}

static enum err
apply(struct txn *tx, void *arg)
{
	struct job *job = arg;
	const struct change *in = job->in;
	enum err e;

	in->arena->used = job->arena_used;
	job->former = (struct record){ .revision = 0 };
	e = store_record(tx, &in->tenant, &job->former);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	job->existed = e == ERR_OK;
	/* A put may move what the store's slices point at. */
	if ((e = copy_record(&job->former, in->arena, &job->former)) != ERR_OK)
		return e;
	*job->out = job->former;
	if ((e = check_conditions(in, &job->former, job->existed)) != ERR_OK)
		return e;
	if (in->patch.set == 0)
		return job->existed ? ERR_OK : ERR_NOT_FOUND;
	if (record_patch_removes(&in->patch))
		return remove_record(tx, job);
	return change_record(tx, job);
}

enum err
pushcert_patch(struct store *st, const struct change *in, struct record *out,
    struct fault *fault)
{
	struct job job = { .in = in, .out = out };

	*fault = (struct fault){ .what = str_of(NULL) };
	crypto_sha256(in->patch.value[RECORD_CERTIFICATE], job.fingerprint);
	job.arena_used = in->arena->used;
	return store_update(st, apply, &job);
}
