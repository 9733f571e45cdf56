/* SPDX-License-Identifier: ISC */
/*
 * test_pem.c - the kinds of content that pem_find recognizes in a text. The DER
 * here is only a beginning and zeros: pem_find reads no further.
 */
#include "format/pem.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define A19 "AAAAAAAAAAAAAAAAAAA"
#define A32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
/* 131 bytes of DER in base64: a beginning of 28 digits, then zeros. */
#define DER(begin) begin A32 A32 A32 A32 A19 "="
#define CERTIFICATE DER("MIGAMH6gAwIBAgAAAAAAAAAAAAAA")
#define VERSION_1 DER("MIGAMH4CAQEwAgYAMAAwAAAAAAAA")
#define REVOCATION_LIST DER("MIGAMH4CAQEwAgYAMAAXAAAAAAAA")
#define REQUEST DER("MIGAMH4CAQAwDTELAAAAAAAAAAAA")
#define PKCS7 DER("MIGABgkqhkiG9w0BBwIAAAAAAAAA")
#define PKCS12 DER("MIGAAgEDMHsGCSqGSIb3DQEHAQAA")
#define PUBLIC_KEY DER("MIGAMA0GCSqGSIb3DQEBAQAAAAAA")
#define OTHER DER("MIGADH4AAAAAAAAAAAAAAAAAAAAA")
/* The beginnings of private keys. */
#define PKCS8 "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
#define PKCS8_PUBLIC "MIIEvQIBATANBgkqhkiG9w0BAQEFAASC"
#define PKCS1 "MIIEpAIBAAKCAQEA"
#define PKCS1_PRIMES "MIIEpAIBAQKCAQEA"
#define SEC1 "MHcCAQEEIAAAAAAA"
#define ED25519 "MC4CAQAwBQYDK2VwBCIEIAAAAAAA"
#define PBES2 "MIIFLTBXBgkqhkiG9w0BBQ0wSjApBgkq"
#define PBE_OLD "MIIFDjBABgoqhkiG9w0BDAEDMBoEFAAA"

#define BEGIN(label) "-----BEGIN " label "-----"
#define END(label) "-----END " label "-----"
#define BLOCK(label, body) BEGIN(label) "\n" body "\n" END(label) "\n"
#define PEM BLOCK("CERTIFICATE", CERTIFICATE)

#define NO ERR_NOT_A_CERTIFICATE
#define PLAIN "it contains neither PEM nor the base64 of a certificate"
#define DAMAGED                                                              \
	"its base64 or its BEGIN and END lines are damaged; copy the whole " \
	"text again"
#define CUT                                                                 \
	"it is incomplete; copy the whole text from the BEGIN line to the " \
	"END line, and nothing else"
#define BINARY "it is a binary file pasted as text; convert it to PEM"
#define IS_OTHER "it is PEM or base64 of something other than a certificate"
#define IS_PKCS7 \
	"it is a PKCS#7 file; upload the certificate in that file, as PEM"
#define IS_PKCS12                                                            \
	"it is a PKCS#12 file, which also contains the private key; upload " \
	"the certificate alone, as PEM"
#define IS_PUBLIC "it is a public key; upload the certificate for that key"

static const struct find_case {
	const char *name;
	struct str text;
	enum err e;
	size_t n;
	const char *what;
} find_cases[] = {
	/* Text. */
	{ "the seed's text is text", STR("Certificate value"), ERR_OK, 0,
	    PLAIN },
	{ "the empty text is empty", STR(""), ERR_OK, 0, "it is empty" },
	{ "blanks are empty", STR(" \t\r\n"), ERR_OK, 0, "it is empty" },
	{ "a mark without text is empty", STR("\xef\xbb\xbf"), ERR_OK, 0,
	    "it is empty" },
	{ "a word is text", STR("secret"), ERR_OK, 0, PLAIN },
	{ "words of base64 digits are text", STR("c2VjcmV0"), ERR_OK, 0,
	    PLAIN },
	{ "words that decode to a SEQUENCE are text", STR("MAES"), ERR_OK, 0,
	    PLAIN },
	{ "words that decode to an indefinite length are text", STR("MIAMIAMI"),
	    ERR_OK, 0, PLAIN },
	{ "words that begin like DER are text", STR("MIIC my mistake"), ERR_OK,
	    0, PLAIN },
	{ "an empty SEQUENCE is text", STR("MAA="), ERR_OK, 0, PLAIN },
	{ "a short SEQUENCE is text", STR("MAMCAQA="), ERR_OK, 0, PLAIN },
	{ "a key too short to be one is text", STR("MAgCAQAwAwYBAA=="), ERR_OK,
	    0, PLAIN },
	{ "an element longer than its container is text",
	    STR("MCICAQAwfwYBAA=="), ERR_OK, 0, PLAIN },
	{ "UTF-8 is text", STR("Schl\xc3\xbcssel"), ERR_OK, 0, PLAIN },
	{ "an amount is text", STR("0\xe2\x82\xac to pay"), ERR_OK, 0, PLAIN },
	{ "a number is text", STR("0102030405060708"), ERR_OK, 0, PLAIN },
	{ "talk of keys is text", STR("My PRIVATE KEY is safe."), ERR_OK, 0,
	    PLAIN },
	{ "BEGIN on another line is text", STR("BEGIN \nPRIVATE KEY"), ERR_OK,
	    0, PLAIN },
	{ "talk of certificates is text", STR("CERTIFICATE"), ERR_OK, 0,
	    PLAIN },
	{ "NUL is text", STR("\0"), ERR_OK, 0, PLAIN },
	{ "JSON is text", STR("{\"certificate\":\"MIIC\"}"), ERR_OK, 0, PLAIN },

	/* PEM. */
	{ "takes PEM", STR(PEM), ERR_OK, 1, "" },
	{ "takes PEM without a last line end",
	    STR(BEGIN("CERTIFICATE") "\n" CERTIFICATE "\n" END("CERTIFICATE")),
	    ERR_OK, 1, "" },
	{ "takes PEM with CRLF",
	    STR(BEGIN("CERTIFICATE") "\r\n" CERTIFICATE
				     "\r\n" END("CERTIFICATE") "\r\n"),
	    ERR_OK, 1, "" },
	{ "takes PEM with CR alone",
	    STR(BEGIN("CERTIFICATE") "\r" CERTIFICATE "\r" END("CERTIFICATE")),
	    ERR_OK, 1, "" },
	{ "takes PEM in one line",
	    STR(BEGIN("CERTIFICATE") " " CERTIFICATE " " END("CERTIFICATE")),
	    ERR_OK, 1, "" },
	{ "takes PEM without any line end",
	    STR(BEGIN("CERTIFICATE") CERTIFICATE END("CERTIFICATE")), ERR_OK, 1,
	    "" },
	{ "takes PEM after a mark", STR("\xef\xbb\xbf" PEM), ERR_OK, 1, "" },
	{ "takes PEM among text", STR("Bag Attributes\n" PEM "bye\n"), ERR_OK,
	    1, "" },
	{ "takes indented PEM",
	    STR("  " BEGIN("CERTIFICATE") "\n  " CERTIFICATE
					  "\n  " END("CERTIFICATE")),
	    ERR_OK, 1, "" },
	{ "takes an X509 label", STR(BLOCK("X509 CERTIFICATE", CERTIFICATE)),
	    ERR_OK, 1, "" },
	{ "takes any label", STR(BLOCK("FOO", CERTIFICATE)), ERR_OK, 1, "" },
	{ "takes version 1", STR(BLOCK("CERTIFICATE", VERSION_1)), ERR_OK, 1,
	    "" },
	{ "takes a trusted certificate, without its purposes",
	    STR(BLOCK("TRUSTED CERTIFICATE",
		"MIGAMH6gAwIBAgAAAAAAAAAAAAAA" A32 A32 A32 A32 A19 "A")),
	    ERR_OK, 1, "" },
	{ "takes blocks that run together",
	    STR(BEGIN("CERTIFICATE") "\n" CERTIFICATE "\n" END("CERTIFICATE")
		    PEM),
	    ERR_OK, 2, "" },
	{ "passes over other blocks",
	    STR(PEM BLOCK("X509 CRL", REVOCATION_LIST)
		    BLOCK("CERTIFICATE REQUEST", REQUEST) BLOCK("PKCS7", PKCS7)
			PEM BLOCK("DH", "AAAA") BLOCK("PUBLIC KEY", PUBLIC_KEY)
			    BLOCK("PGP", "*")),
	    ERR_OK, 2, "" },
	{ "takes sixteen",
	    STR(PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM
		    PEM),
	    ERR_OK, 16, "" },
	{ "refuses seventeen",
	    STR(PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM PEM
		    PEM),
	    NO, 16,
	    "it contains more than 16 certificates; upload only the push "
	    "certificate" },

	/* base64 and DER. */
	{ "takes base64", STR(CERTIFICATE), ERR_OK, 1, "" },
	{ "takes base64 in lines", STR("\n" CERTIFICATE "\r\n"), ERR_OK, 1,
	    "" },
	{ "takes base64 after a mark", STR("\xef\xbb\xbf" CERTIFICATE), ERR_OK,
	    1, "" },
	{ "refuses base64 with text after it",
	    STR("MIGAMH6gAwIBAgAAAAAAAAAAAAAA" A32 A32 A32 A32 A19 "A"), NO, 0,
	    CUT },
	{ "refuses base64 without its end",
	    STR("MIGAMH6gAwIBAgAAAAAAAAAAAAAA" A32 A32), NO, 0, CUT },
	{ "refuses base64 cut between two bytes",
	    STR("MIGAMH6gAwIBAgAAAAAAAAAAAAAA" A32 "A"), NO, 0, CUT },
	{ "refuses base64 among text", STR("It is " CERTIFICATE), NO, 0, CUT },
	{ "refuses base64 in quotes", STR("\"" CERTIFICATE "\""), NO, 0, CUT },
	{ "refuses other DER", STR(OTHER), NO, 0, IS_OTHER },

	/* Damage. */
	{ "refuses a wrong digit", STR(BLOCK("CERTIFICATE", "*" CERTIFICATE)),
	    NO, 0, DAMAGED },
	{ "refuses an empty block", STR(BLOCK("CERTIFICATE", "")), NO, 0,
	    DAMAGED },
	{ "refuses a block that is not DER", STR(BLOCK("CERTIFICATE", "AAAA")),
	    NO, 0, DAMAGED },
	{ "refuses damage beside a certificate",
	    STR(PEM BLOCK("CERTIFICATE", "AAA")), NO, 1, DAMAGED },
	{ "refuses a block without its end",
	    STR(BEGIN("CERTIFICATE") "\n" CERTIFICATE "\n"), NO, 0, CUT },
	{ "refuses a block with half its end",
	    STR(BEGIN("CERTIFICATE") "\n" CERTIFICATE "\n-----END CERTIFI"), NO,
	    0, CUT },
	{ "refuses a block without its last dash",
	    STR(BEGIN("CERTIFICATE") "\n" CERTIFICATE
				     "\n-----END CERTIFICATE----"),
	    NO, 0, CUT },
	{ "refuses half a trusted certificate",
	    STR(BLOCK("TRUSTED CERTIFICATE", "MIGAMH6gAwIBAgAA")), NO, 0, CUT },
	{ "refuses a block with another's end",
	    STR(BEGIN("CERTIFICATE") "\n" CERTIFICATE "\n" END("FOO")), NO, 0,
	    CUT },
	{ "refuses half a label", STR("-----BEGIN CERTIF"), NO, 0, CUT },
	{ "refuses a second block without its end",
	    STR(PEM BEGIN("CERTIFICATE") "\n" CERTIFICATE "\n"), NO, 1, CUT },
	{ "refuses a block without its beginning",
	    STR("AAAA\n" END("CERTIFICATE")), NO, 0, DAMAGED },
	{ "refuses long dashes",
	    STR("\xe2\x80\x94 BEGIN CERTIFICATE \xe2\x80\x94\nAAAA"), NO, 0,
	    DAMAGED },
	{ "refuses PEM of something else", STR(BLOCK("FOO", "AAAA")), NO, 0,
	    IS_OTHER },
	{ "refuses bytes that are not text", STR("\xff\xfe"), NO, 0, BINARY },
	{ "refuses DER that a browser converted to text",
	    STR("0\xef\xbf\xbd\x03\xef\xbf\xbd"
		"0\xef\xbf\xbd\x02\xef\xbf\xbd\xef\xbf\xbd\x03\x02\x01\x02"),
	    NO, 0, BINARY },

	/* Other objects. */
	{ "knows a request", STR(BLOCK("CERTIFICATE REQUEST", REQUEST)),
	    ERR_REQUEST_INSTEAD, 0, "" },
	{ "knows a request under a wrong label",
	    STR(BLOCK("CERTIFICATE", REQUEST)), ERR_REQUEST_INSTEAD, 0, "" },
	{ "knows a request in base64", STR(REQUEST), ERR_REQUEST_INSTEAD, 0,
	    "" },
	{ "knows a request for Apple",
	    STR("<dict><key>PushCertRequestCSR</key>" PEM "</dict>"),
	    ERR_REQUEST_INSTEAD, 0, "" },
	{ "knows a request for Apple in base64",
	    STR("PGtleT5QdXNoQ2VydFJlcXVlc3RDU1I8L2tleT4="),
	    ERR_REQUEST_INSTEAD, 0, "" },
	{ "knows PKCS#7", STR(BLOCK("PKCS7", PKCS7)), NO, 0, IS_PKCS7 },
	{ "knows PKCS#7 in base64", STR(PKCS7), NO, 0, IS_PKCS7 },
	{ "knows PKCS#12", STR(BLOCK("PKCS12", PKCS12)), NO, 0, IS_PKCS12 },
	{ "knows PKCS#12 in base64", STR(PKCS12), NO, 0, IS_PKCS12 },
	{ "knows PKCS#12 of indefinite length",
	    STR("MIACAQMwgAYJKoZIhvcNAQcB" A32), NO, 0, IS_PKCS12 },
	{ "knows PKCS#12 beside a certificate", STR(PEM PKCS12), NO, 0,
	    IS_PKCS12 },
	{ "knows PKCS#12 that a browser converted to text",
	    STR("0\xef\xbf\xbd\x09\xef\xbf\xbd\x02\x01\x03"
		"0\xef\xbf\xbd"),
	    NO, 0, IS_PKCS12 },
	{ "knows a public key", STR(BLOCK("PUBLIC KEY", PUBLIC_KEY)), NO, 0,
	    IS_PUBLIC },
	{ "knows a public key in base64", STR(PUBLIC_KEY), NO, 0, IS_PUBLIC },

	/* Keys. */
	{ "finds a key by its label", STR(BLOCK("PRIVATE KEY", "*")),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key by half its label", STR("-----BEGIN RSA PRIVATE KEY"),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key of PuTTY", STR("PuTTY-User-Key-File-3: ssh-rsa\n"),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key of .NET", STR("<RSAKeyValue><D>AA</D></RSAKeyValue>"),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key of JOSE", STR("{\"kty\":\"RSA\",\"d\":\"AA\"}"),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "treats a public key of JOSE as text", STR("{\"kty\":\"RSA\"}"),
	    ERR_OK, 0, PLAIN },
	{ "finds a key of OpenSSH without its armour",
	    STR("b3BlbnNzaC1rZXktdjEAAAAABG5vbmU="), ERR_PRIVATE_KEY, 0, "" },
	{ "finds base64 of a PEM key after a certificate",
	    STR(PEM "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCkFBQUEK"),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key by its end", STR("AAAA\n-----END EC PRIVATE KEY-----"),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key of SSH",
	    STR("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n"),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key of PGP", STR(BLOCK("PGP PRIVATE KEY BLOCK", "AAAA")),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key after a certificate",
	    STR(PEM BLOCK("ENCRYPTED PRIVATE KEY", "AAAA")), ERR_PRIVATE_KEY, 0,
	    "" },
	{ "finds a key between certificates",
	    STR(PEM BLOCK("PRIVATE KEY", "AAAA") PEM), ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key that runs on in one line",
	    STR(BEGIN("CERTIFICATE") CERTIFICATE END("CERTIFICATE")
		    BEGIN("PRIVATE KEY")),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key under a wrong label", STR(BLOCK("CERTIFICATE", PKCS8)),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key without a label", STR(PEM "\n" PKCS8), ERR_PRIVATE_KEY,
	    0, "" },
	{ "finds a key among text", STR("The key: " PKCS8 " is ours"),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key cut short", STR("MIIEvQIBADANBgkq"), ERR_PRIVATE_KEY, 0,
	    "" },
	{ "finds a key broken into lines", STR("MIIE\nvQIB\r\nADAN Bgkq"),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "finds a key in base64 of PEM",
	    STR("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t"), ERR_PRIVATE_KEY, 0,
	    "" },
	{ "knows PKCS#8", STR(PKCS8), ERR_PRIVATE_KEY, 0, "" },
	{ "knows PKCS#8 with the public key", STR(PKCS8_PUBLIC),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "knows PKCS#1", STR(PKCS1), ERR_PRIVATE_KEY, 0, "" },
	{ "knows PKCS#1 of many primes", STR(PKCS1_PRIMES), ERR_PRIVATE_KEY, 0,
	    "" },
	{ "knows SEC 1", STR(SEC1), ERR_PRIVATE_KEY, 0, "" },
	{ "knows the shortest PKCS#8", STR(ED25519), ERR_PRIVATE_KEY, 0, "" },
	{ "knows encrypted PKCS#8", STR(PBES2), ERR_PRIVATE_KEY, 0, "" },
	{ "knows old encrypted PKCS#8", STR(PBE_OLD), ERR_PRIVATE_KEY, 0, "" },
	{ "a key counts more than PKCS#12", STR(PKCS12 "\n" PKCS8),
	    ERR_PRIVATE_KEY, 0, "" },
	{ "binary keys are keys", STR("0\x2e\x02\x01\x00\x30\x05\x06\x03"),
	    ERR_PRIVATE_KEY, 0, "" },
};

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

/* Makes an arena that ends at a page that must not be read. */
static void
tight(struct arena *a, size_t n)
{
	static char zeros[PEM_ARENA(PEM_TEXT_MAX)];
	struct str block = unit_guard(1, str_from(zeros, n));

	arena_init(a, (void *)(uintptr_t)block.p, n);
}

START_TEST(find)
{
	const struct find_case *c = &find_cases[_i];
	struct str text = unit_guard(0, c->text), what = STR("?");
	struct pem found;
	struct arena a;
	enum err e;
	size_t i;

	tight(&a, PEM_ARENA(text.n));
	e = pem_find(text, &a, &found, &what);
	ck_assert_msg(e == c->e, "%s: %d, %.*s", c->name, e, STR_ARG(what));
	unit_same(c->name, what, str_of(c->what));
	unit_check(c->name, found.n == c->n);
	for (i = 0; e == ERR_OK && i < found.n; i++)
		unit_check(c->name, found.der[i].n == 131);
}
END_TEST

/*
 * With every size of the arena, the outcome is the expected one or ERR_MEMORY.
 */
START_TEST(find_in_little_room)
{
	const struct find_case *c = &find_cases[_i];
	struct pem found;
	struct arena a;
	struct str what;
	size_t n;
	enum err e;

	for (n = 0; n < PEM_ARENA(c->text.n); n += 7) {
		tight(&a, n);
		e = pem_find(c->text, &a, &found, &what);
		unit_check(c->name, e == c->e || e == ERR_MEMORY);
	}
}
END_TEST

/* For every prefix of a text, an arena of the documented size suffices, and no
 * read goes past the end. */
START_TEST(find_cut_anywhere)
{
	const struct find_case *c = &find_cases[_i];
	struct pem found;
	struct arena a;
	struct str what;
	size_t n;

	for (n = 0; n < c->text.n; n++) {
		tight(&a, PEM_ARENA(n));
		unit_check(c->name,
		    pem_find(unit_guard(0, str_head(c->text, n)), &a, &found,
			&what) != ERR_MEMORY);
	}
}
END_TEST

static const struct long_case {
	const char *name;
	const char *unit;
	size_t n;
	enum err e;
} long_cases[] = {
	{ "the longest text is read", "x", PEM_TEXT_MAX, ERR_OK },
	{ "a longer one is not", "x", PEM_TEXT_MAX + 1, ERR_TOO_LONG },
	{ "begins of DER at every word", "MII ", PEM_TEXT_MAX, ERR_OK },
	{ "labels at every word", "PRIVATE KEY", PEM_TEXT_MAX, ERR_OK },
	{ "blocks at every word", "-----BEGIN ", PEM_TEXT_MAX,
	    ERR_NOT_A_CERTIFICATE },
	{ "small blocks", "-----BEGIN A-----AAAA-----END A-----", PEM_TEXT_MAX,
	    ERR_NOT_A_CERTIFICATE },
	{ "zeros", "A", PEM_TEXT_MAX, ERR_OK },
};

START_TEST(find_in_long_text)
{
	const struct long_case *c = &long_cases[_i];
	char *text = malloc(c->n);
	size_t i, unit = strlen(c->unit);
	struct pem found;
	struct arena a;
	struct str what;

	ck_assert(text != NULL);
	for (i = 0; i < c->n; i++)
		text[i] = c->unit[i % unit];
	tight(&a, PEM_ARENA(PEM_TEXT_MAX));
	unit_check(
	    c->name, pem_find(str_from(text, c->n), &a, &found, &what) == c->e);
	free(text);
}
END_TEST

static const struct write_case {
	const char *name;
	struct str der;
	const char *pem;
} write_cases[] = {
	{ "writes nothing", STR(""),
	    "-----BEGIN X Y-----\n-----END X Y-----\n" },
	{ "writes less than a line", STR("secret"),
	    "-----BEGIN X Y-----\nc2VjcmV0\n-----END X Y-----\n" },
	{ "writes a whole line",
	    STR("123456789012345678901234567890123456789012345678"),
	    "-----BEGIN X Y-----\n"
	    "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4\n"
	    "-----END X Y-----\n" },
	{ "writes a line and a digit more",
	    STR("1234567890123456789012345678901234567890123456789"),
	    "-----BEGIN X Y-----\n"
	    "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4\n"
	    "OQ==\n"
	    "-----END X Y-----\n" },
};

START_TEST(write)
{
	const struct write_case *c = &write_cases[_i];
	char text[256];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	pem_write("X Y", unit_guard(0, c->der), &b);
	unit_check(c->name, !b.full);
	unit_same(c->name, buf_view(&b), str_of(c->pem));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pem");
	TCase *t = tcase_create("pem");

	tcase_add_loop_test(t, find, 0, ROWS(find_cases));
	tcase_add_loop_test(t, find_in_little_room, 0, ROWS(find_cases));
	tcase_add_loop_test(t, find_cut_anywhere, 0, ROWS(find_cases));
	tcase_add_loop_test(t, find_in_long_text, 0, ROWS(long_cases));
	tcase_add_loop_test(t, write, 0, ROWS(write_cases));
	suite_add_tcase(s, t);
	return unit_run(s);
}
