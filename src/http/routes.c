/* SPDX-License-Identifier: ISC */
/*
 * routes.c - the handling of a request as a whole.
 *
 * routes_handle resets the worker's arena, runs the steps (steps.c), and writes
 * the response: the parts that the handler left in the call, or the error of
 * the step that refused the request. Every request gets a response and one line
 * in the log.
 */
#include "http/routes.h"

#include <string.h>

#include "http/response.h"
#include "http/batch_run.h"
#include "http/cors.h"
#include "format/json.h"
#include "http/call.h"
#include "http/staging.h"
#include "state/batch_rooms.h"

/* Bytes of the arena that the steps cannot use, so that an error can always be
 * written: its text with all repeated pieces, and the header lines. */
#define K ((size_t)1024)
#define RESERVE (16 * K)

/* --- the response ------------------------------------------------------- */

/* Whether people read the refusal. The path may not have been looked at yet. */
static bool
is_page(struct call *c)
{
	if (c->app->pages == NULL || c->outer != NULL)
		return false;
	if (!c->found && steps_find_path(c) != ERR_OK)
		return false;
	return c->table == c->app->pages;
}

void
routes_put_error(struct call *c, enum err e, struct buf *out)
{
	view_error(out, e, &c->fault, &c->ids);
}

static void
refuse(struct call *c, enum err e)
{
	struct buf content;

	c->resp->outcome = e;
	c->status = err_info(e)->status;
	if (c->status == 0)
		c->status = 500;
	c->etag = c->type = c->lines = str_of(NULL);
	routes_withhold(c, e);
	if (is_page(c)) {
		c->app->pages->refuse(c, e);
		return;
	}
	buf_open(&content, &c->wk->arena);
	c->way->refuse(c, e, &content);
	c->content = buf_close(&content, &c->wk->arena);
}

/* Puts the lines for other sites before the further lines. The names that a
 * preflight asks for are repeated, unless they hold a key. Returns false if the
 * lines do not fit. */
static bool
put_cors(const struct call *c, struct response_parts *parts)
{
	struct cors cors;
	struct buf lines;

	cors_read(c->req, c->app->config, &cors);
	if (!str_is_null(cors.headers) && routes_holds_key(c, cors.headers))
		cors.headers = str_of(NULL);
	buf_open(&lines, &c->wk->arena);
	cors_put(&lines, &cors, parts->ok ? parts->allow : str_of(NULL));
	buf_str(&lines, parts->more);
	parts->more = buf_close(&lines, &c->wk->arena);
	return !str_is_null(parts->more);
}

/* A success has a route. */
static struct str
type_of(const struct call *c, bool ok)
{
	if (!ok || !str_is_null(c->type))
		return c->type;
	return str_of(c->route->type);
}

/* Whether a success belongs to OData. */
static bool
is_odata(const struct call *c, struct str type)
{
	return (str_is_null(type) && c->path->root != PATH_UI) ||
	    c->route->options != 0 || c->route->batch;
}

/* Writes the whole response, or the entry of an item in its batch. */
struct str
routes_put(const struct call *c, struct response_parts *parts)
{
	struct buf text;

	if (c->outer != NULL)
		return batch_run_put(c, parts);
	if (c->app->config->cors_origins[0] != '\0' && !put_cors(c, parts))
		return str_of(NULL);
	if (parts->ok && c->gap != NULL)
		return batch_run_head(c, parts);
	buf_open(&text, &c->wk->arena);
	response_put(&text, parts);
	return buf_close(&text, &c->wk->arena);
}

static struct str
render(const struct call *c)
{
	const struct config *config = c->app->config;
	bool ok = c->resp->outcome == ERR_OK;
	bool tell_allow = c->route == &steps_options || c->status == 405;
	bool challenge = c->status == 401;
	struct str type = type_of(c, ok);
	struct response_parts parts = {
		.status = c->status,
		.ok = ok,
		.head = c->head,
		.metadata = c->view.metadata,
		.prefer = ok ? c->applied : 0,
		.type = type,
		.odata = ok && is_odata(c, type),
		.link = ok ? c->link : str_of(NULL),
		.etag = c->etag,
		.notice = c->notice,
		.lines = c->lines,
		.allow = tell_allow ? c->allow : str_of(NULL),
		.authorization_uri = str_of(
		    challenge ? config->authorization_uri : NULL),
		.client_id = str_of(challenge ? config->client_id : NULL),
		.retry_after = c->retry_after,
		.request_id = c->ids.request_id,
		.client_request_id = c->ids.client_request_id,
		.content = c->content,
	};

	/* cppcheck-suppress returnDanglingLifetime ; the text is in an arena */
	return c->way->put(c, &parts);
}

static bool
is_visible(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return false;
	return true;
}

static void
make_ids(struct call *c)
{
	struct guid *id = &c->ids.guid;

	memcpy(id->byte, c->req->random, sizeof(id->byte));
	str_guid_v4(id);
	str_guid_text(id, c->room->request_id);
	c->ids.request_id = str_from(c->room->request_id, STR_GUID_LEN);
	c->ids.client_request_id = c->ids.request_id;
	c->ids.now_at = c->req->now.at;
}

/* An item has the ids of its batch, unless it has an id of its own. */
void
routes_assign_ids(struct call *c)
{
	struct str theirs = c->req->var[REQUEST_CLIENT_REQUEST_ID];

	if (c->outer != NULL)
		c->ids = c->outer->ids;
	else
		make_ids(c);
	if (theirs.n >= 1 && theirs.n <= 64 && is_visible(theirs) &&
	    routes_may_repeat_id(c, theirs))
		c->ids.client_request_id = theirs;
}

size_t
routes_arena_size(const struct config *c)
{
	/*
	 * The sum covers the body, its strings once more if they contain
	 * escapes, the former and the new record, the content (a control
	 * character becomes six bytes) and its copy after the header lines; the
	 * JSON tokens; the memory that it takes to read a certificate; and the
	 * rest.
	 */
	size_t texts = 2 * c->max_body + 2 * RECORD_BYTES_MAX + 2 * 6 * 48 * K;

	return texts + JSON_TOKENS_MAX * 128 + X509_ARENA(PEM_TEXT_MAX) +
	    128 * K + RESERVE;
}

void
routes_finish(struct call *c, enum err e)
{
	struct response *resp = c->resp;

	if (e == ERR_OK)
		resp->text = render(c);
	if (e == ERR_OK && str_is_null(resp->text))
		e = c->outer == NULL ? ERR_MEMORY : batch_run_full(c);
	if (e != ERR_OK) {
		refuse(c, e);
		resp->text = render(c);
	}
	resp->status = c->status;
	metrics_request(c->app->metrics, resp->status, resp->outcome);
	access_log_put(c);
}

static const struct call_way own_way = {
	.complete = routes_finish, .refuse = routes_put_error, .put = routes_put
};

void
routes_open(struct call *c, const struct app *app, struct worker *wk,
    const struct request *req, struct response *resp, struct call_room *room)
{
	*c = (struct call){
		.room = room,
		.path = &room->path,
		.app = app,
		.way = &own_way,
		.table = &routes_table,
		.wk = wk,
		.req = req,
		.resp = resp,
		.head = str_is(req->var[REQUEST_METHOD], "HEAD"),
		.status = 200,
		.view = { .metadata = ODATA_MINIMAL, .set = RECORD_ALL },
	};
	*resp = (struct response){ .outcome = ERR_OK };
	if (app->standin != NULL)
		staging_reply_open(c);
}

enum err
routes_walk(struct call *c)
{
	enum err e;

	c->wk->arena.size -= RESERVE;
	routes_assign_ids(c);
	e = steps_walk(c);
	call_end_reading(c);
	c->wk->arena.size += RESERVE;
	return e;
}

void
routes_complete(struct call *c, enum err e)
{
	c->way->complete(c, e);
}

void
routes_release(const struct app *app, struct worker *wk)
{
	if (wk->room != NULL)
		batch_rooms_give(app->batch_rooms, wk->room);
	wk->room = NULL;
}

void
routes_handle(const struct app *app, struct worker *wk,
    const struct request *req, struct response *resp)
{
	struct call_room room;
	struct call c;

	routes_release(app, wk);
	arena_reset(&wk->arena);
	routes_open(&c, app, wk, req, resp, &room);
	routes_complete(&c, routes_walk(&c));
}
