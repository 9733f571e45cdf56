/* SPDX-License-Identifier: ISC */
/*
 * conns_sweep.c - ends connections whose phase takes too long, and all of them
 * at the end of the pool. One thread calls it.
 */
#include "server/conns.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/conns_private.h"

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
typedef enum fate judge(const struct conns *ps, int fd, int64_t now);

/* Its worker sees the end of what it reads, and finishes. */
static void
shut(struct conns *ps, int fd, int how)
{
	struct conn *c = &ps->table[fd];

	if (c->shut_at == 0)
		c->shut_at = clock_ms();
	shutdown(fd, how);
}

/* Whether the peer is refused now: its worker may have begun to answer. */
static bool
refuse(struct conns *ps, int fd)
{
	uint_fast64_t was = atomic_load(&ps->clock[fd]);

	if (phase_of(was) != CONNS_WORKING ||
	    !atomic_compare_exchange_strong(
		&ps->clock[fd], &was, clock_word(CONNS_REFUSED, began_at(was))))
		return false;
	ps->rules.refuse(ps->table[fd].taker, fd);
	shut(ps, fd, SHUT_RDWR);
	return true;
}

static void
note_hang(struct conns *ps, int fd)
{
	ps->table[fd].hangs = true;
	ps->hanging++;
	ps->rules.hangs(ps->table[fd].taker);
}

static void
carry_out(struct conns *ps, int fd, enum fate fate)
{
	switch (fate) {
	case LET_BE:
		break;
	case AGAIN:
		if (conns_enqueue(ps, fd))
			break;
		/* fallthrough */
	case DROP:
		conns_forget(ps, fd);
		close(fd);
		break;
	case NEED_WORKER:
		/* First this, so that its worker finds out why it was shut. */
		atomic_fetch_or(&ps->clock[fd], CONNS_NEEDED);
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
go_round(struct conns *ps, judge *fate)
{
	int64_t now = clock_ms();
	int fd;

	pthread_mutex_lock(&ps->lock);
	for (fd = 0; fd < ps->end; fd++)
		if (ps->table[fd].state != CLOSED)
			carry_out(ps, fd, fate(ps, fd, now));
	pthread_mutex_unlock(&ps->lock);
}

/* Whether the worker had time enough to notice the end of its connection. */
static bool
ignores_end(const struct conns *ps, int fd, int64_t now)
{
	int64_t at = ps->table[fd].shut_at;

	return at != 0 && now - at > GRACE;
}

/* READING and ANSWERING: the peer is to blame until its connection is shut. */
static enum fate
when_peer_is_slow(const struct conns *ps, int fd, int64_t age, int64_t now)
{
	bool reading = phase_of(atomic_load(&ps->clock[fd])) == CONNS_READING;

	if (age > ps->rules.timeout_ms + GRACE && ignores_end(ps, fd, now))
		return HANGS;
	if (age > ps->rules.timeout_ms)
		return reading ? END_READING : END_BOTH;
	if (!ps->sight.starving || age <= PATIENCE_SHORT)
		return LET_BE;
	return reading ? NEED_WORKER : END_READING;
}

static enum fate
when_taken(const struct conns *ps, int fd, int64_t now)
{
	uint_fast64_t clock = atomic_load(&ps->clock[fd]);
	int64_t age = now - began_at(clock), may_work = ps->rules.timeout_ms;

	if (ps->table[fd].hangs)
		return LET_BE;
	if (!ps->sight.stuck)
		may_work += ps->rules.queue;
	switch (phase_of(clock)) {
	case CONNS_READING:
		return when_peer_is_slow(
		    ps, fd, now - ps->table[fd].since, now);
	case CONNS_WORKING:
		return age > may_work ? REFUSE_AND_HANGS : LET_BE;
	case CONNS_ANSWERING:
		return when_peer_is_slow(ps, fd, age, now);
	case CONNS_TIDYING:
		return age > may_work ? HANGS : LET_BE;
	case CONNS_REFUSED:
		break;
	}
	return LET_BE;
}

static enum fate
when_running(const struct conns *ps, int fd, int64_t now)
{
	const struct conn *c = &ps->table[fd];
	int64_t age = now - c->since;

	if (c->state == TAKEN)
		return when_taken(ps, fd, now);
	if (c->state == PART && age > ps->rules.timeout_ms)
		return DROP;
	return ps->sight.short_of && age > IDLE ? DROP : LET_BE;
}

/* Requests may be on their way on all but the kept ones, whose peers had
 * better learn now that nobody is there any more. */
static enum fate
when_finishing(const struct conns *ps, int fd, int64_t now)
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
when_late(const struct conns *ps, int fd, int64_t now)
{
	(void)now;
	return ps->table[fd].state == TAKEN ? NEED_WORKER : DROP;
}

static enum fate
when_last(const struct conns *ps, int fd, int64_t now)
{
	(void)now;
	if (ps->table[fd].state != TAKEN)
		return DROP;
	return phase_of(atomic_load(&ps->clock[fd])) == CONNS_WORKING
	    ? REFUSE
	    : END_BOTH;
}

bool
conns_careful(const struct conns *ps)
{
	return clock_ms() < ps->careful_until;
}

size_t
conns_look(struct conns *ps, const struct conns_sight *sight)
{
	size_t hanging;

	pthread_mutex_lock(&ps->lock);
	ps->sight = *sight;
	if (sight->starving)
		ps->careful_until = clock_ms() + CAREFUL;
	pthread_mutex_unlock(&ps->lock);
	go_round(ps, when_running);
	pthread_mutex_lock(&ps->lock);
	hanging = ps->hanging;
	pthread_mutex_unlock(&ps->lock);
	return hanging;
}

bool
conns_finish(struct conns *ps)
{
	static const struct {
		int64_t until;
		judge *fate;
	} phases[] = {
		{ END_OF_READING, when_finishing },
		{ END_OF_WRITING, when_late },
		{ END, when_last },
	};
	int64_t began = clock_ms();
	size_t i;

	pthread_mutex_lock(&ps->lock);
	ps->finishing = true;
	pthread_mutex_unlock(&ps->lock);
	for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		go_round(ps, phases[i].fate);
		while (clock_ms() - began < phases[i].until) {
			if (conns_count(ps) == 0)
				return true;
			poll(NULL, 0, NAP);
		}
	}
	return false;
}
