/* SPDX-License-Identifier: ISC */
/*
 * deploy_hook.c - the files and the input of a hook of `deploy`.
 */
#include "tool/deploy_hook.h"

int
deploy_hook_run(const struct cmd_call *c, const struct deploy_hook *h)
{
	const struct hook_text texts[DEPLOY_TEXTS] = {
		[DEPLOY_CERTIFICATE] = { "PUSHCERT_CERTIFICATE",
		    h->text[DEPLOY_CERTIFICATE], false },
		[DEPLOY_KEY] = { "PUSHCERT_KEY", h->text[DEPLOY_KEY], true },
		[DEPLOY_KEY_RSA] = { "PUSHCERT_KEY_RSA",
		    h->text[DEPLOY_KEY_RSA], true },
		[DEPLOY_PAIR] = { "PUSHCERT_PAIR", h->text[DEPLOY_PAIR],
		    false },
	};
	const struct hook hook = { .name = h->name,
		.program = h->path,
		.facts = h->facts,
		.facts_n = h->facts_n,
		.texts = texts,
		.texts_n = DEPLOY_TEXTS,
		.input = h->text[str_is_null(h->text[DEPLOY_PAIR])
			? DEPLOY_CERTIFICATE
			: DEPLOY_PAIR],
		.timeout = h->timeout,
		.timeout_key = "deploy_timeout",
		.stop = -1 };

	_Static_assert(DEPLOY_TEXTS <= HOOK_TEXTS_MAX, "the texts fit");
	return hook_run(c, &hook);
}
