/* SPDX-License-Identifier: ISC */
/*
 * cross_site.c - checks Sec-Fetch-Site (Fetch Metadata) and Origin (RFC 6454).
 * A web page can set neither of them. X-Forwarded-Host is not used, because any
 * client can send it.
 */
#include "http/cross_site.h"

#include "http/cors.h"
#include "format/odata.h"
#include "format/origin.h"

static bool
is_safe(struct str method)
{
	return str_is(method, "GET") || str_is(method, "HEAD") ||
	    str_is(method, "OPTIONS");
}

/*
 * A proxy may terminate TLS and pass the request on without it, so an https
 * origin of the same host is accepted even if the request arrived without TLS.
 * If the request arrived with TLS, an http origin of the same host is foreign.
 */
static bool
is_of_host(const struct origin *origin, const struct request *req,
    const struct config *c)
{
	bool secure = origin->secure || request_is_secure(req, c);
	struct origin ours;

	return origin_parse_host(
		   str_trim(req->var[REQUEST_HOST]), secure, &ours) &&
	    origin_same(origin, &ours);
}

static bool
is_ours(struct str text, const struct request *req, const struct config *c)
{
	struct origin origin, base;

	if (!origin_parse(text, &origin))
		return false;
	return is_of_host(&origin, req, c) ||
	    (origin_of_url(str_of(c->base_url), &base) &&
		origin_same(&origin, &base));
}

/*
 * Whether a browser sends an OPTIONS request (a CORS preflight) before it sends
 * this request to another site. It does so unless a form could send the request
 * too. Forms send POST, with a type that is not JSON (Fetch standard,
 * "CORS-safelisted request-header").
 */
static bool
is_asked_first(const struct request *req)
{
	struct str type;

	if (!str_iis(req->var[REQUEST_METHOD], "POST"))
		return true;
	return odata_single(req->var[REQUEST_CONTENT_TYPE], &type) &&
	    odata_is_json(type);
}

/* Whether cors_origins permits the origin: by its name, or by * if the browser
 * has sent a preflight. */
static bool
is_allowed(struct str text, const struct request *req, const struct config *c)
{
	switch (cors_listing(text, c)) {
	case CORS_BY_NAME:
		return true;
	case CORS_BY_STAR:
		return is_asked_first(req);
	case CORS_UNLISTED:
		break;
	}
	return false;
}

/*
 * The value of a header. If its lines differ, the result is all of them, which
 * equals no known value. An empty value counts as absent: browsers do not send
 * one, but a web server that passes on every header does.
 */
static struct str
header(const struct request *req, enum request_var var)
{
	struct str value;

	if (!odata_single(req->var[var], &value))
		value = req->var[var];
	return value.n > 0 ? value : str_of(NULL);
}

static enum err
refuse(struct fault *fault, const char *header, struct str value)
{
	fault->ours = str_of(header);
	fault->what = value;
	return ERR_CROSS_SITE;
}

/* Refuses foreign origins and sites. */
static enum err
compare(const struct request *req, const struct config *c, struct fault *fault)
{
	struct str origin = header(req, REQUEST_ORIGIN);
	struct str site = header(req, REQUEST_SEC_FETCH_SITE);

	if (!str_is_null(origin) && !is_ours(origin, req, c))
		return refuse(fault, "Origin", origin);
	if (!str_is_null(site) && !str_is(site, "same-origin") &&
	    !str_is(site, "none"))
		return refuse(fault, "Sec-Fetch-Site", site);
	return ERR_OK;
}

enum err
cross_site_check(
    const struct request *req, const struct config *c, struct fault *fault)
{
	if (is_safe(req->var[REQUEST_METHOD]) ||
	    is_allowed(header(req, REQUEST_ORIGIN), req, c))
		return ERR_OK;
	return compare(req, c, fault);
}

enum err
cross_site_check_page(
    const struct request *req, const struct config *c, struct fault *fault)
{
	struct str origin = header(req, REQUEST_ORIGIN);

	if (is_safe(req->var[REQUEST_METHOD]) ||
	    cors_listing(origin, c) == CORS_BY_NAME)
		return ERR_OK;
	if (str_is_null(origin) &&
	    str_is_null(header(req, REQUEST_SEC_FETCH_SITE)))
		return ERR_SITE_UNKNOWN;
	return compare(req, c, fault);
}
