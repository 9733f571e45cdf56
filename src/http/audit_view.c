/* SPDX-License-Identifier: ISC */
/*
 * audit_view.c - the values of an event, their table, and the writer of its
 * JSON.
 */
#include "http/audit_view.h"

#include <string.h>

#include "format/crypto.h"
#include "format/datetime.h"
#include "format/model.h"
#include "rules/scope.h"

#define RESOURCE "deviceManagement/auditEvents"
#define CERTIFICATE "ApplePushNotificationCertificate"
#define RESOURCE_TYPE "Microsoft.Management.Services.Api." CERTIFICATE
/* Graph's times have a resolution of 100 ns. */
#define TICK 100

enum activity { CREATE, PATCH, REMOVE, GENERATE, RESTORE, ACTIVITIES };

const struct str audit_view_types[ACTIVITIES] = {
	[CREATE] = STR("Create " CERTIFICATE),
	[PATCH] = STR("Patch " CERTIFICATE),
	[REMOVE] = STR("Delete " CERTIFICATE),
	[GENERATE] = STR("generate" CERTIFICATE "SigningRequest " CERTIFICATE),
	[RESTORE] = STR("restore " CERTIFICATE),
};
const size_t audit_view_types_n = ACTIVITIES;

static const struct str operations[ACTIVITIES] = {
	[CREATE] = STR("Create"),
	[PATCH] = STR("Patch"),
	[REMOVE] = STR("Delete"),
	[GENERATE] = STR("Action"),
	[RESTORE] = STR("Action"),
};

/* --- values --------------------------------------------------------------- */

static enum activity
activity_of(const struct event *ev)
{
	switch (ev->action) {
	case STORE_CHANGED:
	case STORE_IMPORTED:
		return ev->had_former ? PATCH : CREATE;
	case STORE_REMOVED:
		return REMOVE;
	case STORE_REFUSED:
		return PATCH;
	case STORE_REQUESTED:
		return GENERATE;
	case STORE_RESTORED:
		return RESTORE;
	}
	return PATCH;
}

static struct str
actor_type(enum actor_kind kind)
{
	switch (kind) {
	case ACTOR_USER:
		return str_of("ItPro");
	case ACTOR_TOKEN:
	case ACTOR_TOOL:
	case ACTOR_APPLICATION:
		return str_of("Application");
	case ACTOR_UNKNOWN:
	case ACTOR_KINDS:
		break;
	}
	return str_of(NULL);
}

/* The record that the event is about: as it is after the event, or as it was
 * before. NULL: there is none, or it is not known. */
static const struct record *
record_of(const struct audit_row *row)
{
	if (row->after->known && row->after->exists &&
	    row->event->action != STORE_REMOVED)
		return &row->after->record;
	return row->event->had_former ? &row->event->former : NULL;
}

static struct str
resource_text(const struct audit_row *row, enum property property)
{
	const struct record *r = record_of(row);

	return r != NULL ? r->value[property] : str_of(NULL);
}

static struct actor_names
names_of(const struct event *ev)
{
	return actor_split(ev->kind, ev->actor, ev->user_id);
}

static struct str
id_of(const struct audit_row *row)
{
	audit_id(row->event->number, row->room->id);
	return str_from(row->room->id, STR_GUID_LEN);
}

static struct str
correlation_of(const struct audit_row *row)
{
	str_guid_text(&row->event->request_id, row->room->correlation);
	return str_from(row->room->correlation, STR_GUID_LEN);
}

static struct str
text_of(const struct audit_row *row, enum audit_path path)
{
	const struct event *ev = row->event;

	switch (path) {
	case AUDIT_ID:
		return id_of(row);
	case AUDIT_DISPLAY_NAME:
	case AUDIT_ACTIVITY_TYPE:
		return audit_view_types[activity_of(ev)];
	case AUDIT_COMPONENT:
	case AUDIT_CATEGORY:
		return str_of(AUDIT_VIEW_CATEGORY);
	case AUDIT_OPERATION:
		return operations[activity_of(ev)];
	case AUDIT_RESULT:
		return str_of(
		    ev->action == STORE_REFUSED ? "Failure" : "Success");
	case AUDIT_CORRELATION:
		return correlation_of(row);
	case AUDIT_ACTOR_TYPE:
		return actor_type(ev->kind);
	case AUDIT_APPLICATION_ID:
		return names_of(ev).application;
	case AUDIT_APPLICATION_NAME:
		return names_of(ev).display;
	case AUDIT_USER_NAME:
		return names_of(ev).user;
	case AUDIT_USER_ID:
		return ev->user_id;
	case AUDIT_RESOURCE_NAME:
		return resource_text(row, RECORD_APPLE_ID);
	case AUDIT_RESOURCE_TYPE:
		return str_of(RESOURCE_TYPE);
	case AUDIT_RESOURCE_ID:
		return resource_text(row, RECORD_ID);
	case AUDIT_ACTIVITY:
	case AUDIT_SERVICE_NAME:
	case AUDIT_ADDRESS:
	case AUDIT_TIME:
	case AUDIT_ACTOR:
	case AUDIT_RESOURCES:
	case AUDIT_PATHS:
		break;
	}
	return str_of(NULL);
}

struct filter_value
audit_view_value(const void *row, unsigned path)
{
	const struct audit_row *r = row;
	struct filter_value v = { .is_null = false };

	if (path == AUDIT_TIME) {
		/* A filter compares with the time as the event shows it. */
		v.time = r->event->when;
		v.time.nano -= v.time.nano % TICK;
		return v;
	}
	v.text = text_of(r, (enum audit_path)path);
	v.is_null = str_is_null(v.text);
	return v;
}

/* --- modified properties -------------------------------------------------- */

/* Room for "sha256:" and the digits. */
#define VALUE_MAX (7 + 2 * CRYPTO_SHA256_LEN)

static struct str
digest_text(const uint8_t hash[CRYPTO_SHA256_LEN], char out[VALUE_MAX])
{
	memcpy(out, "sha256:", 7);
	str_hex(hash, CRYPTO_SHA256_LEN, out + 7);
	return str_from(out, VALUE_MAX);
}

/* The value of a property as an event shows it: never the certificate, but its
 * SHA-256. */
static struct str
value_text(const struct record *r, enum property property, char out[VALUE_MAX])
{
	uint8_t hash[CRYPTO_SHA256_LEN];
	struct str text = r->value[property];

	if (property != RECORD_CERTIFICATE || str_is_null(text))
		return text;
	if (r->fingerprint.n == CRYPTO_SHA256_LEN)
		memcpy(hash, r->fingerprint.p, sizeof(hash));
	else
		crypto_sha256(text, hash);
	return digest_text(hash, out);
}

static void
emit_modified(
    struct emit *e, struct str name, struct str before, struct str after)
{
	emit_object(e);
	emit_name(e, "displayName");
	emit_str(e, name);
	emit_name(e, "oldValue");
	emit_str(e, before);
	emit_name(e, "newValue");
	emit_str(e, after);
	emit_end(e);
}

/* The name with a capital letter. */
static struct str
capital_name(enum property property, char out[64])
{
	struct buf b;

	buf_init(&b, out, 64);
	buf_text(&b, record_properties[property].name);
	if (out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
	return buf_view(&b);
}

static bool
same_value(
    const struct record *a, const struct record *b, enum property property)
{
	struct str x = a->value[property], y = b->value[property];

	return str_eq(x, y) && str_is_null(x) == str_is_null(y);
}

/* The new values that the event itself has: those of the uploaded
 * certificate. */
static struct record
uploaded(const struct event *ev)
{
	struct record r = { .fingerprint = ev->fingerprint };

	r.value[RECORD_TOPIC] = ev->topic;
	r.value[RECORD_EXPIRES] = ev->expires;
	r.value[RECORD_SERIAL] = ev->serial;
	if (!str_is_null(ev->fingerprint))
		r.value[RECORD_CERTIFICATE] = ev->fingerprint;
	return r;
}

/* The properties that the event changed, or, in a refusal, that the refused
 * certificate would have changed. */
static unsigned
modified_set(const struct audit_row *row, const struct record *before,
    const struct record *after)
{
	unsigned set = 0, i;

	if (row->event->action == STORE_REQUESTED)
		return 0;
	if (row->event->action == STORE_REFUSED)
		return row->event->changed &
		    (RECORD_BIT(RECORD_TOPIC) | RECORD_BIT(RECORD_EXPIRES) |
			RECORD_BIT(RECORD_SERIAL) |
			RECORD_BIT(RECORD_CERTIFICATE));
	if (!row->after->known && row->event->action != STORE_REMOVED)
		return row->event->changed;
	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (!same_value(before, after, (enum property)i))
			set |= RECORD_BIT(i);
	return set & ~(RECORD_BIT(RECORD_ID) | RECORD_BIT(RECORD_MODIFIED));
}

static void
emit_modified_properties(struct emit *e, const struct audit_row *row)
{
	const struct event *ev = row->event;
	char name[64], old[VALUE_MAX], new[VALUE_MAX];
	struct record before = { .revision = 0 }, after = { .revision = 0 };
	unsigned set, i;

	if (ev->had_former)
		before = ev->former;
	if (ev->action == STORE_REFUSED || !row->after->known)
		after = uploaded(ev);
	else if (ev->action != STORE_REMOVED && row->after->exists)
		after = row->after->record;
	if (ev->action == STORE_REMOVED)
		after = (struct record){ .revision = 0 };
	set = modified_set(row, &before, &after);
	emit_array(e);
	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (set & RECORD_BIT(i))
			emit_modified(e, capital_name((enum property)i, name),
			    value_text(&before, (enum property)i, old),
			    value_text(&after, (enum property)i, new));
	if (ev->action == STORE_REFUSED)
		emit_modified(e, str_of("Reason"), str_of(NULL), ev->outcome);
	emit_end(e);
}

/* --- the event ------------------------------------------------------------ */

static void
emit_path(struct emit *e, const char *name, const struct audit_row *row,
    enum audit_path path)
{
	emit_name(e, name);
	emit_str(e, text_of(row, path));
}

static void
emit_permissions(struct emit *e, uint32_t scopes)
{
	char name[AUTH_NAMES_MAX];
	struct buf b;
	unsigned i;

	emit_array(e);
	for (i = 0; scopes >> i != 0; i++) {
		buf_init(&b, name, sizeof(name));
		auth_scope_names(scopes & UINT32_C(1) << i, "", &b);
		if (b.n > 0)
			emit_str(e, buf_view(&b));
	}
	emit_end(e);
}

static void
emit_actor(struct emit *e, const struct audit_row *row)
{
	emit_object(e);
	emit_path(e, "auditActorType", row, AUDIT_ACTOR_TYPE);
	emit_name(e, "userPermissions");
	emit_permissions(e, row->event->scopes);
	emit_path(e, "applicationId", row, AUDIT_APPLICATION_ID);
	emit_path(e, "applicationDisplayName", row, AUDIT_APPLICATION_NAME);
	emit_path(e, "userPrincipalName", row, AUDIT_USER_NAME);
	emit_path(e, "servicePrincipalName", row, AUDIT_SERVICE_NAME);
	emit_path(e, "ipAddress", row, AUDIT_ADDRESS);
	emit_path(e, "userId", row, AUDIT_USER_ID);
	emit_end(e);
}

static void
emit_resources(struct emit *e, const struct audit_row *row)
{
	emit_array(e);
	emit_object(e);
	emit_path(e, "displayName", row, AUDIT_RESOURCE_NAME);
	emit_path(e, "auditResourceType", row, AUDIT_RESOURCE_TYPE);
	emit_path(e, "resourceId", row, AUDIT_RESOURCE_ID);
	emit_name(e, "modifiedProperties");
	emit_modified_properties(e, row);
	emit_end(e);
	emit_end(e);
}

/* With full metadata: the type and the URL of the entity. */
static void
emit_annotations(
    struct emit *e, const struct view *v, const struct audit_row *row)
{
	char text[VIEW_BASE_MAX + sizeof(RESOURCE) + STR_GUID_LEN + 8];
	struct buf url;

	if (v->metadata != ODATA_FULL)
		return;
	buf_init(&url, text, sizeof(text));
	buf_str(&url, v->base);
	buf_text(&url, "/" RESOURCE "('");
	buf_str(&url, id_of(row));
	buf_text(&url, "')");
	emit_name(e, "@odata.type");
	emit_text(e, "#" AUDIT_TYPE);
	emit_name(e, "@odata.id");
	emit_str(e, buf_view(&url));
	emit_name(e, "@odata.editLink");
	emit_str(e, str_tail(buf_view(&url), v->base.n + 1));
}

static void
emit_type(struct emit *e, const struct view *v, const char *name,
    enum model_type type)
{
	if (v->metadata != ODATA_FULL ||
	    (type != MODEL_DATE && type != MODEL_GUID))
		return;
	emit_name2(e, name, "@odata.type");
	emit_text(e, type == MODEL_DATE ? "#DateTimeOffset" : "#Guid");
}

static void
emit_property(
    struct emit *e, const struct audit_row *row, enum audit_path property)
{
	char date[DATETIME_TICKS_LEN];

	if (property == AUDIT_ACTOR) {
		emit_actor(e, row);
	} else if (property == AUDIT_RESOURCES) {
		emit_resources(e, row);
	} else if (property == AUDIT_TIME) {
		datetime_ticks(row->event->when, date);
		emit_str(e, str_from(date, sizeof(date)));
	} else {
		emit_str(e, text_of(row, property));
	}
}

void
audit_view_members(
    struct emit *e, const struct view *v, const struct audit_row *row)
{
	unsigned i;

	emit_annotations(e, v, row);
	for (i = 0; i <= AUDIT_RESOURCES; i++) {
		struct model_property p = model_property(MODEL_AUDIT_EVENT, i);

		if ((v->set & MODEL_BIT(i)) == 0)
			continue;
		emit_type(e, v, p.name, p.type);
		emit_name(e, p.name);
		emit_property(e, row, (enum audit_path)i);
	}
}

void
audit_view_context(struct buf *out, const struct view *v, bool entity)
{
	const char *between = "(";
	unsigned i;

	buf_str(out, v->base);
	buf_text(out, "/$metadata#" RESOURCE);
	for (i = 0; v->selected && i <= AUDIT_RESOURCES; i++) {
		if ((v->set & MODEL_BIT(i)) == 0)
			continue;
		buf_text(out, between);
		buf_text(out, model_property(MODEL_AUDIT_EVENT, i).name);
		between = ",";
	}
	buf_text(out, between[0] == ',' ? ")" : "");
	buf_text(out, entity ? "/$entity" : "");
}
