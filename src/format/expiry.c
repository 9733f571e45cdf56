/* SPDX-License-Identifier: ISC */
/*
 * expiry.c - the dates of a record. A real certificate has them, and the record
 * keeps both beside it, so that only a record of an older release has its
 * certificate read. For any other text the client's expirationDateTime counts.
 */
#include "format/expiry.h"

#include "base/err.h"

#define DAY 86400

const char *
expiry_word(enum expiry_status status)
{
	static const char *const words[EXPIRY_STATUSES] = {
		[EXPIRY_NONE] = "none",
		[EXPIRY_VALID] = "valid",
		[EXPIRY_EXPIRING] = "expiring",
		[EXPIRY_EXPIRED] = "expired",
		[EXPIRY_NOT_YET_VALID] = "notYetValid",
	};

	return words[status];
}

struct expiry
expiry_of_text(struct str text, struct arena *a)
{
	struct expiry out = { .expires = false };
	size_t used = a->used;
	struct x509 x = { .der = { NULL, 0 } };
	struct str what;

	if (text.n > 0 && x509_read(text, a, &x, &what) == ERR_OK &&
	    !str_is_null(x.der))
		out = (struct expiry){ .expires = true,
			.issued = true,
			.expires_at = x.not_after_at,
			.issued_at = x.not_before_at };
	a->used = used;
	return out;
}

static void
narrow(struct expiry *out, const struct expiry *x)
{
	if (!out->issued || x->issued_at > out->issued_at)
		out->issued_at = x->issued_at;
	if (!out->expires || x->expires_at < out->expires_at)
		out->expires_at = x->expires_at;
	out->issued = out->expires = true;
}

struct expiry
expiry_of_chain(struct str text, struct arena *a)
{
	struct expiry out = { .expires = false }, one;
	size_t used = a->used, i;
	struct pem chain = { .n = 0 };
	struct str what;

	if (pem_find(text, a, &chain, &what) != ERR_OK)
		chain.n = 0;
	for (i = 0; i < chain.n; i++) {
		one = expiry_of_text(chain.der[i], a);
		if (one.expires)
			narrow(&out, &one);
	}
	a->used = used;
	return out;
}

struct expiry
expiry_of_record(const struct record *r, struct arena *a)
{
	struct expiry out = { .expires = false }, read;

	if (r == NULL)
		return out;
	out.expires = record_end(r, &out.expires_at);
	if (!record_is_real(r))
		return out;
	out.issued = r->issued;
	out.issued_at = r->issued_at;
	if (out.expires && out.issued)
		return out;
	read = expiry_of_text(r->value[RECORD_CERTIFICATE], a);
	return read.expires ? read : out;
}

enum expiry_status
expiry_status(const struct expiry *x, int64_t now_at, uint64_t days)
{
	if (!x->expires)
		return EXPIRY_NONE;
	if (x->expires_at <= now_at)
		return EXPIRY_EXPIRED;
	if (x->issued && x->issued_at > now_at + EXPIRY_SLACK)
		return EXPIRY_NOT_YET_VALID;
	if ((uint64_t)(x->expires_at - now_at) < days * DAY)
		return EXPIRY_EXPIRING;
	return EXPIRY_VALID;
}

int64_t
expiry_days(const struct expiry *x, int64_t now_at)
{
	int64_t left = x->expires_at - now_at;

	/* Division rounds towards zero: -1 second is day -1, not day 0. */
	return left >= 0 ? left / DAY : -((DAY - 1 - left) / DAY);
}

struct expiry_tenant
expiry_tenant(const struct guid *tenant, const struct record *r, int64_t now_at,
    uint64_t days, struct arena *a)
{
	struct expiry_tenant t = { .tenant = *tenant };

	t.expiry = expiry_of_record(r, a);
	t.status = expiry_status(&t.expiry, now_at, days);
	if (r == NULL)
		return t;
	t.apple_id = r->value[RECORD_APPLE_ID];
	t.topic = r->value[RECORD_TOPIC];
	t.serial = r->value[RECORD_SERIAL];
	t.modified = r->value[RECORD_MODIFIED];
	t.revision = r->revision;
	return t;
}
