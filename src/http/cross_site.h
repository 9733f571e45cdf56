/* SPDX-License-Identifier: ISC */
/*
 * cross_site.h - refuses changes that a browser sends for a page of another
 * site. A web server may add credentials to such a request, so a valid token
 * does not prove that the user wants the change.
 */
#ifndef PUSHCERT_CROSS_SITE_H
#define PUSHCERT_CROSS_SITE_H

#include "base/attr.h"
#include "state/config.h"
#include "base/err.h"
#include "base/fault.h"
#include "http/request.h"

/*
 * Refuses a request with ERR_CROSS_SITE if Sec-Fetch-Site is neither
 * same-origin nor none, or if Origin equals neither the origin of the request's
 * Host nor that of base_url. GET, HEAD and OPTIONS pass, and so does an Origin
 * that cors_origins permits. An empty header counts as absent. Clients other
 * than browsers send neither header. *fault names the header and its value.
 */
enum err cross_site_check(const struct request *req, const struct config *c,
    struct fault *fault) ATTR_CHECKED;

/*
 * The same for a page. Its forms come from a browser, and each browser since
 * 2020 sends one of the two headers with a form, so a request without both is
 * refused with ERR_SITE_UNKNOWN. A web server may have added the credentials,
 * even to the request of an old browser. * in cors_origins does not count.
 */
enum err cross_site_check_page(const struct request *req,
    const struct config *c, struct fault *fault) ATTR_CHECKED;

#endif
