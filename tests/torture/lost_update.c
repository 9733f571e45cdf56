/* SPDX-License-Identifier: ISC */
/*
 * lost_update.c - several writers read a number, add one and write it back with
 * If-Match, and retry if that is refused. The final number must be the sum of
 * all acknowledged changes. The control omits If-Match and must lose some.
 *
 * Half of the writers send their requests to a second process on the same
 * store.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"
#include "victim.h"

#define WRITERS 4
#define RESPONSE_MAX 16384
#define EACH 100
#define EACH_FULL 5000

struct shared {
	unsigned done[WRITERS];
	unsigned refused[WRITERS];
	unsigned wrong[WRITERS];
};

/* Reads the ETag and the number from a response. Returns false if one of them
 * is missing. */
static bool
read_answer(const char *text, char etag[64], long *number)
{
	const char *tag = strstr(text, "\r\nETag: ");
	const char *id = strstr(text, "\"appleIdentifier\":\"");

	if (tag == NULL || id == NULL || sscanf(tag + 8, "%63[^\r]", etag) != 1)
		return false;
	*number = strtol(id + strlen("\"appleIdentifier\":\""), NULL, 10);
	return true;
}

/* Tries once to add one, and returns the status of the change. */
static int
add_one(const struct victim *v, bool careful)
{
	const struct ask get = { .method = NULL };
	char out[RESPONSE_MAX], etag[64], body[64];
	const char *const match[] = { "HTTP_IF_MATCH", etag, NULL };
	const struct ask set = {
		.method = "PATCH", .body = body, .more = careful ? match : NULL
	};
	long number;

	if (victim_ask(v, &get, out, sizeof(out)) != 200 ||
	    !read_answer(out, etag, &number))
		return 0;
	snprintf(
	    body, sizeof(body), "{\"appleIdentifier\":\"%ld\"}", number + 1);
	return victim_ask(v, &set, out, sizeof(out));
}

static void
run_writer(const struct victim *v, struct shared *s, unsigned i, unsigned each,
    bool careful)
{
	while (s->done[i] < each && s->wrong[i] == 0) {
		int status = add_one(v, careful);

		s->done[i] += status == 200;
		s->refused[i] += status == 412;
		s->wrong[i] += status != 200 && status != 412;
	}
}

/* Each writer is a process. Returns the number of acknowledged changes. */
static unsigned
run_writers(struct victim v[2], struct shared *s, unsigned each, bool careful)
{
	pid_t child[WRITERS];
	unsigned i, sum = 0;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < WRITERS; i++)
		if ((child[i] = fork()) == 0) {
			run_writer(&v[i % 2], s, i, each, careful);
			_exit(0);
		}
	for (i = 0; i < WRITERS; i++) {
		waitpid(child[i], NULL, 0);
		sum += s->done[i];
	}
	return sum;
}

static unsigned
sum_of(const unsigned n[WRITERS])
{
	unsigned i, sum = 0;

	for (i = 0; i < WRITERS; i++)
		sum += n[i];
	return sum;
}

int
main(int argc, char **argv)
{
	struct shared *s = torture_share(sizeof(*s));
	unsigned sum, refused, each;
	struct victim v[2];
	struct torture t;
	long careful, careless;
	int status;

	torture_begin(&t, "lost-update", argc, argv);
	each = t.full ? EACH_FULL : EACH;
	victim_make(&v[0], &t, NULL);
	victim_second(&v[0], &v[1]);
	victim_start(&v[0]);
	victim_start(&v[1]);
	if (victim_set(&v[0], 0) != 200)
		torture_die(&t, "the first change");
	sum = run_writers(v, s, each, true);
	refused = sum_of(s->refused);
	careful = victim_get(&v[0], &status);
	torture_check(&t, sum == WRITERS * each && sum_of(s->wrong) == 0,
	    "%u changes, %u wrong", sum, sum_of(s->wrong));
	torture_check(
	    &t, careful == (long)sum, "%u changes made %ld", sum, careful);
	torture_check(&t, refused > 0, "no two writers have met");
	sum = run_writers(v, s, EACH, false);
	careless = victim_get(&v[0], &status) - careful;
	torture_check(&t, careless < (long)sum, "the control loses nothing");
	torture_check(&t, victim_stop(&v[0]) && victim_stop(&v[1]), "the end");
	printf("lost-update: %d writers, %ld increments, %u refused, %ld "
	       "lost; control: %ld of %u lost\n",
	    WRITERS, careful, refused, (long)(WRITERS * each) - careful,
	    (long)sum - careless, sum);
	return torture_end(&t);
}
