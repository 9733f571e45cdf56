/* SPDX-License-Identifier: ISC */
/*
 * batch_item.c - an item looks to the steps like a request with PATH_INFO, so
 * it takes the same way as any other. Its URL is brought to that form here.
 */
#include "http/batch_item.h"

#include <string.h>

/* The variables of the outer request that hold for each item. */
static const enum request_var inherited[] = {
	REQUEST_HOST,
	REQUEST_HTTPS,
	REQUEST_SCHEME,
	REQUEST_SERVER_NAME,
	REQUEST_SERVER_SOFTWARE,
	REQUEST_REMOTE_ADDR,
	REQUEST_FORWARDED_FOR,
};

void
batch_item_fill(
    const struct batch_item_source *from, size_t i, struct request *req)
{
	const struct batch_item *item = &from->batch->item[i];
	const struct request *outer = from->outer->req;
	struct json_member m;
	size_t at = 0, k;

	*req = (struct request){ .now = outer->now, .given = item->body };
	if (str_is_null(item->body))
		req->given = STR_EMPTY;
	memcpy(req->random, outer->random, sizeof(req->random));
	/* If two items create a record, the ids and the ETags differ. */
	req->random[sizeof(req->random) / 2] ^= (uint8_t)i;
	for (k = 0; k < sizeof(inherited) / sizeof(inherited[0]); k++)
		req->var[inherited[k]] = outer->var[inherited[k]];
	req->var[REQUEST_METHOD] = item->method;
	while (batch_header(from->batch, item, &at, &m))
		request_take_header(
		    req, m.name, json_text(&from->batch->json, m.value));
}

/* Appends the path from its root on. */
static void
put_found(const struct path *p, struct buf *out)
{
	size_t i;

	buf_char(out, '/');
	buf_str(out, path_root_name(p->root));
	for (i = p->at + 1; i < p->count; i++) {
		buf_char(out, '/');
		buf_str(out, p->segment[i]);
	}
}

static bool
is_known(const struct batch_item_source *from, struct str path)
{
	const struct str *known;
	struct str first;

	do {
		first = str_cut(&path, '/');
	} while (first.n == 0 && !str_is_null(path));
	for (known = from->known; !str_is_null(*known); known++)
		if (str_ieq(first, *known))
			return true;
	return false;
}

/* Sets PATH_INFO: the root and the path after it. A path without a root has the
 * root of the batch. */
static enum err
place(const struct batch_item_source *from, struct str path, struct arena *a,
    struct request *req)
{
	struct path_source source = { .path_info = path, .mount = from->mount };
	struct str what, *info = &req->var[REQUEST_PATH_INFO];
	struct path found;
	struct buf out;

	if (!is_known(from, path) &&
	    path_find(&source, from->known, a, &found, &what) == ERR_OK) {
		buf_open(&out, a);
		put_found(&found, &out);
	} else {
		buf_open(&out, a);
		buf_char(&out, '/');
		buf_str(&out, path_root_name(from->outer->path->root));
		if (!str_starts(path, "/"))
			buf_char(&out, '/');
		buf_str(&out, path);
	}
	*info = buf_close(&out, a);
	return str_is_null(*info) ? ERR_MEMORY : ERR_OK;
}

enum err
batch_item_url(const struct batch_item_source *from, size_t i, struct arena *a,
    struct request *req)
{
	struct batch_url url;
	enum err e;

	e = batch_url(from->batch->item[i].url, a, &url);
	if (e != ERR_OK)
		return e;
	req->var[REQUEST_QUERY] = url.query;
	/* A mount path may have the name of a root. */
	if (*from->outer->app->config->mount != '\0')
		req->var[REQUEST_SCRIPT_NAME] = str_of(
		    from->outer->app->config->mount);
	return place(from, url.path, a, req);
}

/* The mount path of the outer request, which clients repeat in absolute paths
 * of items. */
static struct str
outer_mount(const struct call *c, struct arena *a)
{
	const struct path *p = c->path;
	struct buf out;
	size_t i;

	if (p->mounted >= p->at && p->at > 0)
		return str_of(c->app->config->mount);
	buf_open(&out, a);
	for (i = p->mounted; i < p->at; i++) {
		buf_char(&out, '/');
		buf_str(&out, p->segment[i]);
	}
	return buf_close(&out, a);
}

void
batch_item_open(struct batch_item_source *from, struct call *outer,
    const struct batch *batch)
{
	from->outer = outer;
	from->batch = batch;
	from->mount = outer_mount(outer, &outer->wk->arena);
	from->known = outer->table->first;
}
