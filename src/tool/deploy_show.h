/* SPDX-License-Identifier: ISC */
/*
 * deploy_show.h - prints the state of the targets: for `deploy list`, `check`
 * and `metrics`.
 */
#ifndef PUSHCERT_DEPLOY_SHOW_H
#define PUSHCERT_DEPLOY_SHOW_H

#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"
#include "tool/deploy_state.h"

struct cmd_call;

/* Prints one line of JSON. */
void deploy_show_json(const struct deploy_view *v);
/* Prints "tenant GUID" or, after that, the alias in parentheses. */
void deploy_show_tenant(const struct deploy_view *v);
/* Prints the last try: " (tried 3 times, last exit 22)". */
void deploy_show_tries(const struct deploy_view *v);

/* Appends the metrics of all targets to `out`, if deploy_directory is set. */
enum err deploy_show_metrics(struct cmd_call *c, FILE *out) ATTR_CHECKED;

#endif
