/* SPDX-License-Identifier: ISC */
/*
 * consent.h - a tenant's consent to share data with Apple, which Graph asks for
 * before the first request for a certificate. A caller grants it once, and it
 * is never withdrawn. No other rule depends on it.
 */
#ifndef PUSHCERT_CONSENT_H
#define PUSHCERT_CONSENT_H

#include "base/attr.h"
#include "base/err.h"
#include "rules/change.h"
#include "store/store.h"

/* The consent that this caller grants, unless there is one. Its texts are the
 * caller's. */
struct consent consent_of(const struct caller *by);

/*
 * Grants the consent durably. If the tenant has a consent, it stays unchanged,
 * and *out is that consent. The texts of *out live as long as those of the
 * caller, or in the arena. Returns ERR_OK, ERR_MEMORY or an outcome of the
 * store.
 */
enum err consent_grant(struct store *st, const struct caller *by,
    struct arena *a, struct consent *out) ATTR_CHECKED;

#endif
