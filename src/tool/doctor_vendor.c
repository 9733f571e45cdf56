/* SPDX-License-Identifier: ISC */
/*
 * doctor_vendor.c - checks whether a request for Apple's portal could be signed
 * today, and until when.
 */
#include "tool/doctor_checks.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "format/datetime.h"
#include "format/x509_make.h"
#include "state/trust.h"
#include "tool/cmd_call.h"
#include "tool/doctor_report.h"

static void
check_command(struct doctor *d, const char *program)
{
	struct trust_fault fault;

	if (program[0] != '/')
		doctor_finding(d, "Give its absolute path.",
		    "vendor_command: '%s' is not an absolute path", program);
	else if (access(program, X_OK) != 0)
		doctor_finding(d,
		    "Install the program, make it executable for this user, or "
		    "correct vendor_command.",
		    "%s: %s", program, strerror(errno));
	else if (trust_file(program, &fault) != ERR_OK)
		doctor_finding(d, fault.cure, "%s", fault.what);
}

static void
check_end(struct doctor *d, const struct secrets *s)
{
	struct cmd_call *c = d->call;
	struct expiry x = expiry_of_chain(str_of(s->vendor_chain), &c->arena);
	char day[DATETIME_SECONDS_LEN];

	if (expiry_status(&x, cmd_now_at(), EXPIRY_DAYS) != EXPIRY_EXPIRING)
		return;
	datetime_seconds(x.expires_at, day);
	doctor_finding(d,
	    "Renew it at Apple's developer site: after that day no request can "
	    "be signed.",
	    "vendor_certificate: a certificate of its chain ends on %.10s",
	    day);
}

/* Signs a text as if it were a request, because that needs all of the files. */
static void
check_files(struct doctor *d, const struct secrets *s)
{
	const struct x509_vendor vendor = { .chain = str_of(s->vendor_chain),
		.key = str_of(s->vendor_key),
		.now_at = cmd_now_at() };
	struct str text, what = { NULL, 0 };
	enum err e = x509_vendor_request(
	    str_of("doctor"), &vendor, &d->call->arena, &text, &what);

	if (e == ERR_OK)
		check_end(d, s);
	else if (e == ERR_CONFIG)
		doctor_finding(d,
		    "Correct vendor_certificate and vendor_key; until then no "
		    "request can be signed.",
		    "%.*s", STR_ARG(what));
}

void
doctor_check_vendor(struct doctor *d)
{
	const struct config *c = &d->call->config;
	char message[CONFIG_TEXT_MAX];
	struct secrets s;

	if (c->vendor_command[0] != '\0')
		check_command(d, c->vendor_command);
	if (c->vendor_certificate[0] == '\0' ||
	    cmd_need_arena(d->call) != ERR_OK)
		return;
	/* The check of the secrets reports a file that cannot be read. */
	if (secret_load(c, &s, message) == ERR_OK && s.is_vendor)
		check_files(d, &s);
	secret_wipe(&s);
	cmd_drop_arena(d->call);
}
