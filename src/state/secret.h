/* SPDX-License-Identifier: ISC */
/*
 * secret.h - the files that hold secrets: the key that seals private keys, and
 * the MDM vendor's certificate and key. They lie outside the data directory, so
 * that neither it nor a backup of it opens a seal.
 */
#ifndef PUSHCERT_SECRET_H
#define PUSHCERT_SECRET_H

#include <stdbool.h>

#include "base/attr.h"
#include "state/config.h"
#include "format/crypto.h"
#include "base/err.h"
#include "base/str.h"

/* A vendor's certificate with its chain, or its key, as PEM: 2 KiB each. */
#define SECRET_TEXT_MAX 16384

struct secrets {
	bool missing; /* a file that is named could not be used */
	bool can_seal;
	uint8_t key[CRYPTO_KEY_LEN];
	bool is_vendor;
	bool
	    vendor_as_it_is; /* its chain is not checked (secret_load: false) */
	char vendor_chain[SECRET_TEXT_MAX]; /* PEM of all its files */
	char vendor_key[SECRET_TEXT_MAX];
};

/*
 * Reads what the configuration names; what it does not name stays off. ERR_FILE
 * or ERR_NOT_PRIVATE (others may read a key) with a whole sentence in message.
 * Wipe the struct with secret_wipe when done.
 */
enum err secret_load(const struct config *c, struct secrets *out,
    char message[CONFIG_TEXT_MAX]) ATTR_CHECKED;
/* The same of the key that seals alone, which may be another one since. */
enum err secret_load_key(const struct config *c, struct secrets *s,
    char message[CONFIG_TEXT_MAX]) ATTR_CHECKED;
void secret_wipe(struct secrets *s);

/* Makes a key file, mode 0600, with a fresh key; ERR_FILE with errno, which is
 * EEXIST where there is a file already: it is left alone. */
enum err secret_make(const char *path) ATTR_CHECKED;

#endif
