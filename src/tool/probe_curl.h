/* SPDX-License-Identifier: ISC */
/*
 * probe_curl.h - sends one push with the program curl, which has TLS and HTTP/2
 * and knows the CA certificates and the proxies of this machine.
 */
#ifndef PUSHCERT_PROBE_CURL_H
#define PUSHCERT_PROBE_CURL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "format/apns.h"

struct probe_request {
	const char *url; /* of the device; as config checks a URL */
	const char *ca; /* a path without a line feed, or NULL */
	struct str topic; /* apns_is_topic */
	struct str payload; /* JSON */
	struct str pair; /* the certificate and its key as PEM */
};

/* The output of curl. The trace has only curl's own lines, not those of the
 * server or the data. More than fits is dropped. */
#define PROBE_TRACE_MAX ((size_t)32 * 1024)
struct probe_reply {
	struct apns_answer answer; /* slices of this struct */
	int cause; /* errno if curl could not be started, else 0 */
	size_t body_n, trace_n;
	bool inside, skips; /* a line has begun; it is not kept */
	char body[APNS_BODY_MAX + 1];
	char trace[PROBE_TRACE_MAX];
};

/* The exit status if curl cannot be started, as in a shell. */
enum { PROBE_NO_CURL = 127 };

/*
 * Runs curl and waits for its end, at most PROBE_TIMEOUT seconds. Sets
 * r->answer but for real_device. The pair is in memory only, and neither an
 * argument nor the environment has a part of it.
 */
#define PROBE_TIMEOUT 20
void probe_curl_run(
    const struct probe_request *q, struct arena *a, struct probe_reply *r);

#endif
