/* SPDX-License-Identifier: ISC */
/*
 * injection.c - whatever bytes a field, a header or a query contains, they
 * never start a line of their own in a response header or in the log, and they
 * never cause more than one log line each.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi_client.h"
#include "torture.h"
#include "victim.h"

#define RESPONSE_MAX 65536

struct test {
	struct torture t;
	struct victim v;
	unsigned requests;
	unsigned raw;
	off_t seen; /* offset in the log up to which it was checked */
};

static const struct poison {
	const char *name;
	struct str text;
} poisons[] = {
	{ "CR LF", STR("a\r\nForged: 1") },
	{ "LF", STR("a\nForged: 1") },
	{ "CR", STR("a\rForged: 1") },
	{ "two lines", STR("a\r\n\r\nForged: 1") },
	{ "NUL", STR("a\0Forged: 1") },
	{ "an escape sequence", STR("a\033[2JForged: 1") },
	{ "%0d%0a", STR("a%0d%0aForged:%201") },
	{ "%250d%250a", STR("a%250d%250aForged:%201") },
	{ "%00", STR("a%00Forged:%201") },
	{ "Latin-1",
	    STR("a\xe9\xff\x80"
		"Forged: 1") },
	{ "NEL and LS",
	    STR("a\xc2\x85\xe2\x80\xa8"
		"Forged: 1") },
	{ "an overlong LF",
	    STR("a\xc0\x8a\xe0\x80\x8a"
		"Forged: 1") },
	{ "DEL and C1",
	    STR("a\x7f\xc2\x9b"
		"2JForged: 1") },
	{ "JSON escapes", STR("a\\r\\nForged: 1") },
	{ "JSON \\u", STR("a\\u000d\\u000aForged: 1\\u0000") },
	{ "a quote", STR("a\",\"Forged\":\"1") },
	{ "HTML", STR("<script>Forged</script>") },
};

/* The variables that carry the poison. Apart from the poisoned variable, the
 * token and the method are valid. */
static const char *const variables[] = { "REQUEST_METHOD", "SCRIPT_NAME",
	"PATH_INFO", "REQUEST_URI", "QUERY_STRING", "CONTENT_TYPE",
	"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_ENCODING",
	"HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION", "HTTP_ACCEPT",
	"HTTP_PREFER", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH",
	"HTTP_CLIENT_REQUEST_ID", "HTTP_PUSHCERT_ALLOW_TOPIC_CHANGE",
	"HTTP_HOST", "HTTPS", "REQUEST_SCHEME", "SERVER_NAME", "REMOTE_ADDR",
	"SERVER_SOFTWARE", "HTTP_X_FORWARDED_FOR", "DOCUMENT_ROOT",
	"CONTEXT_DOCUMENT_ROOT", "HTTP_X_UNKNOWN" };

static const char *const fields[] = { "appleIdentifier", "topicIdentifier",
	"expirationDateTime", "certificateUploadStatus",
	"certificateUploadFailureReason", "certificate", "id", "@odata.type",
	"lastModifiedDateTime" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* --- checks ------------------------------------------------------------- */

/* Header lines must be visible ASCII and end in CR LF. */
static bool
is_clean_header(struct str text)
{
	bool start = true;
	size_t i;

	for (i = 0; i + 1 < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (start && str_starts(str_tail(text, i), "\r\n"))
			return true;
		if (start && str_starts(str_tail(text, i), "Forged"))
			return false;
		start = c == '\r' && text.p[i + 1] == '\n';
		if (start)
			i++;
		else if (c < ' ' || c > '~')
			return false;
	}
	return false;
}

/* Checks the text after the header: JSON text contains no raw control
 * characters (RFC 8259, section 7). */
static bool
is_clean_content(struct str text)
{
	size_t i;

	for (i = 0; i + 4 < text.n; i++)
		if (str_starts(str_tail(text, i), "\r\n\r\n"))
			break;
	for (i += 4; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ')
			return false;
	return true;
}

/* Checks the part of the log that was written since the last check: it must
 * consist of complete lines of the program, in visible ASCII. */
static bool
is_clean_log(struct test *f)
{
	static char text[RESPONSE_MAX];
	int fd = open(f->v.log, O_RDONLY);
	ssize_t n = pread(fd, text, sizeof(text), f->seen), i;
	unsigned lines = 0;
	bool start = true, good = n >= 0;

	close(fd);
	f->seen += n > 0 ? n : 0;
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (start)
			good = good &&
			    str_starts(str_from(text + i, (size_t)(n - i)),
				"pushcert: ");
		start = c == '\n';
		lines += start;
		good = good && (start || (c >= ' ' && c <= '~'));
	}
	/* Each request has one log line. The first refusal of each kind has
	 * another. */
	return good && lines <= 2;
}

static void
send_bytes(
    struct test *f, struct str request, const char *where, const char *what)
{
	char text[RESPONSE_MAX];
	struct fcgi_reply r;
	int fd = fcgi_connect(f->v.socket);
	struct str all;
	bool good;

	fcgi_reply_init(&r, text, sizeof(text));
	good = fd >= 0 && fcgi_send(fd, request) && fcgi_receive(fd, &r);
	close(fd);
	all = buf_view(&r.text);
	good = good && str_starts(all, "Status: ") &&
	    !str_starts(all, "Status: 5") && is_clean_header(all) &&
	    is_clean_content(all);
	good = is_clean_log(f) && good;
	f->requests++;
	f->raw += !good;
	torture_check(&f->t, good, "%s in %s: %.*s", what, where, STR_ARG(all));
}

/* --- requests ----------------------------------------------------------- */

static void
put_pair(struct buf *b, const char *name, struct str value)
{
	fcgi_pair(b, str_of(name), value);
}

/* Sends one request whose variable has the poison as its value, or after its
 * usual value. */
static void
poison_variable(struct test *f, const char *name, const struct poison *p,
    const char *method)
{
	static const char body[] = "{\"appleIdentifier\":\"1\"}";
	const struct {
		const char *name;
		const char *value;
	} usual[] = { { "REQUEST_METHOD", method },
		{ "SCRIPT_NAME", VICTIM_PATH },
		{ "HTTP_AUTHORIZATION", f->v.token },
		{ "CONTENT_TYPE", "application/json" } };
	char params[8192], bytes[16384], value[1024];
	struct buf pairs, out, one;
	bool put = false;
	size_t i;

	buf_init(&pairs, params, sizeof(params));
	for (i = 0; i < COUNT(usual); i++) {
		buf_init(&one, value, sizeof(value));
		if (strcmp(usual[i].name, "HTTP_AUTHORIZATION") == 0)
			buf_text(&one, "Bearer ");
		buf_text(&one, usual[i].value);
		if (strcmp(usual[i].name, name) == 0) {
			buf_str(&one, p->text);
			put = true;
		}
		put_pair(&pairs, usual[i].name, buf_view(&one));
	}
	if (!put)
		put_pair(&pairs, name, p->text);
	buf_init(&out, bytes, sizeof(bytes));
	fcgi_begin(&out, false);
	fcgi_record(&out, FCGI_PARAMS, buf_view(&pairs));
	fcgi_record(&out, FCGI_PARAMS, str_of(""));
	fcgi_record(&out, FCGI_STDIN, str_of(body));
	fcgi_record(&out, FCGI_STDIN, str_of(""));
	send_bytes(f, buf_view(&out), name, p->name);
}

/* Sends a body with the poison in the value of a field, or in a name. */
static void
poison_body(struct test *f, const char *field, const struct poison *p)
{
	char bearer[160], length[24], body[1024], bytes[8192];
	const char *pair[] = { "REQUEST_METHOD", "PATCH", "SCRIPT_NAME",
		VICTIM_PATH, "HTTP_AUTHORIZATION", bearer, "CONTENT_TYPE",
		"application/json", "CONTENT_LENGTH", length, NULL };
	struct buf text, out;

	buf_init(&text, body, sizeof(body));
	buf_text(&text, "{\"");
	buf_text(&text, field != NULL ? field : "x");
	if (field == NULL)
		buf_str(&text, p->text);
	buf_text(&text, "\":\"");
	if (field != NULL)
		buf_str(&text, p->text);
	buf_text(&text, "\"}");
	snprintf(bearer, sizeof(bearer), "Bearer %s", f->v.token);
	snprintf(length, sizeof(length), "%zu", text.n);
	buf_init(&out, bytes, sizeof(bytes));
	fcgi_request(&out, false, pair, buf_view(&text));
	send_bytes(
	    f, buf_view(&out), field != NULL ? field : "a name", p->name);
}

int
main(int argc, char **argv)
{
	static const char *const methods[] = { "GET", "PATCH", "OPTIONS",
		"DELETE" };
	struct test f = { .requests = 0 };
	size_t p, i, m;
	struct stat st;

	torture_begin(&f.t, "injection", argc, argv);
	victim_make(&f.v, &f.t, NULL);
	victim_start(&f.v);
	if (victim_set(&f.v, 1) != 200 || stat(f.v.log, &st) != 0)
		torture_die(&f.t, "the first change");
	f.seen = st.st_size;
	for (p = 0; p < COUNT(poisons); p++) {
		for (m = 0; m < COUNT(methods); m++)
			for (i = 0; i < COUNT(variables); i++)
				poison_variable(
				    &f, variables[i], &poisons[p], methods[m]);
		for (i = 0; i < COUNT(fields); i++)
			poison_body(&f, fields[i], &poisons[p]);
		poison_body(&f, NULL, &poisons[p]);
	}
	torture_check(&f.t, victim_stop(&f.v), "the end");
	printf(
	    "injection: %u requests, %u with raw bytes\n", f.requests, f.raw);
	return torture_end(&f.t);
}
