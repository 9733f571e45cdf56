/* SPDX-License-Identifier: ISC */
/*
 * fastcgi_socket.c - finds or makes the listening socket, and decides which
 * peers may connect.
 */
#include "server/fastcgi_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/fastcgi.h"
#include "base/log.h"
#include "base/str.h"

/* The default of net.core.somaxconn, which is the upper limit. When the backlog
 * of a unix socket is full, connect fails at once (EAGAIN), and the web server
 * shows an error page. */
#define BACKLOG 4096

bool
fastcgi_is_listening(int fd)
{
	int on = 0;
	socklen_t n = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 &&
	    on != 0;
}

/* The first descriptor that systemd passes (sd_listen_fds(3)). */
#define PASSED_FIRST 3

/* Whether systemd passed sockets to this process. A child of the process that
 * they were meant for inherits the variables as well, but has another process
 * id. */
static bool
is_passed(struct str *count)
{
	struct str pid = str_of(getenv("LISTEN_PID"));
	uint64_t number;

	*count = str_of(getenv("LISTEN_FDS"));
	return !str_is_null(*count) && str_u64(pid, &number) &&
	    number == (uint64_t)getpid();
}

enum err
fastcgi_inherit(int *fd)
{
	struct str count;

	*fd = fastcgi_is_listening(STDIN_FILENO) ? STDIN_FILENO : -1;
	if (*fd >= 0 || !is_passed(&count))
		return ERR_OK;
	if (!str_is(count, "1")) {
		log_line(LOG_AT_ERROR,
		    "LISTEN_FDS is %.*s, but a process serves only one "
		    "socket; give each socket its own service",
		    STR_ARG(str_head(count, 16)));
		return ERR_FILE;
	}
	if (!fastcgi_is_listening(PASSED_FIRST) ||
	    fcntl(PASSED_FIRST, F_SETFD, FD_CLOEXEC) != 0) {
		log_line(LOG_AT_ERROR,
		    "descriptor %d from LISTEN_FDS is not a listening socket; "
		    "use ListenStream and Accept=no",
		    PASSED_FIRST);
		return ERR_FILE;
	}
	*fd = PASSED_FIRST;
	return ERR_OK;
}

/* Removes a socket on which no process listens. Any other file stays:
 * EEXIST. */
static bool
clear_path(const struct sockaddr_un *at)
{
	struct stat st;
	int fd, cause;

	if (lstat(at->sun_path, &st) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
		cause = EADDRINUSE;
	else
		cause = errno;
	close(fd);
	if (cause == ECONNREFUSED)
		return unlink(at->sun_path) == 0;
	/* EAGAIN: a process listens there, and its backlog is full. */
	errno = cause == EAGAIN ? EADDRINUSE : cause;
	return false;
}

enum err
fastcgi_listen(const char *path, int *fd)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int cause, s, bound;
	mode_t mask;

	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return ERR_FILE;
	}
	memcpy(at.sun_path, path, strlen(path));
	if (!clear_path(&at))
		return ERR_FILE;
	if ((s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return ERR_FILE;
	/* With this umask bind creates the socket with mode 0660; a chmod after
	 * bind would leave a moment with another mode. */
	mask = umask(0117);
	bound = bind(s, (const struct sockaddr *)&at, sizeof(at));
	umask(mask);
	if (bound == 0 && listen(s, BACKLOG) == 0) {
		*fd = s;
		return ERR_OK;
	}
	cause = errno;
	close(s);
	errno = cause;
	return ERR_FILE;
}

/* --- access (FastCGI 1.0, section 3.2) ------------------------------------ */

/* An IPv4 address is compared in the form of its IPv4-mapped IPv6 address (RFC
 * 4291, section 2.5.5.2). */
static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static void
map_address(const struct in_addr *four, struct in6_addr *six)
{
	memcpy(six->s6_addr, mapped, sizeof(mapped));
	memcpy(six->s6_addr + sizeof(mapped), four, sizeof(*four));
}

static bool
is_same(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* False for a socket without an IP address. */
static bool
address_of(const struct sockaddr_storage *from, struct in6_addr *to)
{
	if (from->ss_family == AF_INET)
		map_address(&((const struct sockaddr_in *)from)->sin_addr, to);
	else if (from->ss_family == AF_INET6)
		*to = ((const struct sockaddr_in6 *)from)->sin6_addr;
	else
		return false;
	return true;
}

static bool
is_loopback(const struct in6_addr *a)
{
	return is_same(a, &in6addr_loopback) ||
	    (memcmp(a, mapped, sizeof(mapped)) == 0 && a->s6_addr[12] == 127);
}

static bool
is_listed(struct str list, const struct in6_addr *a)
{
	char text[INET6_ADDRSTRLEN];
	struct in_addr four;
	struct in6_addr six;

	while (!str_is_null(list)) {
		struct str one = str_cut(&list, ',');

		if (one.n >= sizeof(text))
			continue;
		memcpy(text, one.p, one.n);
		text[one.n] = '\0';
		if (inet_pton(AF_INET, text, &four) == 1)
			map_address(&four, &six);
		else if (inet_pton(AF_INET6, text, &six) != 1)
			continue;
		if (is_same(&six, a))
			return true;
	}
	return false;
}

/* A FastCGI peer is trusted completely, also in which client it names. A peer
 * that connects over TCP must therefore be listed in FCGI_WEB_SERVER_ADDRS;
 * without a list, only a socket on a loopback address accepts it. */
bool
fastcgi_welcome(struct fastcgi_door *door, const struct sockaddr_storage *peer)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct in6_addr a;

	if (!address_of(peer, &a))
		return true;
	if (door->named != NULL ? is_listed(str_of(door->named), &a)
				: door->local)
		return true;
	if (!atomic_flag_test_and_set(&door->refusal_logged))
		log_line(LOG_AT_WARNING,
		    "refused a connection from %s: FCGI_WEB_SERVER_ADDRS does "
		    "not list this address",
		    inet_ntop(AF_INET6, &a, text, sizeof(text)));
	return false;
}

bool
fastcgi_is_local(int fd)
{
	struct sockaddr_storage own = { .ss_family = AF_UNSPEC };
	socklen_t n = sizeof(own);
	struct in6_addr a;

	if (getsockname(fd, (struct sockaddr *)&own, &n) != 0)
		return false;
	return own.ss_family == AF_UNIX ||
	    (address_of(&own, &a) && is_loopback(&a));
}

bool
fastcgi_look_at(struct fastcgi_door *door, int fd)
{
	struct sockaddr_storage own = { .ss_family = AF_UNSPEC };
	socklen_t n = sizeof(own);
	struct in6_addr a;
	int on = 1;

	if (getsockname(fd, (struct sockaddr *)&own, &n) != 0)
		return false;
	if (address_of(&own, &a)) {
		door->local = is_loopback(&a);
		/* Accepted connections inherit TCP_NODELAY. Without it the
		 * second half of a long response would wait for the
		 * acknowledgement of the first half. */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	return true;
}
