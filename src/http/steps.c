/* SPDX-License-Identifier: ISC */
/*
 * steps.c - the steps that each request goes through, and their order.
 *
 * A step returns ERR_OK, or the outcome with which it refuses the request. If a
 * request has several faults, the order decides which one is reported, and
 * clients rely on that. An unknown path below a root is found before
 * authentication but reported after it, so a caller without a valid token
 * learns nothing about the routes.
 */
#include "http/call.h"

#include "base/log.h"
#include "format/odata.h"
#include "http/cross_site.h"

static enum err
run_options(struct call *c)
{
	c->status = 204;
	return ERR_OK;
}

const struct route steps_options = { .run = run_options };

/* Bytes of a URL. RFC 9110, section 4.1, recommends at least 8,000; web servers
 * refuse longer URLs by default. */
#define URL_MAX ((size_t)8192)

static enum err
refuse_url(struct call *c, size_t most)
{
	struct buf text;

	buf_init(&text, c->room->limit, sizeof(c->room->limit));
	buf_u64(&text, most);
	c->fault.ours = buf_view(&text);
	return ERR_URL_TOO_LONG;
}

static enum err
check_url(struct call *c)
{
	static const enum request_var parts[] = { REQUEST_URI,
		REQUEST_PATH_INFO, REQUEST_SCRIPT_NAME, REQUEST_QUERY };
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (c->req->var[parts[i]].n > URL_MAX)
			return refuse_url(c, URL_MAX);
	return ERR_OK;
}

static struct path_source
path_source(const struct call *c)
{
	const struct str *var = c->req->var;

	return (struct path_source){ .path_info = var[REQUEST_PATH_INFO],
		.script_name = var[REQUEST_SCRIPT_NAME],
		.request_uri = var[REQUEST_URI],
		.mount = str_of(c->app->config->mount),
		.pages = c->app->pages != NULL && c->outer == NULL };
}

/* If the data directory lies under a document root, the web server may hand out
 * its files without any check. So every request is refused until the directory
 * has been moved. */
static enum err
check_place(struct call *c)
{
	static const enum request_var roots[] = { REQUEST_DOCUMENT_ROOT,
		REQUEST_CONTEXT_DOCUMENT_ROOT };
	const struct str *var = c->req->var;
	size_t i;

	if (c->app->docroot == NULL)
		return ERR_OK;
	for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (!docroot_holds_now(c->app->docroot, &c->wk->seen,
			var[roots[i]], c->req->now.at))
			continue;
		log_line(LOG_AT_ERROR,
		    "the data directory is under the document root %.*s; move "
		    "it, or set data_in_document_root = yes",
		    STR_ARG(var[roots[i]]));
		return ERR_EXPOSED;
	}
	return ERR_OK;
}

enum err
steps_find_path(struct call *c)
{
	struct path_source from = path_source(c);
	struct str method = c->req->var[REQUEST_METHOD];
	enum err e;

	e = path_find(
	    &from, c->table->first, &c->wk->arena, c->path, &c->fault.what);
	if (e != ERR_OK)
		return e;
	c->found = true;
	if (c->path->root == PATH_UI)
		c->table = c->app->pages;
	if (c->head)
		method = str_of("GET");
	match_route(c, method);
	return ERR_OK;
}

static enum err
join_lines(struct call *c)
{
	struct request *joined;

	if (c->req->lines == 0)
		return ERR_OK;
	if ((joined = arena_take(&c->wk->arena, sizeof(*joined))) == NULL)
		return ERR_MEMORY;
	*joined = *c->req;
	c->req = joined;
	return request_join(joined, &c->wk->arena);
}

/* A peer that sends invalid tokens too often has to wait. A request without a
 * token does not count, and valid tokens are always accepted. */
enum err
steps_limit_failures(struct call *c, enum err e)
{
	const struct str *var = c->req->var;

	if (e != ERR_TOKEN_INVALID && e != ERR_TOKEN_EXPIRED)
		return e;
	c->retry_after = auth_failed(c->app->auth, var[REQUEST_REMOTE_ADDR],
	    var[REQUEST_FORWARDED_FOR], c->req->now.at);
	return c->retry_after > 0 ? ERR_RATE : e;
}

/*
 * Apache does not pass on Authorization by default. The hint is logged once per
 * process, because most requests without a token are a mistake of the client.
 */
static void
hint_apache(const struct call *c)
{
	if (str_starts(c->req->var[REQUEST_SERVER_SOFTWARE], "Apache") &&
	    c->app->hinted != NULL && !atomic_flag_test_and_set(c->app->hinted))
		log_line(LOG_AT_WARNING,
		    "a request has no Authorization header; if the client "
		    "sent one, Apache removed it: set CGIPassAuth On");
}

/* The caller of a batch is the caller of each item. */
static enum err
join_batch(struct call *c)
{
	return c->route != NULL && c->route->reads ? call_begin_reading(c)
						   : ERR_OK;
}

struct str
steps_authorization(const struct request *req)
{
	struct str text = req->var[REQUEST_AUTHORIZATION];

	if (text.n == 0)
		text = req->var[REQUEST_AUTHORIZATION_REDIRECTED];
	if (text.n == 0)
		text = req->var[REQUEST_AUTHORIZATION_TWICE_REDIRECTED];
	return text;
}

enum err
steps_authenticate(struct call *c, struct str authorization)
{
	struct auth_call call = { .tx = c->wk->reader,
		.authorization = authorization,
		.now_at = c->req->now.at,
		.arena = &c->wk->arena };
	enum err e;

	if ((e = call_begin_reading(c)) != ERR_OK)
		return e;
	e = auth_bearer(c->app->auth, &call, &c->who);
	return steps_limit_failures(c, e);
}

enum err
steps_find_caller(struct call *c)
{
	struct str authorization = steps_authorization(c->req);

	if (c->open)
		return ERR_OK;
	if (c->outer != NULL)
		return join_batch(c);
	if (str_is_null(authorization))
		hint_apache(c);
	return steps_authenticate(c, authorization);
}

static enum err
authenticate(struct call *c)
{
	return c->table->enter(c);
}

static enum err
check_route(struct call *c)
{
	if (c->outer != NULL && c->route != NULL && c->route->batch)
		return ERR_BATCH_NESTED;
	return c->route_error;
}

/* This check comes next to that of the permissions, which has the same status,
 * and after authentication, so that it reveals nothing to a stranger. At this
 * point nothing has been changed yet. Pages under test may come from any
 * site. */
static enum err
check_site(struct call *c)
{
	enum err e;

	if (c->route->any_site)
		return ERR_OK;
	e = cross_site_check(c->req, c->app->config, &c->fault);
	if (e == ERR_OK)
		return ERR_OK;
	return c->app->standin != NULL ? ERR_OK : e;
}

/* A token for all tenants has no tenant of its own, and a request of the API
 * cannot name one. */
static bool
lacks_tenant(const struct call *c)
{
	return !c->open && (c->who.scopes & AUTH_ALL_TENANTS) != 0 &&
	    c->path->root != PATH_UI;
}

static enum err
check_scopes(struct call *c)
{
	if (lacks_tenant(c))
		return ERR_ALL_TENANTS;
	return c->open || c->route->batch
	    ? ERR_OK
	    : call_check_scopes(c, c->route->scopes);
}

static enum err
check_length(struct call *c)
{
	uint64_t declared;

	if (request_length(c->req, &declared) && declared > call_max_body(c))
		return call_too_large(c);
	return ERR_OK;
}

/* The value of Content-Type, empty if there is none. Null if two lines of the
 * header differ; *lines then holds these lines. */
static struct str
content_type(const struct request *req, struct str *lines)
{
	struct str type, again;

	*lines = req->var[REQUEST_CONTENT_TYPE];
	if (!odata_single(*lines, &type))
		return str_of(NULL);
	*lines = req->var[REQUEST_CONTENT_TYPE_LINES];
	if (!str_is_null(*lines) &&
	    (!odata_single(*lines, &again) || !str_ieq(again, type)))
		return str_of(NULL);
	return str_is_null(type) ? STR_EMPTY : type;
}

static enum err
check_content(struct call *c)
{
	struct str coding = str_trim(c->req->var[REQUEST_CONTENT_ENCODING]);
	struct str type;

	if (!c->route->body)
		return ERR_OK;
	c->fault.what = coding;
	if (coding.n > 0 && !str_iis(coding, "identity"))
		return ERR_CONTENT_ENCODING;
	type = content_type(c->req, &c->fault.what);
	if (str_is_null(type))
		return ERR_CONTENT_TYPES;
	c->fault.what = type;
	if (c->route->form)
		return ERR_OK;
	if (type.n == 0)
		return ERR_CONTENT_TYPE_ABSENT;
	return odata_is_json(type) ? ERR_OK : ERR_CONTENT_TYPE;
}

/* Only OData responses have metadata, a context and links. */
static bool
is_odata(const struct call *c)
{
	return c->route->options != 0 && c->route->type == NULL;
}

static enum err
check_accept(struct call *c)
{
	c->fault.what = c->req->var[REQUEST_ACCEPT];
	return is_odata(c)
	    ? odata_accept(c->req->var[REQUEST_ACCEPT], &c->view.metadata)
	    : ERR_OK;
}

static enum err
check_format(struct call *c, struct str format)
{
	struct str type = str_of(c->route->type);

	if (str_is_null(format))
		return ERR_OK;
	c->fault.what = format;
	c->fault.ours = str_of("json");
	if (str_is_null(type))
		return odata_format(format, &c->view.metadata);
	type = str_cut(&type, ';');
	c->fault.ours = type;
	return odata_format_is(format, type) ? ERR_OK : ERR_FORMAT;
}

/* A function of the certificate takes the names of the certificate, and ignores
 * them. */
static enum model_type
selected_type(const struct route *route)
{
	return model_info(route->returns)->kind == MODEL_IS_ENTITY
	    ? route->returns
	    : MODEL_CERTIFICATE;
}

static enum err
check_select(struct call *c, struct str select)
{
	enum model_type type;

	if (str_is_null(select))
		return ERR_OK;
	type = selected_type(c->route);
	c->view.selected = true;
	c->fault.ours = str_of(model_info(type)->name);
	return model_select(type, select, &c->view.set, &c->fault.what);
}

static enum err
check_query(struct call *c)
{
	struct odata_query *query = &c->room->query;
	enum err e;

	c->prefer = odata_prefer(c->req->var[REQUEST_PREFER]);
	if (c->route->options == 0)
		return ERR_OK;
	e = odata_query(c->req->var[REQUEST_QUERY], c->route->options,
	    &c->wk->arena, query, &c->fault.what);
	if (e == ERR_OK)
		e = check_format(c, query->text[ODATA_FORMAT]);
	if (e == ERR_OK)
		e = check_select(c, query->text[ODATA_SELECT]);
	return e;
}

void
steps_put_base(const struct call *c, struct buf *out)
{
	struct str base = str_of(c->app->config->base_url);

	if (base.n > 0) {
		while (str_ends(base, "/"))
			base.n--;
		buf_str(out, base);
	} else {
		request_origin(c->req, c->app->config, out);
		path_mount(c->path, out);
	}
	buf_char(out, '/');
}

/* Finds the URL of the root, for the context and the links of the response. */
static enum err
find_base(struct call *c)
{
	char *p;
	struct buf b;

	if (!c->route->has_urls &&
	    (!is_odata(c) || c->view.metadata == ODATA_NONE))
		return ERR_OK;
	if ((p = arena_take(&c->wk->arena, VIEW_BASE_MAX)) == NULL)
		return ERR_MEMORY;
	buf_init(&b, p, VIEW_BASE_MAX);
	if (c->outer != NULL)
		buf_str(&b, c->outer->view.base);
	else
		steps_put_base(c, &b);
	buf_str(&b, path_root_name(c->path->root));
	c->view.base = buf_view(&b);
	return b.full ? refuse_url(c, VIEW_BASE_MAX) : ERR_OK;
}

/* A handler may have to wait for the body, or for its turn to write. Meanwhile
 * an open read transaction would keep old pages of the store from being reused,
 * so it ends here unless the handler reads in it. */
static enum err
run(struct call *c)
{
	if (!c->route->reads)
		call_end_reading(c);
	return c->route->run(c);
}

static enum err
check_app(struct call *c)
{
	return c->app->broken;
}

static enum err (*const walk[])(struct call *) = {
	check_app,
	check_url,
	check_place,
	steps_find_path,
	join_lines,
	authenticate,
	check_route,
	check_site,
	check_scopes,
	check_length,
	check_content,
	check_accept,
	check_query,
	find_base,
	run,
};

enum err
steps_walk(struct call *c)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < sizeof(walk) / sizeof(walk[0]) && e == ERR_OK; i++)
		e = walk[i](c);
	return e;
}
