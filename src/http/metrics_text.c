/* SPDX-License-Identifier: ISC */
/*
 * metrics_text.c - writes metrics in Prometheus' text exposition format 0.0.4.
 */
#include "http/metrics_text.h"

#include <string.h>

static void
put_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static const struct {
	const char *name;
	const char *help;
} families[METRICS_TEXT_FAMILIES] = {
	[METRICS_TEXT_EXPIRES] = { "pushcert_certificate_expiry_timestamp_seconds",
	    "When the tenant's certificate expires." },
	[METRICS_TEXT_ISSUED] = { "pushcert_certificate_issued_timestamp_seconds",
	    "When the tenant's certificate became valid." },
	[METRICS_TEXT_STATUS] = { "pushcert_certificate_status",
	    "1 for the status of the tenant's certificate, otherwise 0." },
};

void
metrics_text_family(struct buf *out, enum metrics_text_family family)
{
	put_head(out, families[family].name, "gauge", families[family].help);
}

/* Writes the value of a label. The format escapes these two characters, and a
 * line feed, which no alias contains. */
static void
put_label(struct buf *out, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, text.p[i]);
	}
}

static void
put_name(struct buf *out, enum metrics_text_family family,
    const struct expiry_tenant *t)
{
	char tenant[STR_GUID_LEN];

	str_guid_text(&t->tenant, tenant);
	buf_printf(out, "%s{tenant=\"%.*s\"", families[family].name,
	    STR_GUID_LEN, tenant);
	if (t->alias.n == 0)
		return;
	buf_text(out, ",alias=\"");
	put_label(out, t->alias);
	buf_char(out, '"');
}

static void
put_moment(struct buf *out, enum metrics_text_family family,
    const struct expiry_tenant *t, int64_t at)
{
	put_name(out, family, t);
	buf_printf(out, "} %lld\n", (long long)at);
}

void
metrics_text_vendor(struct buf *out, const struct expiry *x)
{
	static const char name[] =
	    "pushcert_vendor_certificate_expiry_timestamp_seconds";

	put_head(out, name, "gauge",
	    "When the first certificate of the vendor's chain expires.");
	if (x->expires)
		buf_printf(out, "%s %lld\n", name, (long long)x->expires_at);
}

void
metrics_text_sample(struct buf *out, enum metrics_text_family family,
    const struct expiry_tenant *t)
{
	unsigned i;

	switch (family) {
	case METRICS_TEXT_EXPIRES:
		if (t->expiry.expires)
			put_moment(out, family, t, t->expiry.expires_at);
		break;
	case METRICS_TEXT_ISSUED:
		if (t->expiry.issued)
			put_moment(out, family, t, t->expiry.issued_at);
		break;
	case METRICS_TEXT_STATUS:
		for (i = 0; i < EXPIRY_STATUSES; i++) {
			put_name(out, family, t);
			buf_printf(out, ",status=\"%s\"} %d\n",
			    expiry_word((enum expiry_status)i), i == t->status);
		}
		break;
	case METRICS_TEXT_FAMILIES:
		break;
	}
}

static void
put_requests(struct buf *out, const uint64_t *count, uint64_t process)
{
	static const char *const classes[METRICS_CLASSES] = { "other", "1xx",
		"2xx", "3xx", "4xx", "5xx" };
	unsigned i;

	put_head(out, "pushcert_requests_total", "counter",
	    "Requests answered by this process, by class of status.");
	for (i = 0; i < METRICS_CLASSES; i++) {
		buf_printf(out,
		    "pushcert_requests_total{process=\"%llu\",class=\"%s\"} ",
		    (unsigned long long)process, classes[i]);
		buf_u64(out, count[i]);
		buf_char(out, '\n');
	}
}

/* Several outcomes can have the same error code. Returns the sum of their
 * counts if outcome `first` is the first one with its code, otherwise 0, so
 * that each code is written once. */
static uint64_t
count_of_code(const uint64_t *count, unsigned first)
{
	const char *code = err_info((enum err)first)->code;
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < ERR_COUNT; i++) {
		if (strcmp(err_info((enum err)i)->code, code) != 0)
			continue;
		if (i < first)
			return 0;
		sum += count[i];
	}
	return sum;
}

static void
put_refusals(struct buf *out, const uint64_t *count, uint64_t process)
{
	uint64_t sum;
	unsigned i;

	put_head(out, "pushcert_refusals_total", "counter",
	    "Requests refused by this process, by error code.");
	for (i = ERR_OK + 1; i < ERR_COUNT; i++) {
		if ((sum = count_of_code(count, i)) == 0)
			continue;
		buf_printf(out,
		    "pushcert_refusals_total{process=\"%llu\",code=\"%s\"} ",
		    (unsigned long long)process, err_info((enum err)i)->code);
		buf_u64(out, sum);
		buf_char(out, '\n');
	}
}

static void
put_number(struct buf *out, const char *name, uint64_t process, uint64_t number)
{
	buf_printf(
	    out, "%s{process=\"%llu\"} ", name, (unsigned long long)process);
	buf_u64(out, number);
	buf_char(out, '\n');
}

static void
put_commits(
    struct buf *out, const struct metrics_counts *counts, uint64_t process)
{
	uint64_t sum = 0;
	unsigned i;

	put_head(out, "pushcert_commit_changes", "histogram",
	    "Changes that one commit of this process wrote to the disk.");
	for (i = 0; i < METRICS_BATCHES; i++) {
		sum += counts->batch[i];
		buf_printf(out,
		    "pushcert_commit_changes_bucket{process=\"%llu\",le=\"",
		    (unsigned long long)process);
		if (i < METRICS_BATCHES - 1)
			buf_u64(out, UINT64_C(1) << i);
		else
			buf_text(out, "+Inf");
		buf_text(out, "\"} ");
		buf_u64(out, sum);
		buf_char(out, '\n');
	}
	put_number(
	    out, "pushcert_commit_changes_sum", process, counts->changes);
	put_number(out, "pushcert_commit_changes_count", process, sum);
	put_head(out, "pushcert_commit_failures_total", "counter",
	    "Commits of this process that failed.");
	put_number(out, "pushcert_commit_failures_total", process,
	    counts->failed_commits);
	put_head(out, "pushcert_changes_waiting", "gauge",
	    "Changes that this process is writing or that are waiting in its "
	    "queue.");
	put_number(out, "pushcert_changes_waiting", process, counts->writers);
	put_head(out, "pushcert_changes_refused_total", "counter",
	    "Changes that this process answered with 503 because they timed "
	    "out in its queue.");
	put_number(out, "pushcert_changes_refused_total", process,
	    counts->turned_away);
}

static void
put_workers(
    struct buf *out, const struct metrics_counts *counts, uint64_t process)
{
	put_head(out, "pushcert_workers_hanging", "gauge",
	    "Workers of this process that hang now.");
	put_number(out, "pushcert_workers_hanging", process, counts->hanging);
	put_head(out, "pushcert_worker_hangs_total", "counter",
	    "Requests of this process that took longer than worker_timeout.");
	put_number(out, "pushcert_worker_hangs_total", process, counts->hangs);
}

/* Only where the store is in a database server. */
static void
put_database(
    struct buf *out, const struct metrics_counts *counts, uint64_t process)
{
	static const struct {
		const char *name, *help;
	} counters[METRICS_DATABASE] = {
		[METRICS_ROUND] = { "pushcert_database_rounds_total",
		    "Rounds of changes that this process ran on the database "
		    "server." },
		[METRICS_CONFLICT] = { "pushcert_database_conflicts_total",
		    "Rounds that ran again because another process had changed "
		    "a row." },
		[METRICS_RECONNECT] = { "pushcert_database_reconnects_total",
		    "Connections to the database server that were lost and "
		    "replaced." },
		[METRICS_RESOLVED] = { "pushcert_database_resolved_total",
		    "Commits with an unknown outcome, after a lost connection, "
		    "whose outcome was found out." },
	};
	unsigned i;

	for (i = 0; i < METRICS_DATABASE && counts->has_database; i++) {
		put_head(out, counters[i].name, "counter", counters[i].help);
		put_number(out, counters[i].name, process, counts->database[i]);
	}
}

void
metrics_text_counters(
    struct buf *out, const struct metrics_counts *counts, uint64_t process)
{
	put_requests(out, counts->request, process);
	put_refusals(out, counts->refusal, process);
	put_commits(out, counts, process);
	put_workers(out, counts, process);
	put_database(out, counts, process);
}
