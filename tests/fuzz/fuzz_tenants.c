/* SPDX-License-Identifier: ISC */
/*
 * fuzz_tenants.c - complete requests by two tenants and by strangers. The input
 * chooses the parts of a request from tables of valid and invalid parts, or
 * supplies the part itself.
 *
 * All data of a tenant contains the tenant's canary. A response to another
 * caller must never contain it, and a request must never change the data of
 * another tenant. A refused request changes nothing but the refusals in the
 * caller's own history. The status is never 5xx (except 501 without a key
 * file), and the content is JSON with the declared length.
 */
#include "fuzz.h"

#include <string.h>

#include "format/json.h"
#include "http/metrics_text.h"
#include "format/record.h"
#include "world.h"

enum { A, B, TENANTS, STRANGER = TENANTS };

#define NOW 1647952815
/* Only one in 2,000 runs may create a key, because that is slow. */
#define RUNS_PER_KEY 2000

static const struct {
	struct guid id;
	const char *canary;
	const char *writer, *reader, *expired;
} tenants[TENANTS] = {
	{ { { 0xaa } }, "canary-of-a", "writer-a", "reader-a", "expired-a" },
	{ { { 0xbb } }, "canary-of-b", "writer-b", "reader-b", "expired-b" },
};

/* --- the two tenants ------------------------------------------------------ */

/* The data of a tenant: its record, its CSR, and the newest event of its
 * history. */
struct state {
	uint64_t digest;
	uint64_t events;
	enum store_action last;
};

static enum err
put_tenant(struct txn *tx, int which)
{
	const struct guid *id = &tenants[which].id;
	struct str canary = str_of(tenants[which].canary);
	struct record r = { .revision = 1 };
	struct csr csr = {
		.request = canary, .public_key = canary, .sealed_key = canary
	};
	struct event ev = { .action = STORE_CHANGED,
		.actor = canary,
		.changed = RECORD_ALL,
		.fingerprint = canary,
		.serial = canary,
		.topic = canary,
		.had_former = true };
	enum err e;
	int i;

	for (i = 0; i < RECORD_PROPERTIES; i++)
		r.value[i] = canary;
	r.value[RECORD_MODIFIED] = str_of("2022-03-22T12:40:14.0000000Z");
	r.value[RECORD_EXPIRES] = str_of("2017-01-01T00:00:00Z");
	ev.former = r;
	if ((e = store_record_put(tx, id, &r)) != ERR_OK ||
	    (e = store_event_add(tx, id, &ev)) != ERR_OK)
		return e;
	return store_csr_put(tx, id, NULL, &csr);
}

static enum err
put_tenants(struct txn *tx, void *arg)
{
	enum err e = put_tenant(tx, A);

	(void)arg;
	return e == ERR_OK ? put_tenant(tx, B) : e;
}

/* FNV-1a over the text and its length. */
static void
add(uint64_t *digest, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		*digest = (*digest ^ (uint8_t)s.p[i]) * 0x100000001b3;
	*digest = (*digest ^ (s.n + !str_is_null(s))) * 0x100000001b3;
}

static enum err
take_newest(const struct event *ev, void *arg)
{
	struct state *s = arg;

	s->events = ev->number;
	s->last = ev->action;
	return ERR_NOT_FOUND;
}

static struct state
look(int which)
{
	struct txn *tx = world.worker.reader;
	const struct guid *id = &tenants[which].id;
	struct state s = { .digest = 0xcbf29ce484222325 };
	struct record r;
	struct consent consent;
	struct csr csr;
	enum err e;
	int i;

	fuzz_check(store_begin(tx) == ERR_OK);
	if (store_record(tx, id, &r) == ERR_OK) {
		add(&s.digest, str_from((char *)&r.revision, 8));
		for (i = 0; i < RECORD_PROPERTIES; i++)
			add(&s.digest, r.value[i]);
	}
	if (store_csr(tx, id, NULL, &csr) == ERR_OK)
		add(&s.digest, csr.request);
	if (store_consent(tx, id, &consent) == ERR_OK)
		add(&s.digest, consent.actor);
	e = store_events(tx, id, take_newest, &s);
	fuzz_check(e == ERR_OK || e == ERR_NOT_FOUND);
	store_end(tx);
	return s;
}

static bool
same(struct state a, struct state b)
{
	return a.digest == b.digest && a.events == b.events;
}

static void
make_world(void)
{
	int i;

	world_make();
	memset(world.secrets.key, 1, sizeof(world.secrets.key));
	for (i = 0; i < TENANTS; i++) {
		world_token(tenants[i].writer, &tenants[i].id,
		    AUTH_SERVICE_CONFIG_WRITE, 0);
		world_token(tenants[i].reader, &tenants[i].id,
		    AUTH_SERVICE_CONFIG_READ, 0);
		world_token(
		    tenants[i].expired, &tenants[i].id, AUTH_ALL, NOW - 1);
	}
	fuzz_check(store_update(world.app.store, put_tenants, NULL) == ERR_OK);
}

/* --- the request ---------------------------------------------------------- */

/* The rest of the input, and the texts of the request that is being made. */
struct maker {
	const uint8_t *p;
	size_t n;
	char text[32768];
	struct buf out;
	struct request req;
	int caller;
	bool foreign; /* a browser marks it as cross-site */
};

static unsigned
pick(struct maker *m, unsigned n)
{
	if (m->n == 0)
		return 0;
	m->n--;
	return *m->p++ % n;
}

#define PICK(m, table) ((table)[pick((m), sizeof(table) / sizeof((table)[0]))])

/*
 * Copies some bytes of the input. NUL is copied only if a body may contain it.
 */
static void
put_raw(struct maker *m, bool nul)
{
	size_t n = pick(m, 48);

	for (; n > 0 && m->n > 0; n--, m->n--, m->p++)
		if (*m->p != '\0' || nul)
			buf_char(&m->out, (char)*m->p);
}

/* Writes a text of a table. In it ` stands for bytes of the input and @ for the
 * caller's canary; NULL stands for bytes of the input alone. */
static void
put(struct maker *m, const char *text)
{
	if (text == NULL)
		put_raw(m, false);
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '`')
			put_raw(m, false);
		else if (*text == '@' && m->caller != STRANGER)
			buf_text(&m->out, tenants[m->caller].canary);
		else
			buf_char(&m->out, *text);
	}
}

/* Adds the text since `start`, a NAME=VALUE, to the request. */
static void
take(struct maker *m, size_t start)
{
	buf_char(&m->out, '\0');
	if (!m->out.full)
		request_take(&m->req, m->text + start);
}

static void
take_pair(struct maker *m, const char *name, const char *value)
{
	size_t start = m->out.n;

	buf_text(&m->out, name);
	buf_char(&m->out, '=');
	put(m, value);
	take(m, start);
}

static void
take_caller(struct maker *m)
{
	static const char *const names[] = { "HTTP_AUTHORIZATION",
		"HTTP_AUTHORIZATION", "HTTP_AUTHORIZATION",
		"REDIRECT_HTTP_AUTHORIZATION",
		"REDIRECT_REDIRECT_HTTP_AUTHORIZATION" };
	const char *name = PICK(m, names);
	unsigned kind = pick(m, 16), i = pick(m, TENANTS);
	size_t start = m->out.n;

	m->caller = STRANGER;
	if (kind == 0)
		return;
	buf_text(&m->out, name);
	buf_text(&m->out, kind == 1 ? "=Basic " : "=Bearer ");
	if (kind == 2)
		put_raw(m, false);
	else
		buf_text(&m->out,
		    kind == 3           ? tenants[i].expired
			: kind % 2 == 0 ? tenants[i].writer
					: tenants[i].reader);
	take(m, start);
	if (kind > 3)
		m->caller = (int)i;
}

#define CERTIFICATE "deviceManagement/applePushNotificationCertificate"
#define CONSENT "deviceManagement/dataSharingConsents/appleMDMPushCertificate"
#define CSR "ApplePushNotificationCertificateSigningRequest"

static void
put_path(struct maker *m)
{
	static const char *const before[] = { "/", "/", "/", "/", "/graph/",
		"/beta/graph/", "/`/", "/a/../", "//./", "/..//" };
	static const char *const roots[] = { "v1.0", "beta", "localtest",
		"BETA", "v1%2E0", "%62eta", "v1.0/beta", "v1.0%2fbeta",
		"v1.0/http://h/beta", "v1.0/https:/h/graph/v1.0",
		"beta/beta/graph/v1.0", "v1.0/..", "v2.0", "`" };
	static const char *const ends[] = { "/" CERTIFICATE, "/" CERTIFICATE,
		"/" CERTIFICATE "/download" CSR,
		"/" CERTIFICATE "/generate" CSR,
		"/" CERTIFICATE "/microsoft.graph.generate" CSR "()", "/health",
		"/" CONSENT, "/" CONSENT "/consentToDataSharing", "/metrics",
		"/deviceManagement", "", "/" CERTIFICATE "/`",
		"/deviceManagement/`",
		"/" CERTIFICATE "('aa000000-0000-0000-0000-000000000000')",
		"/" CERTIFICATE "/certificate", "/`",
		"/" CERTIFICATE "/../applePushNotificationCertificate/." };

	put(m, PICK(m, before));
	put(m, PICK(m, roots));
	put(m, PICK(m, ends));
}

static void
put_query(struct maker *m)
{
	static const char *const options[] = { "", "$select=`",
		"$select=certificate,id", "%24select=appleIdentifier",
		"select=topicIdentifier", "$format=json", "$format=`",
		"$expand=`", "$filter=`", "`", "`=`",
		"tenant=aa000000-0000-0000-0000-000000000000",
		"tenant=bb000000-0000-0000-0000-000000000000",
		"access_token=writer-a", "access_token=writer-b" };
	unsigned n = pick(m, 4);

	while (n-- > 0) {
		put(m, PICK(m, options));
		buf_char(&m->out, '&');
	}
}

/* Adds a path, in the variables that a web server would set. */
static void
take_path(struct maker *m)
{
	static const char *const names[] = { "REQUEST_URI", "SCRIPT_NAME",
		"PATH_INFO", "REQUEST_URI" };
	static const char *const scripts[] = { "/v1.0", "/beta",
		"/cgi-bin/pushcert.cgi", "/beta/graph.fcgi", "/`" };
	const char *name = PICK(m, names);
	size_t start = m->out.n;

	buf_text(&m->out, name);
	buf_char(&m->out, '=');
	put_path(m);
	if (strcmp(name, "REQUEST_URI") == 0) {
		buf_char(&m->out, '?');
		put_query(m);
	}
	take(m, start);
	if (pick(m, 4) == 0)
		take_pair(m, "SCRIPT_NAME", PICK(m, scripts));
	start = m->out.n;
	buf_text(&m->out, "QUERY_STRING=");
	put_query(m);
	take(m, start);
}

/* Header variables and their values; NULL stands for bytes of the input. */
static const char *const headers[][2] = {
	{ "HTTP_ACCEPT", "application/json;odata.metadata=full" },
	{ "HTTP_ACCEPT", "application/json;odata.metadata=none" },
	{ "HTTP_ACCEPT", NULL },
	{ "HTTP_PREFER", "return=minimal" },
	{ "HTTP_PREFER", "return=representation, pushcert.dry-run" },
	{ "HTTP_PREFER", NULL },
	{ "HTTP_IF_MATCH", "*" },
	{ "HTTP_IF_MATCH", "W/\"0a0a0a0a.1.0000000\"" },
	{ "HTTP_IF_MATCH", NULL },
	{ "HTTP_IF_NONE_MATCH", "W/\"0b0b0b0b.1.0000000\"" },
	{ "HTTP_IF_NONE_MATCH", "*" },
	{ "HTTP_IF_NONE_MATCH", NULL },
	{ "HTTP_CLIENT_REQUEST_ID", NULL },
	{ "HTTP_PUSHCERT_ALLOW_TOPIC_CHANGE", NULL },
	{ "CONTENT_TYPE", "text/plain" },
	{ "CONTENT_TYPE", NULL },
	{ "HTTP_CONTENT_TYPE", NULL },
	{ "HTTP_CONTENT_ENCODING", "identity" },
	{ "HTTP_CONTENT_ENCODING", NULL },
	{ "HTTP_HOST", "graph.example.org:8443" },
	{ "HTTP_HOST", NULL },
	{ "HTTPS", "on" },
	{ "SERVER_NAME", NULL },
	{ "REMOTE_USER", "writer-a" },
	{ "HTTP_X_FORWARDED_FOR", NULL },
	{ "HTTP_ORIGIN", "http://graph.example.org:8443" },
	{ "HTTP_ORIGIN", NULL },
	{ "HTTP_SEC_FETCH_SITE", "same-origin" },
	{ "HTTP_SEC_FETCH_SITE", NULL },
	{ "DOCUMENT_ROOT", NULL },
};

static void
take_headers(struct maker *m)
{
	unsigned n = pick(m, 8);

	while (n-- > 0) {
		const char *const *header = PICK(m, headers);

		take_pair(m, header[0], header[1]);
	}
	if (pick(m, 8) == 1) {
		take_pair(m, "HTTP_SEC_FETCH_SITE", "cross-site");
		m->foreign = true;
	}
}

static void
put_member(struct maker *m)
{
	static const char *const names[] = { "appleIdentifier", "certificate",
		"topicIdentifier", "expirationDateTime",
		"certificateUploadStatus", "certificateUploadFailureReason",
		"certificateSerialNumber", "id", "lastModifiedDateTime",
		"@odata.type", "`" };
	static const char *const values[] = { "\"@\"", "\"@`\"", "\"`\"",
		"null", "\"\"", "0", "{}", "[`]", "\"2030-01-01T00:00:00Z\"",
		"\"2030-01-01T00:00:00`\"",
		"\"#microsoft.graph.applePushNotificationCertificate\"",
		"\"-----BEGIN CERTIFICATE-----\\n`\"",
		"\"-----BEGIN PRIVATE KEY-----\\n`\"", "`" };

	buf_char(&m->out, '"');
	put(m, PICK(m, names));
	buf_text(&m->out, "\":");
	put(m, PICK(m, values));
}

static struct str
make_body(struct maker *m)
{
	static const char *const starts[] = { "{", "{", "{", "{",
		"\xef\xbb\xbf{", " {", "[{", "" };
	size_t start = m->out.n;
	unsigned n = pick(m, 6);

	if (n == 5) {
		put_raw(m, true);
	} else if (n > 0) {
		put(m, PICK(m, starts));
		while (n-- > 0) {
			put_member(m);
			buf_text(&m->out, n > 0 ? "," : "}");
		}
	}
	return str_tail(buf_view(&m->out), start);
}

static void
make_request(struct maker *m)
{
	static const char *const methods[] = { "GET", "PATCH", "POST", "PATCH",
		"GET", "HEAD", "OPTIONS", "DELETE", "PUT", "get", "`" };

	take_caller(m);
	take_pair(m, "REQUEST_METHOD", PICK(m, methods));
	take_path(m);
	take_headers(m);
	take_pair(m, "CONTENT_TYPE", "application/json");
	take_pair(m, "HTTP_HOST", "graph.example.org");
	if (pick(m, 16) == 1)
		take_pair(m, "CONTENT_LENGTH", NULL);
	m->req.now.at = NOW;
	memset(m->req.random, 7, sizeof(m->req.random));
}

/* --- checks --------------------------------------------------------------- */

/* A loop, because libFuzzer traces memmem and would copy the canaries into its
 * inputs. */
static bool
holds(struct str text, const char *word)
{
	size_t i, k;

	for (i = 0; i < text.n; i++) {
		for (k = 0; word[k] != '\0' && i + k < text.n &&
		     text.p[i + k] == word[k];
		     k++)
			;
		if (word[k] == '\0')
			return true;
	}
	return false;
}

/*
 * Parses the header lines and checks the content against its type and length.
 */
static void
check_content(struct str rest, bool head)
{
	struct str type = str_of(NULL), what;
	uint64_t length = 0;
	static char block[1 << 20];
	struct json json;
	struct arena a;

	for (;;) {
		struct str line = str_cut(&rest, '\n');

		fuzz_check(line.n > 0 && line.p[line.n - 1] == '\r');
		line.n--;
		if (line.n == 0)
			break;
		fuzz_check(memchr(line.p, '\r', line.n) == NULL &&
		    memchr(line.p, '\0', line.n) == NULL);
		if (str_starts(line, "Content-Length: "))
			fuzz_check(str_u64(str_tail(line, 16), &length));
		if (str_starts(line, "Content-Type: "))
			type = str_tail(line, 14);
	}
	fuzz_check(head ? rest.n == 0 : rest.n == length);
	arena_init(&a, block, sizeof(block));
	if (rest.n > 0 && !str_is(type, METRICS_TEXT_TYPE))
		fuzz_check(json_parse(rest, &a, &json, &what) == ERR_OK);
}

static bool
is_safe(struct str method)
{
	return str_is(method, "GET") || str_is(method, "HEAD") ||
	    str_is(method, "OPTIONS");
}

static void
check_change(const struct maker *m, const struct response *resp, int which,
    const struct state *before)
{
	struct state now = look(which);
	bool refused = resp->status >= 400;
	bool tried = holds(resp->text, "Preference-Applied: pushcert.dry-run");

	if (which != m->caller || tried || is_safe(m->req.var[REQUEST_METHOD]))
		fuzz_check(same(now, *before));
	else if (refused)
		fuzz_check(now.digest == before->digest &&
		    now.events - before->events <= 1 &&
		    (now.events == before->events ||
			now.last == STORE_REFUSED));
}

static void
check(const struct maker *m, const struct response *resp,
    const struct state before[TENANTS])
{
	int i;

	fuzz_check(resp->status < 500 || resp->status == 501);
	fuzz_check(str_starts(resp->text, "Status: "));
	fuzz_check(m->caller != STRANGER || resp->status >= 400 ||
	    !holds(resp->text, "microsoft.graph.applePush"));
	if (m->foreign && !is_safe(m->req.var[REQUEST_METHOD]))
		fuzz_check(resp->status >= 400);
	check_content(resp->text, str_is(m->req.var[REQUEST_METHOD], "HEAD"));
	for (i = 0; i < TENANTS; i++) {
		fuzz_check(
		    i == m->caller || !holds(resp->text, tenants[i].canary));
		check_change(m, resp, i, &before[i]);
	}
}

/* If the request itself contains the canary of another tenant, the response may
 * contain it too. */
static bool
names_another(const struct maker *m)
{
	struct str text = buf_view(&m->out);

	return (m->caller != A && holds(text, tenants[A].canary)) ||
	    (m->caller != B && holds(text, tenants[B].canary));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct maker m;
	static unsigned runs;
	static struct state before[TENANTS];
	struct response resp;
	struct str body;
	int i;

	if (size > 4096)
		return 0;
	if (world.app.store == NULL) {
		make_world();
		for (i = 0; i < TENANTS; i++)
			before[i] = look(i);
	}
	memset(&m.req, 0, sizeof(m.req));
	m.p = data;
	m.n = size;
	m.foreign = false;
	buf_init(&m.out, m.text, sizeof(m.text));
	make_request(&m);
	body = make_body(&m);
	if (m.out.full || names_another(&m))
		return 0;
	m.req.read = world_read_body;
	m.req.from = &body;
	world.secrets.can_seal = ++runs % RUNS_PER_KEY == 0;
	routes_handle(&world.app, &world.worker, &m.req, &resp);
	check(&m, &resp, before);
	if (same(look(A), before[A]) && same(look(B), before[B]))
		return 0;
	fuzz_check(store_update(world.app.store, put_tenants, NULL) == ERR_OK);
	for (i = 0; i < TENANTS; i++)
		before[i] = look(i);
	return 0;
}
