/* SPDX-License-Identifier: ISC */
/*
 * fake_server.h - what the two halves of the fake share: the connections, and
 * what the server does with what they send.
 */
#ifndef PUSHCERT_FAKE_SERVER_H
#define PUSHCERT_FAKE_SERVER_H

#include <libpq-fe.h>
#include <pthread.h>

#include "fake_db.h"
#include "fake_pq.h"
#include "store/pg_api.h"

struct pg_result {
	ExecStatusType status;
	char state[6];
	struct fake_answer answer;
};

/* A message that the server has not run yet. A Sync has no text. */
struct message {
	const char *sql;
	struct str value[FAKE_PARAMETERS];
	bool prepares;
};

#define QUEUE 2048
struct pg_conn {
	bool bad; /* the connection failed or is lost */
	const char *why;
	int fd;
	PQnoticeReceiver receiver;
	void *receiver_arg;
	bool warns; /* a notice is under way */
	const char *prepared[PG_STATEMENTS_MAX];
	struct message queue[QUEUE];
	size_t queued;
	/* NULL ends the results of each statement. */
	struct pg_result *result[QUEUE];
	size_t results, taken;
	bool waits; /* its commit waits for the standby */
	bool open; /* a transaction that BEGIN began */
	struct fake_transaction transaction;
};

/* Guards everything. */
extern pthread_mutex_t fake_lock;

/* Appends a result. */
void fake_answer_with(struct pg_conn *c, ExecStatusType status,
    const char *state, const struct fake_answer *rows);
/* The connection is lost, and so is a transaction that is open. */
void fake_lose(struct pg_conn *c);
/* Drops what the client has not received yet. */
void fake_drop_results(struct pg_conn *c);
/* The SQLSTATE that the test wants here, or NULL. */
const char *fake_fault(struct pg_conn *c, enum fake_place place);
/* Runs all that stands before a Sync, as one transaction unless a BEGIN stands
 * before it. */
void fake_run_all(struct pg_conn *c);
/* The connection no longer waits for the standby. */
void fake_forget_waiter(const struct pg_conn *c);

#endif
