/* SPDX-License-Identifier: ISC */
/*
 * test_vendor_reply.c - what a vendor's signing service may return.
 */
#include "format/vendor_reply.h"

#include "base/buf.h"
#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The request is the text "request", whose base64 is cmVxdWVzdA==. */
#define REQUEST "<key>PushCertRequestCSR</key><string>cmVxdWVzdA==</string>"
#define CHAIN                                             \
	"<key>PushCertCertificateChain</key>\n\t<string>" \
	"-----BEGIN CERTIFICATE-----\nAA==\n</string>"
#define SIGNATURE "<key>PushCertSignature</key><string>c2ln</string>"
#define LIST(inside) "<?xml?><plist><dict>" inside "</dict></plist>"
#define WHOLE LIST(REQUEST CHAIN SIGNATURE)

static const struct {
	const char *name;
	struct str text;
	const char *fault; /* NULL: the text is accepted */
} replies[] = {
	{ "a property list", STR(WHOLE), NULL },
	{ "blanks around it", STR(" \r\n" WHOLE "\n"), NULL },
	{ "a byte order mark", STR("\xef\xbb\xbf" WHOLE), NULL },
	{ "another order", STR(LIST(SIGNATURE CHAIN REQUEST)), NULL },
	{ "data in place of a string",
	    STR(LIST("<key>PushCertRequestCSR</key><data>cmVx\n\tdWVz\n\tdA=="
		     "</data>" CHAIN SIGNATURE)),
	    NULL },
	{ "nothing", STR(""),
	    "it is neither a property list nor base64 of one" },
	{ "an HTML page", STR("<html><body>503</body></html>"),
	    "it is neither a property list nor base64 of one" },
	{ "an error", STR("quota exceeded"),
	    "it is neither a property list nor base64 of one" },
	{ "a NUL", STR("PHBsaXN0\0"),
	    "it is neither a property list nor base64 of one" },
	{ "base64 of something else", STR("cmVxdWVzdA=="),
	    "it is neither a property list nor base64 of one" },
	{ "no request", STR(LIST(CHAIN SIGNATURE)),
	    "it has no PushCertRequestCSR" },
	{ "a key that ends too early", STR(LIST("<key>PushCertRequestCSR")),
	    "it has no PushCertRequestCSR" },
	{ "a value of another type",
	    STR(LIST("<key>PushCertRequestCSR</key><true/>" CHAIN SIGNATURE)),
	    "it has no PushCertRequestCSR" },
	{ "the request of another customer",
	    STR(LIST("<key>PushCertRequestCSR</key><string>cmVxdWVzdB=="
		     "</string>" CHAIN SIGNATURE)),
	    "it has another request than the one that was sent" },
	{ "a longer request",
	    STR(LIST("<key>PushCertRequestCSR</key><string>cmVxdWVzdHM="
		     "</string>" CHAIN SIGNATURE)),
	    "it has another request than the one that was sent" },
	{ "no chain", STR(LIST(REQUEST SIGNATURE)),
	    "its PushCertCertificateChain has no certificate" },
	{ "an empty chain",
	    STR(LIST(REQUEST
		"<key>PushCertCertificateChain</key><string/>" SIGNATURE)),
	    "its PushCertCertificateChain has no certificate" },
	{ "no signature", STR(LIST(REQUEST CHAIN)),
	    "it has no PushCertSignature" },
	{ "an empty signature",
	    STR(LIST(
		REQUEST CHAIN "<key>PushCertSignature</key><string></string>")),
	    "it has no PushCertSignature" },
};

static enum err
read_reply(struct str text, struct str *out, struct str *what)
{
	static char block[8192];
	struct arena a;

	arena_init(&a, block, sizeof(block));
	*what = str_of(NULL);
	return vendor_reply_read(
	    unit_guard(0, text), str_of("request"), &a, out, what);
}

START_TEST(judges)
{
	struct str out, what;
	enum err e = read_reply(replies[_i].text, &out, &what);

	if (replies[_i].fault == NULL) {
		unit_check(replies[_i].name, e == ERR_OK);
		unit_check(replies[_i].name, str_starts(out, "PD"));
		return;
	}
	unit_check(replies[_i].name, e == ERR_CONFIG);
	unit_same(replies[_i].name, what, str_of(replies[_i].fault));
}
END_TEST

/* The same in base64, in lines as Apple's portal gets it from other tools. */
START_TEST(judges_base64)
{
	char digits[1024], lines[2048];
	struct str text = replies[_i].text, out, again, what;
	struct buf b;
	size_t i, n;

	if (replies[_i].fault != NULL || text.n > 700)
		return;
	ck_assert_int_eq(read_reply(text, &out, &what), ERR_OK);
	n = str_base64((const uint8_t *)text.p, text.n, digits);
	buf_init(&b, lines, sizeof(lines));
	for (i = 0; i < n; i++)
		buf_printf(&b, i % 64 == 63 ? "%c\r\n" : "%c", digits[i]);
	memcpy(digits, out.p, out.n);
	out.p = digits;
	ck_assert_int_eq(read_reply(buf_view(&b), &again, &what), ERR_OK);
	unit_same(replies[_i].name, again, out);
}
END_TEST

START_TEST(a_full_arena)
{
	char block[32];
	struct str out, what;
	struct arena a;

	arena_init(&a, block, sizeof(block));
	ck_assert_int_eq(vendor_reply_read(
			     str_of(WHOLE), str_of("request"), &a, &out, &what),
	    ERR_MEMORY);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("vendor_reply");
	TCase *t = tcase_create("vendor_reply");

	tcase_add_loop_test(t, judges, 0, COUNT(replies));
	tcase_add_loop_test(t, judges_base64, 0, COUNT(replies));
	tcase_add_test(t, a_full_arena);
	suite_add_tcase(s, t);
	return unit_run(s);
}
