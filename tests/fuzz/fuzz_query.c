/* SPDX-License-Identifier: ISC */
/*
 * fuzz_query.c - one text as query string, as each of the headers that are
 * read, and as a path: what is found lies inside it or the arena, and a
 * selection never has a property that does not exist.
 */
#include "fuzz.h"

#include "mem.h"
#include "odata.h"
#include "path.h"
#include "record.h"

static void
check_path(struct str text, struct arena *a)
{
	static const struct str known[] = { STR("deviceManagement"),
		{ NULL, 0 } };
	const struct path_source from[] = { { .path_info = text },
		{ .script_name = text, .path_info = str_of("/v1.0") },
		{ .request_uri = text } };
	struct path p;
	struct str what;
	size_t i;

	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		if (path_find(&from[i], known, a, &p, &what) != ERR_OK)
			continue;
		fuzz_check(p.at < p.count && p.count <= PATH_SEGMENTS_MAX);
		fuzz_check((p.root & PATH_ANY) == p.root);
		fuzz_check(path_agrees(&p, known, true) <= 1);
		fuzz_check(!path_is(&p, known, true) || p.count == p.at + 2);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_from((const char *)data, size), what;
	enum odata_metadata level;
	struct odata_query query;
	struct arena a;
	unsigned set;
	char *block;

	if (size > 8192 || (block = malloc(16 * size + 4096)) == NULL)
		return 0;
	arena_init(&a, block, 16 * size + 4096);
	if (odata_query(text, &a, &query, &what) == ERR_OK &&
	    !str_is_null(query.select) &&
	    record_select(query.select, &set, &what) == ERR_OK)
		fuzz_check(set != 0 && (set & ~RECORD_ALL) == 0);
	if (odata_accept(text, &level) == ERR_OK)
		fuzz_check(level <= ODATA_FULL);
	fuzz_check(
	    (odata_prefer(text) & ODATA_PREFER_RETURN) != ODATA_PREFER_RETURN);
	fuzz_check(!odata_match(text, str_of(NULL)));
	(void)odata_match(text, str_of("W/\"a.1\""));
	(void)odata_is_json(text);
	check_path(text, &a);
	free(block);
	return 0;
}
