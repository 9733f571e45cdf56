/* SPDX-License-Identifier: ISC */
/*
 * calendar.h - the expiry dates of certificates as a calendar (RFC 5545).
 *
 * Pure: the functions use nothing but their parameters, and append to `out`.
 * One tenant adds at most EXPIRY_TENANT_MAX bytes.
 */
#ifndef PUSHCERT_CALENDAR_H
#define PUSHCERT_CALENDAR_H

#include "base/buf.h"
#include "format/expiry.h"

/* A calendar consists of its head, the events of the tenants, and its end.
 * calendar_event appends nothing for a tenant whose certificate has no known
 * expiry date. */
void calendar_begin(struct buf *out);
void calendar_event(struct buf *out, const struct expiry_tenant *t);
/* The event of the first of the vendor's certificates that expires. */
void calendar_vendor(struct buf *out, const struct expiry *x);
void calendar_end(struct buf *out);

#endif
