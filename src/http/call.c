/* SPDX-License-Identifier: ISC */
/*
 * call.c - helpers of the steps and the handlers: the worker's read
 * transaction, the property that a path names, conditional GETs, and the body
 * with its limit.
 */
#include "http/call.h"

#include "format/crypto.h"

enum err
call_begin_reading(struct call *c)
{
	enum err e = c->reads ? ERR_OK : store_begin(c->wk->reader);

	c->reads = e == ERR_OK;
	return e;
}

void
call_end_reading(struct call *c)
{
	if (c->reads)
		store_end(c->wk->reader);
	c->reads = false;
}

size_t
call_max_body(const struct call *c)
{
	const struct config *config = c->app->config;

	return c->route->batch ? config->max_batch : config->max_body;
}

enum err
call_check_scopes(struct call *c, uint32_t scopes)
{
	struct buf names;

	if ((c->who.scopes & scopes) != 0)
		return ERR_OK;
	buf_init(&names, c->room->scopes, sizeof(c->room->scopes));
	auth_scope_names(scopes, ", ", &names);
	c->fault.ours = buf_view(&names);
	return ERR_FORBIDDEN;
}

uint32_t
/* cppcheck-suppress constParameter ; a function cannot be const */
call_scopes_of(const struct call *c, enum err (*run)(struct call *))
{
	const struct route_table *table = c->table;
	size_t i;

	for (i = 0; i < table->n; i++)
		if (table->route[i].run == run)
			return table->route[i].scopes;
	return 0;
}

enum err
call_too_large(struct call *c)
{
	struct buf text;

	buf_init(&text, c->room->limit, sizeof(c->room->limit));
	buf_u64(&text, call_max_body(c));
	c->fault.ours = buf_view(&text);
	return ERR_TOO_LARGE;
}

size_t
call_property_at(const struct route *route)
{
	size_t i = 0;

	if (route->of == MODEL_NONE)
		return PATH_WORDS_MAX;
	while (!str_is(route->segment[i], "{property}"))
		i++;
	return i;
}

unsigned
call_property(const struct call *c)
{
	size_t at = call_property_at(c->route);
	int found = model_find(c->route->of, c->path->word[at]);

	return found < 0 ? 0 : (unsigned)found;
}

void
call_compare_etag(struct call *c)
{
	struct str none_match = c->req->var[REQUEST_IF_NONE_MATCH];

	if (!str_is_null(none_match) && odata_match(none_match, c->etag))
		c->status = 304;
}

/* Bytes of the hash in the ETag of a document. */
#define HASH_BYTES 16

enum err
call_put_document(struct call *c, struct str content)
{
	uint8_t hash[CRYPTO_SHA256_LEN];
	char digits[2 * HASH_BYTES];
	struct buf etag;

	if (str_is_null(content))
		return ERR_MEMORY;
	crypto_sha256(content, hash);
	str_hex(hash, HASH_BYTES, digits);
	buf_init(&etag, c->room->etag, sizeof(c->room->etag));
	buf_text(&etag, "W/\"");
	buf_put(&etag, digits, sizeof(digits));
	buf_char(&etag, '"');
	c->etag = buf_view(&etag);
	c->content = content;
	call_compare_etag(c);
	return ERR_OK;
}

enum err
call_record(struct call *c, struct record *r)
{
	enum err e = store_record(c->wk->reader, &c->who.tenant, r);

	if (e == ERR_OK && !c->app->config->return_certificate)
		r->value[RECORD_CERTIFICATE] = str_of(NULL);
	return e;
}

enum err
call_read_body(struct call *c, struct arena *a, struct str *body)
{
	enum err e = request_body(
	    c->req, call_max_body(c), a, body, &c->resp->body_read);

	c->fault.what = c->req->var[REQUEST_CONTENT_LENGTH];
	return e == ERR_TOO_LARGE ? call_too_large(c) : e;
}

struct caller
call_caller(const struct call *c)
{
	return (struct caller){ .tenant = c->who.tenant,
		.actor = c->who.actor,
		.kind = c->who.kind,
		.scopes = c->who.scopes,
		.user_id = c->who.user_id,
		.request_id = c->ids.guid,
		.now = c->req->now };
}
