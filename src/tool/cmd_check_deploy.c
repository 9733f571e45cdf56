/* SPDX-License-Identifier: ISC */
/*
 * cmd_check_deploy.c - the part of `check` that reports certificates that a
 * target of `deploy` has not taken.
 */
#include "tool/cmd_check.h"

#include "format/emit.h"
#include "format/expiry.h"
#include "tool/cmd_json.h"
#include "tool/deploy_show.h"
#include "tool/deploy_state.h"

/* Seconds that a delivery may take without a warning. */
#define GRACE 3600

/* Days until the end of the certificate that the target uses. */
static int64_t
days_left(const struct check *k, const struct deploy_view *v)
{
	const struct expiry x = { .expires = true,
		.expires_at = v->row.expires_at };

	return expiry_days(&x, k->now_at);
}

static bool
has_former(const struct deploy_view *v)
{
	return v->row.taken_at != 0 && !v->row.skipped;
}

/* FINE: the target has taken the certificate, or still has time. */
static enum grade
grade_of(const struct check *k, const struct deploy_view *v)
{
	if (!v->certificate->valid || v->state == DEPLOY_IS_TAKEN ||
	    v->state == DEPLOY_IS_SKIPPED)
		return FINE;
	if (has_former(v) && days_left(k, v) < (int64_t)k->c->critical_days)
		return CRITICAL;
	return k->now_at - v->since_at > GRACE ? WARNING : FINE;
}

static void
print_late(const struct check *k, const struct deploy_view *v, enum grade grade)
{
	printf("%s: ", cmd_check_word(grade));
	deploy_show_tenant(v);
	printf(": %s ", v->target->name);
	if (has_former(v)) {
		printf("still has serial ");
		cmd_check_put(v->row.serial);
		if (v->row.expires_at <= k->now_at)
			printf(", which has expired");
		else
			printf(", which expires in %lld days",
			    (long long)days_left(k, v));
	} else {
		printf("has not taken serial ");
		cmd_check_put(v->certificate->serial);
	}
	deploy_show_tries(v);
	putchar('\n');
}

static void
json_late(const struct deploy_view *v, enum grade grade)
{
	char tenant[STR_GUID_LEN];
	struct cmd_json json;
	struct emit *e = cmd_json_begin(&json);

	str_guid_text(&v->certificate->tenant, tenant);
	emit_name(e, "grade");
	emit_text(e, cmd_check_word(grade));
	emit_name(e, "delivery");
	emit_text(e, v->target->name);
	emit_name(e, "tenant");
	emit_str(e, str_from(tenant, sizeof(tenant)));
	emit_name(e, "serial");
	emit_str(e, has_former(v) ? v->row.serial : str_of(NULL));
	emit_name(e, "tries");
	emit_u64(e, v->tries);
	cmd_json_end(&json);
}

static enum err
visit_target(const struct deploy_view *v, void *arg)
{
	struct check *k = arg;
	enum grade grade = grade_of(k, v);

	if (grade == FINE)
		return ERR_OK;
	if (!k->print)
		k->late[grade]++;
	else if (cmd_check_is_json(k))
		json_late(v, grade);
	else
		print_late(k, v, grade);
	return ERR_OK;
}

unsigned
cmd_check_late(const struct check *k)
{
	return k->late[WARNING] + k->late[CRITICAL];
}

bool
cmd_check_is_blind(const struct check *k)
{
	return k->late[UNKNOWN] > 0;
}

enum err
cmd_check_deploy(struct check *k)
{
	struct deploy_walk w = { .visit = visit_target, .arg = k };
	enum err e = ERR_OK;

	if (k->c->config.deploy_directory[0] == '\0')
		return ERR_OK;
	if (cmd_check_is_blind(k)) {
		(void)cmd_check_show_unknown(
		    k->c, "deploy_directory cannot be read");
		return ERR_OK;
	}
	if (k->print && cmd_check_late(k) == 0)
		return ERR_OK;
	if (deploy_state_begin(k->c, &w) == ERR_OK)
		e = cmd_each_tenant(k->c, deploy_state_tenant, &w);
	else
		k->late[UNKNOWN]++;
	deploy_state_end(&w);
	return e;
}
