/* SPDX-License-Identifier: ISC */
/*
 * notify_watch.h - what notify reports beside the histories: the ends of
 * certificates, the deliveries of `deploy`, and the end of the vendor's
 * certificate. Each is a matter, which has a place of its own (place.h).
 */
#ifndef PUSHCERT_NOTIFY_WATCH_H
#define PUSHCERT_NOTIFY_WATCH_H

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "tool/notify_state.h"

/* The matters: the history and the certificate of a tenant; that a name has
 * run; the vendor's certificate; a target of deploy, whose name follows. The
 * second and the third belong to the tenant of zeros. */
#define NOTIFY_TENANT ""
#define NOTIFY_KNOWN "known"
#define NOTIFY_VENDOR "vendor"
#define NOTIFY_TARGET "deploy/"

/* Whether the vendor's certificate is watched. */
bool notify_watch_vendor(const struct notify_state *s);
/* Sets `ends` of each tenant that may have something to report. */
enum err notify_watch_mark(struct notify_state *s) ATTR_CHECKED;
/* Takes all deliveries that have succeeded, so that they are not due. */
enum err notify_watch_skip(struct notify_state *s) ATTR_CHECKED;
/* The next event of this kind of one tenant; see notify_state_next. */
enum err notify_watch_next(struct notify_state *s,
    const struct notify_tenant *t, struct notify_step *out) ATTR_CHECKED;

#endif
