/* SPDX-License-Identifier: ISC */
/*
 * staging_routes.c - the routes of pushcert.test, with which a test commands
 * its stand-in. They exist in a stand-in only, and are in no description.
 */
#include "http/staging.h"

#include "state/standin.h"

static enum err
show(struct call *c)
{
	struct buf out;
	struct emit e;
	enum err err;

	buf_open(&out, &c->wk->arena);
	emit_init(&e, &out);
	emit_object(&e);
	standin_emit(c->app->standin, &c->who.tenant, c->req->now, &e);
	emit_name(&e, "record");
	err = staging_record_emit(c, &e);
	emit_end(&e);
	c->content = buf_close(&out, &c->wk->arena);
	if (err != ERR_OK)
		return err;
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

static enum err
read_body(struct call *c, struct json *doc)
{
	struct str body;
	enum err e;

	if ((e = call_read_body(c, &c->wk->arena, &body)) != ERR_OK)
		return e;
	c->body = body;
	return json_parse(body, &c->wk->arena, doc, &c->fault.what);
}

/* Applies a change whose members are all good. */
static enum err
apply(struct call *c, const struct standin_patch *p, struct staging_record *r)
{
	struct instant now = c->req->now;
	enum err e;

	c->fault.ours = str_of("the clock must stay in the years 1 to 9999");
	c->fault.what = str_of("now");
	e = standin_apply(c->app->standin, &c->who.tenant, p, c->req->now);
	if (e != ERR_OK || !p->has_record)
		return e;
	standin_now(c->app->standin, &c->who.tenant, &now);
	return staging_record_store(c, r, now);
}

static enum err
change(struct call *c)
{
	struct staging_record record = { .removes = false };
	const char *why = NULL;
	struct standin_patch p;
	struct json doc;
	enum err e;

	if ((e = read_body(c, &doc)) != ERR_OK)
		return e;
	e = standin_patch_read(&doc, &c->wk->arena, &p, &why, &c->fault.what);
	if (e == ERR_OK && p.has_record)
		e = staging_record_read(
		    &doc, p.record, &record, &why, &c->fault.what);
	c->fault.ours = str_of(why);
	if (e != ERR_OK || (e = apply(c, &p, &record)) != ERR_OK)
		return e;
	c->fault = (struct fault){ .what = str_of(NULL) };
	return show(c);
}

struct forgotten {
	struct guid tenant;
	bool more;
};

static enum err
forget(struct txn *tx, void *arg)
{
	struct forgotten *f = arg;

	return store_forget(tx, &f->tenant, &f->more);
}

static enum err
reset(struct call *c)
{
	struct forgotten f = { .tenant = c->who.tenant, .more = true };
	enum err e = ERR_OK;

	while (e == ERR_OK && f.more)
		e = store_update(c->app->store, forget, &f);
	standin_forget(c->app->standin, &c->who.tenant);
	c->status = 204;
	return e;
}

static enum err
show_journal(struct call *c)
{
	struct buf out;
	struct emit e;

	buf_open(&out, &c->wk->arena);
	emit_init(&e, &out);
	standin_journal(c->app->standin, &c->who.tenant, &e);
	c->content = buf_close(&out, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

static enum err
empty_journal(struct call *c)
{
	standin_forget_journal(c->app->standin, &c->who.tenant);
	c->status = 204;
	return ERR_OK;
}

#define TEST STR("pushcert.test")
#define JSON_TYPE "application/json"

static const struct route routes[] = {
	{ .segment = { TEST },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .type = JSON_TYPE,
	    .scopes = AUTH_ALL,
	    .run = show },
	{ .segment = { TEST },
	    .roots = PATH_ANY,
	    .method = STR("PATCH"),
	    .type = JSON_TYPE,
	    .body = true,
	    .scopes = AUTH_ALL,
	    .run = change },
	{ .segment = { TEST },
	    .roots = PATH_ANY,
	    .method = STR("DELETE"),
	    .type = JSON_TYPE,
	    .scopes = AUTH_ALL,
	    .run = reset },
	{ .segment = { TEST, STR("requests") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .type = JSON_TYPE,
	    .scopes = AUTH_ALL,
	    .run = show_journal },
	{ .segment = { TEST, STR("requests") },
	    .roots = PATH_ANY,
	    .method = STR("DELETE"),
	    .type = JSON_TYPE,
	    .scopes = AUTH_ALL,
	    .run = empty_journal },
};

static const struct str first_words[] = { TEST, { NULL, 0 } };

const struct route_table staging_routes_table = { .route = routes,
	.n = sizeof(routes) / sizeof(routes[0]),
	.first = first_words,
	.enter = steps_find_caller };
