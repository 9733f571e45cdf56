/* SPDX-License-Identifier: ISC */
/*
 * notify_sign.c - signs the body of a webhook as the Standard Webhooks
 * specification describes, for a hook of `notify`: openssl(1) takes the key of
 * an HMAC only as an argument, which every user of the machine can read.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "format/crypto.h"
#include "tool/cmd_output.h"

/* The longest body: a digest, and the event that made it full. */
#define BODY_MAX ((size_t)20 << 20)
/* The longest id. */
#define ID_MAX 255
/* The text before the body: id, point, number, point. */
#define HEAD_MAX (ID_MAX + 32)
#define KEY_FILE_MAX 4096
/* A signature has 48 bytes, and the line of its key at least 33. */
#define SIGNATURES_MAX ((KEY_FILE_MAX / 33 + 1) * 48)
/* The specification asks for a key of 24 to 64 bytes. */
#define KEY_LEAST 24

#define PREFIX "whsec_"

/* Whether the id can be a header's value and the first part of the text that is
 * signed. */
static bool
is_id(struct str id)
{
	size_t i;

	for (i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return false;
	return id.n > 0 && id.n <= ID_MAX;
}

static void
put_signature(struct buf *out, const uint8_t mac[CRYPTO_SHA256_LEN])
{
	char text[STR_BASE64_SIZE(CRYPTO_SHA256_LEN)];
	size_t n = str_base64(mac, CRYPTO_SHA256_LEN, text);

	buf_text(out, " v1,");
	buf_put(out, text, n);
}

/* Signs with the key of one line. */
static enum err
sign_with(
    const struct cmd_call *c, struct str line, struct str text, struct buf *out)
{
	uint8_t key[KEY_FILE_MAX + 3], mac[CRYPTO_SHA256_LEN];
	enum err e = ERR_CONFIG;
	size_t n = 0;

	if (str_starts(line, PREFIX))
		line = str_tail(line, strlen(PREFIX));
	if (!str_unbase64(line, key, &n) || n < KEY_LEAST)
		cmd_error(c,
		    "%s: a key is whsec_ and the base64 of at least 24 bytes, "
		    "as 'openssl rand -base64 32' makes them",
		    c->value[OPTION_KEY]);
	else if ((e = crypto_hmac(str_from((const char *)key, n), text, mac)) !=
	    ERR_OK)
		(void)cmd_fail(c, e, "");
	else
		put_signature(out, mac);
	crypto_wipe(key, sizeof(key));
	return e;
}

/* While a key is being replaced, the file has a line for each of them, and the
 * receiver accepts any signature. */
static enum err
sign_with_all(
    const struct cmd_call *c, struct str keys, struct str text, struct buf *out)
{
	enum err e = ERR_OK;
	struct str line;
	unsigned n = 0;

	while (!str_is_null(keys) && e == ERR_OK) {
		line = str_cut(&keys, '\n');
		line = str_line(line);
		if (line.n == 0)
			continue;
		n++;
		e = sign_with(c, line, text, out);
	}
	if (n == 0)
		e = sign_with(c, STR_EMPTY, text, out);
	return e;
}

static enum err
read_keys(const struct cmd_call *c, char text[KEY_FILE_MAX], struct str *out)
{
	const char *path = c->value[OPTION_KEY];
	enum err e = ERR_FILE;
	struct stat st;
	int fd;

	if (file_open(path, &fd) != ERR_OK)
		return cmd_fail_file(c, path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		cmd_error(c,
		    "%s: other users can read this key; run chmod 600 on it",
		    path);
	else if ((e = file_read_fd(fd, text, KEY_FILE_MAX, out)) != ERR_OK)
		(void)cmd_fail_file(c, path);
	close(fd);
	return e;
}

static enum err
read_body(const struct cmd_call *c, char *room, struct str *out)
{
	if (file_read_fd(STDIN_FILENO, room, BODY_MAX, out) == ERR_OK)
		return ERR_OK;
	if (errno == EFBIG)
		cmd_error(c, "standard input is larger than 20 MiB");
	else
		return cmd_fail_file(c, "standard input");
	return ERR_FILE;
}

/* Prints the three header lines for the body on standard input. */
static enum err
sign(const struct cmd_call *c, struct str keys, char *room)
{
	long long now_at = (long long)cmd_now_at();
	const char *id = c->argument[0];
	char head[HEAD_MAX], signatures[SIGNATURES_MAX];
	struct buf out;
	struct str body;
	enum err e;
	int n;

	n = snprintf(head, sizeof(head), "%s.%lld.", id, now_at);
	if ((e = read_body(c, room + HEAD_MAX, &body)) != ERR_OK)
		return e;
	memcpy(room + HEAD_MAX - n, head, (size_t)n);
	buf_init(&out, signatures, sizeof(signatures));
	e = sign_with_all(
	    c, keys, str_from(room + HEAD_MAX - n, (size_t)n + body.n), &out);
	if (e == ERR_OK)
		printf("webhook-id: %s\nwebhook-timestamp: %lld\n"
		       "webhook-signature:%.*s\n",
		    id, now_at, STR_ARG(buf_view(&out)));
	return e;
}

int
cmd_notify_sign(struct cmd_call *c)
{
	char *room = malloc(HEAD_MAX + BODY_MAX);
	char keys[KEY_FILE_MAX];
	struct str text = { NULL, 0 };
	enum err e = ERR_MEMORY;

	if (!is_id(str_of(c->argument[0]))) {
		free(room);
		return cmd_usage(c, "ID: give 1 to 255 visible characters");
	}
	if (room == NULL || (e = crypto_init()) != ERR_OK)
		(void)cmd_fail(c, e, "");
	else if ((e = read_keys(c, keys, &text)) == ERR_OK)
		e = sign(c, text, room);
	crypto_wipe(keys, sizeof(keys));
	free(room);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
