/* SPDX-License-Identifier: ISC */
/*
 * row.h - the stored form of every value: a version, a checksum and a list of
 * fields, which are byte strings.
 *
 * The checksum also covers the key, so that the store cannot mistake one
 * tenant's value for another's. It detects every change within one aligned word
 * of eight bytes, so every flipped bit, and misses any other change with a
 * probability of 2^-64.
 */
#ifndef PUSHCERT_ROW_H
#define PUSHCERT_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/str.h"

/* The version that row_encode writes and the newest that row_decode reads. */
#define ROW_VERSION 1
/* The number of fields is one byte of the row. */
#define ROW_FIELDS_MAX 32

/* Appends the row; a null slice stays null, an empty one empty. */
void
row_encode(struct str key, const struct str *field, size_t n, struct buf *out);
/* The checksum that a row carries, valid or not; 0 if the row is too short to
 * have one. */
uint64_t row_checksum(struct str row);
/* ERR_CORRUPT if these bytes were not written under that key. */
enum err row_check(struct str key, struct str bytes) ATTR_CHECKED;
/*
 * Points the fields into `bytes`. If the row has fewer than n fields (an older
 * release wrote it), the rest become null. ERR_NEWER for a row of a newer
 * version or with more fields; ERR_CORRUPT for bytes that were not written
 * under that key.
 */
enum err row_decode(
    struct str key, struct str bytes, struct str *field, size_t n) ATTR_CHECKED;
/* The same for a row that is a field of another row, whose checksum covers it
 * and was checked. */
enum err
row_decode_nested(struct str bytes, struct str *field, size_t n) ATTR_CHECKED;

/* A number as a field: eight bytes, least significant first. */
#define ROW_U64_LEN 8
struct str row_u64(uint64_t u, char out[ROW_U64_LEN]);
/* 0 for a field of another length, also for a null one. */
uint64_t row_get_u64(struct str field);

#endif
