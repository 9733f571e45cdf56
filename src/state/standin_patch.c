/* SPDX-License-Identifier: ISC */
/* standin_patch.c - reads the body of a change of a stand-in's state. */
#include "state/standin.h"

#define WINDOW_MAX 86400
#define REQUESTS_MAX 1000000000
#define ADVANCE_MAX UINT64_C(400000000000) /* more than 9999 years */

struct reader {
	const struct json *doc;
	struct standin_patch *p;
	const char **why;
	struct str *what;
};

static bool
read_number(const struct json *doc, size_t value, uint64_t *out)
{
	return json_type(doc, value) == JSON_NUMBER &&
	    str_u64(json_text(doc, value), out);
}

static bool
read_faults(struct reader *r, size_t value)
{
	struct standin_patch *p = r->p;
	size_t at = 0, item;

	p->has_faults = true;
	if (json_type(r->doc, value) == JSON_NULL)
		return true;
	if (json_type(r->doc, value) != JSON_ARRAY)
		return false;
	while (json_next_item(r->doc, value, &at, &item)) {
		if (p->rules == STANDIN_RULES_MAX)
			return false;
		if (standin_rule_text_read(r->doc, item, &p->rule[p->rules++],
			r->why, r->what) != ERR_OK)
			return false;
	}
	return true;
}

static bool
read_now(struct reader *r, size_t value)
{
	r->p->has_now = true;
	r->p->real_now = json_type(r->doc, value) == JSON_NULL;
	return r->p->real_now ||
	    (json_type(r->doc, value) == JSON_STRING &&
		datetime_parse(json_text(r->doc, value), &r->p->now) == ERR_OK);
}

static bool
read_frozen(struct reader *r, size_t value)
{
	enum json_type type = json_type(r->doc, value);

	r->p->has_frozen = true;
	r->p->frozen = type == JSON_TRUE;
	return type == JSON_TRUE || type == JSON_FALSE;
}

static bool
read_advance(struct reader *r, size_t value)
{
	struct str text = json_text(r->doc, value);
	bool back = str_starts(text, "-");
	uint64_t n;

	if (json_type(r->doc, value) != JSON_NUMBER ||
	    !str_u64(str_tail(text, back), &n) || n > ADVANCE_MAX)
		return false;
	r->p->advance = back ? -(int64_t)n : (int64_t)n;
	return true;
}

static bool
read_random(struct reader *r, size_t value)
{
	r->p->has_random = true;
	return read_number(r->doc, value, &r->p->random);
}

static bool
read_limit_member(const struct json *doc, const struct json_member *m,
    struct standin_limit *l)
{
	if (str_is(m->name, "requests"))
		return read_number(doc, m->value, &l->requests) &&
		    l->requests > 0 && l->requests <= REQUESTS_MAX;
	if (str_is(m->name, "window"))
		return read_number(doc, m->value, &l->window) &&
		    l->window > 0 && l->window <= WINDOW_MAX;
	return str_is(m->name, "warn") &&
	    json_type(doc, m->value) == JSON_NUMBER &&
	    standin_rule_text_rate(json_text(doc, m->value), &l->warn);
}

static bool
read_limit(struct reader *r, size_t value)
{
	struct standin_limit *l = &r->p->limit;
	struct json_member m;
	size_t at = 0;

	r->p->has_limit = true;
	*l = (struct standin_limit){ .requests = 0 };
	if (json_type(r->doc, value) == JSON_NULL)
		return true;
	*l = (struct standin_limit){ .window = 60, .warn = 800000 };
	while (json_next(r->doc, value, &at, &m))
		if (!read_limit_member(r->doc, &m, l))
			return false;
	return l->requests > 0;
}

static bool
read_record(struct reader *r, size_t value)
{
	enum json_type type = json_type(r->doc, value);

	r->p->has_record = true;
	r->p->record = value;
	return type == JSON_NULL || type == JSON_STRING || type == JSON_OBJECT;
}

static const struct {
	const char *name;
	bool (*read)(struct reader *r, size_t value);
	const char *why;
} members[] = {
	{ "faults", read_faults, "faults is a list of up to 32 objects" },
	{ "now", read_now, "now is a date with a time, or null" },
	{ "frozen", read_frozen, "frozen is true or false" },
	{ "advance", read_advance, "advance is a whole number of seconds" },
	{ "random", read_random, "random is a whole number from 0" },
	{ "limit", read_limit,
	    "limit is null or {\"requests\",\"window\",\"warn\"}, with "
	    "requests from 1, a window from 1 to 86400 seconds, and warn from "
	    "0 to 1" },
	{ "record", read_record,
	    "record is null, an object, \"healthy\", \"expiring\" or "
	    "\"expired\"" },
};

static enum err
read_member(struct reader *r, const struct json_member *m)
{
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!str_is(m->name, members[i].name))
			continue;
		*r->what = json_text(r->doc, m->value);
		*r->why = NULL;
		if (members[i].read(r, m->value))
			return ERR_OK;
		/* The reader of a fault has set the reason already. */
		if (*r->why == NULL)
			*r->why = members[i].why;
		return ERR_STANDIN;
	}
	*r->what = m->name;
	*r->why = "the members are faults, now, frozen, advance, random, limit "
		  "and record";
	return ERR_STANDIN;
}

enum err
standin_patch_read(const struct json *doc, struct arena *a,
    struct standin_patch *out, const char **why, struct str *what)
{
	struct reader r = { doc, out, why, what };
	struct json_member m;
	enum err e = ERR_OK;
	size_t at = 0;

	*out = (struct standin_patch){ .rules = 0 };
	out->rule = arena_take(a, STANDIN_RULES_MAX * sizeof(*out->rule));
	if (out->rule == NULL)
		return ERR_MEMORY;
	while (e == ERR_OK && json_next(doc, 0, &at, &m))
		e = read_member(&r, &m);
	return e;
}
