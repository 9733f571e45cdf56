/* SPDX-License-Identifier: ISC */
/*
 * policy.c - the certificate policies. `inspect` accepts any readable
 * certificate, and any text that does not claim to be a certificate. `enforce`
 * accepts only certificates that Apple's push service would accept today.
 */
#include "rules/policy.h"

#include "format/expiry.h"
#include "format/unwrap.h"

/* In bits. Shorter RSA keys are refused; Apple issues 2048. */
#define KEY_BITS_MIN 2048

static struct str
date_text(int64_t at, struct arena *a)
{
	char *p = arena_take(a, DATETIME_SECONDS_LEN + 1);

	if (p == NULL)
		return str_of(NULL);
	datetime_seconds(at, p);
	p[DATETIME_SECONDS_LEN] = 'Z';
	return str_from(p, DATETIME_SECONDS_LEN + 1);
}

static struct str
number_text(uint64_t u, struct arena *a)
{
	struct buf b;

	buf_open(&b, a);
	buf_u64(&b, u);
	return buf_close(&b, a);
}

static void
set(struct patch *p, enum property property, struct str value)
{
	p->set |= RECORD_BIT(property);
	p->value[property] = value;
}

static enum err
derive(const struct x509 *x, struct arena *a, struct patch *p)
{
	struct str expires = date_text(x->not_after_at, a);

	if (str_is_null(expires))
		return ERR_MEMORY;
	set(p, RECORD_TOPIC, x->topic);
	set(p, RECORD_EXPIRES, expires);
	set(p, RECORD_SERIAL, x->serial);
	set(p, RECORD_STATUS, str_of("Succeeded"));
	set(p, RECORD_FAILURE, str_of(NULL));
	return ERR_OK;
}

/* The reason why the policy `enforce` refuses a certificate, or ERR_OK. *what
 * is the value at fault. */
static enum err
enforce(const struct x509 *x, int64_t now_at, struct arena *a, struct str *what)
{
	if (!x->mdm) {
		*what = str_is_null(x->topic) ? STR_EMPTY : x->topic;
		return ERR_NOT_MDM;
	}
	if (x->key != X509_KEY_RSA) {
		*what = str_of(x->key == X509_KEY_EC ? "EC" : "unknown");
		return ERR_UNSUPPORTED_KEY;
	}
	if (x->key_bits < KEY_BITS_MIN) {
		*what = number_text(x->key_bits, a);
		return ERR_WEAK_KEY;
	}
	if (x->not_after_at <= now_at) {
		*what = date_text(x->not_after_at, a);
		return ERR_EXPIRED;
	}
	if (x->not_before_at > now_at + EXPIRY_SLACK) {
		*what = date_text(x->not_before_at, a);
		return ERR_NOT_YET_VALID;
	}
	return ERR_OK;
}

/* Refuses private keys in any property but the certificate, and texts that
 * could hide one. */
static enum err
check_for_keys(const struct patch *p, struct arena *a, struct verdict *v)
{
	unsigned i;
	enum err e;

	for (i = 0; i < RECORD_PROPERTIES; i++) {
		if (i == RECORD_CERTIFICATE || p->value[i].n == 0)
			continue;
		e = unwrap_check(p->value[i], a, &v->fault.ours);
		if (e == ERR_OK)
			continue;
		v->refusal = e;
		v->fault.target = str_of(record_properties[i].name);
		return e == ERR_MEMORY ? e : ERR_OK;
	}
	return ERR_OK;
}

/* A certificate that had to be unwrapped is stored as PEM. */
static void
take_pem(const struct x509 *x, struct patch *p, struct verdict *out)
{
	if (str_is_null(x->pem))
		return;
	p->value[RECORD_CERTIFICATE] = x->pem;
	out->unwrapped = true;
}

enum err
policy_check_upload(const struct config *c, int64_t now_at, struct arena *a,
    struct patch *p, struct verdict *out)
{
	struct str text = p->value[RECORD_CERTIFICATE];
	struct x509 *x = &out->x509;
	enum err e;

	*out = (struct verdict){ .refusal = ERR_OK };
	out->uploaded = text.n > 0;
	e = check_for_keys(p, a, out);
	if (e != ERR_OK || out->refusal != ERR_OK || !out->uploaded)
		return e;
	out->fault.target = str_of(record_properties[RECORD_CERTIFICATE].name);
	e = x509_read(text, a, x, &out->fault.ours);
	out->fault.what = out->fault.ours;
	if (e == ERR_MEMORY || e == ERR_INTERNAL)
		return e;
	out->refusal = e;
	if (e != ERR_OK)
		return ERR_OK;
	out->real = !str_is_null(x->der);
	take_pem(x, p, out);
	if (!out->real) {
		if (c->certificate_policy == CONFIG_ENFORCE)
			out->refusal = ERR_NOT_A_CERTIFICATE;
		return ERR_OK;
	}
	if (c->certificate_policy == CONFIG_ENFORCE)
		out->refusal = enforce(x, now_at, a, &out->fault.what);
	return derive(x, a, p);
}

/*
 * The topic guard prevents the mistake that costs users most: after a change of
 * the topic, every device has to enrol again. The guard compares the new topic
 * with that of the newest real certificate that had one. A certificate without
 * a topic has the name NO_TOPIC in the message and for the override. No device
 * was ever enrolled with such a certificate, so the guard keeps the earlier
 * topic.
 */
#define NO_TOPIC "none"

static enum err
check_topic(const struct config *c, const struct verdict *v,
    const struct policy_stored *stored, struct fault *fault)
{
	struct str old = record_newest_topic(stored->record);
	struct str new = v->x509.topic;

	if (new.n == 0)
		new = str_of(NO_TOPIC);
	if (c->topic_change == CONFIG_TOPIC_ALLOW || str_is_null(old) ||
	    str_eq(old, new) || str_eq(stored->allow_topic, new))
		return ERR_OK;
	fault->what = old;
	fault->also = new;
	return ERR_TOPIC_CHANGE;
}

static bool
is_older(const struct verdict *v, const struct record *stored)
{
	struct instant until;

	return record_is_real(stored) &&
	    datetime_parse(stored->value[RECORD_EXPIRES], &until) == ERR_OK &&
	    v->x509.not_after_at < until.at;
}

/* A text that is not a certificate is stored as it is, but it must not replace
 * a real certificate. Typical texts are a saved sign-in page, a file name, and
 * "undefined". */
static enum err
check_text(const struct verdict *v, const struct policy_stored *stored,
    struct arena *a, struct fault *fault)
{
	struct buf reason;

	if (!v->uploaded || !record_is_real(stored->record))
		return ERR_OK;
	*fault = v->fault;
	buf_open(&reason, a);
	buf_str(&reason, v->fault.ours);
	buf_text(&reason, "; the stored certificate is unchanged");
	fault->what = fault->ours = buf_close(&reason, a);
	return str_is_null(fault->ours) ? ERR_MEMORY : ERR_NOT_A_CERTIFICATE;
}

enum err
policy_check_successor(const struct config *c, const struct verdict *v,
    const struct policy_stored *stored, struct arena *a, struct fault *fault)
{
	enum err e;

	if (!v->real)
		return check_text(v, stored, a, fault);
	*fault = v->fault;
	if ((e = check_topic(c, v, stored, fault)) != ERR_OK)
		return e;
	if (c->certificate_policy != CONFIG_ENFORCE || stored->restores)
		return ERR_OK;
	if (is_older(v, stored->record)) {
		fault->what = date_text(v->x509.not_after_at, a);
		fault->also = stored->record->value[RECORD_EXPIRES];
		return ERR_OLDER;
	}
	if (str_is_null(stored->pending_key) ||
	    str_eq(stored->pending_key, v->x509.public_key))
		return ERR_OK;
	fault->what = date_text(stored->requested.at, a);
	return ERR_KEY_MISMATCH;
}

enum err
policy_notice(
    const struct verdict *v, int64_t now_at, const struct record *stored)
{
	if (!v->real)
		return ERR_OK;
	if (v->x509.not_after_at <= now_at)
		return ERR_EXPIRED;
	return is_older(v, stored) ? ERR_OLDER : ERR_OK;
}
