/* SPDX-License-Identifier: ISC */
/*
 * call.c - helpers of the steps and the handlers: the worker's read
 * transaction, and the refusal of a body that is too large.
 */
#include "http/call.h"

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

enum err
call_too_large(struct call *c)
{
	struct buf text;

	buf_init(&text, c->room->limit, sizeof(c->room->limit));
	buf_u64(&text, c->app->config->max_body);
	c->fault.ours = buf_view(&text);
	return ERR_TOO_LARGE;
}
