/* SPDX-License-Identifier: ISC */
/*
 * conns.c - a table by descriptor, and an epoll set as the queue.
 *
 * A connection costs a descriptor while nobody speaks on it, and a worker only
 * from its first byte to its answer. So idle peers and kept connections starve
 * nobody, and a peer that stops half-way is sent off as soon as its worker is
 * needed.
 */
#include "server/conns.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/conns_private.h"

/* Most connections at a time, and from how many on none is kept, so that there
 * are places left for new ones. */
#define MOST 12288
#define MANY 8192

/* --- phases -------------------------------------------------------------- */

bool
conns_enter(const struct conns_taken *taken, enum conns_phase phase)
{
	const uint_fast64_t word = clock_word(phase, clock_ms());
	uint_fast64_t was = atomic_load(taken->clock);

	do {
		if (phase_of(was) == CONNS_REFUSED)
			return false;
	} while (!atomic_compare_exchange_weak(
	    taken->clock, &was, word | (was & CONNS_NEEDED)));
	return true;
}

bool
conns_was_needed(const struct conns_taken *taken)
{
	return (atomic_load(taken->clock) & CONNS_NEEDED) != 0;
}

/* --- start and end -------------------------------------------------------- */

struct conns *
conns_new(const struct conns_rules *rules)
{
	struct conns *cs = calloc(1, sizeof(*cs));

	if (cs == NULL)
		return NULL;
	cs->rules = *rules;
	pthread_mutex_init(&cs->lock, NULL);
	if ((cs->set = epoll_create1(EPOLL_CLOEXEC)) >= 0)
		return cs;
	conns_free(cs);
	return NULL;
}

void
conns_free(struct conns *cs)
{
	if (cs == NULL)
		return;
	if (cs->set >= 0)
		close(cs->set);
	pthread_mutex_destroy(&cs->lock);
	free(cs);
}

/* --- the queue ---------------------------------------------------------- */

static bool
set_event(struct conns *cs, int how, struct conn_ref at, uint32_t events)
{
	struct epoll_event ev = { .events = events,
		.data = {
		    .u64 = (uint64_t)at.generation << 32 | (uint32_t)at.fd } };

	return epoll_ctl(cs->set, how, at.fd, &ev) == 0;
}

struct conn_ref
conns_next(struct conns *cs)
{
	size_t kept = atomic_load(&cs->kept);
	struct epoll_event ev;

	while (epoll_wait(cs->set, &ev, 1, -1) != 1)
		continue;
	return (struct conn_ref){ .fd = (int)(uint32_t)ev.data.u64,
		.generation = (unsigned)(ev.data.u64 >> 32),
		.kept = kept };
}

bool
conns_watch(struct conns *cs, int fd, bool always)
{
	return set_event(cs, EPOLL_CTL_ADD, (struct conn_ref){ .fd = fd },
	    always ? EPOLLIN : EPOLLIN | EPOLLET);
}

bool
conns_queued(const struct conns *cs)
{
	struct pollfd f = { .fd = cs->set, .events = POLLIN };

	return poll(&f, 1, 0) > 0;
}

bool
conns_enqueue(struct conns *cs, int fd)
{
	struct conn *c = &cs->table[fd];
	int how = c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	c->watched = true;
	return set_event(cs, how,
	    (struct conn_ref){ .fd = fd, .generation = c->generation },
	    EPOLLIN | EPOLLET);
}

/* --- from hand to hand -------------------------------------------------- */

size_t
conns_count(struct conns *cs)
{
	size_t n;

	pthread_mutex_lock(&cs->lock);
	n = cs->open;
	pthread_mutex_unlock(&cs->lock);
	return n;
}

bool
conns_room(struct conns *cs)
{
	return conns_count(cs) < MOST;
}

void
conns_forget(struct conns *cs, int fd)
{
	cs->table[fd].state = CLOSED;
	cs->open--;
}

bool
conns_admit(struct conns *cs, int fd, struct conn_ref *out)
{
	struct conn *c = &cs->table[fd];

	if (fd >= CONNS_DESCRIPTORS) {
		close(fd);
		return false;
	}
	pthread_mutex_lock(&cs->lock);
	/* It may still stand for one that has been closed a moment ago, by the
	 * library of a worker who has not come to tell yet. */
	if (c->state == CLOSED)
		cs->open++;
	cs->hanging -= c->hangs;
	*c = (struct conn){ .state = NEW,
		.generation = c->generation + 1,
		.since = clock_ms() };
	*out = (struct conn_ref){ .fd = fd, .generation = c->generation };
	if (cs->end <= fd)
		cs->end = fd + 1;
	pthread_mutex_unlock(&cs->lock);
	return true;
}

bool
conns_queue(struct conns *cs, struct conn_ref at)
{
	bool good;

	pthread_mutex_lock(&cs->lock);
	if (!(good = conns_enqueue(cs, at.fd))) {
		conns_forget(cs, at.fd);
		close(at.fd);
	}
	pthread_mutex_unlock(&cs->lock);
	return good;
}

bool
conns_take(
    struct conns *cs, struct conn_ref at, void *taker, struct conns_taken *out)
{
	struct conn *c = &cs->table[at.fd];
	int64_t now = clock_ms();
	bool good = false;

	pthread_mutex_lock(&cs->lock);
	if (c->generation != at.generation || c->state == CLOSED)
		goto out;
	if (c->state == BUSY) {
		c->more = true;
		goto out;
	}
	*out = (struct conns_taken){ .at = at,
		.late = cs->sight.starving && c->state == NEW &&
		    now - c->since > cs->rules.queue,
		.careful = now < cs->careful_until && !cs->draining,
		/* Who waited already might have heard of it, and come so late
		 * that another one has read it and kept the connection. Of what
		 * has been read, epoll tells nobody any more. */
		.doubtful = c->state == IDLE && c->kept_as > at.kept,
		.clock = &cs->clock[at.fd] };
	/* Since its first byte. */
	if (c->state != PARTIAL)
		c->since = now;
	atomic_store(out->clock, clock_word(CONNS_READING, now));
	c->state = BUSY;
	c->taker = taker;
	c->more = false;
	good = true;
out:
	pthread_mutex_unlock(&cs->lock);
	return good;
}

/* The lock is held. What is taken again is READING again. */
static void
end_phases(struct conns *cs, struct conn *c, struct conns_taken *taken)
{
	cs->hanging -= c->hangs;
	c->hangs = false;
	atomic_store(taken->clock, clock_word(CONNS_READING, clock_ms()));
}

/* The lock is held. What comes of a connection that has been served. */
static enum conns_next
settle(struct conns *cs, struct conn *c, int fd, enum conns_next next)
{
	if (next == CONNS_CLOSED)
		return next;
	if (next == CONNS_CLOSE || cs->draining || c->shut_at != 0)
		return CONNS_CLOSE;
	if ((next == CONNS_KEEP && cs->open > MANY) ||
	    (!c->watched && !conns_enqueue(cs, fd)))
		return CONNS_CLOSE;
	return next;
}

bool
conns_give_back(
    struct conns *cs, struct conns_taken *taken, enum conns_next next)
{
	int fd = taken->at.fd;
	struct conn *c = &cs->table[fd];
	int64_t now = clock_ms();
	bool again = false;

	pthread_mutex_lock(&cs->lock);
	next = settle(cs, c, fd, next);
	if (c->generation == taken->at.generation)
		end_phases(cs, c, taken);
	if (next == CONNS_KEEP || next == CONNS_LATER) {
		again = c->more;
		c->more = false;
		if (next == CONNS_KEEP)
			c->since = now;
		if (!again)
			c->state = next == CONNS_KEEP ? IDLE : PARTIAL;
		if (c->state == IDLE)
			c->kept_as = atomic_fetch_add(&cs->kept, 1) + 1;
	} else if (c->generation == taken->at.generation)
		conns_forget(cs, fd);
	pthread_mutex_unlock(&cs->lock);
	if (next == CONNS_CLOSE)
		close(fd);
	taken->late = taken->doubtful = false;
	return !again;
}
