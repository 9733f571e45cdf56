/* SPDX-License-Identifier: ISC */
/*
 * failover_load.c - the load of the test failover: threads that change records
 * of a store in PostgreSQL and note the outcome of every change, and a check
 * that compares these notes with the history in the store.
 *
 *   failover_load run DIRECTORY DATABASE SCHEMA PROCESS TIMEOUT FILE
 *   failover_load check DIRECTORY DATABASE SCHEMA FILE...
 *
 * Each change has a name of its own, which is the actor of its event, so the
 * history shows which changes were applied, and how often. The first threads
 * share a few records, whose number they increase by one with the revision that
 * they have read, as clients do with If-Match.
 *
 * `run` works until SIGTERM. It creates FILE.ready after the first change, and
 * writes FILE at its end: lines "ack NAME" for a change that was acknowledged,
 * "unknown NAME" for one that timed out, and "longest MS". TIMEOUT is the
 * queue_timeout in milliseconds.
 *
 * `check` prints a line of figures. Its exit status is 1 if a change was lost
 * or applied twice, or if a number is wrong.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "rules/change.h"
#include "state/config.h"

#define THREADS 32
#define TENANTS 200
/* The tenants whose records are counters, and the threads of a process that
 * increase them. */
#define COUNTERS 4
#define COUNTING 4
#define NAME_MAX_LEN 32
#define ARENA ((size_t)1 << 20)

static volatile sig_atomic_t ends;

struct load {
	struct config config;
	struct store *store;
	unsigned process;
	const char *path;
	FILE *notes;
	pthread_mutex_t lock; /* guards the notes */
	atomic_bool ready;
	atomic_long longest;
	atomic_ulong wrong;
};

struct thread {
	struct load *load;
	pthread_t id;
	unsigned number;
	struct arena arena;
	struct txn *reader;
};

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "failover_load: %s: %s\n", what, why);
	exit(2);
}

static void
on_term(int number)
{
	(void)number;
	ends = 1;
}

static struct guid
tenant_of(unsigned n)
{
	struct guid g = { .byte = { 0xfa } };

	g.byte[6] = 0x40;
	g.byte[8] = 0x80;
	g.byte[15] = (uint8_t)n;
	return g;
}

static struct store *
open_store(char **argument, int64_t timeout_ms)
{
	/* No event of a run is swept. */
	const struct store_options options = { .directory = argument[0],
		.database = argument[1],
		.database_schema = argument[2],
		.database_lanes = 2,
		.history_keep = 100000,
		.history_certificates = 10,
		.timeout_ms = timeout_ms,
		.create = true };
	struct store *st = NULL;
	enum err e = store_open(&options, &st);

	if (e != ERR_OK)
		die(argument[1], err_info(e)->text);
	return st;
}

/* --- run ---------------------------------------------------------------- */

static void
note(struct load *l, enum err e, const char *name, long ms)
{
	char path[1024];
	long longest = atomic_load(&l->longest);
	FILE *f;

	while (ms > longest &&
	    !atomic_compare_exchange_weak(&l->longest, &longest, ms))
		continue;
	if (e != ERR_OK && e != ERR_BUSY && e != ERR_PRECONDITION) {
		fprintf(
		    stderr, "failover_load: %s: %s\n", name, err_info(e)->code);
		atomic_fetch_add(&l->wrong, 1);
	}
	pthread_mutex_lock(&l->lock);
	if (e != ERR_PRECONDITION)
		fprintf(
		    l->notes, "%s %s\n", e == ERR_OK ? "ack" : "unknown", name);
	pthread_mutex_unlock(&l->lock);
	if (e != ERR_OK || atomic_exchange(&l->ready, true))
		return;
	snprintf(path, sizeof(path), "%s.ready", l->path);
	if ((f = fopen(path, "w")) != NULL)
		fclose(f);
}

/* Reads a counter: its number and its revision. */
static enum err
read_counter(struct thread *t, const struct guid *tenant, long *number,
    uint64_t *revision)
{
	struct record r;
	char text[32];
	enum err e;

	*number = 0;
	*revision = 0;
	if ((e = store_begin(t->reader)) != ERR_OK)
		return e;
	e = store_record(t->reader, tenant, &r);
	if (e == ERR_OK) {
		snprintf(text, sizeof(text), "%.*s",
		    STR_ARG(r.value[RECORD_APPLE_ID]));
		*number = strtol(text, NULL, 10);
		*revision = r.revision;
	}
	store_end(t->reader);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static void
change_once(struct thread *t, unsigned n)
{
	struct load *l = t->load;
	bool counts = t->number < COUNTING;
	unsigned tenant = n * 7 + t->number * 31 + l->process * 101;
	char name[NAME_MAX_LEN], text[32];
	int64_t began;
	struct change in = { .config = &l->config,
		.arena = &t->arena,
		.by = { .now = { .at = time(NULL) } },
		.patch = { .set = RECORD_BIT(RECORD_APPLE_ID) } };
	struct record out;
	struct fault fault;
	long number = 0;
	enum err e;

	snprintf(name, sizeof(name), "%u-%u-%u", l->process, t->number, n);
	in.by.actor = str_of(name);
	in.by.tenant = tenant_of(counts
		? tenant % COUNTERS
		: COUNTERS + tenant % (TENANTS - COUNTERS));
	arena_reset(&t->arena);
	if (counts) {
		in.revision_given = true;
		if (read_counter(t, &in.by.tenant, &number, &in.revision) !=
		    ERR_OK)
			return;
	}
	began = clock_ms();
	snprintf(text, sizeof(text), "%ld",
	    counts ? number + 1 : (long)n * 1000 + t->number * 10 + l->process);
	in.patch.value[RECORD_APPLE_ID] = str_of(text);
	e = change_patch(l->store, &in, &out, &fault);
	note(l, e, name, (long)(clock_ms() - began));
}

static void *
work(void *arg)
{
	struct thread *t = arg;
	void *block = malloc(ARENA);
	unsigned n = 0;

	if (block == NULL || store_reader(t->load->store, &t->reader) != ERR_OK)
		die("thread", "memory");
	arena_init(&t->arena, block, ARENA);
	while (!ends)
		change_once(t, n++);
	store_reader_free(t->reader);
	free(block);
	return NULL;
}

static int
run(char **argument)
{
	static struct thread thread[THREADS];
	static struct load l = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct sigaction act = { .sa_handler = on_term };
	unsigned i;

	sigaction(SIGTERM, &act, NULL);
	config_default(&l.config);
	l.process = (unsigned)strtoul(argument[3], NULL, 10);
	l.path = argument[5];
	l.store = open_store(argument, strtol(argument[4], NULL, 10));
	if ((l.notes = fopen(l.path, "w")) == NULL)
		die(l.path, strerror(errno));
	for (i = 0; i < THREADS; i++) {
		thread[i] = (struct thread){ .load = &l, .number = i };
		if (pthread_create(&thread[i].id, NULL, work, &thread[i]) != 0)
			die("thread", "cannot be started");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i].id, NULL);
	fprintf(l.notes, "longest %ld\n", l.longest);
	fclose(l.notes);
	store_close(l.store);
	return l.wrong == 0 ? 0 : 1;
}

/* --- check -------------------------------------------------------------- */

struct names {
	char (*name)[NAME_MAX_LEN];
	size_t n, room;
};

struct check {
	struct names acks, unknown, events;
	unsigned long of_tenant; /* events */
	long longest;
};

static void
add(struct names *list, const char *name, size_t n)
{
	if (list->n == list->room) {
		list->room = list->room > 0 ? 2 * list->room : 4096;
		list->name = realloc(
		    list->name, list->room * sizeof(*list->name));
		if (list->name == NULL)
			die("check", "memory");
	}
	snprintf(list->name[list->n++], NAME_MAX_LEN, "%.*s", (int)n, name);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
sort(struct names *list)
{
	if (list->n > 0)
		qsort(list->name, list->n, sizeof(*list->name), compare);
}

static bool
has(const struct names *list, const char *name)
{
	return list->n > 0 &&
	    bsearch(name, list->name, list->n, sizeof(*list->name), compare) !=
	    NULL;
}

static void
read_notes(struct check *c, const char *path)
{
	static const char longest_is[] = "longest ";
	char line[128], name[NAME_MAX_LEN];
	FILE *f = fopen(path, "r");
	long longest;

	if (f == NULL)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "ack %31s", name) == 1)
			add(&c->acks, name, strlen(name));
		else if (sscanf(line, "unknown %31s", name) == 1)
			add(&c->unknown, name, strlen(name));
		else if (strncmp(line, longest_is, strlen(longest_is)) == 0) {
			longest = strtol(line + strlen(longest_is), NULL, 10);
			c->longest = longest > c->longest ? longest
							  : c->longest;
		}
	fclose(f);
}

static enum err
take_event(const struct event *ev, void *arg)
{
	struct check *c = arg;

	c->of_tenant++;
	add(&c->events, ev->actor.p, ev->actor.n);
	return ERR_OK;
}

/* Reads the history of all tenants. Returns the number of counters that differ
 * from the number of their events: each event has added one. */
static unsigned
read_store(struct check *c, struct store *st)
{
	unsigned wrong = 0, i;
	struct txn *tx = NULL;
	struct record r;
	struct guid g;
	char text[32];

	if (store_reader(st, &tx) != ERR_OK)
		die("check", "memory");
	for (i = 0; i < TENANTS; i++) {
		g = tenant_of(i);
		c->of_tenant = 0;
		if (store_begin(tx) != ERR_OK ||
		    store_events(tx, &g, take_event, c) != ERR_OK)
			die("check", "the history cannot be read");
		if (i < COUNTERS && store_record(tx, &g, &r) == ERR_OK) {
			snprintf(text, sizeof(text), "%.*s",
			    STR_ARG(r.value[RECORD_APPLE_ID]));
			wrong += strtoul(text, NULL, 10) != c->of_tenant;
		}
		store_end(tx);
	}
	store_reader_free(tx);
	return wrong;
}

static int
check(char **argument)
{
	static struct check c;
	struct store *st = open_store(argument, 10000);
	unsigned long lost = 0, twice = 0, later = 0, stray = 0;
	unsigned wrong;
	size_t i;

	for (i = 3; argument[i] != NULL; i++)
		read_notes(&c, argument[i]);
	wrong = read_store(&c, st);
	store_close(st);
	sort(&c.acks);
	sort(&c.unknown);
	sort(&c.events);
	for (i = 0; i < c.acks.n; i++)
		lost += !has(&c.events, c.acks.name[i]);
	for (i = 0; i < c.events.n; i++) {
		twice += i > 0 &&
		    strcmp(c.events.name[i - 1], c.events.name[i]) == 0;
		later += has(&c.unknown, c.events.name[i]);
		stray += !has(&c.unknown, c.events.name[i]) &&
		    !has(&c.acks, c.events.name[i]);
	}
	printf("acks %zu events %zu lost %lu twice %lu stray %lu wrong %u "
	       "unknown %zu applied %lu longest %ld\n",
	    c.acks.n, c.events.n, lost, twice, stray, wrong, c.unknown.n, later,
	    c.longest);
	return lost + twice + stray + wrong == 0 && c.acks.n > 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc == 8 && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	if (argc > 5 && strcmp(argv[1], "check") == 0)
		return check(argv + 2);
	fputs("usage: failover_load run DIRECTORY DATABASE SCHEMA PROCESS "
	      "TIMEOUT FILE\n"
	      "       failover_load check DIRECTORY DATABASE SCHEMA FILE...\n",
	    stderr);
	return 2;
}
