/* SPDX-License-Identifier: ISC */
/*
 * cmd_topics.c - sorts the topics of all records, so that equal ones stand next
 * to each other.
 */
#include "tool/cmd_topics.h"

#include <stdlib.h>
#include <string.h>

enum err
cmd_topics_add(struct cmd_topics *topics, const struct guid *tenant,
    const struct record *r)
{
	struct cmd_topic *row = topics->row;
	struct str topic;

	/* Only the record of a real certificate has a serial. */
	if (r == NULL || r->value[RECORD_SERIAL].n == 0 ||
	    (topic = r->value[RECORD_TOPIC]).n == 0)
		return ERR_OK;
	if (topics->count == topics->room) {
		topics->room = topics->room > 0 ? 2 * topics->room : 64;
		row = reallocarray(row, topics->room, sizeof(*row));
		if (row == NULL)
			return ERR_MEMORY;
		topics->row = row;
	}
	row += topics->count;
	row->tenant = *tenant;
	if ((row->topic = strndup(topic.p, topic.n)) == NULL)
		return ERR_MEMORY;
	topics->count++;
	return ERR_OK;
}

static int
compare(const void *a, const void *b)
{
	const struct cmd_topic *first = a, *second = b;
	int diff = strcmp(first->topic, second->topic);

	return diff != 0
	    ? diff
	    : memcmp(&first->tenant, &second->tenant, sizeof(first->tenant));
}

size_t
cmd_topics_run(const struct cmd_topics *topics, size_t i)
{
	size_t n = 0;

	while (i + n < topics->count &&
	    strcmp(topics->row[i].topic, topics->row[i + n].topic) == 0)
		n++;
	return n;
}

size_t
cmd_topics_keep_shared(struct cmd_topics *topics)
{
	size_t i, n, kept = 0, shared = 0;

	if (topics->count > 0)
		qsort(topics->row, topics->count, sizeof(topics->row[0]),
		    compare);
	for (i = 0; i < topics->count; i += n) {
		n = cmd_topics_run(topics, i);
		if (n == 1) {
			free(topics->row[i].topic);
			continue;
		}
		memmove(topics->row + kept, topics->row + i,
		    n * sizeof(topics->row[0]));
		kept += n;
		shared++;
	}
	topics->count = kept;
	return shared;
}

void
cmd_topics_free(struct cmd_topics *topics)
{
	size_t i;

	for (i = 0; i < topics->count; i++)
		free(topics->row[i].topic);
	free(topics->row);
	*topics = (struct cmd_topics){ .count = 0 };
}
