/* SPDX-License-Identifier: ISC */
/*
 * notify_send.c - the input, the text and the variables of the hook.
 *
 * A COMMAND that is a path runs without a shell, and only while no other user
 * can change it. Any other COMMAND is one of the shell, as for `check`.
 */
#include "tool/notify_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/crypto.h"
#include "state/trust.h"
#include "tool/cmd_call.h"
#include "tool/cmd_names.h"
#include "tool/cmd_output.h"
#include "tool/hook.h"

/* --- digests ---------------------------------------------------------- */

static bool
append(char **p, size_t *n, size_t *room, struct str s)
{
	size_t wanted = *room > 0 ? *room : 4096;
	char *more;

	while (wanted - *n < s.n)
		wanted *= 2;
	if (wanted > *room) {
		if ((more = realloc(*p, wanted)) == NULL)
			return false;
		*p = more;
		*room = wanted;
	}
	if (s.n > 0)
		memcpy(*p + *n, s.p, s.n);
	*n += s.n;
	return true;
}

static bool
add_json(struct notify_digest *d, struct str s)
{
	return append(&d->json, &d->json_n, &d->json_room, s);
}

static bool
add_text(struct notify_digest *d, struct str s)
{
	return append(&d->text, &d->text_n, &d->text_room, s);
}

enum err
notify_send_add(struct notify_digest *d, const struct notify_event *event)
{
	if (!add_json(d, str_of(d->count == 0 ? "[" : ",")) ||
	    !add_json(d, event->json) || !add_text(d, event->text) ||
	    !add_text(d, str_of("\n")))
		return ERR_MEMORY;
	d->count++;
	return ERR_OK;
}

void
notify_send_free(struct notify_digest *d)
{
	free(d->json);
	free(d->text);
	*d = (struct notify_digest){ .count = 0 };
}

/* --- the hook --------------------------------------------------------- */

/* Whether the command is only the path of a program. */
static bool
is_path(const char *command)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+@%,:";

	return command[0] == '/' && command[strspn(command, plain)] == '\0';
}

static int
run(struct cmd_call *c, struct hook *h)
{
	struct trust_fault fault;

	h->name = "hook";
	h->program = c->value[OPTION_HOOK];
	h->is_command = !is_path(h->program);
	h->keeps_output = true;
	h->timeout = (unsigned)c->config.notify_timeout;
	h->timeout_key = "notify_timeout";
	if (!h->is_command && trust_file(h->program, &fault) != ERR_OK) {
		cmd_error(c, "%s. %s", fault.what, fault.cure);
		return HOOK_REFUSED;
	}
	return hook_run(c, h);
}

/* A text with its end, in the arena; empty if the arena is full, in which case
 * there was no space for the event either. */
static const char *
text_of(struct cmd_call *c, struct str s)
{
	char *p = arena_take(&c->arena, s.n + 1);

	if (p == NULL)
		return "";
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

static const char *
custody_of(
    struct cmd_call *c, const struct guid *tenant, enum custody_text text)
{
	return text_of(c, cmd_names_custody(c->names, tenant, text));
}

static struct str
with_newline(struct cmd_call *c, struct str s)
{
	struct buf b;

	buf_open(&b, &c->arena);
	buf_str(&b, s);
	buf_char(&b, '\n');
	return buf_close(&b, &c->arena);
}

int
notify_send_event(
    struct cmd_call *c, const struct notify_event *event, int stop)
{
	const struct guid *t = &event->tenant;
	char tenant[STR_GUID_LEN + 1] = "", id[2 * STR_GUID_LEN + 2];
	const struct hook_text text = { "PUSHCERT_TEXT",
		with_newline(c, event->text), false };
	const struct hook_fact facts[] = {
		{ "PUSHCERT_TYPE", event->type },
		{ "PUSHCERT_ID", id },
		{ "PUSHCERT_COUNT", "1" },
		{ "PUSHCERT_CONTENT_TYPE", "application/cloudevents+json" },
		{ "PUSHCERT_TENANT", tenant },
		{ "PUSHCERT_ALIAS", text_of(c, cmd_names_alias(c->names, t)) },
		{ "PUSHCERT_OWNER", custody_of(c, t, CUSTODY_OWNER) },
		{ "PUSHCERT_CONTACT", custody_of(c, t, CUSTODY_CONTACT) },
		{ "PUSHCERT_NOTES", custody_of(c, t, CUSTODY_NOTES) },
	};
	struct hook h = { .facts = facts,
		.facts_n = sizeof(facts) / sizeof(facts[0]),
		.texts = &text,
		.texts_n = 1,
		.input = event->json,
		.stop = stop };

	if (!event->is_vendor)
		str_guid_text(t, tenant);
	/* The ids of two tenants' events may be equal. */
	snprintf(id, sizeof(id), "%s-%s", event->is_vendor ? "vendor" : tenant,
	    event->id);
	return run(c, &h);
}

int
notify_send_digest(struct cmd_call *c, struct notify_digest *d, int stop)
{
	uint8_t hash[CRYPTO_SHA256_LEN];
	char id[sizeof("digest-") + 32] = "digest-", count[32];
	const struct hook_text text = { "PUSHCERT_TEXT",
		str_from(d->text, d->text_n), false };
	const struct hook_fact facts[] = {
		{ "PUSHCERT_TYPE", "" },
		{ "PUSHCERT_ID", id },
		{ "PUSHCERT_COUNT", count },
		{ "PUSHCERT_CONTENT_TYPE",
		    "application/cloudevents-batch+json" },
		{ "PUSHCERT_TENANT", "" },
		{ "PUSHCERT_ALIAS", "" },
		{ "PUSHCERT_OWNER", "" },
		{ "PUSHCERT_CONTACT", "" },
		{ "PUSHCERT_NOTES", "" },
	};
	struct hook h = { .facts = facts,
		.facts_n = sizeof(facts) / sizeof(facts[0]),
		.texts = &text,
		.texts_n = 1,
		.stop = stop };

	if (!add_json(d, str_of("]"))) {
		(void)cmd_fail(c, ERR_MEMORY, "");
		return HOOK_VANISHED;
	}
	h.input = str_from(d->json, d->json_n);
	snprintf(count, sizeof(count), "%zu", d->count);
	crypto_sha256(h.input, hash);
	str_hex(hash, 16, id + strlen("digest-"));
	return run(c, &h);
}
