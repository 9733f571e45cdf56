/* SPDX-License-Identifier: ISC */
/*
 * fuzz_filter.c - the input is a $filter and the event that it is applied to,
 * with a zero byte between them. Two evaluations agree, a filter in parentheses
 * means the same, and its negation means the opposite. The place of a fault
 * lies in the filter.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "format/audit.h"

/* A text for each path: pieces of the input. */
struct row {
	struct str text[AUDIT_PATHS];
};

static struct filter_value
value_of(const void *row, unsigned path)
{
	const struct row *r = row;

	fuzz_check(path < AUDIT_PATHS);
	return (struct filter_value){ .is_null = str_is_null(r->text[path]),
		.text = r->text[path],
		.time = { (int64_t)r->text[path].n, 5 } };
}

static void
check_fault(struct str text, const struct filter_fault *fault)
{
	struct str what = fault->what;

	fuzz_check(fault->at <= str_utf8_count(text));
	fuzz_check(what.n == 0 ||
	    (what.p >= text.p && what.p + what.n <= text.p + text.n));
}

/* Parses the filter with text before and after it. */
static enum err
parse_in(const char *before, struct str text, const char *after,
    struct arena *a, struct filter *f)
{
	struct filter_fault fault;
	struct buf b;
	struct str whole;

	buf_open(&b, a);
	buf_text(&b, before);
	buf_str(&b, text);
	buf_text(&b, after);
	whole = buf_close(&b, a);
	fuzz_check(!str_is_null(whole));
	return filter_parse(whole, &audit_filter, a, f, &fault);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_from((const char *)data, size);
	struct str text = str_cut(&rest, '\0');
	struct filter_fault fault;
	struct filter f, same, opposite;
	struct row row;
	struct arena a;
	size_t block = 16 * size + 4096;
	void *memory;
	unsigned i;
	bool holds;

	if (size > 8192 || !str_utf8_valid(text))
		return 0;
	fuzz_check((memory = malloc(block)) != NULL);
	arena_init(&a, memory, block);
	for (i = 0; i < AUDIT_PATHS; i++)
		row.text[i] = str_cut(&rest, '\0');
	if (filter_parse(text, &audit_filter, &a, &f, &fault) != ERR_OK) {
		check_fault(text, &fault);
		free(memory);
		return 0;
	}
	fuzz_check(f.n >= 1 && f.n == 2 * f.terms - 1);
	holds = filter_holds(&f, value_of, &row);
	fuzz_check(filter_holds(&f, value_of, &row) == holds);
	if (parse_in("(", text, ")", &a, &same) == ERR_OK)
		fuzz_check(filter_holds(&same, value_of, &row) == holds);
	if (parse_in("not (", text, ")", &a, &opposite) == ERR_OK)
		fuzz_check(filter_holds(&opposite, value_of, &row) != holds);
	free(memory);
	return 0;
}
