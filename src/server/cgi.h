/* SPDX-License-Identifier: ISC */
/*
 * cgi.h - one request from the environment and standard input (RFC 3875).
 */
#ifndef PUSHCERT_CGI_H
#define PUSHCERT_CGI_H

#include "base/attr.h"
#include "base/err.h"
#include "http/routes.h"

/* Answers on standard output. ERR_MEMORY, ERR_STORE or ERR_FILE when not even
 * an error answer could be written. */
enum err cgi_run(const struct app *app) ATTR_CHECKED;

#endif
