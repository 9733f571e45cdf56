/* SPDX-License-Identifier: ISC */
/*
 * probe.h - asks Apple's push service about the certificate of each tenant, for
 * `probe` and `check --probe`.
 */
#ifndef PUSHCERT_PROBE_H
#define PUSHCERT_PROBE_H

#include "base/attr.h"
#include "base/err.h"
#include "format/apns.h"
#include "state/config.h"
#include "state/secret.h"
#include "tool/cmd_call.h"

/* The verdict on one tenant. The texts are "" if they are unknown. */
struct probe_result {
	struct probe_result *next;
	struct guid tenant;
	char *alias, *topic, *serial;
	struct apns_verdict verdict;
};

struct probe_reply;

struct probe {
	struct cmd_call *c;
	struct secrets secrets;
	char url[CONFIG_TEXT_MAX]; /* of the device */
	struct str payload; /* in the arena */
	struct str key_text; /* of --key, in the arena, or null */
	struct probe_reply *reply;
	struct probe_result *first, **last; /* in the order of the store */
	unsigned count[APNS_UNKNOWN + 1];
};

/* Returns why the options do not fit together, or NULL. Reads nothing. */
const char *probe_misused(const struct cmd_call *c);

/*
 * Asks for the tenant of --tenant, or for each one. The transaction of the
 * reader is open at the beginning and at the end, but not while curl runs, one
 * run after the other. Calls `done`, unless it is NULL, after each. Prints the
 * reason of a failure. The caller calls probe_end in every case.
 */
enum err probe_run(struct cmd_call *c, struct probe *p,
    void (*done)(
	struct cmd_call *c, const struct probe_result *r)) ATTR_CHECKED;
void probe_end(struct probe *p);

/* Prints "400 BadDeviceToken", the alert, or curl's words, in parentheses. */
void probe_show_cause(const struct probe_result *r);
/* Prints "tenant GUID (alias)". */
void probe_show_tenant(const struct probe_result *r);
void probe_show_json(const struct probe_result *r);

#endif
