/* SPDX-License-Identifier: ISC */
/*
 * pg_api.h - the functions of libpq, in a table that is filled when the first
 * store in PostgreSQL is opened. Private to pg_api.c, pg_dial.c and pg_link.c,
 * and to the tests, which fill the table with functions of their own. A file
 * includes libpq-fe.h before this header.
 */
#ifndef PUSHCERT_PG_API_H
#define PUSHCERT_PG_API_H

/* clang-format off */
#define PG_FUNCTIONS(X) \
	X(PQclear) X(PQconnectStartParams) X(PQconnectdbParams) \
	X(PQconninfo) X(PQconninfoFree) X(PQconninfoParse) \
	X(PQconsumeInput) X(PQenterPipelineMode) X(PQerrorMessage) \
	X(PQfinish) X(PQflush) X(PQfreemem) X(PQgetResult) \
	X(PQgetlength) X(PQgetvalue) X(PQisBusy) X(PQlibVersion) \
	X(PQntuples) X(PQpipelineSync) X(PQresultErrorField) \
	X(PQresultStatus) X(PQsendPrepare) X(PQsendQuery) \
	X(PQsendQueryParams) X(PQsendQueryPrepared) X(PQserverVersion) \
	X(PQsetNoticeReceiver) X(PQsetnonblocking) X(PQsocket) X(PQstatus)
/* clang-format on */

struct pg_api {
#define X(name) __typeof__(name) *(name);
	PG_FUNCTIONS(X)
#undef X
};

#endif
