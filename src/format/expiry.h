/* SPDX-License-Identifier: ISC */
/*
 * expiry.h - how long a certificate stays valid, in days and in one word.
 *
 * Pure: the clock is a parameter. A date that cannot be read is unknown and not
 * an error.
 */
#ifndef PUSHCERT_EXPIRY_H
#define PUSHCERT_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "format/pem.h"
#include "format/record.h"
#include "base/str.h"
#include "format/x509.h"

enum expiry_status {
	EXPIRY_NONE,
	EXPIRY_VALID,
	EXPIRY_EXPIRING,
	EXPIRY_EXPIRED,
	EXPIRY_NOT_YET_VALID,
	EXPIRY_STATUSES
};

/* Returns none, valid, expiring, expired or notYetValid. */
const char *expiry_word(enum expiry_status status);

struct expiry {
	bool expires; /* whether expires_at is known */
	bool issued; /* whether issued_at is known */
	int64_t expires_at;
	int64_t issued_at;
};

/* Space that the functions below need in an arena; they give it back. */
#define EXPIRY_ARENA X509_ARENA(PEM_TEXT_MAX)

/* The dates of a record; r may be NULL: a tenant without a record. */
struct expiry expiry_of_record(const struct record *r, struct arena *a);
/* The dates of the certificate that counts in a text (x509.h). */
struct expiry expiry_of_text(struct str text, struct arena *a);

/* The dates between which every certificate of a text is valid: the last begin
 * and the first end. */
struct expiry expiry_of_chain(struct str text, struct arena *a);

/* Seconds by which this machine's clock may lag that of a certificate's issuer:
 * notBefore may lie this far in the future. */
#define EXPIRY_SLACK 300

/* A certificate with less than `days` days left is "expiring"; the default: */
#define EXPIRY_DAYS 30
enum expiry_status
expiry_status(const struct expiry *x, int64_t now_at, uint64_t days);
/* Whole days that are left, negative after the end. Needs x->expires. */
int64_t expiry_days(const struct expiry *x, int64_t now_at);

#define EXPIRY_TENANT_MAX ((size_t)64 * 1024)

/* The facts about one tenant. Texts may be null. */
struct expiry_tenant {
	struct guid tenant;
	/* The tool sets these; the service leaves them null. */
	struct str alias, owner, contact, notes;
	struct expiry expiry;
	enum expiry_status status;
	struct str apple_id;
	struct str topic;
	struct str serial;
	struct str modified; /* as lastModifiedDateTime */
	uint64_t revision;
};

/* Returns the facts of a tenant's record; r may be NULL: a tenant without a
 * record. Needs EXPIRY_ARENA bytes of the arena and gives them back. The texts
 * are slices of the record. */
struct expiry_tenant expiry_tenant(const struct guid *tenant,
    const struct record *r, int64_t now_at, uint64_t days, struct arena *a);

#endif
