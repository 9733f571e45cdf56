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
	struct conns *ps = calloc(1, sizeof(*ps));

	if (ps == NULL)
		return NULL;
	ps->rules = *rules;
	pthread_mutex_init(&ps->lock, NULL);
	if ((ps->set = epoll_create1(EPOLL_CLOEXEC)) >= 0)
		return ps;
	conns_free(ps);
	return NULL;
}

void
conns_free(struct conns *ps)
{
	if (ps == NULL)
		return;
	if (ps->set >= 0)
		close(ps->set);
	pthread_mutex_destroy(&ps->lock);
	free(ps);
}

/* --- the queue ---------------------------------------------------------- */

static bool
set_event(struct conns *ps, int how, struct conn_ref at, uint32_t events)
{
	struct epoll_event ev = { .events = events,
		.data = {
		    .u64 = (uint64_t)at.number << 32 | (uint32_t)at.fd } };

	return epoll_ctl(ps->set, how, at.fd, &ev) == 0;
}

struct conn_ref
conns_next(struct conns *ps)
{
	size_t kept = atomic_load(&ps->kept);
	struct epoll_event ev;

	while (epoll_wait(ps->set, &ev, 1, -1) != 1)
		continue;
	return (struct conn_ref){ .fd = (int)(uint32_t)ev.data.u64,
		.number = (unsigned)(ev.data.u64 >> 32),
		.kept = kept };
}

bool
conns_watch(struct conns *ps, int fd, bool always)
{
	return set_event(ps, EPOLL_CTL_ADD, (struct conn_ref){ .fd = fd },
	    always ? EPOLLIN : EPOLLIN | EPOLLET);
}

bool
conns_queued(const struct conns *ps)
{
	struct pollfd f = { .fd = ps->set, .events = POLLIN };

	return poll(&f, 1, 0) > 0;
}

bool
conns_enqueue(struct conns *ps, int fd)
{
	struct conn *c = &ps->table[fd];
	int how = c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	c->watched = true;
	return set_event(ps, how,
	    (struct conn_ref){ .fd = fd, .number = c->number },
	    EPOLLIN | EPOLLET);
}

/* --- from hand to hand -------------------------------------------------- */

size_t
conns_count(struct conns *ps)
{
	size_t n;

	pthread_mutex_lock(&ps->lock);
	n = ps->open;
	pthread_mutex_unlock(&ps->lock);
	return n;
}

bool
conns_room(struct conns *ps)
{
	return conns_count(ps) < MOST;
}

void
conns_forget(struct conns *ps, int fd)
{
	ps->table[fd].state = CLOSED;
	ps->open--;
}

bool
conns_admit(struct conns *ps, int fd, struct conn_ref *out)
{
	struct conn *c = &ps->table[fd];

	if (fd >= CONNS_DESCRIPTORS) {
		close(fd);
		return false;
	}
	pthread_mutex_lock(&ps->lock);
	/* It may still stand for one that has been closed a moment ago, by the
	 * library of a worker who has not come to tell yet. */
	if (c->state == CLOSED)
		ps->open++;
	ps->hanging -= c->hangs;
	*c = (struct conn){
		.state = FRESH, .number = c->number + 1, .since = clock_ms()
	};
	*out = (struct conn_ref){ .fd = fd, .number = c->number };
	if (ps->end <= fd)
		ps->end = fd + 1;
	pthread_mutex_unlock(&ps->lock);
	return true;
}

bool
conns_queue(struct conns *ps, struct conn_ref at)
{
	bool good;

	pthread_mutex_lock(&ps->lock);
	if (!(good = conns_enqueue(ps, at.fd))) {
		conns_forget(ps, at.fd);
		close(at.fd);
	}
	pthread_mutex_unlock(&ps->lock);
	return good;
}

bool
conns_take(
    struct conns *ps, struct conn_ref at, void *taker, struct conns_taken *out)
{
	struct conn *c = &ps->table[at.fd];
	int64_t now = clock_ms();
	bool good = false;

	pthread_mutex_lock(&ps->lock);
	if (c->number != at.number || c->state == CLOSED)
		goto out;
	if (c->state == TAKEN) {
		c->more = true;
		goto out;
	}
	*out = (struct conns_taken){ .at = at,
		.late = ps->sight.starving && c->state == FRESH &&
		    now - c->since > ps->rules.queue,
		.careful = now < ps->careful_until && !ps->finishing,
		/* Who waited already might have heard of it, and come so late
		 * that another one has read it and kept the connection. Of what
		 * has been read, epoll tells nobody any more. */
		.doubtful = c->state == KEPT && c->kept_as > at.kept,
		.clock = &ps->clock[at.fd] };
	/* Since its first byte. */
	if (c->state != PART)
		c->since = now;
	atomic_store(out->clock, clock_word(CONNS_READING, now));
	c->state = TAKEN;
	c->taker = taker;
	c->more = false;
	good = true;
out:
	pthread_mutex_unlock(&ps->lock);
	return good;
}

/* The lock is held. What is taken again is READING again. */
static void
end_phases(struct conns *ps, struct conn *c, struct conns_taken *taken)
{
	ps->hanging -= c->hangs;
	c->hangs = false;
	atomic_store(taken->clock, clock_word(CONNS_READING, clock_ms()));
}

/* The lock is held. What comes of a connection that has been served. */
static enum conns_next
settle(struct conns *ps, struct conn *c, int fd, enum conns_next next)
{
	if (next == CONNS_CLOSED)
		return next;
	if (next == CONNS_CLOSE || ps->finishing || c->shut_at != 0)
		return CONNS_CLOSE;
	if ((next == CONNS_KEEP && ps->open > MANY) ||
	    (!c->watched && !conns_enqueue(ps, fd)))
		return CONNS_CLOSE;
	return next;
}

bool
conns_give_back(
    struct conns *ps, struct conns_taken *taken, enum conns_next next)
{
	int fd = taken->at.fd;
	struct conn *c = &ps->table[fd];
	int64_t now = clock_ms();
	bool again = false;

	pthread_mutex_lock(&ps->lock);
	next = settle(ps, c, fd, next);
	if (c->number == taken->at.number)
		end_phases(ps, c, taken);
	if (next == CONNS_KEEP || next == CONNS_LATER) {
		again = c->more;
		c->more = false;
		if (next == CONNS_KEEP)
			c->since = now;
		if (!again)
			c->state = next == CONNS_KEEP ? KEPT : PART;
		if (c->state == KEPT)
			c->kept_as = atomic_fetch_add(&ps->kept, 1) + 1;
	} else if (c->number == taken->at.number)
		conns_forget(ps, fd);
	pthread_mutex_unlock(&ps->lock);
	if (next == CONNS_CLOSE)
		close(fd);
	taken->late = taken->doubtful = false;
	return !again;
}
