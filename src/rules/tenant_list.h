/* SPDX-License-Identifier: ISC */
/*
 * tenant_list.h - the tenants in the order in which their certificates expire:
 * those with a status, and those in which a text occurs, a part at a time.
 */
#ifndef PUSHCERT_TENANT_LIST_H
#define PUSHCERT_TENANT_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/expiry.h"
#include "store/expiries.h"
#include "store/store.h"

/* Rows that one call with a text reads at most. */
#define TENANT_LIST_READS 20000

/* The last place before the first tenant with a status, where a certificate
 * with fewer than `days` days left is expiring. False: there is none before it.
 */
bool tenant_list_before(enum expiry_status status, int64_t now_at,
    uint64_t days, struct store_expiry *out);

/* The tenants that are wanted. The order of the ends is known without reading a
 * record, so a status costs nothing; each row is read for a text. */
struct tenant_list {
	int64_t now_at;
	/* EXPIRY_STATUSES: any. A certificate that is not valid yet counts as
	 * valid or expiring. */
	enum expiry_status status;
	struct str text; /* null or empty: any; ASCII letters of either case */
	const struct store_expiry *after; /* NULL: from the first tenant on */
	size_t rows; /* at most */
};

/* The end of a part of the list. */
struct tenant_list_end {
	bool more; /* there may be more tenants, after the place */
	struct store_expiry place;
};

/* A tenant. The texts may be null and live until the visit returns. */
struct tenant_list_row {
	struct store_expiry end;
	enum expiry_status status;
	struct str alias, apple_id, topic, serial;
};

/* Visits the rows. A visit that returns anything but ERR_OK ends the walk with
 * that outcome. */
typedef enum err tenant_list_visit(const struct tenant_list_row *t, void *arg);
enum err tenant_list_walk(struct txn *tx, const struct tenant_list *wanted,
    tenant_list_visit *visit, void *arg,
    struct tenant_list_end *end) ATTR_CHECKED;

#endif
