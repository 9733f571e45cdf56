/* SPDX-License-Identifier: ISC */
/*
 * faults.c - whichever call fails, the program does not die, does not lose
 * acknowledged data and does not report anything false. A start works or is
 * refused with a reason. A request gets the right response or 5xx. A command
 * works, or fails and leaves no files lying about.
 *
 * With sanitizers a memory leak counts as a failure too.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "tool/cmd.h"
#include "fault.h"
#include "torture.h"
#include "victim.h"

static const struct kind {
	const char *name;
	enum fault_call call;
	int cause;
	bool of_socket; /* a fault may cost the client its response */
} kinds[] = {
	{ "malloc", FAULT_MALLOC, ENOMEM, false },
	{ "mmap", FAULT_MMAP, ENOMEM, false },
	{ "open", FAULT_OPEN, EMFILE, false },
	{ "open: EIO", FAULT_OPEN, EIO, false },
	{ "read", FAULT_READ, EIO, true },
	{ "write", FAULT_WRITE, EIO, true },
	{ "write: no room", FAULT_WRITE, ENOSPC, true },
	{ "pwrite", FAULT_PWRITE, EIO, false },
	{ "pwrite: no room", FAULT_PWRITE, ENOSPC, false },
	{ "fdatasync", FAULT_FDATASYNC, EIO, false },
	{ "fdatasync: no room", FAULT_FDATASYNC, ENOSPC, false },
	{ "ftruncate", FAULT_FTRUNCATE, ENOSPC, false },
	{ "accept", FAULT_ACCEPT, ECONNABORTED, true },
	{ "accept: no descriptor", FAULT_ACCEPT, EMFILE, true },
	{ "fork", FAULT_FORK, EAGAIN, false },
	{ "pipe", FAULT_PIPE, EMFILE, false },
	{ "memfd_create", FAULT_MEMFD, ENFILE, false },
	{ "rename", FAULT_RENAME, EIO, false },
	{ "flock", FAULT_FLOCK, ENOLCK, false },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct test {
	struct torture t;
	struct victim v;
	struct fault_plan *plan;
	const char *const *command; /* for run_command */
	unsigned faults;
	unsigned number; /* last acknowledged */
};

/* Returns the next n: small values without gaps, later values with growing
 * gaps. */
static long
after(const struct test *f, long n)
{
	return n + 1 + (f->t.full ? n / 100 : n / 2);
}

static void
run_server(void *arg)
{
	struct test *f = arg;

	fault_watch(f->plan);
	exit(cmd_serve_fd(f->v.config, STDIN_FILENO));
}

static void
run_command(void *arg)
{
	struct test *f = arg;
	char *argv[16] = { NULL };
	int argc, status;

	for (argc = 0; argc < 15 && f->command[argc] != NULL; argc++)
		argv[argc] = strdup(f->command[argc]);
	if (freopen("/dev/null", "w", stdout) == NULL)
		_exit(99);
	fault_watch(f->plan);
	status = cmd_run(argc, argv);
	/* The calls that gcov makes at exit are not part of the test. */
	fault_watch(NULL);
	exit(status);
}

static void
show_log(const struct test *f)
{
	char line[160];

	snprintf(line, sizeof(line), "tail -n 40 %s", f->v.log);
	if (system(line) != 0)
		printf("no log\n");
}

/* --- a start, and the first request ------------------------------------- */

static void
try_start(struct test *f, const struct kind *k, long n)
{
	off_t before = victim_log_size(&f->v);
	int status, answer;
	bool ended;
	long number;

	victim_fork(&f->v, run_server, f);
	number = victim_get(&f->v, &answer);
	ended = answer == 0 && victim_ended(&f->v);
	if (ended) {
		status = victim_wait(&f->v);
		torture_check(&f->t,
		    WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE &&
			victim_log_size(&f->v) > before,
		    "start, %s %ld: ended with %#x", k->name, n,
		    (unsigned)status);
		return;
	}
	torture_check(&f->t,
	    (answer == 200 && number == (long)f->number) || answer >= 500 ||
		(answer == 0 && k->of_socket),
	    "start, %s %ld: status %d, %ld", k->name, n, answer, number);
	torture_check(
	    &f->t, victim_stop(&f->v), "start, %s %ld: its end", k->name, n);
}

static void
try_starts(struct test *f)
{
	size_t i;
	long n;

	for (i = 0; i < KINDS; i++)
		for (n = 1;; n = after(f, n)) {
			fault_arm(f->plan, kinds[i].call, kinds[i].cause, n);
			try_start(f, &kinds[i], n);
			if (!fault_disarm(f->plan))
				break;
			f->faults++;
		}
}

/* --- requests ----------------------------------------------------------- */

static int
do_get(struct test *f)
{
	int status;
	long number = victim_get(&f->v, &status);

	return status == 200 && number != (long)f->number ? -1 : status;
}

static int
do_patch(struct test *f)
{
	int status = victim_set(&f->v, f->number + 1);

	if (status == 200)
		f->number++;
	return status;
}

static int
do_generate(struct test *f)
{
	const struct ask a = { .method = "POST",
		.path = "/beta/deviceManagement/"
			"applePushNotificationCertificate/generateApple"
			"PushNotificationCertificateSigningRequest",
		.body = "" };
	char out[32768];

	return victim_ask(&f->v, &a, out, sizeof(out));
}

static const struct request {
	const char *name;
	int (*run)(struct test *f);
	bool slow;
} requests[] = {
	{ "GET", do_get, false },
	{ "PATCH", do_patch, false },
	{ "generate", do_generate, true },
};

/* After a fault, the next request must find everything in order. A change
 * without a response may or may not have been committed. */
static void
look(struct test *f, const struct request *req, const struct kind *k, long n,
    int status)
{
	int answer;
	long number = victim_get(&f->v, &answer);

	if (status == 0 && number == (long)f->number + 1)
		f->number++;
	torture_check(&f->t, number == (long)f->number,
	    "after %s, %s %ld: status %d, then %d, %ld for %u", req->name,
	    k->name, n, status, answer, number, f->number);
}

static void
try_request(struct test *f, const struct request *req, const struct kind *k)
{
	int status;
	bool hit;
	long n;

	for (n = 1;; n = after(f, req->slow ? 2 * n : n)) {
		fault_arm(f->plan, k->call, k->cause, n);
		status = req->run(f);
		hit = fault_disarm(f->plan);
		torture_check(&f->t,
		    status == 200 || (hit && status >= 500) ||
			(hit && status == 0 && k->of_socket),
		    "%s, %s %ld: status %d", req->name, k->name, n, status);
		if (f->v.pid != 0 && victim_ended(&f->v)) {
			torture_check(&f->t, false, "%s, %s %ld: died, %#x",
			    req->name, k->name, n,
			    (unsigned)victim_wait(&f->v));
			show_log(f);
			victim_fork(&f->v, run_server, f);
		}
		look(f, req, k, n, status);
		if (!hit)
			break;
		f->faults++;
	}
}

static void
try_requests(struct test *f)
{
	size_t i, k;

	victim_fork(&f->v, run_server, f);
	torture_check(&f->t, do_get(f) == 200, "the start before requests");
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		for (k = 0; k < KINDS; k++)
			try_request(f, &requests[i], &kinds[k]);
	torture_check(&f->t, victim_stop(&f->v), "the end after requests");
}

/* --- commands ----------------------------------------------------------- */

/* Returns the number of entries in a directory, including . and .., or 0 if the
 * directory does not exist. */
static unsigned
count_files(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		closedir(dir);
	return n;
}

static int
run_to_end(struct test *f, const char *const *command)
{
	f->command = command;
	victim_fork(&f->v, run_command, f);
	return victim_wait(&f->v);
}

static void
try_backup(struct test *f, const struct kind *k, long n)
{
	char file[160];
	const char *const backup[] = { "pushcert", "backup", file, "--config",
		f->v.config, NULL };
	unsigned before = count_files(f->v.data);
	struct stat st;
	int status;
	bool exists;

	snprintf(file, sizeof(file), "%s/backup", f->t.dir);
	status = run_to_end(f, backup);
	exists = stat(file, &st) == 0 && st.st_size > 0;
	torture_check(&f->t,
	    WIFEXITED(status) && WEXITSTATUS(status) <= 1 &&
		exists == (WEXITSTATUS(status) == 0),
	    "backup, %s %ld: %#x, %s", k->name, n, (unsigned)status,
	    exists ? "a file" : "no file");
	torture_check(&f->t, count_files(f->v.data) == before,
	    "backup, %s %ld: leaves something", k->name, n);
	unlink(file);
}

/* A half-made store must not prevent the next init. */
static void
try_init(struct test *f, const struct kind *k, long n)
{
	char data[160], config[160], line[1024];
	const char *const init[] = { "pushcert", "init", "--data", data,
		"--config", config, NULL };
	int status;

	snprintf(data, sizeof(data), "%s/new", f->t.dir);
	snprintf(config, sizeof(config), "%s/new.conf", f->t.dir);
	status = run_to_end(f, init);
	torture_check(&f->t, WIFEXITED(status) && WEXITSTATUS(status) <= 1,
	    "init, %s %ld: %#x", k->name, n, (unsigned)status);
	snprintf(line, sizeof(line),
	    "./pushcert init --data %s --config %s >/dev/null && "
	    "./pushcert backup --config %s %s/new.backup && "
	    "rm -r %s/new*",
	    data, config, config, f->t.dir, f->t.dir);
	torture_check(&f->t, system(line) == 0,
	    "init, %s %ld: %#x, then another cannot", k->name, n,
	    (unsigned)status);
}

/* Commands that can be repeated. "@" stands for the file that they write. */
static const struct tool {
	const char *argument[6];
	bool afresh; /* needs the original store each time */
	bool talks; /* reports errors on stdout */
	bool makes_key; /* takes long */
} tools[] = {
	{ .argument = { "restore", "kept", "--force" } },
	{ .argument = { "tenant", "add", VICTIM_TENANT, "--name", "acme" } },
	{ .argument = { "tenant", "list", "--json" } },
	{ .argument = { "show", "--json", "--tenant", "acme" } },
	{ .argument = { "tenant", "remove", "acme" }, .afresh = true },
	{ .argument = { "upload", "text", "--force" } },
	{ .argument = { "list", "--json" } },
	{ .argument = { "check", "--hook", "true" }, .afresh = true },
	{ .argument = { "metrics", "--output", "@" } },
	{ .argument = { "calendar", "--output", "@" } },
	{ .argument = { "request" }, .afresh = true, .makes_key = true },
	{ .argument = { "export", "--output", "@" } },
	{ .argument = { "history", "--json" } },
	/* Without a fresh store, the second event would be dropped from the
	 * history after some runs. */
	{ .argument = { "history", "restore", "2" }, .afresh = true },
	{ .argument = { "token", "list" } },
	{ .argument = { "token", "rename", "0000", "name" } },
	{ .argument = { "token", "create", "--all-tenants", "--scope",
	      "DeviceManagementServiceConfig.Read.All" },
	    .afresh = true },
	{ .argument = { "tenant", "set", "acme", "--owner", "an owner" } },
	{ .argument = { "token", "revoke", "0000" }, .afresh = true },
	{ .argument = { "import", "text" } },
	{ .argument = { "stand-in", "certificate", "text" } },
	{ .argument = { "deploy", "list", "--json" } },
	{ .argument = { "session", "end" } },
	{ .argument = { "list", "--status", "expired", "--match", "a" } },
	{ .argument = { "list", "--sort", "expires", "--limit", "1" } },
	{ .argument = { "list", "--csv", "--sort", "alias" } },
	{ .argument = { "notify", "--hook", "true" }, .afresh = true },
	{ .argument = { "notify", "--hook", "true", "--digest" },
	    .afresh = true },
	{ .argument = { "notify", "--hook", "false" }, .afresh = true },
	{ .argument = { "notify", "--hook", "true", "--dry-run" } },
	{ .argument = { "probe" }, .talks = true },
	{ .argument = { "check", "--probe" }, .talks = true },
	{ .argument = { "verify" } },
	{ .argument = { "doctor" }, .talks = true },
};

/* Commands for a tenant with a certificate, and for a target of deploy. */
#define OTHER_TENANT "22222222-0000-4000-8000-000000000002"
static const struct tool deliveries[] = {
	{ .argument = { "deploy" }, .afresh = true },
	{ .argument = { "deploy", "--dry-run" } },
	{ .argument = { "deploy", "list" } },
	{ .argument = { "check" }, .talks = true },
	{ .argument = { "export", "--tenant", OTHER_TENANT, "--output", "@" } },
	{ .argument = { "request", "--tenant", OTHER_TENANT },
	    .afresh = true,
	    .makes_key = true },
};

/* Restores the store to its state before the first command. */
static void
make_afresh(struct test *f)
{
	char kept[160];
	const char *const restore[] = { "pushcert", "restore", kept, "--force",
		"--config", f->v.config, NULL };

	snprintf(kept, sizeof(kept), "%s/kept", f->t.dir);
	torture_check(
	    &f->t, run_to_end(f, restore) == 0, "%s is not restored", kept);
}

/* Returns the exit status, or -1 if a signal ended the command. */
static int
run_tool(struct test *f, const struct tool *tool)
{
	char path[2][160];
	const char *command[10] = { "pushcert" };
	size_t n = 1, paths = 0, i;
	int status;

	for (i = 0; i < 6 && tool->argument[i] != NULL; i++) {
		const char *a = tool->argument[i];

		command[n++] = a;
		if (strcmp(a, "@") != 0 && strcmp(a, "kept") != 0 &&
		    strcmp(a, "text") != 0)
			continue;
		snprintf(path[paths], sizeof(path[0]), "%s/%s", f->t.dir, a);
		command[n - 1] = path[paths++];
	}
	command[n++] = "--config";
	command[n++] = f->v.config;
	status = run_to_end(f, command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The command must end as usual, or fail with a reason. It must write its file
 * completely or not at all. Returns true if a call has failed. */
static bool
try_tool(struct test *f, const struct tool *tool, const struct kind *k, long n,
    int usual)
{
	unsigned before = count_files(f->t.dir);
	off_t said = victim_log_size(&f->v);
	char out[160];
	struct stat st;
	bool hit, good, exists;
	int status;

	fault_arm(f->plan, k->call, k->cause, n);
	status = run_tool(f, tool);
	hit = fault_disarm(f->plan);
	good = status == usual ||
	    (hit && (status == 1 || status == 3) &&
		(tool->talks || victim_log_size(&f->v) > said));
	torture_check(&f->t, good, "%s, %s %ld: status %d", tool->argument[0],
	    k->name, n, status);
	snprintf(out, sizeof(out), "%s/@", f->t.dir);
	exists = stat(out, &st) == 0;
	torture_check(&f->t,
	    !exists || (status == EXIT_SUCCESS && st.st_size > 0),
	    "%s, %s %ld: half a file", tool->argument[0], k->name, n);
	torture_check(&f->t, count_files(f->t.dir) == before + (exists ? 1 : 0),
	    "%s, %s %ld: leaves something", tool->argument[0], k->name, n);
	if (exists)
		unlink(out);
	return hit;
}

/* Tries one errno per function, since the commands do not distinguish them. A
 * first run counts the calls, so that no run is without a fault. */
static void
try_each_call(struct test *f, const struct tool *tool)
{
	char out[160];
	long calls[FAULT_CALLS];
	int usual;
	double growth = 1;
	size_t i;
	long n;

	make_afresh(f);
	fault_arm(f->plan, FAULT_CALLS, 0, 0);
	usual = run_tool(f, tool);
	for (i = 0; i < FAULT_CALLS; i++)
		calls[i] = f->plan->calls[i];
	if (f->t.full)
		growth = 0.1;
	else if (tool->makes_key)
		growth = 3;
	snprintf(out, sizeof(out), "%s/@", f->t.dir);
	unlink(out);
	for (i = 0; i < KINDS; i++) {
		if (kinds[i].call == FAULT_ACCEPT ||
		    (i > 0 && kinds[i].call == kinds[i - 1].call))
			continue;
		for (n = 1; n <= calls[kinds[i].call];
		     n += 1 + (long)((double)n * growth)) {
			if (tool->afresh)
				make_afresh(f);
			if (!try_tool(f, tool, &kinds[i], n, usual))
				break;
			f->faults++;
		}
	}
}

static void
try_tools(struct test *f)
{
	const struct ask expired = { .method = "PATCH",
		.body = "{\"expirationDateTime\":\"2017-01-01T00:01:27Z\"}" };
	char out[8192], line[512];
	size_t i;

	victim_start(&f->v);
	torture_check(&f->t,
	    victim_ask(&f->v, &expired, out, sizeof(out)) == 200 &&
		victim_stop(&f->v),
	    "a record that has expired");
	snprintf(line, sizeof(line),
	    "cd %s && echo text >text && $OLDPWD/pushcert tenant add %s "
	    "--name acme --config pushcert.conf && $OLDPWD/pushcert "
	    "backup kept --config pushcert.conf",
	    f->t.dir, VICTIM_TENANT);
	torture_check(&f->t, system(line) == 0, "%s", line);
	for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		try_each_call(f, &tools[i]);
	make_afresh(f);
}

static void
try_deliveries(struct test *f)
{
	static const char prepare[] =
	    "cd %s && p=$OLDPWD/pushcert && mkdir -m 700 hooks && "
	    "printf '#!/bin/sh\\ncat >/dev/null\\n' >hooks/one && "
	    "chmod 700 hooks/one && "
	    "echo deploy_directory = $PWD/hooks >>pushcert.conf && "
	    "exec >>tools.log 2>&1 && export PUSHCERT_CONFIG=pushcert.conf && "
	    "$p tenant add " OTHER_TENANT " && "
	    "$p request --tenant " OTHER_TENANT " --output csr && "
	    "$p stand-in certificate csr >pem && "
	    "$p upload pem --tenant " OTHER_TENANT " && "
	    "$p backup kept --force";
	char line[1024];
	size_t i;

	snprintf(line, sizeof(line), prepare, f->t.dir);
	torture_check(&f->t, system(line) == 0, "%s", line);
	for (i = 0; i < sizeof(deliveries) / sizeof(deliveries[0]); i++)
		try_each_call(f, &deliveries[i]);
}

static void
try_command(
    struct test *f, void (*try)(struct test *f, const struct kind *k, long n))
{
	size_t i;
	long n;

	for (i = 0; i < KINDS; i++)
		for (n = 1;; n = after(f, n)) {
			fault_arm(f->plan, kinds[i].call, kinds[i].cause, n);
			try(f, &kinds[i], n);
			if (!fault_disarm(f->plan))
				break;
			f->faults++;
		}
}

int
main(int argc, char **argv)
{
	struct test f = { .number = 1 };
	int answer;
	long number;

	torture_begin(&f.t, "faults", argc, argv);
	/* If an allocation of this part fails, libcrypto 3.2 and later wait for
	 * themselves forever. The processes under test inherit it. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1)
		torture_die(&f.t, "libcrypto");
	victim_make(&f.v, &f.t, NULL);
	if ((f.plan = fault_new()) == NULL)
		torture_die(&f.t, "mmap");
	victim_fork(&f.v, run_server, &f);
	if (victim_set(&f.v, f.number) != 200 || !victim_stop(&f.v))
		torture_die(&f.t, "the first change");
	try_starts(&f);
	printf("faults: %u calls failed up to the end of starts\n", f.faults);
	try_requests(&f);
	printf("faults: %u calls failed up to the end of requests\n", f.faults);
	try_command(&f, try_backup);
	try_command(&f, try_init);
	try_tools(&f);
	try_deliveries(&f);
	victim_start(&f.v);
	number = victim_get(&f.v, &answer);
	torture_check(&f.t, number == (long)f.number && victim_stop(&f.v),
	    "at the end there is %ld, not %u", number, f.number);
	printf("faults: %u calls failed, %u changes, %u wrong\n", f.faults,
	    f.number, f.t.failed);
	return torture_end(&f.t);
}
