/* SPDX-License-Identifier: ISC */
/*
 * test_apns.c - how answers of Apple's push service, TLS alerts and failures of
 * curl are judged. The traces are those of curl 7.88.
 */
#include "format/apns.h"

#include <stdio.h>

#include "unit.h"

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

static char block[APNS_ARENA];

static struct apns_verdict
judge(const struct apns_answer *answer)
{
	struct apns_answer guarded = *answer;
	struct apns_verdict verdict;
	struct arena a;

	arena_init(&a, block, sizeof(block));
	guarded.body = unit_guard(0, answer->body);
	guarded.trace = unit_guard(1, answer->trace);
	apns_judge(&guarded, &a, &verdict);
	ck_assert_uint_eq(a.used, 0);
	ck_assert(verdict.text != NULL);
	return verdict;
}

/* --- Apple's reasons ------------------------------------------------------ */

static const struct {
	unsigned status;
	const char *reason; /* "": no body */
	enum apns_grade grade;
} reasons[] = {
	{ 200, "", APNS_OK },
	{ 400, "BadDeviceToken", APNS_OK },
	{ 410, "Unregistered", APNS_OK },
	{ 410, "ExpiredToken", APNS_OK },
	{ 403, "BadCertificate", APNS_CRITICAL },
	{ 403, "BadCertificateEnvironment", APNS_CRITICAL },
	{ 403, "Forbidden", APNS_CRITICAL },
	{ 403, "MissingProviderToken", APNS_CRITICAL },
	{ 400, "BadTopic", APNS_CRITICAL },
	{ 400, "TopicDisallowed", APNS_CRITICAL },
	{ 400, "MissingTopic", APNS_CRITICAL },
	{ 400, "InvalidPushType", APNS_CRITICAL },
	{ 400, "DeviceTokenNotForTopic", APNS_CRITICAL },
	{ 429, "TooManyRequests", APNS_UNKNOWN },
	{ 500, "InternalServerError", APNS_UNKNOWN },
	{ 503, "ServiceUnavailable", APNS_UNKNOWN },
	{ 503, "Shutdown", APNS_UNKNOWN },
	{ 400, "IdleTimeout", APNS_UNKNOWN },
	{ 400, "BadCollapseId", APNS_UNKNOWN },
	{ 400, "BadExpirationDate", APNS_UNKNOWN },
	{ 400, "BadMessageId", APNS_UNKNOWN },
	{ 400, "BadPriority", APNS_UNKNOWN },
	{ 400, "DuplicateHeaders", APNS_UNKNOWN },
	{ 400, "MissingDeviceToken", APNS_UNKNOWN },
	{ 400, "PayloadEmpty", APNS_UNKNOWN },
	{ 404, "BadPath", APNS_UNKNOWN },
	{ 405, "MethodNotAllowed", APNS_UNKNOWN },
	{ 413, "PayloadTooLarge", APNS_UNKNOWN },
	{ 403, "ExpiredProviderToken", APNS_UNKNOWN },
	{ 403, "InvalidProviderToken", APNS_UNKNOWN },
	{ 403, "UnrelatedKeyIdInToken", APNS_UNKNOWN },
	{ 403, "BadEnvironmentKeyIdInToken", APNS_UNKNOWN },
	{ 429, "TooManyProviderTokenUpdates", APNS_UNKNOWN },
	/* Nothing that is not in the table is good. */
	{ 400, "NewReason", APNS_UNKNOWN },
	{ 403, "BadDeviceToken", APNS_UNKNOWN },
	{ 200, "BadDeviceToken", APNS_UNKNOWN },
	{ 400, "", APNS_UNKNOWN },
	{ 301, "", APNS_UNKNOWN },
	{ 999, "BadCertificate", APNS_UNKNOWN },
};

START_TEST(a_reason_has_a_grade)
{
	const char *reason = reasons[_i].reason;
	char body[128] = "";
	struct apns_answer answer = { .http_version = STR("2"),
		.status = reasons[_i].status };
	struct apns_verdict v;

	if (reason[0] != '\0')
		snprintf(body, sizeof(body), "{\"reason\":\"%s\"}", reason);
	answer.body = str_of(body);
	v = judge(&answer);
	ck_assert_msg(v.grade == reasons[_i].grade, "%u %s: %d, %s",
	    reasons[_i].status, reason, (int)v.grade, v.text);
	ck_assert_str_eq(v.reason, reason);
	ck_assert_uint_eq(v.status, reasons[_i].status);
	/* Over HTTP/1.1 there is no verdict, whatever the answer is. */
	answer.http_version = str_of("1.1");
	v = judge(&answer);
	ck_assert_int_eq((int)v.grade, APNS_UNKNOWN);
	unit_check(reason, unit_holds(str_of(v.text), "proxy"));
	/* A trace does not count once there is an answer. */
	answer.http_version = str_of("2");
	answer.trace = str_of(
	    "* TLSv1.3 (IN), TLS alert, certificate expired (557):\n");
	ck_assert_int_eq((int)judge(&answer).grade, (int)reasons[_i].grade);
}
END_TEST

/* --- other answers ----------------------------------------------------------
 */

static const struct {
	const char *name;
	struct apns_answer answer;
	enum apns_grade grade;
	const char *text; /* a part of it */
} answers[] = {
	{ "a real device is not known",
	    { 0, STR("2"), 400, STR("{\"reason\":\"BadDeviceToken\"}"), STR(""),
		true },
	    APNS_WARNING, "does not know the device" },
	{ "a real device has left",
	    { 0, STR("2"), 410, STR("{\"reason\":\"Unregistered\"}"), STR(""),
		true },
	    APNS_OK, "the device has left" },
	{ "the page of a proxy is not a success",
	    { 0, STR("2"), 200, STR("<html>blocked</html>"), STR(""), false },
	    APNS_UNKNOWN, "not one of Apple's" },
	{ "more members and white space",
	    { 0, STR("2"), 410,
		STR("{ \"timestamp\": 1711111111111,\n"
		    "\"reason\" : \"Unregistered\" }\r\n"),
		STR(""), false },
	    APNS_OK, "the device has left" },
	{ "an escape in the reason",
	    { 0, STR("2"), 403, STR("{\"reason\":\"B\\u0061dCertificate\"}"),
		STR(""), false },
	    APNS_CRITICAL, "refuses the certificate" },
	{ "two reasons",
	    { 0, STR("2"), 400,
		STR("{\"reason\":\"BadDeviceToken\",\"reason\":\"BadTopic\"}"),
		STR(""), false },
	    APNS_UNKNOWN, "not one of Apple's" },
	{ "a reason that is no text",
	    { 0, STR("2"), 400, STR("{\"reason\":[\"BadDeviceToken\"]}"),
		STR(""), false },
	    APNS_UNKNOWN, "not one of Apple's" },
	{ "a reason with other characters",
	    { 0, STR("2"), 400, STR("{\"reason\":\"Bad|Device\\u001b\"}"),
		STR(""), false },
	    APNS_UNKNOWN, "not one of Apple's" },
	{ "a body that was cut",
	    { 18, STR("2"), 400, STR("{\"reason\":\"BadDevice"),
		STR("curl: (18) transfer closed"), false },
	    APNS_UNKNOWN, "no answer" },
	{ "a body that is complete although the connection was cut",
	    { 92, STR("2"), 403, STR("{\"reason\":\"BadCertificate\"}"),
		STR("curl: (92) HTTP/2 stream 1 was not closed cleanly"),
		false },
	    APNS_CRITICAL, "refuses the certificate" },
	{ "a success that was cut",
	    { 92, STR("2"), 200, STR(""),
		STR("curl: (92) HTTP/2 stream 1 was not closed cleanly"),
		false },
	    APNS_UNKNOWN, "no answer" },
	{ "HTTP/3",
	    { 0, STR("3"), 400, STR("{\"reason\":\"BadDeviceToken\"}"), STR(""),
		false },
	    APNS_UNKNOWN, "proxy" },
};

START_TEST(an_answer_has_a_grade)
{
	struct apns_verdict v = judge(&answers[_i].answer);

	ck_assert_msg(v.grade == answers[_i].grade &&
		unit_holds(str_of(v.text), answers[_i].text),
	    "%s: %d, %s", answers[_i].name, (int)v.grade, v.text);
}
END_TEST

/* --- alerts and failures of curl --------------------------------------------
 */

static const struct {
	const char *name;
	int exit_status;
	const char *trace;
	enum apns_grade grade;
	unsigned alert;
	const char *text, *words; /* a part of the text; all words */
} failures[] = {
	{ "expired, TLS 1.3", 56,
	    "* TLSv1.3 (IN), TLS handshake, Finished (20):\n"
	    "* TLSv1.3 (IN), TLS alert, certificate expired (557):\n"
	    "curl: (56) OpenSSL SSL_read: sslv3 alert certificate expired\n",
	    APNS_CRITICAL, 45, "has expired", "" },
	{ "expired, TLS 1.2: the status of a server that is not trusted", 60,
	    "* TLSv1.2 (IN), TLS alert, certificate expired (557):\n"
	    "curl: (60) SSL certificate verification failed\n",
	    APNS_CRITICAL, 45, "has expired", "" },
	{ "revoked", 35,
	    "* TLSv1.2 (IN), TLS alert, certificate revoked (556):",
	    APNS_CRITICAL, 44, "revoked", "" },
	{ "bad certificate", 56,
	    "* TLSv1.3 (IN), TLS alert, bad certificate (554):\n",
	    APNS_CRITICAL, 42, "not yet valid", "" },
	{ "unsupported", 56,
	    "* TLSv1.3 (IN), TLS alert, unsupported certificate (555):\n",
	    APNS_CRITICAL, 43, "not for pushes", "" },
	{ "certificate unknown", 56,
	    "* TLSv1.3 (IN), TLS alert, certificate unknown (558):\n",
	    APNS_CRITICAL, 46, "refuses", "" },
	{ "foreign CA", 56, "* TLSv1.3 (IN), TLS alert, unknown CA (560):\n",
	    APNS_CRITICAL, 48, "Apple has not issued it", "" },
	{ "access denied", 56,
	    "* TLSv1.3 (IN), TLS alert, access denied (561):\n", APNS_CRITICAL,
	    49, "refuses", "" },
	{ "wrong key", 35, "* TLSv1.2 (IN), TLS alert, decrypt error (563):\n",
	    APNS_CRITICAL, 51, "the key does not belong", "" },
	{ "certificate required", 56,
	    "* TLSv1.3 (IN), TLS alert, unknown (628):\n", APNS_CRITICAL, 116,
	    "got no certificate", "" },
	{ "only the first alert counts", 56,
	    "* TLSv1.3 (IN), TLS alert, certificate revoked (556):\n"
	    "* TLSv1.3 (IN), TLS alert, certificate expired (557):\n",
	    APNS_CRITICAL, 44, "revoked", "" },

	{ "a curl that traces no alerts, with OpenSSL 3", 56,
	    "curl: (56) OpenSSL SSL_read: OpenSSL/3.0.19: "
	    "error:0A000415:SSL routines::sslv3 alert certificate expired, "
	    "errno 0\n",
	    APNS_CRITICAL, 45, "has expired", "" },
	{ "the same with OpenSSL 1.1", 35,
	    "curl: (35) error:14094418:SSL routines:ssl3_read_bytes:tlsv1 "
	    "alert unknown ca",
	    APNS_CRITICAL, 48, "Apple has not issued it", "" },
	{ "an error that is no alert", 35,
	    "curl: (35) error:0A00010B:SSL routines::wrong version number",
	    APNS_UNKNOWN, 0, "no answer",
	    "error:0A00010B:SSL routines::wrong version number" },
	{ "an alert that does not judge the certificate", 35,
	    "curl: (35) error:0A000410:SSL routines::handshake failure",
	    APNS_UNKNOWN, 0, "no answer",
	    "error:0A000410:SSL routines::handshake failure" },
	{ "an error without its number", 35,
	    "curl: (35) error::SSL routines::x error:0A000415", APNS_UNKNOWN, 0,
	    "no answer", "error::SSL routines::x error:0A000415" },
	{ "an error of the connection to a proxy", 35,
	    "* Uses proxy env variable https_proxy == 'https://p:1'\n"
	    "curl: (35) error:0A000415:SSL routines::sslv3 alert certificate "
	    "expired",
	    APNS_UNKNOWN, 0, "no answer",
	    "error:0A000415:SSL routines::sslv3 alert certificate expired" },

	/* Alerts that do not judge the certificate. */
	{ "an alert of ours", 60,
	    "* TLSv1.3 (OUT), TLS alert, unknown CA (560):\n"
	    "curl: (60) SSL certificate problem: self-signed certificate\n"
	    "More details here: https://curl.se/docs/sslcerts.html\n",
	    APNS_UNKNOWN, 0, "USERTrust",
	    "SSL certificate problem: self-signed certificate" },
	{ "the end of the connection", 56,
	    "* TLSv1.3 (IN), TLS alert, close notify (256):\n"
	    "curl: (56) Connection reset\n",
	    APNS_UNKNOWN, 0, "no answer", "Connection reset" },
	{ "no common version", 35,
	    "* TLSv1.3 (IN), TLS alert, protocol version (582):\n"
	    "curl: (35) unsupported protocol\n",
	    APNS_UNKNOWN, 0, "no answer", "unsupported protocol" },
	{ "no common cipher", 35,
	    "* TLSv1.2 (IN), TLS alert, handshake failure (552):\n",
	    APNS_UNKNOWN, 0, "no answer", "" },
	{ "a line of the server", 56,
	    "< x: 1\n< * TLSv1.3 (IN), TLS alert, certificate expired (557):\n",
	    APNS_UNKNOWN, 0, "no answer", "" },
	{ "a line without a number", 56,
	    "* TLSv1.3 (IN), TLS alert, x ():\n* TLSv1.3 (IN), TLS alert\n"
	    "* TLSv1.3 (IN), TLS alert, (99999999999999999999):",
	    APNS_UNKNOWN, 0, "no answer", "" },

	/* A curl that cannot ask Apple. */
	{ "a curl without HTTP/2", 2,
	    "curl: option --http2: the installed libcurl version doesn't "
	    "support this\n"
	    "curl: try 'curl --help' for more information\n",
	    APNS_UNKNOWN, 0, "lacks HTTP/2",
	    "option --http2: the installed libcurl version doesn't support "
	    "this" },
	{ "an HTTP/2 that was left out", 4,
	    "curl: (4) A requested feature was not built-in\n", APNS_UNKNOWN, 0,
	    "lacks HTTP/2", "A requested feature was not built-in" },

	/* A proxy. */
	{ "a proxy with TLS refuses us", 56,
	    "* Uses proxy env variable https_proxy == 'https://p:1'\n"
	    "* TLSv1.3 (IN), TLS alert, unknown (628):\n"
	    "curl: (56) Proxy\n",
	    APNS_UNKNOWN, 0, "no answer", "Proxy" },
	{ "Apple refuses the certificate after that proxy", 56,
	    "* Uses proxy env variable https_proxy == 'https://p:1'\n"
	    "* TLSv1.3 (IN), TLS alert, close notify (256):\n"
	    "* CONNECT phase completed!\n"
	    "* TLSv1.3 (IN), TLS alert, certificate expired (557):\n",
	    APNS_CRITICAL, 45, "has expired", "" },
	{ "the same with a newer curl", 56,
	    "* Uses proxy env variable https_proxy == 'https://p:1'\n"
	    "* CONNECT tunnel established, response 200\n"
	    "* TLSv1.3 (IN), TLS alert, certificate expired (557):\n",
	    APNS_CRITICAL, 45, "has expired", "" },
	{ "a proxy without TLS", 56,
	    "* Uses proxy env variable https_proxy == 'http://p:1'\n"
	    "* TLSv1.3 (IN), TLS alert, certificate expired (557):\n",
	    APNS_CRITICAL, 45, "has expired", "" },

	/* curl's own failures. */
	{ "no listener", 7,
	    "*   Trying 127.0.0.1:1...\n"
	    "curl: (7) Failed to connect to 127.0.0.1 port 1\n",
	    APNS_UNKNOWN, 0, "no answer",
	    "Failed to connect to 127.0.0.1 port 1" },
	{ "the key is of another certificate", 58,
	    "curl: (58) unable to set private key file: '/dev/fd/5' type PEM\n",
	    APNS_CRITICAL, 0, "with this key",
	    "unable to set private key file: '/dev/fd/5' type PEM" },
	{ "a message with other bytes", 6,
	    "curl: (6) Could not resolve \xff\x1b[31m\n", APNS_UNKNOWN, 0,
	    "no answer", "Could not resolve ??[31m" },
	{ "a message without a number", 7, "curl: option http2: unsupported",
	    APNS_UNKNOWN, 0, "no answer", "option http2: unsupported" },
	{ "the last message counts", 7, "curl: (1) a\ncurl: (7) b",
	    APNS_UNKNOWN, 0, "no answer", "b" },
	{ "nothing at all", 28, "", APNS_UNKNOWN, 0, "no answer", "" },
};

START_TEST(a_failure_has_a_grade)
{
	struct apns_answer answer = { .exit_status = failures[_i].exit_status,
		.http_version = STR("0"),
		.body = STR_EMPTY,
		.trace = str_of(failures[_i].trace) };
	struct apns_verdict v = judge(&answer);

	ck_assert_msg(v.grade == failures[_i].grade &&
		v.alert == failures[_i].alert &&
		unit_holds(str_of(v.text), failures[_i].text),
	    "%s: %d, alert %u, %s", failures[_i].name, (int)v.grade, v.alert,
	    v.text);
	unit_same(
	    failures[_i].name, str_of(v.words), str_of(failures[_i].words));
	ck_assert_int_eq(v.curl, v.alert != 0 ? 0 : failures[_i].exit_status);
	unit_check(failures[_i].name, (v.alert_name != NULL) == (v.alert != 0));
}
END_TEST

START_TEST(a_message_is_cut)
{
	char text[600] = "curl: (7) ";
	struct apns_answer answer = {
		.exit_status = 7, .http_version = STR("0"), .body = STR_EMPTY
	};

	memset(text + strlen(text), 'x', 500);
	answer.trace = str_of(text);
	ck_assert_uint_eq(strlen(judge(&answer).words), APNS_WORDS_MAX - 1);
}
END_TEST

/* An answer that fills the memory is no answer, not an overflow. */
START_TEST(a_large_body_is_not_read)
{
	static char body[APNS_BODY_MAX + 64];
	struct apns_answer answer = { .http_version = STR("2"), .status = 400 };
	size_t i, n;

	for (i = 0; i < 2; i++) {
		n = APNS_BODY_MAX + i;
		memset(body, ' ', n);
		memcpy(body, "{\"reason\":\"BadDeviceToken\"}", 27);
		answer.body = str_from(body, n);
		ck_assert_int_eq((int)judge(&answer).grade,
		    (int)(i == 0 ? APNS_OK : APNS_UNKNOWN));
	}
	memset(body, '[', APNS_BODY_MAX);
	answer.body = str_from(body, APNS_BODY_MAX);
	ck_assert_int_eq((int)judge(&answer).grade, APNS_UNKNOWN);
	/* The longest document that may be read needs the most memory. */
	n = (size_t)snprintf(body, sizeof(body), "{");
	for (i = 0; i < 30; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n,
		    "\"%zu\":\"\\n%0100zu\",", i, i);
	snprintf(body + n, sizeof(body) - n, "\"reason\":\"BadDeviceToken\"}");
	answer.body = str_of(body);
	ck_assert_uint_le(answer.body.n, APNS_BODY_MAX);
	ck_assert_int_eq((int)judge(&answer).grade, APNS_OK);
}
END_TEST

static const struct {
	const char *text;
	bool good;
} topics[] = {
	{ "com.apple.mgmt.External.1b4e28ba-2fa1-4c8e-883f-0016d3cca427",
	    true },
	{ "a_b", true },
	{ "", false },
	{ "a b", false },
	{ "a\nurl = file:///etc/passwd", false },
	{ "a\"", false },
	{ "a\\", false },
	{ "a\r\nx: y", false },
	{ "caf\xc3\xa9", false },
};

START_TEST(a_topic_fits_into_a_header)
{
	unit_check(topics[_i].text,
	    apns_is_topic(unit_guard(0, str_of(topics[_i].text))) ==
		topics[_i].good);
}
END_TEST

static Suite *
apns_suite(void)
{
	Suite *s = suite_create("apns");
	TCase *t = tcase_create("apns");

	tcase_add_loop_test(t, a_reason_has_a_grade, 0, COUNT(reasons));
	tcase_add_loop_test(t, an_answer_has_a_grade, 0, COUNT(answers));
	tcase_add_loop_test(t, a_failure_has_a_grade, 0, COUNT(failures));
	tcase_add_test(t, a_message_is_cut);
	tcase_add_test(t, a_large_body_is_not_read);
	tcase_add_loop_test(t, a_topic_fits_into_a_header, 0, COUNT(topics));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(apns_suite());
}
