/* SPDX-License-Identifier: ISC */
/*
 * err.h - every outcome of every function: its HTTP status, its Graph error
 * code and its text, in one table.
 */
#ifndef PUSHCERT_ERR_H
#define PUSHCERT_ERR_H

enum err {
	ERR_OK,

	/* The path (contract 2). */
	ERR_ROOT,
	ERR_SEGMENT,
	ERR_METHOD,

	/* Who (contract 7). */
	ERR_TOKEN_ABSENT,
	ERR_TOKEN_INVALID,
	ERR_TOKEN_EXPIRED,
	ERR_FORBIDDEN,
	ERR_TENANT,
	ERR_CROSS_SITE,
	ERR_RATE,

	/* Headers and query (contract 3.1, 5). */
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

	/* The body as JSON (contract 3.2). */
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

	/* The body as a record (contract 3.4 to 3.9). */
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

	/* The certificate (contract 4). */
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

	/* Ourselves. */
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

	/* The tool (cmd.h). */
	ERR_USAGE,
	ERR_CONFIG,
	ERR_FILE,

	ERR_COUNT
};

struct err_info {
	int status; /* HTTP; 0 where the outcome is never an HTTP answer */
	const char *code;
	/* One sentence or more; {} stands for the offending piece of input,
	 * {2} for a second one, {!} for a piece that is our own. */
	const char *text;
	/* The named reason for error.details[] (contract 4), or NULL. */
	const char *reason;
};

/* Never NULL; an outcome out of range reads as ERR_INTERNAL. */
const struct err_info *err_info(enum err e);

#endif
