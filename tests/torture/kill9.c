/* SPDX-License-Identifier: ISC */
/*
 * kill9.c - the program is killed repeatedly while clients change a record,
 * each client its own property. After each kill every property must have a
 * value between the last acknowledged value and the last value sent.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "torture.h"
#include "victim.h"

#define RESPONSE_MAX 16384
#define KILLS 40
#define KILLS_FULL 2000
/* The full test goes on until this number of changes was acknowledged, but it
 * stops after KILLS_MAX kills. */
#define ACKS_FULL 40000
#define KILLS_MAX (4 * KILLS_FULL)
/* The longest life of the program, in microseconds. */
#define LIFE_MAX 40000

static const char *const properties[] = { "appleIdentifier", "topicIdentifier",
	"certificateUploadStatus", "certificateUploadFailureReason" };

#define CLIENTS (sizeof(properties) / sizeof(properties[0]))

struct shared {
	atomic_bool over;
	atomic_uint acks;
	atomic_uint sent[CLIENTS];
	atomic_uint done[CLIENTS];
};

static void
nap(unsigned microseconds)
{
	const struct timespec t = { .tv_nsec = (long)microseconds * 1000 };

	nanosleep(&t, NULL);
}

static void
run_client(const struct victim *v, struct shared *s, size_t i)
{
	char body[128], out[RESPONSE_MAX];
	const struct ask a = { .method = "PATCH", .body = body };

	while (!s->over) {
		unsigned number = ++s->sent[i];

		snprintf(body, sizeof(body), "{\"%s\":\"%u\"}", properties[i],
		    number);
		if (victim_ask(v, &a, out, sizeof(out)) == 200) {
			s->done[i] = number;
			s->acks++;
		}
	}
}

/* A response must contain every change that was acknowledged before the
 * request. */
static void
check(struct torture *t, const struct victim *v, struct shared *s)
{
	const struct ask get = { .method = NULL };
	unsigned done[CLIENTS], is;
	char out[RESPONSE_MAX], name[64], *at;
	size_t i;
	int status;

	for (i = 0; i < CLIENTS; i++)
		done[i] = s->done[i];
	status = victim_ask(v, &get, out, sizeof(out));
	for (i = 0; i < CLIENTS && status == 200; i++) {
		snprintf(name, sizeof(name), "\"%s\":\"", properties[i]);
		at = strstr(out, name);
		is = at == NULL
		    ? 0
		    : (unsigned)strtoul(at + strlen(name), NULL, 10);
		torture_check(t, is >= done[i] && is <= s->sent[i],
		    "%s is %u, acknowledged %u, sent %u", properties[i], is,
		    done[i], s->sent[i]);
	}
	torture_check(t, status == 200, "GET: status %d, the program %s",
	    status, victim_ended(v) ? "ended" : "runs");
}

int
main(int argc, char **argv)
{
	struct shared *s = torture_share(sizeof(*s));
	unsigned kills, acks, killed;
	pid_t client[CLIENTS];
	struct torture t;
	struct victim v;
	size_t i;

	torture_begin(&t, "kill9", argc, argv);
	victim_make(&v, &t, NULL);
	victim_start(&v);
	if (victim_set(&v, 0) != 200)
		torture_die(&t, "the first change");
	for (i = 0; i < CLIENTS; i++)
		if ((client[i] = fork()) == 0) {
			/* The client outlives the program whose pid it
			 * inherited, so it must not watch this pid. */
			v.pid = 0;
			run_client(&v, s, i);
			_exit(0);
		}
	kills = t.full ? KILLS_FULL : KILLS;
	acks = t.full ? ACKS_FULL : kills;
	for (killed = 0;
	     killed < kills || (s->acks < acks && killed < KILLS_MAX);
	     killed++) {
		nap(torture_random(&t, LIFE_MAX));
		kill(v.pid, SIGKILL);
		(void)victim_wait(&v);
		victim_start(&v);
		check(&t, &v, s);
	}
	s->over = true;
	for (i = 0; i < CLIENTS; i++)
		waitpid(client[i], NULL, 0);
	check(&t, &v, s);
	torture_check(&t, victim_stop(&v), "the end");
	torture_check(&t, s->acks >= acks, "only %u acks", s->acks);
	printf(
	    "kill9: %u kills, %u acks, %u lost\n", killed, s->acks, t.failed);
	return torture_end(&t);
}
