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
#define CMD_REPLY_MAX ((size_t)64 * 1024)

struct cmd_reply {
	int status; /* 0: none came */
	struct str head, body;
	size_t n;
	char text[CMD_REPLY_MAX];
};

/* Fills in status, head and body of the n bytes of text, after those of 1xx
 * answers. */
void cmd_reply_split(struct cmd_reply *r);
/* A header's value; null where there is none. */
struct str cmd_reply_header(const struct cmd_reply *r, const char *name);
/* Whether the body is an error of the program, and not of the web server. */
bool cmd_reply_is_ours(const struct cmd_reply *r);
/* Writes text between quotation marks of curl's configuration. */
void cmd_reply_quote(const char *text, FILE *out);

#endif
