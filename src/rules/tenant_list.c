/* SPDX-License-Identifier: ISC */
/*
 * tenant_list.c - walks over the order of the ends.
 *
 * A status is a range of that order: expired certificates come first, then
 * those that expire soon, the valid ones, and the tenants without one. So the
 * walk starts where the range starts, and ends with it.
 */
#include "rules/tenant_list.h"

#include <string.h>

#define DAY 86400

struct walk {
	const struct tenant_list *wanted;
	tenant_list_visit *visit;
	void *arg;
	struct tenant_list_end *end;
	size_t reads, rows;
};

static enum expiry_status
status_of(const struct tenant_list *wanted, const struct store_expiry *x)
{
	struct expiry dates = { .expires = x->expires,
		.expires_at = x->expires_at };

	return expiry_status(&dates, wanted->now_at, EXPIRY_DAYS);
}

bool
tenant_list_before(enum expiry_status status, int64_t now_at, uint64_t days,
    struct store_expiry *out)
{
	int64_t from_at;

	switch (status) {
	case EXPIRY_EXPIRING:
		from_at = now_at;
		break;
	case EXPIRY_VALID:
		from_at = now_at + (int64_t)days * DAY - 1;
		break;
	case EXPIRY_NONE:
		from_at = INT64_MAX;
		break;
	case EXPIRY_EXPIRED:
	case EXPIRY_NOT_YET_VALID:
	case EXPIRY_STATUSES:
	default:
		return false;
	}
	*out = (struct store_expiry){ .expires = true, .expires_at = from_at };
	memset(out->tenant.byte, 0xff, sizeof(out->tenant.byte));
	return true;
}

static bool
is_before(const struct store_expiry *a, const struct store_expiry *b)
{
	if (a->expires != b->expires)
		return a->expires;
	if (a->expires_at != b->expires_at)
		return a->expires_at < b->expires_at;
	return memcmp(&a->tenant, &b->tenant, sizeof(a->tenant)) < 0;
}

static bool
is_match(const struct tenant_list_row *t, struct str part)
{
	char id[STR_GUID_LEN];

	if (part.n == 0)
		return true;
	str_guid_text(&t->end.tenant, id);
	return str_icontains(t->alias, part) ||
	    str_icontains(t->apple_id, part) || str_icontains(t->topic, part) ||
	    str_icontains(t->serial, part) ||
	    str_icontains(str_from(id, sizeof(id)), part);
}

/* Completes a row. The certificate is not read: the order has its end. */
static void
set_texts(const struct store_expiry_row *row, struct tenant_list_row *t)
{
	const struct record *r = row->record;

	if (r != NULL) {
		t->apple_id = r->value[RECORD_APPLE_ID];
		t->topic = r->value[RECORD_TOPIC];
		t->serial = r->value[RECORD_SERIAL];
	}
	if (row->listed != NULL)
		t->alias = row->listed->alias;
}

static enum err
take(const struct store_expiry_row *row, void *arg)
{
	struct walk *w = arg;
	const struct tenant_list *wanted = w->wanted;
	const struct store_expiry *x = &row->place;
	struct tenant_list_row t = { .end = *x,
		.status = status_of(wanted, x) };

	if (wanted->status != EXPIRY_STATUSES && t.status != wanted->status)
		return ERR_STOP;
	if (w->rows == wanted->rows || w->reads == TENANT_LIST_READS) {
		w->end->more = true;
		return ERR_STOP;
	}
	w->reads++;
	w->end->place = *x;
	set_texts(row, &t);
	if (!is_match(&t, wanted->text))
		return ERR_OK;
	w->rows++;
	return w->visit(&t, w->arg);
}

enum err
tenant_list_walk(struct txn *tx, const struct tenant_list *wanted,
    tenant_list_visit *visit, void *arg, struct tenant_list_end *end)
{
	struct walk w = {
		.wanted = wanted, .visit = visit, .arg = arg, .end = end
	};
	const struct store_expiry *after = wanted->after;
	struct store_expiry_walk walk;
	struct store_expiry start;
	enum err e;

	*end = (struct tenant_list_end){ .more = false };
	if (tenant_list_before(
		wanted->status, wanted->now_at, EXPIRY_DAYS, &start) &&
	    (after == NULL || is_before(after, &start)))
		after = &start;
	/* One row more shows whether there are more. */
	walk = (struct store_expiry_walk){ .after = after,
		.ahead = wanted->rows + 1 };
	e = store_expiry_rows(tx, &walk, take, &w);
	return e == ERR_STOP ? ERR_OK : e;
}
