/* SPDX-License-Identifier: ISC */
/*
 * test_metrics_text.c - metrics and the calendar, byte for byte.
 */
#include "http/calendar.h"
#include "http/metrics_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static char room[EXPIRY_TENANT_MAX];

static struct buf
fresh(void)
{
	struct buf b;

	buf_init(&b, room, sizeof(room));
	return b;
}

/* The certificate ends at 2027-11-23T16:56:37Z and begins a year before. */
static struct expiry_tenant
tenant(enum expiry_status status)
{
	struct expiry_tenant t = { .status = status,
		.expiry = { status != EXPIRY_NONE, status != EXPIRY_NONE,
		    1826988997, 1795452997 },
		.apple_id = str_of("mdm@example.org"),
		.topic = str_of("com.apple.mgmt.External.x"),
		.serial = str_of("0A1B"),
		.modified = str_of("2026-11-23T17:00:00.1234567Z"),
		.revision = 3 };

	if (!str_guid(
		str_of("6bcc9004-0000-4000-8000-000000000001"), &t.tenant))
		abort();
	return t;
}

#define LABEL "{tenant=\"6bcc9004-0000-4000-8000-000000000001\""

static const struct sample_case {
	const char *name;
	enum metrics_text_family family;
	enum expiry_status status;
	const char *text;
} sample_cases[] = {
	{ "the end as seconds", METRICS_TEXT_EXPIRES, EXPIRY_VALID,
	    "pushcert_certificate_expiry_timestamp_seconds" LABEL
	    "} 1826988997\n" },
	{ "no end, no sample", METRICS_TEXT_EXPIRES, EXPIRY_NONE, "" },
	{ "the beginning as seconds", METRICS_TEXT_ISSUED, EXPIRY_EXPIRED,
	    "pushcert_certificate_issued_timestamp_seconds" LABEL
	    "} 1795452997\n" },
	{ "no beginning, no sample", METRICS_TEXT_ISSUED, EXPIRY_NONE, "" },
	{ "one status of five", METRICS_TEXT_STATUS, EXPIRY_EXPIRING,
	    "pushcert_certificate_status" LABEL ",status=\"none\"} 0\n"
	    "pushcert_certificate_status" LABEL ",status=\"valid\"} 0\n"
	    "pushcert_certificate_status" LABEL ",status=\"expiring\"} 1\n"
	    "pushcert_certificate_status" LABEL ",status=\"expired\"} 0\n"
	    "pushcert_certificate_status" LABEL ",status=\"notYetValid\"} "
	    "0\n" },
};

START_TEST(samples)
{
	const struct sample_case *c = &sample_cases[_i];
	struct expiry_tenant t = tenant(c->status);
	struct buf out = fresh();

	metrics_text_sample(&out, c->family, &t);
	unit_same(c->name, buf_view(&out), str_of(c->text));
}
END_TEST

START_TEST(a_family_has_a_head)
{
	struct buf out = fresh();

	metrics_text_family(&out, METRICS_TEXT_STATUS);
	unit_same("head", buf_view(&out),
	    str_of("# HELP pushcert_certificate_status 1 for the status of "
		   "the tenant's certificate, otherwise 0.\n"
		   "# TYPE pushcert_certificate_status gauge\n"));
}
END_TEST

START_TEST(counters)
{
	struct metrics m = { .changes = 0 };
	struct metrics_counts counts;
	struct buf out = fresh();
	int i;

	for (i = 0; i < 5; i++)
		metrics_request(&m, 200, ERR_OK);
	/* Two outcomes that share one code. */
	metrics_request(&m, 400, ERR_NOT_A_CERTIFICATE);
	metrics_request(&m, 400, ERR_JSON_EMPTY);
	metrics_request(&m, 409, ERR_TOPIC_CHANGE);
	metrics_request(&m, 42, ERR_INTERNAL);
	metrics_commit(&m, 1, ERR_OK);
	metrics_commit(&m, 2, ERR_OK);
	metrics_commit(&m, 3, ERR_OK);
	metrics_commit(&m, 64, ERR_OK);
	metrics_commit(&m, 65, ERR_OK);
	metrics_commit(&m, 7, ERR_FULL);
	metrics_request(NULL, 200, ERR_OK);
	metrics_commit(NULL, 1, ERR_OK);
	for (i = 0; i < 4; i++)
		metrics_change_begins(&m);
	metrics_change_ends(&m, ERR_OK);
	metrics_change_ends(&m, ERR_BUSY);
	metrics_change_begins(NULL);
	metrics_change_ends(NULL, ERR_OK);
	metrics_hang(&m);
	metrics_hang(&m);
	metrics_hang(NULL);
	metrics_hanging(&m, 2);
	metrics_hanging(&m, 1);
	metrics_hanging(NULL, 3);
	metrics_read(&m, &counts);
	metrics_text_counters(&out, &counts, 77);
#define REQUESTS "pushcert_requests_total{process=\"77\",class="
#define REFUSALS "pushcert_refusals_total{process=\"77\",code="
#define BUCKET "pushcert_commit_changes_bucket{process=\"77\",le="
	unit_same("counters", buf_view(&out),
	    str_of("# HELP pushcert_requests_total Requests answered by this "
		   "process, by class of status.\n"
		   "# TYPE pushcert_requests_total counter\n" REQUESTS
		   "\"other\"} 1\n" REQUESTS "\"1xx\"} 0\n" REQUESTS
		   "\"2xx\"} 5\n" REQUESTS "\"3xx\"} 0\n" REQUESTS
		   "\"4xx\"} 3\n" REQUESTS "\"5xx\"} 0\n"
		   "# HELP pushcert_refusals_total Requests refused by this "
		   "process, by error code.\n"
		   "# TYPE pushcert_refusals_total counter\n" REFUSALS
		   "\"BadRequest\"} 2\n" REFUSALS "\"Conflict\"} 1\n" REFUSALS
		   "\"InternalError\"} 1\n"
		   "# HELP pushcert_commit_changes Changes that one commit of "
		   "this process wrote to the disk.\n"
		   "# TYPE pushcert_commit_changes histogram\n" BUCKET
		   "\"1\"} 1\n" BUCKET "\"2\"} 2\n" BUCKET "\"4\"} 3\n" BUCKET
		   "\"8\"} 3\n" BUCKET "\"16\"} 3\n" BUCKET "\"32\"} 3\n" BUCKET
		   "\"64\"} 4\n" BUCKET "\"+Inf\"} 5\n"
		   "pushcert_commit_changes_sum{process=\"77\"} 135\n"
		   "pushcert_commit_changes_count{process=\"77\"} 5\n"
		   "# HELP pushcert_commit_failures_total Commits of this "
		   "process that failed.\n"
		   "# TYPE pushcert_commit_failures_total counter\n"
		   "pushcert_commit_failures_total{process=\"77\"} 1\n"
		   "# HELP pushcert_changes_waiting Changes that this process "
		   "is writing or that are waiting in its queue.\n"
		   "# TYPE pushcert_changes_waiting gauge\n"
		   "pushcert_changes_waiting{process=\"77\"} 2\n"
		   "# HELP pushcert_changes_refused_total Changes that this "
		   "process answered with 503 because they timed out in its "
		   "queue.\n"
		   "# TYPE pushcert_changes_refused_total counter\n"
		   "pushcert_changes_refused_total{process=\"77\"} 1\n"
		   "# HELP pushcert_workers_hanging Workers of this process "
		   "that hang now.\n"
		   "# TYPE pushcert_workers_hanging gauge\n"
		   "pushcert_workers_hanging{process=\"77\"} 1\n"
		   "# HELP pushcert_worker_hangs_total Requests of this "
		   "process that took longer than worker_timeout.\n"
		   "# TYPE pushcert_worker_hangs_total counter\n"
		   "pushcert_worker_hangs_total{process=\"77\"} 2\n"));
}
END_TEST

/* The counters of PostgreSQL come last, and only where the store is there. */
START_TEST(a_database_has_counters_of_its_own)
{
	static const char *const names[] = { "rounds_total", "conflicts_total",
		"reconnects_total", "resolved_total" };
	struct metrics m = { .changes = 0 };
	struct metrics_counts counts;
	struct buf out = fresh();
	char sample[128];
	unsigned i, k;

	for (i = 0; i < METRICS_DATABASE; i++)
		for (k = 0; k <= i; k++)
			metrics_count_database(&m, (enum metrics_database)i);
	metrics_count_database(NULL, METRICS_ROUND);
	metrics_use_database(NULL);
	metrics_read(&m, &counts);
	metrics_text_counters(&out, &counts, 77);
	buf_char(&out, '\0');
	ck_assert_ptr_null(strstr(room, "database"));
	metrics_use_database(&m);
	metrics_read(&m, &counts);
	out = fresh();
	metrics_text_counters(&out, &counts, 77);
	buf_char(&out, '\0');
	for (i = 0; i < METRICS_DATABASE; i++) {
		snprintf(sample, sizeof(sample),
		    "\npushcert_database_%s{process=\"77\"} %u\n", names[i],
		    i + 1);
		ck_assert_msg(strstr(room, sample) != NULL, "%s", sample);
	}
}
END_TEST

#define ALARM(days)                                                              \
	"BEGIN:VALARM\r\nACTION:DISPLAY\r\n"                                     \
	"DESCRIPTION:Apple MDM push certificate expires soon\r\nTRIGGER:-P" days \
	"D\r\nEND:VALARM\r\n"
#define BEFORE_WORDS                                                    \
	"BEGIN:VEVENT\r\n"                                              \
	"UID:push-certificate-6bcc9004-0000-4000-8000-000000000001\r\n" \
	"DTSTAMP:20261123T170000Z\r\nSEQUENCE:3\r\n"                    \
	"DTSTART:20271123T165637Z\r\nTRANSP:TRANSPARENT\r\n"            \
	"SUMMARY:Apple MDM push certificate expires"
#define DESCRIPTION                                                     \
	"DESCRIPTION:Renew it with the same Apple account. With a new " \
	"certificate\\, \r\n all the devices have to enrol again."
#define AFTER_WORDS \
	"\r\n" ALARM("60") ALARM("30") ALARM("7") ALARM("1") "END:VEVENT\r\n"

static const struct event_case {
	const char *name;
	const char *apple_id, *topic, *serial;
	const char *summary, *description;
} event_cases[] = {
	{ "only the date is known", NULL, NULL, NULL, "", "" },
	{ "the facts are on lines of their own", NULL, "t", "0A1B", "",
	    "\\nTopic: t\\nSerial number: 0A1B" },
	{ "commas, semicolons and backslashes are escaped", "a,b;c\\d", NULL,
	    NULL, " (a\\,b\\;c\\\\d)", "\\nApple ID: a\\,b\\;c\\\\d" },
	{ "a line end cannot begin a property", "a\r\nEND:VEVENT", NULL, NULL,
	    " (a\\nEND:VEVENT)", "\\nApple ID: a\\nEND:VEVENT" },
	{ "other control characters are left out", "a\x01\x7f\x1b[2J", NULL,
	    NULL, " (a[2J)", "\\nApple ID: a[2J" },
	{ "a character is not split by a line's end",
	    "123456789012345678901234567890\xc3\xbc", NULL, NULL,
	    " (123456789012345678901234567890\r\n \xc3\xbc"
	    ")",
	    "\\nApple ID: 12345678901234567890123456\r\n 7890\xc3\xbc" },
	{ "a line has 75 octets", "123456789012345678901234567890", NULL, NULL,
	    " (123456789012345678901234567890)",
	    "\\nApple ID: 12345678901234567890123456\r\n 7890" },
	{ "a line has no more than 75 octets",
	    "1234567890123456789012345678901", NULL, NULL,
	    " (1234567890123456789012345678901\r\n )",
	    "\\nApple ID: 12345678901234567890123456\r\n 78901" },
	{ "bytes that are not UTF-8 are left out", "a\xff\xc3z", NULL, NULL,
	    " (az)", "\\nApple ID: az" },
};

START_TEST(events)
{
	const struct event_case *c = &event_cases[_i];
	struct expiry_tenant t = tenant(EXPIRY_VALID);
	struct buf out = fresh();
	static char want[8192];
	struct buf w;

	buf_init(&w, want, sizeof(want));
	buf_printf(&w, "%s%s\r\n%s%s%s", BEFORE_WORDS, c->summary, DESCRIPTION,
	    c->description, AFTER_WORDS);
	t.apple_id = unit_guard(0, str_of(c->apple_id));
	t.topic = str_of(c->topic);
	t.serial = str_of(c->serial);
	calendar_event(&out, &t);
	unit_same(c->name, buf_view(&out), buf_view(&w));
}
END_TEST

START_TEST(a_tenant_without_a_date_has_no_event)
{
	struct expiry_tenant t = tenant(EXPIRY_NONE);
	struct buf out = fresh();

	calendar_event(&out, &t);
	ck_assert_uint_eq(out.n, 0);
}
END_TEST

/* The texts of the record have their greatest lengths, and every byte is
 * escaped. */
START_TEST(the_longest_texts_have_room)
{
	static char longest[4 * 1024];
	struct expiry_tenant t = tenant(EXPIRY_VALID);
	struct buf out = fresh();

	memset(longest, ',', sizeof(longest));
	t.apple_id = str_from(longest, 1024);
	t.topic = str_from(longest, sizeof(longest));
	t.serial = str_from(longest, sizeof(longest));
	calendar_event(&out, &t);
	ck_assert(!out.full);
}
END_TEST

START_TEST(facts_of_a_record)
{
	static char block[EXPIRY_ARENA];
	struct record r = { .revision = 9 };
	struct guid g = { .byte = { 1 } };
	struct expiry_tenant t;
	struct arena a;

	arena_init(&a, block, sizeof(block));
	r.value[RECORD_EXPIRES] = str_of("2027-01-30T23:59:59Z");
	r.value[RECORD_TOPIC] = str_of("t");
	t = expiry_tenant(&g, &r, 1798761600, 30, &a);
	ck_assert_int_eq(t.status, EXPIRY_EXPIRING);
	ck_assert_uint_eq(t.revision, 9);
	unit_same("topic", t.topic, str_of("t"));
	ck_assert_int_eq(t.tenant.byte[0], 1);
	t = expiry_tenant(&g, NULL, 1798761600, 30, &a);
	ck_assert_int_eq(t.status, EXPIRY_NONE);
	ck_assert(str_is_null(t.topic));
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *suite = suite_create("metrics_text");
	TCase *cases = tcase_create("all");

	tcase_add_loop_test(cases, samples, 0, COUNT(sample_cases));
	tcase_add_test(cases, a_family_has_a_head);
	tcase_add_test(cases, counters);
	tcase_add_test(cases, a_database_has_counters_of_its_own);
	tcase_add_loop_test(cases, events, 0, COUNT(event_cases));
	tcase_add_test(cases, a_tenant_without_a_date_has_no_event);
	tcase_add_test(cases, the_longest_texts_have_room);
	tcase_add_test(cases, facts_of_a_record);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
