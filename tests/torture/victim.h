/* SPDX-License-Identifier: ISC */
/*
 * victim.h - the program that is tortured: made ready, started, asked, stopped.
 */
#ifndef PUSHCERT_VICTIM_H
#define PUSHCERT_VICTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

struct torture;

#define VICTIM_PATH "/v1.0/deviceManagement/applePushNotificationCertificate"
#define VICTIM_TOKEN_MAX 128
#define VICTIM_TENANT "6bcc9004-0000-4000-8000-000000000001"

/* A store, a token and a listening socket, all in a test's directory. */
struct victim {
	struct torture *t;
	char data[128];
	char config[128];
	char log[128];
	char socket[108];
	char token[VICTIM_TOKEN_MAX];
	int listener;
	pid_t pid; /* 0: does not run */
};

/* The program in the current directory makes a store under `data`, or under
 * the test's directory where that is NULL. */
void victim_make(struct victim *v, struct torture *t, const char *data);

/* A token of another tenant, which is known by a number below 65536. */
void victim_token(
    const struct victim *v, unsigned tenant, char out[VICTIM_TOKEN_MAX]);

/* Another one on the same store, with a listening socket of its own. */
void victim_second(const struct victim *first, struct victim *v);

/* Starts the program; or a child of this process, which runs `body`, never
 * returns from it, and has the listening socket as its standard input. */
void victim_start(struct victim *v);
void victim_fork(struct victim *v, void (*body)(void *arg), void *arg);
/* SIGTERM; whether it ended by itself, with status 0, within ten seconds. */
bool victim_stop(struct victim *v);
/* Whether it has ended, by itself. */
bool victim_ended(const struct victim *v);
/* Waits for the end; the wait status. */
int victim_wait(struct victim *v);

/* One request and its answer. */
struct ask {
	const char *method; /* NULL: GET */
	const char *path; /* NULL: VICTIM_PATH */
	const char *body; /* NULL: none */
	const char *const *more; /* names and values up to NULL, or NULL */
};

/*
 * Answers with the status, 0 where no whole answer came, or the program ends.
 * The answer's text goes to out, ended by NUL.
 */
int
victim_ask(const struct victim *v, const struct ask *a, char *out, size_t size);
/* The bytes of such a request; false when they are more than size. */
bool victim_request(const struct victim *v, const struct ask *a, char *out,
    size_t size, size_t *n);

/* PATCH appleIdentifier to that number; the status. */
int victim_set(const struct victim *v, unsigned number);
/* The number that appleIdentifier has; -1 where that is not told, with *status.
 */
long victim_get(const struct victim *v, int *status);

#endif
