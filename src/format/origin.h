/* SPDX-License-Identifier: ISC */
/*
 * origin.h - the origin of a web page (RFC 6454): scheme, host and port.
 *
 * Slices point into the given text.
 */
#ifndef PUSHCERT_ORIGIN_H
#define PUSHCERT_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct origin {
	bool secure; /* https; otherwise http */
	struct str host; /* without a dot at the end of the name */
	uint64_t port;
};

/* Reads a text such as "https://example.org:8443". Returns false for anything
 * else, such as "null", another scheme or a path. */
bool origin_parse(struct str text, struct origin *out);

/* Reads the origin of a URL, which may have a path. */
bool origin_of_url(struct str url, struct origin *out);

/* Reads the value of a Host header, such as "example.org:8443". */
bool origin_parse_host(struct str host, bool secure, struct origin *out);

/* Compares with default ports filled in, and ignores the case of the host and
 * the spelling of an IPv6 address. */
bool origin_same(const struct origin *a, const struct origin *b);

#endif
