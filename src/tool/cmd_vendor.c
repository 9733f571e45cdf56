/* SPDX-License-Identifier: ISC */
/*
 * cmd_vendor.c - when the MDM vendor's certificates end. Without them no
 * request can be signed, and no push certificate renewed.
 */
#include "tool/cmd_call.h"

#include "tool/cmd_output.h"

bool
cmd_vendor_expiry(struct cmd_call *c, struct expiry *out)
{
	char message[CONFIG_TEXT_MAX];
	struct secrets s;

	*out = (struct expiry){ .expires = false };
	if (c->config.vendor_certificate[0] == '\0')
		return false;
	if (secret_load(&c->config, &s, message) != ERR_OK)
		cmd_error(c, "%s", message);
	else
		*out = expiry_of_chain(str_of(s.vendor_chain), &c->arena);
	secret_wipe(&s);
	return true;
}
