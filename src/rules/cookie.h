/* SPDX-License-Identifier: ISC */
/*
 * cookie.h - cookies whose content only this server can write and read; private
 * to rules. The content is a row (row.h) that is sealed with the key of
 * key_file.
 */
#ifndef PUSHCERT_COOKIE_H
#define PUSHCERT_COOKIE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "state/secret.h"

/* The names of actors and users are limited (auth_cache.h), and so is the
 * content: at most this many bytes. */
#define COOKIE_ROW_MAX 512

struct cookie {
	struct str name;
	/* A seal opens only for the same purpose. */
	struct str purpose;
	size_t fields;
	const char *attributes; /* after the value, from "; " on */
};

/* Seals the fields. *header is the value of a Set-Cookie header. */
enum err cookie_seal(const struct cookie *k, const struct secrets *s,
    const struct str *field, struct arena *a, struct str *header) ATTR_CHECKED;

/* Opens one value of the cookie. The fields point into the arena. Returns
 * ERR_TOKEN_INVALID for a value that was not sealed for this purpose by this
 * key; ERR_MEMORY or ERR_INTERNAL. */
enum err cookie_open(const struct cookie *k, const struct secrets *s,
    struct str value, struct arena *a, struct str *field) ATTR_CHECKED;

#endif
