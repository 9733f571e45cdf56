/* SPDX-License-Identifier: ISC */
/*
 * peer.c - the service as a programmer would write it in an afternoon with
 * libfcgi and a store: several processes, and a transaction per request. It
 * uses pushcert's own modules for JSON and headers.
 *
 *   peer fill FILE BODY <TOKENS   makes the store
 *   peer serve FILE SOCKET        four processes; ends on SIGTERM
 */
#include "peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "http/response.h"
#include "format/crypto.h"
#include "format/json.h"
#include "base/buf.h"
#include "format/record.h"
#include "http/view.h"
#include "format/datetime.h"

#define PROCESSES 4
#define TENANTS_MAX 1000000
#define RESOURCE "deviceManagement/applePushNotificationCertificate"

static struct {
	struct arena arena;
	char block[1 << 20];
} memory;

/* The data from which `fill` makes the tenants. */
static char **tokens;
static struct str first_body;

/* --- records ------------------------------------------------------------ */

/* Parses a stored record. This program wrote it, so it needs no validation. */
static bool
read_record(const struct peer_record *from, struct record *to)
{
	struct json_member m;
	struct json json;
	struct str what;
	size_t at = 0, i;

	*to = (struct record){ .revision = from->revision };
	if (json_parse(str_from(from->text, from->n), &memory.arena, &json,
		&what) != ERR_OK)
		return false;
	while (json_next(&json, 0, &at, &m))
		for (i = 0; i < RECORD_PROPERTIES; i++)
			if (str_is(m.name, record_properties[i].name) &&
			    json_type(&json, m.value) == JSON_STRING)
				to->value[i] = json_text(&json, m.value);
	return true;
}

static bool
write_record(const struct record *from, struct peer_record *to)
{
	const struct view plain = { .metadata = ODATA_NONE, .set = RECORD_ALL };
	struct buf out;

	buf_open(&out, &memory.arena);
	view_record(&out, &plain, from);
	if (out.full || out.n > sizeof(to->text))
		return false;
	memcpy(to->text, out.p, out.n);
	to->n = out.n;
	to->revision = from->revision;
	return true;
}

static bool
read_patch(struct str body, struct patch *out)
{
	struct str what, target;
	struct json json;

	return json_parse(body, &memory.arena, &json, &what) == ERR_OK &&
	    record_patch(&json, &memory.arena, out, &what, &target) == ERR_OK;
}

static bool
merge(struct record *r, const struct patch *p)
{
	char *modified = arena_take(&memory.arena, DATETIME_TICKS_LEN);
	struct timespec now;

	if (modified == NULL)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	datetime_ticks(
	    (struct instant){ .at = now.tv_sec, .nano = (uint32_t)now.tv_nsec },
	    modified);
	record_merge(r, p);
	r->value[RECORD_MODIFIED] = str_from(modified, DATETIME_TICKS_LEN);
	r->revision++;
	return true;
}

static bool
change(struct peer_record *kept, void *patch)
{
	struct record r;

	return read_record(kept, &r) && merge(&r, patch) &&
	    write_record(&r, kept);
}

/* --- requests ----------------------------------------------------------- */

/* Returns the record with its OData annotations. */
static struct str
show(const struct peer_record *r, const char *host)
{
	struct buf out;

	buf_open(&out, &memory.arena);
	buf_text(&out, "{\"@odata.context\":\"http://");
	buf_text(&out, host);
	buf_text(&out, "/v1.0/$metadata#" RESOURCE "/$entity\",");
	buf_text(&out, "\"@odata.type\":\"#" RECORD_TYPE "\",");
	buf_put(&out, r->text + 1, r->n - 1);
	return buf_close(&out, &memory.arena);
}

static void
answer(FCGX_Request *fr, int status, const struct peer_record *r)
{
	const char *host = FCGX_GetParam("SERVER_NAME", fr->envp);
	char etag[32], id_text[STR_GUID_LEN];
	struct response_parts parts = { .status = status, .ok = status == 200 };
	struct guid id;
	struct buf out;

	if (getrandom(id.byte, sizeof(id.byte), 0) != sizeof(id.byte))
		exit(EXIT_FAILURE);
	str_guid_v4(&id);
	str_guid_text(&id, id_text);
	parts.request_id = str_from(id_text, sizeof(id_text));
	parts.client_request_id = parts.request_id;
	parts.metadata = ODATA_MINIMAL;
	if (parts.ok) {
		snprintf(etag, sizeof(etag), "W/\"%llu\"",
		    (unsigned long long)r->revision);
		parts.etag = str_of(etag);
		parts.content = show(r, host != NULL ? host : "localhost");
	}
	buf_open(&out, &memory.arena);
	response_put(&out, &parts);
	FCGX_PutStr(out.p, (int)out.n, fr->out);
}

static int
handle(struct conn *p, FCGX_Request *fr, struct peer_record *r)
{
	static const char scheme[] = "Bearer ";
	char body[PEER_TEXT_MAX];
	const char *method = FCGX_GetParam("REQUEST_METHOD", fr->envp);
	const char *bearer = FCGX_GetParam("HTTP_AUTHORIZATION", fr->envp);
	int n = FCGX_GetStr(body, sizeof(body), fr->in);
	uint8_t key[PEER_KEY_LEN];
	struct patch patch;

	arena_reset(&memory.arena);
	if (bearer == NULL || strncmp(bearer, scheme, sizeof(scheme) - 1) != 0)
		return 401;
	crypto_sha256(str_of(bearer + sizeof(scheme) - 1), key);
	if (strcmp(method, "PATCH") != 0)
		return peer_get(p, key, r) ? 200 : 401;
	if (!read_patch(str_from(body, (size_t)n), &patch))
		return 400;
	return peer_patch(p, key, change, &patch, r) ? 200 : 401;
}

static void
run(const char *file, int listener)
{
	struct conn *p = peer_open(file);
	static struct peer_record r;
	FCGX_Request fr;

	if (p == NULL)
		exit(EXIT_FAILURE);
	FCGX_Init();
	FCGX_InitRequest(&fr, listener, 0);
	while (FCGX_Accept_r(&fr) == 0) {
		answer(&fr, handle(p, &fr, &r), &r);
		FCGX_Finish_r(&fr);
	}
}

static int
serve(const char *file, const char *path)
{
	int listener = FCGX_OpenSocket(path, 4096), i, stop;
	pid_t children[PROCESSES];
	sigset_t set;

	if (listener < 0)
		return EXIT_FAILURE;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < PROCESSES; i++)
		if ((children[i] = fork()) == 0) {
			sigprocmask(SIG_UNBLOCK, &set, NULL);
			run(file, listener);
			_exit(EXIT_SUCCESS);
		}
	sigwait(&set, &stop);
	for (i = 0; i < PROCESSES; i++)
		kill(children[i], SIGKILL);
	for (i = 0; i < PROCESSES; i++)
		waitpid(children[i], NULL, 0);
	return EXIT_SUCCESS;
}

/* --- the store ---------------------------------------------------------- */

static void
make_tenant(size_t tenant, uint8_t key[PEER_KEY_LEN], struct peer_record *out)
{
	struct record r = { .revision = 0 };
	char id_text[STR_GUID_LEN];
	struct patch patch;
	struct guid id;

	arena_reset(&memory.arena);
	crypto_sha256(str_of(tokens[tenant]), key);
	memcpy(id.byte, key, sizeof(id.byte));
	str_guid_v4(&id);
	str_guid_text(&id, id_text);
	r.value[RECORD_ID] = str_from(id_text, sizeof(id_text));
	if (!read_patch(first_body, &patch) || !merge(&r, &patch) ||
	    !write_record(&r, out))
		exit(EXIT_FAILURE);
}

static int
fill(const char *file, const char *body)
{
	static char text[PEER_TEXT_MAX];
	struct conn *p = peer_open(file);
	FILE *f = fopen(body, "r");
	char line[256];
	size_t n = 0;

	tokens = calloc(TENANTS_MAX, sizeof(*tokens));
	if (tokens == NULL || p == NULL || f == NULL)
		return EXIT_FAILURE;
	first_body = str_from(text, fread(text, 1, sizeof(text), f));
	fclose(f);
	while (n < TENANTS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if ((tokens[n++] = strdup(line)) == NULL)
			return EXIT_FAILURE;
	}
	return peer_fill(p, n, make_tenant) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	arena_init(&memory.arena, memory.block, sizeof(memory.block));
	if (argc == 4 && strcmp(argv[1], "fill") == 0)
		return fill(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3]);
	fputs(
	    "usage: peer fill FILE BODY <TOKENS | serve FILE SOCKET\n", stderr);
	return 2;
}
