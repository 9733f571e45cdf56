/* SPDX-License-Identifier: ISC */
/*
 * sniff.c - marks of private keys and archives.
 *
 * A mark counts anywhere in a layer, because keys are pasted together with
 * other text. So each mark is a text that neither prose nor random bytes
 * contain: the chance that 32 KiB of random bytes contain any mark is below 1
 * in 10,000.
 */
#include "format/sniff.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "format/der.h"

/* --- letters ----------------------------------------------------------- */

/* "ivatekey" and "exponent" as the last eight letters of a text, and "pr" and
 * "private" as the letters before those, in ASCII. */
#define IVATEKEY UINT64_C(0x69766174656b6579)
#define PR UINT64_C(0x7072)
#define EXPONENT UINT64_C(0x6578706f6e656e74)
#define PRIVATE UINT64_C(0x70726976617465)
/* The letters in PRIVATEKEY, and in the longest label. */
#define KEY_LETTERS 10
#define LABEL_LETTERS 27

/* The last sixteen letters of the text, in lower case. */
struct letters {
	uint64_t last;
	uint64_t before;
	unsigned capitals; /* capitals in a row at the end */
};

static bool
is_letter(char c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

/* Whether the letters of the text end in the label of a key. */
static bool
ends_in_label(struct str text)
{
	static const char *const labels[] = { "begin", "beginrsa", "beginec",
		"begindsa", "beginany", "beginpgp", "beginopenssh",
		"beginencrypted", "beginsshencrypted" };
	char letters[LABEL_LETTERS];
	size_t at = sizeof(letters), i;
	struct str label;

	while (text.n-- > 0 && at > 0)
		if (is_letter(text.p[text.n]))
			letters[--at] = text.p[text.n];
	label = str_from(letters + at, sizeof(letters) - at - KEY_LETTERS);
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		struct str end = str_of(labels[i]);

		if (label.n >= end.n &&
		    str_ieq(str_tail(label, label.n - end.n), end))
			return true;
	}
	return false;
}

/*
 * Looks only at the letters of the text, so line numbers, blanks, NULs and the
 * marks of quoted-printable and RTF hide nothing. Returns true if the letters
 * spell PRIVATE KEY in capitals, a whole label in either case, or the name of a
 * number of a key. Prose may mention a private key in lower case.
 */
static bool
spells_key(struct str text)
{
	struct letters l = { .capitals = 0 };
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (!is_letter(text.p[i]))
			continue;
		l.capitals = text.p[i] <= 'Z' ? l.capitals + 1 : 0;
		l.before = l.before << 8 | l.last >> 56;
		l.last = l.last << 8 | (uint8_t)(text.p[i] | 0x20);
		if (l.last == IVATEKEY && (l.before & 0xffff) == PR &&
		    (l.capitals >= KEY_LETTERS ||
			ends_in_label(str_head(text, i + 1))))
			return true;
		if (l.last == EXPONENT &&
		    (l.before & (UINT64_MAX >> 8)) == PRIVATE)
			return true;
	}
	return false;
}

/* --- marks ------------------------------------------------------------- */

static bool
holds(struct str s, struct str word)
{
	const char *p;

	while (s.n >= word.n) {
		p = memchr(s.p, word.p[0], s.n - word.n + 1);
		if (p == NULL)
			return false;
		if (memcmp(p, word.p, word.n) == 0)
			return true;
		s = str_tail(s, (size_t)(p - s.p) + 1);
	}
	return false;
}

/* A key is present if the mark is, together with `and` if that is not empty. */
static const struct mark {
	struct str mark;
	struct str and;
	const char *name;
} marks[] = {
	{ STR("PuTTY-User-Key-File"), STR(""), "a PuTTY key" },
	{ STR("RSAKeyValue>"), STR("<D>"), "an XML key" },
	{ STR("RSAKeyValue>"), STR("<InverseQ>"), "an XML key" },
	{ STR("Private-Key:"), STR(""), "a private key" }, /* openssl -text */
	{ STR("priv:"), STR("pub:"), "a private key" },
	{ STR("Private-key-format:"), STR(""), "a private key" }, /* BIND */
	{ STR("AGE-SECRET-KEY-1"), STR(""), "a private key" },
	{ STR("ssh-key-v1"), STR(""), "an OpenSSH key" },
	{ STR("\xfe\xed\xfe\xed\0\0\0"), STR(""), "a Java key store" },
	{ STR("\xce\xce\xce\xce\0\0\0"), STR(""), "a Java key store" },
	{ STR("\x1e\xf1\xb5\xb0\0\0\0\0"), STR(""), "a PVK file" },
	{ STR("\x07\x02\0\0\0"), STR("RSA2"), "a key blob" },
	{ STR("\x07\x02\0\0\0"), STR("DSS2"), "a key blob" },
};

/* Looks for version 3 followed by PKCS#7 data (RFC 7292, section 4). */
static bool
is_pkcs12(struct str layer)
{
	static const struct str version = STR("\x02\x01\x03\x30");
	const char *p;
	size_t i;

	while (layer.n > 1) {
		p = memchr(layer.p, 0x30, layer.n - 1);
		if (p == NULL)
			return false;
		layer = str_tail(layer, (size_t)(p - layer.p));
		for (i = 2; i <= 6; i++)
			if (str_eq(str_head(str_tail(layer, i), version.n),
				version) &&
			    der_kind(layer) == DER_PKCS12)
				return true;
		layer = str_tail(layer, 1);
	}
	return false;
}

static bool
is_blank_or_quote(char c)
{
	return c == ' ' || c == '"' || c == '\'' || (c >= '\t' && c <= '\r');
}

/* Whether an object has a member with the name d, quoted or not. */
static bool
has_member_d(struct str s)
{
	size_t i, before, after;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] != 'd')
			continue;
		before = i;
		while (before > 0 && is_blank_or_quote(s.p[before - 1]))
			before--;
		after = i + 1;
		while (after < s.n && is_blank_or_quote(s.p[after]))
			after++;
		if (after < s.n && s.p[after] == ':' &&
		    (before == 0 || s.p[before - 1] == '{' ||
			s.p[before - 1] == ',' ||
			(before < i && s.p[before] == '\n')))
			return true;
	}
	return false;
}

static const char *
key_mark(struct str layer)
{
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (holds(layer, marks[i].mark) &&
		    (marks[i].and.n == 0 || holds(layer, marks[i].and)))
			return marks[i].name;
	if (holds(layer, (struct str)STR("kty")) && has_member_d(layer))
		return "a JSON Web Key";
	return NULL;
}

/* --- archives ---------------------------------------------------------- */

#define ARCHIVE(kind) \
	"it is " kind " file; unpack it and upload the certificate as PEM"

static const struct {
	struct str magic;
	const char *name;
} archives[] = {
	{ STR("PK\x03\x04"), ARCHIVE("a zip") },
	{ STR("PK\x05\x06\0\0"), ARCHIVE("a zip") },
	{ STR("BZh91AY&SY"), ARCHIVE("a bzip2") },
	{ STR("\xfd\x37zXZ\0"), ARCHIVE("an xz") },
	{ STR("7z\xbc\xaf\x27\x1c"), ARCHIVE("a 7z") },
	{ STR("Rar!\x1a\x07"), ARCHIVE("a RAR") },
	{ STR("\x28\xb5\x2f\xfd"), ARCHIVE("a Zstandard") },
};

/* The magic number (RFC 1952) has only three bytes, which random bytes contain
 * too often. So the flags, the level and the system must be valid too. */
static bool
is_gzip(struct str layer)
{
	static const struct str magic = STR("\x1f\x8b\x08");
	const uint8_t *u;
	const char *p;

	while (layer.n >= 10) {
		p = memchr(layer.p, magic.p[0], layer.n - 9);
		if (p == NULL)
			return false;
		u = (const uint8_t *)p;
		if (memcmp(p, magic.p, magic.n) == 0 && u[3] < 0x20 &&
		    (u[8] == 0 || u[8] == 2 || u[8] == 4) &&
		    (u[9] < 14 || u[9] == 255))
			return true;
		layer = str_tail(layer, (size_t)(p - layer.p) + 1);
	}
	return false;
}

static const char *
archive_mark(struct str layer)
{
	size_t i;

	for (i = 0; i < sizeof(archives) / sizeof(archives[0]); i++)
		if (holds(layer, archives[i].magic))
			return archives[i].name;
	return is_gzip(layer) ? ARCHIVE("a gzip") : NULL;
}

/* --- documents --------------------------------------------------------- */

/* The first bytes of known documents, in lower case. */
static const struct {
	const char *begins;
	const char *phrase;
} documents[] = {
	{ "data:", "it is a data URI" },
	{ "<!doctype html", "it is an HTML page" },
	{ "<html", "it is an HTML page" },
	{ "<?xml", "it is an XML document" },
	{ "{\\rtf", "it is an RTF document" },
	{ "%pdf", "it is a PDF document" },
};

const char *
sniff_document(struct str text)
{
	struct str begins;
	size_t i;

	while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\n'))
		text = str_tail(text, 1);
	for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		begins = str_of(documents[i].begins);
		if (str_ieq(str_head(text, begins.n), begins))
			return documents[i].phrase;
	}
	/* The second character rules out a section of an INI file. */
	if (text.n > 1 && (text.p[0] == '{' || text.p[0] == '[') &&
	    text.p[1] != 0 && strchr("\"{}[]-0123456789\n", text.p[1]) != NULL)
		return "it is JSON";
	return NULL;
}

/* --- one layer --------------------------------------------------------- */

/* DER and archives contain control characters. */
static bool
is_binary(struct str layer)
{
	uint8_t c;
	size_t i;

	for (i = 0; i < layer.n; i++) {
		c = (uint8_t)layer.p[i];
		if (c < ' ' && (c < '\t' || c > '\r'))
			return true;
	}
	return false;
}

enum sniff_kind
sniff_layer(struct str layer, const char **name)
{
	bool binary = is_binary(layer);

	if ((*name = key_mark(layer)) != NULL)
		return SNIFF_KEY;
	*name = "a PKCS#12 file";
	if (binary && is_pkcs12(layer))
		return SNIFF_KEY;
	*name = "a private key";
	if (spells_key(layer) || (binary && der_holds_key(layer)))
		return SNIFF_KEY;
	*name = binary ? archive_mark(layer) : NULL;
	return *name != NULL ? SNIFF_ARCHIVE : SNIFF_NOTHING;
}
