/* SPDX-License-Identifier: ISC */
/*
 * cmd_list.c - lists the tenants and their certificates: selected and sorted.
 *
 * All rows that the options select are kept in memory, because the order and
 * the width of the column of aliases depend on all of them.
 */
#include "tool/cmd_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "format/datetime.h"
#include "rules/tenant_list.h"
#include "store/expiries.h"
#include "tool/cmd_names.h"
#include "tool/cmd_output.h"

#define DAY 86400

/* --- the options ------------------------------------------------------ */

static int
by_tenant(const struct row *a, const struct row *b)
{
	return memcmp(&a->t.tenant, &b->t.tenant, sizeof(a->t.tenant));
}

/* Puts a tenant without a date last. */
static int
by_expires(const struct row *a, const struct row *b)
{
	if (!a->t.expiry.expires || !b->t.expiry.expires)
		return b->t.expiry.expires - a->t.expiry.expires;
	return (a->t.expiry.expires_at > b->t.expiry.expires_at) -
	    (a->t.expiry.expires_at < b->t.expiry.expires_at);
}

/* Puts a tenant without an alias last. An alias ends with a null byte. */
static int
by_alias(const struct row *a, const struct row *b)
{
	if (a->t.alias.n == 0 || b->t.alias.n == 0)
		return (b->t.alias.n > 0) - (a->t.alias.n > 0);
	return strcasecmp(a->t.alias.p, b->t.alias.p);
}

/* Puts the most urgent status first. */
static int
by_status(const struct row *a, const struct row *b)
{
	static const int order[EXPIRY_STATUSES] = { [EXPIRY_EXPIRED] = 0,
		[EXPIRY_NOT_YET_VALID] = 1,
		[EXPIRY_EXPIRING] = 2,
		[EXPIRY_VALID] = 3,
		[EXPIRY_NONE] = 4 };
	int diff = order[a->t.status] - order[b->t.status];

	return diff != 0 ? diff : by_expires(a, b);
}

/* Puts the newest change first. */
static int
by_modified(const struct row *a, const struct row *b)
{
	int diff = (a->modified.at < b->modified.at) -
	    (a->modified.at > b->modified.at);

	return diff != 0 ? diff
			 : (a->modified.nano < b->modified.nano) -
		(a->modified.nano > b->modified.nano);
}

/* The functions for qsort: rows that are equal in a column are in the order of
 * their GUIDs. */
#define ORDER(column)                                           \
	static int column##_order(const void *a, const void *b) \
	{                                                       \
		int diff = by_##column(a, b);                   \
                                                                \
		return diff != 0 ? diff : by_tenant(a, b);      \
	}
ORDER(expires)
ORDER(alias)
ORDER(tenant)
ORDER(status)
ORDER(modified)

static const struct {
	const char *name;
	int (*compare)(const void *, const void *);
} orders[] = {
#define BY_EXPIRES 0 /* the default */
	{ "expires", expires_order },
	{ "alias", alias_order },
	{ "tenant", tenant_order },
	{ "status", status_order },
	{ "modified", modified_order },
};
#define ORDERS (sizeof(orders) / sizeof(orders[0]))

/* The index of the order that --sort names; ORDERS if there is none. */
static size_t
order_of(const char *name)
{
	size_t i = 0;

	while (name != NULL && i < ORDERS && strcmp(orders[i].name, name) != 0)
		i++;
	return i;
}

/* The set of the statuses in a list; 0 if a word is not a status. */
static unsigned
statuses_of(struct str list)
{
	unsigned i, set = 0;
	struct str word;

	while (!str_is_null(list)) {
		word = str_trim(str_cut(&list, ','));
		for (i = 0; i < EXPIRY_STATUSES; i++)
			if (str_iis(word, expiry_word((enum expiry_status)i)))
				break;
		if (i == EXPIRY_STATUSES)
			return 0;
		set |= 1U << i;
	}
	return set;
}

/* --- the rows --------------------------------------------------------- */

static bool
is_match(const struct expiry_tenant *t, struct str part)
{
	char id[STR_GUID_LEN];

	str_guid_text(&t->tenant, id);
	return str_icontains(str_from(id, sizeof(id)), part) ||
	    str_icontains(t->alias, part) || str_icontains(t->serial, part) ||
	    str_icontains(t->topic, part) || str_icontains(t->apple_id, part) ||
	    str_icontains(t->owner, part) || str_icontains(t->contact, part) ||
	    str_icontains(t->notes, part);
}

static bool
is_selected(const struct list *l, const struct expiry_tenant *t)
{
	const struct cmd_call *c = l->c;

	if ((l->statuses & 1U << t->status) == 0)
		return false;
	if ((c->given & CMD_BIT(OPTION_WITHIN)) != 0 &&
	    (!t->expiry.expires ||
		t->expiry.expires_at - l->now_at >
		    (int64_t)c->within_days * DAY))
		return false;
	return (c->given & CMD_BIT(OPTION_MATCH)) == 0 ||
	    is_match(t, str_of(c->value[OPTION_MATCH]));
}

/* Makes room for one more row. */
static bool
has_room(struct list *l)
{
	struct row *row = l->row;

	if (l->count < l->room)
		return true;
	l->room = l->room > 0 ? 2 * l->room : 64;
	row = reallocarray(row, l->room, sizeof(*row));
	if (row == NULL)
		return false;
	l->row = row;
	return true;
}

/* Copies the texts, which live until the visit returns. */
static enum err
add_row(struct list *l, const struct expiry_tenant *t)
{
	struct row *row;
	char *p;
	size_t n = 0, i;

	if (!has_room(l))
		return ERR_MEMORY;
	row = l->row + l->count;
	*row = (struct row){ .t = *t };
	struct str *const text[] = { &row->t.alias, &row->t.owner,
		&row->t.contact, &row->t.notes, &row->t.serial, &row->t.topic,
		&row->t.apple_id };
	const size_t texts = sizeof(text) / sizeof(text[0]);

	for (i = 0; i < texts; i++)
		n += text[i]->n + 1;
	if ((p = row->text = calloc(1, n)) == NULL)
		return ERR_MEMORY;
	for (i = 0; i < texts; p += text[i++]->n + 1)
		if (text[i]->n > 0)
			text[i]->p = memcpy(p, text[i]->p, text[i]->n);
	if (datetime_parse(t->modified, &row->modified) != ERR_OK)
		row->modified = (struct instant){ .at = 0 };
	row->t.modified = str_of(NULL);
	l->count++;
	return ERR_OK;
}

static enum err
visit(const struct guid *tenant, const struct record *r, void *arg)
{
	struct list *l = arg;
	struct expiry_tenant t = cmd_facts(l->c, tenant, r, l->now_at);

	return is_selected(l, &t) ? add_row(l, &t) : ERR_OK;
}

/* --- the order of the store --------------------------------------------- */

/* Whether the store's own order answers the question sooner than all records:
 * only its begin is wanted. */
static bool
wants_begin(const struct list *l, size_t order)
{
	const unsigned late = 1U << EXPIRY_VALID | 1U << EXPIRY_NOT_YET_VALID |
	    1U << EXPIRY_NONE;
	const struct cmd_call *c = l->c;

	return order == BY_EXPIRES &&
	    (c->given & CMD_BIT(OPTION_TENANT)) == 0 &&
	    (c->limit > 0 || (c->given & CMD_BIT(OPTION_WITHIN)) != 0 ||
		(l->statuses & late) == 0);
}

/* The parts of the order, and the statuses that a tenant in each part can have.
 */
static const struct {
	enum expiry_status status;
	unsigned set;
} parts[] = {
	{ EXPIRY_EXPIRED, 1U << EXPIRY_EXPIRED },
	{ EXPIRY_EXPIRING, 1U << EXPIRY_EXPIRING | 1U << EXPIRY_NOT_YET_VALID },
	{ EXPIRY_VALID, 1U << EXPIRY_VALID | 1U << EXPIRY_NOT_YET_VALID },
	{ EXPIRY_NONE, 1U << EXPIRY_NONE },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* The statuses that a tenant at this place can have, and those that it or a
 * later one can have. */
static unsigned
statuses_at(const struct list *l, const struct store_expiry *x, bool or_later)
{
	const struct expiry dates = { .expires = x->expires,
		.expires_at = x->expires_at };
	const enum expiry_status status = expiry_status(
	    &dates, l->now_at, l->c->warning_days);
	unsigned set = 0;
	size_t i = 0;

	while (i + 1 < PARTS && parts[i].status != status)
		i++;
	do
		set |= parts[i++].set;
	while (or_later && i < PARTS);
	return set;
}

static bool
is_beyond(const struct list *l, const struct store_expiry *x)
{
	const struct cmd_call *c = l->c;

	if ((l->statuses & statuses_at(l, x, true)) == 0)
		return true;
	return (c->given & CMD_BIT(OPTION_WITHIN)) != 0 &&
	    (!x->expires ||
		x->expires_at - l->now_at > (int64_t)c->within_days * DAY);
}

static void
set_names(const struct store_expiry_row *row, struct expiry_tenant *t)
{
	if (row->listed != NULL)
		t->alias = row->listed->alias;
	if (row->custody == NULL)
		return;
	t->owner = row->custody->text[CUSTODY_OWNER];
	t->contact = row->custody->text[CUSTODY_CONTACT];
	t->notes = row->custody->text[CUSTODY_NOTES];
}

static enum err
visit_place(const struct store_expiry_row *row, void *arg)
{
	struct list *l = arg;
	struct cmd_call *c = l->c;
	const struct store_expiry *x = &row->place;
	struct expiry_tenant t;
	enum err e;

	if (is_beyond(l, x))
		return ERR_STOP;
	if ((l->statuses & statuses_at(l, x, false)) == 0)
		return ERR_OK;
	t = expiry_tenant(
	    &x->tenant, row->record, l->now_at, c->warning_days, &c->arena);
	set_names(row, &t);
	if (!is_selected(l, &t))
		return ERR_OK;
	if ((e = add_row(l, &t)) != ERR_OK)
		return e;
	return c->limit > 0 && l->count == c->limit ? ERR_STOP : ERR_OK;
}

/* Walks from the first tenant with a status that is wanted. */
static enum err
walk_order(struct list *l)
{
	struct store_expiry_walk walk = { .ahead = l->c->limit,
		.custodies = true };
	struct store_expiry start;
	size_t i = 0;

	while (i + 1 < PARTS && (parts[i].set & l->statuses) == 0)
		i++;
	if (tenant_list_before(
		parts[i].status, l->now_at, l->c->warning_days, &start))
		walk.after = &start;
	return store_expiry_rows(l->c->reader, &walk, visit_place, l);
}

/* A store that was not upgraded has no order. */
static enum err
find_rows(struct list *l, size_t order)
{
	enum err e = ERR_OLD_FORMAT;

	if (wants_begin(l, order))
		e = walk_order(l);
	if (e == ERR_OLD_FORMAT)
		e = cmd_each_tenant(l->c, visit, l);
	return e == ERR_STOP ? ERR_OK : e;
}

static void
free_rows(struct list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->row[i].text);
	free(l->row);
}

/* --- the command ------------------------------------------------------ */

static int
list(struct list *l, size_t order)
{
	struct cmd_call *c = l->c;
	enum err e;

	if (cmd_begin_reading(c) != ERR_OK || cmd_need_arena(c) != ERR_OK)
		return EXIT_FAILURE;
	if ((e = find_rows(l, order)) == ERR_OK) {
		if (l->count > 0)
			qsort(l->row, l->count, sizeof(*l->row),
			    orders[order].compare);
		while (c->limit > 0 && l->count > c->limit)
			free(l->row[--l->count].text);
		cmd_list_show(l);
	}
	free_rows(l);
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(c, e, cmd_place(c));
}

int
cmd_list(struct cmd_call *c)
{
	struct list l = { .c = c, .now_at = cmd_now_at(), .statuses = ~0U };
	const char *sort = c->value[OPTION_SORT];
	size_t order = order_of(sort);

	if (sort == NULL)
		order = BY_EXPIRES;
	if (order == ORDERS)
		return cmd_usage(c,
		    "--sort %.64s: give expires, alias, tenant, status or "
		    "modified",
		    sort);
	if ((c->given & CMD_BIT(OPTION_STATUS)) != 0)
		l.statuses = statuses_of(str_of(c->value[OPTION_STATUS]));
	if (l.statuses == 0)
		return cmd_usage(c,
		    "--status %.64s: give one or more of none, valid, expiring, "
		    "expired and notYetValid, separated by commas",
		    c->value[OPTION_STATUS]);
	if ((c->given & CMD_BIT(OPTION_CSV)) != 0 &&
	    (c->given & CMD_BIT(OPTION_JSON)) != 0)
		return cmd_usage(
		    c, "--csv and --json exclude each other; give one of them");
	return list(&l, order);
}
