/* SPDX-License-Identifier: ISC */
/*
 * signals.c - under load, processes of the program in the current directory
 * replace each other on one socket, and each old one is stopped with SIGTERM,
 * as process managers do it. No request may fail, and idle or half-sent
 * connections may not delay the end of a process.
 *
 *   signals [ROLLS [REQUESTS]]
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"
#include "base/clock.h"
#include "fcgi_client.h"

#define CLIENTS 8
/* Connections per process that stay idle or send half of a request. */
#define BAD_PEERS 20
/*
 * Deadline for the end of a process, in milliseconds; a busy machine gets more.
 */
#define END_MAX 3000
/* Milliseconds within which a new process must answer a request. */
#define START_MAX 60000
#define ROLLS_MAX 1000

struct shared {
	atomic_bool over;
	atomic_uint good;
	atomic_uint failed;
};

struct test {
	struct shared *shared;
	char dir[64];
	char socket[96];
	char token[128];
	int listener;
	pid_t clients[CLIENTS];
	int bad[BAD_PEERS];
	long slowest_end;
};

static void
die(const char *what)
{
	fprintf(stderr, "signals: %s: %s\n", what, strerror(errno));
	exit(99);
}

/* --- clients ------------------------------------------------------------ */

static struct str
change(const struct test *t, struct buf *out)
{
	static const char path[] =
	    "/v1.0/deviceManagement/applePushNotificationCertificate";
	static const char body[] = "{\"appleIdentifier\":\"a@example.org\"}";
	char bearer[160], length[24];
	const char *pairs[] = { "REQUEST_METHOD", "PATCH", "SCRIPT_NAME", path,
		"CONTENT_TYPE", "application/json", "CONTENT_LENGTH", length,
		"HTTP_AUTHORIZATION", bearer, NULL };

	snprintf(bearer, sizeof(bearer), "Bearer %s", t->token);
	snprintf(length, sizeof(length), "%zu", strlen(body));
	fcgi_request(out, false, pairs, str_of(body));
	return buf_view(out);
}

static bool
ask(const struct test *t, struct str request, size_t cut)
{
	char block[8192];
	struct fcgi_reply r;
	int fd = fcgi_connect(t->socket);
	bool good;

	fcgi_reply_init(&r, block, sizeof(block));
	good = fd >= 0 && fcgi_send(fd, str_head(request, cut));
	sleep_ms(1);
	good = good && fcgi_send(fd, str_tail(request, cut)) &&
	    fcgi_receive(fd, &r) &&
	    str_starts(buf_view(&r.text), "Status: 200 ");
	close(fd);
	return good;
}

static void
client(const struct test *t, size_t cut)
{
	char block[4096];
	struct buf out;
	struct str request;

	buf_init(&out, block, sizeof(block));
	request = change(t, &out);
	while (!t->shared->over) {
		cut = cut % (request.n - 1) + 1;
		if (ask(t, request, cut))
			atomic_fetch_add(&t->shared->good, 1);
		else
			atomic_fetch_add(&t->shared->failed, 1);
	}
}

/* --- the program -------------------------------------------------------- */

static pid_t
start(const struct test *t)
{
	char path[96];
	pid_t child = fork();

	if (child != 0)
		return child;
	snprintf(path, sizeof(path), "%s/pushcert.conf", t->dir);
	setenv("PUSHCERT_CONFIG", path, 1);
	snprintf(path, sizeof(path), "%s/log", t->dir);
	if (freopen(path, "a", stderr) == NULL)
		_exit(99);
	dup2(t->listener, STDIN_FILENO);
	execl("./pushcert", "pushcert", (char *)NULL);
	die("./pushcert");
	return -1;
}

/*
 * Half of these connections send nothing, the others send a part of a request.
 */
static void
add_bad_peers(struct test *t)
{
	size_t i;

	for (i = 0; i < BAD_PEERS; i++) {
		close(t->bad[i]);
		t->bad[i] = fcgi_connect(t->socket);
		if (i % 2 == 0)
			fcgi_send(
			    t->bad[i], str_from("\1\1\0\1\0\10\0\0\0", 9));
	}
}

static bool
stop(struct test *t, pid_t child)
{
	long began = clock_ms(), took;
	int status;

	kill(child, SIGTERM);
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	took = clock_ms() - began;
	if (took > t->slowest_end)
		t->slowest_end = took;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS &&
	    took <= timeout_ms(END_MAX))
		return true;
	fprintf(stderr, "signals: status %#x after %ld ms\n", (unsigned)status,
	    took);
	return false;
}

/*
 * Waits until the only running process has answered a request. Before it has
 * blocked SIGTERM, the default action of this signal would end it, and on a
 * busy machine no fixed delay is long enough.
 */
static bool
await_answer(const struct test *t)
{
	const long began = clock_ms();
	char block[4096];
	struct buf out;
	struct str request;

	buf_init(&out, block, sizeof(block));
	request = change(t, &out);
	while (!ask(t, request, request.n / 2)) {
		if (clock_ms() - began < START_MAX)
			continue;
		fprintf(stderr, "signals: no answer within %d ms\n", START_MAX);
		return false;
	}
	return true;
}

static bool
roll(struct test *t, long rolls, unsigned requests)
{
	pid_t now = start(t), next;
	bool good = true;
	long done, i;

	for (done = 0; done < rolls || (t->shared->good < requests && good);
	     done++) {
		add_bad_peers(t);
		good = await_answer(t) && good;
		next = start(t);
		good = stop(t, now) && good;
		now = next;
	}
	/* The clients must end before the last process does, or their requests
	 * would fail. */
	good = await_answer(t) && good;
	t->shared->over = true;
	for (i = 0; i < CLIENTS; i++)
		waitpid(t->clients[i], NULL, 0);
	good = stop(t, now) && good;
	printf("signals: %ld rolls, %u requests, %u failed, "
	       "slowest end %ld ms\n",
	    done, t->shared->good, t->shared->failed, t->slowest_end);
	return good && t->shared->failed == 0;
}

/* --- preparation -------------------------------------------------------- */

static void
run(const char *line)
{
	if (system(line) != 0)
		die(line);
}

static void
set_up(struct test *t)
{
	const char *base = getenv("TMPDIR");
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char line[512];
	FILE *f;

	snprintf(t->dir, sizeof(t->dir), "%s/signals-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(t->dir) == NULL)
		die(t->dir);
	snprintf(line, sizeof(line),
	    "./pushcert init --data %s/data --config %s/pushcert.conf "
	    ">/dev/null",
	    t->dir, t->dir);
	run(line);
	snprintf(line, sizeof(line),
	    "./pushcert token create --config %s/pushcert.conf "
	    "--tenant 6bcc9004-0000-4000-8000-000000000000 "
	    "--scope DeviceManagementServiceConfig.ReadWrite.All",
	    t->dir);
	if ((f = popen(line, "r")) == NULL ||
	    fscanf(f, "%127s", t->token) != 1 || pclose(f) != 0)
		die("token create");
	snprintf(t->socket, sizeof(t->socket), "%s/s", t->dir);
	memcpy(at.sun_path, t->socket, strlen(t->socket));
	t->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(t->listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(t->listener, 1024) != 0)
		die("listen");
	t->shared = mmap(NULL, sizeof(*t->shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t->shared == MAP_FAILED)
		die("mmap");
	memset(t->bad, -1, sizeof(t->bad));
}

int
main(int argc, char **argv)
{
	long rolls = argc > 1 ? strtol(argv[1], NULL, 10) : 5;
	long requests = argc > 2 ? strtol(argv[2], NULL, 10) : 2000;
	struct test t = { .slowest_end = 0 };
	char line[128];
	bool good;
	size_t i;

	if (rolls < 1 || rolls > ROLLS_MAX || requests < 1)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	set_up(&t);
	for (i = 0; i < CLIENTS; i++)
		if ((t.clients[i] = fork()) == 0) {
			client(&t, i * 37);
			_exit(0);
		}
	good = roll(&t, rolls, (unsigned)requests);
	snprintf(line, sizeof(line), "rm -rf %s", t.dir);
	run(line);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
