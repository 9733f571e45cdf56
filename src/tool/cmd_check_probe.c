/* SPDX-License-Identifier: ISC */
/*
 * cmd_check_probe.c - the part of `check --probe` that asks Apple's push
 * service about each certificate.
 */
#include "tool/cmd_check.h"

#include "tool/probe.h"

/* A tenant without a certificate has a line of its own already. */
static bool
was_probed(const struct probe_result *r)
{
	return r->serial[0] != '\0';
}

enum err
cmd_check_probe(struct check *k, struct probe *probe)
{
	const struct probe_result *r;
	enum err e;

	if ((k->c->given & CMD_BIT(OPTION_PROBE)) == 0)
		return ERR_OK;
	k->probe = probe;
	if ((e = probe_run(k->c, probe, NULL)) != ERR_OK)
		return e;
	for (r = probe->first; r != NULL; r = r->next)
		if (was_probed(r))
			k->probed[r->verdict.grade]++;
	return ERR_OK;
}

void
cmd_check_show_probe(const struct check *k)
{
	const struct probe_result *r;

	for (r = k->probe != NULL ? k->probe->first : NULL; r != NULL;
	     r = r->next) {
		if (!was_probed(r))
			continue;
		if (cmd_check_is_json(k)) {
			probe_show_json(r);
		} else if (r->verdict.grade != APNS_OK) {
			printf("%s: ",
			    cmd_check_word((enum grade)r->verdict.grade));
			probe_show_tenant(r);
			printf(": %s", r->verdict.text);
			probe_show_cause(r);
			putchar('\n');
		}
	}
}
