/* SPDX-License-Identifier: ISC */
/*
 * language.h - the languages of the pages, and which of them a browser prefers.
 */
#ifndef PUSHCERT_LANGUAGE_H
#define PUSHCERT_LANGUAGE_H

#include "base/str.h"

/* The first one is the language for a browser that knows none of them. */
enum language { LANGUAGE_EN, LANGUAGE_DE, LANGUAGES };

/*
 * Chooses the language with the highest quality in the value of Accept-Language
 * (RFC 9110, section 12.5.4). A range counts for the language that it begins
 * with, so de-AT means de. If several have that quality, the one named first
 * counts. A part that is not well-formed is ignored. The value may be null.
 */
enum language language_pick(struct str accept);

/* The tag of a language (RFC 5646), such as "en". */
const char *language_tag(enum language language);

#endif
