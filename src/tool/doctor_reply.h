/* SPDX-License-Identifier: ISC */
/*
 * doctor_reply.h - the response of a web server, split into its parts. It may
 * hold any bytes. Only doctor includes this header.
 */
#ifndef PUSHCERT_DOCTOR_REPLY_H
#define PUSHCERT_DOCTOR_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/str.h"

/* A longer response is cut off here. */
#define DOCTOR_REPLY_MAX ((size_t)64 * 1024)

struct doctor_reply {
	int status; /* 0: no complete response arrived */
	struct str head, body;
	size_t n;
	char text[DOCTOR_REPLY_MAX];
};

/* Sets status, head and body, which point into the n bytes of text. Skips
 * responses of the class 1xx. */
void doctor_reply_split(struct doctor_reply *r);
/* The value of a header, without blanks around it; the null slice if it is
 * missing. */
struct str doctor_reply_header(const struct doctor_reply *r, const char *name);
/* Whether the body is an error of this program, not of the web server. */
bool doctor_reply_is_ours(const struct doctor_reply *r);
/* Escapes a text for a quoted string in curl's configuration. */
void doctor_reply_quote(const char *text, FILE *out);

#endif
