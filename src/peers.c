/* SPDX-License-Identifier: ISC */
/*
 * peers.c - a table by descriptor, and an epoll set as the queue.
 *
 * A connection costs a descriptor while nobody speaks on it, and a worker only
 * from its first byte to its answer. So idle peers and kept connections starve
 * nobody, and a peer that stops half-way is sent off as soon as its worker is
 * needed.
 */
#include "peers.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Most connections at a time, and from how many on none is kept, so that there
 * are places left for new ones. */
#define MOST 12288
#define MANY 8192

/* Milliseconds. */
enum {
	/* How long a request may take to arrive while others wait for a
	 * worker. */
	PATIENCE_SHORT = 250,
	/* How long a worker may need to notice that it was cut off. */
	GRACE = 2 * 1000,
	/* How long after that workers are given only what has come in whole,
	 */
	CAREFUL = 10 * 1000,
	/* How long nothing need be said while descriptors are short. */
	IDLE = 2 * 1000,

	/* From the end's beginning: how long requests under way may still
	 * arrive, answers may still be taken, workers may still come back. */
	END_OF_READING = 1000,
	END_OF_WRITING = 1700,
	END = 1900,
	/* Between looks at how far it is. */
	NAP = 5
};

enum state {
	CLOSED,
	FRESH, /* accepted: a request is on its way */
	KEPT, /* had an answer, may bring another request */
	PART, /* has brought a part of one */
	TAKEN
};

struct peer {
	enum state state;
	bool watched; /* is in the epoll set */
	bool shut; /* while it was taken: nothing more can come on it */
	bool more; /* while it was taken: its peer has spoken */
	/* By this a worker whose library has closed the connection knows
	 * whether its descriptor is another connection by now, and whoever
	 * waits at the queue, whether what he heard of is. */
	unsigned number;
	int64_t since;
	size_t kept_as; /* what the count of those kept was then */
	void *taker;
};

struct peers {
	int set;
	struct peers_times times;
	pthread_mutex_t lock;
	size_t open;
	bool starving;
	int64_t careful_until;
	bool short_of;
	bool finishing;
	atomic_size_t kept; /* how often one was; rises under the lock */
	int end; /* no connection has had this descriptor or a higher one */
	struct peer table[PEERS_DESCRIPTORS];
};

static int64_t
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct peers *
peers_new(const struct peers_times *times)
{
	struct peers *ps = calloc(1, sizeof(*ps));

	if (ps == NULL)
		return NULL;
	ps->times = *times;
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

/* From now on it comes into the queue each time that its peer speaks, and at
 * once if he has. */
static bool
enqueue(struct peers *ps, int fd)
{
	struct peer *c = &ps->table[fd];
	int how = c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	c->watched = true;
	return set_event(ps, how,
	    (struct peers_place){ .fd = fd, .number = c->number },
	    EPOLLIN | EPOLLET);
}

/* --- from hand to hand -------------------------------------------------- */

static size_t
count(struct peers *ps)
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
	return count(ps) < MOST;
}

static void
forget(struct peers *ps, int fd)
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
	*c = (struct peer){
		.state = FRESH, .number = c->number + 1, .since = milliseconds()
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
	if (!(good = enqueue(ps, at.fd))) {
		forget(ps, at.fd);
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
	int64_t now = milliseconds();
	bool good = false;

	pthread_mutex_lock(&ps->lock);
	if (c->number != at.number || c->state == CLOSED)
		goto out;
	if (c->state == TAKEN) {
		c->more = true;
		goto out;
	}
	*out = (struct peers_taken){ .at = at,
		.late = ps->starving && c->state == FRESH &&
		    now - c->since > ps->times.queue,
		.careful = now < ps->careful_until && !ps->finishing,
		/* Who waited already might have heard of it, and come so late
		 * that another one has read it and kept the connection. Of what
		 * has been read, epoll tells nobody any more. */
		.doubtful = c->state == KEPT && c->kept_as > at.kept };
	/* Since its first byte. */
	if (c->state != PART)
		c->since = now;
	c->state = TAKEN;
	c->taker = taker;
	c->more = false;
	good = true;
out:
	pthread_mutex_unlock(&ps->lock);
	return good;
}

/* The lock is held. What comes of a connection that has been served. */
static enum peers_next
settle(struct peers *ps, struct peer *c, int fd, enum peers_next next)
{
	if (next == PEERS_CLOSED)
		return next;
	if (next == PEERS_CLOSE || ps->finishing || c->shut)
		return PEERS_CLOSE;
	if ((next == PEERS_KEEP && ps->open > MANY) ||
	    (!c->watched && !enqueue(ps, fd)))
		return PEERS_CLOSE;
	return next;
}

bool
peers_give_back(
    struct peers *ps, struct peers_taken *taken, enum peers_next next)
{
	int fd = taken->at.fd;
	struct peer *c = &ps->table[fd];
	int64_t now = milliseconds();
	bool again = false;

	pthread_mutex_lock(&ps->lock);
	next = settle(ps, c, fd, next);
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
		forget(ps, fd);
	pthread_mutex_unlock(&ps->lock);
	if (next == PEERS_CLOSE)
		close(fd);
	taken->late = taken->doubtful = false;
	return !again;
}

/* --- manners ------------------------------------------------------------ */

enum fate { LET_BE, AGAIN, DROP, END_READING, END_BOTH };
typedef enum fate judge(const struct peers *ps, int fd, int64_t now);

static void
carry_out(struct peers *ps, int fd, enum fate fate)
{
	switch (fate) {
	case LET_BE:
		break;
	case AGAIN:
		if (enqueue(ps, fd))
			break;
		/* fallthrough */
	case DROP:
		forget(ps, fd);
		close(fd);
		break;
	case END_READING:
	case END_BOTH:
		/* Its worker sees the end of what it reads, and finishes. */
		ps->table[fd].shut = true;
		shutdown(fd, fate == END_BOTH ? SHUT_RDWR : SHUT_RD);
		break;
	}
}

static void
go_round(struct peers *ps, judge *fate)
{
	int64_t now = milliseconds();
	int fd;

	pthread_mutex_lock(&ps->lock);
	for (fd = 0; fd < ps->end; fd++)
		if (ps->table[fd].state != CLOSED)
			carry_out(ps, fd, fate(ps, fd, now));
	pthread_mutex_unlock(&ps->lock);
}

static enum fate
when_running(const struct peers *ps, int fd, int64_t now)
{
	const struct peer *c = &ps->table[fd];
	int64_t age = now - c->since;

	if (c->state == PART && age > ps->times.patience)
		return DROP;
	if (c->state != TAKEN)
		return ps->short_of && age > IDLE ? DROP : LET_BE;
	if (age > ps->times.patience)
		return END_BOTH;
	return ps->starving && age > PATIENCE_SHORT ? END_READING : LET_BE;
}

/* Requests may be on their way on all but the kept ones, whose peers had
 * better learn now that nobody is there any more. */
static enum fate
when_finishing(const struct peers *ps, int fd, int64_t now)
{
	char byte;

	(void)now;
	if (ps->table[fd].state == PART)
		return AGAIN;
	if (ps->table[fd].state != KEPT)
		return LET_BE;
	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0 ? LET_BE : DROP;
}

static enum fate
when_late(const struct peers *ps, int fd, int64_t now)
{
	(void)now;
	return ps->table[fd].state == TAKEN ? END_READING : DROP;
}

static enum fate
when_last(const struct peers *ps, int fd, int64_t now)
{
	(void)now;
	return ps->table[fd].state == TAKEN ? END_BOTH : DROP;
}

bool
peers_careful(const struct peers *ps)
{
	return milliseconds() < ps->careful_until;
}

void *
peers_look(struct peers *ps, bool starving, bool short_of)
{
	int64_t now = milliseconds(), since = now - ps->times.patience - GRACE;
	void *hangs = NULL;
	int fd;

	pthread_mutex_lock(&ps->lock);
	ps->starving = starving;
	ps->short_of = short_of;
	if (starving)
		ps->careful_until = now + CAREFUL;
	pthread_mutex_unlock(&ps->lock);
	go_round(ps, when_running);
	pthread_mutex_lock(&ps->lock);
	for (fd = 0; fd < ps->end && hangs == NULL; fd++)
		if (ps->table[fd].state == TAKEN && ps->table[fd].since < since)
			hangs = ps->table[fd].taker;
	pthread_mutex_unlock(&ps->lock);
	return hangs;
}

bool
peers_finish(struct peers *ps)
{
	static const struct {
		int64_t until;
		judge *fate;
	} phases[] = {
		{ END_OF_READING, when_finishing },
		{ END_OF_WRITING, when_late },
		{ END, when_last },
	};
	int64_t began = milliseconds();
	size_t i;

	pthread_mutex_lock(&ps->lock);
	ps->finishing = true;
	pthread_mutex_unlock(&ps->lock);
	for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		go_round(ps, phases[i].fate);
		while (milliseconds() - began < phases[i].until) {
			if (count(ps) == 0)
				return true;
			poll(NULL, 0, NAP);
		}
	}
	return false;
}
