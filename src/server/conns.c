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

#include "server/conns_private.h"

/* Most connections at a time, and from how many on none is kept, so that there
 * are places left for new ones. */
#define MOST 12288
#define MANY 8192

/* --- phases -------------------------------------------------------------- */

bool
peers_enter(const struct peers_taken *taken, enum peers_phase phase)
{
	const uint_fast64_t word = clock_word(phase, peers_now());
	uint_fast64_t was = atomic_load(taken->clock);

	do {
		if (phase_of(was) == PEERS_REFUSED)
			return false;
	} while (!atomic_compare_exchange_weak(
	    taken->clock, &was, word | (was & PEERS_NEEDED)));
	return true;
}

bool
peers_was_needed(const struct peers_taken *taken)
{
	return (atomic_load(taken->clock) & PEERS_NEEDED) != 0;
}

/* --- start and end -------------------------------------------------------- */

struct peers *
peers_new(const struct peers_rules *rules)
{
	struct peers *ps = calloc(1, sizeof(*ps));

	if (ps == NULL)
		return NULL;
	ps->rules = *rules;
	pthread_mutex_init(&ps->lock, NULL);
	if ((ps->set = epoll_create1(EPOLL_CLOEXEC)) >= 0)
		return ps;
	peers_free(ps);
	return NULL;
}

void
peers_free(struct peers *ps)
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
set_event(struct peers *ps, int how, struct peers_place at, uint32_t events)
{
	struct epoll_event ev = { .events = events,
		.data = {
		    .u64 = (uint64_t)at.number << 32 | (uint32_t)at.fd } };

	return epoll_ctl(ps->set, how, at.fd, &ev) == 0;
}

struct peers_place
peers_next(struct peers *ps)
{
	size_t kept = atomic_load(&ps->kept);
	struct epoll_event ev;

	while (epoll_wait(ps->set, &ev, 1, -1) != 1)
		continue;
	return (struct peers_place){ .fd = (int)(uint32_t)ev.data.u64,
		.number = (unsigned)(ev.data.u64 >> 32),
		.kept = kept };
}

bool
peers_watch(struct peers *ps, int fd, bool always)
{
	return set_event(ps, EPOLL_CTL_ADD, (struct peers_place){ .fd = fd },
	    always ? EPOLLIN : EPOLLIN | EPOLLET);
}

bool
peers_queued(const struct peers *ps)
{
	struct pollfd f = { .fd = ps->set, .events = POLLIN };

	return poll(&f, 1, 0) > 0;
}

bool
peers_enqueue(struct peers *ps, int fd)
{
	struct peer *c = &ps->table[fd];
	int how = c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	c->watched = true;
	return set_event(ps, how,
	    (struct peers_place){ .fd = fd, .number = c->number },
	    EPOLLIN | EPOLLET);
}

/* --- from hand to hand -------------------------------------------------- */

size_t
peers_count(struct peers *ps)
{
	size_t n;

	pthread_mutex_lock(&ps->lock);
	n = ps->open;
	pthread_mutex_unlock(&ps->lock);
	return n;
}

bool
peers_room(struct peers *ps)
{
	return peers_count(ps) < MOST;
}

void
peers_forget(struct peers *ps, int fd)
{
	ps->table[fd].state = CLOSED;
	ps->open--;
}

bool
peers_admit(struct peers *ps, int fd, struct peers_place *out)
{
	struct peer *c = &ps->table[fd];

	if (fd >= PEERS_DESCRIPTORS) {
		close(fd);
		return false;
	}
	pthread_mutex_lock(&ps->lock);
	/* It may still stand for one that has been closed a moment ago, by the
	 * library of a worker who has not come to tell yet. */
	if (c->state == CLOSED)
		ps->open++;
	ps->hanging -= c->hangs;
	*c = (struct peer){
		.state = FRESH, .number = c->number + 1, .since = peers_now()
	};
	*out = (struct peers_place){ .fd = fd, .number = c->number };
	if (ps->end <= fd)
		ps->end = fd + 1;
	pthread_mutex_unlock(&ps->lock);
	return true;
}

bool
peers_queue(struct peers *ps, struct peers_place at)
{
	bool good;

	pthread_mutex_lock(&ps->lock);
	if (!(good = peers_enqueue(ps, at.fd))) {
		peers_forget(ps, at.fd);
		close(at.fd);
	}
	pthread_mutex_unlock(&ps->lock);
	return good;
}

bool
peers_take(struct peers *ps, struct peers_place at, void *taker,
    struct peers_taken *out)
{
	struct peer *c = &ps->table[at.fd];
	int64_t now = peers_now();
	bool good = false;

	pthread_mutex_lock(&ps->lock);
	if (c->number != at.number || c->state == CLOSED)
		goto out;
	if (c->state == TAKEN) {
		c->more = true;
		goto out;
	}
	*out = (struct peers_taken){ .at = at,
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
	atomic_store(out->clock, clock_word(PEERS_READING, now));
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
end_phases(struct peers *ps, struct peer *c, struct peers_taken *taken)
{
	ps->hanging -= c->hangs;
	c->hangs = false;
	atomic_store(taken->clock, clock_word(PEERS_READING, peers_now()));
}

/* The lock is held. What comes of a connection that has been served. */
static enum peers_next
settle(struct peers *ps, struct peer *c, int fd, enum peers_next next)
{
	if (next == PEERS_CLOSED)
		return next;
	if (next == PEERS_CLOSE || ps->finishing || c->shut_at != 0)
		return PEERS_CLOSE;
	if ((next == PEERS_KEEP && ps->open > MANY) ||
	    (!c->watched && !peers_enqueue(ps, fd)))
		return PEERS_CLOSE;
	return next;
}

bool
peers_give_back(
    struct peers *ps, struct peers_taken *taken, enum peers_next next)
{
	int fd = taken->at.fd;
	struct peer *c = &ps->table[fd];
	int64_t now = peers_now();
	bool again = false;

	pthread_mutex_lock(&ps->lock);
	next = settle(ps, c, fd, next);
	if (c->number == taken->at.number)
		end_phases(ps, c, taken);
	if (next == PEERS_KEEP || next == PEERS_LATER) {
		again = c->more;
		c->more = false;
		if (next == PEERS_KEEP)
			c->since = now;
		if (!again)
			c->state = next == PEERS_KEEP ? KEPT : PART;
		if (c->state == KEPT)
			c->kept_as = atomic_fetch_add(&ps->kept, 1) + 1;
	} else if (c->number == taken->at.number)
		peers_forget(ps, fd);
	pthread_mutex_unlock(&ps->lock);
	if (next == PEERS_CLOSE)
		close(fd);
	taken->late = taken->doubtful = false;
	return !again;
}
