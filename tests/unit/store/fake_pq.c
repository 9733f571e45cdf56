/* SPDX-License-Identifier: ISC */
/*
 * fake_pq.c - the functions of libpq for the server in fake_server.c. One lock
 * guards everything, because the readers and the leader have threads.
 */
#include "fake_pq.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fake_server.h"
#include "timing.h"

/* Counts a call, and loses the connection at the one that the test names.
 * Returns whether the connection is there. */
static bool
enter(struct pg_conn *c)
{
	pthread_mutex_lock(&fake_lock);
	if (++fake.calls == fake.lose_at) {
		fake.lost = true;
		fake_lose(c);
		fake_drop_results(c);
	}
	return !c->bad;
}

static int
leave(int result)
{
	pthread_mutex_unlock(&fake_lock);
	return result;
}

static struct pg_conn *
fake_connect(const char *const *words, const char *const *values, int expand)
{
	struct pg_conn *c = fake_calloc(sizeof(*c));
	const char *state;

	(void)words;
	(void)values;
	(void)expand;
	if (c == NULL)
		return NULL;
	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sleep_ms(fake.connect_ms);
	pthread_mutex_lock(&fake_lock);
	fake.connects++;
	if ((state = fake_fault(c, FAKE_CONNECT)) != NULL) {
		c->bad = true;
		c->why = state;
	}
	pthread_mutex_unlock(&fake_lock);
	return c;
}

static struct pg_conn *
fake_probe(const char *const *words, const char *const *values, int expand)
{
	struct pg_conn *c = fake_calloc(sizeof(*c));

	(void)words;
	(void)values;
	(void)expand;
	if (c != NULL)
		*c = (struct pg_conn){ .fd = -1, .bad = true };
	return c;
}

static void
fake_finish(struct pg_conn *c)
{
	pthread_mutex_lock(&fake_lock);
	fake_forget_waiter(c);
	fake_drop_results(c);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
	pthread_mutex_unlock(&fake_lock);
}

static PQconninfoOption *
fake_conninfo(struct pg_conn *c)
{
	static PQconninfoOption none;

	(void)c;
	return &none;
}

static PQconninfoOption *
fake_parse(const char *conninfo, char **message)
{
	(void)conninfo;
	(void)message;
	return fake_conninfo(NULL);
}

static void
fake_free_options(PQconninfoOption *options)
{
	(void)options;
}

static void
fake_free(void *p)
{
	free(p);
}

static ConnStatusType
fake_status(const struct pg_conn *c)
{
	return c->bad ? CONNECTION_BAD : CONNECTION_OK;
}

static char *
fake_error(const struct pg_conn *c)
{
	static char none[] = "";

	return c->why != NULL ? (char *)(uintptr_t)c->why : none;
}

static int
fake_version(const struct pg_conn *c)
{
	(void)c;
	return fake.version != 0 ? fake.version : 150000;
}

static int
fake_library(void)
{
	return 150000;
}

static int
fake_pipeline(struct pg_conn *c)
{
	return leave(enter(c));
}

static int
fake_nonblocking(struct pg_conn *c, int on)
{
	(void)on;
	return leave(enter(c) ? 0 : -1);
}

static PQnoticeReceiver
fake_set_receiver(struct pg_conn *c, PQnoticeReceiver receiver, void *arg)
{
	c->receiver = receiver;
	c->receiver_arg = arg;
	return NULL;
}

static int
fake_socket(const struct pg_conn *c)
{
	return c->fd;
}

static int
fake_flush(struct pg_conn *c)
{
	return leave(enter(c) ? 0 : -1);
}

static int
fake_consume(struct pg_conn *c)
{
	eventfd_t n;
	bool there = enter(c);

	(void)eventfd_read(c->fd, &n);
	return leave(there);
}

static int
fake_busy(struct pg_conn *c)
{
	bool there = enter(c);

	return leave(there && (fake.is_silent || c->waits));
}

static struct pg_result *
fake_get(struct pg_conn *c)
{
	struct pg_result warning = { .status = PGRES_NONFATAL_ERROR,
		.state = "01000" };
	struct pg_result *r = NULL;
	bool warns;

	(void)enter(c);
	if ((warns = c->warns && c->receiver != NULL))
		c->warns = false;
	if (c->taken < c->results)
		r = c->result[c->taken++];
	if (c->bad && c->taken == c->results && r == NULL) {
		/* As libpq does: an error without an SQLSTATE. */
		fake_answer_with(c, PGRES_FATAL_ERROR, NULL, NULL);
		r = c->result[c->taken++];
	}
	if (c->taken == c->results)
		c->taken = c->results = 0;
	pthread_mutex_unlock(&fake_lock);
	if (warns)
		c->receiver(c->receiver_arg, &warning);
	return r;
}

static int
push(struct pg_conn *c, struct message m, int n, const char *const *values,
    const int *lengths)
{
	int i;

	for (i = 0; i < n; i++)
		m.value[i] = fake_copy(str_from(values[i], (size_t)lengths[i]));
	if (c->queued == QUEUE)
		abort();
	c->queue[c->queued++] = m;
	return 1;
}

static int
fake_prepare(struct pg_conn *c, const char *name, const char *sql, int n,
    const Oid *types)
{
	(void)n;
	(void)types;
	if (!enter(c))
		return leave(0);
	c->prepared[strtoul(name + 1, NULL, 10)] = sql;
	return leave(push(c, (struct message){ .sql = sql, .prepares = true },
	    0, NULL, NULL));
}

static bool
refuses(void)
{
	return fake.refuse_at > 0 && --fake.refuse_at == 0;
}

static int
fake_execute(struct pg_conn *c, const char *name, int n,
    const char *const *values, const int *lengths, const int *formats,
    int format)
{
	const char *sql = c->prepared[strtoul(name + 1, NULL, 10)];

	(void)formats;
	(void)format;
	if (!enter(c))
		return leave(0);
	if (sql == NULL)
		abort();
	if (refuses())
		return leave(0);
	return leave(
	    push(c, (struct message){ .sql = sql }, n, values, lengths));
}

static int
fake_execute_text(struct pg_conn *c, const char *sql, int n, const Oid *types,
    const char *const *values, const int *lengths, const int *formats,
    int format)
{
	struct str copy;

	(void)types;
	(void)formats;
	(void)format;
	if (!enter(c))
		return leave(0);
	if (refuses())
		return leave(0);
	copy = fake_copy(str_of(sql));
	return leave(
	    push(c, (struct message){ .sql = copy.p }, n, values, lengths));
}

/* The SETs, outside the pipeline. */
static int
fake_query(struct pg_conn *c, const char *sql)
{
	(void)sql;
	if (!enter(c))
		return leave(0);
	fake_answer_with(c, PGRES_COMMAND_OK, NULL, NULL);
	return leave(1);
}

static int
fake_sync(struct pg_conn *c)
{
	bool there = enter(c), now = fake.calls == fake.lose_at;

	fake.syncs++;
	if (there || (now && fake.lose_late)) {
		c->bad = false;
		fake_run_all(c);
		if (now) {
			fake_lose(c);
			fake_drop_results(c);
		}
	}
	return leave(there);
}

static ExecStatusType
fake_result_status(const struct pg_result *r)
{
	return r->status;
}

static char *
fake_result_field(const struct pg_result *r, int field)
{
	static char message[] = "a fault of the test";

	if (field == PG_DIAG_MESSAGE_PRIMARY)
		return message;
	return r->state[0] != '\0' ? (char *)(uintptr_t)r->state : NULL;
}

static int
fake_result_rows(const struct pg_result *r)
{
	return (int)r->answer.rows;
}

static char *
fake_result_value(const struct pg_result *r, int row, int column)
{
	return (char *)(uintptr_t)r->answer.cell[row][column].p;
}

static int
fake_result_length(const struct pg_result *r, int row, int column)
{
	return (int)r->answer.cell[row][column].n;
}

static void
fake_clear(struct pg_result *r)
{
	free(r);
}

static const struct pg_api functions = {
	.PQclear = fake_clear,
	.PQconnectStartParams = fake_probe,
	.PQconnectdbParams = fake_connect,
	.PQconninfo = fake_conninfo,
	.PQconninfoFree = fake_free_options,
	.PQconninfoParse = fake_parse,
	.PQconsumeInput = fake_consume,
	.PQenterPipelineMode = fake_pipeline,
	.PQerrorMessage = fake_error,
	.PQfinish = fake_finish,
	.PQflush = fake_flush,
	.PQfreemem = fake_free,
	.PQgetResult = fake_get,
	.PQgetlength = fake_result_length,
	.PQgetvalue = fake_result_value,
	.PQisBusy = fake_busy,
	.PQlibVersion = fake_library,
	.PQntuples = fake_result_rows,
	.PQpipelineSync = fake_sync,
	.PQresultErrorField = fake_result_field,
	.PQresultStatus = fake_result_status,
	.PQsendPrepare = fake_prepare,
	.PQsendQuery = fake_query,
	.PQsendQueryParams = fake_execute_text,
	.PQsendQueryPrepared = fake_execute,
	.PQserverVersion = fake_version,
	.PQsetNoticeReceiver = fake_set_receiver,
	.PQsetnonblocking = fake_nonblocking,
	.PQsocket = fake_socket,
	.PQstatus = fake_status,
};

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
enum err __wrap_pg_api_load(struct pg_api **out);

/* The linker substitutes this function for pg_api_load (--wrap). */
enum err
__wrap_pg_api_load(struct pg_api **out)
{
	if ((*out = malloc(sizeof(**out))) == NULL)
		return ERR_MEMORY;
	**out = functions;
	return ERR_OK;
}
