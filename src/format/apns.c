/* SPDX-License-Identifier: ISC */
/*
 * apns.c - judges whether Apple's push service accepts a certificate and its
 * key.
 *
 * An answer over HTTP/2 is judged by Apple's table of reasons ("Handling
 * notification responses from APNs"). Apple ends the TLS connection of an
 * expired or revoked certificate with an alert and sends no answer. curl's exit
 * status is not enough to see that: with TLS 1.2, an expired certificate and a
 * server that is not trusted both give 60. So the alert is read from the lines
 * that curl prints with `verbose`, such as
 *
 *   * TLSv1.3 (IN), TLS alert, certificate expired (557):
 *
 * where the low byte of the number is the alert. A line of the server begins
 * with "< ", so that no server can forge such a line.
 */
#include "format/apns.h"

#include <string.h>

#include "format/json.h"

#define GOOD "Apple accepts the certificate and its key"
#define NOT_JUDGED "the certificate was not judged: "
#define OUR_FAULT NOT_JUDGED "pushcert sent a wrong request; report this fault"
#define TOKENS NOT_JUDGED "Apple saw a token in the request; a proxy alters it"

/* Exit statuses of curl(1): it does not know an option, or was built without
 * what the option needs; the certificate and key cannot be used; the server is
 * not trusted. */
enum {
	CURL_OPTION = 2,
	CURL_BUILT_WITHOUT = 4,
	CURL_PAIR = 58,
	CURL_UNTRUSTED = 60
};

static const struct row {
	unsigned status;
	const char *reason;
	enum apns_grade grade;
	const char *text;
} rows[] = {
	{ 200, "", APNS_OK, GOOD ", and has taken the push" },
	{ 400, "BadDeviceToken", APNS_OK, GOOD },
	{ 410, "Unregistered", APNS_OK, GOOD "; the device has left" },
	{ 410, "ExpiredToken", APNS_OK, GOOD "; the device has left" },

	{ 403, "BadCertificate", APNS_CRITICAL,
	    "Apple refuses the certificate; renew it" },
	{ 403, "BadCertificateEnvironment", APNS_CRITICAL,
	    "the certificate is for Apple's other environment" },
	{ 403, "Forbidden", APNS_CRITICAL, "Apple refuses the certificate" },
	{ 403, "MissingProviderToken", APNS_CRITICAL,
	    "Apple got no certificate: a proxy opens the TLS connection; "
	    "exempt Apple's hosts from its inspection" },
	{ 400, "BadTopic", APNS_CRITICAL,
	    "Apple does not know the topic of the certificate" },
	{ 400, "TopicDisallowed", APNS_CRITICAL,
	    "Apple does not allow the topic of the certificate" },
	{ 400, "MissingTopic", APNS_CRITICAL,
	    "Apple finds no topic for the certificate" },
	{ 400, "InvalidPushType", APNS_CRITICAL,
	    "Apple does not accept the certificate for MDM" },
	{ 400, "DeviceTokenNotForTopic", APNS_CRITICAL,
	    "the device has another topic: it was enrolled with another "
	    "certificate" },

	{ 429, "TooManyRequests", APNS_UNKNOWN,
	    NOT_JUDGED "Apple limits the number of requests; try again later" },
	{ 500, "InternalServerError", APNS_UNKNOWN,
	    NOT_JUDGED "Apple's service has failed; try again later" },
	{ 503, "ServiceUnavailable", APNS_UNKNOWN,
	    NOT_JUDGED "Apple's service is not available; try again later" },
	{ 503, "Shutdown", APNS_UNKNOWN,
	    NOT_JUDGED "Apple's server is shutting down; try again" },
	{ 400, "IdleTimeout", APNS_UNKNOWN,
	    NOT_JUDGED "the connection timed out; try again" },

	{ 400, "BadCollapseId", APNS_UNKNOWN, OUR_FAULT },
	{ 400, "BadExpirationDate", APNS_UNKNOWN, OUR_FAULT },
	{ 400, "BadMessageId", APNS_UNKNOWN, OUR_FAULT },
	{ 400, "BadPriority", APNS_UNKNOWN, OUR_FAULT },
	{ 400, "DuplicateHeaders", APNS_UNKNOWN, OUR_FAULT },
	{ 400, "MissingDeviceToken", APNS_UNKNOWN, OUR_FAULT },
	{ 400, "PayloadEmpty", APNS_UNKNOWN, OUR_FAULT },
	{ 404, "BadPath", APNS_UNKNOWN, OUR_FAULT },
	{ 405, "MethodNotAllowed", APNS_UNKNOWN, OUR_FAULT },
	{ 413, "PayloadTooLarge", APNS_UNKNOWN, OUR_FAULT },

	{ 403, "ExpiredProviderToken", APNS_UNKNOWN, TOKENS },
	{ 403, "InvalidProviderToken", APNS_UNKNOWN, TOKENS },
	{ 403, "UnrelatedKeyIdInToken", APNS_UNKNOWN, TOKENS },
	{ 403, "BadEnvironmentKeyIdInToken", APNS_UNKNOWN, TOKENS },
	{ 429, "TooManyProviderTokenUpdates", APNS_UNKNOWN, TOKENS },
};

static const struct alert {
	unsigned number;
	const char *name, *text;
} alerts[] = {
	{ 42, "bad certificate",
	    "Apple refuses the certificate: it is damaged or not yet valid" },
	{ 43, "unsupported certificate",
	    "Apple refuses the certificate: it is not for pushes" },
	{ 44, "certificate revoked",
	    "the certificate has been revoked; renew it" },
	{ 45, "certificate expired", "the certificate has expired; renew it" },
	{ 46, "certificate unknown", "Apple refuses the certificate" },
	{ 48, "unknown CA",
	    "Apple refuses the certificate: Apple has not issued it" },
	{ 49, "access denied", "Apple refuses the certificate" },
	{ 51, "decrypt error", "the key does not belong to the certificate" },
	{ 116, "certificate required",
	    "Apple got no certificate; a proxy may open the TLS connection" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- the answer --------------------------------------------------------- */

/* A reason is a word; anything else is not Apple's. */
static bool
is_reason(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') ||
			(s.p[i] >= 'a' && s.p[i] <= 'z') ||
			(s.p[i] >= '0' && s.p[i] <= '9')))
			return false;
	return s.n > 0 && s.n < APNS_REASON_MAX;
}

/* Copies the reason of {"reason":"..."}, or nothing. */
static void
read_reason(struct str body, struct arena *a, char out[APNS_REASON_MAX])
{
	static const struct json_limits most = { .depth = 4, .tokens = 64 };
	size_t used = a->used, value;
	struct str what, reason;
	struct json doc;

	if (body.n > APNS_BODY_MAX ||
	    json_parse_within(body, &most, a, &doc, &what) != ERR_OK ||
	    !json_find(&doc, 0, str_of("reason"), &value) ||
	    json_type(&doc, value) != JSON_STRING) {
		a->used = used;
		return;
	}
	reason = json_text(&doc, value);
	if (is_reason(reason)) {
		memcpy(out, reason.p, reason.n);
		out[reason.n] = '\0';
	}
	a->used = used;
}

static const struct row *
find_row(unsigned status, const char *reason)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		if (rows[i].status == status &&
		    strcmp(rows[i].reason, reason) == 0)
			return &rows[i];
	return NULL;
}

/* Judges an answer over HTTP/2. Returns false if curl failed before the answer
 * was complete, and what arrived of it does not decide. */
static bool
judge_answer(
    const struct apns_answer *in, struct arena *a, struct apns_verdict *out)
{
	const struct row *row;

	read_reason(in->body, a, out->reason);
	row = find_row(in->status, out->reason);
	/* Apple's 200 has no body; a proxy's page has one. */
	if (row != NULL && row->reason[0] == '\0' && in->body.n > 0)
		row = NULL;
	if (in->exit_status != 0 && (row == NULL || row->reason[0] == '\0'))
		return false;
	if (row != NULL) {
		out->grade = row->grade;
		out->text = row->text;
	} else {
		out->text = out->reason[0] != '\0'
		    ? NOT_JUDGED "Apple gives a reason that pushcert does not "
				 "know"
		    : NOT_JUDGED "the answer is not one of Apple's";
	}
	if (row != NULL && in->real_device &&
	    strcmp(row->reason, "BadDeviceToken") == 0) {
		out->grade = APNS_WARNING;
		out->text = GOOD ", but does not know the device";
	}
	return true;
}

/* --- the alert ---------------------------------------------------------- */

static const struct alert *
find_alert(uint64_t number)
{
	size_t i;

	for (i = 0; i < COUNT(alerts); i++)
		if (alerts[i].number == (number & 0xff))
			return &alerts[i];
	return NULL;
}

/* Whether s contains the part. */
static bool
holds(struct str s, const char *part)
{
	return memmem(s.p, s.n, part, strlen(part)) != NULL;
}

/* Reads the alert of a line, or returns NULL. */
static const struct alert *
alert_of(struct str line)
{
	const char *open;
	uint64_t number;

	if (!str_starts(line, "* TLS") || !holds(line, " (IN), TLS alert"))
		return NULL;
	open = memrchr(line.p, '(', line.n);
	line = str_tail(line, (size_t)(open - line.p) + 1);
	return str_u64(str_cut(&line, ')'), &number) ? find_alert(number)
						     : NULL;
}

/* Reads the alert of an error of OpenSSL, for a curl that traces no alerts: the
 * low 12 bits of "error:0A000415:SSL routines" are 1000 and the alert that
 * arrived. */
static const struct alert *
alert_of_error(struct str line)
{
	static const char begin[] = "error:";
	const char *at;
	uint64_t value = 0;
	size_t i;

	if (!str_starts(line, "curl: (") || !holds(line, ":SSL routines:"))
		return NULL;
	at = memmem(line.p, line.n, begin, sizeof(begin) - 1);
	if (at == NULL)
		return NULL;
	line = str_tail(line, (size_t)(at - line.p) + sizeof(begin) - 1);
	for (i = 0; i < line.n && str_hex_digit(line.p[i]) >= 0; i++)
		value = value << 4 | (uint64_t)str_hex_digit(line.p[i]);
	value &= 0xfff;
	return i == 8 && value >= 1000 && value < 1256
	    ? find_alert(value - 1000)
	    : NULL;
}

/*
 * Finds the first alert from Apple. A proxy of the environment whose URL begins
 * with https has a TLS connection of its own, which ends with the line about
 * the tunnel; alerts before that are the proxy's.
 */
static const struct alert *
first_alert(struct str trace)
{
	const struct alert *found = NULL;
	bool of_proxy = false;
	struct str line;

	while (!str_is_null(trace) && found == NULL) {
		line = str_cut(&trace, '\n');
		if (str_starts(line, "* Uses proxy env variable") &&
		    holds(line, "'https://"))
			of_proxy = true;
		else if (str_starts(line, "* CONNECT phase completed") ||
		    str_starts(line, "* CONNECT tunnel established") ||
		    str_starts(line, "* Proxy replied 200"))
			of_proxy = false;
		else if (!of_proxy)
			found = alert_of(line);
		if (!of_proxy && found == NULL)
			found = alert_of_error(line);
	}
	return found;
}

/* --- curl --------------------------------------------------------------- */

/* Copies the text of the line "curl: (7) text". */
static void
copy_words(struct str trace, char out[APNS_WORDS_MAX])
{
	struct str line, found = { NULL, 0 };
	size_t i;

	while (!str_is_null(trace)) {
		line = str_cut(&trace, '\n');
		if (str_starts(line, "curl: ") &&
		    !str_starts(line, "curl: try "))
			found = str_trim(str_tail(line, 6));
	}
	if (str_starts(found, "("))
		(void)str_cut(&found, ')');
	found = str_trim(found);
	for (i = 0; i < found.n && i + 1 < APNS_WORDS_MAX; i++)
		out[i] = found.p[i] >= ' ' && found.p[i] <= '~' ? found.p[i]
								: '?';
	out[i] = '\0';
}

static void
judge_failure(const struct apns_answer *in, struct apns_verdict *out)
{
	out->curl = in->exit_status;
	copy_words(in->trace, out->words);
	switch (in->exit_status) {
	case CURL_OPTION:
	case CURL_BUILT_WITHOUT:
		out->text = NOT_JUDGED
		    "this curl is too old or lacks HTTP/2; install curl 7.50 "
		    "or newer with HTTP/2";
		break;
	case CURL_PAIR:
		out->grade = APNS_CRITICAL;
		out->text = "the certificate cannot be used with this key";
		break;
	case CURL_UNTRUSTED:
		out->text = NOT_JUDGED
		    "the server is not Apple's, or the CA "
		    "certificates of this machine are old and lack "
		    "USERTrust RSA";
		break;
	default:
		out->text = NOT_JUDGED "no answer from Apple's service";
		break;
	}
}

void
apns_judge(
    const struct apns_answer *answer, struct arena *a, struct apns_verdict *out)
{
	const struct alert *alert;

	*out = (struct apns_verdict){ .grade = APNS_UNKNOWN,
		.status = answer->status };
	if (answer->status != 0 && !str_is(answer->http_version, "2")) {
		out->text = NOT_JUDGED "a proxy opens the connection, because "
				       "the answer is not in HTTP/2; exempt "
				       "Apple's hosts from its inspection";
		return;
	}
	if (answer->status != 0 && judge_answer(answer, a, out))
		return;
	if ((alert = first_alert(answer->trace)) == NULL) {
		judge_failure(answer, out);
		return;
	}
	out->grade = APNS_CRITICAL;
	out->text = alert->text;
	out->alert = alert->number;
	out->alert_name = alert->name;
}

bool
apns_is_topic(struct str topic)
{
	static const char marks[] = "-._";
	size_t i;

	for (i = 0; i < topic.n; i++)
		if (memchr(marks, topic.p[i], sizeof(marks) - 1) == NULL &&
		    !is_reason(str_head(str_tail(topic, i), 1)))
			return false;
	return topic.n > 0;
}
