/* SPDX-License-Identifier: ISC */
/*
 * conns.c - a table that is indexed by descriptor, and an epoll set as the
 * queue.
 *
 * A worker is occupied from the first byte of a request to the last byte of its
 * response. Idle connections need no worker, and a peer that stops in the
 * middle of a request loses its worker as soon as another connection needs it.
 *
 * The epoll set is edge-triggered (EPOLLET): an arrival of data is reported
 * once, to one worker. Another worker may hold the connection at that time, or
 * may just have read the data and given the connection back. Two fields keep
 * such an event from being lost or misread. `more` records an event that a
 * worker received for a BUSY connection; conns_give_back then returns false.
 * `kept` is compared in conns_take: a worker that began to wait before the
 * connection last became IDLE may have an event for data that was read since
 * (`doubtful`).
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

/*
 * Above MOST connections none is accepted. Above MANY none is kept alive after
 * its response, so that the entries up to MOST stay free for new connections.
 */
#define MOST 12288
#define MANY 8192

/* --- phases --------------------------------------------------------------- */

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

/* --- the queue ------------------------------------------------------------ */

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

/* --- taking and giving back ----------------------------------------------- */

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
	/*
	 * The entry may still be BUSY: libfcgi closed the descriptor of the
	 * previous connection, the kernel reused it at once, and the worker has
	 * not called conns_give_back yet. That connection is already counted in
	 * `open`, and a hang of its worker ends here. The worker finds a new
	 * generation and leaves the entry alone.
	 */
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
		/*
		 * The worker began to wait before the connection last became
		 * IDLE. Its event may be older than that; another worker has
		 * then read the data already, and a read would block.
		 */
		.doubtful = c->state == IDLE && c->kept_as > at.kept,
		.clock = &cs->clock[at.fd] };
	/* A request's time runs from its first byte, also across the state
	 * PARTIAL. */
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

/* The caller holds the lock. Resets the phase to READING for the next worker;
 * the hang of this one, if there was one, is over. */
static void
end_phases(struct conns *cs, struct conn *c, struct conns_taken *taken)
{
	cs->hanging -= c->hangs;
	c->hangs = false;
	atomic_store(taken->clock, clock_word(CONNS_READING, clock_ms()));
}

/* The caller holds the lock. Decides whether the connection stays open; a
 * drain, a shutdown of the socket, or a nearly full table closes it. */
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

/*
 * For CONNS_CLOSED the entry may belong to a newer connection already, so it is
 * changed only if the generation is still the same. For CONNS_CLOSE the close
 * comes last, after the entry is free: until then the kernel cannot reuse the
 * descriptor.
 */
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
