/* SPDX-License-Identifier: ISC */
/*
 * staging.h - what a stand-in for tests does around a request: it gives it the
 * tenant's time, faults it if the test has ordered that, and notes it. Nothing
 * here runs in a service that is not a stand-in. Private to src/http.
 */
#ifndef PUSHCERT_STAGING_H
#define PUSHCERT_STAGING_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/call.h"

/* The routes of pushcert.test. */
extern const struct route_table staging_routes_table;

/* Gives a call the table and the way of a stand-in. The test in routes_open is
 * the only one of a request that is not refused. */
void staging_reply_open(struct call *c);
/* Finds the caller, and decides what happens to the request. ERR_INJECTED if it
 * is not to be done; ERR_STANDIN_HEADER. */
enum err staging_enter(struct call *c) ATTR_CHECKED;
/* When the request was done with this outcome: returns it, or ERR_INJECTED if
 * another response is to take the place of the true one. */
enum err staging_end(struct call *c, enum err e) ATTR_CHECKED;
/* When the response is complete: notes the request in the journal, and cuts the
 * response if a test has ordered that. */
void staging_journal_note(struct call *c);

/* A record that a test wants: the properties, and for "healthy", "expiring" and
 * "expired" the days until the end. */
struct staging_record {
	bool removes;
	bool has_days;
	int64_t days;
	struct record record;
};
/* Reads the member record. ERR_STANDIN, with *why and *what. */
enum err staging_record_read(const struct json *doc, size_t value,
    struct staging_record *out, const char **why,
    struct str *what) ATTR_CHECKED;
/* Stores it for the caller's tenant, whose time is now. */
enum err staging_record_store(
    struct call *c, struct staging_record *r, struct instant now) ATTR_CHECKED;
/* Writes the caller's record as JSON, or null. */
enum err staging_record_emit(struct call *c, struct emit *e) ATTR_CHECKED;

#endif
