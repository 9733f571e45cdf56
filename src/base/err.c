/* SPDX-License-Identifier: ISC */
/*
 * err.c - the table of outcomes. Where Microsoft Graph has a text for an
 * outcome, the table has the same text, because clients compare it.
 */
#include "base/err.h"

#include <stddef.h>

#define BAD "BadRequest"
#define MODEL "ModelValidationFailure"
#define TOKEN "InvalidAuthenticationToken"
#define UNREADABLE "Unable to read JSON request payload. "

static const struct err_info outcomes[ERR_COUNT] = {
	[ERR_OK] = { 200, "OK", "Fine.", NULL },

	[ERR_ROOT] = { 404, "ResourceNotFound", "Invalid version: {}", NULL },
	[ERR_SEGMENT] = { 400, BAD, "Resource not found for the segment '{}'.",
	    NULL },
	[ERR_METHOD] = { 405, "Request_BadRequest",
	    "Specified HTTP method is not allowed for the request target.",
	    NULL },

	[ERR_TOKEN_ABSENT] = { 401, TOKEN, "Access token is empty.", NULL },
	[ERR_TOKEN_INVALID] = { 401, TOKEN, "Access token validation failure.",
	    NULL },
	[ERR_TOKEN_EXPIRED] = { 401, TOKEN,
	    "Access token has expired or is not yet valid.", NULL },
	[ERR_FORBIDDEN] = { 403, "Forbidden",
	    "Application is not authorized to perform this operation. "
	    "Application must have one of the following scopes: {!}",
	    NULL },
	[ERR_TENANT] = { 403, "Forbidden",
	    "The tenant of the access token is not served here.", NULL },
	[ERR_CROSS_SITE] = { 403, "Forbidden",
	    "A browser sent this request from another site: {!} is '{}'. "
	    "Nothing was changed. If that site is this service, set base_url; "
	    "if it may change data here, add its origin to cors_origins.",
	    NULL },
	[ERR_RATE] = { 429, "TooManyRequests",
	    "Too many failed requests. Try again later.", NULL },

	[ERR_URL_TOO_LONG] = { 414, "RequestUriTooLong",
	    "The request's URL is longer than {!} bytes.", NULL },
	[ERR_HEADER_LINES] = { 400, BAD,
	    "The request repeats too many headers.", NULL },
	[ERR_TOO_LARGE] = { 413, "RequestEntityTooLarge",
	    "The request body is larger than {!} bytes.", NULL },
	[ERR_CONTENT_ENCODING] = { 415, "UnsupportedMediaType",
	    "The content encoding '{}' is not supported. "
	    "Send the body without one.",
	    NULL },
	[ERR_CONTENT_TYPE_ABSENT] = { 400, BAD,
	    UNREADABLE "Please ensure Content-Type header is set and payload "
		       "is of valid JSON format.",
	    NULL },
	[ERR_CONTENT_TYPE] = { 415, "UnsupportedMediaType",
	    "The content type '{}' is not supported. "
	    "Use application/json.",
	    NULL },
	[ERR_CONTENT_TYPES] = { 415, "UnsupportedMediaType",
	    "The request has several Content-Type headers, and they differ: "
	    "'{}'. Send one.",
	    NULL },
	[ERR_NOT_ACCEPTABLE] = { 406, "NotAcceptable",
	    "None of the media types '{}' can be produced. "
	    "Accept application/json.",
	    NULL },
	[ERR_QUERY_OPTION] = { 400, BAD,
	    "The query option '{}' is not supported.", NULL },
	[ERR_QUERY_TWICE] = { 400, BAD,
	    "The query option '{}' was specified more than once, "
	    "but it must be specified at most once.",
	    NULL },
	[ERR_QUERY_ESCAPE] = { 400, BAD,
	    "The query option '{}' holds a bad percent escape or is not "
	    "valid UTF-8.",
	    NULL },
	[ERR_FORMAT] = { 400, BAD,
	    "The value '{}' of $format is not supported. Use json.", NULL },
	[ERR_SELECT] = { 400, BAD,
	    "Parsing OData Select and Expand failed: Could not find a "
	    "property named '{}' on type "
	    "'microsoft.graph.applePushNotificationCertificate'.",
	    NULL },

	[ERR_BODY_SHORT] = { 400, BAD,
	    "The request body ended before its declared length of {} bytes.",
	    NULL },
	[ERR_JSON_EMPTY] = { 400, BAD, "Empty Payload. JSON content expected.",
	    NULL },
	[ERR_JSON_SYNTAX] = { 400, BAD, UNREADABLE "It is not JSON at '{}'.",
	    NULL },
	[ERR_JSON_CUT] = { 400, BAD, UNREADABLE "It ends in the middle.",
	    NULL },
	[ERR_JSON_NOT_OBJECT] = { 400, BAD,
	    UNREADABLE "An object is expected instead of '{}'.", NULL },
	[ERR_JSON_TRAILING] = { 400, BAD,
	    UNREADABLE "Something follows the object: '{}'.", NULL },
	[ERR_JSON_NUMBER] = { 400, BAD,
	    UNREADABLE "'{}' is not a number in JSON.", NULL },
	[ERR_JSON_ESCAPE] = { 400, BAD,
	    UNREADABLE "A string holds the bad escape '{}'.", NULL },
	[ERR_JSON_CONTROL] = { 400, BAD,
	    UNREADABLE "A string holds the unescaped control character '{}'.",
	    NULL },
	[ERR_JSON_SURROGATE] = { 400, BAD,
	    UNREADABLE "A string holds the lone surrogate '{}'.", NULL },
	[ERR_JSON_UTF8] = { 400, BAD, UNREADABLE "It is not valid UTF-8.",
	    NULL },
	[ERR_JSON_UTF16] = { 400, BAD,
	    UNREADABLE "It is UTF-16 or UTF-32. Send it as UTF-8.", NULL },
	[ERR_JSON_DUPLICATE] = { 400, BAD,
	    UNREADABLE "The name '{}' stands more than once in an object.",
	    NULL },
	[ERR_JSON_DEPTH] = { 400, BAD, UNREADABLE "It is nested too deeply.",
	    NULL },
	[ERR_JSON_TOKENS] = { 400, BAD, UNREADABLE "It has too many values.",
	    NULL },

	[ERR_UNKNOWN_PROPERTY] = { 400, MODEL,
	    "The property '{}' does not exist on type "
	    "'microsoft.graph.applePushNotificationCertificate'. Make sure to "
	    "only use property names that are defined by the type.",
	    NULL },
	[ERR_NOT_STRING] = { 400, MODEL,
	    "Cannot convert the literal '{}' to the expected type "
	    "'Edm.String'.",
	    NULL },
	[ERR_NOT_DATE] = { 400, MODEL,
	    "Cannot convert the literal '{}' to the expected type "
	    "'Edm.DateTimeOffset'.",
	    NULL },
	[ERR_NOT_NULLABLE] = { 400, MODEL,
	    "The property '{}' is not nullable and cannot be set to null.",
	    NULL },
	[ERR_WRONG_TYPE] = { 400, MODEL,
	    "The type '{}' is not "
	    "'microsoft.graph.applePushNotificationCertificate'.",
	    NULL },
	[ERR_TOO_LONG] = { 400, MODEL,
	    "The value of the property '{}' is too long.", NULL },
	[ERR_PRECONDITION] = { 412, "PreconditionFailed",
	    "The condition of the request, If-Match or If-None-Match, is not met. "
	    "Nothing was changed.",
	    NULL },
	[ERR_NOT_FOUND] = { 404, "ResourceNotFound",
	    "Resource not found: no Apple push notification certificate is "
	    "configured.",
	    NULL },

	[ERR_NO_REQUEST] = { 404, "ResourceNotFound",
	    "Resource not found: no certificate signing request waits for its certificate.",
	    NULL },
	[ERR_NO_DRY_RUN] = { 400, BAD,
	    "A certificate request has no dry run. Nothing was changed.",
	    NULL },
	[ERR_NOT_A_CERTIFICATE] = { 400, BAD,
	    "The certificate cannot be read: {!}.", "NotACertificate" },
	[ERR_PRIVATE_KEY] = { 400, BAD,
	    "The text holds a private key{!}. Nothing was stored. "
	    "Upload the certificate alone, and take it that the key is known "
	    "to others now.",
	    "PrivateKeyPresent" },
	[ERR_WRAPPED] = { 400, MODEL,
	    "The text might hide a private key: {!}. Nothing was stored.",
	    NULL },
	[ERR_REQUEST_INSTEAD] = { 400, BAD,
	    "This is a certificate signing request, not a certificate. Upload "
	    "the file that Apple's portal gave for it.",
	    "CertificateRequestInstead" },
	[ERR_NOT_MDM] = { 400, BAD,
	    "This is not an MDM push certificate: its subject UID is '{}' and "
	    "does not begin with com.apple.mgmt. Use the one made at "
	    "identity.apple.com/pushcert.",
	    "NotAnMdmCertificate" },
	[ERR_EXPIRED] = { 400, BAD,
	    "The certificate expired at {}. Renew it with the same Apple "
	    "account and upload the new one.",
	    "CertificateExpired" },
	[ERR_NOT_YET_VALID] = { 400, BAD,
	    "The certificate is not valid before {}. Check the clock of this "
	    "machine.",
	    "CertificateNotYetValid" },
	[ERR_OLDER] = { 400, BAD,
	    "The certificate ends at {}, before the stored one, which ends at "
	    "{2}. Upload the newest one.",
	    "OlderThanStored" },
	[ERR_WEAK_KEY] = { 400, BAD,
	    "The certificate's RSA key has {} bits; at least 2048 are needed.",
	    "WeakKey" },
	[ERR_UNSUPPORTED_KEY] = { 400, BAD,
	    "The certificate's key is of the type {}; Apple issues RSA.",
	    "UnsupportedKey" },
	[ERR_KEY_MISMATCH] = { 400, BAD,
	    "The certificate belongs to another key than the last request made "
	    "here, of {}. Upload the certificate that Apple issued for that "
	    "request.",
	    "KeyMismatch" },
	[ERR_TOPIC_CHANGE] = { 409, "Conflict",
	    "The certificate's topic is {2}, but the topic of this tenant is {}. "
	    "With another topic every enrolled device would have to enrol again. "
	    "Renew the certificate of that topic with its Apple account instead; "
	    "if the change is meant, send the header "
	    "Pushcert-Allow-Topic-Change: {2}",
	    "TopicChange" },

	[ERR_NOT_IMPLEMENTED] = { 501, "NotImplemented",
	    "This function is not available here: the operator has configured no "
	    "key_file.",
	    NULL },
	[ERR_FULL] = { 507, "InsufficientStorage",
	    "The store is full. Nothing was changed.", NULL },
	[ERR_BUSY] = { 503, "ServiceUnavailable",
	    "The service is busy. Try again later.", NULL },
	[ERR_KEYGEN_BUSY] = { 503, "ServiceUnavailable",
	    "Other keys are being made. Try again later.", NULL },
	[ERR_STORE] = { 503, "ServiceUnavailable",
	    "The store cannot be used at the moment. Try again later.", NULL },
	[ERR_NO_STORE] = { 503, "ServiceUnavailable",
	    "There is no store yet. Run pushcert init.", NULL },
	[ERR_NOT_PRIVATE] = { 503, "ServiceUnavailable",
	    "The data directory or a file in it can be read by others, belongs "
	    "to another user, or cannot be written.",
	    NULL },
	[ERR_NETWORK_FS] = { 503, "ServiceUnavailable",
	    "The data directory is on a network file system, on which locks "
	    "and maps do not hold. Use a local one.",
	    NULL },
	[ERR_EXPOSED] = { 500, "InternalError",
	    "The data directory lies under the web server's document root. "
	    "Move it, or allow it by data_in_document_root = yes.",
	    NULL },
	[ERR_NEWER] = { 503, "ServiceUnavailable",
	    "The store was written by a newer release of pushcert.", NULL },
	[ERR_OLD_FORMAT] = { 503, "ServiceUnavailable",
	    "The store has the format of an older release. Run pushcert init "
	    "to upgrade it.",
	    NULL },
	[ERR_IN_USE] = { 503, "ServiceUnavailable",
	    "The store has the format of an older release, and cannot be "
	    "upgraded while another process has it open. The log names the "
	    "process.",
	    NULL },
	[ERR_UPGRADING] = { 503, "ServiceUnavailable",
	    "The store is being upgraded. Try again later.", NULL },
	[ERR_CORRUPT] = { 500, "InternalError",
	    "A stored value is damaged. It was not used.", NULL },
	[ERR_SECRET] = { 503, "ServiceUnavailable",
	    "A file with a key cannot be read at the moment. Try again later.",
	    NULL },
	[ERR_MEMORY] = { 500, "InternalError",
	    "The request needs more memory than it may have.", NULL },
	[ERR_INTERNAL] = { 500, "InternalError", "An internal error occurred.",
	    NULL },

	[ERR_USAGE] = { 0, "Usage", "Wrong usage.", NULL },
	[ERR_CONFIG] = { 0, "Configuration", "The configuration is not usable.",
	    NULL },
	[ERR_FILE] = { 0, "File", "A file cannot be used.", NULL },
};

const struct err_info *
err_info(enum err e)
{
	if ((unsigned)e >= ERR_COUNT)
		e = ERR_INTERNAL;
	return &outcomes[e];
}
