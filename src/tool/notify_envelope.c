/* SPDX-License-Identifier: ISC */
/*
 * notify_envelope.c - writes the members that all events have.
 */
#include "tool/notify_envelope.h"

#include <string.h>

#include "format/crypto.h"
#include "tool/cmd_call.h"
#include "tool/cmd_names.h"
#include "tool/cmd_output.h"

#define SUBJECT "deviceManagement/applePushNotificationCertificate"
/* The subject of the vendor's certificate, which belongs to no tenant. */
#define VENDOR "vendorCertificate"

/* --- the envelope ----------------------------------------------------- */

void
notify_envelope_id(struct str text, char out[STR_GUID_LEN])
{
	uint8_t hash[CRYPTO_SHA256_LEN];
	struct guid g;

	crypto_sha256(text, hash);
	memcpy(g.byte, hash, sizeof(g.byte));
	g.byte[6] = (uint8_t)((g.byte[6] & 0x0f) | 0x80);
	g.byte[8] = (uint8_t)((g.byte[8] & 0x3f) | 0x80);
	str_guid_text(&g, out);
}

/* The service's URL of a tenant. Without base_url it is a relative reference,
 * because only a request would know the host. */
static void
emit_source(
    struct emit *e, const struct cmd_call *c, const struct notify_head *h)
{
	char text[CONFIG_TEXT_MAX + STR_GUID_LEN + 8], id[STR_GUID_LEN];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_text(&b, c->config.base_url);
	while (b.n > 0 && text[b.n - 1] == '/')
		b.n--;
	str_guid_text(&h->tenant, id);
	buf_text(&b, "/v1.0");
	if (!h->is_vendor) {
		buf_char(&b, '/');
		buf_put(&b, id, sizeof(id));
	}
	emit_name(e, "source");
	emit_str(e, buf_view(&b));
}

void
notify_envelope_begin(struct cmd_call *c, const struct notify_head *h,
    struct buf *b, struct emit *e)
{
	char when[DATETIME_TICKS_LEN];

	buf_open(b, &c->arena);
	emit_init(e, b);
	emit_object(e);
	emit_name(e, "specversion");
	emit_text(e, "1.0");
	emit_name(e, "id");
	emit_str(e, str_from(h->id, sizeof(h->id)));
	emit_source(e, c, h);
	emit_name(e, "type");
	emit_text(e, h->type);
	emit_name(e, "subject");
	emit_text(e, h->is_vendor ? VENDOR : SUBJECT);
	datetime_ticks(h->when, when);
	emit_name(e, "time");
	emit_str(e, str_from(when, sizeof(when)));
	emit_name(e, "datacontenttype");
	emit_text(e, "application/json");
	emit_name(e, "data");
}

enum err
notify_envelope_end(struct cmd_call *c, const struct notify_head *h,
    struct buf *b, struct emit *e, struct notify_event *out)
{
	emit_end(e);
	out->json = buf_close(b, &c->arena);
	out->tenant = h->tenant;
	out->is_vendor = h->is_vendor;
	out->type = h->type;
	memcpy(out->id, h->id, STR_GUID_LEN);
	out->id[STR_GUID_LEN] = '\0';
	return str_is_null(out->json) ? ERR_MEMORY : ERR_OK;
}

/* --- the line for people ---------------------------------------------- */

void
notify_envelope_line(
    struct cmd_call *c, const struct guid *tenant, struct buf *b)
{
	struct str alias = cmd_names_alias(c->names, tenant);
	char id[STR_GUID_LEN];

	str_guid_text(tenant, id);
	buf_open(b, &c->arena);
	cmd_put_word(b, alias);
	buf_text(b, alias.n > 0 ? " (" : "");
	buf_put(b, id, sizeof(id));
	buf_text(b, alias.n > 0 ? "): " : ": ");
}

enum err
notify_envelope_line_end(
    struct cmd_call *c, struct buf *b, struct notify_event *out)
{
	out->text = buf_close(b, &c->arena);
	return str_is_null(out->text) ? ERR_MEMORY : ERR_OK;
}

void
notify_envelope_fact(struct buf *b, const char *words, struct str fact)
{
	if (fact.n == 0)
		return;
	buf_text(b, words);
	cmd_put_word(b, fact);
}
