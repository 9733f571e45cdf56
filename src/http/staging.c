/* SPDX-License-Identifier: ISC */
/* staging.c - what happens to a request of a test, before and after it. */
#include "http/staging.h"

#include <time.h>

#include "state/standin.h"

/* Milliseconds of one step of a delay. */
#define STEP 100

/* An open path needs no token, but a token names the tenant there too. */
static bool
has_tenant(struct call *c, struct str authorization)
{
	struct auth_call call = { .authorization = authorization,
		.arena = &c->wk->arena };

	return !c->open || auth_bearer(c->app->auth, &call, &c->who) == ERR_OK;
}

static enum err
take_time(struct call *c)
{
	struct request *mine = arena_take(&c->wk->arena, sizeof(*mine));

	if (mine == NULL)
		return ERR_MEMORY;
	*mine = *c->req;
	standin_now(c->app->standin, &c->who.tenant, &mine->now);
	c->req = mine;
	c->ids.now_at = mine->now.at;
	return ERR_OK;
}

/* The path after the root, without a slash in front. */
static struct str
path_of(struct call *c)
{
	const struct path *p = c->path;
	struct buf path;
	size_t i;

	buf_open(&path, &c->wk->arena);
	for (i = p->at + 1; i < p->count; i++) {
		if (i > p->at + 1)
			buf_char(&path, '/');
		buf_str(&path, p->segment[i]);
	}
	return buf_close(&path, &c->wk->arena);
}

/* Waits, and shows the sweeper meanwhile that the worker does not hang. */
static void
delay(struct call *c, unsigned ms)
{
	const struct call *outer = c;
	const struct request *req;
	unsigned step;
	char none;

	while (outer->outer != NULL)
		outer = outer->outer;
	req = outer->req;
	for (; ms > 0; ms -= step) {
		step = ms < STEP ? ms : STEP;
		const struct timespec t = { .tv_nsec = step * 1000000L };

		nanosleep(&t, NULL);
		if (req->read(req->from, &none, 0) < 0)
			return;
	}
}

/* A read transaction must not stay open while the worker sleeps. */
static enum err
delay_before(struct call *c, unsigned ms)
{
	bool reads = c->reads;

	call_end_reading(c);
	delay(c, ms);
	return reads ? call_begin_reading(c) : ERR_OK;
}

static bool
is_exempt(const struct call *c, struct str path)
{
	return str_is(c->req->var[REQUEST_METHOD], "OPTIONS") ||
	    str_iis(path, "health");
}

static enum err
judge(struct call *c, struct standin_act *act)
{
	struct str text = c->req->var[REQUEST_FAULT];
	struct standin_rule header;
	struct standin_request r = { .tenant = c->who.tenant,
		.method = c->req->var[REQUEST_METHOD],
		.path = path_of(c),
		.now = c->req->now };
	const char *why;
	enum err e;

	*act = (struct standin_act){ .now_at = r.now.at };
	if (str_is_null(r.path))
		return ERR_MEMORY;
	if (is_exempt(c, r.path))
		return ERR_OK;
	if (text.n > 0) {
		e = standin_rule_text_header(
		    text, &header, &why, &c->fault.what);
		if (e != ERR_OK) {
			c->fault.ours = str_of(why);
			return ERR_STANDIN_HEADER;
		}
		r.header = &header;
	}
	return standin_judge(c->app->standin, &r, act);
}

/* Sets the time of the request, and decides what happens to it. */
static enum err
begin(struct call *c, struct str authorization)
{
	struct standin_act *act;
	enum err e;

	if (c->table == &staging_routes_table || !has_tenant(c, authorization))
		return ERR_OK;
	if (c->outer == NULL && (e = take_time(c)) != ERR_OK)
		return e;
	if ((act = arena_take(&c->wk->arena, sizeof(*act))) == NULL)
		return ERR_MEMORY;
	c->act = act;
	if ((e = judge(c, act)) != ERR_OK)
		return e;
	if (act->after)
		return ERR_OK;
	if (act->delay > 0 && (e = delay_before(c, act->delay)) != ERR_OK)
		return e;
	return act->status != 0 ? ERR_INJECTED : ERR_OK;
}

/* The routes of pushcert.test are in no other table. They cannot be items of a
 * batch. */
static void
find_test_route(struct call *c)
{
	const struct path *p = c->path;
	struct str method = c->req->var[REQUEST_METHOD];

	if (c->outer != NULL || p->words == 0 ||
	    !str_iis(p->word[0], "pushcert.test"))
		return;
	c->table = &staging_routes_table;
	c->route_error = ERR_OK;
	c->fault.what = str_of(NULL);
	match_route(c, c->head ? str_of("GET") : method);
}

enum err
staging_enter(struct call *c)
{
	enum err e;

	if (c->reached == 0)
		find_test_route(c);
	e = steps_find_caller(c);
	return e == ERR_OK ? begin(c, steps_authorization(c->req)) : e;
}

enum err
staging_end(struct call *c, enum err e)
{
	if (c->act == NULL || !c->act->after || c->act->status == 0)
		return e;
	delay(c, c->act->delay);
	c->notice = str_of(NULL);
	return ERR_INJECTED;
}
