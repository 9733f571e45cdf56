/* SPDX-License-Identifier: ISC */
/*
 * keys.c - the keys of a tenant's rows, and the tenant and number in them.
 */
#include "store/store_private.h"

#include <string.h>

struct str
store_tenant_key(const struct guid *tenant)
{
	return str_from((const char *)tenant->byte, sizeof(tenant->byte));
}

uint64_t
store_tenant_hash(const struct guid *tenant)
{
	const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t half[2], hash;

	memcpy(half, tenant->byte, sizeof(half));
	hash = half[0] ^ half[1] * factor;
	/* A product carries bits upwards only, and ids that people choose often
	 * differ in their last bytes, which are the upper ones. */
	hash = (hash ^ hash >> 32) * factor;
	return hash | 1;
}

enum err
store_walked(enum err e)
{
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

struct str
store_former_key_of(
    const struct guid *tenant, uint64_t number, char out[STORE_EVENT_KEY_LEN])
{
	size_t i;

	memcpy(out, tenant->byte, sizeof(tenant->byte));
	for (i = STORE_EVENT_KEY_LEN; i > sizeof(tenant->byte); number >>= 8)
		out[--i] = (char)(number & 0xff);
	return str_from(out, STORE_EVENT_KEY_LEN);
}

struct str
store_event_key_of(
    const struct guid *tenant, uint64_t number, char out[STORE_EVENT_KEY_LEN])
{
	return store_former_key_of(tenant, ~number, out);
}

uint64_t
store_key_number(struct str key)
{
	uint64_t number = 0;
	size_t i;

	for (i = key.n - 8; i < key.n; i++)
		number = number << 8 | (unsigned char)key.p[i];
	return number;
}

bool
store_event_key(struct str key, struct guid *tenant, uint64_t *number)
{
	if (key.n != STORE_EVENT_KEY_LEN)
		return false;
	memcpy(tenant->byte, key.p, sizeof(tenant->byte));
	*number = ~store_key_number(key);
	return true;
}
