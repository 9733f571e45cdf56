/* SPDX-License-Identifier: ISC */
/*
 * deploy_facts.h - the texts and the variables that a hook gets. They live in
 * the arena of the call.
 */
#ifndef PUSHCERT_DEPLOY_FACTS_H
#define PUSHCERT_DEPLOY_FACTS_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "tool/deploy_hook.h"
#include "tool/deploy_state.h"

struct cmd_call;
struct secrets;
struct x509;

enum { DEPLOY_FACTS = 16 };

/* Reads the certificate, and makes its text and those of its key. That the key
 * is elsewhere is a normal case: the hook gets the certificate alone. */
enum err deploy_facts_texts(struct cmd_call *c, const struct secrets *s,
    const struct deploy_view *v, struct x509 *x,
    struct deploy_hook *h) ATTR_CHECKED;
void
deploy_facts_of(struct cmd_call *c, int64_t now_at, const struct deploy_view *v,
    const struct x509 *x, struct hook_fact out[DEPLOY_FACTS]);

#endif
