/* SPDX-License-Identifier: ISC */
/*
 * fuzz_query.c - the input is used as query string, as each of the headers that
 * are parsed, and as a path. All results must lie within the input or the
 * arena, and a selection must contain only properties that exist.
 */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "format/expand.h"
#include "format/model.h"
#include "format/odata.h"
#include "format/origin.h"
#include "format/path.h"
#include "format/record.h"

static bool
is_root(struct str segment)
{
	return str_iis(segment, "v1.0") || str_iis(segment, "beta") ||
	    str_iis(segment, "localtest");
}

/* The root must be the leftmost segment that names a root. Exceptions are the
 * segments of the script name, of the mount path, and of an absolute URL that
 * the client has sent. */
static void
check_leftmost(const struct path_source *from, const struct path *p)
{
	size_t i;

	if (from->script_name.n > 0 || from->mount.n > 0 || p->mounted > 0)
		return;
	for (i = 0; i < p->at; i++)
		fuzz_check(!is_root(p->segment[i]));
}

/* Each segment has at least one word, and a key follows a word. */
static void
check_words(const struct path *p, struct arena *a)
{
	static const struct str any[] = { STR("{id}"), { NULL, 0 } };
	size_t segments = p->count - p->at - 1, i;

	fuzz_check(p->words <= PATH_WORDS_MAX && (p->keys & 1) == 0);
	fuzz_check(p->words >= segments || p->words == PATH_WORDS_MAX);
	fuzz_check(p->keys >> p->words == 0);
	fuzz_check((p->keys & p->keys << 1) == 0);
	fuzz_check(path_is(p, any, false) == (p->words == 1));
	for (i = 0; i < p->words; i++) {
		struct str value = path_argument(p->word[i], a);

		fuzz_check(value.n <= p->word[i].n);
	}
}

static void
check_path(struct str text, struct arena *a)
{
	static const struct str known[] = { STR("deviceManagement"),
		{ NULL, 0 } };
	const struct path_source from[] = { { .path_info = text },
		{ .script_name = text, .path_info = str_of("/v1.0") },
		{ .script_name = str_of("/v1.0"), .request_uri = text },
		{ .request_uri = text }, { .request_uri = text, .mount = text },
		{ .request_uri = text, .mount = str_of("/beta/a") } };
	char mount[32768];
	struct path p;
	struct str what;
	struct buf b;
	size_t i;

	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		if (path_find(&from[i], known, a, &p, &what) != ERR_OK)
			continue;
		fuzz_check(p.at < p.count && p.count <= PATH_SEGMENTS_MAX);
		fuzz_check(p.mounted <= p.at && is_root(p.segment[p.at]));
		fuzz_check((p.root & PATH_ANY) == p.root);
		fuzz_check(path_agrees(&p, known, true) <= 1);
		fuzz_check(!path_is(&p, known, true) || p.count == p.at + 2);
		check_words(&p, a);
		check_leftmost(&from[i], &p);
		buf_init(&b, mount, sizeof(mount));
		path_mount(&p, &b);
		fuzz_check(b.n == 0 || mount[0] == '/');
	}
}

/* The pages have the last segment with their name, and only in a path without
 * another root. */
static void
check_pages(struct str text, struct arena *a)
{
	static const struct str known[] = { { NULL, 0 } };
	struct path_source from = { .request_uri = text };
	struct path p;
	struct str what;
	enum err without;
	size_t i;

	without = path_find(&from, known, a, &p, &what);
	from.pages = true;
	if (path_find(&from, known, a, &p, &what) != ERR_OK)
		return;
	fuzz_check((without == ERR_OK) == (p.root != PATH_UI));
	if (p.root != PATH_UI)
		return;
	fuzz_check(p.at < p.count && str_iis(p.segment[p.at], "ui"));
	for (i = p.at + 1; i < p.count; i++)
		fuzz_check(!str_iis(p.segment[i], "ui"));
	for (i = 0; i < p.count; i++)
		fuzz_check(!is_root(p.segment[i]));
	fuzz_check(p.slashes <= text.n);
	check_words(&p, a);
}

/* If the text is an origin, its written form must parse to the same origin. */
static void
check_origin(struct str text)
{
	struct origin origin, again;
	char written[8300];
	struct buf b;

	if (!origin_parse(text, &origin))
		return;
	buf_init(&b, written, sizeof(written));
	buf_text(&b, origin.secure ? "HTTPS://" : "HTTP://");
	buf_str(&b, origin.host);
	buf_char(&b, ':');
	buf_u64(&b, origin.port);
	fuzz_check(origin_parse(buf_view(&b), &again));
	fuzz_check(origin_same(&origin, &again));
	fuzz_check(origin_of_url(text, &again) && origin_same(&origin, &again));
}

/* The options that were read are the same after they were written. */
static void
check_options(struct str text, struct arena *a)
{
	const unsigned all = ODATA_BIT(ODATA_OPTIONS) - 1;
	struct odata_query query, again;
	struct str what, written;
	struct buf b;
	unsigned i;

	/* A variable of a request has no zero bytes, and none can be escaped.
	 */
	if (memchr(text.p, '\0', text.n) != NULL ||
	    odata_query(text, all, a, &query, &what) != ERR_OK)
		return;
	buf_open(&b, a);
	odata_put_options(&query, all, &b);
	written = buf_close(&b, a);
	fuzz_check(!str_is_null(written));
	fuzz_check(odata_query(written, all, a, &again, &what) == ERR_OK);
	for (i = 0; i < ODATA_OPTIONS; i++)
		fuzz_check(str_eq(query.text[i], again.text[i]) &&
		    str_is_null(query.text[i]) == str_is_null(again.text[i]));
}

/* A set that is expanded has one navigation, and its nested set is not empty.
 */
static void
check_expand(struct str text)
{
	enum model_type of = MODEL_NONE;
	struct expand x;
	struct str what;

	if (expand_read(MODEL_DEVICE_MANAGEMENT, text, &x, &what, &of) ==
	    ERR_OK) {
		fuzz_check(x.set != 0 && (x.set & (x.set - 1)) == 0);
		fuzz_check(x.nested != 0 && (x.nested & ~RECORD_ALL) == 0);
		return;
	}
	fuzz_check(of == MODEL_DEVICE_MANAGEMENT || of == MODEL_CERTIFICATE);
	fuzz_check(what.n <= text.n);
}

static void
check_single(struct str text)
{
	struct str value, again;

	if (odata_single(text, &value))
		fuzz_check(odata_single(value, &again) && str_eq(value, again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_from((const char *)data, size), what;
	enum odata_metadata level;
	struct odata_query query;
	struct str selected;
	struct arena a;
	unsigned set;
	char *block;

	if (size > 8192 || (block = malloc(32 * size + 4096)) == NULL)
		return 0;
	arena_init(&a, block, 32 * size + 4096);
	if (odata_query(text, ODATA_BIT(ODATA_SELECT) | ODATA_BIT(ODATA_FORMAT),
		&a, &query, &what) == ERR_OK) {
		selected = query.text[ODATA_SELECT];
		if (odata_format(query.text[ODATA_FORMAT], &level) == ERR_OK)
			fuzz_check(level <= ODATA_FULL);
		if (!str_is_null(selected) &&
		    model_select(MODEL_CERTIFICATE, selected, &set, &what) ==
			ERR_OK)
			fuzz_check(set != 0 && (set & ~RECORD_ALL) == 0);
	}
	if (odata_accept(text, &level) == ERR_OK)
		fuzz_check(level <= ODATA_FULL);
	fuzz_check(
	    (odata_prefer(text) & ODATA_PREFER_RETURN) != ODATA_PREFER_RETURN);
	fuzz_check(!odata_match(text, str_of(NULL)));
	(void)odata_match(text, str_of("W/\"a.1\""));
	(void)odata_is_json(text);
	check_path(text, &a);
	check_pages(text, &a);
	check_options(text, &a);
	check_origin(text);
	check_single(text);
	check_expand(text);
	free(block);
	return 0;
}
