/* SPDX-License-Identifier: ISC */
/*
 * unwrap.c - decides what the layers of a text mean for the text as a whole.
 */
#include "format/unwrap.h"

#include <string.h>

#include "format/sniff.h"
#include "format/wrapping.h"
#include "format/unwrap_private.h"

/* Control characters that a text never has; JSON can carry them. */
#define DREGS_MIN 16
/* The shortest mark of a key is that of a JSON Web Key: kty,d: */
#define KEY_TEXT_MIN 5

#define DEEP \
	"it is wrapped in more than 4 layers; upload the certificate as PEM"
_Static_assert(UNWRAP_DEPTH == 4, "the text above has the number");

/* --- a text for the certificate ---------------------------------------- */

/* Sets *what to the kind of a document in which no certificate, or only a
 * damaged one, was found. */
static void
name_document(struct unwrap_search *s, struct str text, enum pem_kind kind,
    struct str *what)
{
	if ((s->phrase[0] = sniff_document(text)) == NULL)
		return;
	unwrap_explain(s, 1, unwrap_contents[kind]);
	*what = s->what;
}

#define MARK_AS_LATIN_1 "\xc3\xaf\xc2\xbb\xc2\xbf"

/* Whether the text contains a byte order mark. */
static bool
is_marked(struct str text)
{
	const char *p;

	while (text.n > 0 && (p = memchr(text.p, 0xef, text.n)) != NULL) {
		text = str_tail(text, (size_t)(p - text.p));
		if (str_starts(text, "\xef\xbb\xbf"))
			return true;
		text = str_tail(text, 1);
	}
	return false;
}

/* Whether the result of pem_find for the text itself is final, so that inner
 * layers do not matter. */
static bool
is_settled(const struct pem *found, bool marked)
{
	static const bool settled[] = { [PEM_PUBLIC_KEY] = true,
		[PEM_PKCS7] = true,
		[PEM_REQUEST] = true,
		[PEM_TOO_MANY] = true,
		[PEM_NO_MEMORY] = false };

	if (found->kind == PEM_CERTIFICATE)
		return !found->inside && !marked;
	/* A valid certificate does not make up for a damaged one beside it. */
	return settled[found->kind] || found->n > 0;
}

/* Replaces the text by the certificates of the inner layers. */
static enum err
take_pem(struct unwrap_search *s, struct arena *a, struct unwrap *out,
    struct str *what)
{
	if (s->pem.full || s->pem.n > PEM_TEXT_MAX) {
		*what = str_of("certificate");
		return ERR_TOO_LONG;
	}
	out->pem = buf_view(&s->pem);
	return pem_find(out->pem, a, &out->found, what);
}

/* Whether the text is the rest of a binary file from which a program dropped
 * all bytes that are not UTF-8. Its control characters survive that, because
 * they are ASCII. */
static bool
is_dregs(struct str text)
{
	struct wrapping_look look;

	wrapping_look(text, &look);
	return look.controls >= DREGS_MIN && 16 * look.controls >= text.n;
}

/* Decides about a text that is not a certificate by itself, after its layers
 * were searched. `e` is the result of pem_find. */
static enum err
judge(struct unwrap_search *s, struct str text, struct unwrap *out, enum err e,
    struct str *what)
{
	enum pem_kind kind = out->found.kind;
	bool damaged = kind == PEM_CUT || kind == PEM_DAMAGED;

	if (s->certificates >= (out->found.blocks > 0 ? out->found.blocks : 1))
		return take_pem(s, s->arena, out, what);
	out->found.n = 0;
	if (s->archive || s->deep) {
		*what = s->archive ? s->what : str_of(DEEP);
		return ERR_NOT_A_CERTIFICATE;
	}
	if (s->kind == PEM_REQUEST)
		return ERR_REQUEST_INSTEAD;
	/* A further reading of the same kind says nothing new. */
	if (s->kind == kind && kind != PEM_PLAIN && !damaged)
		return e;
	if (s->kind != PEM_PLAIN && (!damaged || s->kind < PEM_CERTIFICATE)) {
		*what = s->what;
		return ERR_NOT_A_CERTIFICATE;
	}
	if (kind == PEM_PLAIN && is_dregs(text)) {
		*what = str_of(unwrap_contents[PEM_BINARY]);
		return ERR_NOT_A_CERTIFICATE;
	}
	if (kind == PEM_PLAIN || damaged)
		name_document(s, text, kind, what);
	return e;
}

enum err
unwrap_certificates(
    struct str text, struct arena *a, struct unwrap *out, struct str *what)
{
	struct unwrap_search s = { .keys_only = false };
	size_t size = text.n / 2 * 3 + 1024;
	char *room = NULL;
	enum err e, found;
	size_t i;

	*out = (struct unwrap){ .pem = { NULL, 0 } };
	found = pem_find(text, a, &out->found, what);
	if (found == ERR_TOO_LONG || found == ERR_MEMORY ||
	    found == ERR_PRIVATE_KEY)
		return found;
	if ((room = arena_take(a, size)) == NULL)
		return ERR_MEMORY;
	buf_init(&s.pem, room, size);
	s.only = out->found.only && !out->found.inside && !is_marked(text);
	e = unwrap_search(&s, text, a);
	memset(s.phrase, 0, sizeof(s.phrase));
	for (i = 0; e == ERR_OK && s.only && i < out->found.n; i++)
		e = unwrap_visit(&s, UNWRAP_DEPTH + 1, out->found.der[i]);
	if (e == ERR_PRIVATE_KEY)
		*what = s.what;
	if (e != ERR_OK)
		return e;
	if (is_settled(&out->found,
		is_marked(text) || str_starts(text, MARK_AS_LATIN_1)))
		return found;
	return judge(&s, text, out, found, what);
}

/* --- any other text ---------------------------------------------------- */

/* A copy of a text that may lie in the free part of the arena. */
static struct str
keep(struct arena *a, struct str text)
{
	char *p = arena_take(a, text.n);

	if (p == NULL)
		return str_of(NULL);
	memmove(p, text.p, text.n);
	return str_from(p, text.n);
}

enum err
unwrap_check(struct str text, struct arena *a, struct str *what)
{
	struct unwrap_search s = { .keys_only = true };
	size_t used = a->used;
	struct pem found;
	enum err e;

	*what = STR_EMPTY;
	if (text.n < KEY_TEXT_MIN)
		return ERR_OK;
	if (text.n <= PEM_TEXT_MAX) {
		e = pem_find(text, a, &found, what);
		a->used = used;
		if (e == ERR_PRIVATE_KEY || e == ERR_MEMORY)
			return e;
	}
	*what = STR_EMPTY;
	e = unwrap_search(&s, text, a);
	a->used = used;
	if (e != ERR_OK || (!s.archive && !s.deep))
		return e;
	*what = keep(a, s.archive ? s.what : str_of(DEEP));
	return str_is_null(*what) ? ERR_MEMORY : ERR_WRAPPED;
}
