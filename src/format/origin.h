/* SPDX-License-Identifier: ISC */
/*
 * origin.h - the origin of a web page (RFC 6454): scheme, host and port.
 *
 * Slices point into the text given.
 */
#ifndef PUSHCERT_ORIGIN_H
#define PUSHCERT_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct origin {
	bool secure; /* https, else http */
	struct str host; /* without the dot that may end a name */
	uint64_t port;
};

/* Reads "https://example.org:8443" with nothing after it. False for anything
 * else, such as "null" or another scheme. */
bool origin_parse(struct str text, struct origin *out);

/* The origin of a URL, which may go on with a path. */
bool origin_of_url(struct str url, struct origin *out);

/* Reads "example.org:8443", as a Host header has it. */
bool origin_parse_host(struct str host, bool secure, struct origin *out);

/* Equal with default ports filled in, whatever the case of the host or the
 * spelling of an IPv6 address. */
bool origin_same(const struct origin *a, const struct origin *b);

#endif
