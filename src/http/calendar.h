/* SPDX-License-Identifier: ISC */
/*
 * calendar.h - the dates of expiry as a calendar (RFC 5545).
 *
 * Pure: each function appends to `out` what comes in by parameter;
 * EXPIRY_TENANT_MAX bytes hold what one tenant adds.
 */
#ifndef PUSHCERT_CALENDAR_H
#define PUSHCERT_CALENDAR_H

#include "base/buf.h"
#include "format/expiry.h"

/* A calendar: its head, an event for each tenant that has a date, its end. */
void calendar_begin(struct buf *out);
void calendar_event(struct buf *out, const struct expiry_tenant *t);
void calendar_end(struct buf *out);

#endif
