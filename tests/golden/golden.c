/* SPDX-License-Identifier: ISC */
/*
 * golden.c - runs files of requests through routes_handle and compares each
 * complete response byte for byte.
 *
 * A file begins with settings, one per line. Cases follow:
 *
 *   clock SECONDS
 *   config KEY = VALUE
 *   token TEXT TENANT SCOPE[,SCOPE...] [EXPIRES_AT]
 *   tenant GUID [ALIAS]
 *   jwks TEXT
 *   key            (the service has a key_file)
 *   standin TENANT
 *   request TENANT SECONDS TEXT
 *   == the name of the case, a sentence
 *   METHOD PATH[?QUERY]
 *   Header-Name: value
 *   var CGI_NAME=value
 *   clock SECONDS
 *
 *   the body, if any
 *   --
 *   the response
 *
 * The cases of a file run in order and share one store. The clock starts at
 * 2022-03-22T12:40:15.1234567Z, or at the time that the file sets, and advances
 * by one second per case; a case may set it, too. Random bytes are the number
 * of the case. So ids and dates are the same in each run. A body line "hex
 * 7b7d" stands for these bytes. The setting "request" makes a request pending,
 * with a public key that no certificate has. In the responses LF stands for CR
 * LF. With GOLDEN_UPDATE=1 in the environment the program writes the actual
 * responses into the files; a person must then review them.
 *
 * In a response the line "usual headers" stands for exactly these lines, in
 * this order. Both ids are the GUID that the random bytes of the case give, and
 * the last line belongs to them only if the response has content:
 *
 *   request-id: 02020202-0202-4202-8202-020202020202
 *   client-request-id: 02020202-0202-4202-8202-020202020202
 *   Cache-Control: no-cache
 *   Accept-Ranges: none
 *   X-Content-Type-Options: nosniff
 *   Content-Length: the number of bytes of the content
 *
 * Likewise "usual headers of a page in en" stands for the ids, the lines that
 * every page has, and Content-Length; en is its Content-Language.
 *
 * The runner shortens the actual response, and only where every byte of these
 * lines is as expected. A response with other lines keeps all of them, so a
 * golden file shows each difference.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rules/auth.h"
#include "page/pages.h"
#include "state/batch_rooms.h"
#include "state/standin.h"
#include "unit.h"

#define TEXT_MAX ((size_t)512 * 1024)
#define VARS_MAX 32
#define START_AT 1647952815

struct golden {
	const char *path;
	struct config config;
	struct secrets secrets;
	struct app app;
	struct worker worker;
	struct batch_rooms rooms;
	int64_t clock_at; /* at the first case */
	unsigned number; /* number of the case */
	unsigned failed;
	bool *seen; /* the outcomes of all cases */
	char *vars[VARS_MAX];
	size_t var_count;
	struct str body; /* the unread part of the request body */
	FILE *update;
};

/* Ends the run. The cause is the file or the setup, not a response. */
static void
must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "golden: %s\n", what);
	exit(EXIT_FAILURE);
}

static char *
format(
    const char *before, struct str name, const char *between, struct str value)
{
	size_t n = strlen(before) + name.n + strlen(between) + value.n + 1;
	char *text = malloc(n);

	must(text != NULL, "out of memory");
	snprintf(text, n, "%s%.*s%s%.*s", before, STR_ARG(name), between,
	    STR_ARG(value));
	return text;
}

static void
add_var(struct golden *g, char *text)
{
	must(g->var_count < VARS_MAX, "too many headers");
	g->vars[g->var_count++] = text;
}

/* Turns a header line into its CGI variable (RFC 3875, section 4.1.18). */
static void
add_header(struct golden *g, struct str line)
{
	struct str value = line, name = str_cut(&value, ':');
	bool bare = str_iis(name, "content-type") ||
	    str_iis(name, "content-length");
	char *text = format(bare ? "" : "HTTP_", name, "=", str_trim(value));
	char *p;

	for (p = text; *p != '='; p++)
		*p = (char)(*p == '-'            ? '_'
			: *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A'
						 : *p);
	add_var(g, text);
}

/* Turns "METHOD PATH?QUERY" into variables, as lighttpd does for an external
 * socket. */
static void
add_request_line(struct golden *g, struct str line)
{
	struct str uri = line, method = str_cut(&uri, ' ');
	struct str query = uri, path = str_cut(&query, '?');

	add_var(g, format("REQUEST_METHOD=", method, "", STR_EMPTY));
	add_var(g, format("REQUEST_URI=", uri, "", STR_EMPTY));
	add_var(g, format("SCRIPT_NAME=", path, "", STR_EMPTY));
	add_var(g, format("QUERY_STRING=", query, "", STR_EMPTY));
}

static long
read_body(void *from, char *p, size_t n)
{
	struct golden *g = from;

	if (n > g->body.n)
		n = g->body.n;
	if (n > 0)
		memcpy(p, g->body.p, n);
	g->body = str_tail(g->body, n);
	return (long)n;
}

static bool
has_var(const struct golden *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->var_count; i++)
		if (str_starts(str_of(g->vars[i]), name))
			return true;
	return false;
}

static void
handle(struct golden *g, struct response *resp)
{
	struct request req = { .read = read_body, .from = g };
	char length[32];
	size_t i;

	snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", g->body.n);
	for (i = 0; i < g->var_count; i++)
		request_take(&req, g->vars[i]);
	request_take(&req, "HTTP_HOST=graph.example.org");
	request_take(&req, "HTTPS=on");
	if (g->body.n > 0 && !has_var(g, "HTTP_TRANSFER_ENCODING="))
		request_take(&req, length);
	req.now.at = g->clock_at + (int64_t)g->number;
	req.now.nano = 123456700;
	memset(req.random, (int)g->number, sizeof(req.random));
	routes_handle(&g->app, &g->worker, &req, resp);
	g->seen[resp->outcome] = true;
	for (i = 0; i < g->var_count; i++)
		free(g->vars[i]);
	g->var_count = 0;
	g->number++;
}

/*
 * Returns the response with LF for CR LF. Every header line must end in CR LF.
 */
static struct str
plain(struct str answer, char *out)
{
	size_t i, n = 0;
	bool content = false;

	for (i = 0; i < answer.n; i++) {
		char c = answer.p[i];

		if (!content && c == '\n')
			must(i > 0 && answer.p[i - 1] == '\r', "LF without CR");
		if (!content && c == '\r')
			continue;
		out[n++] = c;
		if (!content && n > 1 && c == '\n' && out[n - 2] == '\n')
			content = true;
	}
	return str_from(out, n);
}

/* Returns the text up to the first line that begins with `mark`, and sets *text
 * to the rest, which begins with it. Without such a line, returns the whole
 * text. */
static struct str
until(struct str *text, const char *mark)
{
	struct str all = *text;
	size_t i;

	for (i = 0; i < all.n; i++)
		if ((i == 0 || all.p[i - 1] == '\n') &&
		    str_starts(str_tail(all, i), mark))
			break;
	*text = str_tail(all, i);
	return str_head(all, i);
}

/* Writes the usual headers of a response with `content` bytes of content. */
static struct str
usual_headers(
    unsigned number, const char *cache, size_t content, char *out, size_t size)
{
	unsigned byte = number & 0xff; /* each of the 16 random bytes */
	char id[STR_GUID_LEN + 1];
	int n;

	/* The digit 4 and the two bits 10 mark a GUID of version 4. */
	snprintf(id, sizeof(id), "%08x-%04x-4%03x-%02x%02x-%08x%04x",
	    byte * 0x01010101, byte * 0x0101, byte * 0x0101 & 0xfff,
	    (byte & 0x3f) | 0x80, byte, byte * 0x01010101, byte * 0x0101);
	n = snprintf(out, size,
	    "request-id: %s\nclient-request-id: %s\n%s"
	    "Accept-Ranges: none\nX-Content-Type-Options: nosniff\n",
	    id, id, cache);
	if (content > 0)
		n += snprintf(out + n, size - (size_t)n,
		    "Content-Length: %zu\n", content);
	return str_from(out, (size_t)n);
}

/* The lines of the header between those that depend on the case. */
static const struct {
	const char *line, *cache;
} kinds[] = {
	{ "usual headers\n", "Cache-Control: no-cache\n" },
#define PAGE(language)                                                           \
	{                                                                        \
		"usual headers of a page in " language "\n",                     \
		    "Cache-Control: no-store\n"                                  \
		    "Content-Security-Policy: default-src 'none'; script-src "   \
		    "'self'; style-src 'self'; img-src 'self'; form-action "     \
		    "'self'; frame-ancestors 'none'; base-uri 'none'; "          \
		    "require-trusted-types-for 'script'; trusted-types 'none'\n" \
		    "Cross-Origin-Opener-Policy: same-origin\n"                  \
		    "Cross-Origin-Resource-Policy: same-origin\n"                \
		    "Referrer-Policy: same-origin\n"                             \
		    "X-Frame-Options: DENY\n"                                    \
		    "Content-Language: " language "\n"                           \
	}
	PAGE("en"),
	PAGE("de"),
#undef PAGE
};

/* Replaces the usual headers by one line. `text` holds the response. */
static struct str
shorten(unsigned number, char *text, struct str response)
{
	struct str rest = response, content = response, usual = STR_EMPTY;
	char expected[1024];
	size_t i, n;

	(void)until(&rest, "request-id: ");
	(void)until(&content, "\n");
	content = str_tail(content, 1);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		usual = usual_headers(number, kinds[i].cache, content.n,
		    expected, sizeof(expected));
		if (str_eq(str_head(rest, usual.n), usual))
			break;
	}
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return response;
	rest = str_tail(rest, usual.n);
	n = strlen(kinds[i].line);
	text += response.n - rest.n - usual.n;
	memcpy(text, kinds[i].line, n);
	memmove(text + n, rest.p, rest.n);
	return str_head(response, response.n - usual.n + n);
}

static struct str
decode_body(struct str body, char *out)
{
	size_t n;

	if (body.n > 0 && body.p[body.n - 1] == '\n')
		body.n--;
	if (!str_starts(body, "hex "))
		return body;
	body = str_tail(body, 4);
	n = body.n / 2;
	must(str_unhex(body, (uint8_t *)out, n), "bad hex");
	return str_from(out, n);
}

static int64_t
clock_of(struct str line)
{
	uint64_t clock = 0;

	must(str_u64(str_tail(line, 6), &clock), "bad clock");
	return (int64_t)clock;
}

/* The sum in the name of a file of the pages changes with the file, so the
 * expected responses have zeros in its place. */
static void
hide_sums(char *text, size_t n)
{
	static const char *const names[] = { "page-", "icon-" };
	size_t i, k, at, digits;

	for (i = 0; i < 2 * n; i++) {
		at = i / 2 + strlen(names[i % 2]);
		if (!str_starts(
			str_from(text + i / 2, n - i / 2), names[i % 2]))
			continue;
		for (digits = 0; at + digits < n; digits++)
			if (str_hex_digit(text[at + digits]) < 0)
				break;
		for (k = 0; digits == 8 && k < digits; k++)
			text[at + k] = '0';
	}
}

/* Replaces the version, at the foot of a page or in a calendar, by zeros, as
 * the sums. Returns the new length. */
static size_t
hide_version(char *text, size_t n)
{
	static const char now[] = "pushcert " PACKAGE_VERSION;
	static const char then[] = "pushcert 0.0.0";
	const size_t old = sizeof(now) - 1, new = sizeof(then) - 1;
	char *at = text;

	while ((at = memmem(at, n - (size_t)(at - text), now, old)) != NULL) {
		memmove(at + new, at + old, n - (size_t)(at - text) - old);
		memcpy(at, then, new);
		at += new;
		n = n + new - old;
	}
	return n;
}

/* Runs one case: `head` and `body` are the request, `want` the expected
 * response. */
static void
run_case(struct golden *g, struct str name, struct str head, struct str body,
    struct str want)
{
	static char bytes[TEXT_MAX], text[TEXT_MAX];
	struct response resp;
	struct str got;

	add_request_line(g, str_cut(&head, '\n'));
	while (!str_is_null(head)) {
		struct str line = str_cut(&head, '\n');

		if (str_starts(line, "clock "))
			g->clock_at = clock_of(line) - (int64_t)g->number;
		else if (str_starts(line, "var "))
			add_var(
			    g, format("", str_tail(line, 4), "", STR_EMPTY));
		else if (line.n > 0)
			add_header(g, line);
	}
	g->body = decode_body(body, bytes);
	handle(g, &resp);
	got = shorten(g->number - 1, text, plain(resp.text, text));
	hide_sums(text, got.n);
	got.n = hide_version(text, got.n);
	if (g->update != NULL) {
		fwrite(got.p, 1, got.n, g->update);
		fputs("\n", g->update);
		return;
	}
	/* The newline before the next case belongs to the file, not to the
	 * response. */
	if (want.n > 0 && want.p[want.n - 1] == '\n')
		want.n--;
	if (!str_eq(got, want)) {
		g->failed++;
		printf("%s: %.*s\n--- want\n%.*s\n--- got\n%.*s\n", g->path,
		    STR_ARG(name), STR_ARG(want), STR_ARG(got));
	}
}

static enum err
put_token(struct txn *tx, void *arg)
{
	return store_token_put(tx, arg);
}

static void
make_token(struct golden *g, struct str line)
{
	struct str text = str_cut(&line, ' ');
	struct str tenant = str_cut(&line, ' ');
	struct str scopes = str_cut(&line, ' ');
	struct token t = { .name = text, .created_at = START_AT };
	uint64_t expires_at = 0;

	auth_token_hash(text, t.hash);
	must(str_guid(tenant, &t.tenant), "bad tenant");
	while (!str_is_null(scopes)) {
		struct str name = str_cut(&scopes, ',');
		uint32_t scope = str_is(name, "pushcert.AllTenants")
		    ? AUTH_ALL_TENANTS
		    : auth_scope(name);

		must(scope != 0, "bad scope");
		t.scopes |= scope;
	}
	if (!str_is_null(line))
		must(str_u64(line, &expires_at), "bad expiry");
	t.expires_at = (int64_t)expires_at;
	must(store_update(g->app.store, put_token, &t) == ERR_OK,
	    "store_update");
}

static enum err
put_tenant(struct txn *tx, void *arg)
{
	return store_tenant_put(tx, arg);
}

static void
add_tenant(struct golden *g, struct str line)
{
	struct tenant t = { .created_at = START_AT };

	must(str_guid(str_head(line, STR_GUID_LEN), &t.id), "bad tenant");
	if (line.n > STR_GUID_LEN)
		t.alias = str_tail(line, STR_GUID_LEN + 1);
	must(store_update(g->app.store, put_tenant, &t) == ERR_OK,
	    "store_update");
}

struct pending {
	struct guid tenant;
	struct csr csr;
};

static enum err
put_pending(struct txn *tx, void *arg)
{
	struct pending *p = arg;

	return store_csr_put(tx, &p->tenant, NULL, &p->csr);
}

/* The program believes that it could make another one. */
static void
add_request(struct golden *g, struct str line)
{
	struct pending p = { .csr = { .public_key = STR("no key"),
				 .sealed_key = STR("none") } };
	uint64_t at;

	must(str_guid(str_cut(&line, ' '), &p.tenant), "bad tenant");
	must(str_u64(str_cut(&line, ' '), &at), "bad time");
	p.csr.when.at = (int64_t)at;
	p.csr.request = line;
	must(store_update(g->app.store, put_pending, &p) == ERR_OK,
	    "store_update");
	g->secrets.can_seal = true;
}

static void
write_jwks(struct golden *g, struct str text)
{
	FILE *file;

	snprintf(g->config.jwks_file, sizeof(g->config.jwks_file), "%s/jwks",
	    unit_directory());
	must((file = fopen(g->config.jwks_file, "w")) != NULL, "jwks");
	fwrite(text.p, 1, text.n, file);
	fclose(file);
}

static void
take_setting(struct golden *g, struct str line)
{
	if (str_starts(line, "token "))
		make_token(g, str_tail(line, 6));
	if (str_starts(line, "tenant "))
		add_tenant(g, str_tail(line, 7));
	if (str_starts(line, "request "))
		add_request(g, str_tail(line, 8));
	if (str_starts(line, "jwks "))
		write_jwks(g, str_tail(line, 5));
	if (str_starts(line, "clock "))
		g->clock_at = clock_of(line);
}

/* With the setting `key`, the service has a new key. No response depends on the
 * key but the values of cookies and requests, which no case shows. */
static void
make_key(struct golden *g, struct str settings)
{
	static int made;

	while (!str_is_null(settings)) {
		if (!str_is(str_cut(&settings, '\n'), "key"))
			continue;
		snprintf(g->config.key_file, sizeof(g->config.key_file),
		    "%s/key.%d", unit_directory(), made++);
		must(secret_make(g->config.key_file) == ERR_OK, "secret_make");
	}
}

/* With the setting `standin`, the service is a stand-in for tests. */
static void
stand_in(struct golden *g, struct str settings)
{
	struct guid tenant;

	while (!str_is_null(settings)) {
		struct str line = str_cut(&settings, '\n');

		if (!str_starts(line, "standin "))
			continue;
		must(str_guid(str_tail(line, 8), &tenant), "bad tenant");
		auth_take_any(g->app.auth, &tenant);
		g->app.standin = standin_open();
		must(g->app.standin != NULL, "standin_open");
	}
}

/* Applies the settings before the first case. */
static void
set_up(struct golden *g, struct str settings)
{
	char path[256], message[CONFIG_TEXT_MAX];
	struct store_options options = { .directory = path,
		.map_size = (size_t)16 << 20,
		.readers = 256,
		.history_keep = 100,
		.create = true };
	struct str rest = settings;
	char schema[UNIT_SCHEMA_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/pushcert.conf", unit_directory());
	must((file = fopen(path, "w")) != NULL, path);
	fprintf(file, "# An empty file is an error.\n");
	while (!str_is_null(rest)) {
		struct str line = str_cut(&rest, '\n');

		if (str_starts(line, "config "))
			fprintf(file, "%.*s\n", STR_ARG(str_tail(line, 7)));
	}
	fclose(file);
	if (config_load(path, &g->config, message) != ERR_OK)
		must(false, message);
	snprintf(path, sizeof(path), "%s/store.%d", unit_directory(), rand());
	unit_engine(&options, schema);
	must(store_open(&options, &g->app.store) == ERR_OK, "store_open");
	must(store_reader(g->app.store, &g->worker.reader) == ERR_OK,
	    "store_reader");
	g->app.config = &g->config;
	g->app.pages = pages_routes(&g->config);
	make_key(g, settings);
	must(secret_load(&g->config, &g->secrets, message) == ERR_OK, message);
	g->app.secrets = &g->secrets;
	rest = settings;
	while (!str_is_null(rest))
		take_setting(g, str_cut(&rest, '\n'));
	if (g->config.read_only)
		store_set_read_only(g->app.store);
	g->app.auth = auth_open(&g->config, g->clock_at);
	must(g->app.auth != NULL, "auth_open");
	stand_in(g, settings);
}

static unsigned
run_file(const char *path, unsigned *cases, bool seen[ERR_COUNT])
{
	static char text[TEXT_MAX];
	struct golden g = { .path = path, .clock_at = START_AT, .seen = seen };
	FILE *file = fopen(path, "r");
	size_t size;
	struct str rest, head;

	if (file == NULL) {
		printf("%s: %s\n", path, strerror(errno));
		return 1;
	}
	rest = str_from(text, fread(text, 1, sizeof(text), file));
	fclose(file);
	head = until(&rest, "== ");
	set_up(&g, head);
	size = routes_arena_size(&g.config);
	arena_init(&g.worker.arena, malloc(size), size);
	batch_rooms_init(&g.rooms, routes_room_size(&g.config), 2);
	g.app.batch_rooms = &g.rooms;
	if (getenv("GOLDEN_UPDATE") != NULL && (g.update = fopen(path, "w")))
		fwrite(head.p, 1, head.n, g.update);
	while (rest.n > 0) {
		struct str name = str_tail(str_cut(&rest, '\n'), 3);
		struct str request = until(&rest, "--\n"), body = request, line;
		struct str want;

		(void)str_cut(&rest, '\n');
		want = until(&rest, "== ");
		head = request;
		do {
			line = str_cut(&body, '\n');
		} while (line.n > 0);
		head.n = (size_t)(line.p - head.p);
		if (g.update != NULL)
			fprintf(g.update, "== %.*s\n%.*s--\n", STR_ARG(name),
			    STR_ARG(request));
		run_case(&g, name, head, body, want);
	}
	if (g.update != NULL)
		fclose(g.update);
	auth_close(g.app.auth);
	standin_close(g.app.standin);
	store_reader_free(g.worker.reader);
	store_close(g.app.store);
	free(g.worker.arena.block);
	*cases += g.number;
	return g.failed;
}

/* Refusals without a case: the first two need a request that is too long for a
 * file, the next two refuse only an item of a batch, and the others need a key
 * or a nonce that only the test itself can know. */
static const struct {
	enum err e;
	const char *test;
} elsewhere[] = {
	{ ERR_URL_TOO_LONG, "tests/unit/http/test_routes" },
	{ ERR_JSON_TOKENS, "tests/unit/format/test_json" },
	{ ERR_BATCH_NESTED, "tests/golden/batch.golden" },
	{ ERR_DEPENDENCY, "tests/golden/batch.golden" },
	{ ERR_FORM, "tests/unit/format/test_form" },
	{ ERR_FORM_TYPE, "tests/unit/format/test_form" },
	{ ERR_KEY_MISMATCH, "tests/unit/rules/test_policy" },
	{ ERR_SSO_STATE, "tests/unit/rules/test_sso" },
	{ ERR_SSO_REFUSED, "tests/unit/rules/test_sso" },
	{ ERR_SSO_ROLE, "tests/unit/rules/test_sso" },
};

/* Whether a request can end with this outcome through the fault of its client,
 * and no case shows it. */
static bool
lacks_case(enum err e, const bool *seen)
{
	int status = err_info(e)->status;
	size_t i;

	for (i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (elsewhere[i].e == e)
			return false;
	return status >= 400 && status < 500 && !seen[e];
}

/* With the option --all, the files must show each refusal. */
int
main(int argc, char **argv)
{
	bool all = argc > 1 && strcmp(argv[1], "--all") == 0;
	bool seen[ERR_COUNT] = { false };
	unsigned failed = 0, cases = 0;
	int i;

	log_open(false, LOG_AT_ERROR);
	for (i = all ? 2 : 1; i < argc; i++)
		failed += run_file(argv[i], &cases, seen);
	for (i = 0; all && i < ERR_COUNT; i++) {
		if (!lacks_case((enum err)i, seen))
			continue;
		printf("no case is refused with: %s\n",
		    err_info((enum err)i)->text);
		cases++;
		failed++;
	}
	printf("golden: %u passed, %u failed\n", cases - failed, failed);
	return failed == 0 && cases > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
