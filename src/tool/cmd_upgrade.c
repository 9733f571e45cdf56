/* SPDX-License-Identifier: ISC */
/*
 * cmd_upgrade.c - opens the store for a service, and upgrades it while a child
 * process answers the requests that arrive meanwhile.
 *
 * The child exists only while a store with an older format is upgraded. It has
 * no store and answers each request with 503 and Retry-After. The parent forks
 * it before it opens the store, because the locks of the store do not survive a
 * fork, and ends it before the service begins. Connections that arrive in
 * between wait in the backlog of the socket.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "page/pages.h"
#include "server/fastcgi.h"
#include "tool/cmd_output.h"

/* The largest number of tenants that a CGI program upgrades: its client waits
 * meanwhile. */
#define CGI_TENANTS 10000

/* Milliseconds to wait for processes of the previous release to end. A web
 * server that restarts its FastCGI programs may start the new process first,
 * and a process takes up to two seconds to end. */
#define SERVE_WAIT 5000
#define CGI_WAIT 2000

/* Seconds to wait while another process upgrades the store. */
#define UPGRADE_MOST 600

#define DOORKEEPERS 4

/* The whole life of the child process. */
static void
refuse_all(const struct config *config, int fd, pid_t parent)
{
	struct config few = *config;
	const struct app app = { .config = &few,
		.pages = pages_routes(&few),
		.broken = ERR_UPGRADING };

	if (few.workers > DOORKEEPERS)
		few.workers = DOORKEEPERS;
	/* It makes no keys, so it needs no file of the vendor. */
	few.vendor_certificate[0] = few.vendor_key[0] = '\0';
	/* The child ends with its parent; the second test covers a parent that
	 * ended before prctl. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		return;
	cmd_enter_sandbox(&few, false);
	(void)!fastcgi_serve(&app, fd);
}

/* Returns the child's process id, or -1 for a CGI program and if fork failed;
 * requests then wait in the backlog. */
static pid_t
start_doorkeeper(const struct cmd_call *c, int fd)
{
	pid_t parent = getpid(), child;

	if (fd < 0 || (child = fork()) < 0)
		return -1;
	if (child != 0)
		return child;
	refuse_all(&c->config, fd, parent);
	_exit(0);
}

static void
end_doorkeeper(pid_t child)
{
	if (child < 0)
		return;
	kill(child, SIGTERM);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
}

static void
close_store(struct cmd_call *c)
{
	store_close(c->store);
	c->store = NULL;
}

static enum err
upgrade_once(struct cmd_call *c, bool is_cgi)
{
	enum err e;

	if ((e = cmd_try_store(c, false)) != ERR_OK)
		return e;
	e = is_cgi ? cmd_upgrade(c, CGI_TENANTS, CGI_WAIT)
		   : cmd_upgrade(c, 0, SERVE_WAIT);
	if (e != ERR_OK)
		close_store(c);
	return e;
}

/* Several processes may start at the same time. One of them upgrades the store,
 * and the others wait for it. */
static enum err
upgrade_or_wait(struct cmd_call *c)
{
	time_t until = time(NULL) + UPGRADE_MOST;
	enum err e;

	while (
	    (e = upgrade_once(c, false)) == ERR_UPGRADING && time(NULL) < until)
		sleep(1);
	return e;
}

static enum err
upgrade_for_service(struct cmd_call *c, int fd)
{
	pid_t doorkeeper;
	enum err e;

	if (fd < 0)
		return upgrade_once(c, true);
	doorkeeper = start_doorkeeper(c, fd);
	e = upgrade_or_wait(c);
	end_doorkeeper(doorkeeper);
	return e;
}

enum err
cmd_open_service(struct cmd_call *c, int fd)
{
	enum err e = cmd_try_store(c, false);
	bool is_old = e == ERR_OK && store_format(c->store) != STORE_FORMAT;

	if (is_old || (e == ERR_UPGRADING && fd >= 0)) {
		close_store(c);
		e = upgrade_for_service(c, fd);
	}
	if (e == ERR_OK)
		return cmd_find_tenant(c);
	(void)cmd_fail(c, e, cmd_place(c));
	return e;
}
