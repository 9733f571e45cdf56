/* SPDX-License-Identifier: ISC */
/*
 * cmd_stand_in.c - a stand-in for Graph in one command: a store in a temporary
 * directory, the service in test mode, and a web server in front of it, until a
 * signal ends the command. Also issues certificates for rehearsals.
 *
 * The children get SIGTERM if this process dies, and the directory goes when it
 * ends, so nothing stays.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "format/x509_issue.h"
#include "tool/cmd_output.h"
#include "tool/stand_in.h"

/* sysexits(3): a service that this command needs is missing. */
#define EXIT_UNAVAILABLE 69
/* Milliseconds that the web server may take to answer. */
#define START_MS 15000
/* Milliseconds that a child may take to end. */
#define END_MS 5000
#define TENANT "11111111-1111-4111-8111-111111111111"
#define CONFIG_MAX 4096
#define ARGUMENTS_MAX 12

struct stand_in {
	struct cmd_call *c;
	struct stand_in_site site;
	char config[PATH_MAX]; /* of the service */
	char web_config[PATH_MAX];
	char web_program[PATH_MAX];
	const struct stand_in_server *server;
	pid_t service, web; /* 0: not started */
};

/* --- processes ---------------------------------------------------------- */

/* Starts a program. Its standard output goes to standard error, because that of
 * this command is for the address. */
static pid_t
start(const struct stand_in *s, const char *program, const char *const *argv)
{
	pid_t parent = getpid(), child = fork();
	sigset_t none;

	if (child != 0)
		return child;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setpgid(0, 0);
	(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	(void)setenv("HOME", s->site.directory, 1);
	(void)unsetenv("PUSHCERT_CONFIG");
	if (cmd_keep_files())
		execv(program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* Waits for a child until a time of clock_ms. False if it still runs. */
static bool
has_ended(pid_t child, int64_t until)
{
	const struct timespec step = { .tv_nsec = 20000000 };

	while (waitpid(child, NULL, WNOHANG) == 0) {
		if (clock_ms() >= until)
			return false;
		nanosleep(&step, NULL);
	}
	return true;
}

static void
end(pid_t *child)
{
	if (*child <= 0)
		return;
	kill(*child, SIGTERM);
	if (!has_ended(*child, clock_ms() + END_MS)) {
		kill(*child, SIGKILL);
		waitpid(*child, NULL, 0);
	}
	*child = 0;
}

static bool
runs(pid_t *child)
{
	if (*child > 0 && waitpid(*child, NULL, WNOHANG) == 0)
		return true;
	*child = 0;
	return false;
}

/* --- the directory ------------------------------------------------------ */

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void
remove_directory(const struct stand_in *s)
{
	if (s->site.directory[0] != '\0')
		(void)nftw(s->site.directory, remove_one, 8,
		    FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static bool
make_directory(struct stand_in *s)
{
	const char *base = getenv("TMPDIR");
	struct stand_in_site *site = &s->site;
	int n;

	if (base == NULL || base[0] != '/')
		base = "/tmp";
	n = snprintf(site->directory, sizeof(site->directory),
	    "%s/pushcert-stand-in.XXXXXX", base);
	/* The path of a unix socket has at most 107 bytes. */
	if (n < 0 || n > 90) {
		site->directory[0] = '\0';
		(void)cmd_error(s->c,
		    "%s: this path is too long for a socket; set TMPDIR to a "
		    "shorter one",
		    base);
		return false;
	}
	if (mkdtemp(site->directory) == NULL) {
		site->directory[0] = '\0';
		(void)cmd_fail_file(s->c, base);
		return false;
	}
	/* A document root, which may not be above the data. */
	snprintf(
	    s->web_config, sizeof(s->web_config), "%s/www", site->directory);
	(void)mkdir(s->web_config, 0700);
	snprintf(site->socket, sizeof(site->socket), "%s/fcgi.sock",
	    site->directory);
	snprintf(
	    s->config, sizeof(s->config), "%s/pushcert.conf", site->directory);
	snprintf(s->web_config, sizeof(s->web_config), "%s/web.conf",
	    site->directory);
	return true;
}

/* --- the service and the web server ------------------------------------- */

static enum err
own_program(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);

	if (n <= 0)
		return ERR_FILE;
	out[n] = '\0';
	return ERR_OK;
}

static bool
make_store(struct stand_in *s, const char *program)
{
	char data[PATH_MAX];
	const char *const argv[] = { "pushcert", "init", "--data", data,
		"--config", s->config, NULL };
	int status = 0, quiet;
	pid_t child;

	snprintf(data, sizeof(data), "%s/data", s->site.directory);
	quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	fflush(stdout);
	if ((child = fork()) == 0) {
		(void)dup2(quiet, STDOUT_FILENO);
		(void)unsetenv("PUSHCERT_CONFIG");
		execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(quiet);
	return child > 0 && waitpid(child, &status, 0) == child &&
	    WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
start_service(struct stand_in *s, const char *program)
{
	const char *const argv[] = { "pushcert", "serve", "--config", s->config,
		"--socket", s->site.socket, "--insecure-any-token", "--tenant",
		TENANT, NULL };

	s->service = start(s, program, argv);
}

static bool
find_server(struct stand_in *s)
{
	const struct stand_in_server *server;

	for (server = stand_in_servers; server->name != NULL; server++) {
		if (!stand_in_find(server->name, s->web_program))
			continue;
		s->server = server;
		return true;
	}
	(void)cmd_error(s->c,
	    "no web server is in PATH; install the package lighttpd, nginx or "
	    "caddy");
	return false;
}

/* The address 127.0.0.1 and a port; with port 0 the system chooses one. */
static struct sockaddr_in
address(unsigned port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
}

/* Checks that the port is free, or finds a free one for port 0. */
static bool
find_port(struct stand_in *s)
{
	struct sockaddr_in at = address(s->site.port);
	socklen_t n = sizeof(at);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool found;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	found = fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0 &&
	    getsockname(fd, (struct sockaddr *)&at, &n) == 0;
	if (!found)
		(void)cmd_error(s->c,
		    "port %u of 127.0.0.1: %s; choose another", s->site.port,
		    strerror(errno));
	s->site.port = ntohs(at.sin_port);
	if (fd >= 0)
		close(fd);
	return found;
}

static bool
start_web(struct stand_in *s)
{
	const char *argv[ARGUMENTS_MAX] = { s->server->name };
	char text[CONFIG_MAX];
	struct buf config;
	struct file f;
	size_t n = 1, i;

	buf_init(&config, text, sizeof(text));
	s->server->write(&s->site, &config);
	if (config.full ||
	    file_create(&f, s->web_config, 0600, false) != ERR_OK)
		return false;
	if (file_finish(&f, file_write(f.fd, text, config.n)) != ERR_OK)
		return false;
	for (i = 0; s->server->before[i] != NULL; i++)
		argv[n++] = s->server->before[i];
	argv[n] = s->web_config;
	s->web = start(s, s->web_program, argv);
	return s->web > 0;
}

/* Whether the service answers through the web server. */
static bool
answers(const struct stand_in *s)
{
	static const char ask[] = "GET /v1.0/health HTTP/1.0\r\n"
				  "Host: 127.0.0.1\r\n\r\n";
	const struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_in at = address(s->site.port);
	char reply[16] = "";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = false;

	if (fd < 0)
		return false;
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	    write(fd, ask, sizeof(ask) - 1) == (ssize_t)sizeof(ask) - 1 &&
	    read(fd, reply, sizeof(reply) - 1) > 12)
		good = memcmp(reply + 8, " 200", 4) == 0;
	close(fd);
	return good;
}

static bool
wait_until_up(struct stand_in *s)
{
	const struct timespec step = { .tv_nsec = 50000000 };
	int64_t until = clock_ms() + START_MS;

	while (runs(&s->service) && runs(&s->web) && clock_ms() < until) {
		if (answers(s))
			return true;
		nanosleep(&step, NULL);
	}
	return false;
}

/* Signals that end the command are blocked, and taken here. */
static void
wait_for_end(struct stand_in *s, const sigset_t *ends)
{
	const struct timespec step = { .tv_nsec = 500000000 };

	while (runs(&s->service) && runs(&s->web))
		if (sigtimedwait(ends, NULL, &step) > 0)
			return;
	(void)cmd_error(s->c, "the service or %s has ended", s->server->name);
}

static int
serve(struct stand_in *s, const sigset_t *ends)
{
	char program[PATH_MAX];

	if (own_program(program) != ERR_OK) {
		(void)cmd_fail_file(s->c, "/proc/self/exe");
		return EXIT_FAILURE;
	}
	if (!make_store(s, program))
		return cmd_error(
		    s->c, "%s: the store cannot be made", s->site.directory);
	start_service(s, program);
	if (!start_web(s) || !wait_until_up(s))
		return cmd_error(s->c, "%s does not answer on port %u",
		    s->server->name, s->site.port);
	printf("URL=http://127.0.0.1:%u\nTOKEN=%s\n", s->site.port, TENANT);
	fflush(stdout);
	wait_for_end(s, ends);
	return runs(&s->service) && runs(&s->web) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
cmd_stand_in(struct cmd_call *c)
{
	struct stand_in s = { .c = c, .site = { .port = c->port } };
	int status = EXIT_FAILURE;
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	if (!find_server(&s))
		return EXIT_UNAVAILABLE;
	if (!find_port(&s))
		return EXIT_FAILURE;
	sigprocmask(SIG_BLOCK, &ends, NULL);
	if (make_directory(&s))
		status = serve(&s, &ends);
	end(&s.web);
	end(&s.service);
	remove_directory(&s);
	return status;
}

/* --- certificates for rehearsals ---------------------------------------- */

#define TOPIC "com.apple.mgmt.External." TENANT
#define DAYS 365

static enum err
read_request(struct cmd_call *c, struct str *out)
{
	const char *path = c->argument[0];
	enum err e = cmd_read_source(c, path, 65536, out);

	if (e == ERR_TOO_LARGE)
		cmd_error(c, "%s: the file is larger than 64 KiB", path);
	return e;
}

int
cmd_stand_in_certificate(struct cmd_call *c)
{
	const char *topic = c->value[OPTION_TOPIC];
	struct x509_issue in = { .topic = str_of(topic != NULL ? topic : TOPIC),
		.now_at = cmd_now_at(),
		.days = (c->given & CMD_BIT(OPTION_DAYS)) != 0
		    ? (int64_t)c->days
		    : DAYS };
	struct buf pem;
	struct str text;
	enum err e;

	if (cmd_need_arena(c) != ERR_OK ||
	    read_request(c, &in.request) != ERR_OK)
		return EXIT_FAILURE;
	if (getrandom(&in.serial, sizeof(in.serial), 0) !=
	    (ssize_t)sizeof(in.serial))
		return cmd_fail(c, ERR_INTERNAL, "");
	/* A positive number of 64 bits, as Apple's are. */
	in.serial = in.serial >> 2 | UINT64_C(1) << 62;
	text.p = arena_take(&c->arena, 16384);
	if (text.p == NULL)
		return cmd_fail(c, ERR_MEMORY, "");
	buf_init(&pem, (char *)(uintptr_t)text.p, 16384);
	e = x509_issue(&in, &c->arena, &pem);
	if (e == ERR_TOO_LONG)
		return cmd_error(
		    c, "--topic: give 1 to %d bytes", X509_TOPIC_MAX);
	if (e != ERR_OK)
		return cmd_error(c,
		    "%s: this is not a certificate signing request; give the "
		    "output of 'pushcert request', or of generate...",
		    c->argument[0]);
	printf("%.*s", STR_ARG(buf_view(&pem)));
	return EXIT_SUCCESS;
}
