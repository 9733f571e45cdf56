/* SPDX-License-Identifier: ISC */
/*
 * cmd_import.c - stores a push certificate together with its private key, which
 * comes from another MDM server. The files are read into the arena only, which
 * is wiped at the end.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "format/crypto.h"
#include "format/x509_import.h"
#include "rules/csr.h"
#include "tool/cmd_output.h"

enum err
cmd_import_read(struct cmd_call *c, const char *path, struct str *out)
{
	enum err e = cmd_read_source(c, path, X509_IMPORT_TEXT_MAX, out);

	if (e == ERR_TOO_LARGE)
		cmd_error(c, "%s: the file is larger than 64 KiB", path);
	return e;
}

/* The file that holds the private key. */
static const char *
key_path(const struct cmd_call *c, const struct x509_import *found)
{
	const char *key = c->value[OPTION_KEY];

	return key != NULL && !found->key_in_text ? key : c->argument[0];
}

void
cmd_warn_of_readers(const struct cmd_call *c, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 &&
	    S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		cmd_warn(c,
		    "%s: other users can read this private key; run chmod 600 "
		    "on it, and delete it when the MDM server needs it no more",
		    path);
}

enum err
cmd_read_pair(struct cmd_call *c, struct x509_import_source *in,
    struct x509_import *found, struct str *what)
{
	char text[CMD_PASSPHRASE_ROOM];
	enum err e = x509_import(in, &c->arena, found, what);

	if (e != ERR_KEY_MISMATCH || !found->locked)
		return e;
	if ((e = cmd_passphrase(c, false, text, &in->passphrase)) == ERR_OK)
		e = x509_import(in, &c->arena, found, what);
	crypto_wipe(text, sizeof(text));
	return e;
}

/* Reads the files. Prints the reason of a failure. */
static enum err
find_pair(struct cmd_call *c, struct x509_import *found)
{
	struct x509_import_source in = { .key_text = { NULL, 0 } };
	const char *key = c->value[OPTION_KEY];
	struct str what = { NULL, 0 };
	enum err e = cmd_import_read(c, c->argument[0], &in.text);

	if (e == ERR_OK && key != NULL)
		e = cmd_import_read(c, key, &in.key_text);
	if (e != ERR_OK)
		return e;
	e = cmd_read_pair(c, &in, found, &what);
	if (e == ERR_OK)
		cmd_warn_of_readers(c, key_path(c, found));
	else if (e == ERR_KEY_MISMATCH)
		(void)cmd_fail_with(c, key_path(c, found), what);
	else if (e == ERR_NOT_A_CERTIFICATE)
		(void)cmd_fail_with(c, c->argument[0], what);
	else if (e != ERR_FILE)
		(void)cmd_fail(c, e, "");
	return e;
}

static enum err
seal(struct cmd_call *c, const struct x509_import *found, struct csr *csr)
{
	struct secrets s;
	enum err e;

	csr->public_key = found->public_key;
	if ((e = cmd_load_key(c, &s)) != ERR_OK)
		goto out;
	e = csr_seal(&s, &c->tenant, &c->arena,
	    str_from((const char *)found->private_key, found->private_n),
	    &csr->sealed_key);
	if (e != ERR_OK)
		(void)cmd_fail(c, e, "");
out:
	secret_wipe(&s);
	return e;
}

static int
import(struct cmd_call *c, struct change *change, struct csr *csr)
{
	struct x509_import found = { .private_n = 0 };
	enum err e = find_pair(c, &found);

	if (e == ERR_OK)
		e = seal(c, &found, csr);
	crypto_wipe(found.private_key, sizeof(found.private_key));
	if (e != ERR_OK)
		return EXIT_FAILURE;
	change->imported = csr;
	change->patch.set |= RECORD_BIT(RECORD_CERTIFICATE);
	change->patch.value[RECORD_CERTIFICATE] = found.certificate;
	if ((e = store_begin(c->reader)) != ERR_OK)
		return cmd_fail(c, e, cmd_place(c));
	return cmd_apply(c, change);
}

int
cmd_import(struct cmd_call *c)
{
	struct change change = { .config = &c->config, .arena = &c->arena };
	struct csr csr = { .when = { 0, 0 } };

	if (!cmd_take_apple_id(c, &change.patch))
		return cmd_usage(
		    c, "--apple-id: give at most 1024 characters of UTF-8");
	if (cmd_begin_reading(c) != ERR_OK || cmd_deploy_prepare(c) != ERR_OK ||
	    cmd_need_tenant(c) != ERR_OK || cmd_need_arena(c) != ERR_OK)
		return EXIT_FAILURE;
	/* End the transaction first: standard input and the passphrase may take
	 * any time to arrive. */
	store_end(c->reader);
	return cmd_deploy_after(c, import(c, &change, &csr));
}
