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
	/* How long a worker may need to notice that its connection was shut,
	 * before it counts as one that hangs. */
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
	int64_t shut_at; /* while it was taken: nothing can come on it; or 0 */
	bool more; /* while it was taken: its peer has spoken */
	bool hangs; /* its worker does */
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
	struct peers_rules rules;
	pthread_mutex_t lock;
	size_t open;
	size_t hanging; /* workers */
	struct peers_sight sight;
	int64_t careful_until;
	bool finishing;
	atomic_size_t kept; /* how often one was; rises under the lock */
	int end; /* no connection has had this descriptor or a higher one */
	struct peer table[PEERS_DESCRIPTORS];
	/* The phase of each connection that is taken: see clock_word. */
	atomic_uint_fast64_t clock[PEERS_DESCRIPTORS];
};

static int64_t
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- phases -------------------------------------------------------------- */

/*
 * A phase, whether reading was ended before its time, and when the phase began:
 * one word, so that the worker and the thread that looks change it
 * without a lock. A worker leaves WORKING by an exchange, and the other thread
 * refuses its peer by an exchange: only one of them succeeds, and only that one
 * writes to the peer.
 */
#define PHASE_BITS 3
#define NEEDED ((uint_fast64_t)1 << PHASE_BITS)
#define TIME_BIT (PHASE_BITS + 1)

static uint_fast64_t
clock_word(enum peers_phase phase, int64_t at)
{
	return (uint_fast64_t)at << TIME_BIT | (uint_fast64_t)phase;
}

static enum peers_phase
phase_of(uint_fast64_t word)
{
	return (enum peers_phase)(word & (NEEDED - 1));
}

static int64_t
began_at(uint_fast64_t word)
{
	return (int64_t)(word >> TIME_BIT);
}

bool
peers_enter(const struct peers_taken *taken, enum peers_phase phase)
{
	const uint_fast64_t word = clock_word(phase, milliseconds());
	uint_fast64_t was = atomic_load(taken->clock);

	do {
		if (phase_of(was) == PEERS_REFUSED)
			return false;
	} while (!atomic_compare_exchange_weak(
	    taken->clock, &was, word | (was & NEEDED)));
	return true;
}

bool
peers_was_needed(const struct peers_taken *taken)
{
	return (atomic_load(taken->clock) & NEEDED) != 0;
}

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
	ps->hanging -= c->hangs;
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
	atomic_store(taken->clock, clock_word(PEERS_READING, milliseconds()));
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
		forget(ps, fd);
	pthread_mutex_unlock(&ps->lock);
	if (next == PEERS_CLOSE)
		close(fd);
	taken->late = taken->doubtful = false;
	return !again;
}

/* --- manners ------------------------------------------------------------ */

enum fate {
	LET_BE,
	AGAIN,
	DROP,
	END_READING, /* its time is over */
	NEED_WORKER, /* the same, before its time is over */
	END_BOTH,
	REFUSE,
	HANGS,
	REFUSE_AND_HANGS
};
typedef enum fate judge(const struct peers *ps, int fd, int64_t now);

/* Its worker sees the end of what it reads, and finishes. */
static void
shut(struct peers *ps, int fd, int how)
{
	struct peer *c = &ps->table[fd];

	if (c->shut_at == 0)
		c->shut_at = milliseconds();
	shutdown(fd, how);
}

/* Whether the peer is refused now: its worker may have begun to answer. */
static bool
refuse(struct peers *ps, int fd)
{
	uint_fast64_t was = atomic_load(&ps->clock[fd]);

	if (phase_of(was) != PEERS_WORKING ||
	    !atomic_compare_exchange_strong(
		&ps->clock[fd], &was, clock_word(PEERS_REFUSED, began_at(was))))
		return false;
	ps->rules.refuse(ps->table[fd].taker, fd);
	shut(ps, fd, SHUT_RDWR);
	return true;
}

static void
note_hang(struct peers *ps, int fd)
{
	ps->table[fd].hangs = true;
	ps->hanging++;
	ps->rules.hangs(ps->table[fd].taker);
}

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
	case NEED_WORKER:
		/* First this, so that its worker finds out why it was shut. */
		atomic_fetch_or(&ps->clock[fd], NEEDED);
		/* fallthrough */
	case END_READING:
		shut(ps, fd, SHUT_RD);
		break;
	case END_BOTH:
		shut(ps, fd, SHUT_RDWR);
		break;
	case REFUSE:
		(void)refuse(ps, fd);
		break;
	case REFUSE_AND_HANGS:
		if (!refuse(ps, fd))
			break;
		/* fallthrough */
	case HANGS:
		note_hang(ps, fd);
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

/* Whether the worker had time enough to notice the end of its connection. */
static bool
ignores_end(const struct peers *ps, int fd, int64_t now)
{
	int64_t at = ps->table[fd].shut_at;

	return at != 0 && now - at > GRACE;
}

/* READING and ANSWERING: the peer is to blame until its connection is shut. */
static enum fate
when_peer_is_slow(const struct peers *ps, int fd, int64_t age, int64_t now)
{
	bool reading = phase_of(atomic_load(&ps->clock[fd])) == PEERS_READING;

	if (age > ps->rules.patience + GRACE && ignores_end(ps, fd, now))
		return HANGS;
	if (age > ps->rules.patience)
		return reading ? END_READING : END_BOTH;
	if (!ps->sight.starving || age <= PATIENCE_SHORT)
		return LET_BE;
	return reading ? NEED_WORKER : END_READING;
}

static enum fate
when_taken(const struct peers *ps, int fd, int64_t now)
{
	uint_fast64_t clock = atomic_load(&ps->clock[fd]);
	int64_t age = now - began_at(clock), may_work = ps->rules.patience;

	if (ps->table[fd].hangs)
		return LET_BE;
	if (!ps->sight.stuck)
		may_work += ps->rules.queue;
	switch (phase_of(clock)) {
	case PEERS_READING:
		return when_peer_is_slow(
		    ps, fd, now - ps->table[fd].since, now);
	case PEERS_WORKING:
		return age > may_work ? REFUSE_AND_HANGS : LET_BE;
	case PEERS_ANSWERING:
		return when_peer_is_slow(ps, fd, age, now);
	case PEERS_TIDYING:
		return age > may_work ? HANGS : LET_BE;
	case PEERS_REFUSED:
		break;
	}
	return LET_BE;
}

static enum fate
when_running(const struct peers *ps, int fd, int64_t now)
{
	const struct peer *c = &ps->table[fd];
	int64_t age = now - c->since;

	if (c->state == TAKEN)
		return when_taken(ps, fd, now);
	if (c->state == PART && age > ps->rules.patience)
		return DROP;
	return ps->sight.short_of && age > IDLE ? DROP : LET_BE;
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
	return ps->table[fd].state == TAKEN ? NEED_WORKER : DROP;
}

static enum fate
when_last(const struct peers *ps, int fd, int64_t now)
{
	(void)now;
	if (ps->table[fd].state != TAKEN)
		return DROP;
	return phase_of(atomic_load(&ps->clock[fd])) == PEERS_WORKING
	    ? REFUSE
	    : END_BOTH;
}

bool
peers_careful(const struct peers *ps)
{
	return milliseconds() < ps->careful_until;
}

size_t
peers_look(struct peers *ps, const struct peers_sight *sight)
{
	size_t hanging;

	pthread_mutex_lock(&ps->lock);
	ps->sight = *sight;
	if (sight->starving)
		ps->careful_until = milliseconds() + CAREFUL;
	pthread_mutex_unlock(&ps->lock);
	go_round(ps, when_running);
	pthread_mutex_lock(&ps->lock);
	hanging = ps->hanging;
	pthread_mutex_unlock(&ps->lock);
	return hanging;
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
