/* SPDX-License-Identifier: ISC */
/*
 * test_err.c - the table of outcomes is complete, and its statuses, codes and
 * texts match the documented interface.
 */
#include "base/err.h"

#include <stdbool.h>
#include <string.h>

#include "unit.h"

/* Every pair of status and code that a response may have, as the documentation
 * of the HTTP interface lists them. */
static const struct {
	int status;
	const char *code;
} pairs[] = {
	{ 200, "OK" },
	{ 400, "BadRequest" },
	{ 400, "ModelValidationFailure" },
	{ 401, "InvalidAuthenticationToken" },
	{ 403, "Forbidden" },
	{ 404, "ResourceNotFound" },
	{ 405, "Request_BadRequest" },
	{ 406, "NotAcceptable" },
	{ 409, "Conflict" },
	{ 412, "PreconditionFailed" },
	{ 413, "RequestEntityTooLarge" },
	{ 414, "RequestUriTooLong" },
	{ 415, "UnsupportedMediaType" },
	{ 424, "FailedDependency" },
	{ 429, "TooManyRequests" },
	{ 500, "InternalError" },
	{ 500, "InjectedFault" }, /* staging sends its own status and code */
	{ 501, "NotImplemented" },
	{ 503, "ServiceUnavailable" },
	{ 507, "InsufficientStorage" },
	{ 0, "Usage" },
	{ 0, "Configuration" },
	{ 0, "File" },
	{ 0, "Stop" },
	{ 0, "Exists" },
};

/* Texts that clients of Graph compare with. */
static const struct {
	enum err e;
	const char *text;
} sentences[] = {
	{ ERR_ROOT, "Invalid version: {}" },
	{ ERR_SEGMENT, "Resource not found for the segment '{}'." },
	{ ERR_METHOD,
	    "Specified HTTP method is not allowed for the request target." },
	{ ERR_TOKEN_ABSENT, "Access token is empty." },
	{ ERR_TOKEN_INVALID, "Access token validation failure." },
	{ ERR_TOKEN_EXPIRED, "Access token has expired or is not yet valid." },
	{ ERR_FORBIDDEN,
	    "Application is not authorized to perform this operation. "
	    "Application must have one of the following scopes: {!}" },
	{ ERR_JSON_EMPTY, "Empty Payload. JSON content expected." },
	{ ERR_CONTENT_TYPE_ABSENT,
	    "Unable to read JSON request payload. Please ensure Content-Type "
	    "header is set and payload is of valid JSON format." },
	{ ERR_NOT_STRING,
	    "Cannot convert the literal '{}' to the expected type "
	    "'Edm.String'." },
	{ ERR_UNKNOWN_PROPERTY,
	    "The property '{}' does not exist on type "
	    "'microsoft.graph.applePushNotificationCertificate'. Make sure to "
	    "only use property names that are defined by the type." },
	{ ERR_SELECT,
	    "Parsing OData Select and Expand failed: Could not find a "
	    "property named '{}' on type 'microsoft.graph.{!}'." },
};

static const struct {
	enum err e;
	const char *reason;
} reasons[] = {
	{ ERR_NOT_A_CERTIFICATE, "NotACertificate" },
	{ ERR_PRIVATE_KEY, "PrivateKeyPresent" },
	{ ERR_REQUEST_INSTEAD, "CertificateRequestInstead" },
	{ ERR_NOT_MDM, "NotAnMdmCertificate" },
	{ ERR_EXPIRED, "CertificateExpired" },
	{ ERR_NOT_YET_VALID, "CertificateNotYetValid" },
	{ ERR_OLDER, "OlderThanStored" },
	{ ERR_WEAK_KEY, "WeakKey" },
	{ ERR_UNSUPPORTED_KEY, "UnsupportedKey" },
	{ ERR_KEY_MISMATCH, "KeyMismatch" },
	{ ERR_TOPIC_CHANGE, "TopicChange" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static size_t
pair_of(const struct err_info *info)
{
	size_t i;

	for (i = 0; i < COUNT(pairs); i++)
		if (info->status == pairs[i].status &&
		    strcmp(info->code, pairs[i].code) == 0)
			break;
	return i;
}

START_TEST(every_outcome_has_a_documented_status_and_code)
{
	const struct err_info *info = err_info((enum err)_i);

	ck_assert_msg(info->code != NULL && info->text != NULL,
	    "outcome %d has no row", _i);
	ck_assert_msg(pair_of(info) < COUNT(pairs),
	    "%d %s is not a documented pair", info->status, info->code);
}
END_TEST

START_TEST(every_documented_status_and_code_is_used)
{
	int e;

	for (e = 0; e < ERR_COUNT; e++)
		if (pair_of(err_info((enum err)e)) == (size_t)_i)
			return;
	ck_abort_msg("no outcome has %d %s", pairs[_i].status, pairs[_i].code);
}
END_TEST

/* The placeholders: a piece of the request, a second piece, a piece of ours. */
static const char *const places[] = { "{}", "{2}", "{!}" };

static bool
is_place(const char *p)
{
	size_t i;

	for (i = 0; i < COUNT(places); i++)
		if (strncmp(p, places[i], strlen(places[i])) == 0)
			return true;
	return false;
}

/* Every text is a sentence, or ends in a list that a placeholder stands for. */
START_TEST(every_text_is_a_sentence_in_plain_ascii)
{
	const char *text = err_info((enum err)_i)->text, *p;
	size_t n = strlen(text);

	unit_check(text, text[0] >= 'A' && text[0] <= 'Z');
	unit_check(text, text[n - 1] == '.' || text[n - 1] == '}');
	for (p = text; *p != '\0'; p++) {
		unit_check(text, *p >= ' ' && *p < 0x7f);
		unit_check(text, *p != '{' || is_place(p));
	}
	/* A text with a second piece has a first one. */
	unit_check(
	    text, strstr(text, "{2}") == NULL || strstr(text, "{}") != NULL);
}
END_TEST

START_TEST(texts_of_graph_are_exact)
{
	ck_assert_str_eq(err_info(sentences[_i].e)->text, sentences[_i].text);
}
END_TEST

START_TEST(names_a_reason_only_for_certificates)
{
	const char *reason = err_info((enum err)_i)->reason;
	size_t i;

	for (i = 0; i < COUNT(reasons); i++) {
		if (reasons[i].e == (enum err)_i) {
			ck_assert_pstr_eq(reason, reasons[i].reason);
			return;
		}
	}
	ck_assert_ptr_null(reason);
}
END_TEST

START_TEST(an_outcome_out_of_range_is_an_internal_error)
{
	ck_assert_ptr_eq(err_info(ERR_COUNT), err_info(ERR_INTERNAL));
	ck_assert_ptr_eq(err_info((enum err)100000), err_info(ERR_INTERNAL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("err");
	TCase *tc = tcase_create("err");

	tcase_add_loop_test(
	    tc, every_outcome_has_a_documented_status_and_code, 0, ERR_COUNT);
	tcase_add_loop_test(
	    tc, every_documented_status_and_code_is_used, 0, COUNT(pairs));
	tcase_add_loop_test(
	    tc, every_text_is_a_sentence_in_plain_ascii, 0, ERR_COUNT);
	tcase_add_loop_test(tc, texts_of_graph_are_exact, 0, COUNT(sentences));
	tcase_add_loop_test(
	    tc, names_a_reason_only_for_certificates, 0, ERR_COUNT);
	tcase_add_test(tc, an_outcome_out_of_range_is_an_internal_error);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
