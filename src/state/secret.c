/* SPDX-License-Identifier: ISC */
/*
 * secret.c - reads small files and refuses keys that other users can read.
 */
#include "state/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "format/pem.h"

/* A key file: 64 hexadecimal digits and a newline. */
#define KEY_TEXT (2 * CRYPTO_KEY_LEN)

/* Bytes of a path in a message; the rest is for the reason. */
#define PATH_SHOWN (CONFIG_TEXT_MAX - 64)

static enum err
refuse(enum err e, const char *path, const char *why,
    char message[CONFIG_TEXT_MAX])
{
	snprintf(message, CONFIG_TEXT_MAX, "%.*s: %s", PATH_SHOWN, path, why);
	return e;
}

/* Reads a file of less than SECRET_TEXT_MAX bytes into text. */
static enum err
read_file(const char *path, bool is_key, char text[SECRET_TEXT_MAX],
    struct str *out, char message[CONFIG_TEXT_MAX])
{
	struct stat st;
	enum err e;
	int fd;

	*out = str_of(NULL);
	if (file_open(path, &fd) != ERR_OK || fstat(fd, &st) != 0)
		/* The two failures have one message.
		 * NOLINTNEXTLINE(bugprone-branch-clone) */
		e = refuse(ERR_FILE, path, strerror(errno), message);
	else if (!S_ISREG(st.st_mode))
		e = refuse(ERR_FILE, path, "not a regular file", message);
	else if (is_key && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		e = refuse(ERR_NOT_PRIVATE, path,
		    "other users can read this key; run chmod 600 on it",
		    message);
	else if (st.st_size >= SECRET_TEXT_MAX)
		e = refuse(ERR_FILE, path, "not less than 16 KiB", message);
	else if ((e = file_read_fd(fd, text, SECRET_TEXT_MAX - 1, out)) !=
	    ERR_OK)
		e = refuse(e, path, strerror(errno), message);
	if (fd >= 0)
		close(fd);
	return e;
}

/* The bytes of a file and the same text as UTF-8. With 40 KiB it is too large
 * for a thread's stack. */
struct reading {
	char text[SECRET_TEXT_MAX];
	char wide[STR_PLAIN_SIZE(SECRET_TEXT_MAX)];
};

static enum err
convert(const char *path, struct reading *r, struct str found, char *out,
    size_t room, char message[CONFIG_TEXT_MAX])
{
	struct str plain;

	if (!str_plain(found, r->wide, &plain))
		return refuse(ERR_FILE, path,
		    "invalid UTF-16; save the file as UTF-8", message);
	if (memchr(plain.p, '\0', plain.n) != NULL)
		return refuse(ERR_FILE, path, "not a text file", message);
	if (plain.n >= room)
		return refuse(ERR_FILE, path,
		    room == SECRET_TEXT_MAX ? "larger than 16 KiB"
					    : "larger than 1 KiB",
		    message);
	memcpy(out, plain.p, plain.n);
	out[plain.n] = '\0';
	return ERR_OK;
}

/* Reads a file as a C string into out: UTF-8 without a byte order mark. */
static enum err
read_plain(const char *path, bool is_key, char *out, size_t room,
    char message[CONFIG_TEXT_MAX])
{
	struct reading *r = malloc(sizeof(*r));
	struct str found;
	enum err e;

	out[0] = '\0';
	if (r == NULL)
		return refuse(ERR_FILE, path, strerror(ENOMEM), message);
	e = read_file(path, is_key, r->text, &found, message);
	if (e == ERR_OK)
		e = convert(path, r, found, out, room, message);
	crypto_wipe(r, sizeof(*r));
	free(r);
	return e;
}

/* Removes blanks and line ends at the end. */
static struct str
bare(struct str s)
{
	while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

/* The largest key file. A larger buffer would burden a small stack. */
#define KEY_FILE_MAX 1024

static enum err
load_key(const char *path, struct secrets *out, char message[CONFIG_TEXT_MAX])
{
	char text[KEY_FILE_MAX];
	enum err e;

	e = read_plain(path, true, text, sizeof(text), message);
	if (e == ERR_OK &&
	    !str_unhex(bare(str_of(text)), out->key, sizeof(out->key)))
		e = refuse(ERR_FILE, path, "not a key of 64 hexadecimal digits",
		    message);
	out->can_seal = e == ERR_OK;
	crypto_wipe(text, sizeof(text));
	return e;
}

/* Whether the bytes look like an ASN.1 sequence of 128 bytes or more. */
static bool
is_der(struct str s)
{
	return s.n > 2 && s.p[0] == '\x30' && ((uint8_t)s.p[1] & 0xf0) == 0x80;
}

static enum err
read_certificates(const char *path, char text[SECRET_TEXT_MAX],
    struct buf *chain, char message[CONFIG_TEXT_MAX])
{
	struct str found;
	enum err e = read_file(path, false, text, &found, message);

	if (e != ERR_OK)
		return e;
	if (chain->n > 0)
		buf_char(chain, '\n');
	if (is_der(found)) {
		pem_write("CERTIFICATE", found, chain);
	} else {
		e = read_plain(path, false, text, SECRET_TEXT_MAX, message);
		buf_text(chain, text);
	}
	if (e == ERR_OK && chain->full)
		e = refuse(ERR_FILE, path,
		    "the vendor certificates are larger than 16 KiB", message);
	return e;
}

/* Appends the certificates of a file, PEM or DER, to the chain as PEM. */
static enum err
add_certificates(
    const char *path, struct buf *chain, char message[CONFIG_TEXT_MAX])
{
	char *text = malloc(SECRET_TEXT_MAX);
	enum err e;

	if (text == NULL)
		return refuse(ERR_FILE, path, strerror(ENOMEM), message);
	e = read_certificates(path, text, chain, message);
	free(text);
	return e;
}

static enum err
load_chain(
    const struct config *c, struct secrets *out, char message[CONFIG_TEXT_MAX])
{
	struct str rest = str_of(c->vendor_certificate), item;
	char path[CONFIG_TEXT_MAX];
	enum err e = ERR_OK;
	struct buf chain;

	buf_init(&chain, out->vendor_chain, sizeof(out->vendor_chain) - 1);
	while (!str_is_null(rest) && e == ERR_OK) {
		item = str_trim(str_cut(&rest, ','));
		snprintf(path, sizeof(path), "%.*s", STR_ARG(item));
		if (item.n > 0)
			e = add_certificates(path, &chain, message);
	}
	out->vendor_chain[chain.n] = '\0';
	return e;
}

static enum err
load_all(
    const struct config *c, struct secrets *out, char message[CONFIG_TEXT_MAX])
{
	enum err e = ERR_OK;

	if (c->key_file[0] != '\0')
		e = load_key(c->key_file, out, message);
	if (e != ERR_OK || c->vendor_certificate[0] == '\0')
		return e;
	if (c->vendor_key[0] == '\0') {
		snprintf(message, CONFIG_TEXT_MAX,
		    "vendor_certificate is set, but vendor_key is not; set "
		    "both or none");
		return ERR_CONFIG;
	}
	e = load_chain(c, out, message);
	if (e == ERR_OK)
		e = read_plain(c->vendor_key, true, out->vendor_key,
		    sizeof(out->vendor_key), message);
	out->is_vendor = e == ERR_OK;
	return e;
}

enum err
secret_load(
    const struct config *c, struct secrets *out, char message[CONFIG_TEXT_MAX])
{
	enum err e;

	memset(out, 0, sizeof(*out));
	e = load_all(c, out, message);
	out->missing = e != ERR_OK;
	return e;
}

void
secret_leave_out(const struct secrets *s, struct config *c)
{
	if (s->missing)
		return;
	c->vendor_certificate[0] = '\0';
	c->vendor_key[0] = '\0';
}

enum err
secret_load_key(
    const struct config *c, struct secrets *s, char message[CONFIG_TEXT_MAX])
{
	return c->key_file[0] != '\0' ? load_key(c->key_file, s, message)
				      : ERR_OK;
}

void
secret_wipe(struct secrets *s)
{
	crypto_wipe(s, sizeof(*s));
}

/* Whether this is an empty file that only its owner can use. An administrator
 * makes such a file if its owner may not create files in that directory. */
static bool
is_to_be_filled(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0 &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

/* Writes the whole file or none: a file with half a key would prevent a new
 * attempt. */
static enum err
put_key(const char *path, const char text[KEY_TEXT + 1])
{
	struct file f;
	enum err e;
	int fd;

	if (file_create(&f, path, S_IRUSR | S_IWUSR, false) == ERR_OK)
		return file_finish(&f, file_write(f.fd, text, KEY_TEXT + 1));
	if (errno != EEXIST)
		return ERR_FILE;
	if ((fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)) >= 0 &&
	    is_to_be_filled(fd)) {
		e = file_write(fd, text, KEY_TEXT + 1);
		if (fsync(fd) != 0)
			e = ERR_FILE;
		close(fd);
		return e;
	}
	if (fd >= 0)
		close(fd);
	errno = EEXIST;
	return ERR_FILE;
}

enum err
secret_make(const char *path)
{
	uint8_t key[CRYPTO_KEY_LEN];
	char text[KEY_TEXT + 1];
	enum err e;

	if (crypto_random(key, sizeof(key)) != ERR_OK)
		return ERR_INTERNAL;
	str_hex(key, sizeof(key), text);
	text[KEY_TEXT] = '\n';
	e = put_key(path, text);
	crypto_wipe(key, sizeof(key));
	crypto_wipe(text, sizeof(text));
	return e;
}
