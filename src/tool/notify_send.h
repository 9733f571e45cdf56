/* SPDX-License-Identifier: ISC */
/*
 * notify_send.h - runs the hook of `notify` with one event, or with all that
 * are due.
 */
#ifndef PUSHCERT_NOTIFY_SEND_H
#define PUSHCERT_NOTIFY_SEND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "tool/notify_event.h"

struct cmd_call;

/* Exit statuses of the hook; any other is a failure, after which the event is
 * tried again. GONE: the receiver wants no events any more. */
enum { NOTIFY_DELIVERED = 0, NOTIFY_GONE = 100 };

/* The events of a digest. Zeros: none. */
struct notify_digest {
	char *json, *text;
	size_t json_n, json_room, text_n, text_room;
	size_t count;
};
/* A digest of this many bytes takes no more events. */
#define NOTIFY_DIGEST_MAX ((size_t)16 << 20)

enum err notify_send_add(
    struct notify_digest *d, const struct notify_event *event) ATTR_CHECKED;
void notify_send_free(struct notify_digest *d);

/* Both run the hook and return its exit status. When the descriptor `stop`
 * becomes readable, the hook soon ends. */
int notify_send_event(
    struct cmd_call *c, const struct notify_event *event, int stop);
int notify_send_digest(struct cmd_call *c, struct notify_digest *d, int stop);

#endif
