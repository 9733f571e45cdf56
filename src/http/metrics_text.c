/* SPDX-License-Identifier: ISC */
/*
 * metrics_text.c - Prometheus' text exposition format 0.0.4, and iCalendar.
 */
#include "http/metrics_text.h"

#include <string.h>

#include "format/datetime.h"

struct expiry_tenant
expiry_tenant(const struct guid *tenant, const struct record *r, int64_t now_at,
    uint64_t days, struct arena *a)
{
	struct expiry_tenant t = { .tenant = *tenant };

	t.expiry = expiry_of_record(r, a);
	t.status = expiry_status(&t.expiry, now_at, days);
	if (r == NULL)
		return t;
	t.apple_id = r->value[RECORD_APPLE_ID];
	t.topic = r->value[RECORD_TOPIC];
	t.serial = r->value[RECORD_SERIAL];
	t.modified = r->value[RECORD_MODIFIED];
	t.revision = r->revision;
	return t;
}

/* --- metrics ---------------------------------------------------------- */

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
	    "1 for the status of the tenant's certificate, else 0." },
};

void
metrics_text_family(struct buf *out, enum metrics_text_family family)
{
	put_head(out, families[family].name, "gauge", families[family].help);
}

static void
put_name(struct buf *out, enum metrics_text_family family,
    const struct expiry_tenant *t)
{
	char tenant[STR_GUID_LEN];

	str_guid_text(&t->tenant, tenant);
	buf_printf(out, "%s{tenant=\"%.*s\"", families[family].name,
	    STR_GUID_LEN, tenant);
}

static void
put_moment(struct buf *out, enum metrics_text_family family,
    const struct expiry_tenant *t, int64_t at)
{
	put_name(out, family, t);
	buf_printf(out, "} %lld\n", (long long)at);
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

/* What is counted by outcome under one code: that of outcome `first`; 0 if an
 * outcome before it has that code too. */
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
	    "Changes that this process put on the disk with one commit.");
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
	    "Changes that this process is writing or that wait for it.");
	put_number(out, "pushcert_changes_waiting", process, counts->writers);
	put_head(out, "pushcert_changes_refused_total", "counter",
	    "Changes that this process answered 503 because their turn did not "
	    "come.");
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

void
metrics_text_counters(
    struct buf *out, const struct metrics_counts *counts, uint64_t process)
{
	put_requests(out, counts->request, process);
	put_refusals(out, counts->refusal, process);
	put_commits(out, counts, process);
	put_workers(out, counts, process);
}

/* --- calendar --------------------------------------------------------- */

/* A line of more octets goes on in the next one (RFC 5545, section 3.1). */
#define FOLD_AT 75

/* A content line on its way out. */
struct line {
	struct buf *out;
	size_t column;
};

/* Whole characters only, so that no reader sees half a one. */
static void
line_put(struct line *l, struct str character)
{
	if (l->column + character.n > FOLD_AT) {
		buf_text(l->out, "\r\n ");
		l->column = 1;
	}
	buf_str(l->out, character);
	l->column += character.n;
}

static void
line_plain(struct line *l, const char *ascii)
{
	for (; *ascii != '\0'; ascii++)
		line_put(l, str_from(ascii, 1));
}

/* A value of the type TEXT (section 3.3.11), which has no control characters:
 * a line end is escaped, others are left out. */
static void
line_text(struct line *l, struct str text)
{
	struct str at;
	size_t n;

	for (at = text; at.n > 0; at = str_tail(at, n)) {
		char c = at.p[0];

		n = str_utf8_step(at);
		if (n == 0) {
			n = 1;
			continue;
		}
		if (c == '\n') {
			line_plain(l, "\\n");
		} else if (n > 1 || (c >= ' ' && c != 0x7f)) {
			if (c == ',' || c == ';' || c == '\\')
				line_plain(l, "\\");
			line_put(l, str_head(at, n));
		}
	}
}

static void
line_end(struct line *l)
{
	buf_text(l->out, "\r\n");
}

static void
put_line(struct buf *out, const char *text)
{
	struct line l = { .out = out };

	line_plain(&l, text);
	line_end(&l);
}

/* NAME:20271123T165637Z of the first 19 characters of an ISO date. */
static void
put_date(struct buf *out, const char *name, struct str iso)
{
	size_t i;

	buf_text(out, name);
	for (i = 0; i < iso.n && i < DATETIME_SECONDS_LEN; i++)
		if (iso.p[i] != '-' && iso.p[i] != ':')
			buf_char(out, iso.p[i]);
	buf_text(out, "Z\r\n");
}

static void
line_fact(struct line *l, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	line_text(l, str_of(name));
	line_text(l, value);
}

static void
put_words(struct buf *out, const struct expiry_tenant *t)
{
	struct line l = { .out = out };

	line_plain(&l, "SUMMARY:Apple MDM push certificate expires");
	line_fact(&l, " (", t->apple_id);
	line_plain(&l, t->apple_id.n > 0 ? ")" : "");
	line_end(&l);
	l.column = 0;
	line_plain(&l, "DESCRIPTION:");
	line_text(&l,
	    str_of("Renew it with the same Apple account. If it is "
		   "made anew instead, every device has to enrol again."));
	line_fact(&l, "\nApple ID: ", t->apple_id);
	line_fact(&l, "\nTopic: ", t->topic);
	line_fact(&l, "\nSerial number: ", t->serial);
	line_end(&l);
}

static void
put_alarm(struct buf *out, unsigned days)
{
	put_line(out, "BEGIN:VALARM");
	put_line(out, "ACTION:DISPLAY");
	put_line(out, "DESCRIPTION:Apple MDM push certificate expires soon");
	buf_printf(out, "TRIGGER:-P%uD\r\n", days);
	put_line(out, "END:VALARM");
}

void
calendar_begin(struct buf *out)
{
	/* A calendar holds one component at least (section 3.6): the time zone
	 * stands there when no tenant has a date. */
	static const char *const lines[] = { "BEGIN:VCALENDAR", "VERSION:2.0",
		/* NOLINTNEXTLINE(bugprone-suspicious-missing-comma) */
		"PRODID:-//pushcert//pushcert " PACKAGE_VERSION "//EN",
		"CALSCALE:GREGORIAN", "BEGIN:VTIMEZONE", "TZID:UTC",
		"BEGIN:STANDARD", "DTSTART:19700101T000000",
		"TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "END:STANDARD",
		"END:VTIMEZONE" };
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		put_line(out, lines[i]);
}

void
calendar_event(struct buf *out, const struct expiry_tenant *t)
{
	static const unsigned alarms[] = { 60, 30, 7, 1 };
	char tenant[STR_GUID_LEN], until[DATETIME_SECONDS_LEN];
	size_t i;

	if (!t->expiry.expires)
		return;
	str_guid_text(&t->tenant, tenant);
	datetime_seconds(t->expiry.expires_at, until);
	put_line(out, "BEGIN:VEVENT");
	buf_printf(out, "UID:push-certificate-%.*s\r\n", STR_GUID_LEN, tenant);
	/* Without a METHOD this is when the event last changed (3.8.7.2). */
	put_date(out, "DTSTAMP:", t->modified);
	buf_printf(out, "SEQUENCE:%llu\r\n", (unsigned long long)t->revision);
	put_date(out, "DTSTART:", str_from(until, sizeof(until)));
	put_line(out, "TRANSP:TRANSPARENT");
	put_words(out, t);
	for (i = 0; i < sizeof(alarms) / sizeof(alarms[0]); i++)
		put_alarm(out, alarms[i]);
	put_line(out, "END:VEVENT");
}

void
calendar_end(struct buf *out)
{
	put_line(out, "END:VCALENDAR");
}
