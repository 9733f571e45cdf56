/* SPDX-License-Identifier: ISC */
/*
 * cross_site.h - refuses changes that a browser sends for a page of another
 * site. A web server may add credentials to them, so that a token is not enough
 * to know that the user wants them.
 */
#ifndef PUSHCERT_CROSS_SITE_H
#define PUSHCERT_CROSS_SITE_H

#include "base/attr.h"
#include "state/config.h"
#include "base/err.h"
#include "base/fault.h"
#include "http/request.h"

/*
 * Every method but GET, HEAD and OPTIONS is refused with ERR_CROSS_SITE where
 * Sec-Fetch-Site is neither same-origin nor none, or where Origin is neither
 * that of the request's Host nor that of base_url. An Origin that cors_origins
 * names passes all the same. An
 * empty header counts as absent. Clients other than browsers send neither.
 */
enum err cross_site_check(const struct request *req, const struct config *c,
    struct fault *fault) ATTR_CHECKED;

#endif
