/* SPDX-License-Identifier: ISC */
/*
 * cgi.h - serves one CGI request (RFC 3875).
 */
#ifndef PUSHCERT_CGI_H
#define PUSHCERT_CGI_H

#include "base/attr.h"
#include "base/err.h"
#include "http/routes.h"

/*
 * Reads the request from the environment and standard input and writes one
 * response to standard output. An error of the request or of the service is a
 * response as well and returns ERR_OK. ERR_MEMORY: there was no memory for the
 * arena, and nothing was written. ERR_FILE: standard output did not take the
 * whole response.
 */
enum err cgi_run(const struct app *app) ATTR_CHECKED;

#endif
