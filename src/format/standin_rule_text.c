/* SPDX-License-Identifier: ISC */
/*
 * standin_rule_text.c - reads rules from JSON and from the header
 * Pushcert-Fault, and writes them. Each member is a row of one table.
 */
#include "format/standin_rule.h"

#include <string.h>

/* The most of a number: seconds, requests or bytes. */
#define NUMBER_MAX UINT64_C(1000000000)

bool
standin_rule_text_rate(struct str text, uint32_t *out)
{
	struct str rest = text, whole = str_cut(&rest, '.');
	uint64_t ones, part = 0;
	size_t i;

	if (!str_u64(whole, &ones) || ones > 1)
		return false;
	if (!str_is_null(rest) &&
	    (rest.n == 0 || rest.n > 6 || !str_u64(rest, &part)))
		return false;
	for (i = rest.n; i < 6; i++)
		part *= 10;
	*out = (uint32_t)(ones * STANDIN_CERTAIN + part);
	return *out <= STANDIN_CERTAIN;
}

static bool
number(struct str text, uint64_t *out)
{
	return str_u64(text, out) && *out <= NUMBER_MAX;
}

static bool
copy(struct str text, char *out, size_t most)
{
	if (text.n > most || (text.n > 0 && memchr(text.p, '\0', text.n)))
		return false;
	if (text.n > 0)
		memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

/* --- the values --------------------------------------------------------- */

typedef bool take(const struct json *doc, size_t value, struct standin_rule *r);

static bool
take_number(const struct json *doc, size_t value, uint64_t *out)
{
	return json_type(doc, value) == JSON_NUMBER &&
	    number(json_text(doc, value), out);
}

static bool
take_bool(const struct json *doc, size_t value, bool *out)
{
	enum json_type type = json_type(doc, value);

	*out = type == JSON_TRUE;
	return type == JSON_TRUE || type == JSON_FALSE;
}

static bool
take_method(const struct json *doc, size_t value, struct standin_rule *r)
{
	return json_type(doc, value) == JSON_STRING &&
	    copy(json_text(doc, value), r->method, STANDIN_METHOD_MAX);
}

static bool
take_path(const struct json *doc, size_t value, struct standin_rule *r)
{
	struct str path = json_text(doc, value);

	if (str_starts(path, "/"))
		path = str_tail(path, 1);
	return json_type(doc, value) == JSON_STRING &&
	    copy(path, r->path, STANDIN_PATH_MAX);
}

static bool
take_skip(const struct json *doc, size_t value, struct standin_rule *r)
{
	return take_number(doc, value, &r->skip);
}

static bool
take_times(const struct json *doc, size_t value, struct standin_rule *r)
{
	return take_number(doc, value, &r->times);
}

static bool
take_rate(const struct json *doc, size_t value, struct standin_rule *r)
{
	r->has_rate = true;
	return json_type(doc, value) == JSON_NUMBER &&
	    standin_rule_text_rate(json_text(doc, value), &r->rate);
}

static bool
add_status(struct str text, struct standin_rule *r)
{
	uint64_t status;

	if (r->statuses == STANDIN_STATUSES_MAX || !number(text, &status) ||
	    status < 400 || status > 599)
		return false;
	r->status[r->statuses++] = (uint16_t)status;
	return true;
}

static bool
take_status(const struct json *doc, size_t value, struct standin_rule *r)
{
	size_t at = 0, item;

	if (json_type(doc, value) == JSON_NUMBER)
		return add_status(json_text(doc, value), r);
	if (json_type(doc, value) != JSON_ARRAY)
		return false;
	while (json_next_item(doc, value, &at, &item))
		if (json_type(doc, item) != JSON_NUMBER ||
		    !add_status(json_text(doc, item), r))
			return false;
	return r->statuses > 0;
}

static bool
take_wait(const struct json *doc, size_t value, struct standin_rule *r)
{
	r->wait = STANDIN_WAIT_SECONDS;
	if (take_number(doc, value, &r->wait_seconds))
		return true;
	r->wait = STANDIN_WAIT_NONE;
	if (json_type(doc, value) == JSON_NULL)
		return true;
	r->wait = STANDIN_WAIT_DATE;
	return json_type(doc, value) == JSON_STRING &&
	    str_is(json_text(doc, value), "date");
}

static bool
take_enforce(const struct json *doc, size_t value, struct standin_rule *r)
{
	return take_bool(doc, value, &r->enforce);
}

static bool
set_delay(struct standin_rule *r, uint64_t least, uint64_t most)
{
	r->delay_least = (unsigned)least;
	r->delay_most = (unsigned)most;
	return least <= most && most <= STANDIN_DELAY_MAX;
}

static bool
take_delay(const struct json *doc, size_t value, struct standin_rule *r)
{
	uint64_t ms[2];
	size_t at = 0, item, n = 0;

	if (take_number(doc, value, &ms[0]))
		return set_delay(r, ms[0], ms[0]);
	if (json_type(doc, value) != JSON_ARRAY)
		return false;
	while (json_next_item(doc, value, &at, &item))
		if (n == 2 || !take_number(doc, item, &ms[n++]))
			return false;
	return n == 2 && set_delay(r, ms[0], ms[1]);
}

static bool
set_when(struct str text, struct standin_rule *r)
{
	r->after = str_is(text, "after");
	return r->after || str_is(text, "before");
}

static bool
take_when(const struct json *doc, size_t value, struct standin_rule *r)
{
	return json_type(doc, value) == JSON_STRING &&
	    set_when(json_text(doc, value), r);
}

static bool
take_cut(const struct json *doc, size_t value, struct standin_rule *r)
{
	r->cuts = true;
	return take_number(doc, value, &r->cut);
}

/* The counters that the program shows; a test may send them back. */
static bool
take_counter(const struct json *doc, size_t value, struct standin_rule *r)
{
	uint64_t ignored;

	(void)r;
	return take_number(doc, value, &ignored);
}

static const struct {
	const char *name;
	take *take;
	const char *why;
} members[] = {
	{ "method", take_method, "method is a text of up to 16 bytes" },
	{ "path", take_path, "path is a text of up to 200 bytes" },
	{ "skip", take_skip, "skip is a number from 0 to 1000000000" },
	{ "times", take_times, "times is a number from 0 to 1000000000" },
	{ "rate", take_rate,
	    "rate is a number from 0 to 1 with at most 6 decimals" },
	{ "status", take_status,
	    "status is a number from 400 to 599, or a list of up to 16" },
	{ "retryAfter", take_wait,
	    "retryAfter is a number of seconds, \"date\" or null" },
	{ "enforce", take_enforce, "enforce is true or false" },
	{ "delay", take_delay,
	    "delay is milliseconds from 0 to 30000, or [least, most]" },
	{ "when", take_when, "when is \"before\" or \"after\"" },
	{ "cut", take_cut, "cut is a number of bytes" },
	{ "seen", take_counter, "seen is a number" },
	{ "acted", take_counter, "acted is a number" },
};

static bool
take_member(const struct json *doc, const struct json_member *m,
    struct standin_rule *r, const char **why)
{
	size_t i;

	*why = "a fault has no such member";
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!str_is(m->name, members[i].name))
			continue;
		*why = members[i].why;
		return members[i].take(doc, m->value, r);
	}
	return false;
}

/* A rule that does nothing, or whose parts contradict each other, is a mistake
 * of the test. */
static const char *
contradiction(const struct standin_rule *r)
{
	if (r->statuses == 0 && !r->has_rate && !r->cuts && r->delay_most == 0)
		return "a fault has status, rate, delay or cut";
	if (r->after && r->statuses == 0 && (r->cuts || r->delay_most > 0))
		return "when needs a status";
	return NULL;
}

enum err
standin_rule_text_read(const struct json *doc, size_t value,
    struct standin_rule *out, const char **why, struct str *what)
{
	struct json_member m;
	size_t at = 0, ignored;

	*out = (struct standin_rule){ .times = 1 };
	*what = json_text(doc, value);
	*why = "a fault is an object";
	if (json_type(doc, value) != JSON_OBJECT)
		return ERR_STANDIN;
	if (json_find(doc, value, str_of("rate"), &ignored))
		out->times = UINT64_MAX;
	while (json_next(doc, value, &at, &m)) {
		if (take_member(doc, &m, out, why))
			continue;
		*what = str_starts(str_of(*why), "a fault has no")
		    ? m.name
		    : json_text(doc, m.value);
		return ERR_STANDIN;
	}
	*what = json_text(doc, value);
	*why = contradiction(out);
	return *why == NULL ? ERR_OK : ERR_STANDIN;
}

/* --- the header --------------------------------------------------------- */

static bool
header_wait(struct str value, struct standin_rule *r)
{
	r->wait = STANDIN_WAIT_NONE;
	if (str_is(value, "none"))
		return true;
	r->wait = STANDIN_WAIT_DATE;
	if (str_is(value, "date"))
		return true;
	r->wait = STANDIN_WAIT_SECONDS;
	return number(value, &r->wait_seconds);
}

static bool
header_delay(struct str value, struct standin_rule *r)
{
	struct str rest = value, first = str_cut(&rest, '-');
	uint64_t least, most;

	if (!number(first, &least))
		return false;
	most = least;
	if (!str_is_null(rest) && !number(rest, &most))
		return false;
	return set_delay(r, least, most);
}

static bool
header_status(struct str value, struct standin_rule *r)
{
	return r->statuses == 0 && add_status(value, r);
}

static bool
header_cut(struct str value, struct standin_rule *r)
{
	r->cuts = true;
	return number(value, &r->cut);
}

static const struct {
	const char *name;
	bool (*take)(struct str value, struct standin_rule *r);
	const char *why;
} words[] = {
	{ "status", header_status, "status is a number from 400 to 599" },
	{ "retry-after", header_wait,
	    "retry-after is a number of seconds, date or none" },
	{ "delay", header_delay,
	    "delay is milliseconds from 0 to 30000, or least-most" },
	{ "when", set_when, "when is before or after" },
	{ "cut", header_cut, "cut is a number of bytes" },
};

static bool
take_word(struct str word, struct standin_rule *r, const char **why)
{
	struct str value = word, name = str_trim(str_cut(&value, '='));
	size_t i;

	value = str_trim(value);
	*why = "the words are status, retry-after, delay, when and cut";
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!str_iis(name, words[i].name))
			continue;
		*why = words[i].why;
		return words[i].take(value, r);
	}
	return false;
}

enum err
standin_rule_text_header(struct str text, struct standin_rule *out,
    const char **why, struct str *what)
{
	struct str rest = text;

	*out = (struct standin_rule){ .times = 1, .acted = 1 };
	while (!str_is_null(rest)) {
		*what = str_trim(str_cut(&rest, ';'));
		if (what->n > 0 && !take_word(*what, out, why))
			return ERR_STANDIN;
	}
	*what = text;
	*why = contradiction(out);
	return *why == NULL ? ERR_OK : ERR_STANDIN;
}

/* --- writing ------------------------------------------------------------ */

void
standin_rule_text_emit_rate(struct emit *e, uint32_t rate)
{
	char text[16];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_printf(&b, "%u.%06u", (unsigned)(rate / STANDIN_CERTAIN),
	    (unsigned)(rate % STANDIN_CERTAIN));
	while (b.n > 1 && b.p[b.n - 1] == '0')
		b.n--;
	if (b.p[b.n - 1] == '.')
		b.n--;
	emit_json(e, buf_view(&b));
}

static void
emit_number(struct emit *e, const char *name, uint64_t n)
{
	emit_name(e, name);
	emit_u64(e, n);
}

static void
emit_status(struct emit *e, const struct standin_rule *r)
{
	size_t i;

	if (r->statuses == 0)
		return;
	emit_name(e, "status");
	if (r->statuses > 1)
		emit_array(e);
	for (i = 0; i < r->statuses; i++)
		emit_u64(e, r->status[i]);
	if (r->statuses > 1)
		emit_end(e);
}

static void
emit_wait(struct emit *e, const struct standin_rule *r)
{
	if (r->wait == STANDIN_WAIT_USUAL)
		return;
	emit_name(e, "retryAfter");
	if (r->wait == STANDIN_WAIT_SECONDS)
		emit_u64(e, r->wait_seconds);
	else if (r->wait == STANDIN_WAIT_DATE)
		emit_text(e, "date");
	else
		emit_null(e);
}

static void
emit_delay(struct emit *e, const struct standin_rule *r)
{
	if (r->delay_most == 0)
		return;
	emit_name(e, "delay");
	if (r->delay_least == r->delay_most) {
		emit_u64(e, r->delay_least);
		return;
	}
	emit_array(e);
	emit_u64(e, r->delay_least);
	emit_u64(e, r->delay_most);
	emit_end(e);
}

static void
emit_matches(struct emit *e, const struct standin_rule *r)
{
	if (r->method[0] != '\0') {
		emit_name(e, "method");
		emit_text(e, r->method);
	}
	if (r->path[0] != '\0') {
		emit_name(e, "path");
		emit_text(e, r->path);
	}
	if (r->skip > 0)
		emit_number(e, "skip", r->skip);
	if (r->times != UINT64_MAX)
		emit_number(e, "times", r->times);
	if (r->has_rate) {
		emit_name(e, "rate");
		standin_rule_text_emit_rate(e, r->rate);
	}
}

void
standin_rule_text_emit(struct emit *e, const struct standin_rule *r)
{
	emit_object(e);
	emit_matches(e, r);
	emit_status(e, r);
	emit_wait(e, r);
	if (r->enforce) {
		emit_name(e, "enforce");
		emit_bool(e, true);
	}
	emit_delay(e, r);
	if (r->after) {
		emit_name(e, "when");
		emit_text(e, "after");
	}
	if (r->cuts)
		emit_number(e, "cut", r->cut);
	emit_number(e, "seen", r->seen);
	emit_number(e, "acted", r->acted);
	emit_end(e);
}
