/* SPDX-License-Identifier: ISC */
/*
 * fastcgi_record.c - steps from record to record, up to the record that ends
 * the request.
 */
#include "server/fastcgi_record.h"

/* FastCGI 1.0, sections 3.3 and 8. */
enum { VERSION = 1, HEADER = 8, ABORT = 2, STDIN = 5 };

bool
fastcgi_record(const unsigned char *p, size_t n)
{
	while (n >= HEADER) {
		size_t content = (size_t)p[4] << 8 | p[5];
		size_t all = HEADER + content + p[6];

		if (p[0] != VERSION || p[1] == ABORT)
			return true;
		/* An empty FCGI_STDIN record ends the body and so the
		 * request. */
		if (p[1] == STDIN && content == 0)
			return true;
		if (all > n)
			return false;
		p += all;
		n -= all;
	}
	return n > 0 && p[0] != VERSION;
}
