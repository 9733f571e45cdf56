/* SPDX-License-Identifier: ISC */
/*
 * csr.c - requests for certificates: makes them, keeps them with their sealed
 * private keys, and finds the private key of a certificate.
 */
#include "rules/csr.h"

#include <string.h>

#include "format/pem.h"

/* The data that a seal is bound to: the tenant and the purpose. A seal opens
 * for no other tenant or purpose. */
#define SEAL_ABOUT "pushcert.request.1"
#define SEAL_ABOUT_LEN (sizeof(((struct guid *)0)->byte) + sizeof(SEAL_ABOUT))

static struct str
seal_about(const struct guid *tenant, char out[SEAL_ABOUT_LEN])
{
	memcpy(out, tenant->byte, sizeof(tenant->byte));
	memcpy(out + sizeof(tenant->byte), SEAL_ABOUT, sizeof(SEAL_ABOUT));
	return str_from(out, SEAL_ABOUT_LEN);
}

enum err
csr_seal(const struct secrets *s, const struct guid *tenant, struct arena *a,
    struct str key, struct str *sealed)
{
	char about[SEAL_ABOUT_LEN];
	size_t n = key.n + CRYPTO_SEAL_MORE;
	uint8_t *out;
	enum err e = ERR_MEMORY;

	if (!s->can_seal)
		return ERR_NOT_IMPLEMENTED;
	if ((out = arena_take(a, n)) != NULL)
		e = crypto_seal(s->key, seal_about(tenant, about), key, out);
	*sealed = str_from((const char *)out, n);
	return e;
}

/* The text of a request as the client gets it: for Apple's portal if something
 * signs it, else the DER request in base64. */
static enum err
request_text(const struct csr_order *o, struct str csr, struct str *text,
    struct str *what)
{
	const struct secrets *s = o->secrets;
	const struct x509_vendor vendor = { .chain = str_of(s->vendor_chain),
		.key = str_of(s->vendor_key),
		.now_at = o->by->now.at,
		.as_it_is = s->vendor_as_it_is };
	char *p;

	if (o->sign != NULL)
		return o->sign(o->arg, csr, o->arena, text);
	if (s->is_vendor)
		return x509_vendor_request(csr, &vendor, o->arena, text, what);
	if ((p = arena_take(o->arena, STR_BASE64_SIZE(csr.n))) == NULL)
		return ERR_MEMORY;
	*text = str_from(p, str_base64((const uint8_t *)csr.p, csr.n, p));
	return ERR_OK;
}

/* Makes a key and *der, a request for it. */
static enum err
make_key(const struct csr_order *o, struct csr *out, struct str *der,
    struct str *what)
{
	const struct config *c = o->config;
	const struct x509_subject subject = {
		.country = str_of(c->csr_country),
		.organization = str_of(c->csr_organization),
		.common_name = str_of(c->csr_common_name),
		.email = str_of(c->csr_email),
	};
	struct x509_request made;
	enum err e;

	if (!o->secrets->can_seal)
		return ERR_NOT_IMPLEMENTED;
	if ((e = x509_request(&subject, o->arena, &made, what)) != ERR_OK)
		return e;
	*der = made.csr;
	out->public_key = made.public_key;
	e = csr_seal(o->secrets, &o->by->tenant, o->arena,
	    str_from((const char *)made.private_key, made.private_n),
	    &out->sealed_key);
	crypto_wipe(made.private_key, sizeof(made.private_key));
	return e;
}

static enum err
make_request(const struct csr_order *o, struct csr *out, struct str *what)
{
	struct str der;
	enum err e;

	*what = str_of(NULL);
	*out = (struct csr){ .when = o->by->now, .sealed_key = STR_EMPTY };
	if (o->given != NULL) {
		der = o->given->der;
		out->public_key = o->given->public_key;
	} else if ((e = make_key(o, out, &der, what)) != ERR_OK) {
		return e;
	}
	return request_text(o, der, &out->request, what);
}

struct request_job {
	const struct caller *by;
	const struct csr *csr;
};

/* Keeps the pending request under its key before a new one replaces it, because
 * Apple may still issue its certificate. */
static enum err
keep_pending(struct txn *tx, const struct guid *tenant)
{
	uint8_t id[CRYPTO_SHA256_LEN];
	struct csr pending;
	enum err e;

	if ((e = store_csr(tx, tenant, NULL, &pending)) != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	crypto_sha256(pending.public_key, id);
	return store_csr_put(tx, tenant, id, &pending);
}

/* A request that is given may have been made here. The private key of that
 * must not get lost. */
static enum err
find_key(struct txn *tx, const struct guid *tenant, struct csr *csr)
{
	uint8_t id[CRYPTO_SHA256_LEN];
	struct csr known;
	enum err e;

	if (csr->sealed_key.n > 0)
		return ERR_OK;
	crypto_sha256(csr->public_key, id);
	e = store_csr(tx, tenant, id, &known);
	if (e == ERR_OK)
		csr->sealed_key = known.sealed_key;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
put_request(struct txn *tx, void *arg)
{
	const struct request_job *job = arg;
	const struct guid *tenant = &job->by->tenant;
	struct event ev = change_event(job->by, STORE_REQUESTED);
	struct csr csr = *job->csr;
	enum err e;

	if ((e = keep_pending(tx, tenant)) != ERR_OK)
		return e;
	if ((e = find_key(tx, tenant, &csr)) != ERR_OK)
		return e;
	if ((e = store_csr_put(tx, tenant, NULL, &csr)) != ERR_OK)
		return e;
	return store_event_add(tx, tenant, &ev);
}

enum err
csr_make(const struct csr_order *o, struct str *text, struct str *what)
{
	struct csr csr;
	struct request_job job = { .by = o->by, .csr = &csr };
	enum err e;

	/* A key takes long to make, so the store is asked before. */
	if (store_is_read_only(o->store))
		return ERR_READ_ONLY;
	if ((e = make_request(o, &csr, what)) != ERR_OK)
		return e;
	*text = csr.request;
	return store_update_tenant(o->store, &o->by->tenant, put_request, &job);
}

enum err
csr_pending(struct txn *tx, const struct guid *tenant, struct arena *a,
    struct str *text)
{
	struct csr csr;
	enum err e;

	if ((e = store_csr(tx, tenant, NULL, &csr)) != ERR_OK)
		return e;
	*text = arena_copy(a, csr.request);
	return str_is_null(*text) ? ERR_MEMORY : ERR_OK;
}

bool
csr_is_signed(struct str request)
{
	/* Apple's portal takes XML in base64, which starts with "<". DER starts
	 * with 0x30, whose first digit is M. */
	return str_starts(request, "PD");
}

enum err
csr_file(struct str request, struct arena *a, struct str *out)
{
	uint8_t *der;
	struct buf pem;
	size_t n;

	*out = request;
	if (csr_is_signed(request))
		return ERR_OK;
	if ((der = arena_take(a, request.n + 3)) == NULL)
		return ERR_MEMORY;
	if (!str_unbase64(request, der, &n))
		return ERR_CORRUPT;
	buf_open(&pem, a);
	pem_write("CERTIFICATE REQUEST", str_from((char *)der, n), &pem);
	*out = buf_close(&pem, a);
	return str_is_null(*out) ? ERR_MEMORY : ERR_OK;
}

static enum err
open_seal(const struct secrets *s, const struct guid *tenant,
    const struct csr *c, uint8_t out[X509_PRIVATE_MAX], size_t *n)
{
	char about[SEAL_ABOUT_LEN];

	if (!s->can_seal)
		return ERR_NOT_IMPLEMENTED;
	if (c->sealed_key.n > CSR_SEALED_MAX)
		return ERR_CORRUPT;
	return crypto_open(
	    s->key, seal_about(tenant, about), c->sealed_key, out, n);
}

enum err
csr_open_seal(
    const struct secrets *s, const struct guid *tenant, const struct csr *c)
{
	uint8_t key[X509_PRIVATE_MAX];
	enum err e;
	size_t n;

	if (c->sealed_key.n == 0)
		return ERR_OK;
	e = open_seal(s, tenant, c, key, &n);
	crypto_wipe(key, sizeof(key));
	return e;
}

enum err
csr_private_key(struct txn *tx, const struct secrets *s,
    const struct guid *tenant, struct str public_key,
    uint8_t out[X509_PRIVATE_MAX], size_t *n)
{
	uint8_t id[CRYPTO_SHA256_LEN];
	struct csr csr;
	enum err e;

	if (!s->can_seal)
		return ERR_NOT_IMPLEMENTED;
	crypto_sha256(public_key, id);
	e = store_csr(tx, tenant, id, &csr);
	if (e == ERR_NOT_FOUND)
		e = store_csr(tx, tenant, NULL, &csr);
	if (e == ERR_OK &&
	    (!str_eq(csr.public_key, public_key) || csr.sealed_key.n == 0))
		e = ERR_NOT_FOUND;
	return e == ERR_OK ? open_seal(s, tenant, &csr, out, n) : e;
}
