/* SPDX-License-Identifier: ISC */
/*
 * change_decide.c - decides what a change does. It reads the stored record and
 * the pending request and writes nothing, so a dry run can use it too. All
 * texts that outlive a read are copied into the caller's arena, because the
 * store's copies live only until the change returns.
 */
#include "rules/change_job.h"

#include "format/odata.h"

/* The properties that the server derives from a real certificate. */
#define DERIVED                                                      \
	(RECORD_BIT(RECORD_TOPIC) | RECORD_BIT(RECORD_EXPIRES) |     \
	    RECORD_BIT(RECORD_STATUS) | RECORD_BIT(RECORD_FAILURE) | \
	    RECORD_BIT(RECORD_SERIAL))

/* In ns: lastModifiedDateTime has a resolution of 100 ns. */
#define DATETIME_TICK 100
#define NANOS 1000000000

/* --- copies out of a transaction -------------------------------------- */

static enum err
copy(struct arena *a, struct str from, struct str *out)
{
	*out = arena_copy(a, from);
	return str_is_null(from) || !str_is_null(*out) ? ERR_OK : ERR_MEMORY;
}

enum err
change_copy_record(const struct record *r, struct arena *a, struct record *out)
{
	enum err e = ERR_OK;
	unsigned i;

	out->revision = r->revision;
	out->issued = r->issued;
	out->issued_at = r->issued_at;
	if ((e = copy(a, r->newest_topic, &out->newest_topic)) == ERR_OK)
		e = copy(a, r->fingerprint, &out->fingerprint);
	for (i = 0; i < RECORD_PROPERTIES && e == ERR_OK; i++)
		e = copy(a, r->value[i], &out->value[i]);
	return e;
}

/* Copies the pending request; its texts are null if there is none. */
static enum err
copy_csr(
    struct txn *tx, const struct guid *tenant, struct arena *a, struct csr *out)
{
	struct csr stored;
	enum err e;

	*out = (struct csr){ .when = { 0, 0 } };
	e = store_csr(tx, tenant, NULL, &stored);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK)
		return e;
	out->when = stored.when;
	if ((e = copy(a, stored.request, &out->request)) != ERR_OK)
		return e;
	if ((e = copy(a, stored.public_key, &out->public_key)) != ERR_OK)
		return e;
	return copy(a, stored.sealed_key, &out->sealed_key);
}

enum err
change_read(struct txn *tx, const struct guid *tenant, struct arena *a,
    struct record *out)
{
	struct record stored;
	enum err e;

	if ((e = store_record(tx, tenant, &stored)) != ERR_OK)
		return e;
	return change_copy_record(&stored, a, out);
}

/* Reads the record as it is before the change. The store may run a change
 * twice, so the arena is first reset to where the first run began. */
static enum err
read_former(struct txn *tx, struct job *job)
{
	const struct change *in = job->in;
	enum err e;

	in->arena->used = job->arena_used;
	job->former = (struct record){ .revision = 0 };
	job->pending = (struct csr){ .when = { 0, 0 } };
	e = change_read(tx, &in->by.tenant, in->arena, &job->former);
	job->existed = e == ERR_OK;
	*job->out = job->former;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- deciding --------------------------------------------------------- */

static enum err
check_conditions(
    const struct change *in, const struct record *former, bool existed)
{
	char text[RECORD_ETAG_MAX];
	struct str etag = existed ? record_etag(former, text) : str_of(NULL);

	if (in->revision_given && former->revision != in->revision)
		return ERR_PRECONDITION;
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

/* Sets the facts that are stored beside a certificate: its fingerprint, the
 * begin of its validity, and the topic for the topic guard. A restored record
 * without a topic gets the topic that the guard kept for it. */
static void
remember(const struct job *job, struct record *r)
{
	const struct x509 *x = &job->verdict->x509;

	if ((job->patch.set & RECORD_BIT(RECORD_CERTIFICATE)) == 0)
		return;
	r->fingerprint = str_of(NULL);
	r->issued = job->verdict->real;
	r->issued_at = r->issued ? x->not_before_at : 0;
	if (job->verdict->real) {
		r->fingerprint = str_from(
		    (const char *)x->fingerprint, sizeof(x->fingerprint));
		if (x->topic.n > 0)
			r->newest_topic = x->topic;
	}
	if (str_is_null(r->newest_topic))
		r->newest_topic = job->in->former_topic;
}

/*
 * Applies the patch to the record. Properties that were derived from a real
 * certificate disappear together with it, and cannot be set while it is stored.
 */
static void
merge(const struct job *job, struct record *r)
{
	struct patch p = job->patch;
	bool real = record_is_real(r);

	r->newest_topic = record_newest_topic(r);
	if (real && (p.set & RECORD_BIT(RECORD_CERTIFICATE)))
		unset(r, DERIVED);
	else if (real)
		p.set &= ~DERIVED;
	record_merge(r, &p);
	if (r->value[RECORD_CERTIFICATE].n == 0)
		r->value[RECORD_CERTIFICATE] = str_of(NULL);
	remember(job, r);
}

/* The time of a change: now, or one tick after the last change if the clock was
 * set back. */
static struct instant
moment_after(struct str modified, struct instant now)
{
	struct instant last;

	if (datetime_parse(modified, &last) != ERR_OK || now.at > last.at ||
	    (now.at == last.at && now.nano >= last.nano + DATETIME_TICK))
		return now;
	last.nano += DATETIME_TICK;
	if (last.nano >= NANOS) {
		last.at++;
		last.nano -= NANOS;
	}
	return last;
}

/* Sets the properties that every change sets: date, revision and, for a new
 * record, the id. The date and the revision of the former record must still be
 * in *r. The texts live in the arena. */
static enum err
stamp(const struct change *in, bool existed, struct record *r)
{
	struct instant now = moment_after(
	    r->value[RECORD_MODIFIED], in->by.now);
	char *modified = arena_take(in->arena, DATETIME_TICKS_LEN);
	char *id = arena_take(in->arena, STR_GUID_LEN);

	if (modified == NULL || id == NULL)
		return ERR_MEMORY;
	datetime_ticks(now, modified);
	r->value[RECORD_MODIFIED] = str_from(modified, DATETIME_TICKS_LEN);
	r->revision++;
	if (!existed) {
		str_guid_text(&in->new_id, id);
		r->value[RECORD_ID] = str_from(id, STR_GUID_LEN);
	}
	return ERR_OK;
}

static enum err
refuse(struct job *job, enum err refusal)
{
	job->refusal = refusal;
	job->action = REFUSE;
	return ERR_OK;
}

/* The state with which the certificate is compared. It lacks the pending
 * request until check_successor has read that. */
static struct policy_stored
stored_state(const struct job *job)
{
	const struct change *in = job->in;
	struct policy_stored stored = { .record = &job->former,
		.restores = in->restores,
		.requested = job->pending.when,
		.allow_topic = in->allow_topic };

	if (in->imported == NULL)
		stored.pending_key = job->pending.public_key;
	return stored;
}

static void
list_notices(const struct job *job)
{
	struct change *in = job->in;
	struct policy_stored stored = stored_state(job);

	policy_notices(job->verdict, in->by.now.at, &stored, in->arena,
	    &in->found.notices);
}

static enum err
check_successor(struct txn *tx, struct job *job)
{
	const struct change *in = job->in;
	struct policy_stored stored;
	enum err e;

	e = copy_csr(tx, &in->by.tenant, in->arena, &job->pending);
	if (e != ERR_OK)
		return e;
	stored = stored_state(job);
	e = policy_check_successor(
	    in->config, job->verdict, &stored, in->arena, job->fault);
	return e == ERR_OK || e == ERR_MEMORY ? e : refuse(job, e);
}

/* Whether the stored certificate has the fingerprint of the uploaded one.
 * Records that a release before store format 4 wrote have no fingerprint; their
 * certificate is read again. */
static bool
has_fingerprint(const struct job *job)
{
	const struct x509 *new = &job->verdict->x509;
	struct str stored = job->former.fingerprint, what;
	struct arena *a = job->in->arena;
	size_t used = a->used;
	struct x509 x = { .der = { NULL, 0 } };
	bool same;

	if (!str_is_null(stored))
		return str_eq(stored,
		    str_from((const char *)new->fingerprint,
			sizeof(new->fingerprint)));
	if (x509_read(job->former.value[RECORD_CERTIFICATE], a, &x, &what) !=
	    ERR_OK)
		x.der = str_of(NULL);
	same = str_eq(x.der, new->der);
	a->used = used;
	return same;
}

/* Clients read the record, edit it and write the whole record back, so a
 * certificate that is already stored is not checked again. If the upload had to
 * be unwrapped, is an import or counts in any form, the certificates are
 * compared, otherwise the texts. */
static bool
is_same_certificate(const struct job *job)
{
	struct str stored = job->former.value[RECORD_CERTIFICATE];
	const struct change *in = job->in;

	if (!job->verdict->real || !record_is_real(&job->former))
		return false;
	return str_eq(stored, in->patch.value[RECORD_CERTIFICATE]) ||
	    ((in->any_form || job->verdict->unwrapped ||
		 in->imported != NULL) &&
		has_fingerprint(job));
}

/* The patch without a certificate that changes nothing: the stored one, or null
 * while a real one is stored. Graph always returns null as the certificate, and
 * restoring a backup of Graph's data writes that null back. */
static struct patch
effective_patch(const struct job *job)
{
	struct patch p = job->in->patch;

	if (job->same ||
	    (record_is_real(&job->former) &&
		str_is_null(p.value[RECORD_CERTIFICATE])))
		p.set &= ~RECORD_BIT(RECORD_CERTIFICATE);
	return p;
}

static enum err
decide_change(struct txn *tx, struct job *job)
{
	const struct change *in = job->in;
	enum err e;

	job->action = CHANGE;
	job->patch = effective_patch(job);
	if (!job->same && (e = check_successor(tx, job)) != ERR_OK)
		return e;
	list_notices(job);
	if (job->action == REFUSE)
		return ERR_OK;
	merge(job, job->out);
	if (!job->existed || !record_same(job->out, &job->former))
		return stamp(in, job->existed, job->out);
	*job->out = job->former;
	job->action = NOTHING;
	return ERR_OK;
}

static void
report_former(const struct job *job)
{
	struct change_findings *found = &job->in->found;

	found->existed = job->existed;
	found->former = job->former;
	found->same = job->same;
}

enum err
change_decide(struct txn *tx, struct job *job)
{
	struct change *in = job->in;
	enum err e;

	job->action = NOTHING;
	job->refusal = ERR_OK;
	job->patch = in->patch;
	in->found = (struct change_findings){ .existed = false };
	if ((e = read_former(tx, job)) != ERR_OK)
		return e;
	e = check_conditions(in, &job->former, job->existed);
	if (e != ERR_OK)
		return e;
	*job->fault = job->verdict->fault;
	job->same = is_same_certificate(job);
	report_former(job);
	if (job->verdict->refusal != ERR_OK && !job->same) {
		list_notices(job);
		return refuse(job, job->verdict->refusal);
	}
	if (in->patch.set == 0)
		return job->existed ? ERR_OK : ERR_NOT_FOUND;
	if (in->restores || !record_patch_removes(&in->patch))
		return decide_change(tx, job);
	job->action = REMOVE;
	unset(job->out, RECORD_ALL & ~RECORD_BIT(RECORD_ID));
	return job->existed ? stamp(in, true, job->out) : ERR_NOT_FOUND;
}
