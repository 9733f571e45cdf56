/* SPDX-License-Identifier: ISC */
/*
 * fuzz_jwks.c - any text gives either a set of different keys or a refusal with
 * a reason, and no memory leaks. If the set is written and read again, it
 * contains the same keys.
 */
#include "fuzz.h"

#include <openssl/err.h>

#include "format/jwt.h"

#define TEXT_MAX 8192

static bool
is_same(const struct jwt_key *a, const struct jwt_key *b)
{
	return str_eq(jwt_key_name(a), jwt_key_name(b)) &&
	    str_eq(jwt_key_issuer(a), jwt_key_issuer(b)) &&
	    jwt_key_is_same(a, b);
}

static void
check_keys(const struct jwt_keys *keys)
{
	size_t i, k;

	for (i = 0; i < keys->n; i++) {
		fuzz_check(keys->key[i].rsa != NULL);
		fuzz_check(keys->key[i].name_n > 0);
		fuzz_check(!jwt_keys_expose(keys, &keys->key[i]));
		for (k = 0; k < i; k++)
			fuzz_check(!is_same(&keys->key[i], &keys->key[k]));
	}
}

static void
check_written(const struct jwt_keys *keys)
{
	static char text[8 * TEXT_MAX], block[JWT_SET_ARENA(8 * TEXT_MAX)];
	static struct jwt_keys again;
	struct str what;
	struct arena a;
	struct buf b;
	size_t i;

	buf_init(&b, text, sizeof(text));
	jwt_keys_write(keys, &b);
	fuzz_check(!b.full);
	arena_init(&a, block, sizeof(block));
	fuzz_check(jwt_keys_read(buf_view(&b), &a, &again, &what) == ERR_OK);
	fuzz_check(again.n == keys->n);
	for (i = 0; i < keys->n; i++)
		fuzz_check(is_same(&again.key[i], &keys->key[i]));
	jwt_keys_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char block[JWT_SET_ARENA(TEXT_MAX)];
	static struct jwt_keys keys;
	struct str text = str_from((const char *)data, size);
	struct str what = STR("");
	struct arena a;
	enum err e;

	if (size > TEXT_MAX)
		return 0;
	arena_init(&a, block, JWT_SET_ARENA(size));
	e = jwt_keys_read(text, &a, &keys, &what);
	fuzz_check(e != ERR_MEMORY);
	fuzz_check((e == ERR_OK) == (keys.n > 0));
	fuzz_check(e != ERR_CONFIG || what.n > 0);
	fuzz_check(ERR_peek_error() == 0);
	check_keys(&keys);
	if (e == ERR_OK)
		check_written(&keys);
	jwt_keys_free(&keys);
	return 0;
}
