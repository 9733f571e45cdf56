/* SPDX-License-Identifier: ISC */
/*
 * secret.h - the files that hold secrets: the key that encrypts private keys,
 * and the certificate and key of an MDM vendor. They lie outside the data
 * directory, so that a copy or backup of the data directory reveals no private
 * key.
 */
#ifndef PUSHCERT_SECRET_H
#define PUSHCERT_SECRET_H

#include <stdbool.h>

#include "base/attr.h"
#include "state/config.h"
#include "format/crypto.h"
#include "base/err.h"
#include "base/str.h"

/* Limit of a file. A vendor's certificate, its chain and its key have about 2
 * KiB each as PEM. */
#define SECRET_TEXT_MAX 16384

struct secrets {
	bool missing; /* a configured file could not be used */
	bool can_seal;
	uint8_t key[CRYPTO_KEY_LEN];
	bool is_vendor;
	bool vendor_as_it_is; /* its chain is not checked; initially false */
	char vendor_chain[SECRET_TEXT_MAX]; /* the PEM of all its files */
	char vendor_key[SECRET_TEXT_MAX];
};

/*
 * Reads the files that the configuration names; the others stay unset. Returns
 * ERR_FILE or ERR_NOT_PRIVATE (other users can read a key) with a whole
 * sentence in message. In every case the caller wipes the struct with
 * secret_wipe at the end.
 */
enum err secret_load(const struct config *c, struct secrets *out,
    char message[CONFIG_TEXT_MAX]) ATTR_CHECKED;
/* Reads only the key that encrypts private keys, again, because an
 * administrator may have replaced it. */
enum err secret_load_key(const struct config *c, struct secrets *s,
    char message[CONFIG_TEXT_MAX]) ATTR_CHECKED;
/* Removes the names of the vendor's files from the configuration if the files
 * have been read. Otherwise they stay, because secret_load will read all of
 * them again. */
void secret_leave_out(const struct secrets *s, struct config *c);
void secret_wipe(struct secrets *s);

/* Makes a key file with mode 0600 and a new key. Returns ERR_FILE with errno
 * set. If a file exists already (EEXIST), the function leaves it alone, unless
 * it is empty and private. */
enum err secret_make(const char *path) ATTR_CHECKED;

#endif
