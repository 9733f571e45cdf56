/* SPDX-License-Identifier: ISC */
/*
 * handlers.c - the handlers of the routes. A handler runs when all checks have
 * passed.
 */
#include "http/call.h"

#include <string.h>
#include <unistd.h>

#include "format/json.h"
#include "state/keygen_slots.h"
#include "base/log.h"
#include "http/metrics_text.h"
#include "rules/change.h"
#include "rules/csr.h"
#include "format/record.h"

static enum err
put_record(struct call *c, struct record *r)
{
	struct buf body;

	if (!c->app->config->return_certificate)
		r->value[RECORD_CERTIFICATE] = str_of(NULL);
	c->etag = record_etag(r, c->room->etag);
	buf_open(&body, &c->wk->arena);
	view_record(&body, &c->view, r);
	c->content = buf_close(&body, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

enum err
routes_get(struct call *c)
{
	struct record r;
	enum err e;

	if ((e = store_record(c->wk->reader, &c->who.tenant, &r)) != ERR_OK)
		return e;
	if ((e = put_record(c, &r)) != ERR_OK)
		return e;
	call_compare_etag(c);
	return ERR_OK;
}

/* Reads the body and parses it into a patch. */
static enum err
read_patch(struct call *c, struct patch *p)
{
	struct json json;
	struct str body;
	enum err e;

	if ((e = call_read_body(c, &c->wk->arena, &body)) != ERR_OK)
		return e;
	c->body = body;
	e = json_parse(body, &c->wk->arena, &json, &c->fault.what);
	if (e != ERR_OK)
		return e;
	e = record_patch(
	    &json, &c->wk->arena, p, &c->fault.what, &c->fault.target);
	if (e != ERR_OK)
		return e;
	c->fault = (struct fault){ .what = str_of(NULL) };
	/* If return_certificate is off, clients read null as the certificate.
	 * If they write this null back, it must not delete the certificate. */
	if (!c->app->config->return_certificate &&
	    str_is_null(p->value[RECORD_CERTIFICATE]))
		p->set &= ~RECORD_BIT(RECORD_CERTIFICATE);
	return ERR_OK;
}

enum err
call_try(struct call *c, struct change *change, struct record *r)
{
	enum err e;

	if ((e = call_begin_reading(c)) != ERR_OK)
		return e;
	e = change_try(c->wk->reader, change, r, &c->fault);
	call_end_reading(c);
	return e;
}

/* Seconds by which a clock may go back when it is corrected. */
#define CLOCK_SLACK 300

/* Warns if the record's last change is later than the clock. The program never
 * dates a change before the previous one, so such a date shows that the clock
 * was set back. */
void
call_check_clock(const struct call *c, const struct record *r)
{
	struct str modified = r->value[RECORD_MODIFIED];
	int64_t now_at = c->req->now.at;
	struct instant changed;

	if (c->app->behind == NULL ||
	    datetime_parse(modified, &changed) != ERR_OK ||
	    changed.at <= now_at + CLOCK_SLACK ||
	    !log_should_repeat(c->app->behind, 1, now_at))
		return;
	log_line(LOG_AT_WARNING,
	    "the clock is earlier than the last change, %.*s; correct the "
	    "clock",
	    STR_ARG(modified));
}

struct change
call_change(const struct call *c)
{
	const struct request *req = c->req;
	struct change change = { .config = c->app->config,
		.arena = &c->wk->arena,
		.by = call_caller(c),
		.if_match = req->var[REQUEST_IF_MATCH],
		.if_none_match = req->var[REQUEST_IF_NONE_MATCH],
		.allow_topic = str_trim(req->var[REQUEST_ALLOW_TOPIC_CHANGE]) };

	memcpy(change.new_id.byte, req->random + sizeof(change.new_id),
	    sizeof(change.new_id));
	str_guid_v4(&change.new_id);
	return change;
}

/* A dry run has no other preference. */
static void
apply_preferences(struct call *c)
{
	if (c->prefer & ODATA_PREFER_DRY_RUN)
		c->prefer = ODATA_PREFER_DRY_RUN;
	c->applied = c->prefer;
}

/* Makes the change, or only tries it if the request is a dry run. */
static enum err
make_change(struct call *c, struct change *change, struct record *r)
{
	return c->prefer & ODATA_PREFER_DRY_RUN
	    ? call_try(c, change, r)
	    : change_patch(c->app->store, change, r, &c->fault);
}

enum err
routes_patch_done(struct call *c, struct call_patch *p)
{
	enum err notice = policy_notice(&p->change.found.notices), e;

	if (notice != ERR_OK)
		c->notice = str_of(err_info(notice)->reason);
	call_check_clock(c, &p->after);
	if (c->prefer & ODATA_PREFER_MINIMAL)
		c->status = 204;
	e = put_record(c, &p->after);
	/* A dry run stores nothing, so its response has no ETag: the next
	 * change would get the same one, and would match it. */
	if (c->prefer & ODATA_PREFER_DRY_RUN)
		c->etag = str_of(NULL);
	return e;
}

enum err
routes_patch(struct call *c)
{
	/* cppcheck-suppress uninitvar ; only its address is taken */
	struct call_patch own, *p = c->later != NULL ? c->later : &own;
	enum err e;

	p->change = call_change(c);
	if ((e = read_patch(c, &p->change.patch)) != ERR_OK)
		return e;
	apply_preferences(c);
	if (c->later != NULL)
		return change_prepare(
		    &p->change, &p->after, &c->fault, &p->ready);
	e = make_change(c, &p->change, &p->after);
	return e == ERR_OK ? routes_patch_done(c, p) : e;
}

/* The response has no content, so return= does not apply to it. */
enum err
routes_delete(struct call *c)
{
	struct change change = call_change(c);
	struct record r;
	enum err e;

	change.patch = record_removal();
	c->prefer &= ODATA_PREFER_DRY_RUN;
	c->status = 204;
	apply_preferences(c);
	e = make_change(c, &change, &r);
	if (e == ERR_OK)
		call_check_clock(c, &r);
	return e;
}

static enum err
put_text(struct call *c, struct str text)
{
	struct buf content;

	buf_open(&content, &c->wk->arena);
	view_text(&content, &c->view, text);
	c->content = buf_close(&content, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

enum err
routes_download(struct call *c)
{
	struct str text;
	enum err e;

	e = csr_pending(c->wk->reader, &c->who.tenant, &c->wk->arena, &text);
	if (e == ERR_NOT_FOUND)
		return ERR_NO_REQUEST;
	return e == ERR_OK ? put_text(c, text) : e;
}

/*
 * Loads the secrets for one seal. The key file is read each time: if its key no
 * longer exists on disk, a seal made with it could never be opened. If the
 * secrets could not be read when the program started, they are all tried again.
 * The caller must wipe *out unless it is NULL.
 */
static enum err
load_secrets(const struct call *c, struct secrets **out)
{
	const struct secrets *before = c->app->secrets;
	char message[CONFIG_TEXT_MAX];
	enum err e;

	*out = arena_take(&c->wk->arena, sizeof(**out));
	if (*out == NULL)
		return ERR_MEMORY;
	**out = *before;
	e = before->missing ? secret_load(c->app->config, *out, message)
			    : secret_load_key(c->app->config, *out, message);
	if (e == ERR_OK)
		return ERR_OK;
	if (c->app->secrets_lost == NULL ||
	    log_should_repeat(c->app->secrets_lost, 1, c->req->now.at))
		log_line(LOG_AT_ERROR, "%s", message);
	return ERR_SECRET;
}

static enum err
make_key(struct call *c, struct str *text)
{
	struct caller by = call_caller(c);
	struct csr_order order = { .store = c->app->store,
		.config = c->app->config,
		.by = &by,
		.arena = &c->wk->arena };
	struct secrets *now;
	enum err e;

	*text = str_of(NULL);
	e = load_secrets(c, &now);
	order.secrets = now;
	if (e == ERR_OK)
		e = csr_make(&order, text, &c->fault.what);
	if (now != NULL)
		secret_wipe(now);
	/* The subject comes from the configuration, so its fault concerns the
	 * operator. */
	if (e == ERR_CONFIG)
		log_line(LOG_AT_ERROR, "certificate request: %.*s",
		    STR_ARG(c->fault.what));
	return e;
}

enum err
call_make_request(struct call *c, struct str *text)
{
	struct keygen_slots *slots = c->app->keygen_slots;
	enum err e;

	if (slots == NULL)
		return make_key(c, text);
	if (!keygen_slots_take(slots, &c->who.tenant, c->req->now.at))
		return ERR_KEYGEN_BUSY;
	e = make_key(c, text);
	keygen_slots_give(slots, &c->who.tenant);
	return e;
}

enum err
routes_generate(struct call *c)
{
	struct str text;
	enum err e;

	/*
	 * The handler would replace the pending request, so it has no dry run.
	 */
	if (c->prefer & ODATA_PREFER_DRY_RUN)
		return ERR_NO_DRY_RUN;
	e = call_make_request(c, &text);
	return e == ERR_OK ? put_text(c, text) : e;
}

enum err
routes_health(struct call *c)
{
	static const struct guid no_tenant;
	struct metrics_counts counts = { .hanging = 0 };
	struct record r;
	struct buf body;
	enum err e;

	if (call_begin_reading(c) != ERR_OK)
		return ERR_STORE;
	e = store_record(c->wk->reader, &no_tenant, &r);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return ERR_STORE;
	buf_open(&body, &c->wk->arena);
	if (c->app->metrics != NULL)
		metrics_read(c->app->metrics, &counts);
	view_health(&body, counts.hanging);
	c->content = buf_close(&body, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

/* When the vendor's certificates end; unknown if there are none. */
static struct expiry
vendor_expiry(const struct call *c)
{
	const struct secrets *s = c->app->secrets;

	return s->is_vendor
	    ? expiry_of_chain(str_of(s->vendor_chain), &c->wk->arena)
	    : (struct expiry){ .expires = false };
}

/* Appends the metrics of the caller's tenant, of the vendor and of this
 * process. */
static void
put_metrics(struct call *c, const struct expiry_tenant *t,
    const struct expiry *vendor, struct buf *out)
{
	struct metrics_counts counts;
	unsigned i;

	for (i = 0; i < METRICS_TEXT_FAMILIES; i++) {
		metrics_text_family(out, (enum metrics_text_family)i);
		metrics_text_sample(out, (enum metrics_text_family)i, t);
	}
	if (vendor->expires)
		metrics_text_vendor(out, vendor);
	if (c->app->metrics == NULL)
		return;
	metrics_read(c->app->metrics, &counts);
	metrics_text_counters(out, &counts, (uint64_t)getpid());
}

enum err
routes_metrics(struct call *c)
{
	struct expiry vendor = vendor_expiry(c);
	struct expiry_tenant t;
	struct record r;
	struct buf text;
	enum err e;

	e = store_record(c->wk->reader, &c->who.tenant, &r);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	t = expiry_tenant(&c->who.tenant, e == ERR_OK ? &r : NULL,
	    c->req->now.at, EXPIRY_DAYS, &c->wk->arena);
	buf_open(&text, &c->wk->arena);
	put_metrics(c, &t, &vendor, &text);
	c->content = buf_close(&text, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}
