/* SPDX-License-Identifier: ISC */
/*
 * cmd_list.c - lists the tenants and their certificates: selected, sorted, and
 * printed as lines, as JSON or as CSV.
 *
 * All rows that the options select are kept in memory, because the order and
 * the width of the column of aliases depend on all of them.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "format/datetime.h"
#include "format/emit.h"
#include "tool/cmd_json.h"
#include "tool/cmd_output.h"

#define DAY 86400

struct row {
	struct expiry_tenant t; /* its texts are in `text`, or in the names */
	struct instant modified;
	char *text;
};

struct list {
	struct cmd_call *c;
	int64_t now_at;
	unsigned statuses; /* a set; the bits are 1 << enum expiry_status */
	struct row *row;
	size_t count, room;
};

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
	{ "expires", expires_order }, /* the default */
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

static struct str
move_text(struct str s, char **to)
{
	char *p = *to;

	if (s.n == 0)
		return s;
	memcpy(p, s.p, s.n);
	*to += s.n;
	return str_from(p, s.n);
}

/* Copies the texts of the record, which live until the visit returns. */
static enum err
add_row(struct list *l, const struct expiry_tenant *t)
{
	size_t n = t->serial.n + t->topic.n + t->apple_id.n;
	struct row *row = l->row;
	char *p;

	if (l->count == l->room) {
		l->room = l->room > 0 ? 2 * l->room : 64;
		row = reallocarray(row, l->room, sizeof(*row));
		if (row == NULL)
			return ERR_MEMORY;
		l->row = row;
	}
	row += l->count;
	*row = (struct row){ .t = *t, .text = malloc(n + 1) };
	if ((p = row->text) == NULL)
		return ERR_MEMORY;
	l->count++;
	row->t.serial = move_text(t->serial, &p);
	row->t.topic = move_text(t->topic, &p);
	row->t.apple_id = move_text(t->apple_id, &p);
	row->t.modified = str_of(NULL);
	if (datetime_parse(t->modified, &row->modified) != ERR_OK)
		row->modified = (struct instant){ .at = 0 };
	return ERR_OK;
}

static enum err
visit(const struct guid *tenant, const struct record *r, void *arg)
{
	struct list *l = arg;
	struct expiry_tenant t = cmd_facts(l->c, tenant, r, l->now_at);

	return is_selected(l, &t) ? add_row(l, &t) : ERR_OK;
}

static void
free_rows(struct list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->row[i].text);
	free(l->row);
}

/* --- lines ------------------------------------------------------------ */

static void
print_or_dash(struct str s)
{
	printf("  ");
	cmd_print_word(s.n > 0 ? s : str_of("-"));
}

static void
print_line(const struct list *l, const struct expiry_tenant *t, int width)
{
	struct str alias = t->alias.n > 0 ? t->alias : str_of("-");
	char tenant[STR_GUID_LEN];

	str_guid_text(&t->tenant, tenant);
	printf("%.*s  ", STR_GUID_LEN, tenant);
	cmd_print_word(alias);
	printf("%*s  %-11s  ", width - (int)str_utf8_count(alias), "",
	    expiry_word(t->status));
	if (t->expiry.expires) {
		printf(
		    "%6lld  ", (long long)expiry_days(&t->expiry, l->now_at));
		cmd_print_date(t->expiry.expires_at);
	} else {
		printf("     -  %-*s", DATETIME_SECONDS_LEN + 1, "-");
	}
	print_or_dash(t->serial);
	print_or_dash(t->topic);
	print_or_dash(t->apple_id);
	putchar('\n');
}

static void
print_lines(struct list *l)
{
	char head[256];
	int width = 5; /* ALIAS */
	size_t i, n;

	for (i = 0; i < l->count; i++)
		if ((n = str_utf8_count(l->row[i].t.alias)) > (size_t)width)
			width = (int)n;
	snprintf(head, sizeof(head),
	    "%-36s  %-*s  STATUS         DAYS  %-20s  SERIAL  TOPIC  APPLE ID",
	    "TENANT", width, "ALIAS", "EXPIRES");
	for (i = 0; i < l->count; i++) {
		cmd_list_row(l->c, head);
		print_line(l, &l->row[i].t, width);
	}
}

/* --- JSON ------------------------------------------------------------- */

static void
emit_date(struct emit *e, bool known, int64_t at)
{
	char text[DATETIME_SECONDS_LEN + 1];

	datetime_seconds(at, text);
	text[DATETIME_SECONDS_LEN] = 'Z';
	emit_str(e, known ? str_from(text, sizeof(text)) : str_of(NULL));
}

void
cmd_emit_facts(struct emit *e, const struct expiry_tenant *t, int64_t now_at)
{
	emit_name(e, "status");
	emit_text(e, expiry_word(t->status));
	emit_name(e, "days");
	if (t->expiry.expires)
		emit_i64(e, expiry_days(&t->expiry, now_at));
	else
		emit_null(e);
	emit_name(e, "expires");
	emit_date(e, t->expiry.expires, t->expiry.expires_at);
	emit_name(e, "issued");
	emit_date(e, t->expiry.issued, t->expiry.issued_at);
	emit_name(e, "serial");
	emit_str(e, t->serial);
	emit_name(e, "topic");
	emit_str(e, t->topic);
	emit_name(e, "appleIdentifier");
	emit_str(e, t->apple_id);
	emit_name(e, "alias");
	emit_str(e, t->alias);
	emit_name(e, "owner");
	emit_str(e, t->owner);
	emit_name(e, "contact");
	emit_str(e, t->contact);
	emit_name(e, "notes");
	emit_str(e, t->notes);
}

static void
print_json(const struct list *l, const struct expiry_tenant *t)
{
	char tenant[STR_GUID_LEN];
	struct cmd_json json;
	struct emit *e;

	str_guid_text(&t->tenant, tenant);
	e = cmd_json_begin(&json);
	emit_name(e, "tenant");
	emit_str(e, str_from(tenant, sizeof(tenant)));
	cmd_emit_facts(e, t, l->now_at);
	cmd_json_end(&json);
}

/* --- CSV (RFC 4180) --------------------------------------------------- */

/* Whether a spreadsheet would take the text for a formula. */
static bool
is_formula(struct str text)
{
	return text.n > 0 && memchr("=+-@\t\r", text.p[0], 6) != NULL;
}

/* Prints a cell after a comma. An apostrophe before a formula makes a
 * spreadsheet show it as text. Control characters are escaped. */
static void
csv_text(struct str text)
{
	printf(is_formula(text) ? ",\"'" : ",\"");
	while (!str_is_null(text)) {
		cmd_print_word(str_cut(&text, '"'));
		if (!str_is_null(text))
			printf("\"\"");
	}
	putchar('"');
}

static void
csv_date(bool known, int64_t at)
{
	putchar(',');
	if (known)
		cmd_print_date(at);
}

static void
csv_row(const struct list *l, const struct expiry_tenant *t)
{
	char tenant[STR_GUID_LEN];

	str_guid_text(&t->tenant, tenant);
	printf("%.*s", STR_GUID_LEN, tenant);
	csv_text(t->alias);
	printf(",%s,", expiry_word(t->status));
	if (t->expiry.expires)
		printf("%lld", (long long)expiry_days(&t->expiry, l->now_at));
	csv_date(t->expiry.expires, t->expiry.expires_at);
	csv_date(t->expiry.issued, t->expiry.issued_at);
	csv_text(t->serial);
	csv_text(t->topic);
	csv_text(t->apple_id);
	csv_text(t->owner);
	csv_text(t->contact);
	csv_text(t->notes);
	printf("\r\n");
}

/* --- the command ------------------------------------------------------ */

static void
print_rows(struct list *l)
{
	size_t i;

	if ((l->c->given & CMD_BIT(OPTION_JSON)) != 0) {
		for (i = 0; i < l->count; i++)
			print_json(l, &l->row[i].t);
	} else if ((l->c->given & CMD_BIT(OPTION_CSV)) != 0) {
		printf("tenant,alias,status,days,expires,issued,serial,topic,"
		       "appleIdentifier,owner,contact,notes\r\n");
		for (i = 0; i < l->count; i++)
			csv_row(l, &l->row[i].t);
	} else {
		print_lines(l);
		cmd_list_end(l->c,
		    (l->c->given &
			(CMD_BIT(OPTION_STATUS) | CMD_BIT(OPTION_WITHIN) |
			    CMD_BIT(OPTION_MATCH))) != 0
			? "no tenant matches these options"
			: "no records; 'pushcert upload FILE --tenant GUID' "
			  "stores a certificate");
	}
}

static int
list(struct list *l, int (*compare)(const void *, const void *))
{
	struct cmd_call *c = l->c;
	enum err e;

	if (cmd_begin_reading(c) != ERR_OK || cmd_need_arena(c) != ERR_OK)
		return EXIT_FAILURE;
	if ((e = cmd_each_tenant(c, visit, l)) == ERR_OK) {
		if (l->count > 0)
			qsort(l->row, l->count, sizeof(*l->row), compare);
		while (c->limit > 0 && l->count > c->limit)
			free(l->row[--l->count].text);
		print_rows(l);
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
		order = 0;
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
	return list(&l, orders[order].compare);
}
