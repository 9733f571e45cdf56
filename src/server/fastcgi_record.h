/* SPDX-License-Identifier: ISC */
/*
 * fastcgi_record.h - whether bytes are a whole FastCGI request.
 */
#ifndef PUSHCERT_FASTCGI_RECORD_H
#define PUSHCERT_FASTCGI_RECORD_H

#include <stdbool.h>
#include <stddef.h>

/* Whether there is nothing to wait for in the bytes with which a connection
 * goes on: they hold a request to its end, or are no FastCGI at all. */
bool fastcgi_record(const unsigned char *p, size_t n);

#endif
