/* SPDX-License-Identifier: ISC */
/*
 * conns.c - a table that is indexed by descriptor, and an epoll set as the
 * queue.
 *
 * A worker is occupied from the first byte of a request to the last byte of its
 * response. Idle connections need no worker, and a peer that stops in the
 * middle of a request loses its worker as soon as another connection needs it.
 *
 * One event, one worker. A connection is in the epoll set with EPOLLONESHOT: an
 * event disarms it, and it is armed again when a worker gives it back. So epoll
 * reports a BUSY connection to no other worker, and a connection that is IDLE
 * or NEW has at most one event.
 *
 * EPOLLONESHOT costs one epoll_ctl for each request on a connection that is
 * kept alive. Against EPOLLET, behind nginx on two CPUs (medians of 250
 * interleaved pairs of short runs), the requests per second change by +2 %
 * (GET, 8 clients), -2 % (GET, 64) and -1 to +4 % (PATCH, 1 to 64), and the CPU
 * time of program and nginx by -2 to +2 %. A connection that is closed after
 * its response is never armed if its first byte follows the accept at once
 * (listener_accept_one); its figures are within 1 %.
 *
 * A PARTIAL connection cannot be armed this way: the part that has arrived
 * would be reported at once, over and over. It is edge-triggered (EPOLLET), so
 * that arming reports the old part once and each arrival follows, possibly to
 * several workers. conns_take therefore compares the bytes in the socket with
 * `seen`, and takes the connection only if there are more.
 *
 * Each arming gives the entry a new generation. A worker that comes late with
 * an event of an earlier arming finds that its reference is stale.
 */
#include "server/conns.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
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
	struct epoll_event ev;

	while (epoll_wait(cs->set, &ev, 1, -1) != 1)
		continue;
	return (struct conn_ref){ .fd = (int)(uint32_t)ev.data.u64,
		.generation = (unsigned)(ev.data.u64 >> 32) };
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
conns_enqueue(struct conns *cs, int fd, uint32_t how)
{
	struct conn *c = &cs->table[fd];
	int op = c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	c->watched = true;
	c->generation++;
	return set_event(cs, op,
	    (struct conn_ref){ .fd = fd, .generation = c->generation },
	    EPOLLIN | how);
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
	/* The sweeper may have closed the connection since it was admitted. */
	good = cs->table[at.fd].generation != at.generation ||
	    cs->table[at.fd].state == CLOSED ||
	    conns_enqueue(cs, at.fd, EPOLLONESHOT);
	if (!good) {
		conns_forget(cs, at.fd);
		close(at.fd);
	}
	pthread_mutex_unlock(&cs->lock);
	return good;
}

/* The bytes that wait in the socket. The call cannot fail on a socket. */
static int
bytes_waiting(int fd)
{
	int n = 0;

	(void)ioctl(fd, FIONREAD, &n);
	return n;
}

static bool
has_ended(int fd)
{
	struct pollfd f = { .fd = fd, .events = POLLRDHUP };

	return poll(&f, 1, 0) != 0;
}

/* The caller holds the lock. A PARTIAL request is taken when more of it has
 * arrived, or its end, and during a drain. */
static bool
may_take(const struct conns *cs, struct conn_ref at)
{
	const struct conn *c = &cs->table[at.fd];

	if (c->generation != at.generation || c->state == CLOSED ||
	    c->state == BUSY)
		return false;
	return c->state != PARTIAL || cs->draining ||
	    bytes_waiting(at.fd) > c->seen || has_ended(at.fd);
}

/* The caller holds the lock. After the end of a PARTIAL request nothing
 * follows, so the worker reads as far as it can and does not block. */
static bool
is_careful(const struct conns *cs, int fd, int64_t now)
{
	return now < cs->careful_until && !cs->draining &&
	    (cs->table[fd].state != PARTIAL || !has_ended(fd));
}

bool
conns_take(
    struct conns *cs, struct conn_ref at, void *taker, struct conns_taken *out)
{
	struct conn *c = &cs->table[at.fd];
	int64_t now = clock_ms();
	bool good;

	pthread_mutex_lock(&cs->lock);
	if (!(good = may_take(cs, at)))
		goto out;
	*out = (struct conns_taken){ .at = at,
		.late = cs->sight.starving && c->state == NEW &&
		    now - c->since > cs->rules.queue_ms,
		.careful = is_careful(cs, at.fd, now),
		.clock = &cs->clock[at.fd] };
	/* A request's time runs from its first byte, also across the state
	 * PARTIAL. */
	if (c->state != PARTIAL)
		c->since = now;
	atomic_store(out->clock, clock_word(CONNS_READING, now));
	c->state = BUSY;
	c->taker = taker;
	if (out->careful)
		c->seen = bytes_waiting(at.fd);
out:
	pthread_mutex_unlock(&cs->lock);
	return good;
}

/* The caller holds the lock. Resets the phase to READING for the next worker;
 * the hang of this one, if there was one, is over. */
static void
end_phases(struct conns *cs, struct conn *c, const struct conns_taken *taken,
    int64_t now)
{
	cs->hanging -= c->hangs;
	c->hangs = false;
	atomic_store(taken->clock, clock_word(CONNS_READING, now));
}

/* The caller holds the lock. Decides whether the connection stays open, and
 * arms it if so; a drain, a shutdown of the socket, or a nearly full table
 * closes it. */
static enum conns_next
settle(struct conns *cs, struct conn *c, int fd, enum conns_next next)
{
	if (next == CONNS_CLOSED)
		return next;
	if (next == CONNS_CLOSE || cs->draining || c->shut_at != 0)
		return CONNS_CLOSE;
	if ((next == CONNS_KEEP && cs->open > MANY) ||
	    !conns_enqueue(cs, fd, next == CONNS_KEEP ? EPOLLONESHOT : EPOLLET))
		return CONNS_CLOSE;
	return next;
}

/*
 * For CONNS_CLOSED the entry may belong to a newer connection already, so it is
 * changed only if the generation is still the same. For CONNS_CLOSE the close
 * comes last, after the entry is free: until then the kernel cannot reuse the
 * descriptor.
 */
void
conns_give_back(
    struct conns *cs, const struct conns_taken *taken, enum conns_next next)
{
	int fd = taken->at.fd;
	struct conn *c = &cs->table[fd];
	int64_t now = clock_ms();
	bool same;

	pthread_mutex_lock(&cs->lock);
	if ((same = c->generation == taken->at.generation))
		end_phases(cs, c, taken, now);
	next = settle(cs, c, fd, next);
	if (next == CONNS_KEEP)
		c->since = now;
	if (next == CONNS_KEEP || next == CONNS_LATER)
		c->state = next == CONNS_KEEP ? IDLE : PARTIAL;
	else if (same)
		conns_forget(cs, fd);
	pthread_mutex_unlock(&cs->lock);
	if (next == CONNS_CLOSE)
		close(fd);
}
