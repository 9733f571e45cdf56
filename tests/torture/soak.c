/* SPDX-License-Identifier: ISC */
/*
 * soak.c - a million reads and fifty thousand changes over keep-alive
 * connections: neither the memory nor the descriptors of the program grow, and
 * its file does not grow at all.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "timing.h"
#include "fcgi_client.h"
#include "torture.h"
#include "victim.h"

#define RESPONSE_MAX 65536
/* Each worker keeps the memory that its largest request needed. With few
 * workers, all of them reach this maximum soon. */
#define WORKERS 12
/* Fewer than workers, so that every connection can be kept alive. */
#define PEERS 10
/* Enough concurrent requests to keep every worker busy. */
#define CROWD 64
#define CROWDED 20
/* In a round each connection sends a change, then READS reads. */
#define READS 20
#define ROUNDS 100
#define ROUNDS_FULL 5000
/* Rounds before the first measurement: they fill the history, so its pages are
 * reused from then on. */
#define ROUNDS_WARM 200
#define LONGEST 1000

struct test {
	struct torture t;
	struct victim v;
	int conn[CROWD];
	unsigned gets;
	unsigned patches;
	unsigned opened;
};

struct size {
	long memory; /* KiB */
	long descriptors;
	long file; /* KiB */
};

/* --- requests ----------------------------------------------------------- */

static const struct reading {
	struct ask ask;
	const char *status;
} readings[] = {
	{ { .method = "GET" }, "Status: 200" },
	{ { .method = "GET",
	      .more = (const char *const[]){ "QUERY_STRING",
		  "$select=id,expirationDateTime", NULL } },
	    "Status: 200" },
	{ { .method = "GET",
	      .more =
		  (const char *const[]){ "HTTP_IF_NONE_MATCH", "*", NULL } },
	    "Status: 304" },
	{ { .method = "HEAD" }, "Status: 200" },
	{ { .method = "GET",
	      .more =
		  (const char *const[]){ "QUERY_STRING", "$select=x", NULL } },
	    "Status: 400" },
	{ { .method = "GET", .path = "/v1.0/deviceManagement/x" },
	    "Status: 400" },
	{ { .method = "GET",
	      .more = (const char *const[]){ "HTTP_ACCEPT",
		  "application/json;odata.metadata=full", NULL } },
	    "Status: 200" },
	{ { .method = "GET",
	      .more =
		  (const char *const[]){ "HTTP_ACCEPT", "text/html", NULL } },
	    "Status: 406" },
};

#define READINGS (sizeof(readings) / sizeof(readings[0]))

/* Returns the bytes of a request on a keep-alive connection. */
static struct str
bytes_of(struct test *f, const struct ask *ask, char out[RESPONSE_MAX])
{
	size_t n;

	if (!victim_request(&f->v, ask, out, RESPONSE_MAX, &n))
		torture_die(&f->t, "a request");
	/* FCGI_KEEP_CONN in the flags of the FCGI_BEGIN_REQUEST record. */
	out[10] = 1;
	return str_from(out, n);
}

static bool
answered(int fd, const char *status)
{
	char text[RESPONSE_MAX];
	struct fcgi_reply r;

	fcgi_reply_init(&r, text, sizeof(text));
	return fcgi_receive(fd, &r) && str_starts(buf_view(&r.text), status);
}

/* Sends the same request on all n connections before it reads the first
 * response. Opens a connection again if the program has closed it. */
static void
ask_all(struct test *f, size_t n, struct str request, const char *status)
{
	char gone;
	size_t i;

	for (i = 0; i < n; i++) {
		if (f->conn[i] >= 0 &&
		    recv(f->conn[i], &gone, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
			close(f->conn[i]);
			f->conn[i] = -1;
		}
		if (f->conn[i] < 0) {
			f->conn[i] = fcgi_connect(f->v.socket);
			f->opened++;
		}
		fcgi_send(f->conn[i], request);
	}
	for (i = 0; i < n; i++)
		torture_check(&f->t, answered(f->conn[i], status),
		    "no %s after %u GET, %u PATCH", status, f->gets,
		    f->patches);
}

/* The length of the number varies. */
static void
change_all(struct test *f, size_t n)
{
	char body[LONGEST + 64], bytes[RESPONSE_MAX];
	const struct ask ask = { .method = "PATCH", .body = body };

	snprintf(body, sizeof(body), "{\"appleIdentifier\":\"%0*u\"}",
	    1 + (int)torture_random(&f->t, LONGEST), f->patches);
	ask_all(f, n, bytes_of(f, &ask, bytes), "Status: 200");
}

static void
run_rounds(struct test *f, unsigned rounds)
{
	static char bytes[READINGS][RESPONSE_MAX];
	struct str request[READINGS];
	size_t i;

	for (i = 0; i < READINGS; i++)
		request[i] = bytes_of(f, &readings[i].ask, bytes[i]);
	for (; rounds > 0; rounds--) {
		change_all(f, PEERS);
		f->patches += PEERS;
		for (i = 0; i < READS; i++) {
			const size_t k = torture_random(&f->t, READINGS);

			ask_all(f, PEERS, request[k], readings[k].status);
			f->gets += PEERS;
		}
	}
}

static void
close_all(struct test *f)
{
	size_t i;

	for (i = 0; i < CROWD; i++) {
		if (f->conn[i] >= 0)
			close(f->conn[i]);
		f->conn[i] = -1;
	}
}

/* Makes every worker do everything. Afterwards each worker has the memory that
 * it will ever need, and has released the rest. */
static void
crowd(struct test *f)
{
	char bytes[RESPONSE_MAX];
	unsigned i;
	size_t k;

	for (i = 0; i < CROWDED; i++) {
		change_all(f, CROWD);
		for (k = 0; k < READINGS; k++)
			ask_all(f, CROWD, bytes_of(f, &readings[k].ask, bytes),
			    readings[k].status);
	}
	close_all(f);
}

/* --- sizes -------------------------------------------------------------- */

/* Returns the resident memory of the program in KiB, mapped files included. */
static long
memory_of(const struct victim *v)
{
	char path[64], line[128];
	long size = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)v->pid);
	if ((f = fopen(path, "r")) == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			size = strtol(line + 6, NULL, 10);
	fclose(f);
	return size;
}

static long
descriptors_of(const struct victim *v)
{
	char path[64];
	DIR *d;
	long n = -2; /* . and .. */

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)v->pid);
	if ((d = opendir(path)) == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Measures always after the same load, half a second after all connections were
 * closed. */
static struct size
measure(struct test *f)
{
	crowd(f);
	sleep_ms(500);
	return (struct size){ memory_of(&f->v), descriptors_of(&f->v),
		(long)(victim_data_size(&f->v) / 1024) };
}

static void
set_workers(struct test *f)
{
	FILE *config = fopen(f->v.config, "a");

	if (config == NULL || fprintf(config, "workers = %d\n", WORKERS) < 0 ||
	    fclose(config) != 0)
		torture_die(&f->t, f->v.config);
}

/* KiB. LMDB cannot reuse the pages of a commit while a reader that began before
 * it is not finished, so a busy machine sometimes needs a few more pages. A
 * leak of one page in 1,000 changes would make 200 KiB. */
#define FILE_GROWTH_MAX 64

int
main(int argc, char **argv)
{
	struct test f = { .gets = 0 };
	struct size before, after;

	torture_begin(&f.t, "soak", argc, argv);
	memset(f.conn, 0xff, sizeof(f.conn));
	victim_make(&f.v, &f.t, NULL);
	set_workers(&f);
	victim_start(&f.v);
	run_rounds(&f, ROUNDS_WARM);
	before = measure(&f);
	f.gets = f.patches = f.opened = 0;
	run_rounds(&f, f.t.full ? ROUNDS_FULL : ROUNDS);
	after = measure(&f);
	/* Sanitizers do not release freed memory. */
	torture_check(&f.t,
	    TORTURE_SANITIZED ||
		after.memory - before.memory < before.memory / 100,
	    "%ld KiB have become %ld", before.memory, after.memory);
	torture_check(&f.t, after.descriptors == before.descriptors,
	    "%ld descriptors have become %ld", before.descriptors,
	    after.descriptors);
	torture_check(&f.t, after.file < before.file + FILE_GROWTH_MAX,
	    "a file of %ld KiB has become one of %ld", before.file, after.file);
	torture_check(&f.t, victim_stop(&f.v), "the end");
	printf("soak: %u GET, %u PATCH, %u connections; %ld KiB of memory now "
	       "%ld, %ld descriptors now %ld, %ld KiB of file now %ld\n",
	    f.gets, f.patches, f.opened, before.memory, after.memory,
	    before.descriptors, after.descriptors, before.file, after.file);
	return torture_end(&f.t);
}
