/* SPDX-License-Identifier: ISC */
/*
 * cmd_expiry.c - prints when each certificate expires: as metrics for
 * Prometheus, or as a calendar.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "http/calendar.h"
#include "http/metrics_text.h"
#include "tool/cmd_names.h"
#include "tool/cmd_output.h"
#include "tool/deploy_show.h"

/* A collector or a web server must be able to read the file. It holds nothing
 * secret. */
#define PUBLIC_MODE (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)

/* The state of a walk over all tenants. */
struct walk {
	struct cmd_call *c;
	FILE *out;
	int64_t now_at;
	/* Metrics only: the dates of every tenant, without its texts. */
	struct expiry_tenant *kept;
	size_t count, room;
};

/*
 * A visit of the tenants that the operator has added and that have no record.
 */
struct recordless {
	struct cmd_call *c;
	store_record_visit *visit;
	void *arg;
};

static enum err
visit_recordless(const struct tenant *t, void *arg)
{
	const struct recordless *l = arg;
	struct guid id = t->id;
	struct record r;
	enum err e;

	e = store_record(l->c->reader, &id, &r);
	return e == ERR_NOT_FOUND ? l->visit(&id, NULL, l->arg) : e;
}

enum err
cmd_each_tenant(struct cmd_call *c, store_record_visit *visit, void *arg)
{
	struct recordless l = { .c = c, .visit = visit, .arg = arg };
	struct record r;
	enum err e;

	if (c->names == NULL &&
	    (e = cmd_names_load(c->reader, &c->names)) != ERR_OK)
		return e;
	if ((c->given & CMD_BIT(OPTION_TENANT)) == 0) {
		if ((e = store_records(c->reader, visit, arg)) != ERR_OK)
			return e;
		return store_tenants(c->reader, visit_recordless, &l);
	}
	e = store_record(c->reader, &c->tenant, &r);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	return visit(&c->tenant, e == ERR_OK ? &r : NULL, arg);
}

struct expiry_tenant
cmd_facts(struct cmd_call *c, const struct guid *tenant, const struct record *r,
    int64_t now_at)
{
	struct expiry_tenant t = expiry_tenant(
	    tenant, r, now_at, c->warning_days, &c->arena);

	t.alias = cmd_names_alias(c->names, tenant);
	t.owner = cmd_names_custody(c->names, tenant, CUSTODY_OWNER);
	t.contact = cmd_names_custody(c->names, tenant, CUSTODY_CONTACT);
	t.notes = cmd_names_custody(c->names, tenant, CUSTODY_NOTES);
	return t;
}

static enum err
write_out(FILE *out, const struct buf *text)
{
	fwrite(text->p, 1, text->n, out);
	return text->full ? ERR_MEMORY : ERR_OK;
}

/* --- metrics ---------------------------------------------------------- */

/* Keeps a tenant's dates for all families of metrics. Reading the certificate
 * is the slow part, so it happens once per tenant and not once per family. */
static enum err
keep_tenant(const struct guid *tenant, const struct record *r, void *arg)
{
	struct walk *w = arg;
	struct expiry_tenant *t = w->kept;

	if (w->count == w->room) {
		w->room = w->room > 0 ? 2 * w->room : 64;
		t = reallocarray(w->kept, w->room, sizeof(*t));
		if (t == NULL)
			return ERR_MEMORY;
		w->kept = t;
	}
	t += w->count++;
	*t = cmd_facts(w->c, tenant, r, w->now_at);
	t->apple_id = t->topic = t->serial = t->modified = str_of(NULL);
	return ERR_OK;
}

static enum err
write_family(struct walk *w, enum metrics_text_family family)
{
	char text[EXPIRY_TENANT_MAX];
	struct buf out;
	enum err e;
	size_t i;

	buf_init(&out, text, sizeof(text));
	metrics_text_family(&out, family);
	e = write_out(w->out, &out);
	for (i = 0; i < w->count && e == ERR_OK; i++) {
		buf_init(&out, text, sizeof(text));
		metrics_text_sample(&out, family, &w->kept[i]);
		e = write_out(w->out, &out);
	}
	return e;
}

static enum err
write_vendor(struct walk *w)
{
	char text[EXPIRY_TENANT_MAX];
	struct expiry x;
	struct buf out;

	if (!cmd_vendor_expiry(w->c, &x))
		return ERR_OK;
	buf_init(&out, text, sizeof(text));
	metrics_text_vendor(&out, &x);
	return write_out(w->out, &out);
}

static enum err
write_metrics(struct walk *w)
{
	enum err e = cmd_each_tenant(w->c, keep_tenant, w);
	unsigned i;

	for (i = 0; i < METRICS_TEXT_FAMILIES && e == ERR_OK; i++)
		e = write_family(w, (enum metrics_text_family)i);
	free(w->kept);
	if (e == ERR_OK)
		e = write_vendor(w);
	return e == ERR_OK ? deploy_show_metrics(w->c, w->out) : e;
}

/* --- calendar --------------------------------------------------------- */

static enum err
calendar_tenant(const struct guid *tenant, const struct record *r, void *arg)
{
	const struct walk *w = arg;
	struct expiry_tenant t = cmd_facts(w->c, tenant, r, w->now_at);
	char text[EXPIRY_TENANT_MAX];
	struct buf out;

	buf_init(&out, text, sizeof(text));
	calendar_event(&out, &t);
	return write_out(w->out, &out);
}

static enum err
write_calendar(struct walk *w)
{
	char text[EXPIRY_TENANT_MAX];
	struct expiry x;
	struct buf out;
	enum err e;

	buf_init(&out, text, sizeof(text));
	calendar_begin(&out);
	if ((e = write_out(w->out, &out)) != ERR_OK)
		return e;
	if ((e = cmd_each_tenant(w->c, calendar_tenant, w)) != ERR_OK)
		return e;
	buf_init(&out, text, sizeof(text));
	if (cmd_vendor_expiry(w->c, &x))
		calendar_vendor(&out, &x);
	calendar_end(&out);
	return write_out(w->out, &out);
}

/* Writes the output after the store has been closed: opening a FIFO blocks
 * until another process reads it. */
static enum err
put_page(struct cmd_call *c, const char *text, size_t n)
{
	struct cmd_output o;
	enum err e;

	if ((e = cmd_end_reading(c)) != ERR_OK)
		return e;
	e = cmd_output_open(c, c->value[OPTION_OUTPUT], PUBLIC_MODE, &o);
	if (e != ERR_OK)
		return e;
	fwrite(text, 1, n, o.f);
	return cmd_output_close(&o, ERR_OK);
}

static int
write_page(struct cmd_call *c, enum err (*write)(struct walk *w))
{
	struct walk w = { .c = c, .now_at = cmd_now_at() };
	char *text = NULL;
	size_t n = 0;
	enum err e;

	if (cmd_begin_reading(c) != ERR_OK || cmd_need_arena(c) != ERR_OK)
		return EXIT_FAILURE;
	if ((w.out = open_memstream(&text, &n)) == NULL)
		return cmd_fail(c, ERR_MEMORY, "");
	e = write(&w);
	if (fclose(w.out) != 0 && e == ERR_OK)
		e = ERR_MEMORY;
	if (e != ERR_OK)
		(void)cmd_fail(c, e, cmd_place(c));
	else
		e = put_page(c, text, n);
	free(text);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
cmd_metrics(struct cmd_call *c)
{
	return write_page(c, write_metrics);
}

int
cmd_calendar(struct cmd_call *c)
{
	return write_page(c, write_calendar);
}
