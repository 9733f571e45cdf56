/* SPDX-License-Identifier: ISC */
/*
 * fuzz_jwks.c - of any text a set of keys with names of their own, or a refusal
 * that says why; nothing is left over either way.
 */
#include "fuzz.h"

#include <openssl/err.h>

#include "jwt.h"

#define TEXT_MAX 8192

static void
check_names(const struct jwt_keys *keys)
{
	size_t i, k;

	for (i = 0; i < keys->n; i++) {
		fuzz_check(keys->key[i].rsa != NULL);
		fuzz_check(keys->key[i].name_n <= JWT_KID_MAX);
		for (k = 0; k < i; k++)
			fuzz_check(!str_eq(
			    str_from(keys->key[i].name, keys->key[i].name_n),
			    str_from(keys->key[k].name, keys->key[k].name_n)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char block[JSON_ARENA_SIZE(TEXT_MAX)];
	struct str text = str_from((const char *)data, size);
	struct str what = STR("");
	struct jwt_keys keys;
	struct arena a;
	enum err e;

	if (size > TEXT_MAX)
		return 0;
	arena_init(&a, block, JSON_ARENA_SIZE(size));
	e = jwt_keys_read(text, &a, &keys, &what);
	fuzz_check(e != ERR_MEMORY);
	fuzz_check((e == ERR_OK) == (keys.n > 0));
	fuzz_check(e != ERR_CONFIG || what.n > 0);
	fuzz_check(ERR_peek_error() == 0);
	check_names(&keys);
	jwt_keys_free(&keys);
	return 0;
}
