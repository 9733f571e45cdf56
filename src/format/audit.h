/* SPDX-License-Identifier: ISC */
/*
 * audit.h - the names of Graph's auditEvent: its properties, the paths that a
 * $filter may name, and the id of an event. Pure.
 */
#ifndef PUSHCERT_AUDIT_H
#define PUSHCERT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "format/filter.h"

#define AUDIT_TYPE "microsoft.graph.auditEvent"

/*
 * The properties of an event, in the order of the responses and of the type
 * auditEvent in model.c; a set of them is bits: 1 << AUDIT_ID and so on. Then
 * the members of actor and of resources. All but actor and resources are paths
 * of a $filter.
 */
enum audit_path {
	AUDIT_ID,
	AUDIT_DISPLAY_NAME,
	AUDIT_COMPONENT,
	AUDIT_ACTIVITY,
	AUDIT_TIME,
	AUDIT_ACTIVITY_TYPE,
	AUDIT_OPERATION,
	AUDIT_RESULT,
	AUDIT_CORRELATION,
	AUDIT_CATEGORY,
	AUDIT_ACTOR,
	AUDIT_RESOURCES,
	AUDIT_ACTOR_TYPE,
	AUDIT_APPLICATION_ID,
	AUDIT_APPLICATION_NAME,
	AUDIT_USER_NAME,
	AUDIT_SERVICE_NAME,
	AUDIT_ADDRESS,
	AUDIT_USER_ID,
	AUDIT_RESOURCE_NAME,
	AUDIT_RESOURCE_TYPE,
	AUDIT_RESOURCE_ID,
	AUDIT_PATHS
};
#define AUDIT_ALL ((1U << (AUDIT_RESOURCES + 1)) - 1)

extern const struct filter_table audit_filter;

/* The id of an event is a GUID of version 8 (RFC 9562, section 5.8) that
 * contains the number of the event. audit_number reads an id; false for any
 * other text. */
void audit_id(uint64_t number, char out[STR_GUID_LEN]);
bool audit_number(struct str id, uint64_t *number);

#endif
