/* SPDX-License-Identifier: ISC */
/*
 * metrics_text.h - what is no Graph: the metrics as Prometheus reads them, and
 * the calendar of expiries (RFC 5545).
 *
 * Pure: everything that a page shows comes in by parameter. Each function
 * appends; EXPIRY_TENANT_MAX bytes hold what one tenant adds.
 */
#ifndef PUSHCERT_METRICS_TEXT_H
#define PUSHCERT_METRICS_TEXT_H

#include <stdint.h>

#include "format/expiry.h"
#include "base/buf.h"
#include "state/metrics.h"
#include "base/str.h"

/*
 * Metrics of the tenants. The format wants the samples of a family together:
 * for each family its head, then a sample of each tenant.
 */
#define METRICS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"
enum metrics_text_family {
	METRICS_TEXT_EXPIRES,
	METRICS_TEXT_ISSUED,
	METRICS_TEXT_STATUS,
	METRICS_TEXT_FAMILIES
};
void metrics_text_family(struct buf *out, enum metrics_text_family family);
void metrics_text_sample(struct buf *out, enum metrics_text_family family,
    const struct expiry_tenant *t);

/* What the process of that number has counted. */
void metrics_text_counters(
    struct buf *out, const struct metrics_counts *counts, uint64_t process);

#endif
