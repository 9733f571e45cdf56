/* SPDX-License-Identifier: ISC */
/*
 * doctor_ask.h - a request of doctor to the mount, and its response. Only
 * doctor includes this header.
 */
#ifndef PUSHCERT_DOCTOR_ASK_H
#define PUSHCERT_DOCTOR_ASK_H

#include <stdbool.h>

#include "state/config.h"
#include "tool/doctor_reply.h"

struct doctor;

#define DOCTOR_HEADERS 3

struct doctor_question {
	const char *method;
	/* The URL is both together, visible characters. A finding shows it, so
	 * it has no secret. */
	const char *base, *path;
	bool named; /* whether to send the token in Authorization */
	int blanks; /* spaces before the token, which lengthen the header */
	/* Further headers, as many as have a name. */
	struct {
		const char *name, *value;
	} header[DOCTOR_HEADERS];
	/* A body without line feeds and its type, or NULL. */
	const char *body, *type;
};

/* The place where the program is mounted. */
struct doctor_mount {
	struct doctor *doctor;
	char url[CONFIG_TEXT_MAX];
	char token[CONFIG_TEXT_MAX]; /* visible characters */
	bool plain_errors; /* our error bodies are replaced */
	bool taken; /* a request with the token was answered */
	bool silent; /* a request was not answered */
	struct doctor_reply reply; /* the last response */
};

/* Whether a text has only characters that need no escape in the configuration
 * of curl. */
bool doctor_ask_is_visible(const char *text);

/* Sends a request; the response is m->reply. Returns false, after a finding, if
 * no response arrived. */
bool doctor_ask(struct doctor_mount *m, const struct doctor_question *q);

#endif
