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
#include "tool/hook.h"

struct cmd_call;

/* The texts that a hook may read. */
enum {
	DEPLOY_CERTIFICATE,
	DEPLOY_KEY, /* PKCS #8 */
	DEPLOY_KEY_RSA, /* PKCS #1 */
	DEPLOY_PAIR, /* the certificate, then the key as PKCS #8 */
	DEPLOY_TEXTS
};

struct deploy_hook {
	const char *name; /* of the target */
	char path[PATH_MAX];
	const struct hook_fact *facts;
	size_t facts_n;
	struct str text[DEPLOY_TEXTS]; /* PEM; null: the key is elsewhere */
	unsigned timeout; /* seconds */
};

/* Exit statuses of a hook; the others stand for its failure, see hook.h. */
enum { DEPLOY_TAKEN = 0, DEPLOY_SKIPPED = 77 };

/* Runs the hook as hook_run does; its input is the pair, or the certificate
 * where the key is elsewhere. */
int deploy_hook_run(const struct cmd_call *c, const struct deploy_hook *h);

#endif
