/* SPDX-License-Identifier: ISC */
/*
 * deploy_facts.c - the texts and the variables that a hook gets.
 */
#include "tool/deploy_facts.h"

#include <stdio.h>
#include <string.h>

#include "format/datetime.h"
#include "format/expiry.h"
#include "format/pem.h"
#include "format/x509.h"
#include "format/x509_make.h"
#include "rules/csr.h"
#include "tool/cmd_call.h"
#include "tool/cmd_names.h"

static struct str
pem_of(const char *label, struct str der, struct arena *a)
{
	struct buf text;

	buf_open(&text, a);
	pem_write(label, der, &text);
	return buf_close(&text, a);
}

static enum err
make_key_texts(
    struct cmd_call *c, const uint8_t *key, size_t n, struct deploy_hook *h)
{
	struct str pkcs8 = str_from((const char *)key, n);
	uint8_t rsa[X509_PRIVATE_MAX];
	struct buf pair;
	size_t rsa_n;
	enum err e = x509_rsa_key(pkcs8, rsa, &rsa_n);

	if (e != ERR_OK)
		return e;
	h->text[DEPLOY_KEY] = pem_of("PRIVATE KEY", pkcs8, &c->arena);
	h->text[DEPLOY_KEY_RSA] = pem_of(
	    "RSA PRIVATE KEY", str_from((const char *)rsa, rsa_n), &c->arena);
	crypto_wipe(rsa, sizeof(rsa));
	buf_open(&pair, &c->arena);
	buf_str(&pair, h->text[DEPLOY_CERTIFICATE]);
	buf_str(&pair, h->text[DEPLOY_KEY]);
	h->text[DEPLOY_PAIR] = buf_close(&pair, &c->arena);
	return str_is_null(h->text[DEPLOY_PAIR]) ||
		str_is_null(h->text[DEPLOY_KEY]) ||
		str_is_null(h->text[DEPLOY_KEY_RSA])
	    ? ERR_MEMORY
	    : ERR_OK;
}

enum err
deploy_facts_texts(struct cmd_call *c, const struct secrets *s,
    const struct deploy_view *v, struct x509 *x, struct deploy_hook *h)
{
	const struct guid *tenant = &v->certificate->tenant;
	uint8_t key[X509_PRIVATE_MAX];
	struct str what;
	size_t n;
	enum err e = x509_read(v->certificate->text, &c->arena, x, &what);

	if (e == ERR_OK && str_is_null(x->der))
		e = ERR_NOT_A_CERTIFICATE;
	if (e != ERR_OK)
		return e;
	h->text[DEPLOY_CERTIFICATE] = pem_of("CERTIFICATE", x->der, &c->arena);
	if (str_is_null(h->text[DEPLOY_CERTIFICATE]))
		return ERR_MEMORY;
	e = csr_private_key(c->reader, s, tenant, x->public_key, key, &n);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK) {
		e = make_key_texts(c, key, n, h);
		crypto_wipe(key, sizeof(key));
	}
	return e;
}

/* Returns an empty text if the arena is full; a hook gets the certificate only
 * if that had space. */
static const char *
text_of(struct arena *a, struct str s)
{
	char *p = arena_take(a, s.n + 1);

	if (p == NULL)
		return "";
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

static const char *
number_of(struct arena *a, int64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	return text_of(a, str_of(text));
}

static const char *
custody_of(struct cmd_call *c, const struct deploy_certificate *k,
    enum custody_text text)
{
	return text_of(
	    &c->arena, cmd_names_custody(c->names, &k->tenant, text));
}

void
deploy_facts_of(struct cmd_call *c, int64_t now_at, const struct deploy_view *v,
    const struct x509 *x, struct hook_fact out[DEPLOY_FACTS])
{
	const struct deploy_certificate *k = v->certificate;
	const struct expiry dates = { .expires = true,
		.expires_at = x->not_after_at };
	enum expiry_status status = expiry_status(
	    &dates, now_at, c->warning_days);
	char tenant[STR_GUID_LEN + 1] = "", until[DATETIME_SECONDS_LEN + 1];
	struct arena *a = &c->arena;

	str_guid_text(&k->tenant, tenant);
	datetime_seconds(x->not_after_at, until);
	until[DATETIME_SECONDS_LEN] = 'Z';
	const struct hook_fact facts[DEPLOY_FACTS] = {
		{ "PUSHCERT_TENANT", text_of(a, str_of(tenant)) },
		{ "PUSHCERT_EVENT", "certificate" },
		{ "PUSHCERT_ALIAS", text_of(a, k->alias) },
		{ "PUSHCERT_OWNER", custody_of(c, k, CUSTODY_OWNER) },
		{ "PUSHCERT_CONTACT", custody_of(c, k, CUSTODY_CONTACT) },
		{ "PUSHCERT_NOTES", custody_of(c, k, CUSTODY_NOTES) },
		{ "PUSHCERT_STATUS", expiry_word(status) },
		{ "PUSHCERT_DAYS", number_of(a, expiry_days(&dates, now_at)) },
		{ "PUSHCERT_TOPIC", text_of(a, x->topic) },
		{ "PUSHCERT_SERIAL", text_of(a, x->serial) },
		{ "PUSHCERT_APPLE_ID", text_of(a, k->apple_id) },
		{ "PUSHCERT_EXPIRES",
		    text_of(a, str_from(until, sizeof(until))) },
		{ "PUSHCERT_TARGET", v->target->name },
		{ "PUSHCERT_FINGERPRINT", k->fingerprint },
		{ "PUSHCERT_FORMER_SERIAL", text_of(a, v->row.serial) },
		{ "PUSHCERT_TRY", number_of(a, (int64_t)v->tries + 1) },
	};

	memcpy(out, facts, sizeof(facts));
}
