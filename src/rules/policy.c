/* SPDX-License-Identifier: ISC */
/*
 * policy.c - the certificate policies. `inspect` accepts any readable
 * certificate, and any text that does not claim to be a certificate. `enforce`
 * accepts only certificates that Apple's push service would accept today.
 */
#include "rules/policy.h"

#include <string.h>

#include "format/expiry.h"
#include "format/unwrap.h"

/* In bits. Shorter RSA keys are refused; Apple issues 2048. */
#define KEY_BITS_MIN 2048

bool
policy_is_text(struct str file)
{
	return str_utf8_valid(file) && memchr(file.p, 0, file.n) == NULL;
}

/* --- files ------------------------------------------------------------ */

static enum err
binary_text(const struct x509 *x, struct arena *a, struct str *out)
{
	struct buf pem;

	*out = x->pem;
	if (!str_is_null(*out))
		return ERR_OK;
	buf_open(&pem, a);
	pem_write("CERTIFICATE", x->der, &pem);
	*out = buf_close(&pem, a);
	return str_is_null(*out) ? ERR_MEMORY : ERR_OK;
}

enum err
policy_file_text(
    struct str file, struct arena *a, struct str *out, struct fault *fault)
{
	const struct record_property *p =
	    &record_properties[RECORD_CERTIFICATE];
	size_t used = a->used;
	struct x509 x = { .der = { NULL, 0 } };
	enum err e;

	*out = str_of(NULL);
	fault->target = str_of(p->name);
	if (file.n > p->limit) {
		fault->what = fault->target;
		return ERR_TOO_LONG;
	}
	e = x509_read(file, a, &x, &fault->ours);
	if (e == ERR_OK && str_is_null(x.der))
		return ERR_OK;
	if (!policy_is_text(file))
		return e == ERR_OK ? binary_text(&x, a, out) : e;
	a->used = used;
	*out = file;
	return ERR_OK;
}

/* --- uploads ---------------------------------------------------------- */

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

/* The checks of a certificate by itself. Each returns the reason why the policy
 * `enforce` refuses it, or ERR_OK; *what is the value at fault. */
typedef enum err check_alone(
    const struct x509 *x, int64_t now_at, struct arena *a, struct str *what);

static enum err
check_purpose(
    const struct x509 *x, int64_t now_at, struct arena *a, struct str *what)
{
	(void)now_at;
	(void)a;
	if (x->mdm)
		return ERR_OK;
	*what = str_is_null(x->topic) ? STR_EMPTY : x->topic;
	return ERR_NOT_MDM;
}

static enum err
check_key(
    const struct x509 *x, int64_t now_at, struct arena *a, struct str *what)
{
	(void)now_at;
	if (x->key != X509_KEY_RSA) {
		*what = str_of(x->key == X509_KEY_EC ? "EC" : "unknown");
		return ERR_UNSUPPORTED_KEY;
	}
	if (x->key_bits >= KEY_BITS_MIN)
		return ERR_OK;
	*what = number_text(x->key_bits, a);
	return ERR_WEAK_KEY;
}

static enum err
check_dates(
    const struct x509 *x, int64_t now_at, struct arena *a, struct str *what)
{
	if (x->not_after_at <= now_at) {
		*what = date_text(x->not_after_at, a);
		return ERR_EXPIRED;
	}
	if (x->not_before_at <= now_at + EXPIRY_SLACK)
		return ERR_OK;
	*what = date_text(x->not_before_at, a);
	return ERR_NOT_YET_VALID;
}

static check_alone *const alone[] = { check_purpose, check_key, check_dates };
#define ALONE (sizeof(alone) / sizeof(alone[0]))

static enum err
enforce(const struct x509 *x, int64_t now_at, struct arena *a, struct str *what)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < ALONE && e == ERR_OK; i++)
		e = alone[i](x, now_at, a, what);
	return e;
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
compare_topics(const struct verdict *v, const struct policy_stored *stored,
    struct fault *fault)
{
	struct str old = record_newest_topic(stored->record);
	struct str new = v->x509.topic;

	if (new.n == 0)
		new = str_of(NO_TOPIC);
	if (str_is_null(old) || str_eq(old, new))
		return ERR_OK;
	fault->what = old;
	fault->also = new;
	return ERR_TOPIC_CHANGE;
}

static enum err
check_topic(const struct config *c, const struct verdict *v,
    const struct policy_stored *stored, struct fault *fault)
{
	struct fault found = *fault;

	if (c->topic_change == CONFIG_TOPIC_ALLOW ||
	    compare_topics(v, stored, &found) == ERR_OK ||
	    str_eq(stored->allow_topic, found.also))
		return ERR_OK;
	*fault = found;
	return ERR_TOPIC_CHANGE;
}

static enum err
compare_dates(const struct verdict *v, const struct policy_stored *stored,
    struct arena *a, struct fault *fault)
{
	const struct record *r = stored->record;
	struct instant until;

	if (!record_is_real(r) ||
	    datetime_parse(r->value[RECORD_EXPIRES], &until) != ERR_OK ||
	    v->x509.not_after_at >= until.at)
		return ERR_OK;
	fault->what = date_text(v->x509.not_after_at, a);
	fault->also = r->value[RECORD_EXPIRES];
	return ERR_OLDER;
}

static enum err
compare_keys(const struct verdict *v, const struct policy_stored *stored,
    struct arena *a, struct fault *fault)
{
	if (str_is_null(stored->pending_key) ||
	    str_eq(stored->pending_key, v->x509.public_key))
		return ERR_OK;
	fault->what = date_text(stored->requested.at, a);
	return ERR_KEY_MISMATCH;
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
	if ((e = compare_dates(v, stored, a, fault)) != ERR_OK)
		return e;
	return compare_keys(v, stored, a, fault);
}

static void
add_notice(struct policy_notices *to, enum err reason, const struct fault *f)
{
	if (reason != ERR_OK)
		to->row[to->n++] =
		    (struct policy_notice){ .reason = reason, .fault = *f };
}

void
policy_notices(const struct verdict *v, int64_t now_at,
    const struct policy_stored *stored, struct arena *a,
    struct policy_notices *out)
{
	const struct str target = v->fault.target;
	struct fault f;
	size_t i;
	enum err e;

	out->n = 0;
	if (!v->real)
		return;
	f = (struct fault){ .target = target };
	add_notice(out, compare_topics(v, stored, &f), &f);
	for (i = 0; i < ALONE; i++) {
		f = (struct fault){ .target = target };
		e = alone[i](&v->x509, now_at, a, &f.what);
		add_notice(out, e, &f);
	}
	f = (struct fault){ .target = target };
	add_notice(out, compare_dates(v, stored, a, &f), &f);
	f = (struct fault){ .target = target };
	add_notice(out, compare_keys(v, stored, a, &f), &f);
}

enum err
policy_notice(const struct policy_notices *notices)
{
	size_t i;

	for (i = 0; i < notices->n; i++)
		if (notices->row[i].reason == ERR_EXPIRED ||
		    notices->row[i].reason == ERR_OLDER)
			return notices->row[i].reason;
	return ERR_OK;
}
