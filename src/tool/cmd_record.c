/* SPDX-License-Identifier: ISC */
/*
 * cmd_record.c - prints a tenant's record, and stores a certificate in it by
 * the same rules as over HTTP.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "format/crypto.h"
#include "http/view.h"
#include "tool/cmd_names.h"
#include "tool/cmd_output.h"

static void
print_record(const struct record *r)
{
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++) {
		struct str text = record_text(r, (enum property)i);

		printf("%s: ", record_properties[i].name);
		/* Only the certificate may take several lines. In any other
		 * property, a client's line feed would let it forge lines of
		 * this output. */
		if (i == RECORD_CERTIFICATE)
			cmd_print_text(text);
		else
			cmd_print_word(text);
		putchar('\n');
	}
	printf("revision: %llu\n", (unsigned long long)r->revision);
}

static int
print_record_json(const struct cmd_call *c, const struct record *r)
{
	struct view v = {
		.metadata = ODATA_NONE, .revision = true, .set = RECORD_ALL
	};
	size_t size = 512 * 1024;
	char *text = malloc(size);
	struct buf out;

	if (text == NULL)
		return cmd_fail(c, ERR_MEMORY, "");
	buf_init(&out, text, size);
	view_record(&out, &v, r);
	printf("%.*s\n", STR_ARG(buf_view(&out)));
	free(text);
	return EXIT_SUCCESS;
}

int
cmd_print_record(struct cmd_call *c, const struct record *r)
{
	if (c->given & CMD_BIT(OPTION_JSON))
		return print_record_json(c, r);
	print_record(r);
	return EXIT_SUCCESS;
}

static void
print_note(const char *name, struct str text)
{
	if (text.n == 0)
		return;
	printf("%s: ", name);
	cmd_print_word(text);
	putchar('\n');
}

/* Prints the alias and the custody; JSON has the record only, as over HTTP. */
static enum err
print_notes(struct cmd_call *c)
{
	static const char *const words[CUSTODY_TEXTS] = { "owner", "contact",
		"notes" };
	enum err e;
	size_t i;

	if ((c->given & CMD_BIT(OPTION_JSON)) != 0)
		return ERR_OK;
	if ((e = cmd_names_load(c->reader, &c->names)) != ERR_OK)
		return e;
	print_note("alias", cmd_names_alias(c->names, &c->tenant));
	for (i = 0; i < CUSTODY_TEXTS; i++)
		print_note(words[i],
		    cmd_names_custody(
			c->names, &c->tenant, (enum custody_text)i));
	return ERR_OK;
}

int
cmd_show(struct cmd_call *c)
{
	struct record r;
	int status;
	enum err e;

	if (cmd_begin_reading(c) != ERR_OK)
		return EXIT_FAILURE;
	if (cmd_need_tenant(c) != ERR_OK)
		return EXIT_FAILURE;
	if ((e = store_record(c->reader, &c->tenant, &r)) != ERR_OK)
		return cmd_fail_record(c, e);
	status = cmd_print_record(c, &r);
	if ((e = print_notes(c)) != ERR_OK)
		return cmd_fail(c, e, cmd_place(c));
	return status;
}

/* --- changes ---------------------------------------------------------- */

static void
print_notice(const struct cmd_call *c, enum err notice)
{
	if (notice == ERR_OK)
		return;
	cmd_warn(c, "%s: the certificate %s", err_info(notice)->reason,
	    notice == ERR_EXPIRED
		? "has expired; Apple's push service does not accept it"
		: "ends before the certificate that was stored");
}

/* A search for another tenant with the topic of a record. */
struct sharing {
	const struct cmd_call *call;
	struct str topic;
	struct guid other;
};

static enum err
compare_topic(const struct guid *tenant, const struct record *r, void *arg)
{
	struct sharing *s = arg;

	if (memcmp(tenant, &s->call->tenant, sizeof(*tenant)) == 0 ||
	    r->value[RECORD_SERIAL].n == 0 ||
	    !str_eq(r->value[RECORD_TOPIC], s->topic))
		return ERR_OK;
	s->other = *tenant;
	return ERR_STOP;
}

/* Warns if another tenant has the topic: one of the two has another customer's
 * certificate. The change itself counts, so a failure here changes nothing. */
static void
warn_if_shared(struct cmd_call *c, struct str topic)
{
	struct sharing s = { .call = c, .topic = topic };
	struct cmd_names *names = NULL;
	char id[STR_GUID_LEN];
	struct str alias;

	if (topic.n == 0 ||
	    store_records(c->reader, compare_topic, &s) != ERR_STOP)
		return;
	if (cmd_names_load(c->reader, &names) != ERR_OK)
		names = NULL;
	str_guid_text(&s.other, id);
	alias = cmd_names_alias(names, &s.other);
	cmd_warn(c,
	    "tenant %.*s%s%.*s%s has the same topic; check that this "
	    "certificate was meant for this tenant",
	    STR_GUID_LEN, id, alias.n > 0 ? " (" : "", STR_ARG(alias),
	    alias.n > 0 ? ")" : "");
	cmd_names_free(names);
}

static int
refuse_change(struct cmd_call *c, enum err e, const struct fault *fault)
{
	if (e != ERR_PRECONDITION)
		return cmd_refuse(c, e, fault);
	cmd_error(c,
	    "the record does not have revision %llu now, and nothing was "
	    "changed; 'pushcert show' prints the revision",
	    (unsigned long long)c->revision);
	return EXIT_FAILURE;
}

int
cmd_apply(struct cmd_call *c, struct change *change)
{
	struct fault fault = { .what = { NULL, 0 } };
	struct str topic;
	struct record r;
	int status;
	enum err e;

	if (cmd_caller(c, &change->by) != ERR_OK)
		return EXIT_FAILURE;
	change->allow_topic = str_of(c->value[OPTION_ALLOW_TOPIC_CHANGE]);
	if (crypto_random(&change->new_id, sizeof(change->new_id)) != ERR_OK)
		return cmd_fail(c, ERR_INTERNAL, "random bytes");
	str_guid_v4(&change->new_id);
	if (c->given & CMD_BIT(OPTION_DRY_RUN)) {
		e = change_try(c->reader, change, &r, &fault);
	} else {
		store_end(c->reader);
		e = change_patch(c->store, change, &r, &fault);
	}
	if (e != ERR_OK)
		return refuse_change(c, e, &fault);
	print_notice(c, policy_notice(&change->found.notices));
	status = cmd_print_record(c, &r);
	topic = arena_copy(&c->arena, r.value[RECORD_TOPIC]);
	/* change_try has left the transaction open. */
	if ((c->given & CMD_BIT(OPTION_DRY_RUN)) != 0 ||
	    store_begin(c->reader) == ERR_OK)
		warn_if_shared(c, topic);
	return status;
}

/* --- upload ----------------------------------------------------------- */

/* More than the longest certificate text, so that a text that is too long is
 * noticed and not cut off. */
#define FILE_MAX (2 * PEM_TEXT_MAX)

static enum err
read_text(struct cmd_call *c, const char *path, struct str *out)
{
	enum err e = cmd_read_source(c, path, FILE_MAX, out);

	/* The certificate's own limit is far below. */
	return e == ERR_TOO_LARGE ? ERR_OK : e;
}

/* A file without a certificate is taken for a mistake and refused, unless
 * `as_it_is` is true. */
static enum err
make_text(struct arena *a, bool as_it_is, struct str *text, struct fault *fault)
{
	struct str file = *text;
	enum err e;

	if (as_it_is && policy_is_text(file) &&
	    file.n <= record_properties[RECORD_CERTIFICATE].limit)
		return ERR_OK;
	e = policy_file_text(file, a, text, fault);
	if (e != ERR_OK || !str_is_null(*text))
		return e;
	fault->ours = str_of("the file contains none; --force stores any text");
	return ERR_NOT_A_CERTIFICATE;
}

static enum err
make_patch(struct cmd_call *c, struct patch *p, struct fault *fault)
{
	bool force = (c->given & CMD_BIT(OPTION_FORCE)) != 0;
	struct str text;
	enum err e;

	if ((e = read_text(c, c->argument[0], &text)) != ERR_OK)
		return e;
	if ((e = make_text(&c->arena, force, &text, fault)) != ERR_OK)
		return e;
	p->set |= RECORD_BIT(RECORD_CERTIFICATE);
	p->value[RECORD_CERTIFICATE] = text;
	return ERR_OK;
}

bool
cmd_take_apple_id(const struct cmd_call *c, struct patch *p)
{
	struct str id = str_of(c->value[OPTION_APPLE_ID]);

	if (str_is_null(id))
		return true;
	p->set |= RECORD_BIT(RECORD_APPLE_ID);
	p->value[RECORD_APPLE_ID] = id;
	return str_utf8_valid(id) &&
	    str_utf8_count(id) <= record_properties[RECORD_APPLE_ID].limit;
}

int
cmd_upload(struct cmd_call *c)
{
	struct change change = { .config = &c->config, .arena = &c->arena };
	struct fault fault = { .what = { NULL, 0 } };
	enum err e;

	if (!cmd_take_apple_id(c, &change.patch))
		return cmd_usage(
		    c, "--apple-id: give at most 1024 characters of UTF-8");
	if (cmd_begin_reading(c) != ERR_OK || cmd_deploy_prepare(c) != ERR_OK ||
	    cmd_need_tenant(c) != ERR_OK || cmd_need_arena(c) != ERR_OK)
		return EXIT_FAILURE;
	/* End the transaction first: standard input may take any time to
	 * arrive. */
	store_end(c->reader);
	if ((e = make_patch(c, &change.patch, &fault)) != ERR_OK)
		return e == ERR_FILE ? EXIT_FAILURE : cmd_refuse(c, e, &fault);
	if ((e = store_begin(c->reader)) != ERR_OK)
		return cmd_fail(c, e, cmd_place(c));
	return cmd_deploy_after(c, cmd_apply(c, &change));
}
