/* SPDX-License-Identifier: ISC */
/*
 * doctor_pages.c - visits the pages below ui as a browser does, and finds out
 * whether the web server passes them, their forms and their cookies on. It
 * signs in with the token of --token-file, and changes nothing.
 */
#include "tool/doctor_pages.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "format/crypto.h"
#include "tool/cmd_call.h"
#include "tool/doctor_report.h"

/* The longest cookie, with its name; a browser keeps 4,096 bytes. */
#define COOKIE_SIZE 4097

/* A percent escape has three characters. */
#define FORM_SIZE (sizeof("token=") + 3 * (size_t)CONFIG_TEXT_MAX)

#define FORM_TYPE "application/x-www-form-urlencoded"

struct visit {
	struct doctor_mount *mount;
	char root[CONFIG_TEXT_MAX]; /* the URL before /ui */
	char origin[CONFIG_TEXT_MAX];
	char form[FORM_SIZE];
	char cookie[COOKIE_SIZE];
	bool by_token, by_server, by_sso; /* the ways to sign in */
};

static bool
contains(struct str text, const char *part)
{
	return !str_is_null(text) &&
	    memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static bool
has_header(const struct visit *v, const char *name, const char *part)
{
	return contains(doctor_reply_header(&v->mount->reply, name), part);
}

static bool
is_page(const struct visit *v)
{
	return has_header(v, "Content-Type", "text/html") &&
	    !doctor_reply_is_ours(&v->mount->reply);
}

/* Whether the response leads to the sign-in page. */
static bool
leads_to_login(const struct visit *v)
{
	return v->mount->reply.status == 303 &&
	    str_ends(
		doctor_reply_header(&v->mount->reply, "Location"), "login");
}

/* The pages are off if the program itself does not know the root ui. A site
 * that replaces our errors has a finding already, and shows nothing here. */
static void
report_absence(const struct visit *v)
{
	struct doctor_mount *m = v->mount;

	if (m->plain_errors || doctor_reply_is_ours(&m->reply))
		return;
	doctor_finding(m->doctor,
	    "Add ui to the paths that the web server passes on, as in the "
	    "samples, or set pages = no.",
	    "%s/ui/login: the pages do not arrive (%d)", v->root,
	    m->reply.status);
}

/* Whether the sign-in page is there. */
static bool
ask_for_login(struct visit *v)
{
	struct doctor_mount *m = v->mount;
	const struct doctor_question q = {
		.method = "GET", .base = v->root, .path = "/ui/login"
	};

	if (!doctor_ask(m, &q))
		return false;
	v->by_server = m->reply.status == 401 &&
	    !doctor_reply_is_ours(&m->reply);
	if (v->by_server)
		return false;
	if (m->reply.status != 200 || !is_page(v) ||
	    !contains(m->reply.body, "\"token\"")) {
		report_absence(v);
		return false;
	}
	if (!has_header(v, "Content-Security-Policy", "default-src 'none'"))
		doctor_finding(m->doctor,
		    "Let the header of the program pass unchanged.",
		    "%s/ui/login: the header Content-Security-Policy does not "
		    "arrive, so a script in the page could run",
		    v->root);
	return true;
}

/* A form that another site sends is refused, and the refusal is a page. */
static bool
ask_from_afar(struct visit *v)
{
	struct doctor_mount *m = v->mount;
	const struct doctor_question q = { .method = "POST",
		.base = v->root,
		.path = "/ui/login",
		.header = { { "Sec-Fetch-Site", "cross-site" },
		    { "Origin", "https://pushcert.invalid" } },
		.body = "token=",
		.type = FORM_TYPE };
	struct str type;

	if (!doctor_ask(m, &q))
		return false;
	type = doctor_reply_header(&m->reply, "Content-Type");
	if (m->reply.status != 403) {
		doctor_finding(m->doctor,
		    "Allow POST, and pass the headers Origin and "
		    "Sec-Fetch-Site on as they are.",
		    "%s/ui/login: a form of another site gets %d instead of 403",
		    v->root, m->reply.status);
		return false;
	}
	if (!is_page(v) && !m->plain_errors)
		doctor_finding(m->doctor,
		    "Restrict the JSON of the web server's own errors "
		    "(ErrorDocument, Header, error_page) to other paths, as in "
		    "the samples.",
		    "%s/ui/login: an error page arrives as %.*s", v->root,
		    STR_ARG(str_is_null(type) ? STR_EMPTY : type));
	return true;
}

static void
take_cookie(struct visit *v)
{
	struct str line = doctor_reply_header(&v->mount->reply, "Set-Cookie");
	struct str cookie = str_cut(&line, ';');

	v->cookie[0] = '\0';
	if (cookie.n > 0 && cookie.n < sizeof(v->cookie)) {
		memcpy(v->cookie, cookie.p, cookie.n);
		v->cookie[cookie.n] = '\0';
	}
}

/* Sends the token with one of the two headers of a browser. Sets *refused if
 * the program took it for a form of another site. */
static bool
sign_in_with(
    struct visit *v, const char *header, const char *value, bool *refused)
{
	const struct doctor_question q = { .method = "POST",
		.base = v->root,
		.path = "/ui/login",
		.header = { { header, value } },
		.body = v->form,
		.type = FORM_TYPE };

	if (!doctor_ask(v->mount, &q))
		return false;
	*refused = v->mount->reply.status == 403;
	if (v->mount->reply.status == 303 && v->cookie[0] == '\0') {
		v->by_token = true;
		take_cookie(v);
	}
	return true;
}

/* Browsers send Sec-Fetch-Site over https, and Origin always. Each of them
 * alone must be enough. */
static bool
ask_to_sign_in(struct visit *v)
{
	struct doctor *d = v->mount->doctor;
	bool site, origin;

	if (!sign_in_with(v, "Sec-Fetch-Site", "same-origin", &site) ||
	    !sign_in_with(v, "Origin", v->origin, &origin))
		return false;
	if (site)
		doctor_finding(d, "Pass all request headers on.",
		    "the header Sec-Fetch-Site does not arrive at the pages");
	if (origin)
		doctor_finding(d,
		    "Pass all request headers on, among them Host as the "
		    "client sent it (nginx as a proxy: proxy_set_header Host "
		    "$http_host), or set base_url.",
		    "the header Origin does not arrive at the pages, or "
		    "differs from Host");
	if (v->by_token && v->cookie[0] == '\0')
		doctor_finding(d, "Let the header pass.",
		    "the header Set-Cookie does not arrive, so each sign-in "
		    "ends at once");
	return v->cookie[0] != '\0';
}

static bool
ask_with_cookie(struct visit *v)
{
	const struct doctor_question q = { .method = "GET",
		.base = v->root,
		.path = "/ui/",
		.header = { { "Cookie", v->cookie } } };

	if (!doctor_ask(v->mount, &q))
		return false;
	if (leads_to_login(v))
		doctor_finding(v->mount->doctor, "Pass all request headers on.",
		    "the header Cookie does not arrive, so each sign-in ends "
		    "at once");
	return true;
}

/* Whether the web server signs in each visitor, and whether there is another
 * provider of identities. */
static void
ask_for_doors(struct visit *v)
{
	struct doctor_question q = {
		.method = "GET", .base = v->root, .path = "/ui/"
	};

	if (!doctor_ask(v->mount, &q))
		return;
	v->by_server = v->mount->reply.status == 200;
	q.path = "/ui/sso";
	if (!doctor_ask(v->mount, &q))
		return;
	v->by_sso = v->mount->reply.status == 303 && !leads_to_login(v);
}

static void
print_doors(const struct visit *v)
{
	const uint64_t silent = CMD_BIT(OPTION_QUIET) | CMD_BIT(OPTION_JSON);

	if ((v->mount->doctor->call->given & silent) != 0)
		return;
	printf("url: the pages are at %s/ui/; sign-in%s%s%s%s.\n", v->root,
	    v->by_token ? ", by token" : "",
	    v->by_server ? ", by the web server" : "",
	    v->by_sso ? ", by OpenID Connect" : "",
	    v->by_token || v->by_server || v->by_sso ? "" : " is closed");
}

static void
write_form(struct visit *v)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *from = v->mount->token;
	char *to = v->form + sprintf(v->form, "token=");

	for (; *from != '\0'; from++) {
		unsigned char c = (unsigned char)*from;

		if (isalnum(c) || c == '-' || c == '.' || c == '_') {
			*to++ = *from;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	*to = '\0';
}

/* Finds the URL before the root in that of the resource. Returns false if there
 * is none. */
static bool
take_root(struct visit *v)
{
	const char *url = v->mount->url, *host = strstr(url, "://") + 3;
	const char *end = strstr(host, "/deviceManagement");
	size_t authority = strcspn(host, "/");

	while (end != NULL && end > host && *--end != '/')
		continue;
	if (end == NULL || end < host + authority)
		return false;
	snprintf(v->root, sizeof(v->root), "%.*s", (int)(end - url), url);
	snprintf(v->origin, sizeof(v->origin), "%.*s",
	    (int)(host - url + (long)authority), url);
	return true;
}

void
doctor_pages_visit(struct doctor_mount *m)
{
	struct visit v = { .mount = m };

	if (!take_root(&v))
		return;
	write_form(&v);
	if (ask_for_login(&v) && ask_from_afar(&v)) {
		if (ask_to_sign_in(&v))
			(void)ask_with_cookie(&v);
		if (!m->silent)
			ask_for_doors(&v);
		print_doors(&v);
	} else if (v.by_server)
		print_doors(&v);
	crypto_wipe(&v, sizeof(v));
}
