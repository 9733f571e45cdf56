/* SPDX-License-Identifier: ISC */
/*
 * upgrade_service.c - the program in the current directory with a store of an
 * older format: what commands do while a process of the previous release has
 * the store open, how a service answers during the upgrade, and how a service
 * ends when a newer release upgrades its store.
 *
 * The process of the previous release is a child that opens the store and
 * waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "timing.h"
#include "unit.h"
#include "unit_store.h"
#include "fcgi_client.h"
#include "format/row.h"
#include "store/store.h"
#include "store/claim.h"
#include "store/lmdb_env.h"
#include "store/tally.h"

#define DEADLINE 60000 /* milliseconds */
#define CGI_TENANTS 10000

static const char *home; /* of the test, also in a child */
static char data[256], config[256], out[256], err[256], where[256];

/* --- running the program ------------------------------------------------ */

static void
redirect(const char *path, int to)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || dup2(fd, to) < 0)
		_exit(99);
	close(fd);
}

static pid_t
start(const char *const *argv)
{
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) != 0)
		return pid;
	redirect(out, STDOUT_FILENO);
	redirect(err, STDERR_FILENO);
	close(STDIN_FILENO);
	if (open("/dev/null", O_RDONLY) != STDIN_FILENO)
		_exit(99);
	execv("./pushcert", (char *const *)(uintptr_t)argv);
	_exit(98);
}

/* Returns the exit status, or -1 after the deadline. */
static int
end_of(pid_t pid)
{
	int64_t until = clock_ms() + DEADLINE;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_ms() > until) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		sleep_ms(10);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs the program with the words of a command line and --config. Returns its
 * exit status. */
static int
run(const char *line)
{
	const char *argv[32] = { "pushcert" };
	char words[512], *rest = words, *word;
	int n = 1;

	snprintf(words, sizeof(words), "%s --config %s", line, config);
	while ((word = strsep(&rest, " ")) != NULL)
		argv[n++] = word;
	return end_of(start(argv));
}

static bool
file_has(const char *path, const char *text)
{
	static char block[64 * 1024];
	FILE *f = fopen(path, "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(block, 1, sizeof(block) - 1, f);
		fclose(f);
	}
	block[n] = '\0';
	return strstr(block, text) != NULL;
}

static void
must_run(const char *line)
{
	int status = run(line);

	if (status != 0 && file_has(err, ""))
		fprintf(stderr, "%s: %d\n", line, status);
	ck_assert_int_eq(status, 0);
}

/* --- the store ---------------------------------------------------------- */

/* Puts the format number and updates the tally, as a release of that format
 * does. */
static void
write_format(uint64_t format)
{
	struct unit_tables t = unit_tables_open(data);
	struct tally tally;
	struct str row;

	ck_assert_int_eq(tally_load(t.tx, STORE_TABLES, &tally), ERR_OK);
	ck_assert_int_eq(
	    lmdb_txn_get(t.tx, STORE_META, str_of("format"), &row), ERR_OK);
	tally_take(&tally, STORE_META, row);
	unit_put_format(t.tx, format);
	ck_assert_int_eq(
	    lmdb_txn_get(t.tx, STORE_META, str_of("format"), &row), ERR_OK);
	tally_add(&tally, STORE_META, row);
	ck_assert_int_eq(tally_save(t.tx, STORE_TABLES, &tally), ERR_OK);
	unit_tables_commit(&t);
}

static unsigned
read_format(void)
{
	struct store *st = unit_store(
	    (struct store_options){ .directory = data });
	unsigned format;

	format = store_format(st);
	store_close(st);
	return format;
}

/* A process that has the store open, or is upgrading it, until `hold` is
 * closed. */
struct former {
	pid_t pid;
	int hold;
};

static struct former
start_former(bool upgrades)
{
	int hold[2], ready[2];
	struct former f;
	char byte;

	ck_assert(pipe2(hold, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
	fflush(NULL);
	f = (struct former){ .pid = fork(), .hold = hold[1] };
	if (f.pid == 0) {
		struct lmdb_env *db = unit_open_env(data);
		pid_t holder;

		close(hold[1]);
		if ((!upgrades ||
			claim_take(lmdb_env_lock_file(db), 0, &holder) ==
			    ERR_OK) &&
		    write(ready[1], "", 1) == 1)
			while (read(hold[0], &byte, 1) < 0 && errno == EINTR)
				continue;
		lmdb_env_close(db);
		_exit(0);
	}
	close(hold[0]);
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return f;
}

static void
end_former(const struct former *f)
{
	close(f->hold);
	ck_assert_int_eq(waitpid(f->pid, NULL, 0), f->pid);
}

static void
set_up(void)
{
	home = unit_directory();
	snprintf(data, sizeof(data), "%s/data", home);
	snprintf(config, sizeof(config), "%s/pushcert.conf", home);
	snprintf(out, sizeof(out), "%s/out", home);
	snprintf(err, sizeof(err), "%s/err", home);
	snprintf(where, sizeof(where), "%s/s", home);
}

static void
make_store(void)
{
	char line[600];

	snprintf(line, sizeof(line), "init --data %s", data);
	must_run(line);
	must_run("tenant add 11111111-0000-4000-8000-000000000001 --name one");
	write_format(3);
}

/* --- commands ----------------------------------------------------------- */

static const char *const reading[] = { "list", "show --tenant one",
	"history --tenant one", "token list", "tenant list", "check --all",
	"check --tenant one", "metrics", "calendar", "verify", "config",
	"doctor", "export --output /dev/null --tenant one",
	"upload README --dry-run --force --tenant one" };
static const char *const writing[] = { "init",
	"tenant add 11111111-0000-4000-8000-000000000002",
	"tenant remove 11111111-0000-4000-8000-000000000001",
	("token create --tenant one --scope "
	 "DeviceManagementServiceConfig.Read.All"),
	"token revoke 01234567", "token rename 01234567 name",
	"request --tenant one", "history restore 1 --tenant one",
	"restore backup", "check --all --hook true" };

START_TEST(commands_that_read_never_upgrade)
{
	char line[600];
	struct former f;
	size_t i;

	make_store();
	f = start_former(false);
	for (i = 0; i < sizeof(reading) / sizeof(reading[0]); i++) {
		ck_assert_int_ne(run(reading[i]), -1);
		unit_check(reading[i], read_format() == 3);
		unit_check(reading[i], !file_has(err, "upgrade it"));
	}
	ck_assert_int_eq(run("list"), 0);
	ck_assert_int_eq(run("verify"), 0);
	snprintf(line, sizeof(line), "backup %s/backup", home);
	must_run(line);
	ck_assert_int_eq(run("doctor"), 1);
	ck_assert(file_has(out, "has format 3"));
	ck_assert(file_has(out, "pushcert init"));
	end_former(&f);
	ck_assert_uint_eq(read_format(), 3);
	/* A backup in the older format can be restored. */
	must_run("init --no-copy");
	snprintf(line, sizeof(line), "restore %s/backup --force", home);
	must_run(line);
	ck_assert_uint_eq(read_format(), STORE_FORMAT);
	must_run("verify");
	must_run("tenant list");
	ck_assert(file_has(out, "one"));
}
END_TEST

START_TEST(commands_that_write_refuse_and_name_the_process)
{
	char text[64];
	struct former f;

	make_store();
	f = start_former(false);
	snprintf(text, sizeof(text), "process %ld has it open", (long)f.pid);
	ck_assert_int_ne(run(writing[_i]), 0);
	unit_check(writing[_i], file_has(err, text));
	unit_check(writing[_i], read_format() == 3);
	end_former(&f);
	ck_assert_int_ne(run(writing[_i]), -1);
	unit_check(writing[_i], read_format() == STORE_FORMAT);
}
END_TEST

static int
run_cgi(void)
{
	const char *const argv[] = { "pushcert", NULL };
	int status;

	setenv("GATEWAY_INTERFACE", "CGI/1.1", 1);
	setenv("REQUEST_METHOD", "GET", 1);
	setenv("REQUEST_URI", "/v1.0/health", 1);
	setenv("PUSHCERT_CONFIG", config, 1);
	status = end_of(start(argv));
	unsetenv("GATEWAY_INTERFACE");
	return status;
}

/* --- services ----------------------------------------------------------- */

/* Sends a request for the health of the service. Returns false if no process is
 * listening. */
static bool
ask(struct fcgi_reply *reply, char *block, size_t size)
{
	const char *const pairs[] = { "REQUEST_METHOD", "GET", "REQUEST_URI",
		"/v1.0/health", NULL };
	char request[512];
	struct buf bytes;
	bool good;
	int fd;

	if ((fd = fcgi_connect(where)) < 0)
		return false;
	buf_init(&bytes, request, sizeof(request));
	fcgi_request(&bytes, false, pairs, STR_EMPTY);
	fcgi_reply_init(reply, block, size);
	good = fcgi_send(fd, buf_view(&bytes)) && fcgi_receive(fd, reply);
	close(fd);
	return good;
}

static bool
reply_has(const struct fcgi_reply *reply, const char *text)
{
	struct str s = buf_view(&reply->text);

	return memmem(s.p, s.n, text, strlen(text)) != NULL;
}

/* Repeats the request until the response has this status. Returns false after
 * the deadline. */
static bool
ask_until(const char *status, struct fcgi_reply *reply, char *block, size_t n)
{
	int64_t until = clock_ms() + DEADLINE;

	while (clock_ms() < until) {
		if (ask(reply, block, n) && reply_has(reply, status))
			return true;
		sleep_ms(10);
	}
	return false;
}

static pid_t
start_service(void)
{
	const char *const argv[] = { "pushcert", "serve", "--socket", where,
		"--config", config, NULL };

	return start(argv);
}

START_TEST(a_service_answers_503_during_the_upgrade)
{
	char block[4096], path[300];
	struct fcgi_reply reply;
	struct former f;
	struct stat copy;
	pid_t service;
	int i;

	make_store();
	f = start_former(false);
	service = start_service();
	for (i = 0; i < 20; i++) {
		ck_assert(
		    ask_until("Status: 503", &reply, block, sizeof(block)));
		ck_assert(reply_has(&reply, "\r\nRetry-After: "));
		ck_assert(reply_has(&reply, "is being upgraded"));
	}
	end_former(&f);
	ck_assert(ask_until("Status: 200", &reply, block, sizeof(block)));
	snprintf(path, sizeof(path), "%s/data.mdb.format-3", data);
	ck_assert_int_eq(stat(path, &copy), 0);
	ck_assert_uint_eq(copy.st_mode & 07777, 0600);
	ck_assert(file_has(err, "upgraded to format"));
	kill(service, SIGTERM);
	ck_assert_int_eq(end_of(service), 0);
	ck_assert_uint_eq(read_format(), STORE_FORMAT);
}
END_TEST

/* A web server may start several processes at the same time. */
START_TEST(a_service_waits_for_the_upgrade_of_another_process)
{
	char block[4096];
	struct fcgi_reply reply;
	struct former f;
	pid_t service;

	make_store();
	f = start_former(true);
	service = start_service();
	ck_assert(ask_until("Status: 503", &reply, block, sizeof(block)));
	ck_assert(reply_has(&reply, "\r\nRetry-After: "));
	ck_assert_int_eq(run("list"), 1);
	ck_assert(file_has(err, "is upgrading the store"));
	ck_assert_int_eq(run_cgi(), 0);
	ck_assert(file_has(out, "Status: 503"));
	ck_assert(file_has(out, "Retry-After: "));
	end_former(&f);
	ck_assert(ask_until("Status: 200", &reply, block, sizeof(block)));
	kill(service, SIGTERM);
	ck_assert_int_eq(end_of(service), 0);
	ck_assert_uint_eq(read_format(), STORE_FORMAT);
}
END_TEST

START_TEST(a_service_ends_where_a_former_one_stays)
{
	struct former f;
	char text[64];

	make_store();
	f = start_former(false);
	snprintf(text, sizeof(text), "process %ld has it open", (long)f.pid);
	ck_assert_int_eq(end_of(start_service()), 1);
	ck_assert(file_has(err, text));
	end_former(&f);
	ck_assert_uint_eq(read_format(), 3);
}
END_TEST

START_TEST(a_service_ends_under_a_newer_release)
{
	char block[4096];
	struct fcgi_reply reply;
	pid_t service, newer;

	make_store();
	must_run("init");
	service = start_service();
	ck_assert(ask_until("Status: 200", &reply, block, sizeof(block)));
	if ((newer = fork()) == 0) {
		write_format(STORE_FORMAT + 1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(newer, NULL, 0), newer);
	ck_assert(ask_until("Status: 503", &reply, block, sizeof(block)));
	ck_assert(reply_has(&reply, "\r\nRetry-After: "));
	ck_assert_int_eq(end_of(service), 1);
	ck_assert(file_has(err, "of a newer release"));
}
END_TEST

static enum err
fill(struct txn *tx, void *arg)
{
	unsigned *i = arg, end = *i + 1000;
	struct record r = { .revision = 1 };
	struct guid g = { .byte = { 1 } };
	enum err e = ERR_OK;

	r.value[RECORD_APPLE_ID] = str_of("a@example.org");
	for (; *i < end && e == ERR_OK; ++*i) {
		g.byte[8] = (uint8_t)(*i >> 8);
		g.byte[9] = (uint8_t)*i;
		e = store_record_put(tx, &g, &r);
	}
	return e;
}

static void
fill_store(void)
{
	struct store *st = unit_store(
	    (struct store_options){ .directory = data });
	unsigned i = 0;

	while (i < CGI_TENANTS)
		unit_update(st, fill, &i);
	store_close(st);
}

START_TEST(a_cgi_program_refuses_to_upgrade_too_many_tenants)
{
	make_store();
	must_run("init --no-copy");
	fill_store();
	must_run("request --tenant 22222222-0000-4000-8000-000000000000");
	write_format(3);
	ck_assert_int_eq(run_cgi(), 0);
	ck_assert(file_has(out, "Status: 503"));
	ck_assert(file_has(out, "Run pushcert init"));
	ck_assert(file_has(err, "run pushcert init"));
	ck_assert_uint_eq(read_format(), 3);
	must_run("init --no-copy");
	ck_assert_int_eq(run_cgi(), 0);
	ck_assert(file_has(out, "Status: 200"));
}
END_TEST

START_TEST(a_cgi_program_upgrades)
{
	int64_t began;

	make_store();
	must_run("init --no-copy");
	fill_store();
	write_format(3);
	began = clock_ms();
	ck_assert_int_eq(run_cgi(), 0);
	fprintf(stderr, "%d tenants upgraded in %lld ms\n", CGI_TENANTS,
	    (long long)(clock_ms() - began));
	ck_assert(file_has(out, "Status: 200"));
	ck_assert_uint_eq(read_format(), STORE_FORMAT);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("upgrade_service");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, set_up, NULL);
	tcase_add_test(t, commands_that_read_never_upgrade);
	tcase_add_loop_test(t, commands_that_write_refuse_and_name_the_process,
	    0, sizeof(writing) / sizeof(writing[0]));
	tcase_add_test(t, a_service_answers_503_during_the_upgrade);
	tcase_add_test(t, a_service_waits_for_the_upgrade_of_another_process);
	tcase_add_test(t, a_service_ends_where_a_former_one_stays);
	tcase_add_test(t, a_service_ends_under_a_newer_release);
	tcase_add_test(t, a_cgi_program_refuses_to_upgrade_too_many_tenants);
	tcase_add_test(t, a_cgi_program_upgrades);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
