/* SPDX-License-Identifier: ISC */
/*
 * row.h - the stored form of everything: a version, a checksum and a list of
 * byte strings.
 *
 * The checksum covers the key too, so that a value cannot be taken for that of
 * another tenant. Every change within one of its words of eight bytes, and so
 * every flipped bit, is noticed for certain; any other but for one in 2^64.
 */
#ifndef PUSHCERT_ROW_H
#define PUSHCERT_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"
#include "mem.h"
#include "str.h"

/* The version that row_encode writes and the newest that row_decode reads. */
#define ROW_VERSION 1
/* The number of fields is one byte of the row. */
#define ROW_FIELDS_MAX 32

/* Appends the row; a null slice stays null, an empty one empty. */
void
row_encode(struct str key, const struct str *field, size_t n, struct buf *out);
/* The checksum that a row carries, right or wrong; 0 where it is too short. */
uint64_t row_checksum(struct str row);
/* ERR_CORRUPT if these are not bytes that were written under that key. */
enum err row_check(struct str key, struct str bytes) ATTR_CHECKED;
/*
 * Points the fields into `bytes`. A row with fewer fields than n (written by
 * an older release) leaves the rest null; ERR_NEWER for a row of a newer
 * version or with more fields, ERR_CORRUPT for one that is not what was
 * written.
 */
enum err row_decode(
    struct str key, struct str bytes, struct str *field, size_t n) ATTR_CHECKED;

/* Numbers in a field: eight bytes, least significant first. */
#define ROW_U64_LEN 8
struct str row_u64(uint64_t u, char out[ROW_U64_LEN]);
/* Of a field of another length (null too): 0. */
uint64_t row_get_u64(struct str field);

#endif
