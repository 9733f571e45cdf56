/* SPDX-License-Identifier: ISC */
/*
 * data_sharing.c - the routes of deviceManagement/dataSharingConsents. The
 * collection has one entity, the consent that belongs to the certificate. It
 * always exists, granted or not.
 */
#include "http/call.h"

#include "format/emit.h"
#include "rules/consent.h"

#define CONSENT_ID "appleMDMPushCertificate"
#define CONSENTS "deviceManagement/dataSharingConsents"
/* The index of the id among the words of the path. */
#define ID_WORD 2
#define URL_MAX (VIEW_BASE_MAX + 128)

/* The consent of the caller's tenant. *granted is false while there is none. */
static enum err
read_consent(struct call *c, struct consent *consent, bool *granted)
{
	enum err e;

	if ((e = call_begin_reading(c)) != ERR_OK)
		return e;
	e = store_consent(c->wk->reader, &c->who.tenant, consent);
	*granted = e == ERR_OK;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The properties in the order of MODEL_CONSENT. */
enum { ID, SERVICE, TERMS, GRANTED, DATE, UPN, USER_ID, PROPERTIES };

static void
put_selected(struct buf *out, const struct view *v)
{
	const char *between = "(";
	unsigned i;

	if (!v->selected)
		return;
	for (i = 0; i < PROPERTIES; i++) {
		if ((v->set & MODEL_BIT(i)) == 0)
			continue;
		buf_text(out, between);
		buf_text(out, model_property(MODEL_CONSENT, i).name);
		between = ",";
	}
	buf_char(out, ')');
}

static void
emit_context(struct emit *e, const struct view *v, const char *end)
{
	char text[URL_MAX];
	struct buf url;

	if (v->metadata == ODATA_NONE)
		return;
	buf_init(&url, text, sizeof(text));
	buf_str(&url, v->base);
	buf_text(&url, "/$metadata#" CONSENTS);
	put_selected(&url, v);
	buf_text(&url, end);
	emit_name(e, "@odata.context");
	emit_str(e, buf_view(&url));
}

static void
emit_property(struct emit *e, const struct view *v, unsigned i,
    const struct str value[PROPERTIES])
{
	const char *name = model_property(MODEL_CONSENT, i).name;

	if (v->selected && (v->set & MODEL_BIT(i)) == 0)
		return;
	if (i == DATE && v->metadata == ODATA_FULL) {
		emit_name2(e, name, "@odata.type");
		emit_text(e, "#DateTimeOffset");
	}
	emit_name(e, name);
	if (i == GRANTED)
		emit_bool(e, !str_is_null(value[i]));
	else
		emit_str(e, value[i]);
}

/* `consent` is NULL while none was granted. */
static void
emit_consent(
    struct emit *e, const struct view *v, const struct consent *consent)
{
	char date[DATETIME_TICKS_LEN];
	struct str value[PROPERTIES] = {
		[ID] = STR(CONSENT_ID),
		[SERVICE] = STR("Apple MDM Push Certificate"),
		[TERMS] = STR("https://go.microsoft.com/fwlink/?linkid=866314"),
		[DATE] = STR("0001-01-01T00:00:00Z"),
	};
	unsigned i;

	if (consent != NULL) {
		datetime_ticks(consent->when, date);
		value[GRANTED] = STR_EMPTY;
		value[DATE] = str_from(date, sizeof(date));
		value[UPN] = actor_split(
		    consent->kind, consent->actor, consent->user_id)
				 .user;
		value[USER_ID] = consent->user_id;
	}
	for (i = 0; i < PROPERTIES; i++)
		emit_property(e, v, i, value);
}

static enum err
put_consent(struct call *c, const struct consent *consent)
{
	struct buf content;
	struct emit e;

	buf_open(&content, &c->wk->arena);
	emit_init(&e, &content);
	emit_object(&e);
	emit_context(&e, &c->view, "/$entity");
	emit_consent(&e, &c->view, consent);
	emit_end(&e);
	c->content = buf_close(&content, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

enum err
routes_consents(struct call *c)
{
	struct consent consent;
	struct buf content;
	struct emit e;
	bool granted;
	enum err outcome;

	if ((outcome = read_consent(c, &consent, &granted)) != ERR_OK)
		return outcome;
	buf_open(&content, &c->wk->arena);
	emit_init(&e, &content);
	emit_object(&e);
	emit_context(&e, &c->view, "");
	emit_name(&e, "value");
	emit_array(&e);
	emit_object(&e);
	emit_consent(&e, &c->view, granted ? &consent : NULL);
	emit_end(&e);
	emit_end(&e);
	emit_end(&e);
	c->content = buf_close(&content, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

static enum err
check_id(struct call *c)
{
	c->fault.what = c->path->word[ID_WORD];
	return str_iis(c->fault.what, CONSENT_ID) ? ERR_OK : ERR_NO_CONSENT;
}

enum err
routes_consent(struct call *c)
{
	struct consent consent;
	bool granted;
	enum err e;

	if ((e = check_id(c)) != ERR_OK)
		return e;
	if ((e = read_consent(c, &consent, &granted)) != ERR_OK)
		return e;
	return put_consent(c, granted ? &consent : NULL);
}

/* A dry run shows the consent that would be granted. */
static enum err
try_grant(struct call *c, const struct caller *by)
{
	struct consent consent;
	bool granted;
	enum err e;

	c->applied = ODATA_PREFER_DRY_RUN;
	if ((e = read_consent(c, &consent, &granted)) != ERR_OK)
		return e;
	if (!granted)
		consent = consent_of(by);
	return put_consent(c, &consent);
}

enum err
routes_grant_consent(struct call *c)
{
	struct caller by = call_caller(c);
	struct consent consent;
	enum err e;

	if ((e = check_id(c)) != ERR_OK)
		return e;
	if (c->prefer & ODATA_PREFER_DRY_RUN)
		return try_grant(c, &by);
	e = consent_grant(c->app->store, &by, &c->wk->arena, &consent);
	return e == ERR_OK ? put_consent(c, &consent) : e;
}
