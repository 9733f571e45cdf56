/* SPDX-License-Identifier: ISC */
/*
 * doctor_reply.h - what a web server has answered, in parts: private to
 * doctor. Any bytes may come.
 */
#ifndef PUSHCERT_DOCTOR_REPLY_H
#define PUSHCERT_DOCTOR_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/str.h"

/* The end of a longer answer is cut off. */
#define DOCTOR_REPLY_MAX ((size_t)64 * 1024)

struct doctor_reply {
	int status; /* 0: none came */
	struct str head, body;
	size_t n;
	char text[DOCTOR_REPLY_MAX];
};

/* Fills in status, head and body of the n bytes of text, after those of 1xx
 * answers. */
void doctor_reply_split(struct doctor_reply *r);
/* A header's value; null where there is none. */
struct str doctor_reply_header(const struct doctor_reply *r, const char *name);
/* Whether the body is an error of the program, and not of the web server. */
bool doctor_reply_is_ours(const struct doctor_reply *r);
/* Writes text between quotation marks of curl's configuration. */
void doctor_reply_quote(const char *text, FILE *out);

#endif
