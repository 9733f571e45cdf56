/* SPDX-License-Identifier: ISC */
/*
 * cmd_serve.c - runs the service (serve, or as a FastCGI or CGI program) and
 * prints the configuration (config).
 */
#include "tool/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rules/auth.h"
#include "server/cgi.h"
#include "tool/cmd_call.h"
#include "format/crypto.h"
#include "state/docroot.h"
#include "server/fastcgi.h"
#include "state/batch_rooms.h"
#include "state/keygen_slots.h"
#include "base/log.h"
#include "server/conns.h"
#include "page/pages.h"
#include "state/standin.h"
#include "server/sandbox.h"
#include "tool/cmd_output.h"

/* Any token is accepted only in tests: one tenant, and no access from other
 * machines. */
static bool
may_take_any(const struct cmd_call *c, int fd)
{
	if (fastcgi_is_local(fd) && (c->given & CMD_BIT(OPTION_TENANT)))
		return true;
	cmd_error(c,
	    "--insecure-any-token: add --tenant GUID, and serve a unix "
	    "socket or a loopback address");
	return false;
}

void
cmd_enter_sandbox(const struct config *c, bool is_cgi)
{
	const enum log_level level = is_cgi ? LOG_AT_DEBUG : LOG_AT_WARNING;

#ifdef INSTRUMENTED
	/* Sanitizers inspect the process when it ends, and gcov writes files
	 * then; the sandbox prevents both. */
	(void)c;
	log_line(level, "no sandbox: an instrumented build");
#else
	if (c->sandbox)
		sandbox_enter(c, level);
	else
		log_line(level, "no sandbox: it is switched off");
#endif
}

/* A CGI program that cannot start still sends a response: 503 or 500. */
static int
refuse_cgi(struct cmd_call *c, enum err broken)
{
	const struct app app = { .config = &c->config,
		.pages = pages_routes(&c->config),
		.broken = broken };

	return cgi_run(&app) == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A damaged store can crash the process. SA_RESETHAND has restored the default
 * action, so when the handler returns, the faulting instruction runs again and
 * the signal ends the process. */
static void
tell_death(int number)
{
	(void)number;
	log_last_words(
	    "pushcert: ended by a fault of memory; if the store is damaged, "
	    "pushcert verify says so\n");
}

static void
watch_for_death(void)
{
	static const int deaths[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE,
		SIGILL };
	struct sigaction once = { .sa_handler = tell_death,
		.sa_flags = SA_RESETHAND };
	size_t i;

	for (i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++)
		sigaction(deaths[i], &once, NULL);
}

/* Descriptors that the service needs besides those it is started with: 7 for
 * the store, 4 for the pool, and 1 for a connection or for a file that is
 * reloaded. */
#define DESCRIPTORS 12

/* Raises the limit of open files as far as the hard limit allows. False, with a
 * line in the log that names the required limit, if that is too low. */
static bool
has_descriptors(void)
{
	struct rlimit limit;
	rlim_t fd, unused = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return true;
	limit.rlim_cur = limit.rlim_max < CONNS_DESCRIPTORS ? limit.rlim_max
							    : CONNS_DESCRIPTORS;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return true;
	for (fd = 0; fd < limit.rlim_cur && unused < DESCRIPTORS; fd++)
		unused += fcntl((int)fd, F_GETFD) < 0;
	if (unused == DESCRIPTORS)
		return true;
	log_line(LOG_AT_ERROR,
	    "the limit of open files is %ju, but %ju are needed; raise it by "
	    "ulimit -n, or LimitNOFILE= of systemd",
	    (uintmax_t)limit.rlim_cur,
	    (uintmax_t)(limit.rlim_cur + DESCRIPTORS - unused));
	return false;
}

/* Like cmd_fail, but through the log, which does not block when standard error
 * is not read. */
static int
failed(enum err e)
{
	log_line(LOG_AT_ERROR, "serve: %s", err_info(e)->text);
	log_catch_up();
	return EXIT_FAILURE;
}

/* The objects that a serving process holds until it ends. */
struct service {
	struct cmd_call *c;
	int fd; /* the socket; -1 for one CGI request */
	struct app app;
	struct secrets secrets;
	struct metrics metrics;
	atomic_flag hinted;
	struct log_repeat behind, lost;
	struct keygen_slots slots;
	struct batch_rooms rooms;
	struct docroot docroot;
};

/* Without a key file (ERR_FILE) the service can do everything except create
 * requests. A key that others can read must not be used, so it ends the
 * service. */
static enum err
load_secrets(struct service *s)
{
	char message[CONFIG_TEXT_MAX];
	enum err e = secret_load(&s->c->config, &s->secrets, message);

	if (e != ERR_OK && log_should_repeat(&s->lost, 1, cmd_now_at()))
		log_line(LOG_AT_ERROR,
		    e == ERR_FILE ? "%s; the service does without this file, "
				    "and pushcert doctor says what is missing"
				  : "%s",
		    message);
	if (e != ERR_OK && e != ERR_FILE)
		return ERR_INTERNAL;
	if (s->fd >= 0 && (e = crypto_preload()) != ERR_OK) {
		failed(e);
		return e;
	}
	return ERR_OK;
}

static enum err
open_auth(struct service *s)
{
	const struct config *config = &s->c->config;

	s->app.auth = s->fd < 0 ? auth_open_once(config, cmd_now_at())
				: auth_open(config, cmd_now_at());
	if (s->app.auth != NULL)
		return ERR_OK;
	if (s->fd >= 0)
		failed(ERR_MEMORY);
	return ERR_MEMORY;
}

/* Makes the service a stand-in for tests. Pages under test may call it. */
static enum err
take_any(struct service *s)
{
	struct config *config = &s->c->config;
	char text[STR_GUID_LEN];

	if ((s->app.standin = standin_open()) == NULL) {
		failed(ERR_MEMORY);
		return ERR_MEMORY;
	}
	str_guid_text(&s->c->tenant, text);
	log_line(LOG_AT_WARNING,
	    "INSECURE: any bearer token has all rights on tenant %.*s, and a "
	    "token that is a GUID on the tenant of that GUID",
	    STR_GUID_LEN, text);
	auth_take_any(s->app.auth, &s->c->tenant);
	if (config->cors_origins[0] == '\0')
		memcpy(config->cors_origins, "*", sizeof("*"));
	/* Tests set the clock back. */
	s->app.behind = NULL;
	s->app.pages = NULL;
	return ERR_OK;
}

/* Opens everything that the sandbox will close. After a failure the cause has
 * been logged, or the response to the CGI request will name it. */
static enum err
open_all(struct service *s)
{
	struct cmd_call *c = s->c;
	enum err e;

	if ((e = load_secrets(s)) != ERR_OK)
		return e;
	c->metrics = &s->metrics;
	watch_for_death();
	if ((e = cmd_open_service(c, s->fd)) != ERR_OK ||
	    (e = open_auth(s)) != ERR_OK)
		return e;
	s->app.store = c->store;
	keygen_slots_init(&s->slots, sysconf(_SC_NPROCESSORS_ONLN));
	if (s->fd >= 0)
		s->app.keygen_slots = &s->slots;
	batch_rooms_init(
	    &s->rooms, routes_room_size(&c->config), c->config.workers);
	s->app.batch_rooms = &s->rooms;
	docroot_init(&s->docroot, c->config.data);
	if (!c->config.data_in_document_root)
		s->app.docroot = &s->docroot;
	return ERR_OK;
}

static void
enter_sandbox(const struct service *s)
{
	struct config left = s->c->config;

	secret_leave_out(&s->secrets, &left);
	cmd_enter_sandbox(&left, s->fd < 0);
}

static void
close_all(struct service *s)
{
	auth_tidy(s->app.auth, s->c->store, INT64_MAX);
	auth_close(s->app.auth);
	standin_close(s->app.standin);
	store_close(s->c->store);
	s->c->store = NULL;
}

/* Serves requests until a signal arrives; with fd < 0, one CGI request. The
 * caller has loaded the configuration. */
static int
serve(struct cmd_call *c, int fd)
{
	bool any = (c->given & CMD_BIT(OPTION_INSECURE_ANY_TOKEN)) != 0;
	struct service s = { .c = c, .fd = fd, .hinted = ATOMIC_FLAG_INIT };
	enum err e;

	s.app = (struct app){ .config = &c->config,
		.secrets = &s.secrets,
		.pages = pages_routes(&c->config),
		.metrics = &s.metrics,
		.hinted = &s.hinted,
		.behind = &s.behind,
		.secrets_lost = &s.lost };
	/* Log rotation and a closed terminal send SIGHUP; neither may end a
	 * request. */
	signal(SIGHUP, SIG_IGN);
	log_serve();
	if (any && !may_take_any(c, fd))
		return EXIT_FAILURE;
	if (fd >= 0 && !has_descriptors())
		return EXIT_FAILURE;
	if ((e = open_all(&s)) != ERR_OK)
		return fd < 0 ? refuse_cgi(c, e) : EXIT_FAILURE;
	if (any && take_any(&s) != ERR_OK)
		return EXIT_FAILURE;
	enter_sandbox(&s);
	e = fd < 0 ? cgi_run(&s.app) : fastcgi_serve(&s.app, fd);
	/* A worker that has not ended still uses the store, so nothing is
	 * closed. */
	if (e == ERR_BUSY)
		_exit(failed(e));
	close_all(&s);
	return e == ERR_OK ? EXIT_SUCCESS : failed(e);
}

int
cmd_serve_fd(const char *config_path, int fd)
{
	struct cmd_call c = { .value = { [OPTION_CONFIG] = config_path } };

	if (cmd_load_config(&c) == ERR_OK)
		return serve(&c, fd);
	return fd < 0 ? refuse_cgi(&c, ERR_INTERNAL) : EXIT_FAILURE;
}

int
cmd_serve(struct cmd_call *c)
{
	const char *path = c->value[OPTION_SOCKET];
	int fd = -1;

	if (cmd_load_config(c) != ERR_OK)
		return EXIT_FAILURE;
	if ((c->given & CMD_BIT(OPTION_NO_SANDBOX)) != 0)
		c->config.sandbox = false;
	if (path == NULL && fastcgi_inherit(&fd) != ERR_OK)
		return EXIT_FAILURE;
	if (fd >= 0)
		return serve(c, fd);
	if (path == NULL)
		path = c->config.socket;
	if (path[0] == '\0')
		return cmd_usage(c,
		    "the socket is missing; give --socket PATH or set the key "
		    "socket");
	if (fastcgi_listen(path, &fd) != ERR_OK) {
		(void)cmd_fail_file(c, path);
		return EXIT_FAILURE;
	}
	return serve(c, fd);
}

int
cmd_config(struct cmd_call *c)
{
	if (cmd_load_config(c) != ERR_OK)
		return EXIT_FAILURE;
	config_print(&c->config, stdout);
	return EXIT_SUCCESS;
}
