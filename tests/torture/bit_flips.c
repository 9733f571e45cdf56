/* SPDX-License-Identifier: ISC */
/*
 * bit_flips.c - one bit of a filled store is flipped. After that, each response
 * is either correct or an error with a line in the log, or verify reports the
 * store as damaged. The program may die, but only with a reason in the log.
 *
 * Every other flip hits a sensitive place: one of the two roots of the file, a
 * branch page, or the head of a page.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"
#include "victim.h"

#define FLIPS 60
#define FLIPS_FULL 3000
#define TENANTS 200
#define RESPONSE_MAX 16384

#define PAGE 4096
#define ROOTS 2
#define HEAD_LEN 64
#define FLAGS_AT 10
#define FLAG_BRANCH 1
/* Deadline in seconds, for verify and for the program. */
#define DEADLINE 30

struct flip {
	size_t at;
	unsigned bit;
	bool damaged; /* as verify reports it */
};

struct test {
	struct torture t;
	struct victim v;
	char token[TENANTS][VICTIM_TOKEN_MAX];
	char *right[TENANTS]; /* expected bodies */
	char data[160];
	unsigned char *bytes;
	size_t n;
	off_t started; /* size of the log before the program was started */
	unsigned found, refused, died, silent, failed;
};

/* --- a filled store ------------------------------------------------------ */

static void
be(struct test *f, unsigned tenant)
{
	memcpy(f->v.token, f->token[tenant], sizeof(f->token[tenant]));
}

static void
change(struct test *f, unsigned round, unsigned tenant)
{
	static char text[6000], body[6200], out[RESPONSE_MAX];
	const struct ask a = { .method = "PATCH", .body = body };

	memset(text, 'x', sizeof(text) - 1);
	text[tenant % 8 == 0 ? sizeof(text) - 1 : 40] = '\0';
	snprintf(body, sizeof(body),
	    "{\"appleIdentifier\":\"%u of tenant %u\",\"certificate\":\"%s\"}",
	    round, tenant, text);
	be(f, tenant);
	if (victim_ask(&f->v, &a, out, sizeof(out)) != 200)
		torture_die(&f->t, "a change");
}

static const char *
body_of(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	return end != NULL ? end : "";
}

static void
fill(struct test *f)
{
	const struct ask get = { .method = NULL };
	const struct ask generate = { .method = "POST",
		.path = "/beta/deviceManagement/"
			"applePushNotificationCertificate/generateApple"
			"PushNotificationCertificateSigningRequest",
		.body = "" };
	static char out[RESPONSE_MAX];
	unsigned round, i;

	for (i = 0; i < TENANTS; i++)
		victim_token(&f->v, i, f->token[i]);
	victim_start(&f->v);
	for (round = 0; round < 3; round++)
		for (i = 0; i < TENANTS; i++)
			change(f, round, i);
	if (victim_ask(&f->v, &generate, out, sizeof(out)) != 200)
		torture_die(&f->t, "a request");
	for (i = 0; i < TENANTS; i++) {
		be(f, i);
		if (victim_ask(&f->v, &get, out, sizeof(out)) != 200)
			torture_die(&f->t, "an answer");
		f->right[i] = strdup(body_of(out));
	}
	if (!victim_stop(&f->v))
		torture_die(&f->t, "stop");
}

static void
read_data(struct test *f)
{
	struct stat st;
	int fd;

	snprintf(f->data, sizeof(f->data), "%s/data.mdb", f->v.data);
	if ((fd = open(f->data, O_RDONLY)) < 0 || fstat(fd, &st) != 0)
		torture_die(&f->t, f->data);
	f->n = (size_t)st.st_size;
	f->bytes = malloc(f->n);
	if (f->bytes == NULL || read(fd, f->bytes, f->n) != (ssize_t)f->n)
		torture_die(&f->t, f->data);
	close(fd);
}

/* --- one flip ------------------------------------------------------------ */

static size_t
random_page(struct test *f, bool branch)
{
	size_t page;

	do
		page = torture_random(&f->t, (uint32_t)(f->n / PAGE));
	while (branch &&
	    (page < ROOTS ||
		(f->bytes[page * PAGE + FLAGS_AT] & FLAG_BRANCH) == 0));
	return page;
}

static struct flip
random_flip(struct test *f)
{
	struct flip flip = { .bit = torture_random(&f->t, 8) };

	switch (torture_random(&f->t, 6)) {
	case 0:
		flip.at = torture_random(&f->t, ROOTS) * PAGE +
		    torture_random(&f->t, 160);
		break;
	case 1:
		flip.at = random_page(f, true) * PAGE +
		    torture_random(&f->t, PAGE);
		break;
	case 2:
		flip.at = random_page(f, false) * PAGE +
		    torture_random(&f->t, HEAD_LEN);
		break;
	default:
		flip.at = torture_random(&f->t, (uint32_t)f->n);
		break;
	}
	return flip;
}

/*
 * Writes the whole file again, with this flip and without any earlier change.
 */
static void
put_data(struct test *f, const struct flip *flip)
{
	int fd = open(f->data, O_WRONLY | O_TRUNC);

	f->bytes[flip->at] ^= (unsigned char)(1U << flip->bit);
	if (fd < 0 || write(fd, f->bytes, f->n) != (ssize_t)f->n)
		torture_die(&f->t, f->data);
	f->bytes[flip->at] ^= (unsigned char)(1U << flip->bit);
	close(fd);
}

/* True if verify finds no damage; otherwise verify writes its findings to the
 * log. */
static bool
verify(struct test *f, const struct flip *flip)
{
	int status = -1, log;
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		log = open(f->v.log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(log, STDERR_FILENO);
		dup2(log, STDOUT_FILENO);
		alarm(DEADLINE);
		execl("./pushcert", "pushcert", "verify", "--config",
		    f->v.config, (char *)NULL);
		_exit(99);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		torture_die(&f->t, "verify");
	/* The deadline kills verify only; this also kills its child. */
	kill(-pid, SIGKILL);
	torture_check(&f->t, WIFEXITED(status) && WEXITSTATUS(status) <= 1,
	    "byte %zu bit %u: verify ends with %#x", flip->at, flip->bit,
	    (unsigned)status);
	return status == 0;
}

/* True if the program has logged this word since it was started. */
static bool
has_said(const struct test *f, const char *word)
{
	static char text[65536];
	int fd = open(f->v.log, O_RDONLY);
	ssize_t n = pread(fd, text, sizeof(text) - 1, f->started);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, word) != NULL;
}

/* The alarm kills a program that exceeds its deadline. A read that waits for
 * this program then returns. */
static volatile pid_t serving;

static void
on_alarm(int number)
{
	(void)number;
	kill(serving, SIGKILL);
}

static void
start(struct test *f)
{
	f->started = victim_log_size(&f->v);
	victim_start(&f->v);
	serving = f->v.pid;
	alarm(DEADLINE);
}

/* The program has ended: checks that the log gives a reason. The function
 * starts the program again if a signal killed it. */
static void
check_end(struct test *f, const struct flip *flip)
{
	int status = victim_wait(&f->v);

	if (WIFSIGNALED(status)) {
		f->died++;
		torture_check(&f->t,
		    flip->damaged && has_said(f, "pushcert verify"),
		    "byte %zu bit %u: killed by signal %d", flip->at, flip->bit,
		    WTERMSIG(status));
		start(f);
		return;
	}
	f->refused++;
	torture_check(&f->t,
	    flip->damaged && victim_log_size(&f->v) > f->started,
	    "byte %zu bit %u: ended with %#x", flip->at, flip->bit,
	    (unsigned)status);
}

/* A connection may break a moment before the process ends. */
static bool
has_ended(const struct test *f)
{
	unsigned tries;

	for (tries = 0; tries < 200 && !victim_ended(&f->v); tries++)
		usleep(5000);
	return victim_ended(&f->v);
}

/* Returns false if the program does not run any more. */
static bool
check_answer(struct test *f, const struct flip *flip, unsigned tenant)
{
	const struct ask get = { .method = NULL };
	static char out[RESPONSE_MAX];
	off_t before = victim_log_size(&f->v);
	int status;

	be(f, tenant);
	status = victim_ask(&f->v, &get, out, sizeof(out));
	if (status == 0 && has_ended(f)) {
		check_end(f, flip);
		return f->v.pid != 0;
	}
	if (status == 200 && strcmp(body_of(out), f->right[tenant]) == 0)
		return true;
	f->failed += status >= 500;
	if (status >= 500 && victim_log_size(&f->v) > before)
		return true;
	/*
	 * A token is missing, a record is missing, or a record is an older one.
	 */
	f->silent += !flip->damaged;
	torture_check(&f->t, flip->damaged && status != 0,
	    "byte %zu bit %u: tenant %u: %d, %.200s", flip->at, flip->bit,
	    tenant, status, body_of(out));
	return true;
}

static void
try_flip(struct test *f, unsigned number)
{
	struct flip flip = random_flip(f);
	unsigned i;
	bool goes_on = true;

	put_data(f, &flip);
	flip.damaged = !verify(f, &flip);
	f->found += flip.damaged;
	/* This undoes the changes that verify has made to the file. */
	put_data(f, &flip);
	start(f);
	for (i = 0; i < TENANTS && goes_on; i++)
		goes_on = check_answer(f, &flip, i);
	alarm(0);
	/* When the program stops, it records when tokens were used. */
	if (f->v.pid != 0 && !victim_stop(&f->v)) {
		f->died++;
		torture_check(&f->t, flip.damaged || has_said(f, "pushcert: "),
		    "byte %zu bit %u: does not stop", flip.at, flip.bit);
	}
	if (number % 500 == 0)
		printf("bit_flips: %u flips\n", number);
}

int
main(int argc, char **argv)
{
	static struct test f;
	const struct sigaction action = { .sa_handler = on_alarm };
	struct flip none = { .bit = 0 };
	unsigned flips, i;

	torture_begin(&f.t, "bit_flips", argc, argv);
	/* Without SA_RESTART the alarm interrupts a read that would never
	 * return. */
	sigaction(SIGALRM, &action, NULL);
	victim_make(&f.v, &f.t, NULL);
	fill(&f);
	read_data(&f);
	torture_check(&f.t, verify(&f, &none), "nothing is damaged");
	flips = f.t.full ? FLIPS_FULL : FLIPS;
	for (i = 1; i <= flips; i++)
		try_flip(&f, i);
	torture_check(&f.t, f.found > flips / 20, "verify finds damage");
	printf("bit_flips: %u flips, %u found by verify, %u answers 5xx, "
	       "%u refused to start, %u logged why and died, %u silent\n",
	    flips, f.found, f.failed, f.refused, f.died, f.silent);
	for (i = 0; i < TENANTS; i++)
		free(f.right[i]);
	free(f.bytes);
	return torture_end(&f.t);
}
