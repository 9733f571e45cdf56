/* SPDX-License-Identifier: ISC */
/*
 * model.c - the tables of types and properties. Names, types and nullability
 * are those of Graph's own $metadata.
 */
#include "format/model.h"

#include "format/path.h"
#include "format/record.h"

#define NEWER (PATH_BETA | PATH_LOCALTEST)
#define ID                                                           \
	{                                                            \
		.name = "id", .type = MODEL_STRING, .computed = true \
	}
/* A text that may be null. */
#define TEXT(text)                                                     \
	{                                                              \
		.name = (text), .type = MODEL_STRING, .nullable = true \
	}
#define REQUIRED(text, kind)                                     \
	{                                                        \
		.name = (text), .type = (kind), .required = true \
	}

static const struct model_property states[] = {
	{ .name = "pending", .limit = 0 },
	{ .name = "active", .limit = 1 },
	{ .name = "warning", .limit = 2 },
	{ .name = "disabled", .limit = 3 },
	{ .name = "deleted", .limit = 4 },
	{ .name = "blocked", .limit = 5 },
	{ .name = "lockedOut", .limit = 8 },
};

static const struct model_property entity[] = { ID };

static const struct model_property audit_property[] = {
	TEXT("displayName"),
	TEXT("oldValue"),
	TEXT("newValue"),
};

static const struct model_property audit_resource[] = {
	TEXT("displayName"),
	TEXT("auditResourceType"),
	TEXT("resourceId"),
	{ .name = "modifiedProperties",
	    .type = MODEL_AUDIT_PROPERTY,
	    .many = true,
	    .nullable = true },
};

static const struct model_property audit_actor[] = {
	TEXT("auditActorType"),
	{ .name = "userPermissions",
	    .type = MODEL_STRING,
	    .many = true,
	    .nullable = true },
	TEXT("applicationId"),
	TEXT("applicationDisplayName"),
	TEXT("userPrincipalName"),
	TEXT("servicePrincipalName"),
	TEXT("ipAddress"),
	TEXT("userId"),
};

static const struct model_property audit_event[] = {
	ID,
	TEXT("displayName"),
	TEXT("componentName"),
	TEXT("activity"),
	{ .name = "activityDateTime", .type = MODEL_DATE },
	TEXT("activityType"),
	TEXT("activityOperationType"),
	TEXT("activityResult"),
	{ .name = "correlationId", .type = MODEL_GUID },
	TEXT("category"),
	{ .name = "actor", .type = MODEL_AUDIT_ACTOR, .nullable = true },
	{ .name = "resources",
	    .type = MODEL_AUDIT_RESOURCE,
	    .many = true,
	    .nullable = true },
};

static const struct model_property consent[] = {
	ID,
	TEXT("serviceDisplayName"),
	TEXT("termsUrl"),
	{ .name = "granted", .type = MODEL_BOOLEAN },
	{ .name = "grantDateTime", .type = MODEL_DATE },
	TEXT("grantedByUpn"),
	TEXT("grantedByUserId"),
};

static const struct model_property device_management[] = {
	ID,
	{ .name = "intuneAccountId",
	    .type = MODEL_GUID,
	    .computed = true,
	    .description = "The tenant." },
	{ .name = "subscriptionState",
	    .type = MODEL_STATE,
	    .computed = true,
	    .description = "The state of the tenant's subscription." },
	{ .name = "applePushNotificationCertificate",
	    .type = MODEL_CERTIFICATE,
	    .nullable = true,
	    .navigation = true },
	{ .name = "auditEvents",
	    .type = MODEL_AUDIT_EVENT,
	    .many = true,
	    .navigation = true },
	{ .name = "dataSharingConsents",
	    .type = MODEL_CONSENT,
	    .many = true,
	    .navigation = true },
};

#define CONTEXT                                                \
	{                                                      \
		.name = "@odata.context", .type = MODEL_STRING \
	}

static const struct model_property string_response[] = {
	CONTEXT,
	{ .name = "value",
	    .type = MODEL_STRING,
	    .nullable = true,
	    .required = true },
};

static const struct model_property strings_response[] = {
	CONTEXT,
	{ .name = "value",
	    .type = MODEL_STRING,
	    .many = true,
	    .required = true },
};

static const struct model_property error[] = {
	REQUIRED("error", MODEL_ERROR_MAIN),
};

static const struct model_property error_main[] = {
	REQUIRED("code", MODEL_STRING),
	REQUIRED("message", MODEL_STRING),
	{ .name = "target", .type = MODEL_STRING },
	{ .name = "details", .type = MODEL_ERROR_DETAIL, .many = true },
	{ .name = "innerError", .type = MODEL_ERROR_INNER },
};

static const struct model_property error_detail[] = {
	REQUIRED("code", MODEL_STRING),
	REQUIRED("message", MODEL_STRING),
	TEXT("target"),
};

static const struct model_property error_inner[] = {
	{ .name = "date", .type = MODEL_STRING },
	{ .name = "request-id", .type = MODEL_STRING },
	{ .name = "client-request-id", .type = MODEL_STRING },
};

static const struct model_property batch_request[] = {
	{ .name = "requests",
	    .type = MODEL_BATCH_REQUEST_ITEM,
	    .many = true,
	    .required = true,
	    .limit = 20 },
};

static const struct model_property batch_request_item[] = {
	REQUIRED("id", MODEL_STRING),
	REQUIRED("method", MODEL_STRING),
	REQUIRED("url", MODEL_STRING),
	{ .name = "dependsOn", .type = MODEL_STRING, .many = true },
	{ .name = "headers", .type = MODEL_TEXTS },
	{ .name = "body", .type = MODEL_ANY },
};

static const struct model_property batch_response[] = {
	{ .name = "responses",
	    .type = MODEL_BATCH_RESPONSE_ITEM,
	    .many = true,
	    .required = true },
};

static const struct model_property batch_response_item[] = {
	REQUIRED("id", MODEL_STRING),
	REQUIRED("status", MODEL_INTEGER),
	REQUIRED("headers", MODEL_TEXTS),
	{ .name = "body", .type = MODEL_ANY },
};

static const struct model_property service[] = {
	CONTEXT,
	{ .name = "value",
	    .type = MODEL_SERVICE_ITEM,
	    .many = true,
	    .required = true },
};

static const struct model_property service_item[] = {
	REQUIRED("name", MODEL_STRING),
	REQUIRED("kind", MODEL_STRING),
	REQUIRED("url", MODEL_STRING),
};

static const struct model_property health[] = {
	REQUIRED("status", MODEL_STRING),
	{ .name = "hangingWorkers", .type = MODEL_INTEGER },
};

#define PROPERTIES(table)                       \
	.roots = PATH_ANY, .property = (table), \
	.properties = sizeof(table) / sizeof((table)[0])
#define PRIMITIVE .kind = MODEL_IS_PRIMITIVE, .roots = PATH_ANY

static const struct model_info types[MODEL_TYPES] = {
	[MODEL_NONE] = { .name = "", PRIMITIVE },
	[MODEL_STRING] = { .name = "Edm.String", PRIMITIVE, .json = "string" },
	[MODEL_DATE] = { .name = "Edm.DateTimeOffset",
	    PRIMITIVE,
	    .json = "string",
	    .format = "date-time" },
	[MODEL_GUID] = { .name = "Edm.Guid",
	    PRIMITIVE,
	    .json = "string",
	    .format = "uuid" },
	[MODEL_BOOLEAN] = { .name = "Edm.Boolean",
	    PRIMITIVE,
	    .json = "boolean" },
	[MODEL_INTEGER] = { .name = "Edm.Int64",
	    PRIMITIVE,
	    .json = "integer",
	    .format = "int64" },
	[MODEL_ANY] = { .name = "Edm.Untyped", PRIMITIVE },
	[MODEL_TEXTS] = { .name = "Edm.Untyped", PRIMITIVE, .json = "object" },
	[MODEL_STATE] = { .name = "deviceManagementSubscriptionState",
	    .kind = MODEL_IS_ENUM,
	    PROPERTIES(states) },
	[MODEL_ENTITY] = { .name = "entity",
	    .kind = MODEL_IS_ENTITY,
	    PROPERTIES(entity) },
	[MODEL_CERTIFICATE] = { .name = "applePushNotificationCertificate",
	    .kind = MODEL_IS_ENTITY,
	    .roots = PATH_ANY,
	    .properties = RECORD_PROPERTIES },
	[MODEL_AUDIT_PROPERTY] = { .name = "auditProperty",
	    .kind = MODEL_IS_COMPLEX,
	    PROPERTIES(audit_property) },
	[MODEL_AUDIT_RESOURCE] = { .name = "auditResource",
	    .kind = MODEL_IS_COMPLEX,
	    PROPERTIES(audit_resource) },
	[MODEL_AUDIT_ACTOR] = { .name = "auditActor",
	    .kind = MODEL_IS_COMPLEX,
	    PROPERTIES(audit_actor) },
	[MODEL_AUDIT_EVENT] = { .name = "auditEvent",
	    .kind = MODEL_IS_ENTITY,
	    PROPERTIES(audit_event) },
	[MODEL_CONSENT] = { .name = "dataSharingConsent",
	    .kind = MODEL_IS_ENTITY,
	    .roots = NEWER,
	    .property = consent,
	    .properties = sizeof(consent) / sizeof(consent[0]) },
	[MODEL_DEVICE_MANAGEMENT] = { .name = "deviceManagement",
	    .kind = MODEL_IS_ENTITY,
	    PROPERTIES(device_management) },
	[MODEL_STRING_RESPONSE] = { .name = "stringResponse",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(string_response) },
	[MODEL_STRINGS_RESPONSE] = { .name = "stringCollectionResponse",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(strings_response) },
	[MODEL_ERROR] = { .name = "odataError",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(error) },
	[MODEL_ERROR_MAIN] = { .name = "odataErrorMain",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(error_main) },
	[MODEL_ERROR_DETAIL] = { .name = "odataErrorDetail",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(error_detail) },
	[MODEL_ERROR_INNER] = { .name = "odataErrorInner",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(error_inner) },
	[MODEL_BATCH_REQUEST] = { .name = "batchRequest",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(batch_request) },
	[MODEL_BATCH_REQUEST_ITEM] = { .name = "batchRequestItem",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(batch_request_item) },
	[MODEL_BATCH_RESPONSE] = { .name = "batchResponse",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(batch_response) },
	[MODEL_BATCH_RESPONSE_ITEM] = { .name = "batchResponseItem",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(batch_response_item) },
	[MODEL_SERVICE] = { .name = "serviceDocument",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(service) },
	[MODEL_SERVICE_ITEM] = { .name = "serviceDocumentItem",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(service_item) },
	[MODEL_HEALTH] = { .name = "health",
	    .kind = MODEL_IS_JSON,
	    PROPERTIES(health) },
};

const struct model_info *
model_info(enum model_type type)
{
	return &types[type];
}

/* The row of record.c as a property of the model. */
static struct model_property
certificate_property(unsigned i)
{
	const struct record_property *p = &record_properties[i];

	return (struct model_property){ .name = p->name,
		.type = p->type == EDM_DATE ? MODEL_DATE : MODEL_STRING,
		.nullable = p->nullable,
		.computed = p->server_only,
		.limit = p->limit,
		.description = p->description };
}

struct model_property
model_property(enum model_type type, unsigned i)
{
	return type == MODEL_CERTIFICATE ? certificate_property(i)
					 : types[type].property[i];
}

int
model_find(enum model_type type, struct str name)
{
	unsigned i;

	for (i = 0; i < types[type].properties; i++)
		if (str_iis(name, model_property(type, i).name))
			return (int)i;
	return -1;
}

unsigned
model_all(enum model_type type)
{
	unsigned all = 0, i;

	for (i = 0; i < types[type].properties; i++)
		if (!model_property(type, i).navigation)
			all |= MODEL_BIT(i);
	return all;
}

enum err
model_select(
    enum model_type type, struct str list, unsigned *set, struct str *what)
{
	int found;

	*set = 0;
	while (!str_is_null(list)) {
		*what = str_trim(str_cut(&list, ','));
		if (str_is(*what, "*")) {
			*set |= model_all(type);
			continue;
		}
		found = model_find(type, *what);
		if (found < 0 ||
		    !str_is(*what, model_property(type, (unsigned)found).name))
			return ERR_SELECT;
		*set |= MODEL_BIT((unsigned)found);
	}
	return ERR_OK;
}
