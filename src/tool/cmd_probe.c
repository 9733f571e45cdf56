/* SPDX-License-Identifier: ISC */
/*
 * cmd_probe.c - asks Apple's push service whether it accepts the certificates.
 * The output and the exit status are those of a monitoring plug-in.
 */
#include "tool/cmd_call.h"

#include <stdio.h>

#include "tool/cmd_check.h"
#include "tool/cmd_output.h"
#include "tool/probe.h"

_Static_assert((int)FINE == APNS_OK && (int)WARNING == APNS_WARNING &&
	(int)CRITICAL == APNS_CRITICAL && (int)UNKNOWN == APNS_UNKNOWN,
    "a grade of APNs is one of check");

static enum grade
worst(const struct probe *p)
{
	return p->count[APNS_CRITICAL] > 0 ? CRITICAL
	    : p->count[APNS_WARNING] > 0   ? WARNING
	    : p->count[APNS_UNKNOWN] > 0   ? UNKNOWN
	    : p->count[APNS_OK] > 0        ? FINE
					   : UNKNOWN;
}

static void
show_lines(const struct probe *p, enum grade grade)
{
	const struct probe_result *r;

	if (p->first == NULL)
		printf("%s: no tenant has a push certificate\n",
		    cmd_check_word(grade));
	else if (p->first->next != NULL)
		printf("%s: %u certificates accepted, %u with a warning, "
		       "%u refused, %u unknown\n",
		    cmd_check_word(grade), p->count[APNS_OK],
		    p->count[APNS_WARNING], p->count[APNS_CRITICAL],
		    p->count[APNS_UNKNOWN]);
	for (r = p->first; r != NULL; r = r->next) {
		printf("%s: ", cmd_check_word((enum grade)r->verdict.grade));
		probe_show_tenant(r);
		printf(": %s", r->verdict.text);
		probe_show_cause(r);
		if (r->serial[0] != '\0') {
			printf(", serial ");
			cmd_check_put(str_of(r->serial));
		}
		putchar('\n');
	}
	printf("A probe does not prove that devices have this topic, nor that "
	       "the MDM server uses this certificate; 'pushcert deploy list' "
	       "shows the latter.\n");
}

/* Prints each verdict at once, because the next one may take a while. */
static void
show_json(struct cmd_call *c, const struct probe_result *r)
{
	(void)c;
	probe_show_json(r);
	fflush(stdout);
}

static int
fail(const struct cmd_call *c)
{
	return cmd_check_show_unknown(c, "the probe could not run");
}

int
cmd_probe(struct cmd_call *c)
{
	bool json = (c->given & CMD_BIT(OPTION_JSON)) != 0;
	const char *wrong = probe_misused(c);
	enum grade grade = UNKNOWN;
	struct probe p;
	enum err e;

	if (wrong != NULL)
		return cmd_usage(c, "%s", wrong);
	if (cmd_begin_reading(c) != ERR_OK || cmd_need_arena(c) != ERR_OK)
		return fail(c);
	e = cmd_spool_end(c);
	if (e == ERR_OK)
		e = probe_run(c, &p, json ? show_json : NULL);
	else
		p = (struct probe){ .c = c };
	if (e == ERR_OK) {
		grade = worst(&p);
		if (!json)
			show_lines(&p, grade);
	}
	probe_end(&p);
	return e == ERR_OK ? (int)grade : fail(c);
}
