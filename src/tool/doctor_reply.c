/* SPDX-License-Identifier: ISC */
/*
 * doctor_reply.c - splits the response of a web server into its parts.
 */
#include "tool/doctor_reply.h"

#include <stdint.h>
#include <string.h>

void
doctor_reply_split(struct doctor_reply *r)
{
	struct str rest = str_from(r->text, r->n), line, word;
	const char *end;
	uint64_t status;

	do {
		r->head = rest;
		end = memmem(rest.p, rest.n, "\r\n\r\n", 4);
		if (end == NULL)
			return;
		r->head.n = (size_t)(end - rest.p) + 2;
		rest = str_tail(rest, r->head.n + 2);
		word = r->head;
		line = str_cut(&word, '\r');
		(void)str_cut(&line, ' ');
		word = str_cut(&line, ' ');
		if (!str_u64(word, &status) || status > 999)
			return;
	} while (status < 200);
	r->status = (int)status;
	r->body = rest;
}

struct str
doctor_reply_header(const struct doctor_reply *r, const char *name)
{
	struct str rest = r->head, line, field;

	while (!str_is_null(rest)) {
		line = str_cut(&rest, '\n');
		line = str_cut(&line, '\r');
		field = str_cut(&line, ':');
		if (str_iis(field, name))
			return str_trim(line);
	}
	return str_of(NULL);
}

bool
doctor_reply_is_ours(const struct doctor_reply *r)
{
	return str_starts(r->body, "{\"error\":{\"code\":");
}

void
doctor_reply_quote(const char *text, FILE *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
}
