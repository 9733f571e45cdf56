/* SPDX-License-Identifier: ISC */
/*
 * degradation.c - the service loses something that it depends on. It must
 * answer with the right status, log the reason once (not once per request), and
 * doctor must report it. When the cause is removed, the service must recover
 * without a restart. The case of a full disk is in disk_full.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool/cmd.h"
#include "fault.h"
#include "fcgi_client.h"
#include "store/lmdb_env.h"
#include "torture.h"
#include "victim.h"

#define DAY 86400
#define RESPONSE_MAX 65536
/* Requests that fail for the same cause. */
#define REPEATED 20
#define READERS 8192

#define GENERATE                           \
	"/beta/deviceManagement/"          \
	"applePushNotificationCertificate" \
	"/generateApplePushNotificationCertificateSigningRequest"

struct test {
	struct torture t;
	struct victim v;
	const char *name; /* of the case */
	struct fault_plan *plan;
	atomic_long *clock; /* seconds by which the server's clock is ahead */
	unsigned number; /* last acknowledged */
	off_t log; /* size of the log when the case began */
	char answer[RESPONSE_MAX];
};

/* --- a server in this process, with failing calls and a wrong clock ------ */

static atomic_long *ahead;

int
clock_gettime(clockid_t id, struct timespec *out)
{
	int rc = (int)syscall(SYS_clock_gettime, id, out);

	if (rc == 0 && ahead != NULL && id == CLOCK_REALTIME)
		out->tv_sec += atomic_load(ahead);
	return rc;
}

time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

static void
run_server(void *arg)
{
	struct test *f = arg;

	ahead = f->clock;
	fault_watch(f->plan);
	exit(cmd_serve_fd(f->v.config, STDIN_FILENO));
}

/* --- checks -------------------------------------------------------------- */

/* Returns how often these words were logged since the case began. */
static unsigned
said(const struct test *f, const char *words)
{
	static char text[1 << 20];
	int fd = open(f->v.log, O_RDONLY | O_CLOEXEC);
	ssize_t n = pread(fd, text, sizeof(text) - 1, f->log);
	unsigned count = 0;
	char *at;

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (at = text; (at = strstr(at, words)) != NULL; at++)
		count++;
	return count;
}

static void
check_said(struct test *f, const char *words)
{
	unsigned n = said(f, words);

	torture_check(
	    &f->t, n == 1, "%s: the log says %u times: %s", f->name, n, words);
}

static void
check_get(struct test *f, const char *when)
{
	int status;
	long number = victim_get(&f->v, &status);

	torture_check(&f->t, number == (long)f->number,
	    "%s: GET %s: %d, %ld for %u", f->name, when, status, number,
	    f->number);
}

static int
patch(struct test *f)
{
	int status = victim_set(&f->v, f->number + 1);

	f->number += status == 200;
	return status;
}

static void
check_patch(struct test *f, int wanted, const char *when)
{
	int status = patch(f);

	torture_check(&f->t, status == wanted, "%s: PATCH %s: %d, not %d",
	    f->name, when, status, wanted);
}

static int
ask(struct test *f, const char *method, const char *path, const char *body)
{
	const struct ask a = { .method = method, .path = path, .body = body };

	return victim_ask(&f->v, &a, f->answer, sizeof(f->answer));
}

static bool
run(struct test *f, const char *arguments, const char *more)
{
	char line[640];

	snprintf(line, sizeof(line), "./pushcert %s --config %s %s", arguments,
	    f->v.config, more);
	return system(line) == 0;
}

/* Checks that doctor reports a finding of this check, or, if it is NULL, no
 * finding at all. */
static void
check_doctor(struct test *f, const char *check)
{
	char more[256];

	if (check == NULL)
		snprintf(more, sizeof(more),
		    "2>&1 | tee -a %s | grep -c . "
		    "| grep -qx 0",
		    f->v.log);
	else
		snprintf(
		    more, sizeof(more), "2>/dev/null | grep -q '^%s: '", check);
	torture_check(&f->t,
	    run(f, check != NULL ? "doctor" : "doctor --quiet", more),
	    "%s: doctor finds %s", f->name, check != NULL ? check : "nothing");
}

static void
start(struct test *f)
{
	victim_start(&f->v);
	check_get(f, "at the start");
}

static void
stop(struct test *f)
{
	torture_check(&f->t, victim_stop(&f->v), "%s: the end", f->name);
}

static void
set_map_size(struct test *f, const char *size)
{
	char line[640];

	snprintf(line, sizeof(line),
	    "sed -i /map_size/d %s && echo map_size = %s >>%s", f->v.config,
	    size, f->v.config);
	if (system(line) != 0)
		torture_die(&f->t, line);
}

/* --- the cases ----------------------------------------------------------- */

/* Makes a change with a long text. */
static int
change_much(struct test *f)
{
	static char text[30000], body[30200];
	int status;

	memset(text, 'x', sizeof(text) - 1);
	snprintf(body, sizeof(body),
	    "{\"appleIdentifier\":\"%u\",\"certificate\":\"%s\"}",
	    f->number + 1, text);
	status = ask(f, "PATCH", NULL, body);
	f->number += status == 200;
	return status;
}

/* Makes changes until several were refused. One refusal is not enough, since a
 * later change may still fit into pages that were freed. */
static void
change_until_full(struct test *f)
{
	unsigned tries, refused = 0;
	int status = 200;

	for (tries = 0; refused < 5 && tries < 1000; tries++) {
		status = change_much(f);
		if (status != 200 && status != 507)
			break;
		refused += status == 507;
	}
	torture_check(&f->t, refused == 5, "%s: %u refused, the last is %.200s",
	    f->name, refused, f->answer);
}

/* Makes a new store: a file never forgets the largest map that it had. */
static void
make_small(struct test *f)
{
	char line[640];
	FILE *token;

	set_map_size(f, "1M");
	snprintf(line, sizeof(line),
	    "rm -r %s && ./pushcert init --config %s >/dev/null && "
	    "./pushcert token create --config %s --tenant " VICTIM_TENANT
	    " --scope DeviceManagementServiceConfig.ReadWrite.All",
	    f->v.data, f->v.config, f->v.config);
	if ((token = popen(line, "r")) == NULL ||
	    fscanf(token, "%127s", f->v.token) != 1 || pclose(token) != 0)
		torture_die(&f->t, line);
	victim_start(&f->v);
	check_patch(f, 200, "of a new store");
	stop(f);
}

/* When the tool opens the store with a larger map, the map of the running
 * server grows too. */
static void
fill_map(struct test *f)
{
	make_small(f);
	start(f);
	change_until_full(f);
	check_get(f, "of a full map");
	check_said(f, "MDB_MAP_FULL");
	check_doctor(f, "store");
	/* The server does not read this: it read its configuration at its
	 * start. */
	set_map_size(f, "64M");
	torture_check(&f->t,
	    run(f,
		"token create --tenant 6bcc9004-0000-4000-8000-000000000009 "
		"--scope DeviceManagementServiceConfig.Read.All",
		">/dev/null"),
	    "%s: a change with a larger map", f->name);
	(void)patch(f);
	check_patch(f, 200, "in a larger map");
	check_get(f, "in a larger map");
	check_doctor(f, NULL);
	stop(f);
}

/* Lowers the kernel's limit on the size of a file while the program runs. */
static void
limit_file(struct test *f)
{
	struct rlimit before, now;

	start(f);
	if (prlimit(f->v.pid, RLIMIT_FSIZE, NULL, &before) != 0)
		torture_die(&f->t, "prlimit");
	now = before;
	now.rlim_cur = (rlim_t)victim_data_size(&f->v);
	if (prlimit(f->v.pid, RLIMIT_FSIZE, &now, NULL) != 0)
		torture_die(&f->t, "prlimit");
	change_until_full(f);
	check_get(f, "of a file that may not grow");
	torture_check(&f->t, said(f, "store: ") == 1,
	    "%s: the log says it %u times", f->name, said(f, "store: "));
	if (prlimit(f->v.pid, RLIMIT_FSIZE, &before, NULL) != 0)
		torture_die(&f->t, "prlimit");
	check_patch(f, 200, "when it may");
	check_get(f, "when it may");
	stop(f);
}

/* Takes all reader slots, writes a byte to the pipe when it has them, and waits
 * until it is killed. */
_Noreturn static void
take_readers(const struct test *f, int tell)
{
	static const char *const maps[] = { "record", NULL };
	const struct lmdb_options options = { .directory = f->v.data,
		.maps = maps };
	struct lmdb_txn *tx;
	struct lmdb_env *db;
	unsigned n;

	if (lmdb_env_open(&options, &db) != ERR_OK)
		_exit(99);
	for (n = 0; n < READERS && lmdb_txn_reader(db, &tx) == ERR_OK; n++)
		continue;
	if (write(tell, "x", 1) == 1)
		pause();
	_exit(99);
}

/* A CGI program reports the problem in a response of its own. */
static void
check_cgi(struct test *f)
{
	char line[512];

	snprintf(line, sizeof(line),
	    "GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET "
	    "PATH_INFO=/v1.0/health PUSHCERT_CONFIG=%s ./pushcert 2>>%s "
	    "</dev/null | tr -d '\\r\\n' | "
	    "grep -q '^Status: 503 .*{\"error\":{\"code\":'",
	    f->v.config, f->v.log);
	torture_check(&f->t, system(line) == 0, "%s: CGI answers 503", f->name);
}

static void
fill_readers(struct test *f)
{
	int tell[2];
	pid_t pid;
	char c;

	start(f);
	if (pipe2(tell, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		torture_die(&f->t, "fork");
	if (pid == 0)
		take_readers(f, tell[1]);
	close(tell[1]);
	if (read(tell[0], &c, 1) != 1)
		torture_die(&f->t, "the readers");
	check_patch(f, 200, "without places for readers");
	check_get(f, "without places for readers");
	torture_check(&f->t,
	    run(f, "list", "2>&1 >/dev/null | grep -q MDB_READERS_FULL"),
	    "%s: another program says so", f->name);
	check_cgi(f);
	check_doctor(f, "store");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(tell[0]);
	torture_check(&f->t, run(f, "list", ">/dev/null"),
	    "%s: another program goes on", f->name);
	check_doctor(f, NULL);
	stop(f);
}

/* Flips a bit in the first byte of this text in the file. Calling it again with
 * the changed text restores the file. */
static void
flip(struct test *f, const char *text)
{
	static char bytes[16 << 20];
	char path[160], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/data.mdb", f->v.data);
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0 ||
	    (n = read(fd, bytes, sizeof(bytes))) <= 0)
		torture_die(&f->t, path);
	/* An old page may have a copy of the text. */
	for (at = bytes; (at = memmem(at, (size_t)(bytes + n - at), text,
			      strlen(text))) != NULL;
	     at++) {
		*at ^= 1;
		if (pwrite(fd, at, 1, at - bytes) != 1)
			torture_die(&f->t, path);
	}
	close(fd);
}

static void
damage_record(struct test *f)
{
	unsigned i;
	int status;

	start(f);
	if (ask(f, "PATCH", NULL,
		"{\"topicIdentifier\":\"a topic to spoil\"}") != 200)
		torture_die(&f->t, "PATCH");
	flip(f, "a topic to spoil");
	for (i = 0; i < REPEATED; i++) {
		status = ask(f, i % 2 == 0 ? "GET" : "PATCH", NULL,
		    i % 2 == 0 ? NULL : "{\"topicIdentifier\":\"x\"}");
		torture_check(&f->t,
		    status == 500 && strstr(f->answer, "InternalError") != NULL,
		    "%s: %d", f->name, status);
	}
	check_said(f, "store: damaged record");
	check_doctor(f, "store");
	torture_check(&f->t,
	    run(f, "verify",
		"2>&1 | grep -q 'record of tenant " VICTIM_TENANT
		": does not match its checksum'"),
	    "%s: verify finds it", f->name);
	flip(f, "` topic to spoil");
	check_get(f, "when it is whole again");
	check_patch(f, 200, "when it is whole again");
	check_doctor(f, NULL);
	stop(f);
}

/* A write of a change fails. A change makes two to eight writes, of which the
 * last one writes the root. When that one fails, LMDB refuses every further
 * transaction (MDB_PANIC) until the file has been closed and opened again. */
static void
break_root(struct test *f)
{
	unsigned failed = 0, n;
	int status;

	victim_fork(&f->v, run_server, f);
	check_get(f, "at the start");
	for (n = 0; n < 50; n++) {
		fault_arm(f->plan, FAULT_PWRITE, EIO, 1 + n % 8);
		status = patch(f);
		if (!fault_disarm(f->plan))
			continue;
		torture_check(&f->t, status == 503, "%s: %d", f->name, status);
		check_get(f, "after a write that failed");
		check_patch(f, 200, "after a write that failed");
		failed++;
	}
	torture_check(&f->t, failed >= 10, "%s: %u writes", f->name, failed);
	check_said(f, "store: commit: ");
	for (n = 0; n < REPEATED; n++) {
		fault_arm(f->plan, FAULT_PWRITE, EDQUOT, 1);
		check_patch(f, 507, "over the quota");
		fault_disarm(f->plan);
	}
	check_said(f, "quota");
	check_patch(f, 200, "when there is more");
	stop(f);
}

static void
lose_key(struct test *f)
{
	char key[160], away[176];
	unsigned i;
	int status;

	snprintf(key, sizeof(key), "%s/pushcert.key", f->t.dir);
	snprintf(away, sizeof(away), "%s.away", key);
	if (rename(key, away) != 0)
		torture_die(&f->t, key);
	start(f);
	check_patch(f, 200, "without a key");
	for (i = 0; i < REPEATED; i++) {
		status = ask(f, "POST", GENERATE, "");
		torture_check(&f->t,
		    status == 503 && strstr(f->answer, "Retry-After: ") != NULL,
		    "%s: generate: %d", f->name, status);
	}
	check_said(f, key);
	check_doctor(f, "secrets");
	if (rename(away, key) != 0)
		torture_die(&f->t, key);
	status = ask(f, "POST", GENERATE, "");
	torture_check(&f->t, status == 200, "%s: generate with the key: %d",
	    f->name, status);
	check_doctor(f, NULL);
	torture_check(&f->t, run(f, "verify", ">/dev/null"),
	    "%s: the key is sealed with it", f->name);
	stop(f);
}

static const char *
changed_at(struct test *f, char out[40])
{
	static const char name[] = "\"lastModifiedDateTime\":\"";
	const char *at;

	out[0] = '\0';
	if (ask(f, "GET", NULL, NULL) == 200 &&
	    (at = strstr(f->answer, name)) != NULL)
		snprintf(out, 40, "%.28s", at + sizeof(name) - 1);
	return out;
}

/* The program trusts the clock: after the clock was set back, an expired token
 * is valid again. */
static void
turn_clock_back(struct test *f)
{
	char before[40], after[40], own[VICTIM_TOKEN_MAX], line[400];
	FILE *token;
	unsigned i;

	snprintf(line, sizeof(line),
	    "./pushcert token create --config %s --expires 1 --tenant "
	    "%s --scope DeviceManagementServiceConfig.Read.All",
	    f->v.config, VICTIM_TENANT);
	memcpy(own, f->v.token, sizeof(own));
	victim_fork(&f->v, run_server, f);
	check_get(f, "at the start");
	atomic_store(f->clock, 2 * DAY);
	check_patch(f, 200, "two days ahead");
	if ((token = popen(line, "r")) == NULL ||
	    fscanf(token, "%127s", f->v.token) != 1 || pclose(token) != 0)
		torture_die(&f->t, line);
	torture_check(&f->t, ask(f, "GET", NULL, NULL) == 401,
	    "%s: a token has expired: %.80s", f->name, f->answer);
	atomic_store(f->clock, 0);
	torture_check(&f->t, ask(f, "GET", NULL, NULL) == 200,
	    "%s: it has not: %.80s", f->name, f->answer);
	memcpy(f->v.token, own, sizeof(own));
	for (i = 0; i < REPEATED; i++) {
		(void)changed_at(f, before);
		check_patch(f, 200, "two days before");
		torture_check(&f->t, strcmp(before, changed_at(f, after)) < 0,
		    "%s: changed at %s and then at %s", f->name, before, after);
	}
	check_said(f, "the clock is earlier");
	check_doctor(f, "store");
	torture_check(&f->t, run(f, "verify", ">/dev/null"),
	    "%s: the history is in order", f->name);
	stop(f);
}

static const struct degradation {
	const char *name;
	void (*run)(struct test *f);
} cases[] = {
	{ "file limit", limit_file },
	{ "readers full", fill_readers },
	{ "damaged record", damage_record },
	{ "failed writes", break_root },
	{ "key file missing", lose_key },
	{ "map full", fill_map },
	{ "clock set back", turn_clock_back },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

int
main(int argc, char **argv)
{
	static struct test f = { .number = 1 };
	unsigned i;

	torture_begin(&f.t, "degradation", argc, argv);
	victim_make(&f.v, &f.t, NULL);
	f.plan = fault_new();
	f.clock = torture_share(sizeof(*f.clock));
	if (f.plan == NULL)
		torture_die(&f.t, "mmap");
	victim_start(&f.v);
	torture_check(&f.t, victim_set(&f.v, f.number) == 200, "PATCH");
	torture_check(&f.t, victim_stop(&f.v), "the end");
	for (i = 0; i < CASES; i++) {
		f.name = cases[i].name;
		f.log = victim_log_size(&f.v);
		cases[i].run(&f);
	}
	printf("degradation: %zu causes, %u changes, %u wrong\n", CASES,
	    f.number, f.t.failed);
	return torture_end(&f.t);
}
