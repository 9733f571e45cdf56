/* SPDX-License-Identifier: ISC */
/*
 * apns.h - judges whether Apple's push service (APNs) accepts a certificate and
 * its key, by its answer or by the alert with which it ended the TLS
 * connection.
 *
 * Pure: the caller runs curl(1) and passes what curl reported.
 */
#ifndef PUSHCERT_APNS_H
#define PUSHCERT_APNS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* The exit statuses of a monitoring plug-in. */
enum apns_grade { APNS_OK, APNS_WARNING, APNS_CRITICAL, APNS_UNKNOWN };

/* The report of curl(1) about one request. */
struct apns_answer {
	int exit_status; /* of curl */
	struct str http_version; /* %{http_version}, "2" */
	unsigned status; /* 0: no response */
	struct str body;
	struct str trace; /* what curl printed with `verbose` */
	bool real_device; /* the request named a device, not 64 zeros */
};

/* Longest reason of Apple, which has 30 characters or fewer, and longest
 * message of curl that is kept, both with a NUL. */
#define APNS_REASON_MAX 64
#define APNS_WORDS_MAX 256

struct apns_verdict {
	enum apns_grade grade;
	const char *text; /* a clause without a full stop; a constant */
	unsigned status; /* of the answer; 0: none */
	char reason[APNS_REASON_MAX]; /* Apple's; "": none */
	unsigned alert; /* of TLS (RFC 8446, section 6); 0: none */
	const char *alert_name; /* or NULL */
	int curl; /* exit status of curl, if it explains the verdict, or 0 */
	char words[APNS_WORDS_MAX]; /* curl's; printable ASCII; "": none */
};

/* Space that apns_judge needs in the arena; it gives it back. A longer body is
 * not read as an answer of Apple. */
#define APNS_BODY_MAX 4096
#define APNS_ARENA ((size_t)32 * 1024)

void apns_judge(const struct apns_answer *answer, struct arena *a,
    struct apns_verdict *out);

/* Whether the text can be the value of the header apns-topic. */
bool apns_is_topic(struct str topic);

#endif
