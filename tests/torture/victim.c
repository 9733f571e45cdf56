/* SPDX-License-Identifier: ISC */
/*
 * victim.c - starts and stops the program under test, and sends it requests.
 */
#include "victim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"
#include "fcgi_client.h"
#include "torture.h"

#define RESPONSE_MAX 65536
#define PAIRS_MAX 64
/* Deadlines on a quiet machine: seconds for a stop, milliseconds for a
 * response. */
#define STOP_MAX 10
#define ANSWER_MOST 5000

static void
listen_at(struct victim *v, const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(v->socket, sizeof(v->socket), "%.90s/%s", v->t->dir, name);
	memcpy(at.sun_path, v->socket, strlen(v->socket));
	v->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(v->listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(v->listener, 1024) != 0)
		torture_die(v->t, "listen");
}

static void
make_token(
    const struct victim *v, const char *tenant, char out[VICTIM_TOKEN_MAX])
{
	char line[640];
	FILE *f;

	snprintf(line, sizeof(line),
	    "./pushcert token create --config %s --tenant %s"
	    " --scope DeviceManagementServiceConfig.ReadWrite.All",
	    v->config, tenant);
	if ((f = popen(line, "r")) == NULL || fscanf(f, "%127s", out) != 1 ||
	    pclose(f) != 0)
		torture_die(v->t, line);
}

/* Consecutive numbers give tenants that are far apart in the store. */
void
victim_token(
    const struct victim *v, unsigned tenant, char out[VICTIM_TOKEN_MAX])
{
	char guid[40];

	snprintf(guid, sizeof(guid), "%04x9004-0000-4000-8000-%012u",
	    tenant * 40503 & 0xffff, tenant);
	make_token(v, guid, out);
}

void
victim_make(struct victim *v, struct torture *t, const char *data)
{
	const char *dir = t->dir;
	char line[640];

	*v = (struct victim){ .t = t };
	snprintf(v->config, sizeof(v->config), "%s/pushcert.conf", dir);
	snprintf(v->log, sizeof(v->log), "%s/log", dir);
	if (data != NULL)
		snprintf(v->data, sizeof(v->data), "%s", data);
	else
		snprintf(v->data, sizeof(v->data), "%s/data", dir);
	snprintf(line, sizeof(line),
	    "./pushcert init --data %s --config %s >/dev/null", v->data,
	    v->config);
	if (system(line) != 0)
		torture_die(t, line);
	make_token(v, VICTIM_TENANT, v->token);
	listen_at(v, "s");
	signal(SIGPIPE, SIG_IGN);
}

void
victim_second(const struct victim *first, struct victim *v)
{
	*v = *first;
	v->pid = 0;
	listen_at(v, "s2");
}

/* --- start and stop ----------------------------------------------------- */

void
victim_fork(struct victim *v, void (*body)(void *arg), void *arg)
{
	int log;

	if ((v->pid = fork()) < 0)
		torture_die(v->t, "fork");
	if (v->pid != 0)
		return;
	signal(SIGPIPE, SIG_DFL);
	/* If the test dies, the program is killed too. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log = open(v->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(log, STDERR_FILENO);
	close(log);
	dup2(v->listener, STDIN_FILENO);
	body(arg);
	_exit(99);
}

static void
run_program(void *arg)
{
	const struct victim *v = arg;

	setenv("PUSHCERT_CONFIG", v->config, 1);
	execl("./pushcert", "pushcert", (char *)NULL);
}

void
victim_start(struct victim *v)
{
	victim_fork(v, run_program, v);
}

int
victim_wait(struct victim *v)
{
	int status = -1;

	if (v->pid > 0 && waitpid(v->pid, &status, 0) != v->pid)
		torture_die(v->t, "waitpid");
	v->pid = 0;
	return status;
}

bool
victim_ended(const struct victim *v)
{
	siginfo_t info = { .si_pid = 0 };

	return v->pid > 0 &&
	    waitid(P_PID, (id_t)v->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
	    0 &&
	    info.si_pid == v->pid;
}

bool
victim_stop(struct victim *v)
{
	long tries = timeout_ms(STOP_MAX * 500);
	int status = -1;

	kill(v->pid, SIGTERM);
	for (; tries > 0; tries--) {
		if (waitpid(v->pid, &status, WNOHANG) != 0) {
			v->pid = 0;
			return status == 0;
		}
		sleep_ms(2);
	}
	kill(v->pid, SIGKILL);
	victim_wait(v);
	return false;
}

/* --- requests ----------------------------------------------------------- */

bool
victim_request(const struct victim *v, const struct ask *a, char *out,
    size_t size, size_t *n)
{
	const char *body = a->body != NULL ? a->body : "";
	const char *pair[PAIRS_MAX] = { "REQUEST_METHOD",
		a->method != NULL ? a->method : "GET", "SCRIPT_NAME",
		a->path != NULL ? a->path : VICTIM_PATH };
	char bearer[160], length[24];
	size_t i = 4, k;
	struct buf b;

	snprintf(bearer, sizeof(bearer), "Bearer %s", v->token);
	snprintf(length, sizeof(length), "%zu", strlen(body));
	pair[i++] = "HTTP_AUTHORIZATION";
	pair[i++] = bearer;
	if (a->body != NULL) {
		pair[i++] = "CONTENT_TYPE";
		pair[i++] = "application/json";
		pair[i++] = "CONTENT_LENGTH";
		pair[i++] = length;
	}
	for (k = 0; a->more != NULL && a->more[k] != NULL; k++)
		if (i < PAIRS_MAX - 1)
			pair[i++] = a->more[k];
	buf_init(&b, out, size);
	fcgi_request(&b, false, pair, str_of(body));
	*n = b.n;
	return !b.full;
}

/* Parses a line such as "Status: 200 OK". */
static int
status_of(const char *text)
{
	static const char status[] = "Status: ";

	if (strncmp(text, status, sizeof(status) - 1) != 0)
		return 0;
	return (int)strtol(text + sizeof(status) - 1, NULL, 10);
}

/* A connection that a dead program never accepted stays open, because the test
 * holds the listening socket. So this function also checks that the program
 * runs. */
static bool
wait_for_answer(const struct victim *v, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	long tries = timeout_ms(ANSWER_MOST / 25);

	for (; tries > 0; tries--)
		if (poll(&p, 1, 25) > 0)
			return true;
		else if (victim_ended(v))
			return poll(&p, 1, 0) > 0;
	return false;
}

int
victim_ask(const struct victim *v, const struct ask *a, char *out, size_t size)
{
	char request[RESPONSE_MAX];
	struct fcgi_reply r;
	size_t n;
	int fd;
	bool good;

	out[0] = '\0';
	if (!victim_request(v, a, request, sizeof(request), &n) ||
	    (fd = fcgi_connect(v->socket)) < 0)
		return 0;
	fcgi_reply_init(&r, out, size - 1);
	fcgi_send(fd, str_from(request, n));
	good = wait_for_answer(v, fd) && fcgi_receive(fd, &r);
	close(fd);
	out[r.text.n] = '\0';
	return good ? status_of(out) : 0;
}

int
victim_set(const struct victim *v, unsigned number)
{
	char body[64], out[RESPONSE_MAX];
	struct ask a = { .method = "PATCH", .body = body };

	snprintf(body, sizeof(body), "{\"appleIdentifier\":\"%u\"}", number);
	return victim_ask(v, &a, out, sizeof(out));
}

off_t
victim_log_size(const struct victim *v)
{
	struct stat st;

	return stat(v->log, &st) == 0 ? st.st_size : 0;
}

off_t
victim_data_size(const struct victim *v)
{
	char path[160];
	struct stat st;

	snprintf(path, sizeof(path), "%s/data.mdb", v->data);
	if (stat(path, &st) != 0)
		torture_die(v->t, path);
	return st.st_size;
}

long
victim_get(const struct victim *v, int *status)
{
	static const char name[] = "\"appleIdentifier\":\"";
	const struct ask a = { .method = NULL };
	char out[RESPONSE_MAX], *at;

	*status = victim_ask(v, &a, out, sizeof(out));
	if (*status != 200 || (at = strstr(out, name)) == NULL)
		return -1;
	return strtol(at + sizeof(name) - 1, NULL, 10);
}
