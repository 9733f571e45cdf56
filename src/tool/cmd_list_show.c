/* SPDX-License-Identifier: ISC */
/*
 * cmd_list_show.c - prints the tenants of `list`: as lines, as JSON or as CSV.
 */
#include "tool/cmd_list.h"

#include <string.h>

#include "format/datetime.h"
#include "format/emit.h"
#include "tool/cmd_json.h"
#include "tool/cmd_output.h"

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
print_lines(const struct list *l)
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

/* --- any form --------------------------------------------------------- */

void
cmd_list_show(const struct list *l)
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
