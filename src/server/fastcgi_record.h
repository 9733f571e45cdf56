/* SPDX-License-Identifier: ISC */
/*
 * fastcgi_record.h - recognises a complete FastCGI request.
 */
#ifndef PUSHCERT_FASTCGI_RECORD_H
#define PUSHCERT_FASTCGI_RECORD_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a worker can read these bytes, the first of a request, without
 * waiting for more: they reach to the end of the request, abort it, or are not
 * FastCGI. */
bool fastcgi_record(const unsigned char *p, size_t n);

#endif
