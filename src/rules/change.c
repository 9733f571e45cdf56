/* SPDX-License-Identifier: ISC */
/*
 * change.c - carries changes out. A change is a function that runs inside the
 * store's write transaction: change_decide reads and decides, and only then the
 * functions here write the record, the event and the request. The costly part,
 * checking a certificate, is done before the transaction begins.
 */
#include "rules/change.h"

#include "format/crypto.h"
#include "rules/change_job.h"

static const char *
refusal_word(enum err refusal)
{
	const struct err_info *info = err_info(refusal);

	return info->reason != NULL ? info->reason : info->code;
}

struct event
change_event(const struct caller *by, enum store_action action)
{
	return (struct event){ .when = by->now,
		.action = action,
		.actor = by->actor,
		.kind = by->kind,
		.scopes = by->scopes,
		.user_id = by->user_id,
		.request_id = by->request_id };
}

static enum err
put_event(struct txn *tx, const struct job *job, enum store_action action)
{
	const struct change *in = job->in;
	const struct verdict *v = job->verdict;
	struct event ev = change_event(&in->by, action);

	ev.changed = job->patch.set;
	ev.had_former = job->existed;
	ev.former = job->former;
	if (job->refusal != ERR_OK)
		ev.outcome = str_of(refusal_word(job->refusal));
	if (v->real) {
		ev.serial = v->x509.serial;
		ev.topic = v->x509.topic;
		ev.expires = in->patch.value[RECORD_EXPIRES];
		ev.fingerprint = str_from((const char *)v->x509.fingerprint,
		    sizeof(v->x509.fingerprint));
	}
	return store_event_add(tx, &in->by.tenant, &ev);
}

/* If the certificate belongs to a request that was made here, either the
 * pending one or an older one, marks that request as settled: its key is in use
 * now. */
static enum err
settle_request(struct txn *tx, const struct job *job)
{
	const struct guid *tenant = &job->in->by.tenant;
	struct str key = job->verdict->x509.public_key;
	bool is_pending = str_eq(job->pending.public_key, key);
	struct csr csr = job->pending;
	uint8_t id[CRYPTO_SHA256_LEN];
	enum err e;

	if (!job->verdict->real || job->same)
		return ERR_OK;
	crypto_sha256(key, id);
	if (!is_pending && (e = store_csr(tx, tenant, id, &csr)) != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	csr.settled = job->in->by.now;
	if ((e = store_csr_put(tx, tenant, id, &csr)) != ERR_OK)
		return e;
	return is_pending ? store_csr_delete(tx, tenant, NULL) : ERR_OK;
}

/* Keeps an imported key like that of a request whose certificate was uploaded.
 * A request that was made here for the same key keeps its text. */
static enum err
put_key(struct txn *tx, const struct job *job)
{
	const struct change *in = job->in;
	struct csr csr, kept;
	uint8_t id[CRYPTO_SHA256_LEN];
	enum err e;

	if (in->imported == NULL)
		return ERR_OK;
	csr = *in->imported;
	csr.when = csr.settled = in->by.now;
	csr.request = STR_EMPTY;
	crypto_sha256(csr.public_key, id);
	e = store_csr(tx, &in->by.tenant, id, &kept);
	if (e == ERR_OK) {
		csr.when = kept.when;
		csr.request = kept.request;
	} else if (e != ERR_NOT_FOUND) {
		return e;
	}
	return store_csr_put(tx, &in->by.tenant, id, &csr);
}

static enum store_action
word_of(const struct change *in)
{
	if (in->imported != NULL)
		return STORE_IMPORTED;
	return in->restores ? STORE_RESTORED : STORE_CHANGED;
}

static enum err
change_record(struct txn *tx, const struct job *job)
{
	enum err e;

	e = store_record_replace(tx, &job->in->by.tenant,
	    job->existed ? &job->former : NULL, job->out);
	if (e != ERR_OK)
		return e;
	if ((e = settle_request(tx, job)) != ERR_OK)
		return e;
	if ((e = put_key(tx, job)) != ERR_OK)
		return e;
	return put_event(tx, job, word_of(job->in));
}

/* The record stays as it is; an imported key is added. */
static enum err
change_nothing(struct txn *tx, struct job *job)
{
	enum err e;

	if (job->in->imported == NULL)
		return ERR_OK;
	job->patch.set = 0;
	if ((e = put_key(tx, job)) != ERR_OK)
		return e;
	return put_event(tx, job, STORE_IMPORTED);
}

static enum err
remove_record(struct txn *tx, const struct job *job)
{
	enum err e;

	if ((e = store_record_delete(tx, &job->in->by.tenant)) != ERR_OK)
		return e;
	return put_event(tx, job, STORE_REMOVED);
}

enum err
change_apply(struct txn *tx, void *arg)
{
	struct job *job = arg;
	enum err e;

	if ((e = change_decide(tx, job)) != ERR_OK)
		return e;
	switch (job->action) {
	case NOTHING:
		return change_nothing(tx, job);
	case CHANGE:
		return change_record(tx, job);
	case REMOVE:
		return remove_record(tx, job);
	case REFUSE:
		return put_event(tx, job, STORE_REFUSED);
	}
	return ERR_INTERNAL;
}

enum err
change_open(struct job *job, struct verdict *verdict)
{
	struct change *in = job->in;
	enum err e;

	e = policy_check_upload(
	    in->config, in->by.now.at, in->arena, &in->patch, verdict);
	job->verdict = verdict;
	job->arena_used = in->arena->used;
	return e;
}

enum err
change_patch(struct store *st, struct change *in, struct record *out,
    struct fault *fault)
{
	struct job job = { .in = in, .out = out, .fault = fault };
	struct verdict verdict;
	enum err e;

	if ((e = change_open(&job, &verdict)) != ERR_OK)
		return e;
	if ((e = store_update_tenant(st, &in->by.tenant, change_apply, &job)) ==
	    ERR_OK)
		return job.refusal;
	*fault = (struct fault){ .what = str_of(NULL) };
	return e;
}

enum err
change_try(
    struct txn *tx, struct change *in, struct record *out, struct fault *fault)
{
	struct job job = { .in = in, .out = out, .fault = fault };
	struct verdict verdict;
	enum err e;

	if ((e = change_open(&job, &verdict)) != ERR_OK)
		return e;
	if ((e = change_decide(tx, &job)) != ERR_OK)
		return e;
	return job.refusal;
}

/* --- restoring -------------------------------------------------------- */

/* The patch is what a client could send to restore the record: it sets every
 * property, with "" for an absent certificate, because null means unchanged.
 * The serial number is derived from the certificate again. */
enum err
change_former(struct txn *tx, struct change *in, uint64_t number)
{
	struct record r = { .revision = 0 };
	struct event ev;
	unsigned i;
	enum err e;

	e = store_event(tx, &in->by.tenant, number, &ev);
	if (e == ERR_OK && !ev.had_former)
		e = ERR_NOT_FOUND;
	if (e != ERR_OK)
		return e;
	if ((e = change_copy_record(&ev.former, in->arena, &r)) != ERR_OK)
		return e;
	in->restores = true;
	in->former_topic = record_newest_topic(&r);
	in->patch.set = RECORD_ALL & ~RECORD_BIT(RECORD_ID) &
	    ~RECORD_BIT(RECORD_MODIFIED);
	for (i = 0; i < RECORD_PROPERTIES; i++)
		in->patch.value[i] = r.value[i];
	if (str_is_null(r.value[RECORD_CERTIFICATE]))
		in->patch.value[RECORD_CERTIFICATE] = STR_EMPTY;
	in->patch.value[RECORD_SERIAL] = str_of(NULL);
	return ERR_OK;
}
