/* SPDX-License-Identifier: ISC */
/*
 * view.c - writes records, texts and errors as JSON.
 */
#include "http/view.h"

#include <string.h>

#include "format/datetime.h"

#define RESOURCE "deviceManagement/applePushNotificationCertificate"

/* Bytes of the longest URL: base, resource, and the names of all properties. */
#define URL_MAX (VIEW_BASE_MAX + 512)

void
view_selected(struct buf *out, const struct view *v)
{
	const char *between = "(";
	unsigned i;

	for (i = 0; v->selected && i < RECORD_PROPERTIES; i++) {
		if ((v->set & RECORD_BIT(i)) == 0)
			continue;
		buf_text(out, between);
		buf_text(out, record_properties[i].name);
		between = ",";
	}
	if (v->selected)
		buf_char(out, ')');
}

static void
emit_context(struct emit *e, const struct view *v)
{
	char text[URL_MAX];
	struct buf url;

	buf_init(&url, text, sizeof(text));
	buf_str(&url, v->base);
	buf_text(&url, "/$metadata#" RESOURCE);
	view_selected(&url, v);
	buf_text(&url, "/$entity");
	emit_str(e, buf_view(&url));
}

static void
emit_links(struct emit *e, const struct view *v)
{
	char text[URL_MAX];
	struct buf url;

	buf_init(&url, text, sizeof(text));
	buf_str(&url, v->base);
	buf_text(&url, "/" RESOURCE);
	emit_name(e, "@odata.id");
	emit_str(e, buf_view(&url));
	emit_name(e, "@odata.editLink");
	emit_text(e, RESOURCE);
}

static void
emit_property(struct emit *e, const struct view *v, const struct record *r,
    enum property property)
{
	const struct record_property *p = &record_properties[property];

	if (v->metadata == ODATA_FULL && p->type == EDM_DATE) {
		emit_name2(e, p->name, "@odata.type");
		emit_text(e, "#DateTimeOffset");
	}
	emit_name(e, p->name);
	emit_str(e, record_text(r, property));
}

/* The record without its context. */
static void
emit_record(struct emit *e, const struct view *v, const struct record *r)
{
	unsigned i;

	if (v->metadata != ODATA_NONE) {
		emit_name(e, "@odata.type");
		emit_text(e, "#" RECORD_TYPE);
	}
	if (v->metadata == ODATA_FULL)
		emit_links(e, v);
	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (v->set & RECORD_BIT(i))
			emit_property(e, v, r, (enum property)i);
	if (v->revision) {
		emit_name(e, "revision");
		emit_u64(e, r->revision);
	}
}

void
view_record(struct buf *out, const struct view *v, const struct record *r)
{
	struct emit e;

	emit_init(&e, out);
	emit_object(&e);
	if (v->metadata != ODATA_NONE) {
		emit_name(&e, "@odata.context");
		emit_context(&e, v);
	}
	emit_record(&e, v, r);
	emit_end(&e);
}

void
view_expanded(struct emit *e, const struct view *v, const struct record *r)
{
	static const char name[] = "applePushNotificationCertificate";

	if (v->metadata != ODATA_NONE) {
		emit_name2(e, name, "@odata.context");
		emit_context(e, v);
	}
	emit_name(e, name);
	if (r == NULL) {
		emit_null(e);
		return;
	}
	emit_object(e);
	emit_record(e, v, r);
	emit_end(e);
}

void
view_value(struct buf *out, const struct view *v, struct str fragment,
    const char *type, struct str text)
{
	char context[URL_MAX];
	struct buf url;
	struct emit e;

	buf_init(&url, context, sizeof(context));
	buf_str(&url, v->base);
	buf_text(&url, "/$metadata#");
	buf_str(&url, fragment);
	emit_init(&e, out);
	emit_object(&e);
	if (v->metadata != ODATA_NONE) {
		emit_name(&e, "@odata.context");
		emit_str(&e, buf_view(&url));
	}
	if (v->metadata == ODATA_FULL && type != NULL) {
		emit_name(&e, "@odata.type");
		emit_text(&e, type);
	}
	emit_name(&e, "value");
	emit_str(&e, text);
	emit_end(&e);
}

void
view_text(struct buf *out, const struct view *v, struct str text)
{
	view_value(out, v, str_of("Edm.String"), NULL, text);
}

void
view_health(struct buf *out, uint64_t hanging)
{
	struct emit e;

	emit_init(&e, out);
	emit_object(&e);
	emit_name(&e, "status");
	emit_text(&e, hanging == 0 ? "ok" : "degraded");
	if (hanging > 0) {
		emit_name(&e, "hangingWorkers");
		emit_u64(&e, hanging);
	}
	emit_end(&e);
}

/* Appends a piece of the request as a response may repeat it: at most
 * VIEW_ECHO_MAX characters, with U+FFFD in place of each byte that is not
 * UTF-8. */
static void
put_echo(struct buf *out, struct str s)
{
	size_t characters, step;

	for (characters = 0; s.n > 0 && characters < VIEW_ECHO_MAX;
	     characters++) {
		step = str_utf8_step(s);
		if (step > 0)
			buf_put(out, s.p, step);
		else
			buf_text(out, "\xef\xbf\xbd");
		s = str_tail(s, step > 0 ? step : 1);
	}
}

void
view_message(struct buf *out, enum err outcome, const struct fault *fault)
{
	const char *text = err_info(outcome)->text, *mark;

	while ((mark = strchr(text, '{')) != NULL) {
		buf_put(out, text, (size_t)(mark - text));
		if (mark[1] == '!')
			buf_str(out, fault->ours);
		else if (fault->withheld)
			buf_text(out, "(withheld)");
		else if (mark[1] == '2')
			put_echo(out, fault->also);
		else
			put_echo(out, fault->what);
		text = strchr(mark, '}') + 1;
	}
	buf_text(out, text);
}

static void
emit_ids(struct emit *e, const struct view_ids *ids)
{
	char date[DATETIME_SECONDS_LEN];

	datetime_seconds(ids->now_at, date);
	emit_name(e, "innerError");
	emit_object(e);
	emit_name(e, "date");
	emit_str(e, str_from(date, sizeof(date)));
	emit_name(e, "request-id");
	emit_str(e, ids->request_id);
	emit_name(e, "client-request-id");
	emit_str(e, ids->client_request_id);
	emit_end(e);
}

void
view_error(struct buf *out, enum err outcome, const struct fault *fault,
    const struct view_ids *ids)
{
	const struct err_info *info = err_info(outcome);
	char target_text[4 * VIEW_ECHO_MAX];
	struct buf target_buf;
	struct str target;
	char text[VIEW_MESSAGE_MAX];
	struct buf message;
	struct emit e;

	buf_init(&message, text, sizeof(text));
	view_message(&message, outcome, fault);
	buf_init(&target_buf, target_text, sizeof(target_text));
	put_echo(&target_buf, fault->target);
	target = buf_view(&target_buf);
	emit_init(&e, out);
	emit_object(&e);
	emit_name(&e, "error");
	emit_object(&e);
	emit_name(&e, "code");
	emit_text(&e, info->code);
	emit_name(&e, "message");
	emit_str(&e, buf_view(&message));
	if (target.n > 0) {
		emit_name(&e, "target");
		emit_str(&e, target);
	}
	if (info->reason != NULL || target.n > 0) {
		emit_name(&e, "details");
		emit_array(&e);
		emit_object(&e);
		emit_name(&e, "code");
		emit_text(&e, info->reason != NULL ? info->reason : info->code);
		emit_name(&e, "message");
		emit_str(&e, buf_view(&message));
		emit_name(&e, "target");
		emit_str(&e, target);
		emit_end(&e);
		emit_end(&e);
	}
	emit_ids(&e, ids);
	emit_end(&e);
	emit_end(&e);
}

void
view_other_error(struct buf *out, const char *code, const char *message,
    const struct view_ids *ids)
{
	struct emit e;

	emit_init(&e, out);
	emit_object(&e);
	emit_name(&e, "error");
	emit_object(&e);
	emit_name(&e, "code");
	emit_text(&e, code);
	emit_name(&e, "message");
	emit_text(&e, message);
	emit_ids(&e, ids);
	emit_end(&e);
	emit_end(&e);
}
