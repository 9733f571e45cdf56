/* SPDX-License-Identifier: ISC */
/*
 * scope.h - the permissions of Microsoft Graph that a token may grant, and the
 * one of our own.
 */
#ifndef PUSHCERT_SCOPE_H
#define PUSHCERT_SCOPE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Graph's permissions. A set of them is a combination of these bits. */
enum auth_scope {
	AUTH_SERVICE_CONFIG_READ = 1 << 0,
	AUTH_SERVICE_CONFIG_WRITE = 1 << 1,
	AUTH_CONFIGURATION_READ = 1 << 2,
	AUTH_CONFIGURATION_WRITE = 1 << 3,
	AUTH_DEVICES_READ = 1 << 4,
	AUTH_DEVICES_WRITE = 1 << 5,
	AUTH_APPS_READ = 1 << 6,
	AUTH_APPS_WRITE = 1 << 7,
	AUTH_RBAC_READ = 1 << 8,
	AUTH_RBAC_WRITE = 1 << 9,
	AUTH_ALL = (1 << 10) - 1,
	/* Our own: the token is a provider's and has no tenant. It names one in
	 * each request for a page, and the API refuses it. It can be had only
	 * by `token create --all-tenants`, so auth_scope does not know its
	 * name. */
	AUTH_ALL_TENANTS = 1 << 10
};

/* Bytes of the names of all permissions, separated by at most four bytes. */
#define AUTH_NAMES_MAX 512

/* Graph's permission with this name, or 0 if the name is unknown. */
uint32_t auth_scope(struct str name);
/* Appends the names of a set, separated by `between`. */
void auth_scope_names(uint32_t set, const char *between, struct buf *out);

#endif
