/* SPDX-License-Identifier: ISC */
/*
 * routes.c - the walk of a request: a table of steps, of which each may end it
 * with an outcome, and a table of routes. What is refused first is contract
 * 3.1; whatever happens there is an answer, and one line in the log.
 */
#include "routes.h"

#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "auth.h"
#include "json.h"
#include "log.h"
#include "odata.h"
#include "page.h"
#include "path.h"
#include "pushcert.h"
#include "record.h"
#include "view.h"

#define READ_SCOPES                                              \
	(AUTH_SERVICE_CONFIG_READ | AUTH_SERVICE_CONFIG_WRITE |  \
	    AUTH_CONFIGURATION_READ | AUTH_CONFIGURATION_WRITE | \
	    AUTH_DEVICES_READ | AUTH_DEVICES_WRITE)
#define WRITE_SCOPES (AUTH_SERVICE_CONFIG_WRITE | AUTH_CONFIGURATION_WRITE)

/* Kept free in the arena so that a refusal can always be written: an error
 * with all that it repeats, and the header lines. */
#define K ((size_t)1024)
#define RESERVE (16 * K)

struct call;

struct route {
	/* Behind the root; null after the last. */
	struct str segment[4];
	unsigned roots;
	struct str method;
	bool function;
	bool open; /* the path needs no token */
	bool body; /* has one, in JSON */
	bool reads; /* in the transaction in which its caller was known */
	const char *type; /* of an answer that is no OData, else NULL */
	uint32_t scopes;
	enum err (*run)(struct call *c);
};

/* One request on its walk. */
struct call {
	const struct app *app;
	struct worker *wk;
	const struct request *rq;
	struct answer *an;

	struct path path;
	const struct route *route;
	enum err route_error; /* why there is none */
	unsigned reached; /* the routes of this path, as bits */
	bool reads; /* in a transaction of the worker's reader */
	bool open; /* the path is for everybody */
	struct principal who;
	struct view view;
	unsigned prefer;
	bool head; /* HEAD: the answer to GET without its content */
	unsigned applied; /* the preferences that we followed */
	struct fault fault;

	int status;
	unsigned retry_after;
	struct str content;
	struct str etag;
	struct str allow;
	struct view_ids ids;

	/* Where the texts above lie. */
	char request_id[STR_GUID_LEN];
	char etag_text[RECORD_ETAG_MAX];
	char allow_text[64];
	char scopes_text[512];
	char limit_text[24];
};

/* --- what the routes do ----------------------------------------------- */

static enum err
begin_reading(struct call *c)
{
	enum err e = c->reads ? ERR_OK : store_begin(c->wk->reader);

	c->reads = e == ERR_OK;
	return e;
}

static void
end_reading(struct call *c)
{
	if (c->reads)
		store_end(c->wk->reader);
	c->reads = false;
}

static enum err
too_large(struct call *c)
{
	struct buf text;

	buf_init(&text, c->limit_text, sizeof(c->limit_text));
	buf_u64(&text, c->app->config->max_body);
	c->fault.ours = buf_view(&text);
	return ERR_TOO_LARGE;
}

static enum err
read_body(struct call *c, struct str *body)
{
	enum err e;

	e = request_body(c->rq, c->app->config->max_body, &c->wk->arena, body,
	    &c->an->body_read);
	c->fault.what = c->rq->var[REQUEST_CONTENT_LENGTH];
	return e == ERR_TOO_LARGE ? too_large(c) : e;
}

static enum err
put_record(struct call *c, struct record *r)
{
	struct buf body;

	if (!c->app->config->return_certificate)
		r->value[RECORD_CERTIFICATE] = str_of(NULL);
	c->etag = record_etag(r, c->etag_text);
	buf_open(&body, &c->wk->arena);
	view_record(&body, &c->view, r);
	c->content = buf_close(&body, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

static enum err
run_get(struct call *c)
{
	struct str none_match = c->rq->var[REQUEST_IF_NONE_MATCH];
	struct record r;
	enum err e;

	if ((e = store_record(c->wk->reader, &c->who.tenant, &r)) != ERR_OK)
		return e;
	if ((e = put_record(c, &r)) != ERR_OK)
		return e;
	if (!str_is_null(none_match) && odata_match(none_match, c->etag))
		c->status = 304;
	return ERR_OK;
}

/* Reads the body into the patch. */
static enum err
read_patch(struct call *c, struct patch *p)
{
	struct json json;
	struct str body;
	enum err e;

	if ((e = read_body(c, &body)) != ERR_OK)
		return e;
	e = json_parse(body, &c->wk->arena, &json, &c->fault.what);
	if (e != ERR_OK)
		return e;
	e = record_patch(
	    &json, &c->wk->arena, p, &c->fault.what, &c->fault.target);
	if (e != ERR_OK)
		return e;
	c->fault = (struct fault){ .what = str_of(NULL) };
	/* Clients that cannot read it must not wipe it (contract 1). */
	if (!c->app->config->return_certificate &&
	    str_is_null(p->value[RECORD_CERTIFICATE]))
		p->set &= ~RECORD_BIT(RECORD_CERTIFICATE);
	return ERR_OK;
}

static enum err
try_patch(struct call *c, struct change *change, struct record *r)
{
	enum err e;

	if ((e = begin_reading(c)) != ERR_OK)
		return e;
	e = pushcert_try(c->wk->reader, change, r, &c->fault);
	end_reading(c);
	return e;
}

static struct caller
caller(const struct call *c)
{
	return (struct caller){ .tenant = c->who.tenant,
		.actor = c->who.actor,
		.now = c->rq->now };
}

/* What a clock may go back when it is set right, in seconds. */
#define CLOCK_SLACK 300

/* A change is never dated before the last one, so that a clock which was set
 * back shows by its date. */
static void
look_at_clock(const struct call *c, const struct record *r)
{
	struct str modified = r->value[RECORD_MODIFIED];
	int64_t now_at = c->rq->now.at;
	struct instant changed;

	if (c->app->behind == NULL ||
	    when_parse(modified, &changed) != ERR_OK ||
	    changed.at <= now_at + CLOCK_SLACK ||
	    !log_is_news(c->app->behind, 1, now_at))
		return;
	log_line(LOG_AT_WARNING,
	    "the clock is behind the time of the last change, %.*s",
	    STR_ARG(modified));
}

static enum err
run_patch(struct call *c)
{
	const struct request *rq = c->rq;
	struct change change = { .config = c->app->config,
		.arena = &c->wk->arena,
		.by = caller(c),
		.if_match = rq->var[REQUEST_IF_MATCH],
		.if_none_match = rq->var[REQUEST_IF_NONE_MATCH],
		.allow_topic = str_trim(rq->var[REQUEST_ALLOW_TOPIC_CHANGE]) };
	struct record r;
	enum err e;

	if ((e = read_patch(c, &change.patch)) != ERR_OK)
		return e;
	memcpy(change.new_id.byte, rq->random + sizeof(change.new_id),
	    sizeof(change.new_id));
	str_guid_v4(&change.new_id);
	if (c->prefer & ODATA_PREFER_DRY_RUN)
		c->prefer = ODATA_PREFER_DRY_RUN;
	c->applied = c->prefer;
	e = c->prefer & ODATA_PREFER_DRY_RUN
	    ? try_patch(c, &change, &r)
	    : pushcert_patch(c->app->store, &change, &r, &c->fault);
	if (e != ERR_OK)
		return e;
	look_at_clock(c, &r);
	if (c->prefer & ODATA_PREFER_MINIMAL)
		c->status = 204;
	e = put_record(c, &r);
	/* What was not stored has no ETag, or it would match the next change.
	 */
	if (c->prefer & ODATA_PREFER_DRY_RUN)
		c->etag = str_of(NULL);
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

static enum err
run_download(struct call *c)
{
	struct str text;
	enum err e;

	e = pushcert_requested(
	    c->wk->reader, &c->who.tenant, &c->wk->arena, &text);
	if (e == ERR_NOT_FOUND)
		return ERR_NO_REQUEST;
	return e == ERR_OK ? put_text(c, text) : e;
}

/* Where a file could not be read when the program started, perhaps it can be
 * now. To be wiped unless NULL. */
static enum err
load_missing(const struct call *c, struct secrets **out)
{
	char message[CONFIG_TEXT_MAX];

	*out = NULL;
	if (!c->app->secrets->missing)
		return ERR_OK;
	if ((*out = arena_take(&c->wk->arena, sizeof(**out))) == NULL)
		return ERR_MEMORY;
	return secret_load(c->app->config, *out, message) == ERR_OK
	    ? ERR_OK
	    : ERR_SECRET;
}

static enum err
run_generate(struct call *c)
{
	struct caller by = caller(c);
	struct secrets *now;
	struct str text = str_of(NULL);
	enum err e;

	if ((e = load_missing(c, &now)) == ERR_OK)
		e = pushcert_request(c->app->store, c->app->config,
		    now != NULL ? now : c->app->secrets, &by, &c->wk->arena,
		    &text, &c->fault.what);
	if (now != NULL)
		secret_wipe(now);
	/* A subject that does not fit is the operator's fault. */
	if (e == ERR_CONFIG)
		log_line(LOG_AT_ERROR, "certificate request: %.*s",
		    STR_ARG(c->fault.what));
	return e == ERR_OK ? put_text(c, text) : e;
}

static enum err
run_health(struct call *c)
{
	static const struct guid nobody;
	struct record r;
	struct buf body;
	enum err e;

	if (begin_reading(c) != ERR_OK)
		return ERR_STORE;
	e = store_record(c->wk->reader, &nobody, &r);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return ERR_STORE;
	buf_open(&body, &c->wk->arena);
	view_health(&body);
	c->content = buf_close(&body, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

/* Of the caller's own tenant, and of this process. */
static void
put_metrics(struct call *c, const struct page_tenant *t, struct buf *out)
{
	struct metrics_counts counts;
	unsigned i;

	for (i = 0; i < PAGE_FAMILIES; i++) {
		page_family(out, (enum page_family)i);
		page_sample(out, (enum page_family)i, t);
	}
	if (c->app->metrics == NULL)
		return;
	metrics_read(c->app->metrics, &counts);
	page_counters(out, &counts, (uint64_t)getpid());
}

static enum err
run_metrics(struct call *c)
{
	struct page_tenant t;
	struct record r;
	struct buf text;
	enum err e;

	e = store_record(c->wk->reader, &c->who.tenant, &r);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	t = page_tenant(&c->who.tenant, e == ERR_OK ? &r : NULL, c->rq->now.at,
	    EXPIRY_DAYS, &c->wk->arena);
	buf_open(&text, &c->wk->arena);
	put_metrics(c, &t, &text);
	c->content = buf_close(&text, &c->wk->arena);
	return str_is_null(c->content) ? ERR_MEMORY : ERR_OK;
}

static enum err
run_options(struct call *c)
{
	c->status = 204;
	return ERR_OK;
}

#define CERTIFICATE \
	STR("deviceManagement"), STR("applePushNotificationCertificate")
#define CSR "ApplePushNotificationCertificateSigningRequest"

static const struct route routes[] = {
	{ .segment = { CERTIFICATE },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .reads = true,
	    .scopes = READ_SCOPES,
	    .run = run_get },
	{ .segment = { CERTIFICATE },
	    .roots = PATH_ANY,
	    .method = STR("PATCH"),
	    .body = true,
	    .scopes = WRITE_SCOPES,
	    .run = run_patch },
	{ .segment = { CERTIFICATE, STR("download" CSR) },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .function = true,
	    .reads = true,
	    .scopes = WRITE_SCOPES,
	    .run = run_download },
	{ .segment = { CERTIFICATE, STR("generate" CSR) },
	    .roots = PATH_BETA | PATH_LOCALTEST,
	    .method = STR("POST"),
	    .function = true,
	    .scopes = WRITE_SCOPES,
	    .run = run_generate },
	{ .segment = { STR("health") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .open = true,
	    .run = run_health },
	{ .segment = { STR("metrics") },
	    .roots = PATH_ANY,
	    .method = STR("GET"),
	    .type = PAGE_METRICS_TYPE,
	    .reads = true,
	    .scopes = READ_SCOPES,
	    .run = run_metrics },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static const struct route options_route = { .run = run_options };

/* What may follow a root. */
static const struct str first_segments[] = { STR("deviceManagement"),
	STR("health"), STR("metrics"), { NULL, 0 } };

/* --- the steps -------------------------------------------------------- */

/* The methods of the routes that the path leads to. */
static void
put_allow(struct call *c)
{
	struct buf allow;
	size_t i;

	buf_init(&allow, c->allow_text, sizeof(c->allow_text));
	for (i = 0; i < ROUTES; i++) {
		if ((c->reached & 1U << i) == 0)
			continue;
		buf_str(&allow, routes[i].method);
		buf_text(&allow,
		    str_is(routes[i].method, "GET") ? ", HEAD, " : ", ");
	}
	buf_text(&allow, "OPTIONS");
	c->allow = buf_view(&allow);
}

/* The first segment that is not known, or the last where more must follow. */
static struct str
unknown_segment(const struct path *p)
{
	size_t i, n, most = 0;

	for (i = 0; i < ROUTES; i++) {
		if ((routes[i].roots & p->root) == 0)
			continue;
		n = path_agrees(p, routes[i].segment, routes[i].function);
		if (n > most)
			most = n;
	}
	n = p->at + 1 + most;
	return p->segment[n < p->count ? n : p->count - 1];
}

/* Finds the route, or why there is none, which is told only to a caller who
 * may know (check_route). */
static void
match(struct call *c, struct str method)
{
	const struct path *p = &c->path;
	size_t i;

	for (i = 0; i < ROUTES; i++) {
		if ((routes[i].roots & p->root) == 0 ||
		    !path_is(p, routes[i].segment, routes[i].function))
			continue;
		c->reached |= 1U << i;
		c->open |= routes[i].open;
		if (str_eq(method, routes[i].method))
			c->route = &routes[i];
	}
	if (c->route != NULL)
		return;
	if (c->reached == 0) {
		c->fault.what = unknown_segment(p);
		c->route_error = ERR_SEGMENT;
		return;
	}
	put_allow(c);
	c->route_error = ERR_METHOD;
	if (str_is(method, "OPTIONS")) {
		c->route = &options_route;
		c->route_error = ERR_OK;
		c->open = true;
	}
}

static struct path_source
path_source(const struct request *rq)
{
	return (struct path_source){ .path_info = rq->var[REQUEST_PATH_INFO],
		.script_name = rq->var[REQUEST_SCRIPT_NAME],
		.request_uri = rq->var[REQUEST_URI] };
}

/* Whoever is let near the data through us must not get at it around us. */
static enum err
check_place(struct call *c)
{
	static const enum request_var roots[] = { REQUEST_DOCUMENT_ROOT,
		REQUEST_CONTEXT_DOCUMENT_ROOT };
	const struct str *var = c->rq->var;
	size_t i;

	if (c->app->docroot == NULL)
		return ERR_OK;
	for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (!docroot_holds_now(c->app->docroot, &c->wk->seen,
			var[roots[i]], c->rq->now.at))
			continue;
		log_line(LOG_AT_ERROR,
		    "the data directory lies under the document root %.*s",
		    STR_ARG(var[roots[i]]));
		return ERR_EXPOSED;
	}
	return ERR_OK;
}

static enum err
find_path(struct call *c)
{
	struct path_source from = path_source(c->rq);
	struct str method = c->rq->var[REQUEST_METHOD];
	enum err e;

	e = path_find(
	    &from, first_segments, &c->wk->arena, &c->path, &c->fault.what);
	if (e != ERR_OK)
		return e;
	c->head = str_is(method, "HEAD");
	if (c->head)
		method = str_of("GET");
	match(c, method);
	return ERR_OK;
}

/* Who sends wrong tokens too often is told to wait. To send none is no try, and
 * right ones are taken all the time. */
static enum err
limit_failures(struct call *c, enum err e)
{
	const struct str *var = c->rq->var;

	if (e != ERR_TOKEN_INVALID && e != ERR_TOKEN_EXPIRED)
		return e;
	c->retry_after = auth_failed(c->app->auth, var[REQUEST_REMOTE_ADDR],
	    var[REQUEST_FORWARDED_FOR], c->rq->now.at);
	return c->retry_after > 0 ? ERR_RATE : e;
}

/* Apache keeps Authorization to itself unless it is told not to. Said once in a
 * process: most requests without a token are a client's own fault. */
static void
hint_apache(const struct call *c)
{
	if (str_starts(c->rq->var[REQUEST_SERVER_SOFTWARE], "Apache") &&
	    c->app->hinted != NULL && !atomic_flag_test_and_set(c->app->hinted))
		log_line(LOG_AT_WARNING,
		    "a request came without Authorization; if its client "
		    "sent one, Apache needs: CGIPassAuth On");
}

static enum err
know_caller(struct call *c)
{
	const struct str *var = c->rq->var;
	struct str authorization = var[REQUEST_AUTHORIZATION];
	struct auth_call call = { .tx = c->wk->reader,
		.now_at = c->rq->now.at,
		.arena = &c->wk->arena };
	enum err e;

	if (c->open)
		return ERR_OK;
	if (authorization.n == 0)
		authorization = var[REQUEST_AUTHORIZATION_REDIRECTED];
	if (authorization.n == 0)
		authorization = var[REQUEST_AUTHORIZATION_TWICE_REDIRECTED];
	if (str_is_null(authorization))
		hint_apache(c);
	call.authorization = authorization;
	if ((e = begin_reading(c)) != ERR_OK)
		return e;
	e = auth_bearer(c->app->auth, &call, &c->who);
	return limit_failures(c, e);
}

static enum err
check_route(struct call *c)
{
	return c->route_error;
}

static enum err
check_rights(struct call *c)
{
	struct buf names;

	if (c->open || (c->who.scopes & c->route->scopes) != 0)
		return ERR_OK;
	buf_init(&names, c->scopes_text, sizeof(c->scopes_text));
	auth_scope_names(c->route->scopes, ", ", &names);
	c->fault.ours = buf_view(&names);
	return ERR_FORBIDDEN;
}

static enum err
check_length(struct call *c)
{
	uint64_t declared;

	if (request_length(c->rq, &declared) &&
	    declared > c->app->config->max_body)
		return too_large(c);
	return ERR_OK;
}

static enum err
check_content(struct call *c)
{
	struct str coding = str_trim(c->rq->var[REQUEST_CONTENT_ENCODING]);
	struct str type = str_trim(c->rq->var[REQUEST_CONTENT_TYPE]);

	if (!c->route->body)
		return ERR_OK;
	c->fault.what = coding;
	if (coding.n > 0 && !str_iis(coding, "identity"))
		return ERR_CONTENT_ENCODING;
	c->fault.what = type;
	if (type.n == 0)
		return ERR_CONTENT_TYPE_ABSENT;
	return odata_is_json(type) ? ERR_OK : ERR_CONTENT_TYPE;
}

/* Others know neither $select nor metadata. */
static bool
is_odata(const struct call *c)
{
	return !c->open && c->route->type == NULL;
}

static enum err
check_accept(struct call *c)
{
	c->fault.what = c->rq->var[REQUEST_ACCEPT];
	return is_odata(c)
	    ? odata_accept(c->rq->var[REQUEST_ACCEPT], &c->view.metadata)
	    : ERR_OK;
}

static enum err
check_query(struct call *c)
{
	struct odata_query query;
	enum err e;

	c->prefer = odata_prefer(c->rq->var[REQUEST_PREFER]);
	if (!is_odata(c))
		return ERR_OK;
	e = odata_query(
	    c->rq->var[REQUEST_QUERY], &c->wk->arena, &query, &c->fault.what);
	if (e != ERR_OK || str_is_null(query.select))
		return e;
	c->view.selected = true;
	return record_select(query.select, &c->view.set, &c->fault.what);
}

/* The URL of the root, for context and links. */
static enum err
find_base(struct call *c)
{
	struct path_source from = path_source(c->rq);
	struct str base = str_of(c->app->config->base_url);
	char *p;
	struct buf b;

	if (!is_odata(c) || c->view.metadata == ODATA_NONE)
		return ERR_OK;
	if ((p = arena_take(&c->wk->arena, VIEW_BASE_MAX)) == NULL)
		return ERR_MEMORY;
	buf_init(&b, p, VIEW_BASE_MAX);
	if (base.n > 0) {
		while (str_ends(base, "/"))
			base.n--;
		buf_str(&b, base);
	} else {
		request_origin(c->rq, &b);
		path_mount(&from, first_segments, &c->path, &c->wk->arena, &b);
	}
	buf_char(&b, '/');
	buf_str(&b, path_root_name(c->path.root));
	c->view.base = buf_view(&b);
	return b.full ? ERR_URL_TOO_LONG : ERR_OK;
}

/* A body may take its time, and a change its turn: what is old by then must
 * not be kept for this reader meanwhile. */
static enum err
run(struct call *c)
{
	if (!c->route->reads)
		end_reading(c);
	return c->route->run(c);
}

static enum err
check_app(struct call *c)
{
	return c->app->broken;
}

static enum err (*const walk[])(struct call *) = {
	check_app,
	check_place,
	find_path,
	know_caller,
	check_route,
	check_rights,
	check_length,
	check_content,
	check_accept,
	check_query,
	find_base,
	run,
};

/* --- the answer ------------------------------------------------------- */

static void
refuse(struct call *c, enum err e)
{
	struct buf content;

	c->an->outcome = e;
	c->status = err_info(e)->status;
	if (c->status == 0)
		c->status = 500;
	c->etag = str_of(NULL);
	buf_open(&content, &c->wk->arena);
	view_error(&content, e, &c->fault, &c->ids);
	c->content = buf_close(&content, &c->wk->arena);
}

/* The whole response; null if it does not fit. */
static struct str
render(const struct call *c)
{
	const struct config *config = c->app->config;
	bool ok = c->an->outcome == ERR_OK;
	bool tell_allow = c->route == &options_route || c->status == 405;
	struct answer_parts parts = {
		.status = c->status,
		.ok = ok,
		.head = c->head,
		.metadata = c->view.metadata,
		.prefer = ok ? c->applied : 0,
		.type = str_of(c->route != NULL ? c->route->type : NULL),
		.etag = c->etag,
		.allow = tell_allow ? c->allow : str_of(NULL),
		.authorization_uri = str_of(config->authorization_uri),
		.client_id = str_of(config->client_id),
		.retry_after = c->retry_after,
		.insecure = str_of(
		    auth_takes_any(c->app->auth) ? "any-token" : NULL),
		.request_id = c->ids.request_id,
		.client_request_id = c->ids.client_request_id,
		.content = c->content,
	};
	struct buf text;

	buf_open(&text, &c->wk->arena);
	answer_put(&text, &parts);
	return buf_close(&text, &c->wk->arena);
}

static struct str
or_dash(struct str s)
{
	return s.n > 0 ? s : str_of("-");
}

static void
log_call(const struct call *c)
{
	const struct str *var = c->rq->var;
	struct str path = var[REQUEST_URI];
	enum log_level level = LOG_AT_DEBUG;
	char tenant[STR_GUID_LEN] = "-";

	if (c->status >= 500)
		level = LOG_AT_ERROR;
	else if (c->status >= 400 || (c->route != NULL && c->route->body))
		level = LOG_AT_INFO;
	if (!log_wants(level))
		return;
	if (c->who.scopes != 0)
		str_guid_text(&c->who.tenant, tenant);
	/* Never the query: people put tokens there. */
	path = str_cut(&path, '?');
	log_line(level,
	    "%.*s %.*s %d %s tenant=%.*s actor=%.*s peer=%.*s request-id=%.*s"
	    "%s%.*s",
	    STR_ARG(str_head(var[REQUEST_METHOD], 16)),
	    STR_ARG(str_head(path, 256)), c->status,
	    err_info(c->an->outcome)->code,
	    c->who.scopes != 0 ? STR_GUID_LEN : 1, tenant,
	    STR_ARG(or_dash(c->who.actor)),
	    STR_ARG(or_dash(var[REQUEST_REMOTE_ADDR])),
	    STR_ARG(c->ids.request_id), c->who.why.n > 0 ? " token: " : "",
	    STR_ARG(c->who.why));
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
take_ids(struct call *c)
{
	struct str theirs = c->rq->var[REQUEST_CLIENT_REQUEST_ID];
	struct guid id;

	memcpy(id.byte, c->rq->random, sizeof(id.byte));
	str_guid_v4(&id);
	str_guid_text(&id, c->request_id);
	c->ids.request_id = str_from(c->request_id, STR_GUID_LEN);
	c->ids.client_request_id = c->ids.request_id;
	if (theirs.n >= 1 && theirs.n <= 64 && is_visible(theirs))
		c->ids.client_request_id = theirs;
	c->ids.now_at = c->rq->now.at;
}

size_t
routes_arena_size(const struct config *c)
{
	/*
	 * The body, its strings once more where they hold escapes, the former
	 * and the new record, the content (a control character becomes six
	 * bytes) and its copy behind the header lines; the tokens; what
	 * reading a certificate takes; the rest.
	 */
	size_t texts = 2 * c->max_body + 2 * 64 * K + 2 * 6 * 48 * K;

	return texts + JSON_TOKENS_MAX * 128 + X509_ARENA(PEM_TEXT_MAX) +
	    128 * K + RESERVE;
}

void
routes_handle(const struct app *app, struct worker *wk,
    const struct request *rq, struct answer *an)
{
	struct call c = {
		.app = app,
		.wk = wk,
		.rq = rq,
		.an = an,
		.status = 200,
		.view = { .metadata = ODATA_MINIMAL, .set = RECORD_ALL },
	};
	enum err e = ERR_OK;
	size_t i;

	*an = (struct answer){ .outcome = ERR_OK };
	arena_reset(&wk->arena);
	wk->arena.size -= RESERVE;
	take_ids(&c);
	for (i = 0; i < sizeof(walk) / sizeof(walk[0]) && e == ERR_OK; i++)
		e = walk[i](&c);
	end_reading(&c);
	wk->arena.size += RESERVE;
	if (e == ERR_OK)
		an->text = render(&c);
	if (e == ERR_OK && str_is_null(an->text))
		e = ERR_MEMORY;
	if (e != ERR_OK) {
		refuse(&c, e);
		an->text = render(&c);
	}
	an->status = c.status;
	metrics_request(app->metrics, an->status, an->outcome);
	log_call(&c);
}
