/* SPDX-License-Identifier: ISC */
/*
 * deploy_hook.h - runs the program of a target, with the certificate and its
 * key in files that exist only in memory.
 */
#ifndef PUSHCERT_DEPLOY_HOOK_H
#define PUSHCERT_DEPLOY_HOOK_H

#include <limits.h>
#include <stddef.h>

#include "base/str.h"

struct cmd_call;

/* The texts that a hook may read. */
enum {
	DEPLOY_CERTIFICATE,
	DEPLOY_KEY, /* PKCS #8 */
	DEPLOY_KEY_RSA, /* PKCS #1 */
	DEPLOY_PAIR, /* the certificate, then the key as PKCS #8 */
	DEPLOY_TEXTS
};

/* A variable of the environment. */
struct deploy_fact {
	const char *name, *value;
};

struct deploy_hook {
	const char *name; /* of the target */
	char path[PATH_MAX];
	const struct deploy_fact *facts;
	size_t facts_n;
	struct str text[DEPLOY_TEXTS]; /* PEM; null: the key is elsewhere */
	unsigned timeout; /* seconds */
};

/* Exit statuses of a hook, and those that stand for its failure, as timeout(1)
 * and the shell use them; a signal is 128 and its number. */
enum {
	DEPLOY_TAKEN = 0,
	DEPLOY_SKIPPED = 77,
	DEPLOY_TIMEOUT = 124,
	DEPLOY_REFUSED = 126,
	DEPLOY_VANISHED = 127
};

/* Runs the hook to its end, copies its output to standard error, and kills all
 * processes of its process group at the end. Returns the exit status. */
int deploy_hook_run(const struct cmd_call *c, const struct deploy_hook *h);

#endif
