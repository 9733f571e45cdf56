/* SPDX-License-Identifier: ISC */
/*
 * pg_examine.c - asks the server for the settings on which the promise of the
 * store depends: a change that was acknowledged is on two machines.
 */
#include "store/pg_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Milliseconds that the server may take to answer. */
#define EXAMINE_MS 5000
/* Seconds by which the clocks may differ. */
#define CLOCK_SLACK 5

/* The columns of the query below. Each is a text. */
enum column {
	NAMES, /* of the standbys */
	COMMIT,
	FSYNC,
	CHECKSUMS,
	TLS,
	LOCAL, /* a unix socket or a loopback address */
	CLOCK, /* in seconds */
	SUPERUSER,
	SEES, /* whether the role sees the state of the standbys */
	SENDERS,
	STREAMING, /* synchronous standbys that are up to date or catch up */
	/* Whether the role may change all tables of the store. The schema may
	 * have tables of other programs, too. */
	CHANGES,
	COLUMNS
};

static const char query[] =
    "SELECT current_setting('synchronous_standby_names'), "
    "current_setting('synchronous_commit'), "
    "current_setting('fsync'), "
    "current_setting('data_checksums'), "
    "coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), "
    "false)::text, "
    "(inet_client_addr() IS NULL OR inet_client_addr() <<= '127.0.0.0/8' OR "
    "inet_client_addr() = '::1')::text, "
    "extract(epoch FROM clock_timestamp())::int8::text, "
    "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)::text, "
    "pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')::text, "
    "(SELECT count(*) FROM pg_stat_replication)::text, "
    "(SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND "
    "sync_state IN ('sync', 'quorum'))::text, "
    "coalesce((SELECT bool_and(has_table_privilege(oid, 'SELECT') AND "
    "has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, "
    "'UPDATE') AND has_table_privilege(oid, 'DELETE')) FROM pg_class WHERE "
    "relkind = 'r' AND relnamespace = current_schema()::regnamespace AND "
    "(SELECT count(*) FROM pg_attribute WHERE attrelid = pg_class.oid AND "
    "attname IN ('key', 'row', 'mark') AND NOT attisdropped) = 3), "
    "true)::text";

struct answer {
	const struct pg_api *pq;
	char text[COLUMNS][128];
	bool whole;
};

static bool
take(void *arg, size_t i, struct pg_result *result)
{
	struct answer *a = arg;
	struct str value;
	int column;

	(void)i;
	if (pg_result_rows(a->pq, result) != 1)
		return false;
	for (column = 0; column < COLUMNS; column++) {
		value = pg_result_value(a->pq, result, 0, column);
		snprintf(a->text[column], sizeof(a->text[column]), "%.*s",
		    STR_ARG(value));
	}
	a->whole = true;
	return false;
}

static bool
is(const struct answer *a, enum column column, const char *text)
{
	return strcmp(a->text[column], text) == 0;
}

static bool
lacks_standbys(const struct answer *a)
{
	return is(a, NAMES, "");
}

/* A role that may not see the state of the standbys sees only how many there
 * are. */
static bool
misses_standby(const struct answer *a)
{
	enum column seen = is(a, SEES, "true") ? STREAMING : SENDERS;

	return !is(a, NAMES, "") && is(a, seen, "0");
}

static bool
sees_no_standby(const struct answer *a)
{
	return !is(a, NAMES, "") && !is(a, SEES, "true");
}

static bool
commits_early(const struct answer *a)
{
	return is(a, COMMIT, "off") || is(a, COMMIT, "local");
}

static bool
forgets_at_crash(const struct answer *a)
{
	return is(a, FSYNC, "off");
}

static bool
lacks_checksums(const struct answer *a)
{
	return is(a, CHECKSUMS, "off");
}

static bool
lacks_tls(const struct answer *a)
{
	return is(a, LOCAL, "false") && is(a, TLS, "false");
}

static bool
has_other_clock(const struct answer *a)
{
	uint64_t theirs;
	int64_t difference;

	if (!str_u64(str_of(a->text[CLOCK]), &theirs))
		return true;
	difference = (int64_t)theirs - (int64_t)time(NULL);
	return difference > CLOCK_SLACK || difference < -CLOCK_SLACK;
}

static bool
may_not_change(const struct answer *a)
{
	return is(a, CHANGES, "false");
}

static bool
is_superuser(const struct answer *a)
{
	return is(a, SUPERUSER, "true");
}

static const struct {
	bool (*found)(const struct answer *a);
	bool is_note;
	const char *what, *cure;
} advices[] = {
	{ lacks_standbys, false,
	    "synchronous_standby_names is empty: a change is on one machine "
	    "when it is acknowledged, and is lost with it",
	    "Add a synchronous standby, or use the store in files." },
	{ misses_standby, false,
	    "no synchronous standby is connected: each change is answered 503",
	    "Start the standby; with two standbys, ANY 1 (a, b) needs only "
	    "one." },
	{ sees_no_standby, true,
	    "this role may not see whether the standbys are up to date",
	    "Run GRANT pg_read_all_stats TO the role." },
	{ commits_early, false,
	    "synchronous_commit is off or local: a change is acknowledged "
	    "before a standby has it",
	    "Set it to on for this role and in postgresql.conf." },
	{ forgets_at_crash, false,
	    "fsync is off: a power cut destroys the database",
	    "Set fsync = on in postgresql.conf." },
	{ lacks_checksums, false,
	    "data_checksums is off: the server does not notice damaged pages",
	    "Stop the server and run pg_checksums --enable." },
	{ lacks_tls, false, "the connection is not encrypted",
	    "Set sslmode=verify-full in the key database." },
	{ has_other_clock, false,
	    "the clock of the server and the clock of this machine differ by "
	    "more than 5 seconds",
	    "Run NTP on both machines." },
	{ may_not_change, false,
	    "the role of this program may not change all tables of the schema: "
	    "each change is answered 503",
	    "Run pushcert init --owner ROLE, which gives it the rights." },
	{ is_superuser, false, "the role of this program is a superuser",
	    "Let the service use a role that owns nothing; see MORE THAN ONE "
	    "MACHINE in pushcert-setup(7)." },
};

enum err
pg_examine(void *arg, store_advice *report, void *of_report)
{
	struct pg_db *db = arg;
	struct answer a = { .pq = db->target.api };
	int64_t until = clock_ms() + EXAMINE_MS;
	struct pg_link link;
	enum pg_outcome outcome = PG_LOST;
	size_t i;

	pg_link_init(&link, &db->target);
	while (outcome != PG_DONE && outcome != PG_FAILED &&
	    pg_connect(&link, until) == ERR_OK) {
		(void)pg_link_send_text(&link, query);
		outcome = pg_link_run(&link, until, take, &a);
	}
	pg_link_close(&link);
	if (outcome == PG_FAILED)
		return ERR_STORE;
	if (outcome != PG_DONE || !a.whole)
		return ERR_BUSY;
	for (i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].found(&a))
			report(of_report, advices[i].is_note, advices[i].what,
			    advices[i].cure);
	return ERR_OK;
}
