/* SPDX-License-Identifier: ISC */
/*
 * sniff.h - recognises private keys and archives by their marks, in one layer
 * of a text.
 *
 * Pure. Nothing is decoded or copied (unwrap does that); time is linear in the
 * layer.
 */
#ifndef PUSHCERT_SNIFF_H
#define PUSHCERT_SNIFF_H

#include "base/str.h"

enum sniff_kind { SNIFF_NOTHING, SNIFF_ARCHIVE, SNIFF_KEY };

/*
 * Looks for the labels, field names and magic numbers of private keys, the
 * letters that spell PRIVATE KEY, and DER of a key at any byte, then for the
 * magic number of an archive. *name is a constant text: what holds the key,
 * such as "a PKCS#12 file", or what to do about the archive.
 */
enum sniff_kind sniff_layer(struct str layer, const char **name);

/* What a text is by its first bytes, such as "it is an HTML page", or NULL. */
const char *sniff_document(struct str text);

#endif
