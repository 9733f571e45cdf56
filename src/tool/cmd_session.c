/* SPDX-License-Identifier: ISC */
/*
 * cmd_session.c - ends the sessions of the page.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>

#include "tool/cmd_output.h"

/* Puts a number that no session has had. The time is part of it, so that this
 * holds even after an older backup was restored. */
static enum err
end_sessions(struct txn *tx, void *arg)
{
	uint64_t epoch, now = (uint64_t) * (const int64_t *)arg;
	enum err e;

	if ((e = store_session_epoch(tx, &epoch)) != ERR_OK)
		return e;
	return store_session_epoch_put(tx, epoch < now ? now : epoch + 1);
}

int
cmd_session_end(struct cmd_call *c)
{
	int64_t now_at = cmd_now_at();
	enum err e;

	if (cmd_load_config(c) != ERR_OK || cmd_open_store(c, false) != ERR_OK)
		return EXIT_FAILURE;
	if ((e = store_update(c->store, end_sessions, &now_at)) != ERR_OK)
		return cmd_fail(c, e, cmd_place(c));
	return EXIT_SUCCESS;
}
