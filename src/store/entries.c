/* SPDX-License-Identifier: ISC */
/*
 * entries.c - the rows of STORE_META that belong to tenants: their keys, and
 * the walk over those of one kind. A key is a word, the tenant, and perhaps
 * some bytes more, of which each word has one number.
 */
#include "store/store_private.h"

#include <string.h>

#define GUID_LEN sizeof(struct guid)

struct str
store_entry_key(
    const char *word, const struct guid *tenant, char out[STORE_KEY_MAX])
{
	size_t n = strlen(word);

	memcpy(out, word, n);
	memcpy(out + n, tenant->byte, GUID_LEN);
	return str_from(out, n + GUID_LEN);
}

bool
store_entry_tenant(
    struct str key, const char *word, size_t more, struct guid *tenant)
{
	size_t n = strlen(word);

	if (key.n != n + GUID_LEN + more || !str_starts(key, word))
		return false;
	memcpy(tenant->byte, key.p + n, GUID_LEN);
	return true;
}

enum err
store_entry_next(struct txn *tx, const char *word, size_t more,
    struct store_cursor *at, struct guid *tenant)
{
	enum err e;

	if ((e = store_next(tx, STORE_META, STORE_NEXT, at)) != ERR_OK)
		return e;
	return store_entry_tenant(at->key, word, more, tenant) ? ERR_OK
							       : ERR_NOT_FOUND;
}
