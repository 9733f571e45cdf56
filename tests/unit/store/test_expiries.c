/* SPDX-License-Identifier: ISC */
/*
 * test_expiries.c - the order of the tenants by expiry, compared with a model
 * after each of many changes, and read page by page from any place.
 */
#include "store/expiries.h"

#include <stdio.h>
#include <string.h>

#include "format/row.h"
#include "store/delivery.h"
#include "unit.h"
#include "unit_store.h"

#define TENANTS 9
#define CHANGES 120

/* The ends that a record may have, in their order. The first and the last of
 * the dates that a client may send are among them, and dates before 1970. */
static const char *const dates[] = { "0001-01-01T00:00:01Z",
	"1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2026-11-30T17:00:00Z",
	"2026-11-30T18:00:01.5+01:00", "2027-01-01T00:00:00Z",
	"9999-12-31T23:59:59Z" };
#define DATES (sizeof(dates) / sizeof(dates[0]))
/* Texts that say nothing of the end. */
static const char *const unset[] = { NULL, "0001-01-01T00:00:00Z",
	"0001-01-01T00:00:00+00:00", "" };
#define UNSET (sizeof(unset) / sizeof(unset[0]))

/* The rank of a tenant's end; DATES: not known. */
struct model {
	bool has_record, listed;
	size_t rank;
};

static uint64_t
draw(uint64_t *seed, uint64_t n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed % n;
}

/* --- changes ------------------------------------------------------------ */

struct order {
	struct guid tenant;
	const char *expires;
};

static enum err
put(struct txn *tx, void *arg)
{
	const struct order *o = arg;
	struct record r = { .revision = 1 }, former;
	struct event ev = { .action = STORE_CHANGED };
	enum err e = store_record(tx, &o->tenant, &former);

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if ((ev.had_former = e == ERR_OK)) {
		ev.former = former;
		r.revision = former.revision + 1;
	}
	r.value[RECORD_EXPIRES] = str_of(o->expires);
	if ((e = store_record_put(tx, &o->tenant, &r)) != ERR_OK)
		return e;
	return store_event_add(tx, &o->tenant, &ev);
}

static enum err delete (struct txn *tx, void *arg) {
	const struct order *o = arg;
	struct event ev = { .action = STORE_REMOVED, .had_former = true };
	enum err e = store_record(tx, &o->tenant, &ev.former);

	if (e != ERR_OK) return e;
	if ((e = store_record_delete(tx, &o->tenant)) != ERR_OK) return e;
	return store_event_add(tx, &o->tenant, &ev);
}

static enum err
list(struct txn *tx, void *arg)
{
	const struct order *o = arg;
	const struct tenant t = { .id = o->tenant, .alias = str_of("alias") };

	return store_tenant_put(tx, &t);
}

static enum err
unlist(struct txn *tx, void *arg)
{
	const struct order *o = arg;

	return store_tenant_delete(tx, &o->tenant);
}

static enum err
forget(struct txn *tx, void *arg)
{
	const struct order *o = arg;
	bool more;
	enum err e;

	do
		e = store_forget(tx, &o->tenant, &more);
	while (e == ERR_OK && more);
	return e;
}

/* Makes one change at random, and the same in the model. */
static void
change(struct store *st, struct model *model, uint64_t *seed)
{
	size_t i = draw(seed, TENANTS), rank = draw(seed, DATES + 2);
	struct model *m = &model[i];
	struct order o = { .tenant = unit_tenant((unsigned)i) };
	enum err e = m->has_record ? ERR_OK : ERR_NOT_FOUND;

	switch (draw(seed, 8)) {
	case 0:
		ck_assert_int_eq(store_update(st, delete, &o), e);
		m->has_record = false;
		break;
	case 1:
		unit_update(st, forget, &o);
		m->has_record = false;
		break;
	case 2:
		unit_update(st, list, &o);
		m->listed = true;
		break;
	case 3:
		ck_assert_int_eq(store_update(st, unlist, &o),
		    m->listed ? ERR_OK : ERR_NOT_FOUND);
		m->listed = false;
		break;
	default:
		m->rank = rank < DATES ? rank : DATES;
		o.expires = rank < DATES ? dates[rank] : unset[rank % UNSET];
		unit_update(st, put, &o);
		m->has_record = true;
		break;
	}
}

/* --- the order ---------------------------------------------------------- */

static size_t
rank_of(const struct model *m)
{
	return m->has_record ? m->rank : DATES;
}

/* The numbers of the tenants in their order. Returns how many there are. */
static size_t
sort(const struct model *model, size_t out[TENANTS])
{
	size_t n = 0, rank, i;

	for (rank = 0; rank <= DATES; rank++)
		for (i = 0; i < TENANTS; i++)
			if ((model[i].has_record || model[i].listed) &&
			    rank_of(&model[i]) == rank)
				out[n++] = i;
	return n;
}

struct page {
	struct store_expiry row[TENANTS];
	size_t n, most;
};

static enum err
take(const struct store_expiry *x, void *arg)
{
	struct page *p = arg;

	ck_assert_uint_lt(p->n, TENANTS);
	p->row[p->n++] = *x;
	return p->n < p->most ? ERR_OK : ERR_STOP;
}

struct rows {
	const struct model *model;
	const size_t *sorted;
	size_t n;
};

static enum err
same_row(const struct store_expiry_row *row, void *arg)
{
	struct rows *r = arg;
	size_t i = r->sorted[r->n++];
	struct guid g = unit_tenant((unsigned)i);

	ck_assert_mem_eq(&row->place.tenant, &g, sizeof(g));
	ck_assert((row->record != NULL) == r->model[i].has_record);
	ck_assert((row->listed != NULL) == r->model[i].listed);
	if (row->record != NULL)
		ck_assert(record_end(row->record, &(int64_t){ 0 }) ==
		    row->place.expires);
	if (row->listed != NULL)
		ck_assert(str_is(row->listed->alias, "alias"));
	return ERR_OK;
}

/* Reads all tenants with their rows, some ahead. */
static void
check_rows(struct txn *tx, const struct model *model, size_t ahead)
{
	size_t sorted[TENANTS], n = sort(model, sorted);
	struct rows r = { .model = model, .sorted = sorted };
	const struct store_expiry_walk walk = { .ahead = ahead };

	ck_assert_int_eq(store_expiry_rows(tx, &walk, same_row, &r), ERR_OK);
	ck_assert_uint_eq(r.n, n);
}

/* Reads all pages of one length. */
static void
check_order(struct txn *tx, const struct model *model, size_t length)
{
	struct store_expiry after;
	size_t sorted[TENANTS], n = sort(model, sorted), at = 0, i;
	struct page p;
	enum err e;

	do {
		p = (struct page){ .most = length };
		e = store_expiries(tx, at == 0 ? NULL : &after, take, &p);
		ck_assert_int_eq(e, p.n < length ? ERR_OK : ERR_STOP);
		for (i = 0; i < p.n; i++, at++) {
			struct guid g;

			ck_assert_uint_lt(at, n);
			g = unit_tenant((unsigned)sorted[at]);
			ck_assert_mem_eq(&p.row[i].tenant, &g, sizeof(g));
			ck_assert(p.row[i].expires ==
			    (rank_of(&model[sorted[at]]) < DATES));
			after = p.row[i];
		}
	} while (p.n == length);
	ck_assert_uint_eq(at, n);
}

START_TEST(follows_every_change)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 2 });
	struct model model[TENANTS] = { { .listed = false } };
	uint64_t seed = 0x9e3779b97f4a7c15u * (uint64_t)(_i + 1);
	struct txn *tx;
	int i;

	for (i = 0; i < CHANGES; i++) {
		change(st, model, &seed);
		tx = unit_begin(st);
		check_order(tx, model, 1 + draw(&seed, TENANTS));
		check_rows(tx, model, draw(&seed, TENANTS + 1));
		if (i % 20 == 0)
			ck_assert_uint_eq(unit_verify(tx).findings, 0);
		store_reader_free(tx);
	}
	store_close(st);
}
END_TEST

/* --- places ------------------------------------------------------------- */

/* Places that no tenant has are between those that tenants have. */
static const struct {
	const char *name;
	bool expires;
	int64_t at;
	unsigned char tenant;
	size_t first; /* of the tenants below; 3: none is left */
} places[] = {
	{ "before all ends", true, INT64_MIN, 0, 0 },
	{ "at the first end, before its tenant", true, -10, 0, 0 },
	{ "at the first end and its tenant", true, -10, 1, 1 },
	{ "at the first end, after its tenant", true, -10, 2, 1 },
	{ "at the second end and its tenant", true, 20, 1, 2 },
	{ "after all ends", true, INT64_MAX, 255, 2 },
	{ "after all ends and all tenants", true, INT64_MAX, 254, 2 },
	{ "before the last tenant", false, 0, 0, 2 },
	{ "after the last tenant", false, 0, 3, 3 },
};

START_TEST(begins_after_any_place)
{
	static const struct {
		const char *expires;
		unsigned tenant;
	} put_here[] = { { "1969-12-31T23:59:50Z", 1 },
		{ "1970-01-01T00:00:20Z", 1 }, { NULL, 2 } };
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 2 });
	struct store_expiry after = { .expires = places[_i].expires,
		.expires_at = places[_i].at };
	struct page p = { .most = TENANTS };
	struct txn *tx;
	size_t i;

	for (i = 0; i < 3; i++) {
		struct order o = { .expires = put_here[i].expires };

		o.tenant.byte[0] = (unsigned char)(0x10 * (i + 1));
		o.tenant.byte[15] = (unsigned char)put_here[i].tenant;
		unit_update(st, put, &o);
	}
	after.tenant.byte[0] = (unsigned char)(places[_i].at == 20 ? 0x20
		: !places[_i].expires                              ? 0x30
								   : 0x10);
	after.tenant.byte[15] = places[_i].tenant;
	if (places[_i].tenant == 254)
		memset(&after.tenant, 0xff, sizeof(after.tenant));
	tx = unit_begin(st);
	unit_check(
	    places[_i].name, store_expiries(tx, &after, take, &p) == ERR_OK);
	unit_check(places[_i].name, p.n == 3 - places[_i].first);
	for (i = 0; i < p.n; i++)
		unit_check(places[_i].name,
		    p.row[i].tenant.byte[0] ==
			0x10 * (places[_i].first + i + 1));
	store_reader_free(tx);
	store_close(st);
}
END_TEST

/* --- what is written ---------------------------------------------------- */

/* A change that refuses leaves the order as it was. */
static enum err
put_and_refuse(struct txn *tx, void *arg)
{
	enum err e = put(tx, arg);

	return e == ERR_OK ? ERR_PRECONDITION : e;
}

START_TEST(keeps_its_rows_when_a_change_fails)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 2 });
	struct model model[TENANTS] = { { .has_record = true, .rank = 3 } };
	struct order o = { unit_tenant(0), dates[3] };
	struct txn *tx;

	unit_update(st, put, &o);
	o.expires = dates[5];
	unit_capture();
	ck_assert_int_eq(store_update(st, put_and_refuse, &o), ERR_INTERNAL);
	tx = unit_begin(st);
	check_order(tx, model, TENANTS);
	store_reader_free(tx);
	store_close(st);
}
END_TEST

static enum err
put_all(struct txn *tx, void *arg)
{
	const struct order *o = arg;
	struct csr csr = { .request = str_of("r"), .public_key = str_of("k") };
	struct notice notice = { .serial = str_of("01") };
	struct consent consent = { .actor = str_of("c") };
	struct custody custody = { .text = { str_of("o") } };
	struct delivery d = { .fingerprint = str_of("f") };
	char name[8];
	unsigned i;
	enum err e;

	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		d.target = str_of(name);
		if ((e = store_delivery_put(tx, &o->tenant, &d)) != ERR_OK)
			return e;
	}
	if ((e = store_csr_put(tx, &o->tenant, NULL, &csr)) != ERR_OK ||
	    (e = store_consent_put(tx, &o->tenant, &consent)) != ERR_OK ||
	    (e = store_custody_put(tx, &o->tenant, &custody)) != ERR_OK ||
	    (e = store_notice_put(tx, &o->tenant, &notice)) != ERR_OK)
		return e;
	return put(tx, arg);
}

static struct store_counts
counts_of(struct store *st)
{
	struct txn *tx = unit_begin(st);
	struct store_counts c = unit_verify(tx);

	store_reader_free(tx);
	return c;
}

/* The other tenant keeps everything. */
START_TEST(forgets_everything_of_one_tenant)
{
	struct store *st = unit_store(
	    (struct store_options){ .history_keep = 2 });
	struct order o = { unit_tenant(1), dates[4] };
	struct order other = { unit_tenant(2), dates[4] };
	struct store_counts c;

	unit_update(st, put_all, &o);
	unit_update(st, put_all, &other);
	c = counts_of(st);
	ck_assert_uint_eq(c.deliveries, 80);
	ck_assert_uint_eq(c.consents, 2);
	unit_update(st, forget, &o);
	c = counts_of(st);
	ck_assert_uint_eq(c.records, 1);
	ck_assert_uint_eq(c.events, 1);
	ck_assert_uint_eq(c.requests, 1);
	ck_assert_uint_eq(c.notices, 1);
	ck_assert_uint_eq(c.consents, 1);
	ck_assert_uint_eq(c.deliveries, 40);
	/* The operator's notes are not the tenant's. */
	ck_assert_uint_eq(c.custodies, 2);
	ck_assert_uint_eq(c.findings, 0);
	store_close(st);
}
END_TEST

static Suite *
expiries_suite(void)
{
	Suite *s = suite_create("expiries");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, follows_every_change, 0, 8);
	tcase_add_loop_test(
	    t, begins_after_any_place, 0, sizeof(places) / sizeof(places[0]));
	tcase_add_test(t, keeps_its_rows_when_a_change_fails);
	tcase_add_test(t, forgets_everything_of_one_tenant);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(expiries_suite());
}
