/* SPDX-License-Identifier: ISC */
/*
 * cmd_topics.h - finds topics that several tenants have. A topic belongs to one
 * customer, so a certificate was then stored for the wrong one. Only the tool
 * reports this, because a response over HTTP would reveal another tenant.
 */
#ifndef PUSHCERT_CMD_TOPICS_H
#define PUSHCERT_CMD_TOPICS_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "format/record.h"

struct cmd_topic {
	struct guid tenant;
	char *topic;
};

/* The topics of all records. Zeros: empty. */
struct cmd_topics {
	struct cmd_topic *row;
	size_t count, room;
};

/* Adds the topic of a record with a real certificate; r may be NULL. */
enum err cmd_topics_add(struct cmd_topics *topics, const struct guid *tenant,
    const struct record *r) ATTR_CHECKED;
/* Sorts the topics, keeps those that several tenants have, and returns their
 * number. Call it once, after the last topic was added. */
size_t cmd_topics_keep_shared(struct cmd_topics *topics);
/* The number of tenants that have the topic of row i, from that row on. */
size_t cmd_topics_run(const struct cmd_topics *topics, size_t i);
void cmd_topics_free(struct cmd_topics *topics);

#endif
