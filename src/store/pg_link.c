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

#include <errno.h>
#include <libpq-fe.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/pg_api.h"
#include "store/pg_dial.h"

/* Pipeline mode came with version 14. */
#define SERVER_MIN 140000
/* Milliseconds after which a link logs the same line again. */
#define LINE_AGAIN 5000

/* --- failures ----------------------------------------------------------- */

/* FNV-1a, on top of another hash. */
static uint64_t
add_hash(uint64_t hash, const char *text, size_t n)
{
	while (n-- > 0)
		hash = (hash ^ (unsigned char)*text++) *
		    UINT64_C(0x100000001b3);
	return hash;
}

/* Whether a message is none of the two that this link has logged last, or the
 * time has come to repeat it. A lost connection and the reason why no other can
 * be made often alternate. */
static bool
is_news(struct pg_link *l, uint64_t what)
{
	struct pg_logged *a = &l->logged[0], *b = &l->logged[1], *same;
	int64_t now = clock_ms();

	same = a->what == what ? a : b->what == what ? b : NULL;
	if (same != NULL && now - same->at < LINE_AGAIN)
		return false;
	if (same == NULL)
		same = a->at <= b->at ? a : b;
	*same = (struct pg_logged){ .what = what, .at = now };
	return true;
}

/* Logs the first line of the server's or the library's message. libpq never
 * puts a password into a message. */
static void
log_failure(
    struct pg_link *l, const char *doing, const char *message, const char *cure)
{
	size_t n = strcspn(message, "\n");
	uint64_t what = UINT64_C(0xcbf29ce484222325);

	what = add_hash(what, doing, strlen(doing));
	what = add_hash(what, message, n);
	if (is_news(l, what))
		log_line(LOG_AT_ERROR, "store: PostgreSQL: %s: %.*s%s", doing,
		    (int)n, message, cure);
}

#define FOREIGN                                                                \
	"; the schema has a table of another program: set database_schema to " \
	"another name"
#define POOL                                                                  \
	"; a pool of connections in front of the server must keep a session " \
	"for each client"

static const struct {
	const char *state; /* an SQLSTATE, or its class */
	enum pg_outcome outcome;
	enum err failure;
	const char *cure;
} states[] = {
	{ "23505", PG_CONFLICT, ERR_OK, "" }, /* another inserted the key */
	{ "22012", PG_CONFLICT, ERR_OK, "" }, /* a mark differs: see pg_sql.c */
	{ "40", PG_AGAIN, ERR_OK, "" }, /* serialization, deadlock */
	{ "55P03", PG_AGAIN, ERR_OK, "" }, /* lock_timeout */
	{ "25P03", PG_LOST, ERR_OK, "" }, /* idle in a transaction */
	{ "53100", PG_FAILED, ERR_FULL, "" },
	{ "53", PG_LOST, ERR_OK, "" }, /* too many connections, no memory */
	{ "57", PG_LOST, ERR_OK, "" }, /* shutdown, starting up, cancelled */
	{ "08", PG_LOST, ERR_OK, "" },
	{ "25006", PG_LOST, ERR_OK, "" }, /* now a standby */
	{ "XX001", PG_FAILED, ERR_CORRUPT, "" },
	{ "XX002", PG_FAILED, ERR_CORRUPT, "" },
	{ "3F000", PG_FAILED, ERR_NO_STORE, "" },
	{ "42P01", PG_FAILED, ERR_NO_STORE, "" },
	{ "42501", PG_FAILED, ERR_STORE,
	    "; pushcert init --owner ROLE gives this role its rights" },
	{ "42703", PG_FAILED, ERR_STORE, FOREIGN }, /* no such column */
	/* A statement that is prepared on another connection of the pool. */
	{ "42P05", PG_FAILED, ERR_STORE, POOL },
	{ "26000", PG_FAILED, ERR_STORE, POOL },
	{ "", PG_FAILED, ERR_STORE, "" },
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
	if (states[i].outcome != PG_CONFLICT && states[i].outcome != PG_AGAIN &&
	    states[i].failure != ERR_NO_STORE)
		log_failure(
		    l, state, message != NULL ? message : "", states[i].cure);
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
	pg_dial_drop(l->dial);
	l->dial = NULL;
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
	int n;

	if (left <= 0 || p.fd < 0)
		return false;
	n = poll(&p, 1, left < INT_MAX ? (int)left : INT_MAX);
	return n > 0 || (n < 0 && errno == EINTR);
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
		if (!wait_for(l, unsent ? POLLIN | POLLOUT : POLLIN, until)) {
			if (clock_ms() >= until)
				log_failure(l, "wait",
				    "the server has not answered in time",
				    "; pushcert doctor names a missing "
				    "standby");
			return false;
		}
		if (!pq->PQconsumeInput(l->conn))
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
			return ERR_BUSY;
		if ((r = pq->PQgetResult(l->conn)) == NULL)
			break;
		right &= pq->PQresultStatus(r) == PGRES_COMMAND_OK;
		pq->PQclear(r);
	}
	return right && pq->PQenterPipelineMode(l->conn) ? ERR_OK : ERR_STORE;
}

/* Waits for the thread that connects. If the deadline passes, the thread goes
 * on, and the next call waits for it. */
static enum err
start(struct pg_link *l, int64_t until, char why[PG_WHY_MAX])
{
	const struct pg_api *pq = l->target->api;
	struct pg_conn *conn = NULL;
	enum err e;

	snprintf(why, PG_WHY_MAX, "no memory");
	if (l->dial == NULL &&
	    (e = pg_dial_begin(l->target, &l->dial)) != ERR_OK)
		return e;
	if ((e = pg_dial_wait(l->dial, until, &conn, why)) == ERR_BUSY) {
		snprintf(why, PG_WHY_MAX, "no answer yet");
		return e;
	}
	l->dial = NULL;
	l->conn = conn;
	if (e != ERR_OK || pq->PQstatus(conn) == CONNECTION_OK)
		return e;
	snprintf(why, PG_WHY_MAX, "%s", pq->PQerrorMessage(conn));
	return ERR_STORE;
}

static enum err
connect_and_set_up(struct pg_link *l, int64_t until, char why[PG_WHY_MAX])
{
	const struct pg_api *pq = l->target->api;
	enum err e;

	if ((e = start(l, until, why)) != ERR_OK)
		return e;
	if (pq->PQserverVersion(l->conn) < SERVER_MIN) {
		snprintf(why, PG_WHY_MAX, "the server is older than 14");
		return ERR_STORE;
	}
	pq->PQsetNoticeReceiver(l->conn, on_notice, l);
	pq->PQsetnonblocking(l->conn, 1);
	e = set_up(l, until);
	snprintf(why, PG_WHY_MAX, "%s", pq->PQerrorMessage(l->conn));
	return e;
}

enum err
pg_link_connect(struct pg_link *l, int64_t until)
{
	char why[PG_WHY_MAX] = "";
	enum err e;

	if (l->conn != NULL)
		return ERR_OK;
	l->connected_at = clock_ms();
	if ((e = connect_and_set_up(l, until, why)) == ERR_OK)
		return ERR_OK;
	/* libpq says so as "fe_sendauth: no password supplied". */
	log_failure(l, "connect", why,
	    strstr(why, "no password supplied") != NULL
		? "; database_password_file needs a line for this server, "
		  "database and role"
		: "");
	if (l->conn != NULL)
		pg_link_close(l);
	return e;
}

/* --- a batch of statements ---------------------------------------------- */

/* A statement that libpq did not take leaves no gap: the link is closed, so the
 * whole batch fails. The answers are told apart by their order alone, and a
 * BEGIN or a LOCK must not be missing. */
static bool
note(struct pg_link *l, unsigned prepares, int sent)
{
	if (!sent) {
		pg_link_close(l);
		return false;
	}
	l->prepares[l->sent++] = (uint8_t)prepares;
	return true;
}

static bool
has_room(struct pg_link *l, size_t n)
{
	if (l->sent + n > sizeof(l->prepares) / sizeof(l->prepares[0]))
		pg_link_close(l);
	return l->conn != NULL;
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

/* Takes the result of the Sync. A transaction can still fail there, at its
 * commit; then the error and a NULL come first. */
static enum pg_outcome
take_sync(struct pg_link *l, int64_t until)
{
	const struct pg_api *pq = l->target->api;
	enum pg_outcome outcome = PG_DONE;
	bool synced = false;
	PGresult *r;

	while (!synced && outcome != PG_LOST) {
		if (!receive(l, until))
			return PG_LOST;
		if ((r = pq->PQgetResult(l->conn)) == NULL) {
			if (outcome == PG_DONE)
				return PG_LOST;
			continue;
		}
		synced = pq->PQresultStatus(r) == PGRES_PIPELINE_SYNC;
		if (!synced)
			outcome = judge(l, r);
		pq->PQclear(r);
	}
	return outcome;
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
	if (first != PG_LOST) {
		outcome = take_sync(l, until);
		if (first == PG_DONE || outcome == PG_LOST)
			first = outcome;
	}
	l->lost |= first == PG_LOST;
	if (first == PG_LOST)
		pg_link_close(l);
	l->sent = 0;
	return first;
}
