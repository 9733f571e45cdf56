/* SPDX-License-Identifier: ISC */
/*
 * cmd_check.h - the grades of `check` and what is printed of them. Only
 * cmd_check*.c include it.
 */
#ifndef PUSHCERT_CMD_CHECK_H
#define PUSHCERT_CMD_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "tool/cmd_call.h"
#include "http/metrics_text.h"

enum grade { FINE, WARNING, CRITICAL, UNKNOWN, GRADES };

struct due;

struct check {
	struct cmd_call *c;
	int64_t now_at;
	bool print; /* the second time round */
	unsigned count[GRADES];
	bool expires; /* whether there is a date at all */
	int64_t least; /* days left, of the one that ends first */
	struct due *due;
};

/* OK, WARNING, CRITICAL, UNKNOWN. */
const char *cmd_check_word(enum grade grade);
enum grade
cmd_check_grade(const struct check *k, const struct expiry_tenant *t);
/* Whether JSON was asked for. */
bool cmd_check_is_json(const struct check *k);

/* A text on one line and without the character that begins performance data. */
void cmd_check_put(struct str text);
void
cmd_check_show_tenant(const struct check *k, const struct expiry_tenant *t);
void
cmd_check_show_vendor(const struct check *k, const struct expiry_tenant *t);
/* The first line; none where there is one certificate, unless as JSON. */
void cmd_check_show_summary(const struct check *k, enum grade grade);

#endif
