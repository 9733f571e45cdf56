/* SPDX-License-Identifier: ISC */
/*
 * pem_clean.h - finds PEM blocks in texts that lost or escaped their line ends,
 * such as the output of a database, and repairs them.
 *
 * Pure; the time is linear in the text. Results live in the arena or in the
 * text.
 */
#ifndef PUSHCERT_PEM_CLEAN_H
#define PUSHCERT_PEM_CLEAN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* Whether the text has the begin of a block. */
bool pem_clean_has(struct str text);
/* A copy with the escapes of database dumps resolved (\n and \t), a line feed
 * in place of each tab, and without carriage returns. ERR_MEMORY. */
enum err pem_clean_escapes(
    struct arena *a, struct str text, struct str *out) ATTR_CHECKED;
/* Moves *text behind the next block. *label is null if there is none; *body is
 * null if the END line is missing. */
void pem_clean_next(struct str *text, struct str *label, struct str *body);
/* Writes a block with new line ends, and with the header lines of an encrypted
 * key (RFC 1421). ERR_MEMORY. */
enum err pem_clean_block(struct arena *a, struct str label, struct str body,
    struct str *pem) ATTR_CHECKED;
/* Decodes base64 with blanks and line ends in it. *der is null if the text is
 * anything else. ERR_MEMORY. */
enum err pem_clean_decode(
    struct arena *a, struct str text, struct str *der) ATTR_CHECKED;

#endif
