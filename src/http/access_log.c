/* SPDX-License-Identifier: ISC */
/*
 * access_log.c - writes the one line that each request gets in the log.
 */
#include "http/call.h"

#include <stdio.h>

#include "base/log.h"

void
access_log_put(const struct call *c)
{
	const struct str *var = c->req->var;
	struct str path = var[REQUEST_URI], why = c->who.why;
	enum log_level level = LOG_AT_DEBUG;
	char tenant[STR_GUID_LEN], status[16];
	bool known = c->who.scopes != 0;

	/* An item of a batch has no URI. */
	if (str_is_null(path))
		path = var[REQUEST_PATH_INFO];
	/* A client that requests keys without a pause is refused with
	 * ERR_KEYGEN_BUSY. Its requests are logged like other refusals, because
	 * it must not be able to fill the log with errors. ERR_READ_ONLY is
	 * what the operator wants. */
	if (c->status >= 500 && c->resp->outcome != ERR_KEYGEN_BUSY &&
	    c->resp->outcome != ERR_READ_ONLY)
		level = LOG_AT_ERROR;
	else if (c->status >= 400 || (c->route != NULL && c->route->body))
		level = LOG_AT_INFO;
	if (!log_wants(level))
		return;
	path = routes_logged_path(c, str_cut(&path, '?'));
	if (routes_holds_key(c, why))
		why = str_of("(withheld)");
	snprintf(status, sizeof(status), "%d", c->status);
	str_guid_text(&c->who.tenant, tenant);
	/* The line never contains the query, because people put tokens there.
	 * The maximum lengths of the fields add up to less than LOG_LINE, so no
	 * field pushes another one out of the line. */
	const struct log_field fields[] = {
		{ NULL, var[REQUEST_METHOD], 40, false },
		{ NULL, path, 320, false },
		{ NULL, str_of(status), 16, false },
		{ NULL, str_of(err_info(c->resp->outcome)->code), 48, false },
		{ "tenant", str_from(tenant, known ? STR_GUID_LEN : 0),
		    STR_GUID_LEN, false },
		{ "actor", c->who.actor, 200, false },
		{ "peer", var[REQUEST_REMOTE_ADDR], 80, false },
		{ "request-id", c->ids.request_id, STR_GUID_LEN, false },
		{ "token", why, 120, true },
	};

	log_fields(level, fields, why.n > 0 ? 9 : 8);
}
