/* SPDX-License-Identifier: ISC */
/*
 * err.h - every outcome of every function: its HTTP status, its Graph error
 * code and its text, in one table.
 *
 * A function that checks input also returns the offending piece of it, and the
 * text of the outcome has a placeholder for that piece.
 */
#ifndef PUSHCERT_ERR_H
#define PUSHCERT_ERR_H

/*
 * Each row becomes a constant of the enum and a row of the table, so neither
 * can lack the other. The columns:
 *   - the name of the outcome;
 *   - the status of HTTP; 0: no request ends with this outcome;
 *   - the error code of Graph;
 *   - the text: one sentence or more. {} stands for the offending piece of the
 *     input, {2} for a second piece, {!} for a piece that the server chose.
 *     Where Graph has a text for an outcome, the row has the same text, because
 *     clients compare it;
 *   - the code in error.details[], which names the exact reason, or NULL where
 *     the error code is exact enough.
 */
#define ERR_LIST(ROW)                                                          \
	ROW(ERR_OK, 200, "OK", "The request succeeded.", NULL)                 \
	/* The path of the URL. */                                             \
	ROW(ERR_ROOT, 404, "ResourceNotFound", "Invalid version: {}", NULL)    \
	ROW(ERR_SEGMENT, 400, "BadRequest",                                    \
	    "Resource not found for the segment '{}'.", NULL)                  \
	ROW(ERR_NO_PAGE, 404, "ResourceNotFound",                              \
	    "The page '{}' does not exist.", NULL)                             \
	ROW(ERR_METHOD, 405, "Request_BadRequest",                             \
	    "Specified HTTP method is not allowed for the request target.",    \
	    NULL)                                                              \
	/* The caller and its rights. */                                       \
	ROW(ERR_TOKEN_ABSENT, 401, "InvalidAuthenticationToken",               \
	    "Access token is empty.", NULL)                                    \
	ROW(ERR_TOKEN_INVALID, 401, "InvalidAuthenticationToken",              \
	    "Access token validation failure.", NULL)                          \
	ROW(ERR_TOKEN_EXPIRED, 401, "InvalidAuthenticationToken",              \
	    "Access token has expired or is not yet valid.", NULL)             \
	ROW(ERR_FORBIDDEN, 403, "Forbidden",                                   \
	    "Application is not authorized to perform this operation. "        \
	    "Application must have one of the following scopes: {!}",          \
	    NULL)                                                              \
	ROW(ERR_TENANT, 403, "Forbidden",                                      \
	    "This service does not serve the tenant of the access token. "     \
	    "The service's operator can add the tenant.",                      \
	    NULL)                                                              \
	ROW(ERR_CROSS_SITE, 403, "Forbidden",                                  \
	    "A browser sent this request from another site: {!} is '{}'. "     \
	    "Nothing was changed. If that site is this service, set "          \
	    "base_url; if it may change data here, add its origin to "         \
	    "cors_origins.",                                                   \
	    NULL)                                                              \
	ROW(ERR_SITE_UNKNOWN, 403, "Forbidden",                                \
	    "The request names neither Sec-Fetch-Site nor Origin, so it may "  \
	    "come from another site. Nothing was changed. Use a current "      \
	    "browser.",                                                        \
	    NULL)                                                              \
	ROW(ERR_ALL_TENANTS, 403, "Forbidden",                                 \
	    "A token for all tenants is valid only for the page for people, "  \
	    "below ui. Use a token of the tenant.",                            \
	    NULL)                                                              \
	ROW(ERR_TENANT_NAMED, 403, "Forbidden",                                \
	    "The tenant '{}' is not the caller's, or it has neither a record " \
	    "nor an entry in the list of tenants.",                            \
	    NULL)                                                              \
	ROW(ERR_SSO_STATE, 403, "Forbidden",                                   \
	    "This browser did not begin this sign-in, or began it more than "  \
	    "ten minutes ago. Sign in again.",                                 \
	    NULL)                                                              \
	ROW(ERR_SSO_REFUSED, 403, "Forbidden",                                 \
	    "The provider did not sign you in: '{}'. Sign in again, or ask "   \
	    "the provider's administrator.",                                   \
	    NULL)                                                              \
	ROW(ERR_SSO_ROLE, 403, "Forbidden",                                    \
	    "The provider gives you none of the roles that this service "      \
	    "knows. Its administrator can assign one, such as "                \
	    "DeviceManagementServiceConfig.ReadWrite.All.",                    \
	    NULL)                                                              \
	ROW(ERR_RATE, 429, "TooManyRequests",                                  \
	    "Too many failed requests. Try again later.", NULL)                \
	/* Headers and query options. */                                       \
	ROW(ERR_URL_TOO_LONG, 414, "RequestUriTooLong",                        \
	    "The request's URL is longer than {!} bytes.", NULL)               \
	ROW(ERR_HEADER_LINES, 400, "BadRequest",                               \
	    "The request repeats too many header lines. Send each header "     \
	    "once.",                                                           \
	    NULL)                                                              \
	ROW(ERR_TOO_LARGE, 413, "RequestEntityTooLarge",                       \
	    "The request body is larger than {!} bytes.", NULL)                \
	ROW(ERR_CONTENT_ENCODING, 415, "UnsupportedMediaType",                 \
	    "The content encoding '{}' is not supported. Send the body "       \
	    "without a content encoding.",                                     \
	    NULL)                                                              \
	ROW(ERR_CONTENT_TYPE_ABSENT, 400, "BadRequest",                        \
	    "Unable to read JSON request payload. Please ensure "              \
	    "Content-Type header is set and payload is of valid JSON "         \
	    "format.",                                                         \
	    NULL)                                                              \
	ROW(ERR_CONTENT_TYPE, 415, "UnsupportedMediaType",                     \
	    "The content type '{}' is not supported. Use application/json.",   \
	    NULL)                                                              \
	ROW(ERR_CONTENT_TYPES, 415, "UnsupportedMediaType",                    \
	    "The request has Content-Type headers that differ: '{}'. "         \
	    "Send one.",                                                       \
	    NULL)                                                              \
	ROW(ERR_NOT_ACCEPTABLE, 406, "NotAcceptable",                          \
	    "The service cannot produce any of the media types '{}'. "         \
	    "Accept application/json.",                                        \
	    NULL)                                                              \
	ROW(ERR_QUERY_OPTION, 400, "BadRequest",                               \
	    "The query option '{}' is not supported.", NULL)                   \
	ROW(ERR_QUERY_TWICE, 400, "BadRequest",                                \
	    "The query option '{}' was specified more than once, but it "      \
	    "must be specified at most once.",                                 \
	    NULL)                                                              \
	ROW(ERR_QUERY_ESCAPE, 400, "BadRequest",                               \
	    "The query option '{}' contains an invalid percent escape or "     \
	    "invalid UTF-8.",                                                  \
	    NULL)                                                              \
	ROW(ERR_FORMAT, 400, "BadRequest",                                     \
	    "The value '{}' of $format is not supported. Use {!}.", NULL)      \
	ROW(ERR_SELECT, 400, "BadRequest",                                     \
	    "Parsing OData Select and Expand failed: Could not find a "        \
	    "property named '{}' on type 'microsoft.graph.{!}'.",              \
	    NULL)                                                              \
	ROW(ERR_EXPAND, 400, "BadRequest",                                     \
	    "Parsing OData Select and Expand failed: The property '{}' on "    \
	    "type 'microsoft.graph.{!}' cannot be expanded.",                  \
	    NULL)                                                              \
	ROW(ERR_EXPAND_SYNTAX, 400, "BadRequest",                              \
	    "Parsing OData Select and Expand failed: Syntax error in '{}'.",   \
	    NULL)                                                              \
	/* The history as a list: $filter, $orderby, paging. */                \
	ROW(ERR_FILTER_SYNTAX, 400, "BadRequest",                              \
	    "Invalid filter clause: Syntax error at position {!} in '{}'.",    \
	    NULL)                                                              \
	ROW(ERR_FILTER_PROPERTY, 400, "BadRequest",                            \
	    "Invalid filter clause: Could not find a property named '{}' on "  \
	    "type 'microsoft.graph.auditEvent'.",                              \
	    NULL)                                                              \
	ROW(ERR_FILTER_FUNCTION, 400, "BadRequest",                            \
	    "Invalid filter clause: An unknown function with name '{}' was "   \
	    "found at position {!}. Use contains, startswith, endswith or "    \
	    "resources/any.",                                                  \
	    NULL)                                                              \
	ROW(ERR_FILTER_LITERAL, 400, "BadRequest",                             \
	    "Invalid filter clause: The literal {} at position {!} cannot be " \
	    "compared with the property '{2}'.",                               \
	    NULL)                                                              \
	ROW(ERR_FILTER_DEPTH, 400, "BadRequest",                               \
	    "Invalid filter clause: The filter is nested more than 10 deep "   \
	    "at position {!}.",                                                \
	    NULL)                                                              \
	ROW(ERR_FILTER_TERMS, 400, "BadRequest",                               \
	    "Invalid filter clause: The filter has more than 50 terms; the "   \
	    "next one is at position {!}.",                                    \
	    NULL)                                                              \
	ROW(ERR_ORDERBY, 400, "BadRequest",                                    \
	    "The $orderby clause '{}' is not supported. Use activityDateTime " \
	    "desc or activityDateTime asc.",                                   \
	    NULL)                                                              \
	ROW(ERR_QUERY_NUMBER, 400, "BadRequest",                               \
	    "Invalid value '{}' for {!} query option found. The {!} query "    \
	    "option requires a non-negative integer value.",                   \
	    NULL)                                                              \
	ROW(ERR_QUERY_COUNT, 400, "BadRequest",                                \
	    "Invalid value '{}' for $count query option found. There are "     \
	    "two valid values for $count query option: 'true' or 'false'.",    \
	    NULL)                                                              \
	ROW(ERR_SKIPTOKEN, 400, "BadRequest",                                  \
	    "The $skiptoken '{}' is not one of this list, or the event that "  \
	    "it continues after is no longer kept. Read the list from its "    \
	    "start.",                                                          \
	    NULL)                                                              \
	ROW(ERR_NO_EVENT, 404, "ResourceNotFound",                             \
	    "Resource not found: the history has no event with the id '{}'.",  \
	    NULL)                                                              \
	/* The body as JSON (RFC 8259). */                                     \
	ROW(ERR_BODY_SHORT, 400, "BadRequest",                                 \
	    "The request body ended before its declared length of {} bytes.",  \
	    NULL)                                                              \
	ROW(ERR_JSON_EMPTY, 400, "BadRequest",                                 \
	    "Empty Payload. JSON content expected.", NULL)                     \
	ROW(ERR_JSON_SYNTAX, 400, "BadRequest",                                \
	    "Unable to read JSON request payload. Invalid JSON near '{}'.",    \
	    NULL)                                                              \
	ROW(ERR_JSON_CUT, 400, "BadRequest",                                   \
	    "Unable to read JSON request payload. The JSON text ends "         \
	    "before it is complete.",                                          \
	    NULL)                                                              \
	ROW(ERR_JSON_NOT_OBJECT, 400, "BadRequest",                            \
	    "Unable to read JSON request payload. Expected an object, "        \
	    "but found '{}'.",                                                 \
	    NULL)                                                              \
	ROW(ERR_JSON_TRAILING, 400, "BadRequest",                              \
	    "Unable to read JSON request payload. Unexpected data after "      \
	    "the object: '{}'.",                                               \
	    NULL)                                                              \
	ROW(ERR_JSON_NUMBER, 400, "BadRequest",                                \
	    "Unable to read JSON request payload. Invalid number '{}'.", NULL) \
	ROW(ERR_JSON_ESCAPE, 400, "BadRequest",                                \
	    "Unable to read JSON request payload. Invalid escape '{}' in "     \
	    "a string.",                                                       \
	    NULL)                                                              \
	ROW(ERR_JSON_CONTROL, 400, "BadRequest",                               \
	    "Unable to read JSON request payload. Unescaped control "          \
	    "character '{}' in a string.",                                     \
	    NULL)                                                              \
	ROW(ERR_JSON_SURROGATE, 400, "BadRequest",                             \
	    "Unable to read JSON request payload. Unpaired surrogate "         \
	    "'{}' in a string.",                                               \
	    NULL)                                                              \
	ROW(ERR_JSON_UTF8, 400, "BadRequest",                                  \
	    "Unable to read JSON request payload. The body is not valid "      \
	    "UTF-8.",                                                          \
	    NULL)                                                              \
	ROW(ERR_JSON_UTF16, 400, "BadRequest",                                 \
	    "Unable to read JSON request payload. The body is UTF-16 or "      \
	    "UTF-32. Send it as UTF-8.",                                       \
	    NULL)                                                              \
	ROW(ERR_JSON_DUPLICATE, 400, "BadRequest",                             \
	    "Unable to read JSON request payload. Duplicate name '{}' in "     \
	    "an object.",                                                      \
	    NULL)                                                              \
	ROW(ERR_JSON_DEPTH, 400, "BadRequest",                                 \
	    "Unable to read JSON request payload. The JSON text is "           \
	    "nested too deeply.",                                              \
	    NULL)                                                              \
	ROW(ERR_JSON_TOKENS, 400, "BadRequest",                                \
	    "Unable to read JSON request payload. The JSON text has too "      \
	    "many values.",                                                    \
	    NULL)                                                              \
	/* The body as a batch of Graph. */                                    \
	ROW(ERR_BATCH_FORMAT, 400, "BadRequest",                               \
	    "Invalid batch payload format.", NULL)                             \
	ROW(ERR_BATCH_ITEMS, 400, "BadRequest",                                \
	    "Number of requests inside batch exceed the limit.", NULL)         \
	ROW(ERR_BATCH_ID, 400, "BadRequest",                                   \
	    "Request Id {} has to be unique in a batch.", NULL)                \
	ROW(ERR_BATCH_CONTENT_TYPE, 400, "BadRequest",                         \
	    "Write request with id '{}' does not contain a Content-Type "      \
	    "header.",                                                         \
	    NULL)                                                              \
	ROW(ERR_BATCH_DEPENDENCY, 400, "BadRequest",                           \
	    "Invalid dependency for request Id {}.", NULL)                     \
	/* An item of a batch. */                                              \
	ROW(ERR_BATCH_NESTED, 400, "BadRequest",                               \
	    "A batch cannot be in a batch.", NULL)                             \
	ROW(ERR_DEPENDENCY, 424, "FailedDependency",                           \
	    "The request was not run, as one that it depends on failed.",      \
	    NULL)                                                              \
	ROW(ERR_BATCH_ROOM, 503, "ServiceUnavailable",                         \
	    "The request was not run, because the response of the batch "      \
	    "might become too large. Send it again in another batch.",         \
	    NULL)                                                              \
	/* The body as a form of a page. */                                    \
	ROW(ERR_FORM_TYPE, 415, "UnsupportedMediaType",                        \
	    "The content type '{}' is not that of a form. Use "                \
	    "multipart/form-data or application/x-www-form-urlencoded.",       \
	    NULL)                                                              \
	ROW(ERR_FORM, 400, "BadRequest",                                       \
	    "The form cannot be read: {!}. The piece at fault is '{}'.", NULL) \
	/* The stand-in for tests. */                                          \
	ROW(ERR_STANDIN, 400, "BadRequest",                                    \
	    "The test state was not changed: {!}. The value is '{}'.", NULL)   \
	ROW(ERR_STANDIN_HEADER, 400, "BadRequest",                             \
	    "The header Pushcert-Fault is wrong: {!}. The value is '{}'.",     \
	    NULL)                                                              \
	ROW(ERR_INJECTED, 500, "InjectedFault",                                \
	    "A test has ordered this response.", NULL)                         \
	/* The body as an applePushNotificationCertificate of Graph. */        \
	ROW(ERR_UNKNOWN_PROPERTY, 400, "ModelValidationFailure",               \
	    "The property '{}' does not exist on type "                        \
	    "'microsoft.graph.applePushNotificationCertificate'. Make sure "   \
	    "to only use property names that are defined by the type.",        \
	    NULL)                                                              \
	ROW(ERR_NOT_STRING, 400, "ModelValidationFailure",                     \
	    "Cannot convert the literal '{}' to the expected type "            \
	    "'Edm.String'.",                                                   \
	    NULL)                                                              \
	ROW(ERR_NOT_DATE, 400, "ModelValidationFailure",                       \
	    "Cannot convert the literal '{}' to the expected type "            \
	    "'Edm.DateTimeOffset'.",                                           \
	    NULL)                                                              \
	ROW(ERR_NOT_NULLABLE, 400, "ModelValidationFailure",                   \
	    "The property '{}' is not nullable and cannot be set to null.",    \
	    NULL)                                                              \
	ROW(ERR_WRONG_TYPE, 400, "ModelValidationFailure",                     \
	    "The type '{}' is not supported here. Use "                        \
	    "'microsoft.graph.applePushNotificationCertificate'.",             \
	    NULL)                                                              \
	ROW(ERR_TOO_LONG, 400, "ModelValidationFailure",                       \
	    "The value of the property '{}' is too long.", NULL)               \
	ROW(ERR_PRECONDITION, 412, "PreconditionFailed",                       \
	    "The If-Match or If-None-Match condition of the request is "       \
	    "not met. Nothing was changed. Read the record again and "         \
	    "send its current ETag.",                                          \
	    NULL)                                                              \
	ROW(ERR_NOT_FOUND, 404, "ResourceNotFound",                            \
	    "Resource not found: no Apple push notification certificate is "   \
	    "configured.",                                                     \
	    NULL)                                                              \
	ROW(ERR_NO_REQUEST, 404, "ResourceNotFound",                           \
	    "Resource not found: no certificate signing request is "           \
	    "pending. Generate one first.",                                    \
	    NULL)                                                              \
	ROW(ERR_NO_CONSENT, 404, "ResourceNotFound",                           \
	    "Resource not found: there is no consent '{}'. The only consent "  \
	    "is appleMDMPushCertificate.",                                     \
	    NULL)                                                              \
	ROW(ERR_NO_DRY_RUN, 400, "BadRequest",                                 \
	    "A certificate signing request cannot be generated as a dry "      \
	    "run. Nothing was changed. Send the request without "              \
	    "pushcert.dry-run.",                                               \
	    NULL)                                                              \
	/* The certificate. */                                                 \
	ROW(ERR_NOT_A_CERTIFICATE, 400, "BadRequest",                          \
	    "The certificate cannot be read: {!}.", "NotACertificate")         \
	ROW(ERR_PRIVATE_KEY, 400, "BadRequest",                                \
	    "The text contains a private key{!}. Nothing was stored. "         \
	    "Treat the key as compromised, and upload the certificate "        \
	    "alone.",                                                          \
	    "PrivateKeyPresent")                                               \
	ROW(ERR_WRAPPED, 400, "ModelValidationFailure",                        \
	    "The text may hide a private key: {!}. Nothing was stored.", NULL) \
	ROW(ERR_REQUEST_INSTEAD, 400, "BadRequest",                            \
	    "The text is a certificate signing request, not a "                \
	    "certificate. Upload the certificate that Apple's portal "         \
	    "issued for it.",                                                  \
	    "CertificateRequestInstead")                                       \
	ROW(ERR_NOT_MDM, 400, "BadRequest",                                    \
	    "The certificate is not an MDM push certificate: its subject "     \
	    "UID '{}' does not begin with com.apple.mgmt. Upload the "         \
	    "certificate from identity.apple.com/pushcert.",                   \
	    "NotAnMdmCertificate")                                             \
	ROW(ERR_EXPIRED, 400, "BadRequest",                                    \
	    "The certificate expired at {}. Renew it with the same Apple "     \
	    "account and upload the new certificate.",                         \
	    "CertificateExpired")                                              \
	ROW(ERR_NOT_YET_VALID, 400, "BadRequest",                              \
	    "The certificate is not valid before {}. Check the clock of "      \
	    "the server.",                                                     \
	    "CertificateNotYetValid")                                          \
	ROW(ERR_OLDER, 400, "BadRequest",                                      \
	    "The certificate expires at {}, earlier than the stored "          \
	    "certificate, which expires at {2}. Upload the newest "            \
	    "certificate.",                                                    \
	    "OlderThanStored")                                                 \
	ROW(ERR_WEAK_KEY, 400, "BadRequest",                                   \
	    "The certificate's RSA key has {} bits, but at least 2048 "        \
	    "bits are required.",                                              \
	    "WeakKey")                                                         \
	ROW(ERR_UNSUPPORTED_KEY, 400, "BadRequest",                            \
	    "The certificate's key has the type {}, but Apple issues RSA "     \
	    "keys. Upload the certificate that Apple issued.",                 \
	    "UnsupportedKey")                                                  \
	ROW(ERR_KEY_MISMATCH, 400, "BadRequest",                               \
	    "The certificate's key differs from the key of the last "          \
	    "request that was generated here, at {}. Upload the "              \
	    "certificate that Apple issued for that request.",                 \
	    "KeyMismatch")                                                     \
	ROW(ERR_TOPIC_CHANGE, 409, "Conflict",                                 \
	    "The certificate's topic is {2}, but the topic of this "           \
	    "tenant is {}. With another topic every enrolled device "          \
	    "would have to enrol again. Renew the certificate of that "        \
	    "topic with its Apple account instead. If the change is "          \
	    "intended, send the header Pushcert-Allow-Topic-Change: {2}",      \
	    "TopicChange")                                                     \
	/* The server and its store. */                                        \
	ROW(ERR_BATCHES, 503, "ServiceUnavailable",                            \
	    "The service runs too many batches. Nothing was changed. Try "     \
	    "again later.",                                                    \
	    NULL)                                                              \
	ROW(ERR_NOT_IMPLEMENTED, 501, "NotImplemented",                        \
	    "This function is not available, because the service has no "      \
	    "key_file. The service's operator can configure one.",             \
	    NULL)                                                              \
	ROW(ERR_FULL, 507, "InsufficientStorage",                              \
	    "The store or its disk is full. Nothing was changed. The "         \
	    "service's operator must free space or raise map_size.",           \
	    NULL)                                                              \
	ROW(ERR_BUSY, 503, "ServiceUnavailable",                               \
	    "The service is busy. Try again later.", NULL)                     \
	ROW(ERR_KEYGEN_BUSY, 503, "ServiceUnavailable",                        \
	    "The service is generating other keys. Try again later.", NULL)    \
	ROW(ERR_STORE, 503, "ServiceUnavailable",                              \
	    "The store cannot be used at the moment. Try again later.", NULL)  \
	ROW(ERR_NO_STORE, 503, "ServiceUnavailable",                           \
	    "There is no store yet. Run pushcert init.", NULL)                 \
	ROW(ERR_NOT_PRIVATE, 503, "ServiceUnavailable",                        \
	    "The data directory or a file in it is readable by other "         \
	    "users, belongs to another user, or is not writable. "             \
	    "Correct its owner or mode.",                                      \
	    NULL)                                                              \
	ROW(ERR_NETWORK_FS, 503, "ServiceUnavailable",                         \
	    "The data directory is on a network file system, where locks "     \
	    "and memory maps are not reliable. Move it to a local disk.",      \
	    NULL)                                                              \
	ROW(ERR_EXPOSED, 500, "InternalError",                                 \
	    "The data directory is under the web server's document root. "     \
	    "Move it, or set data_in_document_root = yes.",                    \
	    NULL)                                                              \
	ROW(ERR_NEWER, 503, "ServiceUnavailable",                              \
	    "The store was written by a newer release of pushcert. Use "       \
	    "that release.",                                                   \
	    NULL)                                                              \
	ROW(ERR_OLD_FORMAT, 503, "ServiceUnavailable",                         \
	    "The store has the format of an older release. Run pushcert "      \
	    "init to upgrade it.",                                             \
	    NULL)                                                              \
	ROW(ERR_IN_USE, 503, "ServiceUnavailable",                             \
	    "The store has the format of an older release and cannot be "      \
	    "upgraded while another process has it open. The log names "       \
	    "the process; end it first.",                                      \
	    NULL)                                                              \
	ROW(ERR_UPGRADING, 503, "ServiceUnavailable",                          \
	    "The store is being upgraded. Try again later.", NULL)             \
	ROW(ERR_READ_ONLY, 503, "ServiceUnavailable",                          \
	    "The service takes no changes at the moment, because its "         \
	    "operator has set read_only = yes. Try again later.",              \
	    NULL)                                                              \
	ROW(ERR_CORRUPT, 500, "InternalError",                                 \
	    "A stored value is damaged and was not used.", NULL)               \
	ROW(ERR_SECRET, 503, "ServiceUnavailable",                             \
	    "A key file cannot be read at the moment. Try again later.", NULL) \
	ROW(ERR_MEMORY, 500, "InternalError",                                  \
	    "The request needs more memory than a request may use.", NULL)     \
	ROW(ERR_INTERNAL, 500, "InternalError", "An internal error occurred.", \
	    NULL)                                                              \
	/* Walks, and the command line tool. */                                \
	ROW(ERR_USAGE, 0, "Usage", "The command line is wrong.", NULL)         \
	ROW(ERR_CONFIG, 0, "Configuration", "The configuration is invalid.",   \
	    NULL)                                                              \
	ROW(ERR_FILE, 0, "File", "A file cannot be read or written.", NULL)    \
	ROW(ERR_STOP, 0, "Stop", "The walk was ended before its end.", NULL)   \
	ROW(ERR_EXISTS, 0, "Exists", "The object exists already.", NULL)

#define ERR_CONSTANT(name, status, code, text, reason) name,

enum err { ERR_LIST(ERR_CONSTANT) ERR_COUNT };

#undef ERR_CONSTANT

/* A row of the list. */
struct err_info {
	int status;
	const char *code;
	const char *text;
	const char *reason;
};

/* Never returns NULL. A value outside the enum reads as ERR_INTERNAL. */
const struct err_info *err_info(enum err e);

#endif
