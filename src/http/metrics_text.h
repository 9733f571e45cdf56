/* SPDX-License-Identifier: ISC */
/*
 * metrics_text.h - the metrics of tenants and of this process, for Prometheus.
 *
 * Pure: the functions use nothing but their parameters, and append to `out`.
 * One tenant adds at most EXPIRY_TENANT_MAX bytes.
 */
#ifndef PUSHCERT_METRICS_TEXT_H
#define PUSHCERT_METRICS_TEXT_H

#include <stdint.h>

#include "format/expiry.h"
#include "base/buf.h"
#include "state/metrics.h"
#include "base/str.h"

/*
 * Metrics of the tenants. The format requires the samples of a family to stand
 * together: for each family, append its head, then the sample of each tenant.
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

/* Appends when the first of the vendor's certificates expires. */
void metrics_text_vendor(struct buf *out, const struct expiry *x);

/* Appends the counters of a process, labelled with its process id. */
void metrics_text_counters(
    struct buf *out, const struct metrics_counts *counts, uint64_t process);

#endif
