/* SPDX-License-Identifier: ISC */
/*
 * sandboxed.c - while the program serves requests under load, each of its
 * threads is in the sandbox and needs nothing that the sandbox refuses. Then a
 * preloaded library (probe.c) tries to break out: in a FastCGI process, in a
 * CGI program and, as a control, outside the sandbox.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"
#include "torture.h"
#include "victim.h"

#define CLIENTS 4
/*
 * Number of times that all threads are checked while the clients send requests.
 */
#define LOOKS 20
/* Deadline for the report of the library, in tenths of a second. */
#define TELLING 100
#define LOG_MAX 65536

/* The mechanism that refuses the operation. */
enum by { LANDLOCK, SECCOMP, NOTHING };
static const struct {
	const char *what;
	enum by by;
} wants[] = {
	{ "read /etc/passwd", LANDLOCK },
	{ "write elsewhere", LANDLOCK },
	{ "make an internet socket", SECCOMP },
	{ "make a unix socket", SECCOMP },
	{ "execute a program", SECCOMP },
	{ "make a process", SECCOMP },
	{ "trace a process", SECCOMP },
	{ "map code", SECCOMP },
	{ "get random bytes", NOTHING },
	{ "look at a file", NOTHING },
};

#define WANTS (sizeof(wants) / sizeof(wants[0]))

struct counts {
	unsigned requests, looks, tries, refused;
};

/* A build with sanitizers or coverage does not enter the sandbox: both write
 * files at exit and make system calls of their own. */
#ifdef INSTRUMENTED
static const bool instrumented = true;
#else
static const bool instrumented = false;
#endif

/* True if Landlock is active. A kernel may contain it and still have it off:
 * then the list of security modules (lsm= at boot) does not name it. */
static bool
has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
		   LANDLOCK_CREATE_RULESET_VERSION) >= 1;
}

static bool
is_refused(enum by by)
{
	return by == SECCOMP || (by == LANDLOCK && has_landlock());
}

/* --- files -------------------------------------------------------------- */

static void
read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, size - 1) : 0;

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static bool
says(const char *text, const char *name, const char *value)
{
	const char *at = strstr(text, name);

	return at != NULL && strcspn(at, "\n") > strlen(name) &&
	    strncmp(at + strlen(name) + strspn(at + strlen(name), "\t "), value,
		strlen(value)) == 0;
}

/* True if each thread of the program is inside the sandbox, or outside it. */
static bool
threads_are(const struct victim *v, bool inside, unsigned *count)
{
	char path[320], text[8192];
	struct dirent *entry;
	bool good = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)v->pid);
	if ((dir = opendir(path)) == NULL)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status",
		    (int)v->pid, entry->d_name);
		read_text(path, text, sizeof(text));
		good = good && says(text, "Seccomp:", inside ? "2" : "0") &&
		    says(text, "NoNewPrivs:", inside ? "1" : "0");
		++*count;
	}
	closedir(dir);
	return good;
}

/* --- load --------------------------------------------------------------- */

static const char generate[] =
    "/beta/deviceManagement/applePushNotificationCertificate/"
    "generateApplePushNotificationCertificateSigningRequest";

static int
make_key(const struct victim *v)
{
	const struct ask a = { .method = "POST", .path = generate, .body = "" };
	static char out[65536];

	return victim_ask(v, &a, out, sizeof(out));
}

/* On a busy machine a request may time out in the queue (503). */
static bool
is_right(int status)
{
	if (status == 200 || status == 503)
		return true;
	printf("sandboxed: status %d\n", status);
	return false;
}

/* Sends reads, changes and, every 50 requests, a request for a new key. Returns
 * true if all succeeded. */
static bool
ask(const struct victim *v, unsigned requests)
{
	bool good = true;
	unsigned i;
	int status;

	for (i = 0; i < requests; i++) {
		good = good && is_right(victim_set(v, i));
		victim_get(v, &status);
		good = good && is_right(status);
		if (i % 50 == 0)
			good = good && is_right(make_key(v));
	}
	return good;
}

static void
serve_clients(
    struct torture *t, struct victim *v, bool inside, struct counts *counts)
{
	unsigned i, requests = t->full ? 2500 : 100;
	pid_t clients[CLIENTS];
	int status = -1;

	torture_check(t, ask(v, 1), "the first request");
	for (i = 0; i < CLIENTS; i++)
		if ((clients[i] = fork()) == 0)
			_exit(ask(v, requests) ? 0 : 1);
	for (i = 0; i < LOOKS; i++) {
		torture_check(t, threads_are(v, inside, &counts->looks),
		    "a thread is on the wrong side");
		sleep_ms(10);
	}
	for (i = 0; i < CLIENTS; i++)
		torture_check(t,
		    waitpid(clients[i], &status, 0) == clients[i] &&
			status == 0,
		    "a client was refused");
	counts->requests += CLIENTS * requests * 2;
}

/* --- starting it -------------------------------------------------------- */

struct start {
	const struct victim *v;
	bool with_probe, inside;
	int output; /* of a CGI program, else -1 */
};

static void
run_program(void *arg)
{
	const struct start *s = arg;
	char bearer[160];

	setenv("PUSHCERT_CONFIG", s->v->config, 1);
	if (s->with_probe)
		setenv("LD_PRELOAD", "./probe.so", 1);
	if (s->output >= 0) {
		dup2(s->output, STDOUT_FILENO);
		close(STDIN_FILENO);
		open("/dev/null", O_RDONLY);
		snprintf(bearer, sizeof(bearer), "Bearer %s", s->v->token);
		setenv("HTTP_AUTHORIZATION", bearer, 1);
		setenv("GATEWAY_INTERFACE", "CGI/1.1", 1);
		setenv("REQUEST_METHOD", "GET", 1);
		setenv("SCRIPT_NAME", VICTIM_PATH, 1);
		execl("./pushcert", "pushcert", (char *)NULL);
	} else if (s->inside) {
		execl("./pushcert", "pushcert", (char *)NULL);
	} else {
		execl("./pushcert", "pushcert", "serve", "--no-sandbox",
		    (char *)NULL);
	}
}

static void
start(struct victim *v, struct start s)
{
	unlink(v->log);
	s.v = v;
	victim_fork(v, run_program, &s);
}

/* --- what the library found --------------------------------------------- */

static void
await_probe(const struct victim *v, char *text)
{
	int i;

	for (i = 0; i < TELLING; i++) {
		read_text(v->log, text, LOG_MAX);
		if (strstr(text, "probe: ") != NULL)
			return;
		sleep_ms(100);
	}
}

static void
check_probe(struct torture *t, const struct victim *v, bool inside,
    struct counts *counts)
{
	static char text[LOG_MAX];
	char line[80];
	size_t i;

	await_probe(v, text);
	for (i = 0; i < WANTS; i++) {
		snprintf(line, sizeof(line), "probe: %s: %s\n", wants[i].what,
		    inside && is_refused(wants[i].by) ? "no" : "yes");
		torture_check(t, strstr(text, line) != NULL, "%s: not: %s",
		    inside ? "inside" : "outside", line);
		counts->tries++;
		counts->refused += inside && is_refused(wants[i].by) ? 1 : 0;
	}
	torture_check(t,
	    (strstr(text, "sandbox: refused system call ") != NULL) == inside,
	    "what the log says of it");
}

static void
probe_server(
    struct torture *t, struct victim *v, bool inside, struct counts *counts)
{
	start(v,
	    (struct start){
		.with_probe = true, .inside = inside, .output = -1 });
	torture_check(t, ask(v, 1), "the request that is probed");
	check_probe(t, v, inside, counts);
	torture_check(t, ask(v, 10), "requests after that");
	torture_check(t, victim_stop(v), "its end");
}

static void
probe_cgi(struct torture *t, struct victim *v, struct counts *counts)
{
	char text[256] = "";
	int ends[2], status;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		torture_die(t, "socketpair");
	start(v, (struct start){ .with_probe = true, .output = ends[1] });
	close(ends[1]);
	status = victim_wait(v);
	torture_check(t,
	    WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
		read(ends[0], text, sizeof(text) - 1) > 0 &&
		strncmp(text, "Status: 200", 11) == 0,
	    "as CGI: the answer");
	check_probe(t, v, true, counts);
	close(ends[0]);
}

/* --- the tests ---------------------------------------------------------- */

/* True if the log describes the state of the sandbox correctly. */
static bool
is_told(const char *log, bool inside)
{
	bool missing = strstr(log, "sandbox: Landlock is not in effect: ") !=
	    NULL;

	if (!inside)
		return strstr(log, "no sandbox: ") != NULL;
	return missing == !has_landlock() &&
	    strstr(log, "sandbox: refused") == NULL &&
	    strstr(log, "sandbox: seccomp is not in effect") == NULL;
}

static void
serve(struct torture *t, struct victim *v, bool wanted, struct counts *counts)
{
	const bool inside = wanted && !instrumented;
	static char text[LOG_MAX];
	char path[64];

	start(v, (struct start){ .inside = wanted, .output = -1 });
	serve_clients(t, v, inside, counts);
	snprintf(path, sizeof(path), "/proc/%d/limits", (int)v->pid);
	read_text(path, text, sizeof(text));
	if (inside)
		torture_check(
		    t, says(text, "Max core file size", "0 "), "a core");
	read_text(v->log, text, sizeof(text));
	torture_check(
	    t, is_told(text, inside), "what the log says: %.200s", text);
	torture_check(t, victim_stop(v), "its end");
}

int
main(int argc, char **argv)
{
	struct counts counts = { .requests = 0 };
	struct torture t;
	struct victim v;

	torture_begin(&t, "sandboxed", argc, argv);
	if (!has_landlock())
		printf("sandboxed: %s: its part is left out, Landlock: %s\n",
		    errno == EOPNOTSUPP ? "off at boot" : "not in this kernel",
		    strerror(errno));
	victim_make(&v, &t, NULL);
	serve(&t, &v, true, &counts);
	serve(&t, &v, false, &counts);
	if (instrumented) {
		printf("sandboxed: a build with sanitizers or coverage stays "
		       "outside: no way out was tried\n");
		return torture_end(&t);
	}
	probe_server(&t, &v, true, &counts);
	probe_server(&t, &v, false, &counts);
	probe_cgi(&t, &v, &counts);
	printf("sandboxed: %u requests, %u looks at a thread, %u ways out "
	       "tried, %u refused\n",
	    counts.requests, counts.looks, counts.tries, counts.refused);
	return torture_end(&t);
}
