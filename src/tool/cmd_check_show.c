/* SPDX-License-Identifier: ISC */
/*
 * cmd_check_show.c - prints the result of `check`: the lines of a monitoring
 * plug-in, or JSON.
 *
 * A monitoring system takes the text after a '|' on standard output for
 * performance data. So cmd_check_put prints every text that is not a constant
 * of this file.
 */
#include "tool/cmd_check.h"

#include "format/emit.h"
#include "tool/cmd_json.h"
#include "tool/cmd_names.h"
#include "tool/cmd_output.h"

const char *
cmd_check_word(enum grade grade)
{
	static const char *const words[GRADES] = { "OK", "WARNING", "CRITICAL",
		"UNKNOWN" };

	return words[grade];
}

enum grade
cmd_check_grade(const struct check *k, const struct expiry_tenant *t)
{
	switch (t->status) {
	case EXPIRY_VALID:
		return FINE;
	case EXPIRY_EXPIRING:
		return expiry_status(&t->expiry, k->now_at,
			   k->c->critical_days) == EXPIRY_EXPIRING
		    ? CRITICAL
		    : WARNING;
	case EXPIRY_EXPIRED:
	case EXPIRY_NOT_YET_VALID:
		return CRITICAL;
	case EXPIRY_NONE:
	case EXPIRY_STATUSES:
		break;
	}
	return UNKNOWN;
}

static unsigned
counted(const struct check *k)
{
	unsigned i, sum = 0;

	for (i = 0; i < GRADES; i++)
		sum += k->count[i];
	return sum;
}

/* Whether the line of the only certificate says everything. */
static bool
is_single(const struct check *k)
{
	return counted(k) == 1 && cmd_check_late(k) == 0 &&
	    !cmd_check_is_blind(k) && k->probe == NULL;
}

bool
cmd_check_is_json(const struct check *k)
{
	return (k->c->given & CMD_BIT(OPTION_JSON)) != 0;
}

/* --- the lines -------------------------------------------------------- */

void
cmd_check_put(struct str text)
{
	while (!str_is_null(text)) {
		cmd_print_word(str_cut(&text, '|'));
		if (!str_is_null(text))
			printf("\\x7c");
	}
}

static void
print_dates(const struct check *k, const struct expiry_tenant *t)
{
	printf(": %s", expiry_word(t->status));
	if (!t->expiry.expires)
		return;
	printf(", %lld days left, expires ",
	    (long long)expiry_days(&t->expiry, k->now_at));
	cmd_print_date(t->expiry.expires_at);
}

static void
print_fact(const char *name, struct str value)
{
	printf(", %s ", name);
	cmd_check_put(value.n > 0 ? value : str_of("unknown"));
}

/*
 * Prints the performance data, which belong to the first line only:
 * 'label'=value;warning;critical. The thresholds are ranges as in the
 * Monitoring Plugins guidelines ("30:" means an alert below 30). The other
 * values are the numbers of certificates of each grade. The labels are
 * constant: they never depend on stored data.
 */
static void
print_performance(const struct check *k)
{
	printf(" | days_left=");
	if (k->expires)
		printf("%lld", (long long)k->least);
	else
		putchar('U');
	printf(";%llu:;%llu: certificates=%u;;;0 fine=%u;;;0 warning=%u;;;0 "
	       "critical=%u;;;0 unknown=%u;;;0",
	    (unsigned long long)k->c->warning_days,
	    (unsigned long long)k->c->critical_days, counted(k), k->count[FINE],
	    k->count[WARNING], k->count[CRITICAL], k->count[UNKNOWN]);
}

/* Ends the line of a certificate. If there is only one certificate, this line
 * is also the first, so the performance data go here. */
static void
end_line(const struct check *k)
{
	if (is_single(k))
		print_performance(k);
	putchar('\n');
}

static void
print_tenant(const struct check *k, const struct expiry_tenant *t)
{
	char tenant[STR_GUID_LEN];

	str_guid_text(&t->tenant, tenant);
	printf("%s: tenant %.*s", cmd_check_word(cmd_check_grade(k, t)),
	    STR_GUID_LEN, tenant);
	if (t->alias.n > 0) {
		printf(" (");
		cmd_check_put(t->alias);
		putchar(')');
	}
	print_dates(k, t);
	print_fact("serial", t->serial);
	print_fact("topic", t->topic);
	print_fact("Apple ID", t->apple_id);
	end_line(k);
}

static void
print_vendor(const struct check *k, const struct expiry_tenant *t)
{
	printf("%s: vendor certificate", cmd_check_word(cmd_check_grade(k, t)));
	print_dates(k, t);
	end_line(k);
}

/*
 * A monitoring system shows the first line only, so that line sums up the rest.
 */
static void
print_summary(const struct check *k, enum grade grade)
{
	unsigned sum = counted(k);

	if (is_single(k))
		return;
	printf("%s: %u certificates: %u fine, %u warning, %u critical, "
	       "%u unknown",
	    cmd_check_word(grade), sum, k->count[FINE], k->count[WARNING],
	    k->count[CRITICAL], k->count[UNKNOWN]);
	if (k->shared > 0)
		printf(", %zu topic%s in several tenants", k->shared,
		    k->shared == 1 ? "" : "s");
	if (cmd_check_late(k) > 0)
		printf(", %u not delivered", cmd_check_late(k));
	if (cmd_check_is_blind(k))
		printf(", deploy_directory cannot be read");
	if (k->probe != NULL)
		printf(", %u accepted by Apple, %u refused, %u not known",
		    k->probed[FINE] + k->probed[WARNING], k->probed[CRITICAL],
		    k->probed[UNKNOWN]);
	print_performance(k);
	putchar('\n');
}

/* The most tenants of a topic that a line names. */
#define NAMED_MOST 20

/* Prints a line about n tenants with the same topic. */
static void
print_shared(const struct check *k, const struct cmd_topic *topic, size_t n)
{
	char tenant[STR_GUID_LEN];
	struct str alias;
	size_t i;

	printf("%s: topic ", cmd_check_word(WARNING));
	cmd_check_put(str_of(topic->topic));
	printf(" is in %zu tenants: ", n);
	for (i = 0; i < n && i < NAMED_MOST; i++) {
		str_guid_text(&topic[i].tenant, tenant);
		printf("%s%.*s", i > 0 ? ", " : "", STR_GUID_LEN, tenant);
		alias = cmd_names_alias(k->c->names, &topic[i].tenant);
		if (alias.n == 0)
			continue;
		printf(" (");
		cmd_check_put(alias);
		putchar(')');
	}
	if (n > NAMED_MOST)
		printf(" and %zu more", n - NAMED_MOST);
	printf("; all but one have another customer's certificate\n");
}

/* --- the same as JSON ------------------------------------------------- */

static void
json_certificate(
    const struct check *k, const struct expiry_tenant *t, bool vendor)
{
	char id[STR_GUID_LEN];
	struct cmd_json json;
	struct emit *e;

	str_guid_text(&t->tenant, id);
	e = cmd_json_begin(&json);
	emit_name(e, "grade");
	emit_text(e, cmd_check_word(cmd_check_grade(k, t)));
	emit_name(e, "certificate");
	emit_text(e, vendor ? "vendor" : "push");
	emit_name(e, "tenant");
	emit_str(e, vendor ? str_of(NULL) : str_from(id, sizeof(id)));
	cmd_emit_facts(e, t, k->now_at);
	cmd_json_end(&json);
}

static void
json_summary(const struct check *k, enum grade grade)
{
	static const char *const names[GRADES] = { "fine", "warning",
		"critical", "unknown" };
	struct cmd_json json;
	struct emit *e;
	unsigned i;

	e = cmd_json_begin(&json);
	emit_name(e, "grade");
	emit_text(e, cmd_check_word(grade));
	emit_name(e, "certificates");
	emit_u64(e, counted(k));
	for (i = 0; i < GRADES; i++) {
		emit_name(e, names[i]);
		emit_u64(e, k->count[i]);
	}
	if (k->c->config.deploy_directory[0] != '\0') {
		emit_name(e, "notDelivered");
		if (cmd_check_is_blind(k))
			emit_null(e);
		else
			emit_u64(e, cmd_check_late(k));
	}
	if (k->probe != NULL) {
		emit_name(e, "accepted");
		emit_u64(e, k->probed[FINE] + k->probed[WARNING]);
		emit_name(e, "refused");
		emit_u64(e, k->probed[CRITICAL]);
		emit_name(e, "notKnown");
		emit_u64(e, k->probed[UNKNOWN]);
	}
	emit_name(e, "daysLeft");
	if (k->expires)
		emit_i64(e, k->least);
	else
		emit_null(e);
	emit_name(e, "warningDays");
	emit_u64(e, k->c->warning_days);
	emit_name(e, "criticalDays");
	emit_u64(e, k->c->critical_days);
	emit_name(e, "sharedTopics");
	emit_u64(e, k->shared);
	cmd_json_end(&json);
}

/* A line holds CMD_JSON_MAX bytes, which is room for 1,000 tenants. */
#define SHARED_MOST 1000

static void
json_shared(const struct cmd_topic *topic, size_t n)
{
	char tenant[STR_GUID_LEN];
	struct cmd_json json;
	struct emit *e;
	size_t i;

	e = cmd_json_begin(&json);
	emit_name(e, "grade");
	emit_text(e, cmd_check_word(WARNING));
	emit_name(e, "sharedTopic");
	emit_text(e, topic->topic);
	emit_name(e, "count");
	emit_u64(e, n);
	emit_name(e, "tenants");
	emit_array(e);
	for (i = 0; i < n && i < SHARED_MOST; i++) {
		str_guid_text(&topic[i].tenant, tenant);
		emit_str(e, str_from(tenant, sizeof(tenant)));
	}
	emit_end(e);
	cmd_json_end(&json);
}

/* --- either form ------------------------------------------------------ */

void
cmd_check_show_tenant(const struct check *k, const struct expiry_tenant *t)
{
	if (cmd_check_is_json(k))
		json_certificate(k, t, false);
	else
		print_tenant(k, t);
}

void
cmd_check_show_vendor(const struct check *k, const struct expiry_tenant *t)
{
	if (cmd_check_is_json(k))
		json_certificate(k, t, true);
	else
		print_vendor(k, t);
}

void
cmd_check_show_shared(const struct check *k)
{
	size_t i, n;

	for (i = 0; i < k->topics.count; i += n) {
		n = cmd_topics_run(&k->topics, i);
		if (cmd_check_is_json(k))
			json_shared(k->topics.row + i, n);
		else
			print_shared(k, k->topics.row + i, n);
	}
}

void
cmd_check_show_summary(const struct check *k, enum grade grade)
{
	if (cmd_check_is_json(k))
		json_summary(k, grade);
	else
		print_summary(k, grade);
}

int
cmd_check_show_unknown(const struct cmd_call *c, const char *why)
{
	struct cmd_json json;
	struct emit *e;

	if ((c->given & CMD_BIT(OPTION_JSON)) == 0) {
		printf("%s: ", cmd_check_word(UNKNOWN));
		cmd_check_put(str_of(why));
		putchar('\n');
		return UNKNOWN;
	}
	e = cmd_json_begin(&json);
	emit_name(e, "grade");
	emit_text(e, cmd_check_word(UNKNOWN));
	emit_name(e, "reason");
	emit_text(e, why);
	cmd_json_end(&json);
	return UNKNOWN;
}
