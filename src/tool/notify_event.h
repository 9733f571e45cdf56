/* SPDX-License-Identifier: ISC */
/*
 * notify_event.h - makes the CloudEvents (version 1.0 of their specification,
 * JSON format) that `notify` hands to its hook.
 */
#ifndef PUSHCERT_NOTIFY_EVENT_H
#define PUSHCERT_NOTIFY_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/expiry.h"
#include "store/store.h"

struct cmd_call;
struct delivery;

/* One event; the texts live in the arena of the call. */
struct notify_event {
	struct guid tenant;
	bool is_vendor; /* the event belongs to no tenant */
	const char *type;
	char id[STR_GUID_LEN + 1];
	struct str json;
	struct str text; /* one line for people, without its end */
};

/* The levels of a certificate, in the order in which it passes through them.
 * The store keeps these numbers, so they must not change. */
enum notify_level {
	NOTIFY_FAR,
	NOTIFY_WARNING,
	NOTIFY_CRITICAL,
	NOTIFY_EXPIRED,
	NOTIFY_TAKEN /* by a target of deploy */
};

/* The level of a certificate by --warning and --critical. */
enum notify_level notify_event_level(
    const struct cmd_call *c, const struct expiry_tenant *t, int64_t now_at);

/*
 * An event of the history, with the audit event as its data. ERR_NOT_FOUND; if
 * the row is damaged, *out is a gap of this one event.
 */
enum err notify_event_history(struct cmd_call *c, const struct guid *tenant,
    uint64_t number, struct notify_event *out) ATTR_CHECKED;
/* The events from `first` to `last`, which the history no longer has. */
enum err notify_event_gap(struct cmd_call *c, const struct guid *tenant,
    uint64_t first, uint64_t last, struct notify_event *out) ATTR_CHECKED;
/* A certificate that has reached this level; `expires` is the text of the
 * record. */
enum err notify_event_end(struct cmd_call *c, const struct expiry_tenant *t,
    struct str expires, enum notify_level level, int64_t now_at,
    struct notify_event *out) ATTR_CHECKED;
/* The same for the vendor's certificate. */
enum err notify_event_vendor(struct cmd_call *c, const struct expiry_tenant *t,
    struct str expires, enum notify_level level, int64_t now_at,
    struct notify_event *out) ATTR_CHECKED;
/* A target of deploy that has taken its certificate, or is late. */
enum err notify_event_delivery(struct cmd_call *c, const struct guid *tenant,
    const struct delivery *d, enum notify_level level,
    struct notify_event *out) ATTR_CHECKED;

#endif
