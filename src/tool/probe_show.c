/* SPDX-License-Identifier: ISC */
/*
 * probe_show.c - prints the verdicts of probes as text and as JSON.
 */
#include "tool/probe.h"

#include "format/emit.h"
#include "tool/cmd_check.h"
#include "tool/cmd_json.h"

void
probe_show_tenant(const struct probe_result *r)
{
	char tenant[STR_GUID_LEN];

	str_guid_text(&r->tenant, tenant);
	printf("tenant %.*s", STR_GUID_LEN, tenant);
	if (r->alias[0] == '\0')
		return;
	printf(" (");
	cmd_check_put(str_of(r->alias));
	putchar(')');
}

void
probe_show_cause(const struct probe_result *r)
{
	const struct apns_verdict *v = &r->verdict;

	if (v->alert != 0)
		printf(" (TLS alert %u, %s)", v->alert, v->alert_name);
	else if (v->curl != 0) {
		printf(" (curl %d: ", v->curl);
		cmd_check_put(
		    str_of(v->words[0] != '\0' ? v->words : "no message"));
		putchar(')');
	} else if (v->status != 0) {
		printf(" (%u%s%s)", v->status, v->reason[0] != '\0' ? " " : "",
		    v->reason);
	}
}

static void
emit_number(struct emit *e, const char *name, unsigned number)
{
	emit_name(e, name);
	if (number != 0)
		emit_u64(e, number);
	else
		emit_null(e);
}

static void
emit_word(struct emit *e, const char *name, const char *word)
{
	emit_name(e, name);
	emit_str(e, str_of(word[0] != '\0' ? word : NULL));
}

void
probe_show_json(const struct probe_result *r)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL",
		"UNKNOWN" };
	const struct apns_verdict *v = &r->verdict;
	char tenant[STR_GUID_LEN];
	struct cmd_json json;
	struct emit *e = cmd_json_begin(&json);

	str_guid_text(&r->tenant, tenant);
	emit_name(e, "grade");
	emit_text(e, words[v->grade]);
	emit_name(e, "tenant");
	emit_str(e, str_from(tenant, sizeof(tenant)));
	emit_word(e, "alias", r->alias);
	emit_word(e, "topic", r->topic);
	emit_word(e, "serial", r->serial);
	emit_name(e, "probe");
	emit_text(e, v->text);
	emit_number(e, "status", v->status);
	emit_word(e, "reason", v->reason);
	emit_number(e, "alert", v->alert);
	emit_number(e, "curl", (unsigned)v->curl);
	emit_word(e, "message", v->words);
	cmd_json_end(&json);
}
