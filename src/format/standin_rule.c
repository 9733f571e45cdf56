/* SPDX-License-Identifier: ISC */
/* standin_rule.c - matches requests with rules, and decides what they do. */
#include "format/standin_rule.h"

uint64_t
standin_rule_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A number from 0 to n - 1. */
static uint64_t
below(uint64_t *random, uint64_t n)
{
	return standin_rule_random(random) % n;
}

/* After a mismatch, the last * takes one byte more. So the time is at most the
 * product of both lengths. */
bool
standin_rule_path_is(struct str path, struct str pattern)
{
	size_t i = 0, k = 0, star = pattern.n, from = 0;

	while (i < path.n) {
		if (k < pattern.n && pattern.p[k] == '*') {
			star = k++;
			from = i;
		} else if (k < pattern.n &&
		    str_ieq(
			str_from(path.p + i, 1), str_from(pattern.p + k, 1))) {
			i++;
			k++;
		} else if (star < pattern.n) {
			k = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (k < pattern.n && pattern.p[k] == '*')
		k++;
	return k == pattern.n;
}

bool
standin_rule_matches(
    const struct standin_rule *r, struct str method, struct str path)
{
	bool batch = str_iis(path, "$batch");
	struct str pattern = str_of(r->path);

	if (r->method[0] != '\0' && !str_iis(method, r->method))
		return false;
	if (pattern.n == 0)
		return !batch;
	if (batch && !str_iis(pattern, "$batch"))
		return false;
	return standin_rule_path_is(path, pattern);
}

bool
standin_rule_is_due(struct standin_rule *r, uint64_t *random)
{
	r->seen++;
	if (r->seen <= r->skip || r->acted >= r->times)
		return false;
	if (r->has_rate && below(random, STANDIN_CERTAIN) >= r->rate)
		return false;
	r->acted++;
	return true;
}

/* The statuses of Dev Proxy: 507 is for methods that store something. */
static unsigned
any_status(struct str method, uint64_t *random)
{
	static const uint16_t usual[] = { 429, 500, 502, 503, 504, 507 };
	bool stores = str_is(method, "POST") || str_is(method, "PUT") ||
	    str_is(method, "DELETE");

	return usual[below(random, stores ? 6 : 5)];
}

struct standin_act
standin_rule_act(const struct standin_rule *r, unsigned number,
    struct str method, uint64_t *random)
{
	struct standin_act act = { .faulted = true,
		.rule = number,
		.wait = r->wait,
		.wait_seconds = r->wait_seconds,
		.enforce = r->enforce,
		.after = r->after,
		.cuts = r->cuts,
		.cut = r->cut,
		.delay = r->delay_least };

	if (r->statuses > 0)
		act.status = r->status[(r->acted - 1) % r->statuses];
	else if (r->has_rate && !r->cuts && r->delay_most == 0)
		act.status = any_status(method, random);
	if (r->delay_most > r->delay_least)
		act.delay += (unsigned)below(
		    random, r->delay_most - r->delay_least + 1);
	return act;
}

uint64_t
standin_rule_wait(const struct standin_act *act)
{
	switch (act->wait) {
	case STANDIN_WAIT_SECONDS:
		return act->wait_seconds;
	case STANDIN_WAIT_DATE:
		return STANDIN_WAIT;
	case STANDIN_WAIT_USUAL:
		return act->status == 429 || act->status == 503 ? STANDIN_WAIT
								: 0;
	case STANDIN_WAIT_NONE:
		break;
	}
	return 0;
}
