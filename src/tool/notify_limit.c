/* SPDX-License-Identifier: ISC */
/*
 * notify_limit.c - the events of thresholds: the end of a certificate, a
 * delivery, the vendor's certificate.
 */
#include "tool/notify_envelope.h"

#include <limits.h>

#include "store/delivery.h"
#include "tool/cmd_call.h"
#include "tool/cmd_output.h"

#define DAY INT64_C(86400)

/* --- thresholds ------------------------------------------------------- */

enum notify_level
notify_event_level(
    const struct cmd_call *c, const struct expiry_tenant *t, int64_t now_at)
{
	if (t->status == EXPIRY_EXPIRED)
		return NOTIFY_EXPIRED;
	if (t->status != EXPIRY_EXPIRING)
		return NOTIFY_FAR;
	return expiry_days(&t->expiry, now_at) < (int64_t)c->critical_days
	    ? NOTIFY_CRITICAL
	    : NOTIFY_WARNING;
}

static const char *
level_word(enum notify_level level)
{
	switch (level) {
	case NOTIFY_FAR:
		return "none";
	case NOTIFY_WARNING:
		return "warning";
	case NOTIFY_CRITICAL:
		return "critical";
	case NOTIFY_EXPIRED:
		return "expired";
	case NOTIFY_TAKEN:
		return "taken";
	}
	return "none";
}

/* The moment when the certificate reached the level. */
static int64_t
reached_at(
    const struct cmd_call *c, const struct expiry *x, enum notify_level level)
{
	uint64_t days = level == NOTIFY_WARNING ? c->warning_days
	    : level == NOTIFY_CRITICAL          ? c->critical_days
						: 0;

	return x->expires_at - (int64_t)days * DAY;
}

static void
emit_end_data(struct emit *e, const struct expiry_tenant *t, struct str expires,
    enum notify_level level, int64_t now_at)
{
	emit_object(e);
	emit_name(e, "serial");
	emit_str(e, t->serial);
	emit_name(e, "topic");
	emit_str(e, t->topic);
	emit_name(e, "expires");
	emit_str(e, expires);
	emit_name(e, "days");
	emit_i64(e, expiry_days(&t->expiry, now_at));
	emit_name(e, "level");
	emit_text(e, level_word(level));
	emit_end(e);
}

static enum err
put_end_text(struct cmd_call *c, const struct expiry_tenant *t,
    struct str expires, int64_t now_at, struct notify_event *out)
{
	int64_t days = expiry_days(&t->expiry, now_at);
	struct buf b;

	notify_envelope_line(c, &t->tenant, &b);
	if (t->status == EXPIRY_EXPIRED)
		buf_text(&b, "the certificate has expired");
	else
		buf_printf(&b, "the certificate expires in %lld day%s",
		    (long long)days, days == 1 ? "" : "s");
	notify_envelope_fact(&b, ", at ", expires);
	notify_envelope_fact(&b, "; serial ", t->serial);
	notify_envelope_fact(&b, ", topic ", t->topic);
	notify_envelope_fact(&b, ", Apple ID ", t->apple_id);
	return notify_envelope_line_end(c, &b, out);
}

/* Makes the id of a threshold, which is the same in each try. */
static enum err
set_end_id(struct cmd_call *c, struct notify_head *h, enum notify_level level,
    struct str certificate, struct str expires)
{
	char id[STR_GUID_LEN];
	struct str text;
	struct buf b;

	str_guid_text(&h->tenant, id);
	buf_open(&b, &c->arena);
	buf_printf(
	    &b, "%s %s %.*s ", h->type, level_word(level), STR_GUID_LEN, id);
	buf_str(&b, certificate);
	buf_char(&b, ' ');
	buf_str(&b, expires);
	text = buf_close(&b, &c->arena);
	if (str_is_null(text))
		return ERR_MEMORY;
	notify_envelope_id(text, h->id);
	return ERR_OK;
}

enum err
notify_event_end(struct cmd_call *c, const struct expiry_tenant *t,
    struct str expires, enum notify_level level, int64_t now_at,
    struct notify_event *out)
{
	struct notify_head h = { .type = level == NOTIFY_EXPIRED
		    ? "pushcert.certificate.expired"
		    : "pushcert.certificate.expiring",
		.tenant = t->tenant,
		.when = { reached_at(c, &t->expiry, level), 0 } };
	struct emit e;
	struct buf b;
	enum err outcome;

	outcome = set_end_id(c, &h, level, t->serial, expires);
	if (outcome != ERR_OK)
		return outcome;
	notify_envelope_begin(c, &h, &b, &e);
	emit_end_data(&e, t, expires, level, now_at);
	outcome = notify_envelope_end(c, &h, &b, &e, out);
	return outcome == ERR_OK ? put_end_text(c, t, expires, now_at, out)
				 : outcome;
}

/* --- the vendor's certificate ------------------------------------------- */

static enum err
put_vendor_text(struct cmd_call *c, const struct expiry_tenant *t,
    struct str expires, int64_t now_at, struct notify_event *out)
{
	int64_t days = expiry_days(&t->expiry, now_at);
	struct buf b;

	buf_open(&b, &c->arena);
	if (t->status == EXPIRY_EXPIRED)
		buf_text(&b, "the vendor's certificate has expired");
	else
		buf_printf(&b, "the vendor's certificate expires in %lld day%s",
		    (long long)days, days == 1 ? "" : "s");
	notify_envelope_fact(&b, ", at ", expires);
	buf_text(&b, "; without it no push certificate can be renewed");
	return notify_envelope_line_end(c, &b, out);
}

enum err
notify_event_vendor(struct cmd_call *c, const struct expiry_tenant *t,
    struct str expires, enum notify_level level, int64_t now_at,
    struct notify_event *out)
{
	struct notify_head h = { .type = level == NOTIFY_EXPIRED
		    ? "pushcert.vendor.expired"
		    : "pushcert.vendor.expiring",
		.is_vendor = true,
		.when = { reached_at(c, &t->expiry, level), 0 } };
	struct emit e;
	struct buf b;
	enum err outcome;

	outcome = set_end_id(c, &h, level, STR_EMPTY, expires);
	if (outcome != ERR_OK)
		return outcome;
	notify_envelope_begin(c, &h, &b, &e);
	emit_object(&e);
	emit_name(&e, "expires");
	emit_str(&e, expires);
	emit_name(&e, "days");
	emit_i64(&e, expiry_days(&t->expiry, now_at));
	emit_name(&e, "level");
	emit_text(&e, level_word(level));
	emit_end(&e);
	outcome = notify_envelope_end(c, &h, &b, &e, out);
	return outcome == ERR_OK ? put_vendor_text(c, t, expires, now_at, out)
				 : outcome;
}

/* --- deliveries --------------------------------------------------------- */

static enum err
put_delivery_text(struct cmd_call *c, const struct delivery *d,
    enum notify_level level, struct notify_event *out)
{
	struct buf b;

	notify_envelope_line(c, &out->tenant, &b);
	cmd_put_word(&b, d->target);
	if (level == NOTIFY_TAKEN) {
		notify_envelope_fact(&b, " has taken serial ", d->serial);
	} else {
		buf_printf(&b,
		    " has not taken the new certificate (tried %llu time%s, "
		    "last exit %llu)",
		    (unsigned long long)d->tries, d->tries == 1 ? "" : "s",
		    (unsigned long long)d->last_exit);
		notify_envelope_fact(&b, "; it still has serial ", d->serial);
	}
	return notify_envelope_line_end(c, &b, out);
}

static void
emit_delivery(struct emit *e, const struct delivery *d, enum notify_level level)
{
	emit_object(e);
	emit_name(e, "target");
	emit_str(e, d->target);
	emit_name(e, "serial");
	emit_str(e, d->serial);
	emit_name(e, "fingerprint");
	emit_str(e, level == NOTIFY_TAKEN ? d->fingerprint : d->tried);
	emit_name(e, "tries");
	emit_u64(e, d->tries);
	emit_name(e, "lastExit");
	emit_u64(e, d->last_exit);
	emit_name(e, "level");
	emit_text(e, level_word(level));
	emit_end(e);
}

enum err
notify_event_delivery(struct cmd_call *c, const struct guid *tenant,
    const struct delivery *d, enum notify_level level, struct notify_event *out)
{
	struct notify_head h = {
		.type = level == NOTIFY_TAKEN ? "pushcert.deploy.taken"
					      : "pushcert.deploy.late",
		.tenant = *tenant,
		.when = { level == NOTIFY_TAKEN ? d->taken_at : d->since_at, 0 }
	};
	char text[NAME_MAX + 32];
	struct emit e;
	struct buf b;
	enum err outcome;

	/* A target may take the same certificate again after another one. */
	buf_init(&b, text, sizeof(text));
	buf_str(&b, d->target);
	buf_printf(&b, " %lld", (long long)h.when.at);
	outcome = set_end_id(c, &h, level,
	    level == NOTIFY_TAKEN ? d->fingerprint : d->tried, buf_view(&b));
	if (outcome != ERR_OK)
		return outcome;
	notify_envelope_begin(c, &h, &b, &e);
	emit_delivery(&e, d, level);
	outcome = notify_envelope_end(c, &h, &b, &e, out);
	return outcome == ERR_OK ? put_delivery_text(c, d, level, out)
				 : outcome;
}
