/* SPDX-License-Identifier: ISC */
/*
 * deploy_show.c - the state of the targets as text, as JSON and as metrics.
 */
#include "tool/deploy_show.h"

#include <stdlib.h>

#include "format/datetime.h"
#include "tool/cmd_call.h"
#include "tool/cmd_json.h"
#include "tool/cmd_output.h"

static void
emit_at(struct emit *e, const char *name, int64_t at)
{
	char text[DATETIME_SECONDS_LEN + 1];

	emit_name(e, name);
	datetime_seconds(at, text);
	text[DATETIME_SECONDS_LEN] = 'Z';
	emit_str(e, at != 0 ? str_from(text, sizeof(text)) : str_of(NULL));
}

void
deploy_show_json(const struct deploy_view *v)
{
	char tenant[STR_GUID_LEN];
	struct cmd_json json;
	struct emit *e;

	str_guid_text(&v->certificate->tenant, tenant);
	e = cmd_json_begin(&json);
	emit_name(e, "tenant");
	emit_str(e, str_from(tenant, sizeof(tenant)));
	emit_name(e, "alias");
	emit_str(e, v->certificate->alias);
	emit_name(e, "target");
	emit_text(e, v->target->name);
	emit_name(e, "state");
	emit_text(e, deploy_state_word(v->state));
	emit_name(e, "fingerprint");
	emit_str(e, v->row.fingerprint);
	emit_at(e, "takenAt", v->row.taken_at);
	emit_name(e, "tries");
	emit_u64(e, v->tries);
	emit_name(e, "lastExit");
	if (v->tries > 0)
		emit_u64(e, v->row.last_exit);
	else
		emit_null(e);
	emit_at(
	    e, "nextTry", v->state == DEPLOY_HAS_FAILED ? v->row.next_at : 0);
	cmd_json_end(&json);
}

void
deploy_show_tenant(const struct deploy_view *v)
{
	char tenant[STR_GUID_LEN];

	str_guid_text(&v->certificate->tenant, tenant);
	printf("tenant %.*s", STR_GUID_LEN, tenant);
	if (v->certificate->alias.n == 0)
		return;
	printf(" (");
	cmd_print_word(v->certificate->alias);
	putchar(')');
}

void
deploy_show_tries(const struct deploy_view *v)
{
	if (v->tries == 0)
		printf(" (not tried yet)");
	else
		printf(" (tried %llu time%s, last exit %llu)",
		    (unsigned long long)v->tries, v->tries == 1 ? "" : "s",
		    (unsigned long long)v->row.last_exit);
}

/* --- metrics ---------------------------------------------------------- */

struct page {
	FILE *pending, *taken;
};

static enum err
add_sample(const struct deploy_view *v, void *arg)
{
	const struct page *p = arg;
	char tenant[STR_GUID_LEN];

	str_guid_text(&v->certificate->tenant, tenant);
	fprintf(p->pending,
	    "pushcert_deploy_pending{tenant=\"%.*s\",target=\"%s\"} %d\n",
	    STR_GUID_LEN, tenant, v->target->name,
	    v->certificate->valid &&
		(v->state == DEPLOY_IS_PENDING ||
		    v->state == DEPLOY_HAS_FAILED));
	if (v->row.taken_at != 0)
		fprintf(p->taken,
		    "pushcert_deploy_last_success_timestamp_seconds{"
		    "tenant=\"%.*s\",target=\"%s\"} %lld\n",
		    STR_GUID_LEN, tenant, v->target->name,
		    (long long)v->row.taken_at);
	return ERR_OK;
}

static enum err
write_page(struct cmd_call *c, struct page *p)
{
	struct deploy_walk w = { .visit = add_sample, .arg = p };
	enum err e = deploy_state_begin(c, &w);

	fprintf(p->pending,
	    "# HELP pushcert_deploy_pending Whether the target still has to "
	    "take the tenant's certificate.\n"
	    "# TYPE pushcert_deploy_pending gauge\n");
	fprintf(p->taken,
	    "# HELP pushcert_deploy_last_success_timestamp_seconds When the "
	    "target last took a certificate of the tenant.\n"
	    "# TYPE pushcert_deploy_last_success_timestamp_seconds gauge\n");
	if (e == ERR_OK)
		e = cmd_each_tenant(c, deploy_state_tenant, &w);
	deploy_state_end(&w);
	return e;
}

enum err
deploy_show_metrics(struct cmd_call *c, FILE *out)
{
	struct page p = { .pending = out };
	char *text = NULL;
	size_t n = 0;
	enum err e;

	if (c->config.deploy_directory[0] == '\0')
		return ERR_OK;
	if ((p.taken = open_memstream(&text, &n)) == NULL)
		return ERR_MEMORY;
	e = write_page(c, &p);
	if (fclose(p.taken) != 0 && e == ERR_OK)
		e = ERR_MEMORY;
	if (e == ERR_OK)
		fwrite(text, 1, n, out);
	free(text);
	return e;
}
