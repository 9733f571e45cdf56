/* SPDX-License-Identifier: ISC */
/*
 * cmd_check.c - a plug-in for Nagios and compatible monitoring systems: it
 * prints a line for each certificate and returns the exit status that such
 * systems define. Every failure is status 3, unknown, because nothing is being
 * monitored then. That includes wrong usage.
 *
 * While a hook runs, its standard output goes to standard error. If the hook
 * prints a text from a client, that text could otherwise be taken for
 * performance data.
 */
#include "tool/cmd_check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/datetime.h"
#include "tool/cmd_output.h"
#include "tool/probe.h"

/* The stages of an expiring certificate, in the order in which it passes
 * through them. The hook runs once for each stage. The store keeps these
 * numbers, so they must not change. */
enum level { NOT_YET, AT_WARNING, AT_CRITICAL, AT_END };

/* A hook that has to run. Hooks run after the transaction has ended, because a
 * hook may take any time. */
struct due {
	struct due *next;
	const char *event; /* which certificate expires */
	struct guid tenant; /* zeros: the vendor's */
	enum expiry_status status;
	enum level level;
	int64_t days;
	int64_t expires_at;
	char *alias, *owner, *contact, *notes, *apple_id, *topic, *serial;
	char *expires; /* as in the record; the notice stores it */
};

/* The values of PUSHCERT_EVENT. */
static const char of_tenant[] = "certificate", of_vendor[] = "vendor";

/* Counts a certificate, in the first of the two passes. */
static void
count(struct check *k, const struct expiry_tenant *t)
{
	int64_t left = expiry_days(&t->expiry, k->now_at);

	k->count[cmd_check_grade(k, t)]++;
	if (t->expiry.expires && (!k->expires || left < k->least))
		k->least = left;
	k->expires = k->expires || t->expiry.expires;
}

/* --- the hook --------------------------------------------------------- */

static enum level
level_of(const struct check *k, const struct expiry_tenant *t)
{
	if (t->status == EXPIRY_EXPIRED)
		return AT_END;
	if (t->status != EXPIRY_EXPIRING)
		return NOT_YET;
	return cmd_check_grade(k, t) == CRITICAL ? AT_CRITICAL : AT_WARNING;
}

/* Finds the last level for which the hook has run for this certificate. A
 * notice about another certificate (serial or date differ) does not count. */
static enum err
last_level(struct txn *tx, const struct expiry_tenant *t, struct str expires,
    uint64_t *level)
{
	struct notice n = { .level = NOT_YET };
	enum err e;

	*level = NOT_YET;
	if ((e = store_notice(tx, &t->tenant, &n)) != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (str_eq(n.serial, t->serial) && str_eq(n.expires, expires))
		*level = n.level;
	return ERR_OK;
}

static char *
text_of(struct str s)
{
	return strndup(s.n > 0 ? s.p : "", s.n);
}

static void
free_due(struct due *d)
{
	free(d->alias);
	free(d->owner);
	free(d->contact);
	free(d->notes);
	free(d->apple_id);
	free(d->topic);
	free(d->serial);
	free(d->expires);
	free(d);
}

static enum err
add_due(struct check *k, const struct expiry_tenant *t, struct str expires,
    const char *event)
{
	struct due *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return ERR_MEMORY;
	d->event = event;
	d->tenant = t->tenant;
	d->status = t->status;
	d->level = level_of(k, t);
	d->days = expiry_days(&t->expiry, k->now_at);
	d->expires_at = t->expiry.expires_at;
	d->alias = text_of(t->alias);
	d->owner = text_of(t->owner);
	d->contact = text_of(t->contact);
	d->notes = text_of(t->notes);
	d->apple_id = text_of(t->apple_id);
	d->topic = text_of(t->topic);
	d->serial = text_of(t->serial);
	d->expires = text_of(expires);
	if (d->alias == NULL || d->owner == NULL || d->contact == NULL ||
	    d->notes == NULL || d->apple_id == NULL || d->topic == NULL ||
	    d->serial == NULL || d->expires == NULL) {
		free_due(d);
		return ERR_MEMORY;
	}
	d->next = k->due;
	k->due = d;
	return ERR_OK;
}

static enum err
add_if_due(struct check *k, const struct expiry_tenant *t, struct str expires,
    const char *event)
{
	enum level level = level_of(k, t);
	uint64_t before;
	enum err e;

	if (k->c->value[OPTION_HOOK] == NULL || level == NOT_YET)
		return ERR_OK;
	if ((e = last_level(k->c->reader, t, expires, &before)) != ERR_OK)
		return e;
	return before < level ? add_due(k, t, expires, event) : ERR_OK;
}

static enum err
put_notice(struct txn *tx, void *arg)
{
	const struct due *d = arg;
	struct notice n = { .serial = str_of(d->serial),
		.expires = str_of(d->expires),
		.level = d->level };

	return store_notice_put(tx, &d->tenant, &n);
}

static bool
run_hook(const struct due *d, const char *command)
{
	char tenant[STR_GUID_LEN + 1] = "", days[32];
	char until[DATETIME_SECONDS_LEN + 2] = "";
	const char *const facts[][2] = {
		{ "PUSHCERT_EVENT", d->event },
		{ "PUSHCERT_TENANT", tenant },
		{ "PUSHCERT_ALIAS", d->alias },
		{ "PUSHCERT_OWNER", d->owner },
		{ "PUSHCERT_CONTACT", d->contact },
		{ "PUSHCERT_NOTES", d->notes },
		{ "PUSHCERT_STATUS", expiry_word(d->status) },
		{ "PUSHCERT_DAYS", days },
		{ "PUSHCERT_TOPIC", d->topic },
		{ "PUSHCERT_SERIAL", d->serial },
		{ "PUSHCERT_APPLE_ID", d->apple_id },
		{ "PUSHCERT_EXPIRES", until },
	};
	size_t i;

	if (d->event != of_vendor)
		str_guid_text(&d->tenant, tenant);
	snprintf(days, sizeof(days), "%lld", (long long)d->days);
	datetime_seconds(d->expires_at, until);
	/* cppcheck-suppress unreadVariable ; run_hook reads it through facts */
	until[DATETIME_SECONDS_LEN] = 'Z';
	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (setenv(facts[i][0], facts[i][1], 1) != 0)
			return false;
	if (!cmd_keep_files())
		return false;
	/* The administrator wrote the command. NOLINTNEXTLINE(cert-env33-c) */
	return system(command) == 0;
}

/* Runs the hooks that are due, and remembers each hook that succeeded. A hook
 * that fails runs again at the next check. Returns false if anything failed. */
static bool
run_due(struct check *k)
{
	const char *command = k->c->value[OPTION_HOOK];
	struct due *d, *next;
	bool well = true;

	for (d = k->due; d != NULL; d = next) {
		next = d->next;
		if (!run_hook(d, command)) {
			cmd_error(k->c,
			    "--hook: the command failed; it runs again at the next check");
			well = false;
		} else if (store_update(k->c->store, put_notice, d) != ERR_OK) {
			cmd_error(k->c,
			    "the store did not record that the hook ran; it runs again "
			    "at the next check");
			well = false;
		}
		free_due(d);
	}
	k->due = NULL;
	return well;
}

/* Runs the hooks with standard output redirected to standard error, because a
 * hook that prints a client's text could otherwise forge performance data. */
static bool
run_hooks(struct check *k)
{
	int out;
	bool well;

	if (k->due == NULL)
		return true;
	fflush(stdout);
	out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return false;
	well = run_due(k);
	dup2(out, STDOUT_FILENO);
	close(out);
	return well;
}

/* --- the walk --------------------------------------------------------- */

static enum err
visit(const struct guid *tenant, const struct record *r, void *arg)
{
	struct check *k = arg;
	struct expiry_tenant t = cmd_facts(k->c, tenant, r, k->now_at);

	if (!k->print) {
		count(k, &t);
		return cmd_topics_add(&k->topics, tenant, r);
	}
	cmd_check_show_tenant(k, &t);
	return t.status == EXPIRY_NONE
	    ? ERR_OK
	    : add_if_due(k, &t, r->value[RECORD_EXPIRES], of_tenant);
}

/* Includes the vendor certificate, which signs the requests: without it no push
 * certificate can be renewed. */
static enum err
visit_vendor(struct check *k)
{
	struct expiry_tenant t = { .status = EXPIRY_NONE };
	char until[DATETIME_SECONDS_LEN];

	if (!cmd_vendor_expiry(k->c, &t.expiry))
		return ERR_OK;
	t.status = expiry_status(&t.expiry, k->now_at, k->c->warning_days);
	if (!k->print) {
		count(k, &t);
		return ERR_OK;
	}
	cmd_check_show_vendor(k, &t);
	if (!t.expiry.expires)
		return ERR_OK;
	datetime_seconds(t.expiry.expires_at, until);
	return add_if_due(k, &t, str_from(until, sizeof(until)), of_vendor);
}

static enum err
walk(struct check *k)
{
	enum err e = cmd_each_tenant(k->c, visit, k);

	if (e == ERR_OK)
		e = visit_vendor(k);
	return e == ERR_OK ? cmd_check_deploy(k) : e;
}

static enum grade
worst(const struct check *k)
{
	static const enum grade order[] = { CRITICAL, WARNING, UNKNOWN, FINE };
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (k->count[order[i]] + k->late[order[i]] +
			    k->probed[order[i]] >
			0 ||
		    (order[i] == WARNING && k->shared > 0))
			return order[i];
	return UNKNOWN;
}

/* A monitoring system shows only the exit status and the first line of standard
 * output, so the reason of a failure is printed there. */
int
cmd_check_misused(const char *why)
{
	const struct cmd_call none = { .given = 0 };

	return cmd_check_show_unknown(&none, why);
}

static int
fail_check(const struct cmd_call *c)
{
	return cmd_check_show_unknown(c, "the store cannot be read");
}

/* Counts, and prints everything. */
static enum err
report(struct check *k, enum grade *grade)
{
	enum err e = walk(k);

	if (e != ERR_OK)
		return e;
	k->shared = cmd_topics_keep_shared(&k->topics);
	*grade = worst(k);
	cmd_check_show_summary(k, *grade);
	k->print = true;
	e = walk(k);
	cmd_check_show_probe(k);
	cmd_check_show_shared(k);
	return e;
}

static int
check(struct check *k)
{
	struct probe probe = { .c = k->c };
	enum grade grade = UNKNOWN;
	enum err e = cmd_check_probe(k, &probe);
	bool asked = e == ERR_OK;

	if (asked)
		e = report(k, &grade);
	if (e != ERR_OK && asked)
		(void)cmd_fail(k->c, e, cmd_place(k->c));
	/* This prints its own reason, which is not one of the store. */
	if (cmd_end_reading(k->c) != ERR_OK && e == ERR_OK)
		e = ERR_FILE;
	if (e != ERR_OK && !k->print)
		(void)fail_check(k->c);
	probe_end(&probe);
	cmd_topics_free(&k->topics);
	/* A hook that fails makes the result unknown, unless it is worse
	 * already. */
	if (!run_hooks(k)) {
		k->count[UNKNOWN]++;
		grade = worst(k);
	}
	return e == ERR_OK ? (int)grade : UNKNOWN;
}

/* Returns why the options do not fit together, or NULL. */
static const char *
misused(const struct cmd_call *c)
{
	if ((c->given & CMD_BIT(OPTION_PROBE)) == 0 &&
	    (c->given & (CMD_BIT(OPTION_URL) | CMD_BIT(OPTION_CA))) != 0)
		return "--url and --ca are for --probe; add --probe";
	if (c->critical_days > c->warning_days)
		return "--critical must not be more than --warning";
	return probe_misused(c);
}

int
cmd_check(struct cmd_call *c)
{
	struct check k = { .c = c, .now_at = cmd_now_at() };
	const char *wrong;

	if ((c->given & CMD_BIT(OPTION_CRITICAL)) == 0 &&
	    c->critical_days > c->warning_days)
		c->critical_days = c->warning_days;
	if ((wrong = misused(c)) != NULL)
		return cmd_usage(c, "%s", wrong);
	if (cmd_begin_reading(c) != ERR_OK || cmd_need_arena(c) != ERR_OK)
		return fail_check(c);
	return check(&k);
}
