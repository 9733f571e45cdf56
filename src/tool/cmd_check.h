/* SPDX-License-Identifier: ISC */
/*
 * cmd_check.h - the grades of `check`, and the functions that print its result.
 * Only the files of `check` and `probe` include it.
 */
#ifndef PUSHCERT_CMD_CHECK_H
#define PUSHCERT_CMD_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "tool/cmd_call.h"
#include "http/metrics_text.h"
#include "tool/cmd_topics.h"

enum grade { FINE, WARNING, CRITICAL, UNKNOWN, GRADES };

struct due;
struct probe;

struct check {
	struct cmd_call *c;
	int64_t now_at;
	bool print; /* in the second pass; the first one counts */
	unsigned count[GRADES];
	bool expires; /* whether any certificate has a date */
	int64_t least; /* days until the first of them expires */
	struct due *due;
	struct cmd_topics topics; /* after the first pass: the shared ones */
	size_t shared; /* the number of topics that several tenants have */
	/* Deliveries that are late, by grade; see cmd_check_deploy.c. */
	unsigned late[GRADES];
	/* The verdicts of Apple, or NULL; see cmd_check_probe.c. */
	struct probe *probe;
	unsigned probed[GRADES];
};

/* The grade as a word: OK, WARNING, CRITICAL or UNKNOWN. */
const char *cmd_check_word(enum grade grade);
enum grade
cmd_check_grade(const struct check *k, const struct expiry_tenant *t);
/* Whether --json was given. */
bool cmd_check_is_json(const struct check *k);

/* Prints a text on one line. Escapes '|', which begins performance data. */
void cmd_check_put(struct str text);
void
cmd_check_show_tenant(const struct check *k, const struct expiry_tenant *t);
void
cmd_check_show_vendor(const struct check *k, const struct expiry_tenant *t);
/* Prints a line for each topic that several tenants have. */
void cmd_check_show_shared(const struct check *k);
/* Prints why something is unknown, and returns that status. */
int cmd_check_show_unknown(const struct cmd_call *c, const char *why);
/* Counts or prints the targets of deploy_directory that have not taken their
 * tenant's certificate within an hour. */
enum err cmd_check_deploy(struct check *k) ATTR_CHECKED;
unsigned cmd_check_late(const struct check *k);
/* Whether deploy_directory could not be read. */
bool cmd_check_is_blind(const struct check *k);
/* Asks Apple if --probe was given, and counts the verdicts. The transaction of
 * the reader ends meanwhile. The caller calls cmd_check_probe_end. */
enum err cmd_check_probe(struct check *k, struct probe *probe) ATTR_CHECKED;
/* Prints a line for each certificate that Apple does not accept. */
void cmd_check_show_probe(const struct check *k);
/* Prints the first line, which sums up the others. As text it is omitted when
 * there is only one certificate. */
void cmd_check_show_summary(const struct check *k, enum grade grade);

#endif
