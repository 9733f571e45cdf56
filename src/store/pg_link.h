/* SPDX-License-Identifier: ISC */
/*
 * pg_link.h - one connection to PostgreSQL. It never waits longer than a
 * deadline, and it sends many statements in one round trip. Private to the
 * pg_* files.
 *
 * libpq is loaded when the first store in PostgreSQL is opened, so a process
 * with a store in LMDB neither needs it nor loads it.
 */
#ifndef PUSHCERT_PG_LINK_H
#define PUSHCERT_PG_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* The functions of libpq, and its types for a connection and an answer. */
struct pg_api;
struct pg_conn;
struct pg_dial;
struct pg_result;
struct metrics;

/* Loads libpq; free(3) releases the result. ERR_MEMORY, or ERR_STORE if libpq
 * is missing or too old; the cause is logged. */
enum err pg_api_load(struct pg_api **out) ATTR_CHECKED;

/* The number of rows of an answer, and one of their values, which lives as long
 * as the answer. */
size_t pg_result_rows(const struct pg_api *pq, const struct pg_result *r);
struct str pg_result_value(
    const struct pg_api *pq, const struct pg_result *r, size_t row, int column);
/* The first value of a row, which is an int8. */
uint64_t pg_result_number(
    const struct pg_api *pq, const struct pg_result *r, size_t row);
/* NULL is allowed. */
void pg_result_free(const struct pg_api *pq, struct pg_result *r);

/* How to connect; see pushcert.conf.5. The texts outlive the links. */
struct pg_target {
	const struct pg_api *api;
	const char *conninfo;
	const char *password_file; /* NULL: none */
	const char *schema;
	struct metrics *metrics; /* or NULL */
};

#define PG_STATEMENTS_MAX 128
#define PG_PARAMETERS_MAX 4

/* A statement that a link prepares when it needs it for the first time. */
struct pg_statement {
	unsigned number; /* below PG_STATEMENTS_MAX */
	const char *sql;
};

struct pg_value {
	const void *p;
	size_t n;
};

enum pg_outcome {
	PG_DONE,
	/* Nothing was committed, because a row is not what the batch expects:
	 * another process has changed it. */
	PG_CONFLICT,
	/* Nothing was committed, for a reason that passes: a serialization
	 * failure, a deadlock, a lock timeout. */
	PG_AGAIN,
	/* The connection was lost, or the deadline passed: it is unknown
	 * whether the server did the work. */
	PG_LOST,
	/* The server refused the work for good; see `failure`. */
	PG_FAILED
};

struct pg_link {
	const struct pg_target *target;
	struct pg_conn *conn; /* NULL: not connected */
	struct pg_dial *dial; /* an attempt to connect that has not ended */
	bool prepared[PG_STATEMENTS_MAX];
	/* The statements that were sent since the last pg_link_run: for a
	 * PREPARE, the number of the statement that it prepares, plus 1; else
	 * 0. */
	uint8_t prepares[512];
	size_t sent;
	/* The server was told to stop waiting for a standby, so a commit may
	 * exist on one machine only. */
	bool unreplicated;
	bool lost; /* since the last pg_connect */
	enum err failure;
	/* The messages that were logged last, by their hash. */
	struct pg_logged {
		uint64_t what;
		int64_t at;
	} logged[2];
	int64_t connected_at; /* the last attempt */
};

void pg_link_init(struct pg_link *l, const struct pg_target *target);
void pg_link_close(struct pg_link *l);

/* Connects if the link is not connected. ERR_STORE (logged), or ERR_BUSY when
 * the deadline passes. `until` is a moment of clock_ms. */
enum err pg_link_connect(struct pg_link *l, int64_t until) ATTR_CHECKED;

/* Appends a statement to the batch. False: the link is lost or full; it is
 * closed then, so pg_link_run fails, and a caller need not look. */
bool pg_link_send(struct pg_link *l, const struct pg_statement *s,
    const struct pg_value *values, size_t n);
/* Appends a statement without parameters that is not prepared. */
bool pg_link_send_text(struct pg_link *l, const char *sql);

/*
 * Sends the batch, and waits for all answers. Unless a BEGIN was sent before,
 * the batch is one transaction. take gets each answer in turn and keeps it if
 * it returns true. A NULL `take` drops them.
 */
typedef bool pg_take(void *arg, size_t i, struct pg_result *result);
enum pg_outcome pg_link_run(
    struct pg_link *l, int64_t until, pg_take *take, void *arg) ATTR_CHECKED;

#endif
