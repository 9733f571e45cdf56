/* SPDX-License-Identifier: ISC */
/*
 * skiptoken.h - $skiptoken of the audit events: the place in a tenant's history
 * after which the next page begins. Pure.
 *
 * The token has the number of the last event shown, the order of the list, and
 * a digest over both, the tenant and the time of the event. The server computes
 * the digest again from the tenant of the caller and the event that it finds,
 * so a token of another tenant, of the other order, of an event that is gone,
 * or with a changed byte is refused. The digest has no secret: a caller can
 * compute a token only for an event whose time it knows, and with the token it
 * reads nothing but its own tenant's events, because the tenant never comes
 * from the token.
 */
#ifndef PUSHCERT_SKIPTOKEN_H
#define PUSHCERT_SKIPTOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "format/datetime.h"

/* 26 bytes in base64url. */
#define SKIPTOKEN_LEN 35

struct skiptoken {
	struct guid tenant;
	bool ascending; /* the oldest event first */
	uint64_t number; /* of the last event shown */
	struct instant when;
};

void skiptoken_make(const struct skiptoken *t, char out[SKIPTOKEN_LEN]);
/* Reads the number and the order; false if the text has not the form of a
 * token. */
bool skiptoken_read(struct str text, struct skiptoken *out);
/* Whether the text is exactly the token of this place. */
bool skiptoken_is(struct str text, const struct skiptoken *t);

#endif
