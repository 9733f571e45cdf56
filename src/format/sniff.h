/* SPDX-License-Identifier: ISC */
/*
 * sniff.h - recognises private keys and archives in one layer of a text by
 * their marks.
 *
 * Pure. No function decodes or copies (unwrap does that), and the time is
 * linear in the layer.
 */
#ifndef PUSHCERT_SNIFF_H
#define PUSHCERT_SNIFF_H

#include "base/str.h"

enum sniff_kind { SNIFF_NOTHING, SNIFF_ARCHIVE, SNIFF_KEY };

/*
 * Looks for the labels, field names and magic numbers of private keys, for
 * letters that spell PRIVATE KEY, and for DER of a key at any byte; then for
 * the magic number of an archive. *name is a constant text: the container of
 * the key, such as "a PKCS#12 file", or advice about the archive.
 */
enum sniff_kind sniff_layer(struct str layer, const char **name);

/* Returns the kind of a text by its first bytes, such as "it is an HTML page",
 * or NULL. */
const char *sniff_document(struct str text);

#endif
