/* SPDX-License-Identifier: ISC */
/*
 * pg_dial.c - the thread that connects.
 *
 * The thread and its caller share a struct pg_dial. The later of the two that
 * is finished with it frees it: state tells each whether the other still needs
 * it.
 */
#include "store/pg_dial.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/libc.h"
#include "store/pg_api.h"
#include "store/pg_policy.h"

/* getaddrinfo, with the modules of NSS, and the handshake of TLS. */
#define STACK_SIZE ((size_t)512 * 1024)

enum state { RUNS, ENDED, DROPPED };

struct pg_dial {
	atomic_int state;
	sem_t ended;
	/* Copies, because the thread may outlive the store. */
	struct pg_api api;
	struct pg_target target;
	char *conninfo, *password_file;
	/* The result of the thread. */
	enum err e;
	char why[PG_WHY_MAX];
	PGconn *conn;
};

static void
free_dial(struct pg_dial *d)
{
	if (d->conn != NULL)
		d->api.PQfinish(d->conn);
	sem_destroy(&d->ended);
	free(d->conninfo);
	free(d->password_file);
	free(d);
}

/* --- the thread --------------------------------------------------------- */

/* The parameters of a connection. Later words take precedence over the
 * connection string. */
#define WORDS_MAX 12
struct words {
	const char *word[WORDS_MAX], *value[WORDS_MAX];
};

/*
 * Without sslcert, libpq looks for a certificate in the home directory and
 * fails if it may not look there, as under ProtectHome of systemd. A file that
 * is missing means that there is none. A word before the connection string
 * counts only where the string has no such word.
 */
static const char *
certificate(void)
{
	const char *file = getenv("PGSSLCERT");

	return file != NULL ? file : "/nonexistent";
}

static struct words
words_of(const struct pg_target *target)
{
	return (struct words){
		.word = { "sslcert", "fallback_application_name", "dbname",
		    "passfile", "target_session_attrs", "gssencmode",
		    "client_encoding", "connect_timeout", "tcp_user_timeout" },
		.value = { certificate(), "pushcert", target->conninfo,
		    target->password_file, "read-write", "disable", "UTF8", "2",
		    "5000" },
	};
}

/* Checks the target before anything is sent. */
static enum err
check(struct pg_dial *d)
{
	const struct pg_api *pq = &d->api;
	struct words w = words_of(&d->target);
	PQconninfoOption *options;
	size_t n = 0;
	PGconn *conn;
	enum err e;

	if (!pg_policy_has_no_password(pq, d->conninfo, d->why))
		return ERR_STORE;
	/* libpq reads the string, the environment and the service file, and
	 * then stops at this port, before it looks up a name. */
	while (w.word[n] != NULL)
		n++;
	w.word[n] = "port";
	w.value[n] = "none";
	conn = pq->PQconnectStartParams(w.word, w.value, 1);
	options = conn != NULL ? pq->PQconninfo(conn) : NULL;
	e = options == NULL                         ? ERR_MEMORY
	    : pg_policy_allows(pq, options, d->why) ? ERR_OK
						    : ERR_STORE;
	pg_policy_free(pq, options);
	if (conn != NULL)
		pq->PQfinish(conn);
	return e;
}

static void *
dial(void *arg)
{
	struct pg_dial *d = arg;
	struct words w = words_of(&d->target);

	d->e = check(d);
	if (d->e == ERR_OK) {
		d->conn = d->api.PQconnectdbParams(w.word, w.value, 1);
		if (d->conn == NULL)
			d->e = ERR_MEMORY;
	}
	if (atomic_exchange(&d->state, ENDED) == DROPPED)
		free_dial(d);
	else
		sem_post(&d->ended);
	return NULL;
}

/* --- the caller --------------------------------------------------------- */

static bool
start_thread(struct pg_dial *d)
{
	pthread_attr_t attr;
	pthread_t thread;
	bool started;

	if (pthread_attr_init(&attr) != 0)
		return false;
	started = pthread_attr_setstacksize(&attr, STACK_SIZE) == 0 &&
	    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0 &&
	    pthread_create(&thread, &attr, dial, d) == 0;
	pthread_attr_destroy(&attr);
	return started;
}

enum err
pg_dial_begin(const struct pg_target *target, struct pg_dial **out)
{
	struct pg_dial *d = calloc(1, sizeof(*d));
	bool copied;

	if (d == NULL || sem_init(&d->ended, 0, 0) != 0) {
		free(d);
		return ERR_MEMORY;
	}
	d->api = *target->api;
	d->conninfo = strdup(target->conninfo);
	copied = d->conninfo != NULL;
	if (target->password_file != NULL) {
		d->password_file = strdup(target->password_file);
		copied = copied && d->password_file != NULL;
	}
	d->target = (struct pg_target){ .api = &d->api,
		.conninfo = d->conninfo,
		.password_file = d->password_file };
	if (!copied || !start_thread(d)) {
		free_dial(d);
		return ERR_MEMORY;
	}
	*out = d;
	return ERR_OK;
}

enum err
pg_dial_wait(struct pg_dial *d, int64_t until, struct pg_conn **out,
    char why[PG_WHY_MAX])
{
	const struct timespec deadline = { .tv_sec = until / 1000,
		.tv_nsec = until % 1000 * 1000000 };
	enum err e;

	while (libc_wait_until(&d->ended, &deadline) != 0)
		if (errno != EINTR)
			return ERR_BUSY;
	assert(atomic_load(&d->state) == ENDED);
	e = d->e;
	memcpy(why, d->why, sizeof(d->why));
	*out = d->conn;
	d->conn = NULL;
	free_dial(d);
	return e;
}

void
pg_dial_drop(struct pg_dial *d)
{
	if (d == NULL || atomic_exchange(&d->state, DROPPED) == RUNS)
		return;
	while (sem_wait(&d->ended) != 0)
		continue;
	free_dial(d);
}
