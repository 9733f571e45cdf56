/* SPDX-License-Identifier: ISC */
/*
 * victim.h - the program under test: prepares it, starts it, sends it requests,
 * and stops it.
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

/* A store, a token and a listening socket, all in the directory of a test. */
struct victim {
	struct torture *t;
	char data[128];
	char config[128];
	char log[128];
	char socket[108];
	char token[VICTIM_TOKEN_MAX];
	int listener;
	pid_t pid; /* 0 if the program does not run */
};

/* Makes a store with the program in the current directory. The store is made
 * under `data`, or under the test's directory if `data` is NULL. */
void victim_make(struct victim *v, struct torture *t, const char *data);

/*
 * Makes a token of another tenant, which is identified by a number below 65536.
 */
void victim_token(
    const struct victim *v, unsigned tenant, char out[VICTIM_TOKEN_MAX]);

/* Prepares another process on the same store, with a listening socket of its
 * own. */
void victim_second(const struct victim *first, struct victim *v);

/* victim_start starts the program. victim_fork starts a child of this process
 * instead; the child runs `body`, which must not return. In both cases the
 * listening socket is standard input. */
void victim_start(struct victim *v);
void victim_fork(struct victim *v, void (*body)(void *arg), void *arg);
/* Sends SIGTERM. Returns true if the program ended by itself, with status 0,
 * within ten seconds. */
bool victim_stop(struct victim *v);
/* Returns true if the program has ended by itself. */
bool victim_ended(const struct victim *v);
/* Waits for the end of the program and returns its wait status. */
int victim_wait(struct victim *v);

/* The sizes of the log, or 0 if there is none, and of data.mdb. */
off_t victim_log_size(const struct victim *v);
off_t victim_data_size(const struct victim *v);

/* A request. */
struct ask {
	const char *method; /* NULL: GET */
	const char *path; /* NULL: VICTIM_PATH */
	const char *body; /* NULL: none */
	const char *const *more; /* names and values up to NULL, or NULL */
};

/*
 * Sends a request on a new connection and writes the response to `out`, ended
 * by NUL. Returns its status, or 0 if no complete response came or the program
 * ended.
 */
int
victim_ask(const struct victim *v, const struct ask *a, char *out, size_t size);
/* Writes the bytes of a request to `out`. Returns false if they do not fit. */
bool victim_request(const struct victim *v, const struct ask *a, char *out,
    size_t size, size_t *n);

/* Sets appleIdentifier to this number with a PATCH. Returns the status. */
int victim_set(const struct victim *v, unsigned number);
/* Returns the number in appleIdentifier, or -1 if the response contains none.
 * The status of the response goes to *status. */
long victim_get(const struct victim *v, int *status);

#endif
