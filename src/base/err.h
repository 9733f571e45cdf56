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

enum err {
	ERR_OK,

	/* The path of the URL. */
	ERR_ROOT,
	ERR_SEGMENT,
	ERR_METHOD,

	/* The caller and its rights. */
	ERR_TOKEN_ABSENT,
	ERR_TOKEN_INVALID,
	ERR_TOKEN_EXPIRED,
	ERR_FORBIDDEN,
	ERR_TENANT,
	ERR_CROSS_SITE,
	ERR_RATE,

	/* Headers and query options. */
	ERR_URL_TOO_LONG,
	ERR_HEADER_LINES,
	ERR_TOO_LARGE,
	ERR_CONTENT_ENCODING,
	ERR_CONTENT_TYPE_ABSENT,
	ERR_CONTENT_TYPE,
	ERR_CONTENT_TYPES,
	ERR_NOT_ACCEPTABLE,
	ERR_QUERY_OPTION,
	ERR_QUERY_TWICE,
	ERR_QUERY_ESCAPE,
	ERR_FORMAT,
	ERR_SELECT,

	/* The body as JSON (RFC 8259). */
	ERR_BODY_SHORT,
	ERR_JSON_EMPTY,
	ERR_JSON_SYNTAX,
	ERR_JSON_CUT,
	ERR_JSON_NOT_OBJECT,
	ERR_JSON_TRAILING,
	ERR_JSON_NUMBER,
	ERR_JSON_ESCAPE,
	ERR_JSON_CONTROL,
	ERR_JSON_SURROGATE,
	ERR_JSON_UTF8,
	ERR_JSON_UTF16,
	ERR_JSON_DUPLICATE,
	ERR_JSON_DEPTH,
	ERR_JSON_TOKENS,

	/* The body as an applePushNotificationCertificate of Graph. */
	ERR_UNKNOWN_PROPERTY,
	ERR_NOT_STRING,
	ERR_NOT_DATE,
	ERR_NOT_NULLABLE,
	ERR_WRONG_TYPE,
	ERR_TOO_LONG,
	ERR_PRECONDITION,
	ERR_NOT_FOUND,
	ERR_NO_REQUEST,
	ERR_NO_DRY_RUN,

	/* The certificate. */
	ERR_NOT_A_CERTIFICATE,
	ERR_PRIVATE_KEY,
	ERR_WRAPPED,
	ERR_REQUEST_INSTEAD,
	ERR_NOT_MDM,
	ERR_EXPIRED,
	ERR_NOT_YET_VALID,
	ERR_OLDER,
	ERR_WEAK_KEY,
	ERR_UNSUPPORTED_KEY,
	ERR_KEY_MISMATCH,
	ERR_TOPIC_CHANGE,

	/* The server and its store. */
	ERR_NOT_IMPLEMENTED,
	ERR_FULL,
	ERR_BUSY,
	ERR_KEYGEN_BUSY,
	ERR_STORE,
	ERR_NO_STORE,
	ERR_NOT_PRIVATE,
	ERR_NETWORK_FS,
	ERR_EXPOSED,
	ERR_NEWER,
	ERR_OLD_FORMAT,
	ERR_IN_USE,
	ERR_UPGRADING,
	ERR_CORRUPT,
	ERR_SECRET,
	ERR_MEMORY,
	ERR_INTERNAL,

	/* The command line tool (cmd.h). */
	ERR_USAGE,
	ERR_CONFIG,
	ERR_FILE,

	ERR_COUNT
};

struct err_info {
	int status; /* of HTTP; 0: a request never ends with it */
	const char *code;
	/* One sentence or more. {} stands for the offending piece of the input,
	 * {2} for a second piece, {!} for a piece that the server chose. */
	const char *text;
	/* The code in error.details[], which names the exact reason; NULL if
	 * `code` is exact enough. */
	const char *reason;
};

/* Never returns NULL. A value outside the enum reads as ERR_INTERNAL. */
const struct err_info *err_info(enum err e);

#endif
