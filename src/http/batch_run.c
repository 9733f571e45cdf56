/* SPDX-License-Identifier: ISC */
/*
 * batch_run.c - runs the items of a batch one after another. Each item is a
 * call of its own, with its own steps, event, log line and count.
 *
 * PATCHes that follow each other share a commit, because a commit waits for the
 * disk and everything else is short. Such an item is prepared and waits
 * (`held`) until an item of another kind follows, or the batch ends; flush()
 * then applies all of them, and only after that writes their responses. An item
 * that waits for held ones and depends on one of them is held too, and the
 * store's transaction leaves it out if that one fails.
 *
 * The memory of a batch is one room:
 *
 *   body and its tokens | struct batch_run | responses | held items | one item
 *
 * Before an item is run, there must be space for the longest response to a
 * change. So a change that was made always has its response. A response that is
 * longer than that belongs to a request that only reads, and is replaced by
 * a 503 if it does not fit.
 */
#include "http/batch_run.h"

#include <string.h>

#include "format/batch.h"
#include "http/batch_item.h"
#include "http/batch_reply.h"
#include "rules/change.h"
#include "state/batch_rooms.h"

#define K ((size_t)1024)
/* The longest response to a change: a record of 48 KiB in which every character
 * is escaped with six bytes, and the headers. */
#define REPLY_MAX (6 * 48 * K + 4 * K)
/* The longest entry of an error. */
#define ERROR_MAX (8 * K)
#define ERRORS_MAX (BATCH_ITEMS_MAX * ERROR_MAX)
/* The free bytes before the content, for the header lines. */
#define GAP (8 * K)
/* Where a PATCH waits: its call, and what the change needs. */
#define HELD_MAX (CHANGE_ARENA + 64 * K)

/* The call of one item. */
struct item_call {
	struct call c;
	struct call_room room;
	struct request req;
	struct response resp;
	struct worker wk;
	struct call_patch patch;
	size_t index;
	enum err outcome;
};

struct batch_run {
	struct call *outer;
	struct batch batch;
	struct batch_item_source from;
	struct arena responses;
	struct buf out;
	struct arena single; /* for the item that runs or is answered */
	struct arena waiting; /* for the held items */
	struct item_call *held[BATCH_ITEMS_MAX];
	size_t held_n;
	size_t answering; /* the index of the item that is answered */
	uint32_t failed; /* the items whose status is not 2xx, as bits */
};

#define BIT(i) (UINT32_C(1) << (i))

static size_t
item_size(const struct config *c)
{
	return routes_arena_size(c) + sizeof(struct item_call);
}

static size_t
waiting_size(const struct config *c)
{
	return item_size(c) + BATCH_ITEMS_MAX * HELD_MAX;
}

size_t
routes_room_size(const struct config *c)
{
	return c->max_batch + 1 + BATCH_ARENA_SIZE(c->max_batch) +
	    sizeof(struct batch_run) + GAP + BATCH_ITEMS_MAX * REPLY_MAX +
	    ERRORS_MAX + waiting_size(c) + item_size(c) + K;
}

/* --- the responses ------------------------------------------------------ */

struct str
batch_run_put(const struct call *c, struct response_parts *parts)
{
	struct batch_run *b = c->outer->batch;
	struct str id = b->batch.item[b->answering].id;
	size_t whole = b->out.size, before = b->out.n;
	bool fits;

	if (b->answering > 0)
		buf_char(&b->out, ',');
	if (parts->ok)
		b->out.size -= ERRORS_MAX;
	fits = batch_reply_put(&b->out, id, parts);
	b->out.size = whole;
	if (fits)
		return STR_EMPTY;
	b->out.n = before;
	return str_of(NULL);
}

struct str
batch_run_id(const struct call *c)
{
	const struct batch_run *b = c->outer->batch;

	return b->batch.item[b->answering].id;
}

enum err
batch_run_full(struct call *c)
{
	c->retry_after = 1;
	return ERR_BATCH_ROOM;
}

struct str
batch_run_head(const struct call *c, const struct response_parts *parts)
{
	struct buf head;

	buf_init(&head, c->gap, GAP);
	response_put_head(&head, parts);
	if (head.full)
		return str_of(NULL);
	memmove(c->gap + GAP - head.n, c->gap, head.n);
	return str_from(c->gap + GAP - head.n, head.n + c->content.n);
}

/* Whether the responses to the held items and to one more fit. */
static bool
has_space(const struct batch_run *b)
{
	size_t left = b->out.size - b->out.n;

	return left >= ERRORS_MAX + (b->held_n + 1) * REPLY_MAX;
}

/* --- one item ----------------------------------------------------------- */

/* Sets up the call of item i, which uses the free part of an arena. */
static struct item_call *
open_item(struct batch_run *b, size_t i, const struct request *req,
    struct arena *from)
{
	struct item_call *ic = arena_take(from, sizeof(*ic));
	struct call *outer = b->outer;

	if (ic == NULL)
		return NULL;
	ic->req = *req;
	ic->index = i;
	ic->wk = *outer->wk;
	arena_init(
	    &ic->wk.arena, from->block + from->used, from->size - from->used);
	routes_open(
	    &ic->c, outer->app, &ic->wk, &ic->req, &ic->resp, &ic->room);
	ic->c.outer = outer;
	ic->c.who = outer->who;
	return ic;
}

static enum err
run_item(struct batch_run *b, struct item_call *ic)
{
	const struct batch_item *item = &b->batch.item[ic->index];
	enum err e = batch_item_url(
	    &b->from, ic->index, &ic->wk.arena, &ic->req);

	if (e == ERR_OK && (item->conditional || (item->needs & b->failed)))
		e = ERR_DEPENDENCY;
	if (e == ERR_OK && !has_space(b))
		e = batch_run_full(&ic->c);
	if (e == ERR_OK)
		return routes_walk(&ic->c);
	routes_assign_ids(&ic->c);
	return e;
}

static void
complete(struct batch_run *b, struct item_call *ic, enum err e)
{
	b->answering = ic->index;
	routes_complete(&ic->c, e);
	if (ic->c.status / 100 != 2)
		b->failed |= BIT(ic->index);
}

/* --- PATCHes that share a commit ---------------------------------------- */

/* Lists the changes of the held items. `place` gets the place of each held item
 * in the series, by its index. */
static size_t
list_changes(const struct batch_run *b, struct change_step *step)
{
	size_t place[BATCH_ITEMS_MAX] = { 0 }, i, k, n = 0;

	for (i = 0; i < b->held_n; i++) {
		const struct item_call *ic = b->held[i];
		uint32_t needs = b->batch.item[ic->index].needs;

		if (ic->outcome != ERR_OK)
			continue;
		step[n] = (struct change_step){ .ready = ic->patch.ready };
		for (k = 0; k < i; k++)
			if (needs & BIT(b->held[k]->index))
				step[n].needs |= BIT(place[k]);
		place[i] = n++;
	}
	return n;
}

/* Applies the held changes and answers the held items. */
static void
flush(struct batch_run *b)
{
	struct change_step step[BATCH_ITEMS_MAX];
	const struct change_step *next = step;
	size_t i, n = list_changes(b, step);

	if (n > 0)
		change_run_series(b->outer->app->store, step, n);
	for (i = 0; i < b->held_n; i++) {
		struct item_call *ic = b->held[i];
		enum err e = ic->outcome;

		ic->wk.arena = b->single;
		/* It was refused before its dependency failed. */
		if (e != ERR_OK && (b->batch.item[ic->index].needs & b->failed))
			e = ERR_DEPENDENCY;
		else if (e == ERR_OK && (e = next++->outcome) == ERR_OK)
			e = routes_patch_done(&ic->c, &ic->patch);
		complete(b, ic, e);
	}
	b->held_n = 0;
	arena_reset(&b->waiting);
}

/* Whether the item is a PATCH that can wait. A dry run reads what the items
 * before it have changed, so it cannot. */
static bool
may_wait(const struct request *req)
{
	return str_is(req->var[REQUEST_METHOD], "PATCH") && req->lines == 0 &&
	    (odata_prefer(req->var[REQUEST_PREFER]) & ODATA_PREFER_DRY_RUN) ==
	    0;
}

/* Prepares an item and keeps it until the next flush. An item that was refused
 * is kept too, so that the responses stay in order. */
static enum err
hold_item(struct batch_run *b, size_t i, const struct request *req)
{
	struct arena *a = &b->waiting;
	struct item_call *ic;
	size_t most;

	if (a->size - a->used < item_size(b->outer->app->config) ||
	    (b->held_n > 0 && !has_space(b)))
		flush(b);
	if ((ic = open_item(b, i, req, a)) == NULL)
		return ERR_MEMORY;
	ic->c.later = &ic->patch;
	ic->outcome = run_item(b, ic);
	if (ic->outcome != ERR_OK)
		b->failed |= BIT(i);
	/* Cuts the item's arena to what the change may need. */
	most = ic->wk.arena.used + CHANGE_ARENA;
	if (ic->wk.arena.size > most)
		ic->wk.arena.size = most;
	a->used += ic->wk.arena.size;
	b->held[b->held_n++] = ic;
	/* A test wants it to fail when it is done, which the items that depend
	 * on it must see. */
	if (ic->c.act != NULL && ic->c.act->after)
		flush(b);
	return ERR_OK;
}

/* --- the batch ---------------------------------------------------------- */

static enum err
run_alone(struct batch_run *b, size_t i, const struct request *req)
{
	struct arena *a = &b->single;
	struct item_call *ic;

	flush(b);
	if ((ic = open_item(b, i, req, a)) == NULL)
		return ERR_MEMORY;
	complete(b, ic, run_item(b, ic));
	arena_reset(a);
	return ERR_OK;
}

/* Asks for no bytes of the body, so that the time for the next item begins.
 * False if the sweeper has answered the request in the worker's place. */
static bool
begin_item(const struct batch_run *b)
{
	const struct request *req = b->outer->req;
	char none;

	return req->read(req->from, &none, 0) >= 0;
}

static enum err
run_items(struct batch_run *b)
{
	struct request req;
	enum err e = ERR_OK;
	size_t i;

	buf_text(&b->out, "{\"responses\":[");
	for (i = 0; i < b->batch.n && e == ERR_OK; i++) {
		if (!begin_item(b)) {
			e = ERR_BUSY;
			break;
		}
		batch_item_fill(&b->from, i, &req);
		e = may_wait(&req) ? hold_item(b, i, &req)
				   : run_alone(b, i, &req);
	}
	flush(b);
	buf_text(&b->out, "]}");
	return e;
}

/* Divides the rest of the room. */
static enum err
divide(struct batch_run *b, struct arena *room)
{
	const struct config *config = b->outer->app->config;
	size_t single = item_size(config), waiting = waiting_size(config);
	size_t used = room->used, left = room->size - used;
	char *end = room->block + room->size;

	if (left < single + waiting + GAP + REPLY_MAX + ERRORS_MAX)
		return ERR_MEMORY;
	left -= single + waiting;
	arena_init(&b->single, end - single, single);
	arena_init(&b->waiting, end - single - waiting, waiting);
	b->outer->gap = room->block + used;
	buf_init(&b->out, b->outer->gap + GAP, left - GAP);
	return ERR_OK;
}

static enum err
open_run(struct batch_run *b, struct call *c, struct arena *room)
{
	char *base = arena_take(&c->wk->arena, VIEW_BASE_MAX);
	struct buf url;

	if (base == NULL)
		return ERR_MEMORY;
	b->outer = c;
	batch_item_open(&b->from, c, &b->batch);
	buf_init(&url, base, VIEW_BASE_MAX);
	steps_put_base(c, &url);
	c->view.base = buf_view(&url);
	c->batch = b;
	return divide(b, room);
}

/*
 * Reads the batch. The message about wrong JSON repeats a piece of the body, so
 * the body may not hold a key then. A body that is larger than that of any
 * other request is not searched, because that would take too long, and its
 * piece is withheld. The other messages repeat an id.
 */
static enum err
read_batch(struct call *c, struct batch *out, struct arena *room)
{
	struct str body;
	enum err e;

	if ((e = call_read_body(c, room, &body)) != ERR_OK)
		return e;
	e = batch_read(body, room, out, &c->fault.what);
	if (e >= ERR_BATCH_FORMAT && e <= ERR_BATCH_DEPENDENCY)
		return e;
	if (body.n > c->app->config->max_body)
		c->fault.withheld = true;
	else
		c->body = body;
	return e;
}

enum err
routes_batch(struct call *c)
{
	struct batch_rooms *rooms = c->app->batch_rooms;
	struct batch_run *b;
	struct arena room;
	enum err e;

	if (rooms == NULL || (c->wk->room = batch_rooms_take(rooms)) == NULL) {
		c->retry_after = 1;
		return ERR_BATCHES;
	}
	arena_init(&room, c->wk->room, rooms->size);
	if ((b = arena_take(&room, sizeof(*b))) == NULL)
		return ERR_MEMORY;
	*b = (struct batch_run){ .failed = 0 };
	if ((e = read_batch(c, &b->batch, &room)) != ERR_OK ||
	    (e = open_run(b, c, &room)) != ERR_OK ||
	    (e = run_items(b)) != ERR_OK)
		return e;
	c->fault = (struct fault){ .what = str_of(NULL) };
	c->content = buf_view(&b->out);
	return b->out.full ? ERR_MEMORY : ERR_OK;
}
