/* SPDX-License-Identifier: ISC */
/*
 * cmd_history.c - prints the changes of a tenant's record, and restores an
 * earlier state of it.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>
#include <string.h>

#include "format/crypto.h"
#include "format/emit.h"
#include "format/datetime.h"
#include "format/x509.h"
#include "rules/scope.h"
#include "tool/cmd_json.h"
#include "tool/cmd_output.h"

static const char *
action_word(enum store_action action)
{
	switch (action) {
	case STORE_CHANGED:
		return "changed";
	case STORE_REMOVED:
		return "removed";
	case STORE_REFUSED:
		return "refused";
	case STORE_REQUESTED:
		return "requested";
	case STORE_RESTORED:
		return "restored";
	case STORE_IMPORTED:
		return "imported";
	}
	return "?";
}

/*
 * The facts of an event about the uploaded or the former certificate.
 */
struct certificate {
	struct str serial;
	struct str topic;
	struct str expires;
	struct str fingerprint; /* CRYPTO_SHA256_LEN bytes, or null */
};

static struct certificate
uploaded(const struct event *ev)
{
	return (struct certificate){ .serial = ev->serial,
		.topic = ev->topic,
		.expires = ev->expires,
		.fingerprint = ev->fingerprint };
}

/* The certificate that was stored before the event. Releases before store
 * format 4 kept the former certificate but no fingerprint: then the fingerprint
 * is computed into `hash`. */
static struct certificate
former(const struct event *ev, struct arena *a, uint8_t hash[CRYPTO_SHA256_LEN])
{
	const struct record *r = &ev->former;
	struct certificate t = { .serial = r->value[RECORD_SERIAL],
		.topic = r->value[RECORD_TOPIC],
		.expires = r->value[RECORD_EXPIRES],
		.fingerprint = r->fingerprint };
	size_t used = a->used;
	struct x509 x;
	struct str what;

	if (record_is_real(r) && str_is_null(t.fingerprint) &&
	    x509_read(r->value[RECORD_CERTIFICATE], a, &x, &what) == ERR_OK &&
	    !str_is_null(x.der)) {
		memcpy(hash, x.fingerprint, CRYPTO_SHA256_LEN);
		t.fingerprint = str_from((const char *)hash, CRYPTO_SHA256_LEN);
	}
	a->used = used;
	return t;
}

/* The revision of the record after an event; 0 if the record was removed or the
 * revision is not known. */
static uint64_t
revision_after(const struct event *ev)
{
	switch (ev->action) {
	case STORE_CHANGED:
	case STORE_RESTORED:
		return ev->former.revision + 1;
	case STORE_IMPORTED:
		return ev->former.revision + (ev->changed != 0);
	case STORE_REFUSED:
		return ev->former.revision;
	case STORE_REMOVED:
	case STORE_REQUESTED:
		break;
	}
	return 0;
}

static void
print_count(const struct event *ev)
{
	if (ev->count < 2)
		return;
	printf("  %llu times until ", (unsigned long long)ev->count);
	cmd_print_date(ev->last.at);
}

static void
print_revision(uint64_t revision)
{
	if (revision > 0)
		printf("  revision %llu", (unsigned long long)revision);
}

static void
print_fact(const char *name, struct str value)
{
	if (str_is_null(value))
		return;
	printf("    %s ", name);
	cmd_print_word(value);
	putchar('\n');
}

static void
print_event(const struct event *ev)
{
	printf("%llu  ", (unsigned long long)ev->number);
	cmd_print_date(ev->when.at);
	printf("  %s  ", action_word(ev->action));
	cmd_print_word(ev->actor);
	if (!str_is_null(ev->outcome))
		printf("  %.*s", STR_ARG(ev->outcome));
	print_count(ev);
	print_revision(revision_after(ev));
	putchar('\n');
	print_fact("serial", ev->serial);
	print_fact("topic", ev->topic);
	print_fact("expires", ev->expires);
	if (!ev->had_former)
		return;
	print_fact("serial before", ev->former.value[RECORD_SERIAL]);
	print_fact("topic before", ev->former.value[RECORD_TOPIC]);
	print_fact("expires before", ev->former.value[RECORD_EXPIRES]);
}

static void
emit_revision(struct emit *e, uint64_t revision)
{
	emit_name(e, "revision");
	if (revision > 0)
		emit_u64(e, revision);
	else
		emit_null(e);
}

static void
emit_certificate(struct emit *e, const char *name, const struct certificate *t)
{
	char hex[2 * CRYPTO_SHA256_LEN];

	emit_name(e, name);
	emit_object(e);
	emit_name(e, "serial");
	emit_str(e, t->serial);
	emit_name(e, "topic");
	emit_str(e, t->topic);
	emit_name(e, "expires");
	emit_str(e, t->expires);
	emit_name(e, "fingerprint");
	if (t->fingerprint.n == CRYPTO_SHA256_LEN) {
		str_hex(
		    (const uint8_t *)t->fingerprint.p, CRYPTO_SHA256_LEN, hex);
		emit_str(e, str_from(hex, sizeof(hex)));
	} else {
		emit_null(e);
	}
	emit_end(e);
}

static const char *
kind_word(enum actor_kind kind)
{
	switch (kind) {
	case ACTOR_TOKEN:
		return "token";
	case ACTOR_TOOL:
		return "tool";
	case ACTOR_USER:
		return "user";
	case ACTOR_APPLICATION:
		return "application";
	case ACTOR_UNKNOWN:
	case ACTOR_KINDS:
		break;
	}
	return NULL;
}

/* An event of an older release has nothing but the text of the actor. */
static void
emit_actor(struct emit *e, const struct event *ev)
{
	char id[STR_GUID_LEN], name[AUTH_NAMES_MAX];
	struct buf b;
	unsigned i;

	emit_name(e, "actor");
	emit_str(e, ev->actor);
	emit_name(e, "actorKind");
	emit_text(e, kind_word(ev->kind));
	emit_name(e, "userId");
	emit_str(e, ev->user_id);
	emit_name(e, "permissions");
	emit_array(e);
	for (i = 0; i < 32; i++) {
		buf_init(&b, name, sizeof(name));
		auth_scope_names(ev->scopes & UINT32_C(1) << i, "", &b);
		if (b.n > 0)
			emit_str(e, buf_view(&b));
	}
	emit_end(e);
	emit_name(e, "requestId");
	str_guid_text(&ev->request_id, id);
	emit_str(e, str_from(id, sizeof(id)));
}

static void
print_event_json(const struct event *ev, struct arena *a)
{
	char date[DATETIME_TICKS_LEN], last[DATETIME_TICKS_LEN];
	uint8_t hash[CRYPTO_SHA256_LEN];
	struct certificate now = uploaded(ev), before = former(ev, a, hash);
	struct cmd_json json;
	struct emit *e;
	unsigned i;

	datetime_ticks(ev->when, date);
	datetime_ticks(ev->last, last);
	e = cmd_json_begin(&json);
	emit_name(e, "number");
	emit_u64(e, ev->number);
	emit_name(e, "when");
	emit_str(e, str_from(date, sizeof(date)));
	emit_name(e, "action");
	emit_text(e, action_word(ev->action));
	emit_actor(e, ev);
	emit_name(e, "outcome");
	emit_str(e, ev->outcome);
	emit_name(e, "count");
	emit_u64(e, ev->count);
	emit_name(e, "last");
	emit_str(e, str_from(last, sizeof(last)));
	emit_revision(e, revision_after(ev));
	emit_name(e, "changed");
	emit_array(e);
	for (i = 0; i < RECORD_PROPERTIES; i++)
		if (ev->changed & RECORD_BIT(i))
			emit_text(e, record_properties[i].name);
	emit_end(e);
	emit_certificate(e, "uploaded", &now);
	emit_certificate(e, "before", &before);
	cmd_json_end(&json);
}

static enum err
visit_event(const struct event *ev, void *arg)
{
	struct cmd_call *c = arg;

	cmd_list_row(c, "NUMBER  TIME  ACTION  ACTOR");
	if (c->given & CMD_BIT(OPTION_JSON))
		print_event_json(ev, &c->arena);
	else
		print_event(ev);
	return ERR_OK;
}

int
cmd_history(struct cmd_call *c)
{
	enum err e;

	if (cmd_begin_reading(c) != ERR_OK || cmd_need_tenant(c) != ERR_OK ||
	    cmd_need_arena(c) != ERR_OK)
		return EXIT_FAILURE;
	e = store_events(c->reader, &c->tenant, visit_event, c);
	cmd_list_end(c, "no events; this tenant has no record");
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(c, e, cmd_place(c));
}

int
cmd_history_restore(struct cmd_call *c)
{
	struct change change = { .config = &c->config,
		.arena = &c->arena,
		.revision_given = (c->given & CMD_BIT(OPTION_REVISION)) != 0,
		.revision = c->revision };
	uint64_t number;
	enum err e;

	if (!str_u64(str_of(c->argument[0]), &number))
		return cmd_usage(c,
		    "'%.64s' is not the number of an event; 'pushcert history' "
		    "prints the numbers",
		    c->argument[0]);
	if (cmd_begin_reading(c) != ERR_OK || cmd_deploy_prepare(c) != ERR_OK ||
	    cmd_need_tenant(c) != ERR_OK || cmd_need_arena(c) != ERR_OK)
		return EXIT_FAILURE;
	change.by.tenant = c->tenant;
	e = change_former(c->reader, &change, number);
	if (e == ERR_NOT_FOUND) {
		cmd_error(c,
		    "event %s does not exist, or there was no record before it; "
		    "'pushcert history' lists the events",
		    c->argument[0]);
		return EXIT_FAILURE;
	}
	if (e != ERR_OK)
		return cmd_fail(c, e, cmd_place(c));
	return cmd_deploy_after(c, cmd_apply(c, &change));
}
