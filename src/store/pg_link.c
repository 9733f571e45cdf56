/* SPDX-License-Identifier: ISC */
/*
 * pg_link.c - connects, sends and receives without blocking.
 *
 * PostgreSQL's own timeouts are not enough: statement_timeout does not end the
 * wait of a commit for its standby. So every wait is a poll(2) with the
 * caller's deadline, and a link whose deadline passed is closed, because its
 * later answers would be taken for those of the next batch.
 */
#include "store/pg_link.h"

#include <dlfcn.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* Pipeline mode came with version 14. */
#define SERVER_MIN 140000
/* Milliseconds between two lines of the log about one link. */
#define LINE_AGAIN 5000

/* --- the library -------------------------------------------------------- */

/* The functions of libpq. */
/* clang-format off */
#define PG_FUNCTIONS(X) \
	X(PQclear) X(PQcmdTuples) X(PQconnectPoll) \
	X(PQconnectStartParams) X(PQconsumeInput) X(PQenterPipelineMode) \
	X(PQerrorMessage) X(PQfinish) X(PQflush) \
	X(PQgetResult) X(PQgetisnull) X(PQgetlength) \
	X(PQgetvalue) X(PQisBusy) X(PQntuples) \
	X(PQpipelineSync) X(PQresultErrorField) X(PQresultStatus) \
	X(PQsendPrepare) X(PQsendQuery) X(PQsendQueryParams) \
	X(PQsendQueryPrepared) X(PQserverVersion) X(PQsetNoticeReceiver) \
	X(PQsetnonblocking) X(PQsocket) X(PQstatus)
/* clang-format on */

struct pg_api {
#define X(name) __typeof__(name) *(name);
	PG_FUNCTIONS(X)
#undef X
};

enum err
pg_api_load(struct pg_api **out)
{
	static const char *const names[] = {
#define X(name) #name,
		PG_FUNCTIONS(X)
#undef X
	};
	void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
	struct pg_api *api = calloc(1, sizeof(*api));
	void **slot = (void **)api;
	size_t i;

	if (api == NULL)
		return ERR_MEMORY;
	*out = api;
	if (library == NULL) {
		log_line(LOG_AT_ERROR,
		    "store: a store in PostgreSQL needs libpq 14 or newer "
		    "(Debian package libpq5): %s",
		    dlerror());
		return ERR_STORE;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((slot[i] = dlsym(library, names[i])) == NULL) {
			log_line(LOG_AT_ERROR,
			    "store: libpq is older than 14: it lacks %s",
			    names[i]);
			return ERR_STORE;
		}
	return ERR_OK;
}

size_t
pg_result_rows(const struct pg_api *pq, const struct pg_result *r)
{
	return (size_t)pq->PQntuples(r);
}

struct str
pg_result_value(
    const struct pg_api *pq, const struct pg_result *r, size_t row, int column)
{
	return str_from(pq->PQgetvalue(r, (int)row, column),
	    (size_t)pq->PQgetlength(r, (int)row, column));
}

void
pg_result_free(const struct pg_api *pq, struct pg_result *r)
{
	pq->PQclear(r);
}

/* --- failures ----------------------------------------------------------- */

/* Logs the first line of the server's or the library's message. libpq never
 * puts a password into a message. */
static void
log_failure(struct pg_link *l, const char *doing, const char *message)
{
	int n = (int)strcspn(message, "\n");
	int64_t now = clock_ms();

	if (l->logged_at != 0 && now - l->logged_at < LINE_AGAIN)
		return;
	l->logged_at = now;
	log_line(
	    LOG_AT_ERROR, "store: PostgreSQL: %s: %.*s", doing, n, message);
}

static const struct {
	const char *state; /* an SQLSTATE, or its class */
	enum pg_outcome outcome;
	enum err failure;
} states[] = {
	{ "23505", PG_CONFLICT, ERR_OK }, /* another inserted the key */
	{ "22012", PG_CONFLICT, ERR_OK }, /* a mark differs: see pg_sql.c */
	{ "40", PG_CONFLICT, ERR_OK }, /* serialization, deadlock */
	{ "55P03", PG_CONFLICT, ERR_OK }, /* lock_timeout */
	{ "53100", PG_FAILED, ERR_FULL },
	{ "53", PG_LOST, ERR_OK }, /* too many connections, no memory */
	{ "57", PG_LOST, ERR_OK }, /* shutdown, starting up, cancelled */
	{ "08", PG_LOST, ERR_OK },
	{ "25006", PG_LOST, ERR_OK }, /* now a standby */
	{ "XX001", PG_FAILED, ERR_CORRUPT },
	{ "XX002", PG_FAILED, ERR_CORRUPT },
	{ "3F000", PG_FAILED, ERR_NO_STORE },
	{ "42P01", PG_FAILED, ERR_NO_STORE },
	{ "", PG_FAILED, ERR_STORE },
};

static enum pg_outcome
judge(struct pg_link *l, const PGresult *r)
{
	const struct pg_api *pq = l->target->api;
	const char *state = pq->PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *message = pq->PQresultErrorField(
	    r, PG_DIAG_MESSAGE_PRIMARY);
	size_t i;

	/* libpq itself made this result: the connection is gone. */
	if (state == NULL)
		return PG_LOST;
	for (i = 0;
	     strncmp(state, states[i].state, strlen(states[i].state)) != 0; i++)
		;
	if (states[i].outcome != PG_CONFLICT &&
	    states[i].failure != ERR_NO_STORE)
		log_failure(l, state, message != NULL ? message : "");
	l->failure = states[i].failure;
	return states[i].outcome;
}

/* --- a link ------------------------------------------------------------- */

void
pg_link_init(struct pg_link *l, const struct pg_target *target)
{
	*l = (struct pg_link){ .target = target };
}

void
pg_link_close(struct pg_link *l)
{
	if (l->conn != NULL)
		l->target->api->PQfinish(l->conn);
	l->conn = NULL;
	memset(l->prepared, 0, sizeof(l->prepared));
	l->sent = 0;
}

/* Waits until the socket is ready. False: the deadline passed. */
static bool
wait_for(struct pg_link *l, short events, int64_t until)
{
	struct pollfd p = { .fd = l->target->api->PQsocket(l->conn),
		.events = events };
	int64_t left = until - clock_ms();

	return left > 0 && p.fd >= 0 && poll(&p, 1, (int)left) >= 0 &&
	    (p.revents != 0 || clock_ms() < until);
}

/* A warning (class 01) after a commit means that an administrator ended the
 * wait for the standby. */
static void
on_notice(void *arg, const PGresult *r)
{
	struct pg_link *l = arg;
	const char *state = l->target->api->PQresultErrorField(
	    r, PG_DIAG_SQLSTATE);

	if (state != NULL && strncmp(state, "01", 2) == 0)
		l->unreplicated = true;
}

/* Receives until libpq has a whole result. */
static bool
receive(struct pg_link *l, int64_t until)
{
	const struct pg_api *pq = l->target->api;
	int unsent;

	for (;;) {
		if ((unsent = pq->PQflush(l->conn)) < 0)
			return false;
		if (unsent == 0 && !pq->PQisBusy(l->conn))
			return true;
		if (!wait_for(l, unsent ? POLLIN | POLLOUT : POLLIN, until) ||
		    !pq->PQconsumeInput(l->conn))
			return false;
	}
}

/* Every statement finds its rows by the primary key. The planner does not know
 * the number of keys, and without these settings it reads whole tables while
 * they are small, and compiles a statement of 1 ms for 100 ms where it expects
 * many rows (jit of version 15, 75,000 rows). */
static enum err
set_up(struct pg_link *l, int64_t until)
{
	const struct pg_api *pq = l->target->api;
	char sql[512];
	bool right = true;
	PGresult *r;

	snprintf(sql, sizeof(sql),
	    "SET search_path = %s; SET enable_hashjoin = off; "
	    "SET enable_mergejoin = off; SET enable_seqscan = off; "
	    "SET enable_bitmapscan = off; SET jit = off; "
	    "SET plan_cache_mode = force_generic_plan; "
	    "SET lock_timeout = '2s'; SET statement_timeout = '10s'; "
	    "SET idle_in_transaction_session_timeout = '10s'",
	    l->target->schema);
	if (!pq->PQsendQuery(l->conn, sql))
		return ERR_STORE;
	for (;;) {
		if (!receive(l, until))
			return ERR_STORE;
		if ((r = pq->PQgetResult(l->conn)) == NULL)
			break;
		right &= pq->PQresultStatus(r) == PGRES_COMMAND_OK;
		pq->PQclear(r);
	}
	return right && pq->PQenterPipelineMode(l->conn) ? ERR_OK : ERR_STORE;
}

static enum err
start(struct pg_link *l, int64_t until)
{
	const char *const words[] = { "fallback_application_name", "dbname",
		"passfile", "target_session_attrs", "gssencmode",
		"client_encoding", "connect_timeout", "tcp_user_timeout",
		NULL };
	const char *const values[] = { "pushcert", l->target->conninfo,
		l->target->password_file, "read-write", "disable", "UTF8", "2",
		"5000", NULL };
	const struct pg_api *pq = l->target->api;
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	l->conn = pq->PQconnectStartParams(words, values, 1);
	while (l->conn != NULL && pq->PQstatus(l->conn) != CONNECTION_BAD) {
		if (!wait_for(l,
			status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			until))
			return ERR_BUSY;
		status = pq->PQconnectPoll(l->conn);
		if (status == PGRES_POLLING_OK)
			return ERR_OK;
		if (status == PGRES_POLLING_FAILED)
			break;
	}
	return ERR_STORE;
}

enum err
pg_link_connect(struct pg_link *l, int64_t until)
{
	const struct pg_api *pq = l->target->api;
	enum err e;

	if (l->conn != NULL)
		return ERR_OK;
	e = start(l, until);
	if (e == ERR_OK && pq->PQserverVersion(l->conn) < SERVER_MIN) {
		log_failure(l, "connect", "the server is older than 14");
		e = ERR_STORE;
	} else if (e == ERR_OK) {
		pq->PQsetNoticeReceiver(l->conn, on_notice, l);
		pq->PQsetnonblocking(l->conn, 1);
		e = set_up(l, until);
	}
	if (e != ERR_OK) {
		log_failure(l, "connect",
		    l->conn == NULL ? "no memory"
				    : pq->PQerrorMessage(l->conn));
		pg_link_close(l);
	}
	return e;
}

/* --- a batch of statements ---------------------------------------------- */

static bool
note(struct pg_link *l, unsigned prepares, int sent)
{
	if (!sent)
		return false;
	l->prepares[l->sent++] = (uint8_t)prepares;
	return true;
}

static bool
has_room(const struct pg_link *l, size_t n)
{
	return l->conn != NULL &&
	    l->sent + n <= sizeof(l->prepares) / sizeof(l->prepares[0]);
}

bool
pg_link_send(struct pg_link *l, const struct pg_statement *s,
    const struct pg_value *values, size_t n)
{
	const struct pg_api *pq = l->target->api;
	const char *p[PG_PARAMETERS_MAX];
	int length[PG_PARAMETERS_MAX], format[PG_PARAMETERS_MAX];
	char name[16];
	size_t i;

	if (!has_room(l, 2))
		return false;
	snprintf(name, sizeof(name), "s%u", s->number);
	if (!l->prepared[s->number] &&
	    !note(l, s->number + 1,
		pq->PQsendPrepare(l->conn, name, s->sql, 0, NULL)))
		return false;
	l->prepared[s->number] = true;
	for (i = 0; i < n; i++) {
		p[i] = values[i].p;
		length[i] = (int)values[i].n;
		format[i] = 1;
	}
	return note(l, 0,
	    pq->PQsendQueryPrepared(
		l->conn, name, (int)n, p, length, format, 1));
}

bool
pg_link_send_text(struct pg_link *l, const char *sql)
{
	return has_room(l, 1) &&
	    note(l, 0,
		l->target->api->PQsendQueryParams(
		    l->conn, sql, 0, NULL, NULL, NULL, NULL, 1));
}

/* Takes the results of one statement, up to the NULL that ends them. */
static enum pg_outcome
take_one(struct pg_link *l, int64_t until, PGresult **out)
{
	const struct pg_api *pq = l->target->api;
	enum pg_outcome outcome = PG_DONE;
	PGresult *r;

	*out = NULL;
	for (;;) {
		if (!receive(l, until))
			return PG_LOST;
		if ((r = pq->PQgetResult(l->conn)) == NULL)
			return outcome;
		switch ((int)pq->PQresultStatus(r)) {
		case PGRES_COMMAND_OK:
		case PGRES_TUPLES_OK:
			*out = r;
			continue;
		case PGRES_PIPELINE_ABORTED:
			break;
		default:
			outcome = judge(l, r);
		}
		pq->PQclear(r);
		if (outcome == PG_LOST)
			return outcome;
	}
}

static enum pg_outcome
take_sync(struct pg_link *l, int64_t until)
{
	const struct pg_api *pq = l->target->api;
	bool synced;
	PGresult *r;

	if (!receive(l, until) || (r = pq->PQgetResult(l->conn)) == NULL)
		return PG_LOST;
	synced = pq->PQresultStatus(r) == PGRES_PIPELINE_SYNC;
	pq->PQclear(r);
	return synced ? PG_DONE : PG_LOST;
}

enum pg_outcome
pg_link_run(struct pg_link *l, int64_t until, pg_take *take, void *arg)
{
	enum pg_outcome first = PG_DONE, outcome;
	size_t i, answer = 0;
	PGresult *r;

	l->failure = ERR_OK;
	if (l->conn == NULL || !l->target->api->PQpipelineSync(l->conn))
		first = PG_LOST;
	for (i = 0; i < l->sent && first != PG_LOST; i++) {
		outcome = take_one(l, until, &r);
		if (first == PG_DONE || outcome == PG_LOST)
			first = outcome;
		/* After a failure the server skips the rest of the batch. */
		if (r == NULL && l->prepares[i] != 0)
			l->prepared[l->prepares[i] - 1] = false;
		else if (r == NULL)
			; /* its place in the order still counts */
		else if (l->prepares[i] != 0 || take == NULL ||
		    !take(arg, answer, r))
			l->target->api->PQclear(r);
		answer += l->prepares[i] == 0;
	}
	if (first != PG_LOST && take_sync(l, until) == PG_LOST)
		first = PG_LOST;
	l->lost |= first == PG_LOST;
	if (first == PG_LOST)
		pg_link_close(l);
	l->sent = 0;
	return first;
}
