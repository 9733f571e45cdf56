/* SPDX-License-Identifier: ISC */
/*
 * test_expiry.c - status words and days, at every boundary.
 */
#include "format/expiry.h"

#include <stdlib.h>

#include "unit.h"

/* 2027-01-01T00:00:00Z */
#define NOW_AT 1798761600
#define DAY 86400

static const struct status_case {
	const char *name;
	struct expiry expiry;
	uint64_t days;
	const char *word;
	int64_t left;
} status_cases[] = {
	{ "without dates the status is none", { .expires = false }, 30, "none",
	    0 },
	{ "31 days before the end is valid",
	    { .expires = true, .expires_at = NOW_AT + 31 * DAY }, 30, "valid",
	    31 },
	{ "a second more than 30 days is valid",
	    { .expires = true, .expires_at = NOW_AT + 30 * DAY + 1 }, 30,
	    "valid", 30 },
	{ "30 days to the second is valid",
	    { .expires = true, .expires_at = NOW_AT + 30 * DAY }, 30, "valid",
	    30 },
	{ "a second less than 30 days is day 29",
	    { .expires = true, .expires_at = NOW_AT + 30 * DAY - 1 }, 30,
	    "expiring", 29 },
	{ "the last second is expiring, day 0",
	    { .expires = true, .expires_at = NOW_AT + 1 }, 30, "expiring", 0 },
	{ "with no days to warn it is valid to the end",
	    { .expires = true, .expires_at = NOW_AT + 1 }, 0, "valid", 0 },
	{ "the end itself is expired, day 0",
	    { .expires = true, .expires_at = NOW_AT }, 30, "expired", 0 },
	{ "a second after the end is day -1",
	    { .expires = true, .expires_at = NOW_AT - 1 }, 30, "expired", -1 },
	{ "a day after the end is day -1",
	    { .expires = true, .expires_at = NOW_AT - DAY }, 30, "expired",
	    -1 },
	{ "a day and a second after the end is day -2",
	    { .expires = true, .expires_at = NOW_AT - DAY - 1 }, 30, "expired",
	    -2 },
	{ "issued at this second is valid",
	    { true, true, NOW_AT + 365 * DAY, NOW_AT }, 30, "valid", 365 },
	{ "issued in five minutes is valid, as clocks differ",
	    { true, true, NOW_AT + 365 * DAY, NOW_AT + 300 }, 30, "valid",
	    365 },
	{ "issued in five minutes and a second is not yet valid",
	    { true, true, NOW_AT + 365 * DAY, NOW_AT + 301 }, 30, "notYetValid",
	    365 },
	{ "not yet valid comes before expiring",
	    { true, true, NOW_AT + DAY, NOW_AT + 301 }, 30, "notYetValid", 1 },
	{ "expired comes before not yet valid",
	    { true, true, NOW_AT - DAY, NOW_AT + 1 }, 30, "expired", -1 },
	{ "the year 1 is expired",
	    { .expires = true, .expires_at = INT64_C(-62135510400) }, 30,
	    "expired", -739980 },
	{ "the year 9999 is valid, and 36500 days are few",
	    { .expires = true, .expires_at = INT64_C(253402300799) }, 36500,
	    "valid", 2912077 },
};

START_TEST(status_and_days)
{
	const struct status_case *c = &status_cases[_i];

	unit_same(c->name,
	    str_of(expiry_word(expiry_status(&c->expiry, NOW_AT, c->days))),
	    str_of(c->word));
	if (c->expiry.expires)
		unit_check(c->name, expiry_days(&c->expiry, NOW_AT) == c->left);
}
END_TEST

/* A certificate that is valid from 2026-11-23T16:56:37Z to
 * 2027-11-23T16:56:37Z. */
#define FROM_AT 1795452997
#define UNTIL_AT 1826988997
static const char pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIE+zCCA+OgAwIBAgIIChssPU5fYHEwDQYJKoZIhvcNAQELBQAwgYwxQDA+BgNV\n"
    "BAMMN0FwcGxlIEFwcGxpY2F0aW9uIEludGVncmF0aW9uIDIgQ2VydGlmaWNhdGlv\n"
    "biBBdXRob3JpdHkxJjAkBgNVBAsMHUFwcGxlIENlcnRpZmljYXRpb24gQXV0aG9y\n"
    "aXR5MRMwEQYDVQQKDApBcHBsZSBJbmMuMQswCQYDVQQGEwJVUzAeFw0yNjExMjMx\n"
    "NjU2MzdaFw0yNzExMjMxNjU2MzdaMIGPMUwwSgYKCZImiZPyLGQBAQw8Y29tLmFw\n"
    "cGxlLm1nbXQuRXh0ZXJuYWwuMWI0ZTI4YmEtMmZhMS00YzhlLTg4M2YtMDAxNmQz\n"
    "Y2NhNDI3MTIwMAYDVQQDDClBUFNQOjFiNGUyOGJhLTJmYTEtNGM4ZS04ODNmLTAw\n"
    "MTZkM2NjYTQyNzELMAkGA1UEBhMCVVMwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAw\n"
    "ggEKAoIBAQDA+pym1XqJpnPwFumD5c7+LJK6Xj7qZOpeGz74bqLuiPx3Qn/hW2uE\n"
    "dB325m8L5POju/O83RsBt0njhvYXacVd/sbE49MWHNK5e4/OBhkGlWmV/9NzS4NS\n"
    "UZmE4oUVfecppmqMm4pWuyBvdDpKs1pXpn9WDjHfuMxeOXxLYVIUOyybrQWZNWJe\n"
    "gvdAgf1/rsA7hNLpvYZ3JOKVPGbjkjP7NbysP7aTBpUT5RkmEB/oPrEBuOhFhQnC\n"
    "bPRqCVjKQ9XwQaiVOXzNJVBMoCUeOYTJndDv92QaxguuRnFtKQC4kV7tHRFwsMNB\n"
    "3AxFsh8lnrmgdtoJrgMUxtBsUhhhOJAPAgMBAAGjggFaMIIBVjAJBgNVHRMEAjAA\n"
    "MB8GA1UdIwQYMBaAFHEhXSFbLJuQUeltc0715XuAC6PrMIGfBgNVHSAEgZcwgZQw\n"
    "gZEGCSqGSIb3Y2QFATCBgzBHBggrBgEFBQcCAjA7DDlMb29rLWFsaWtlIGNlcnRp\n"
    "ZmljYXRlIG9mIGEgdGVzdCBDQS4gTm90IGlzc3VlZCBieSBBcHBsZS4wOAYIKwYB\n"
    "BQUHAgEWLGh0dHA6Ly93d3cudGVzdC5pbnZhbGlkL2NlcnRpZmljYXRlYXV0aG9y\n"
    "aXR5MBMGA1UdJQQMMAoGCCsGAQUFBwMCMDMGA1UdHwQsMCowKKAmoCSGImh0dHA6\n"
    "Ly9jcmwudGVzdC5pbnZhbGlkL2FhaTJjYS5jcmwwHQYDVR0OBBYEFKJ6xfbsThbQ\n"
    "GMiEDOW3s+w8Bs1TMAsGA1UdDwQEAwIHgDAQBgoqhkiG92NkBgMCBAIFADANBgkq\n"
    "hkiG9w0BAQsFAAOCAQEAikFG3QI6csKNNO9xMfpuCFrlNPdjHfVSTE7d/8DGSkGP\n"
    "Ae2uqQJMJ3UN2cnp86BnbdApdu4f8ExB7j8eux0FK0EltVxJTI5AHFOwhZzc642g\n"
    "5WbtjQ+8PEWrKwwoLX8wl6gGwZXH7CbLxIPmMuRekEwxad8+NJM7IiVFSiTj0WJp\n"
    "4qrroelfYKz/uRDh1mPfL2rpagSn91Uq60j31e1RwRhyAaMXw6Dff2FFUYf0ZJa0\n"
    "I2yMFuh+3e8LTaIJmGf1OfOL+wsn292dIS+i6bPNX3XcaDGhgrJsiR2xoyKqiDvt\n"
    "gwg6ZeAMpWTm594tDr900yxrlWxEXMiyOFAGAv6fUg==\n"
    "-----END CERTIFICATE-----\n";

static const struct record_case {
	const char *name;
	const char *serial, *expires, *certificate;
	struct expiry want;
} record_cases[] = {
	{ "a record without a date expires never", NULL, NULL, "x",
	    { .expires = false } },
	{ "the date that stands for unset counts as absent", NULL,
	    "0001-01-01T00:00:00Z", "x", { .expires = false } },
	{ "other text expires at the date of the client", NULL,
	    "2017-01-01T00:01:27.2282595+03:00", "Certificate value",
	    { .expires = true, .expires_at = 1483218087 } },
	{ "a certificate supplies both dates", "0A1B", "2000-01-01T00:00:00Z",
	    pem, { true, true, UNTIL_AT, FROM_AT } },
	{ "a text that is not a certificate supplies no date", NULL,
	    "2000-01-01T00:00:00Z", pem,
	    { .expires = true, .expires_at = 946684800 } },
	{ "a certificate that cannot be read has its stored date", "0A1B",
	    "2000-01-01T00:00:00Z", "-----BEGIN CERTIFICATE-----",
	    { .expires = true, .expires_at = 946684800 } },
	{ "a certificate that was withheld has its stored date", "0A1B",
	    "2000-01-01T00:00:00Z", NULL,
	    { .expires = true, .expires_at = 946684800 } },
};

static void
same_expiry(const char *name, struct expiry got, struct expiry want)
{
	unit_check(name, got.expires == want.expires);
	unit_check(name, got.issued == want.issued);
	unit_check(name, got.expires_at == want.expires_at);
	unit_check(name, got.issued_at == want.issued_at);
}

static struct arena
fresh(void)
{
	static char block[EXPIRY_ARENA];
	struct arena a;

	arena_init(&a, block, sizeof(block));
	return a;
}

START_TEST(dates_of_a_record)
{
	const struct record_case *c = &record_cases[_i];
	struct record r = { .revision = 1 };
	struct arena a = fresh();

	r.value[RECORD_SERIAL] = str_of(c->serial);
	r.value[RECORD_EXPIRES] = str_of(c->expires);
	r.value[RECORD_CERTIFICATE] = str_of(c->certificate);
	same_expiry(c->name, expiry_of_record(&r, &a), c->want);
	unit_check(c->name, a.used == 0);
}
END_TEST

START_TEST(dates_of_nothing)
{
	struct arena a = fresh();
	struct expiry none = { .expires = false };

	same_expiry("no record", expiry_of_record(NULL, &a), none);
	same_expiry("no text", expiry_of_text(str_of(NULL), &a), none);
	same_expiry("other text", expiry_of_text(str_of("x"), &a), none);
	same_expiry("a certificate", expiry_of_text(str_of(pem), &a),
	    (struct expiry){ true, true, UNTIL_AT, FROM_AT });
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *suite = suite_create("expiry");
	TCase *cases = tcase_create("all");

	tcase_add_loop_test(cases, status_and_days, 0, COUNT(status_cases));
	tcase_add_loop_test(cases, dates_of_a_record, 0, COUNT(record_cases));
	tcase_add_test(cases, dates_of_nothing);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
