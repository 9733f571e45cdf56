/* SPDX-License-Identifier: ISC */
/*
 * standin_rule.h - the faults that a test orders from a stand-in for Graph:
 * which requests a rule matches, when it acts, and what it then does.
 *
 * Pure: the clock and the state of the random generator are parameters, so the
 * same start value gives the same faults.
 */
#ifndef PUSHCERT_STANDIN_RULE_H
#define PUSHCERT_STANDIN_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "format/emit.h"
#include "format/json.h"

/* The longest method and path of a rule, and the most statuses. */
#define STANDIN_METHOD_MAX 16
#define STANDIN_PATH_MAX 200
#define STANDIN_STATUSES_MAX 16
/* The longest delay, in milliseconds. */
#define STANDIN_DELAY_MAX 30000
/* A probability of 1. */
#define STANDIN_CERTAIN 1000000U
/* The Retry-After of 429 and 503 where the rule names none, in seconds. */
#define STANDIN_WAIT 5

enum standin_wait {
	STANDIN_WAIT_USUAL,
	STANDIN_WAIT_SECONDS,
	STANDIN_WAIT_DATE,
	STANDIN_WAIT_NONE
};

struct standin_rule {
	char method[STANDIN_METHOD_MAX + 1]; /* empty: any */
	char path[STANDIN_PATH_MAX + 1]; /* after the root; empty: any */
	uint64_t skip;
	uint64_t times; /* UINT64_MAX: without end */
	uint32_t rate; /* in millionths */
	bool has_rate;
	uint16_t status[STANDIN_STATUSES_MAX];
	size_t statuses;
	enum standin_wait wait;
	uint64_t wait_seconds;
	bool enforce;
	bool after;
	bool cuts;
	uint64_t cut;
	unsigned delay_least, delay_most;
	/* The requests that it matched, and on which it acted. */
	uint64_t seen, acted;
};

/* The treatment of one request. With status 0 the true response is sent. */
struct standin_act {
	bool faulted; /* a rule, a header or the limit acts */
	bool limited; /* it is the limit */
	unsigned rule; /* from 1; 0: the header of the request */
	unsigned status;
	enum standin_wait wait;
	uint64_t wait_seconds;
	bool enforce;
	bool after;
	bool cuts;
	uint64_t cut;
	unsigned delay;
	int64_t now_at; /* the time of the request */
	/* RateLimit-*, if the limit is near. */
	bool warns;
	uint64_t limit, remaining, reset;
};

/* The next number of a generator (splitmix64), whose state is any number. */
uint64_t standin_rule_random(uint64_t *state);

/* Whether a path matches a pattern in which * is any run of bytes; both without
 * regard to the case of letters. */
bool standin_rule_path_is(struct str path, struct str pattern);
/* Whether the rule is for this request, whose path has no slash in front. A
 * rule without a path is for each path but that of $batch, because it is for
 * the items. */
bool standin_rule_matches(
    const struct standin_rule *r, struct str method, struct str path);
/* Counts a request that the rule matches. Whether the rule acts on it. */
bool standin_rule_is_due(struct standin_rule *r, uint64_t *random);
/* The act of a due rule on a request with this method. */
struct standin_act standin_rule_act(const struct standin_rule *r,
    unsigned number, struct str method, uint64_t *random);
/* The seconds of the Retry-After of an act; 0: it has none. */
uint64_t standin_rule_wait(const struct standin_act *act);

/* standin_rule_text.c: the functions return ERR_OK or ERR_STANDIN; *why then
 * says what is wrong, and *what is the piece that is. */

/* Reads a number from 0 to 1 in millionths. */
bool standin_rule_text_rate(struct str text, uint32_t *out);
/* Reads a rule of the member faults. */
enum err standin_rule_text_read(const struct json *doc, size_t value,
    struct standin_rule *out, const char **why, struct str *what) ATTR_CHECKED;
/* Reads the header Pushcert-Fault. */
enum err standin_rule_text_header(struct str text, struct standin_rule *out,
    const char **why, struct str *what) ATTR_CHECKED;
/* Writes a rule, with its counters, as it can be read again. */
void standin_rule_text_emit(struct emit *e, const struct standin_rule *r);
void standin_rule_text_emit_rate(struct emit *e, uint32_t rate);

#endif
