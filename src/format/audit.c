/* SPDX-License-Identifier: ISC */
/*
 * audit.c - the tables of names, and the id of an event: a0d17e00, 16 bits of
 * the number, two constant groups, and 48 bits of the number.
 */
#include "format/audit.h"

#include <string.h>

static const struct filter_path paths[AUDIT_PATHS] = {
	[AUDIT_ID] = { NULL, "id", FILTER_TEXT },
	[AUDIT_DISPLAY_NAME] = { NULL, "displayName", FILTER_TEXT },
	[AUDIT_COMPONENT] = { NULL, "componentName", FILTER_TEXT },
	[AUDIT_ACTIVITY] = { NULL, "activity", FILTER_TEXT },
	[AUDIT_TIME] = { NULL, "activityDateTime", FILTER_TIME },
	[AUDIT_ACTIVITY_TYPE] = { NULL, "activityType", FILTER_TEXT },
	[AUDIT_OPERATION] = { NULL, "activityOperationType", FILTER_TEXT },
	[AUDIT_RESULT] = { NULL, "activityResult", FILTER_TEXT },
	[AUDIT_CORRELATION] = { NULL, "correlationId", FILTER_GUID },
	[AUDIT_CATEGORY] = { NULL, "category", FILTER_TEXT },
	/* No name of a filter is empty. */
	[AUDIT_ACTOR] = { NULL, "", FILTER_TEXT },
	[AUDIT_RESOURCES] = { NULL, "", FILTER_TEXT },
	[AUDIT_ACTOR_TYPE] = { NULL, "actor/auditActorType", FILTER_TEXT },
	[AUDIT_APPLICATION_ID] = { NULL, "actor/applicationId", FILTER_TEXT },
	[AUDIT_APPLICATION_NAME] = { NULL, "actor/applicationDisplayName",
	    FILTER_TEXT },
	[AUDIT_USER_NAME] = { NULL, "actor/userPrincipalName", FILTER_TEXT },
	[AUDIT_SERVICE_NAME] = { NULL, "actor/servicePrincipalName",
	    FILTER_TEXT },
	[AUDIT_ADDRESS] = { NULL, "actor/ipAddress", FILTER_TEXT },
	[AUDIT_USER_ID] = { NULL, "actor/userId", FILTER_TEXT },
	[AUDIT_RESOURCE_NAME] = { "resources", "displayName", FILTER_TEXT },
	[AUDIT_RESOURCE_TYPE] = { "resources", "auditResourceType",
	    FILTER_TEXT },
	[AUDIT_RESOURCE_ID] = { "resources", "resourceId", FILTER_TEXT },
};

const struct filter_table audit_filter = { .path = paths, .n = AUDIT_PATHS };

/* The bytes of an id without those of the number. */
static const struct guid no_number = { .byte = { 0xa0, 0xd1, 0x7e, 0, 0, 0,
					   0x80, 0, 0x80, 0, 0, 0, 0, 0, 0,
					   0 } };

/* The bytes of the id that hold the number, the least significant one first. */
static const uint8_t places[sizeof(uint64_t)] = { 15, 14, 13, 12, 11, 10, 5,
	4 };

static struct guid
guid_of(uint64_t number)
{
	struct guid g = no_number;
	unsigned i;

	for (i = 0; i < sizeof(places); i++)
		g.byte[places[i]] = (uint8_t)(number >> 8 * i);
	return g;
}

void
audit_id(uint64_t number, char out[STR_GUID_LEN])
{
	struct guid g = guid_of(number);

	str_guid_text(&g, out);
}

bool
audit_number(struct str id, uint64_t *number)
{
	struct guid g, same;
	unsigned i;

	*number = 0;
	if (!str_guid(id, &g))
		return false;
	for (i = 0; i < sizeof(places); i++)
		*number |= (uint64_t)g.byte[places[i]] << 8 * i;
	same = guid_of(*number);
	return memcmp(same.byte, g.byte, sizeof(g.byte)) == 0;
}
