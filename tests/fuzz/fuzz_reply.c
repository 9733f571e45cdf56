/* SPDX-License-Identifier: ISC */
/*
 * fuzz_reply.c - doctor splits a response of any bytes. The parts lie within
 * the response, no header value extends over the end of its line, and a request
 * that contains the ETag stays on one line of curl's configuration.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "tool/doctor_reply.h"

static bool
is_within(const struct doctor_reply *r, struct str s)
{
	return str_is_null(s) ||
	    (s.p >= r->text && s.n <= r->n &&
		(size_t)(s.p - r->text) <= r->n - s.n);
}

/* Between quotation marks, a backslash escapes the next character. */
static void
check_quoted(const char *text)
{
	static char out[4 * DOCTOR_REPLY_MAX];
	FILE *f = fmemopen(out, sizeof(out), "w");
	size_t n, i;

	fuzz_check(f != NULL);
	doctor_reply_quote(text, f);
	n = (size_t)ftell(f);
	fuzz_check(fclose(f) == 0);
	for (i = 0; i < n; i++) {
		if (out[i] == '\\')
			i++;
		else
			fuzz_check(out[i] != '"');
		fuzz_check(i < n && out[i] != '\n' && out[i] != '\r');
	}
}

static void
check_header(const struct doctor_reply *r, const char *name)
{
	struct str value = doctor_reply_header(r, name);
	char text[DOCTOR_REPLY_MAX + 1];

	fuzz_check(is_within(r, value));
	if (str_is_null(value))
		return;
	fuzz_check(memchr(value.p, '\n', value.n) == NULL &&
	    memchr(value.p, '\r', value.n) == NULL);
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	check_quoted(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct doctor_reply r;

	if (size > sizeof(r.text))
		return 0;
	memset(&r, 0, offsetof(struct doctor_reply, text));
	r.n = size;
	memcpy(r.text, data, size);
	doctor_reply_split(&r);
	fuzz_check(r.status == 0 || (r.status >= 200 && r.status <= 999));
	fuzz_check(is_within(&r, r.head) && is_within(&r, r.body));
	fuzz_check(r.status != 0 || str_is_null(r.body));
	check_header(&r, "ETag");
	check_header(&r, "content-type");
	fuzz_check(!doctor_reply_is_ours(&r) || r.body.n > 0);
	return 0;
}
