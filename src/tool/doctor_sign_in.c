/* SPDX-License-Identifier: ISC */
/*
 * doctor_sign_in.c - checks whether the ways to sign in to the pages that the
 * operator has configured can work.
 */
#include "tool/doctor_checks.h"

#include "base/str.h"
#include "tool/cmd_call.h"
#include "tool/doctor_report.h"

/* The application of Microsoft Graph itself, for which no provider makes
 * tokens for us. */
#define GRAPH "00000003-0000-0000-c000-000000000000"

static void
check_provider(struct doctor *d)
{
	const struct config *c = &d->call->config;

	if (c->key_file[0] == '\0')
		doctor_finding(d, "Set key_file; pushcert init makes the file.",
		    "sso_uri: the sign-in needs a key_file to seal its cookies");
	if (c->jwks_file[0] == '\0')
		doctor_finding(d,
		    "Set jwks_file, and give the provider's key set to "
		    "pushcert jwks import.",
		    "sso_uri: the sign-in needs the keys of the provider");
	if (str_is(str_of(c->client_id), GRAPH))
		doctor_finding(d,
		    "Register this service at the provider, and set client_id "
		    "to the id that it gets there.",
		    "sso_uri: client_id is that of Microsoft Graph");
	if (str_starts(str_of(c->base_url), "http:"))
		doctor_finding(d, "Use https, and correct base_url.",
		    "sso_uri: browsers keep the cookie of the sign-in only "
		    "over https, and base_url is not https");
}

void
doctor_check_sign_in(struct doctor *d)
{
	const struct config *c = &d->call->config;

	if (!c->pages)
		return;
	if (c->sso_uri[0] != '\0')
		check_provider(d);
	if (c->operator[0] != '\0' && c->jwks_file[0] == '\0')
		doctor_finding(d, "Set jwks_file, or remove operator.",
		    "operator: no signed token is accepted, so no caller has an "
		    "object id");
	if (c->key_file[0] == '\0')
		doctor_note(d,
		    "Set key_file, or let the web server sign people in: see "
		    "pushcert-pages(7).",
		    "key_file is not set, so no token can sign in to the pages");
}
