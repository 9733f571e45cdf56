/* SPDX-License-Identifier: ISC */
/*
 * standin.h - the state of a stand-in for Graph: for each tenant of a test a
 * clock, faults, a limit, a random generator and a journal. It lives in the
 * memory of one process, which keeps at most STANDIN_TENANTS tenants. Safe to
 * call from any thread. No tenant's state depends on that of another.
 */
#ifndef PUSHCERT_STANDIN_H
#define PUSHCERT_STANDIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "format/datetime.h"
#include "format/emit.h"
#include "format/json.h"
#include "format/standin_rule.h"

#define STANDIN_TENANTS 1000
#define STANDIN_RULES_MAX 32

struct standin;

/* NULL if memory runs out. */
struct standin *standin_open(void);
void standin_close(struct standin *s);

/* Changes the time of the machine to that of the tenant. */
void
standin_now(struct standin *s, const struct guid *tenant, struct instant *now);

/* A request, with the tenant's time and the path after the root. */
struct standin_request {
	struct guid tenant;
	struct str method;
	struct str path;
	struct instant now;
	const struct standin_rule *header; /* NULL: none */
};
/* Counts the request, and decides what happens to it. ERR_MEMORY. */
enum err standin_judge(struct standin *s, const struct standin_request *r,
    struct standin_act *out) ATTR_CHECKED;

/* Appends an entry, which is a JSON object, to the tenant's journal. */
void
standin_note(struct standin *s, const struct guid *tenant, struct str json);
/* Writes the journal as an array. */
void
standin_journal(struct standin *s, const struct guid *tenant, struct emit *e);
void standin_forget_journal(struct standin *s, const struct guid *tenant);

/* A change of the state: the members that the body has. */
struct standin_limit {
	uint64_t requests; /* 0: no limit */
	uint64_t window; /* in seconds */
	uint32_t warn; /* in millionths */
};
struct standin_patch {
	bool has_faults, has_now, has_frozen, has_random, has_limit;
	struct standin_rule *rule; /* STANDIN_RULES_MAX of them */
	size_t rules;
	bool real_now; /* the clock is that of the machine again */
	struct instant now;
	bool frozen;
	int64_t advance;
	uint64_t random;
	struct standin_limit limit;
	bool has_record;
	size_t record; /* the value in the document */
};
/* Reads a body. The rules lie in the arena. ERR_STANDIN, with *why and *what;
 * ERR_MEMORY. */
enum err standin_patch_read(const struct json *doc, struct arena *a,
    struct standin_patch *out, const char **why, struct str *what) ATTR_CHECKED;
/* Applies a change; `real` is the time of the machine. ERR_STANDIN if the
 * tenant's time would leave the years 1 to 9999; nothing has changed then.
 * ERR_MEMORY. */
enum err standin_apply(struct standin *s, const struct guid *tenant,
    const struct standin_patch *p, struct instant real) ATTR_CHECKED;
/* Writes the members of the state but the record. */
void standin_emit(struct standin *s, const struct guid *tenant,
    struct instant real, struct emit *e);
/* Forgets the tenant. */
void standin_forget(struct standin *s, const struct guid *tenant);

#endif
