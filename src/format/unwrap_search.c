/* SPDX-License-Identifier: ISC */
/*
 * unwrap_search.c - a depth-first search through the readings of a text.
 *
 * For each layer, the search looks first for key material and archives (sniff),
 * then for certificates, and then reads the layer in every way that the first
 * look allows (wrapping). A wrapping that changes pieces of a text and keeps
 * the rest, such as escapes, is taken off in place: the first such wrapping
 * that applies makes the next layer, and the others are tried there. Digits are
 * read at every alignment, and each alignment makes a layer. Most of these
 * layers are noise, to which no wrapping applies, so the search stays small.
 *
 * Only a key ends the search early. Certificates count in the layer closest to
 * the text. Those of different readings at the same depth count together,
 * because the blocks of one file may have different alignments.
 */
#include "format/unwrap_private.h"

#include <string.h>

#include "format/der.h"
#include "format/sniff.h"
#include "format/wrapping.h"

/* A shorter layer contains no key: the shortest key on a curve has 30 bytes. */
#define LAYER_MIN 30
/* Fewer bytes than two escapes have may be removed by chance. */
#define REMOVED_MIN 4
#define WHAT_MAX 384

/* --- messages ---------------------------------------------------------- */

const char *const unwrap_contents[] = {
	[PEM_PLAIN] = "it contains no certificate",
	[PEM_EMPTY] = "it is empty",
	[PEM_OTHER] = ("it contains PEM or base64 of something other than a "
		       "certificate"),
	[PEM_PUBLIC_KEY] = ("it contains a public key; upload the certificate "
			    "for that key"),
	[PEM_PKCS7] = ("it contains a PKCS#7 file; upload the certificate in "
		       "that file, as PEM"),
	[PEM_REQUEST] = "",
	[PEM_CERTIFICATE] = "",
	[PEM_DAMAGED] = ("the certificate in it is damaged; copy the whole "
			 "text again"),
	[PEM_CUT] = ("the certificate in it is incomplete; copy the whole "
		     "text again"),
	[PEM_TOO_MANY] = ("it contains more than 16 certificates; upload only "
			  "the push certificate"),
	[PEM_BINARY] = "it is a binary file pasted as text; convert it to PEM",
	[PEM_PKCS12] = "",
	[PEM_KEY] = "",
	[PEM_NO_MEMORY] = "",
};

/* Appends the phrases of the layers down to `depth`, each once. A layer that
 * was not read from the one above it has none. */
static void
put_phrases(const struct unwrap_search *s, size_t depth, struct buf *out)
{
	size_t i, k;

	for (i = 0; i < depth; i++) {
		for (k = 0; k < i && s->phrase[k] != s->phrase[i]; k++)
			;
		if (k < i || s->phrase[i] == NULL)
			continue;
		buf_text(out, i > 0 ? ", " : "");
		buf_text(out, s->phrase[i]);
	}
}

void
unwrap_explain(struct unwrap_search *s, size_t depth, const char *last)
{
	struct buf text;

	buf_init(&text, s->room, WHAT_MAX);
	put_phrases(s, depth, &text);
	buf_printf(&text, "%s%s", text.n > 0 ? ", and " : "", last);
	s->what = buf_view(&text);
}

/* Describes where the key is, in parentheses for the middle of a sentence. The
 * description is empty for a plain key in the text itself. */
static void
explain_key(struct unwrap_search *s, size_t depth, const char *name)
{
	bool plain = strcmp(name, "a private key") == 0;
	struct buf text;

	s->what = STR_EMPTY;
	if (depth == 0 && plain)
		return;
	buf_init(&text, s->room, WHAT_MAX);
	buf_printf(&text, " (%s", plain ? "" : name);
	if (!plain && depth > 0)
		buf_text(&text, "; ");
	put_phrases(s, depth, &text);
	buf_char(&text, ')');
	s->what = buf_view(&text);
}

/* --- certificates ------------------------------------------------------ */

/* Records what an inner layer is instead of a certificate. The first record
 * counts, because it belongs to the layer closest to the text. */
static void
note(struct unwrap_search *s, size_t depth, enum pem_kind kind)
{
	if (s->kind != PEM_PLAIN || s->archive)
		return;
	s->kind = kind;
	unwrap_explain(s, depth, unwrap_contents[kind]);
}

/*
 * Adds a certificate unless another reading found it already. If two readings
 * differ only in the signature, the first is right, because exact wrappings are
 * taken off first. The function keeps one certificate more than PEM_CHAIN_MAX,
 * so that pem_find refuses them.
 */
static void
add(struct unwrap_search *s, size_t depth, struct str der)
{
	struct str to_be_signed = der;
	size_t i;

	s->readings++;
	if (depth < s->pem_depth) {
		s->pem_depth = depth;
		s->pem.n = 0;
		s->certificates = 0;
	}
	der_certificate(der, &to_be_signed);
	if (s->certificates > PEM_CHAIN_MAX)
		return;
	crypto_sha256(to_be_signed, s->id[s->certificates]);
	for (i = 0; i < s->certificates; i++)
		if (memcmp(s->id[i], s->id[s->certificates],
			CRYPTO_SHA256_LEN) == 0)
			return;
	pem_write("CERTIFICATE", der, &s->pem);
	s->certificates++;
}

/* Finds certificates as DER among other bytes. A PKCS#7 or PKCS#12 file is
 * skipped, because the certificates in it do not count. */
static void
add_der(struct unwrap_search *s, size_t depth, struct str bytes)
{
	static const enum pem_kind kinds[] = {
		[DER_PKCS7] = PEM_PKCS7,
		[DER_REQUEST] = PEM_REQUEST,
		[DER_CERTIFICATE] = PEM_CUT,
		[DER_KEY] = PEM_PLAIN,
	};
	struct str certificate, part;
	enum der_kind kind;
	const char *p;
	size_t n;

	while (bytes.n > 0 && (p = memchr(bytes.p, 0x30, bytes.n)) != NULL) {
		bytes = str_tail(bytes, (size_t)(p - bytes.p));
		kind = der_kind(bytes);
		certificate = der_certificate(bytes, &part);
		n = der_size(bytes);
		if (!str_is_null(certificate))
			add(s, depth, certificate);
		else if (kinds[kind] == PEM_CUT && n <= bytes.n)
			n = 0;
		else if (kinds[kind] != PEM_PLAIN)
			note(s, depth, kinds[kind]);
		bytes = str_tail(
		    bytes, kinds[kind] != PEM_PLAIN && n > 0 ? n : 1);
	}
}

/* Looks for certificates, and for what the layer is instead. */
static enum err
take_certificates(struct unwrap_search *s, size_t depth, struct str text)
{
	size_t i, used = s->arena->used;
	struct str why;
	struct pem found;
	enum err e;

	if (depth > s->pem_depth || text.n > PEM_TEXT_MAX)
		return ERR_OK;
	if ((e = pem_find(text, s->arena, &found, &why)) == ERR_MEMORY)
		return e;
	/* PEM in base64 is a layer of its own. */
	if (found.inside)
		found = (struct pem){ .kind = PEM_PLAIN };
	for (i = 0; e == ERR_OK && i < found.n; i++)
		add(s, depth, found.der[i]);
	s->arena->used = used;
	if (e == ERR_OK && found.n > 0)
		return ERR_OK;
	add_der(s, depth, text);
	if (found.kind != PEM_BINARY && found.kind != PEM_EMPTY &&
	    found.kind != PEM_PLAIN)
		note(s, depth, found.kind);
	return ERR_OK;
}

/* --- the search -------------------------------------------------------- */

/*
 * Whether the text has numbers everywhere, or long words, which prose does not
 * have, or few letters other than hexadecimal digits; a dump has a column of
 * text. Some noise may stand before the digits: the reading of other text
 * at the same alignment.
 */
static bool
is_coded(const struct wrapping_look *look, size_t n)
{
	bool digits = 16 * look->other <= n || 2 * look->base64 >= n;

	return 16 * look->numbers >= n ||
	    (4 * look->words >= n && (digits || 8 * look->high <= n)) ||
	    (digits &&
		(16 * look->letters <= n ||
		    (4 * look->hex >= n && 6 * look->letters <= n)));
}

/* Whether a reading contains text, which other bytes do not become by chance. A
 * reading at one alignment contains every fourth line if signs between the
 * lines are mistaken for digits. */
static bool
is_text(struct str reading)
{
	struct wrapping_look look;

	wrapping_look(reading, &look);
	return 8 * look.texts >= reading.n;
}

/* Whether a layer at the depth limit is wrapped again, and not by chance. */
static bool
still_wrapped(const struct wrapping_look *look, const struct wrapping *w,
    struct str text, struct str reading)
{
	if (text.n <= UNWRAP_DEEP_MIN)
		return false;
	if (!w->in_place)
		return is_coded(look, text.n) || is_text(reading);
	return text.n >= reading.n + REMOVED_MIN &&
	    w->share * (text.n - reading.n) > text.n;
}

/* Takes one wrapping off in one way, and searches the result. */
static enum err
/* NOLINTNEXTLINE(misc-no-recursion): UNWRAP_DEPTH bounds the depth */
read_layer(struct unwrap_search *s, size_t depth, struct str text,
    const struct wrapping_look *look, const struct wrapping *w, unsigned way,
    bool *applies)
{
	char *room = arena_take(s->arena, text.n);
	struct buf out;

	*applies = false;
	if (room == NULL)
		return ERR_MEMORY;
	buf_init(&out, room, text.n);
	*applies = w->take_off(text, look, way, &out, &s->phrase[depth]) &&
	    out.n > 0;
	if (!*applies)
		return ERR_OK;
	if (depth == UNWRAP_DEPTH &&
	    still_wrapped(look, w, text, buf_view(&out)))
		s->deep = true;
	return unwrap_visit(s, depth + 1, buf_view(&out));
}

/* Takes one wrapping off in every way; sets *applies if a way applies. */
static enum err
/* NOLINTNEXTLINE(misc-no-recursion): UNWRAP_DEPTH bounds the depth */
read_ways(struct unwrap_search *s, size_t depth, struct str text,
    const struct wrapping_look *look, const struct wrapping *w, bool *applies)
{
	size_t used = s->arena->used;
	enum err e = ERR_OK;
	bool now = false;
	unsigned way;

	for (way = 0; way < w->ways && e == ERR_OK; way++) {
		e = read_layer(s, depth, text, look, w, way, &now);
		*applies |= now;
		s->arena->used = used;
	}
	return e;
}

/*
 * Takes each wrapping off. After an exact wrapping that has a certificate in
 * it, the others are searched for keys only. They may find the same certificate
 * with some bytes wrong, even closer to the text: in base64 with %2B for +, two
 * digits stand in the place of one.
 */
static enum err
/* NOLINTNEXTLINE(misc-no-recursion): UNWRAP_DEPTH bounds the depth */
read_on(struct unwrap_search *s, size_t depth, struct str text)
{
	bool in_place = false, other = false, keys_only = s->keys_only;
	size_t i, readings = s->readings;
	struct wrapping_look look;
	enum err e = ERR_OK;

	wrapping_look(text, &look);
	look.is_sent = depth == 0;
	for (i = 0; i < WRAPPINGS && e == ERR_OK; i++) {
		const struct wrapping *w = &wrapping_table[i];

		if (w->in_place && in_place && !w->always)
			continue;
		e = read_ways(
		    s, depth, text, &look, w, w->in_place ? &in_place : &other);
		if (w->exact && s->readings > readings)
			s->keys_only = true;
	}
	s->keys_only = keys_only;
	return e;
}

enum err
/* NOLINTNEXTLINE(misc-no-recursion): UNWRAP_DEPTH bounds the depth */
unwrap_visit(struct unwrap_search *s, size_t depth, struct str text)
{
	const char *name;
	enum err e = ERR_OK;

	if (text.n > s->left) {
		s->deep = true;
		return ERR_OK;
	}
	s->left -= text.n;
	switch (sniff_layer(text, &name)) {
	case SNIFF_KEY:
		explain_key(s, depth, name);
		return ERR_PRIVATE_KEY;
	case SNIFF_ARCHIVE:
		if (!s->archive)
			unwrap_explain(s, depth, name);
		s->archive = true;
		break;
	case SNIFF_NOTHING:
		break;
	}
	if (depth > UNWRAP_DEPTH || text.n < LAYER_MIN || s->only)
		return ERR_OK;
	if (depth > 0 && !s->keys_only)
		e = take_certificates(s, depth, text);
	return e == ERR_OK ? read_on(s, depth, text) : e;
}

/* Searches all layers of a text. */
enum err
unwrap_search(struct unwrap_search *s, struct str text, struct arena *a)
{
	s->arena = a;
	s->left = UNWRAP_WORK * text.n;
	s->pem_depth = UNWRAP_DEPTH + 1;
	s->kind = PEM_PLAIN;
	if ((s->room = arena_take(a, WHAT_MAX)) == NULL)
		return ERR_MEMORY;
	return unwrap_visit(s, 0, text);
}
