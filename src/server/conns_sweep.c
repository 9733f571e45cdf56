/* SPDX-License-Identifier: ISC */
/*
 * conns_sweep.c - the sweeper's work: timeouts while the pool runs, and the
 * drain at its end.
 *
 * Each sweep goes over the whole table and asks a function for the action on
 * each connection. There is one such function for the running pool
 * (when_running) and one for each step of the drain.
 */
#include "server/conns.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/conns_private.h"

/* Milliseconds. */
enum {
	/* How long a request may take to arrive while other connections wait
	 * for a worker. */
	TIMEOUT_SHORT = 250,
	/* How long a worker may take to notice that its socket was shut down.
	 * After that it counts as hanging. */
	GRACE = 2 * 1000,
	/* How long after a shortage the workers serve only requests that have
	 * arrived completely. */
	CAREFUL = 10 * 1000,
	/* How long a connection may be silent while descriptors are short. */
	IDLE_MAX = 2 * 1000,

	/* The steps of the drain, from its start: until then requests under way
	 * may arrive, responses may be written, and workers may give their
	 * connections back. */
	END_OF_READING = 1000,
	END_OF_WRITING = 1700,
	END = 1900,
	/* Between two checks whether the table is empty. */
	NAP = 5
};

enum action {
	LET_BE,
	AGAIN, /* arm the event again, so that a worker takes the connection */
	DROP, /* close a connection that no worker holds */
	END_READING, /* shut for reading: the request's time is over */
	NEED_WORKER, /* the same, but early; conns_was_needed is true then */
	END_BOTH, /* shut for reading and writing */
	REFUSE, /* send a refusal in the worker's place */
	HANGS, /* count the worker as hanging */
	REFUSE_AND_HANGS
};
typedef enum action choose_action(const struct conns *cs, int fd, int64_t now);

/* The worker of a BUSY connection then reads an end of file or fails to write,
 * and gives the connection back. */
static void
shut(struct conns *cs, int fd, int how)
{
	struct conn *c = &cs->table[fd];

	if (c->shut_at == 0)
		c->shut_at = clock_ms();
	shutdown(fd, how);
}

/* Refuses the request in the worker's place. False if the worker has left
 * WORKING since: it may have begun to write its response. */
static bool
refuse_peer(struct conns *cs, int fd)
{
	uint_fast64_t was = atomic_load(&cs->clock[fd]);

	if (phase_of(was) != CONNS_WORKING ||
	    !atomic_compare_exchange_strong(
		&cs->clock[fd], &was, clock_word(CONNS_REFUSED, began_at(was))))
		return false;
	cs->rules.refuse(cs->table[fd].taker, fd);
	shut(cs, fd, SHUT_RDWR);
	return true;
}

static void
note_hang(struct conns *cs, int fd)
{
	cs->table[fd].hangs = true;
	cs->hanging++;
	cs->rules.hangs(cs->table[fd].taker);
}

static void
carry_out(struct conns *cs, int fd, enum action action)
{
	switch (action) {
	case LET_BE:
		break;
	case AGAIN:
		if (conns_enqueue(cs, fd, EPOLLONESHOT))
			break;
		/* fallthrough */
	case DROP:
		conns_forget(cs, fd);
		close(fd);
		break;
	case NEED_WORKER:
		/* The flag is set before the shutdown, so that a worker that
		 * reads the end of file finds it. */
		atomic_fetch_or(&cs->clock[fd], CONNS_NEEDED);
		/* fallthrough */
	case END_READING:
		shut(cs, fd, SHUT_RD);
		break;
	case END_BOTH:
		shut(cs, fd, SHUT_RDWR);
		break;
	case REFUSE:
		(void)refuse_peer(cs, fd);
		break;
	case REFUSE_AND_HANGS:
		if (!refuse_peer(cs, fd))
			break;
		/* fallthrough */
	case HANGS:
		note_hang(cs, fd);
		break;
	}
}

/* Applies the action that the function chooses to each connection, in one hold
 * of the lock. */
static void
sweep_all(struct conns *cs, choose_action *action)
{
	int64_t now = clock_ms();
	int fd;

	pthread_mutex_lock(&cs->lock);
	for (fd = 0; fd < cs->end; fd++)
		if (cs->table[fd].state != CLOSED)
			carry_out(cs, fd, action(cs, fd, now));
	pthread_mutex_unlock(&cs->lock);
}

/* Whether the worker has had time to notice that its socket was shut down. */
static bool
ignores_end(const struct conns *cs, int fd, int64_t now)
{
	int64_t at = cs->table[fd].shut_at;

	return at != 0 && now - at > GRACE;
}

/*
 * READING and ANSWERING, in which the worker waits for the peer. The socket is
 * shut down first, and only a worker that does not notice this hangs. While
 * workers are short, 250 ms are enough; in ANSWERING this ends only a worker
 * that reads the rest of a refused body, since the response may still go out.
 */
static enum action
when_peer_is_slow(const struct conns *cs, int fd, int64_t age, int64_t now)
{
	bool reading = phase_of(atomic_load(&cs->clock[fd])) == CONNS_READING;

	if (age > cs->rules.timeout_ms + GRACE && ignores_end(cs, fd, now))
		return HANGS;
	if (age > cs->rules.timeout_ms)
		return reading ? END_READING : END_BOTH;
	if (!cs->sight.starving || age <= TIMEOUT_SHORT)
		return LET_BE;
	return reading ? NEED_WORKER : END_READING;
}

/* A worker holds the connection. WORKING and TIDYING may include a wait for the
 * write lock, unless that lock is stalled. A worker that hangs is reported once
 * and then left alone. */
static enum action
when_busy(const struct conns *cs, int fd, int64_t now)
{
	uint_fast64_t clock = atomic_load(&cs->clock[fd]);
	int64_t age = now - began_at(clock), may_work = cs->rules.timeout_ms;

	if (cs->table[fd].hangs)
		return LET_BE;
	if (!cs->sight.stalled)
		may_work += cs->rules.queue_ms;
	switch (phase_of(clock)) {
	case CONNS_READING:
		return when_peer_is_slow(
		    cs, fd, now - cs->table[fd].since, now);
	case CONNS_WORKING:
		return age > may_work ? REFUSE_AND_HANGS : LET_BE;
	case CONNS_ANSWERING:
		return when_peer_is_slow(cs, fd, age, now);
	case CONNS_TIDYING:
		return age > may_work ? HANGS : LET_BE;
	case CONNS_REFUSED:
		break;
	}
	return LET_BE;
}

/* The action while the pool runs. */
static enum action
when_running(const struct conns *cs, int fd, int64_t now)
{
	const struct conn *c = &cs->table[fd];
	int64_t age = now - c->since;

	if (c->state == BUSY)
		return when_busy(cs, fd, now);
	if (c->state == PARTIAL && age > cs->rules.timeout_ms)
		return DROP;
	return cs->sight.out_of_resources && age > IDLE_MAX ? DROP : LET_BE;
}

/*
 * The first step of the drain. A worker takes a PARTIAL request even if it is
 * incomplete. An IDLE connection is closed, so that the web server connects
 * elsewhere for its next request, unless a request has arrived on it already.
 * On a NEW connection a request is to be expected.
 */
static enum action
when_draining(const struct conns *cs, int fd, int64_t now)
{
	char byte;

	(void)now;
	if (cs->table[fd].state == PARTIAL)
		return AGAIN;
	if (cs->table[fd].state != IDLE)
		return LET_BE;
	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0 ? LET_BE : DROP;
}

/* The second step of the drain: requests that have not arrived completely are
 * cut off, and connections without a worker are closed. */
static enum action
when_late(const struct conns *cs, int fd, int64_t now)
{
	(void)now;
	return cs->table[fd].state == BUSY ? NEED_WORKER : DROP;
}

/* The last step of the drain: a worker that has begun no response is refused in
 * its place, and any other connection is shut down. */
static enum action
when_last(const struct conns *cs, int fd, int64_t now)
{
	(void)now;
	if (cs->table[fd].state != BUSY)
		return DROP;
	return phase_of(atomic_load(&cs->clock[fd])) == CONNS_WORKING
	    ? REFUSE
	    : END_BOTH;
}

bool
conns_careful(const struct conns *cs)
{
	return clock_ms() < cs->careful_until;
}

size_t
conns_sweep(struct conns *cs, const struct conns_sight *sight)
{
	size_t hanging;

	pthread_mutex_lock(&cs->lock);
	cs->sight = *sight;
	if (sight->starving)
		cs->careful_until = clock_ms() + CAREFUL;
	pthread_mutex_unlock(&cs->lock);
	sweep_all(cs, when_running);
	pthread_mutex_lock(&cs->lock);
	hanging = cs->hanging;
	pthread_mutex_unlock(&cs->lock);
	return hanging;
}

bool
conns_drain(struct conns *cs)
{
	static const struct {
		int64_t until;
		choose_action *action;
	} phases[] = {
		{ END_OF_READING, when_draining },
		{ END_OF_WRITING, when_late },
		{ END, when_last },
	};
	int64_t began = clock_ms();
	size_t i;

	pthread_mutex_lock(&cs->lock);
	cs->draining = true;
	pthread_mutex_unlock(&cs->lock);
	for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		sweep_all(cs, phases[i].action);
		while (clock_ms() - began < phases[i].until) {
			if (conns_count(cs) == 0)
				return true;
			poll(NULL, 0, NAP);
		}
	}
	return false;
}
