/* SPDX-License-Identifier: ISC */
/*
 * deploy_state.c - compares the certificate of each tenant with those that its
 * targets have taken.
 */
#include "tool/deploy_state.h"

#include <errno.h>
#include <string.h>

#include "format/expiry.h"
#include "format/x509.h"
#include "tool/cmd_call.h"
#include "tool/cmd_output.h"

const char *
deploy_state_word(enum deploy_state state)
{
	static const char *const words[] = {
		[DEPLOY_IS_PENDING] = "pending",
		[DEPLOY_HAS_FAILED] = "failed",
		[DEPLOY_IS_TAKEN] = "taken",
		[DEPLOY_IS_SKIPPED] = "skipped",
	};

	return words[state];
}

static void
set_fingerprint(struct deploy_certificate *out, const void *sum)
{
	str_hex(sum, CRYPTO_SHA256_LEN, out->fingerprint);
	out->fingerprint[DEPLOY_FINGERPRINT_LEN] = '\0';
}

/* Takes the facts that the store keeps beside a real certificate. To read
 * 20,000 certificates takes seconds. */
static bool
take_stored(const struct record *r, struct deploy_certificate *out)
{
	if (!record_is_real(r) || !r->issued ||
	    r->fingerprint.n != CRYPTO_SHA256_LEN ||
	    !record_end(r, &out->ends_at))
		return false;
	out->begins_at = r->issued_at;
	out->serial = r->value[RECORD_SERIAL];
	set_fingerprint(out, r->fingerprint.p);
	return true;
}

/* Reads a certificate that an older release has stored, or one that is not
 * Apple's. */
static bool
take_text(struct cmd_call *c, struct deploy_certificate *out)
{
	struct str what;
	struct x509 x;

	if (x509_read(out->text, &c->arena, &x, &what) != ERR_OK ||
	    str_is_null(x.der))
		return false;
	out->begins_at = x.not_before_at;
	out->ends_at = x.not_after_at;
	out->serial = x.serial;
	set_fingerprint(out, x.fingerprint);
	return true;
}

bool
deploy_state_certificate(struct cmd_call *c, const struct guid *tenant,
    const struct record *r, struct deploy_certificate *out)
{
	struct instant modified = { .at = 0 };
	int64_t now_at = cmd_now_at();

	*out = (struct deploy_certificate){ .tenant = *tenant };
	if (r == NULL || r->value[RECORD_CERTIFICATE].n == 0)
		return false;
	out->text = r->value[RECORD_CERTIFICATE];
	if (!take_stored(r, out) && !take_text(c, out))
		return false;
	out->apple_id = r->value[RECORD_APPLE_ID];
	out->valid = out->begins_at <= now_at + EXPIRY_SLACK &&
	    now_at < out->ends_at;
	if (datetime_parse(r->value[RECORD_MODIFIED], &modified) == ERR_OK)
		out->modified_at = modified.at;
	return true;
}

static void
judge(struct deploy_view *v)
{
	struct str now = str_of(v->certificate->fingerprint);

	v->since_at = v->certificate->modified_at;
	if (str_eq(v->row.tried, now)) {
		v->tries = v->row.tries;
		if (v->row.since_at < v->since_at)
			v->since_at = v->row.since_at;
	}
	if (str_eq(v->row.fingerprint, now))
		v->state = v->row.skipped ? DEPLOY_IS_SKIPPED : DEPLOY_IS_TAKEN;
	else
		v->state = v->tries > 0 ? DEPLOY_HAS_FAILED : DEPLOY_IS_PENDING;
}

static enum err
visit_targets(const struct deploy_walk *w, const struct deploy_targets *t,
    const struct deploy_certificate *x)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < t->n && e == ERR_OK; i++) {
		struct deploy_view v = { .certificate = x,
			.target = &t->list[i] };

		if (w->only != NULL && strcmp(w->only, v.target->name) != 0)
			continue;
		e = store_delivery(
		    w->c->reader, &x->tenant, str_of(v.target->name), &v.row);
		if (e != ERR_OK && e != ERR_NOT_FOUND)
			return e;
		judge(&v);
		e = w->visit(&v, w->arg);
	}
	return e;
}

enum err
deploy_state_tenant(
    const struct guid *tenant, const struct record *r, void *walk)
{
	const struct deploy_walk *w = walk;
	size_t used = w->c->arena.used;
	struct deploy_certificate x;
	struct deploy_targets t;
	struct tenant listed;
	enum err e;

	if (!deploy_state_certificate(w->c, tenant, r, &x)) {
		w->c->arena.used = used;
		return ERR_OK;
	}
	e = store_tenant(w->c->reader, tenant, &listed);
	if (e == ERR_OK)
		x.alias = listed.alias;
	else if (e != ERR_NOT_FOUND)
		return e;
	e = deploy_target_of(&w->all, tenant, x.alias, &t);
	if (e == ERR_OK)
		e = visit_targets(w, &t, &x);
	deploy_target_free(&t);
	w->c->arena.used = used;
	return e;
}

enum err
deploy_state_begin(struct cmd_call *c, struct deploy_walk *w)
{
	const char *directory = c->config.deploy_directory;
	enum err e;

	w->c = c;
	w->now_at = cmd_now_at();
	if (directory[0] == '\0') {
		cmd_error(c,
		    "no target is known; set deploy_directory in the "
		    "configuration");
		return ERR_CONFIG;
	}
	if ((e = deploy_target_read(directory, &w->all)) == ERR_FILE)
		(void)cmd_fail_file(c, directory);
	else if (e != ERR_OK)
		(void)cmd_fail(c, e, directory);
	return e;
}

void
deploy_state_end(struct deploy_walk *w)
{
	deploy_target_free(&w->all);
}
