/* SPDX-License-Identifier: ISC */
/*
 * doctor_url.c - sends requests to the mount as a client does, and finds out
 * from the responses whether the web server alters them. The record is not
 * changed.
 */
#include "tool/doctor_checks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "format/crypto.h"
#include "tool/cmd_call.h"
#include "tool/doctor_ask.h"
#include "tool/doctor_pages.h"
#include "tool/doctor_report.h"
#include "tool/cmd_output.h"

#define RESOURCE "/applePushNotificationCertificate"

/* Length of our longest ETag, with whatever a web server adds to it. */
#define TAG_MAX 256

static bool
contains(struct str text, const char *part)
{
	return !str_is_null(text) &&
	    memmem(text.p, text.n, part, strlen(part)) != NULL;
}

/* --- what is asked ------------------------------------------------------ */

/* Whether our program is mounted there. Without a token, its only response is
 * 401. */
static bool
ask_as_stranger(struct doctor_mount *m)
{
	const struct doctor_question q = {
		.method = "GET", .base = m->url, .path = ""
	};
	const struct doctor_reply *r = &m->reply;

	if (!doctor_ask(m, &q))
		return false;
	m->plain_errors = !doctor_reply_is_ours(r);
	if (r->status == 500 && contains(r->body, "data_in_document_root")) {
		doctor_finding(m->doctor,
		    "Move the data directory, or set data_in_document_root = "
		    "yes.",
		    "the data directory is under the document root");
		return false;
	}
	if (r->status != 401) {
		doctor_finding(m->doctor,
		    "Mount the program there as in the samples, and check the "
		    "web server's error log.",
		    "%s: a request without a token gets %d instead of 401",
		    m->url, r->status);
		return false;
	}
	if (m->plain_errors)
		doctor_finding(m->doctor,
		    "Apache: ProxyErrorOverride Off; lighttpd: no "
		    "server.error-intercept; nginx: fastcgi_intercept_errors "
		    "off.",
		    "the web server replaces the bodies of errors");
	return true;
}

static bool
is_taken(const struct doctor_reply *r)
{
	return r->status == 200 || r->status == 404;
}

static bool
ask_by_name(struct doctor_mount *m)
{
	const struct doctor_question q = {
		.method = "GET", .base = m->url, .path = "", .named = true
	};
	const struct doctor_reply *r = &m->reply;

	if (!doctor_ask(m, &q))
		return false;
	m->taken = is_taken(r);
	if (m->taken)
		return true;
	if (r->status == 401 &&
	    (m->plain_errors || contains(r->body, "Access token is empty.")))
		doctor_finding(m->doctor,
		    "Apache: CGIPassAuth On; nginx: fastcgi_param "
		    "HTTP_AUTHORIZATION $http_authorization.",
		    "the header Authorization does not arrive");
	else if (r->status == 401 || r->status == 403)
		doctor_finding(m->doctor,
		    "Create a token with a scope to read: pushcert token "
		    "create.",
		    "%s: this token is refused (%d)",
		    m->doctor->call->value[OPTION_TOKEN_FILE], r->status);
	else if (r->status == 400 &&
	    contains(r->body, "Resource not found for the segment"))
		doctor_finding(m->doctor,
		    "Set the key mount to the path before the root.",
		    "%s: a segment before the root has the name of a root",
		    m->url);
	else
		doctor_finding(m->doctor,
		    "Check the logs of the program and of the web server.",
		    "%s: the answer has status %d", m->url, r->status);
	return false;
}

/* The length of a header with the token of a person in 200 groups, and of the
 * longest header that the program accepts, in bytes. */
#define LONG_TOKEN 16000
#define LONGEST_TOKEN 60000

/* Sends a request whose header is as long as with such a token. */
static bool
ask_with_length(struct doctor_mount *m, int length)
{
	struct doctor_question q = {
		.method = "GET", .base = m->url, .path = "", .named = true
	};

	q.blanks = length - (int)strlen(m->token);
	return doctor_ask(m, &q);
}

/* Only signed tokens are long. Without a key set none are accepted. */
static bool
ask_with_long_token(struct doctor_mount *m)
{
	const struct doctor_reply *r = &m->reply;

	if (!m->doctor->configured ||
	    m->doctor->call->config.jwks_file[0] == '\0')
		return true;
	if (!ask_with_length(m, LONG_TOKEN))
		return false;
	if (!is_taken(r)) {
		doctor_finding(m->doctor,
		    "nginx: large_client_header_buffers 4 64k; Apache: "
		    "LimitRequestFieldSize 65535; lighttpd: "
		    "server.max-request-field-size = 65535.",
		    "a token of %d bytes does not arrive (%d); the tokens of "
		    "people in many groups have this length",
		    LONG_TOKEN, r->status);
		return true;
	}
	if (!ask_with_length(m, LONGEST_TOKEN))
		return false;
	if (r->status == 401)
		doctor_note(m->doctor,
		    "If clients have such tokens, use mod_fcgid or another web "
		    "server.",
		    "the web server drops a token of %d bytes, so that the "
		    "client gets 401; Apache's mod_proxy_fcgi drops variables "
		    "near 16,384 bytes",
		    LONGEST_TOKEN);
	return true;
}

static bool
ask_with_query(struct doctor_mount *m)
{
	const struct doctor_question q = { .method = "GET",
		.base = m->url,
		.path = "?$select=nope",
		.named = true };

	if (!doctor_ask(m, &q))
		return false;
	if (m->reply.status != 400)
		doctor_finding(m->doctor,
		    "Pass QUERY_STRING on; a rewrite rule must keep it.",
		    "the query does not arrive (%d instead of 400)",
		    m->reply.status);
	return true;
}

/* Sends an empty change, on a condition that no record meets. */
static bool
ask_to_change(struct doctor_mount *m)
{
	const struct doctor_question q = { .method = "PATCH",
		.base = m->url,
		.path = "",
		.named = true,
		.header = { { "If-Match", "\"nobody\"" } },
		.body = "{}",
		.type = "application/json" };
	const struct doctor_reply *r = &m->reply;

	if (!doctor_ask(m, &q))
		return false;
	if (r->status == 200)
		doctor_finding(m->doctor, "Pass all request headers on.",
		    "the header If-Match does not arrive, so that concurrent "
		    "updates are lost");
	else if (r->status != 412 &&
	    !(r->status == 403 && doctor_reply_is_ours(r)))
		doctor_finding(m->doctor,
		    "Allow the method: Apache Limit and LimitExcept, nginx "
		    "limit_except, lighttpd url.access-deny, rules of a "
		    "firewall.",
		    "PATCH does not arrive (%d instead of 412)", r->status);
	return true;
}

static bool
ask_again(struct doctor_mount *m)
{
	const struct doctor_question first = { .method = "GET",
		.base = m->url,
		.path = "",
		.named = true,
		.header = { { "Accept-Encoding", "gzip" } } };
	struct doctor_question second = first;
	char tag[TAG_MAX];
	struct str s;

	if (!doctor_ask(m, &first) || m->reply.status != 200)
		return false;
	s = doctor_reply_header(&m->reply, "ETag");
	if (s.n == 0 || s.n >= sizeof(tag)) {
		doctor_finding(m->doctor,
		    "Let the header pass (Apache: no Header unset ETag).",
		    "the ETag does not arrive");
		return false;
	}
	memcpy(tag, s.p, s.n);
	tag[s.n] = '\0';
	second.header[0].name = "If-None-Match";
	second.header[0].value = tag;
	if (!doctor_ask(m, &second))
		return false;
	if (m->reply.status != 304)
		doctor_finding(m->doctor,
		    "Let ETag and If-None-Match pass as they are.",
		    "the ETag arrives changed, as %s", tag);
	return true;
}

static bool (*const questions[])(struct doctor_mount *m) = {
	ask_as_stranger,
	ask_by_name,
	ask_with_long_token,
	ask_with_query,
	ask_to_change,
	ask_again,
};

/* Reads the token, which is the first line of the file. */
static bool
read_token(struct doctor_mount *m, const char *path)
{
	char text[2 * sizeof(m->token)], wide[STR_PLAIN_SIZE(sizeof(text))];
	struct str line;
	bool good;

	if (file_read(path, text, sizeof(text), &line) != ERR_OK &&
	    errno != EFBIG) {
		doctor_finding(m->doctor, "Write the token to this file.",
		    "%s: %s", path, strerror(errno));
		return false;
	}
	good = str_plain(line, wide, &line);
	line = str_line(line);
	good = good && line.n > 0 && line.n < sizeof(m->token);
	snprintf(m->token, sizeof(m->token), "%.*s", (int)(good ? line.n : 0),
	    line.p);
	good = good && strlen(m->token) == line.n &&
	    doctor_ask_is_visible(m->token);
	crypto_wipe(text, sizeof(text));
	crypto_wipe(wide, sizeof(wide));
	if (!good)
		doctor_finding(m->doctor,
		    "Write the token, and nothing else, to its first line.",
		    "%s: the first line is not a token", path);
	return good;
}

/* Makes the URL of the resource, also from the URL of a root such as /v1.0. */
static bool
take_url(struct doctor_mount *m, const char *url)
{
	struct str given = str_of(url);
	const char *rest;
	int n;

	while (str_ends(given, "/"))
		given.n--;
	if (!contains(given, RESOURCE))
		rest = "/deviceManagement" RESOURCE;
	else
		rest = "";
	n = snprintf(m->url, sizeof(m->url), "%.*s%s", STR_ARG(given), rest);
	if ((size_t)n < sizeof(m->url) && doctor_ask_is_visible(m->url) &&
	    (str_starts(given, "http://") || str_starts(given, "https://")))
		return true;
	doctor_finding(m->doctor, "Give http://host/v1.0 or https://host/v1.0.",
	    "%s: this is not such a URL", url);
	return false;
}

/* Checks that curl can read the file of --cacert. A line feed would end the
 * value in curl's configuration. */
static bool
has_ca(struct doctor *d)
{
	const char *path = d->call->value[OPTION_CACERT];

	if (path == NULL ||
	    (strchr(path, '\n') == NULL && access(path, R_OK) == 0))
		return true;
	doctor_finding(d, "Give a readable file of CA certificates in PEM.",
	    "--cacert %s: %s", path,
	    strchr(path, '\n') == NULL ? strerror(errno)
				       : "the path contains a line feed");
	return false;
}

/* Asks the questions, until one of them has no use for the next one. */
static void
ask_all(struct doctor_mount *m)
{
	size_t i;

	for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (!questions[i](m))
			break;
	if (m->taken && !m->silent)
		doctor_pages_visit(m);
}

void
doctor_check_url(struct doctor *d)
{
	struct doctor_mount m = { .doctor = d };

	if (!has_ca(d))
		return;
	if (take_url(&m, d->call->value[OPTION_URL]) &&
	    read_token(&m, d->call->value[OPTION_TOKEN_FILE]))
		ask_all(&m);
	crypto_wipe(&m, sizeof(m));
}
