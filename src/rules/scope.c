/* SPDX-License-Identifier: ISC */
/*
 * scope.c - the names of Microsoft Graph's permissions.
 */
#include "rules/scope.h"

#include <stddef.h>

static const struct {
	uint32_t scope;
	const char *name;
} scopes[] = {
	{ AUTH_SERVICE_CONFIG_READ, "DeviceManagementServiceConfig.Read.All" },
	{ AUTH_SERVICE_CONFIG_WRITE,
	    "DeviceManagementServiceConfig.ReadWrite.All" },
	{ AUTH_CONFIGURATION_READ, "DeviceManagementConfiguration.Read.All" },
	{ AUTH_CONFIGURATION_WRITE,
	    "DeviceManagementConfiguration.ReadWrite.All" },
	{ AUTH_DEVICES_READ, "DeviceManagementManagedDevices.Read.All" },
	{ AUTH_DEVICES_WRITE, "DeviceManagementManagedDevices.ReadWrite.All" },
	{ AUTH_APPS_READ, "DeviceManagementApps.Read.All" },
	{ AUTH_APPS_WRITE, "DeviceManagementApps.ReadWrite.All" },
	{ AUTH_RBAC_READ, "DeviceManagementRBAC.Read.All" },
	{ AUTH_RBAC_WRITE, "DeviceManagementRBAC.ReadWrite.All" },
	{ AUTH_ALL_TENANTS, "pushcert.AllTenants" },
};

#define SCOPES (sizeof(scopes) / sizeof(scopes[0]))

uint32_t
auth_scope(struct str name)
{
	size_t i;

	for (i = 0; i < SCOPES; i++)
		if (str_is(name, scopes[i].name))
			return scopes[i].scope & AUTH_ALL;
	return 0;
}

void
auth_scope_names(uint32_t set, const char *between, struct buf *out)
{
	const char *before = "";
	size_t i;

	for (i = 0; i < SCOPES; i++) {
		if ((set & scopes[i].scope) == 0)
			continue;
		buf_text(out, before);
		buf_text(out, scopes[i].name);
		before = between;
	}
}
