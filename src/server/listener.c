/* SPDX-License-Identifier: ISC */
/*
 * listener.c - accepts connections, and handles each way in which accept fails.
 */
#include "server/listener.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* Milliseconds that a worker waits for the first byte of a connection that it
 * has just accepted. */
#define FIRST_WORD 2

static void
report_shortage(struct listener *l, const char *of)
{
	if (!atomic_exchange(&l->shortage_logged, true))
		log_line(LOG_AT_WARNING, "new connections are waiting: %s", of);
	if (!atomic_exchange(&l->out_of_resources, true))
		l->alarm(l->owner);
}

/* Whether to call accept again after it failed. */
static bool
may_go_on(struct listener *l, int cause)
{
	switch (cause) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		report_shortage(l, strerror(cause));
		return false;
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
		log_line(LOG_AT_ERROR, "accept: %s", strerror(cause));
		atomic_store(&l->broken, true);
		l->alarm(l->owner);
		return false;
	default:
		/* The connection was aborted before accept, or a signal
		 * arrived. */
		return true;
	}
}

static bool
may_accept(struct listener *l)
{
	if (atomic_load(&l->shut))
		return false;
	if (conns_room(l->conns))
		return true;
	report_shortage(l, "too many connections are open");
	return false;
}

/* Accepts until the backlog is empty or a resource is short. New connections go
 * into the queue, except that the first is returned in *first if `first` is not
 * NULL. False if *first was not set. */
static bool
accept_all(struct listener *l, struct conn_ref *first)
{
	struct conn_ref at;
	bool found = false;

	while (may_accept(l)) {
		struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
		socklen_t n = sizeof(peer);
		int fd = accept4(
		    l->fd, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC);

		if (fd < 0 && !may_go_on(l, errno))
			break;
		if (fd < 0)
			continue;
		if (!l->welcome(l->arg, &peer)) {
			close(fd);
		} else if (!conns_admit(l->conns, fd, &at)) {
			report_shortage(
			    l, "the number of a descriptor is too high");
		} else if (first != NULL && !found) {
			*first = at;
			found = true;
		} else if (!conns_queue(l->conns, at)) {
			report_shortage(l, "no memory for epoll");
		}
	}
	return found;
}

void
listener_accept(struct listener *l)
{
	(void)accept_all(l, NULL);
}

bool
listener_accept_one(struct listener *l, struct conn_ref *out)
{
	struct pollfd f = { .events = POLLIN };

	if (!accept_all(l, out))
		return false;
	f.fd = out->fd;
	if (poll(&f, 1, FIRST_WORD) > 0)
		return true;
	if (!conns_queue(l->conns, *out))
		report_shortage(l, "no memory for epoll");
	return false;
}
