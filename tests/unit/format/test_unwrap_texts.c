/* SPDX-License-Identifier: ISC */
/*
 * test_unwrap_texts.c - ordinary texts in ordinary forms are stored: none looks
 * like a key or like a text in too many wrappings.
 */
#include "format/unwrap.h"
#include "unit.h"

#define TEXT_MAX 4096
#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const char *const words[] = {
	"Alice Miller",
	"mdm.admin+push@example.org",
	"Schl\xc3\xbcssel f\xc3\xbcr M\xc3\xbcller & S\xc3\xb6hne, 100 %",
	"Renew the certificate before 2027-03-01, or phones stop answering.",
	"The private key stays on the server; begin with a new request.",
	"Der Antrag auf Verl\xc3\xa4ngerung der "
	"Ger\xc3\xa4teverwaltungszertifikatsberechtigung liegt vor.",
	"Le certificat doit \xc3\xaatre renouvel\xc3\xa9 chaque ann\xc3\xa9"
	"e ; pr\xc3\xa9venez l\xe2\x80\x99\xc3\xa9quipe.",
	"El certificado caduca ma\xc3\xb1"
	"ana: \xc2\xbfqui\xc3\xa9n lo renueva?",
	"\xd0\xa1\xd0\xb5\xd1\x80\xd1\x82\xd0\xb8\xd1\x84\xd0\xb8\xd0\xba\xd0"
	"\xb0\xd1\x82 \xd0\xb8\xd1\x81\xd1\x82\xd1\x91\xd0\xba, "
	"\xd0\xbe\xd0\xb1\xd0\xbd\xd0\xbe\xd0\xb2\xd0\xb8\xd1\x82\xd0\xb5.",
	"\xe8\xaf\x81\xe4\xb9\xa6\xe4\xb8\x8a\xe4\xbc\xa0\xe5\xa4\xb1\xe8\xb4"
	"\xa5\xef\xbc\x8c\xe8\xaf\xb7\xe9\x87\x8d\xe8\xaf\x95",
	"com.apple.mgmt.External.1b4e28ba-2fa1-4c8e-883f-0016d3cca427",
	"https://login.example.org/oauth2/v2.0/authorize?client_id=00000003-"
	"0000-0000-c000-000000000000&scope=openid%20profile",
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8"
	"55",
	"A9:5E:0B:3F:11:22:33:44:55:66:77:88:99:00:AA:BB:CC:DD:EE:FF",
	"C:\\Users\\admin\\Documents\\new\\mdm push 2026.pem",
	"+49 30 1234567, +1 (555) 010-9999, room 0x2f",
	"1. open the portal\n2. choose Renew\n3. upload the file\n",
	"- phones: 1200\n- tablets: 350\n- laptops: 77\n",
	"+ new certificate\n- old certificate\n  unchanged line\n",
	"10.0.0.1, 10.0.0.2, 192.168.178.23, 2001:db8::ff00:42:8329",
	"Serial 77, 12, 255, 0, 1, 48, 130; see ticket #48213 of 2026-11-30.",
	"if (a < b && c > d) { x = \"y\\n\"; } // 50% of all cases",
	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
	"u5p0lGvZ3qk2m8TtJxY1w9rEhQbCfNdSaKoLiPzVXyU7R4W6",
};

/* Each $ stands for the text. */
static const char *const forms[] = {
	"$",
	"  $\r\n",
	"\"$\"",
	"> $\n> $\n",
	"On Monday the administrator wrote:\n> > $\n>\n> $\n$\n",
	"{\"name\": \"$\", \"note\": \"$\"}",
	"[{\"id\":1,\"v\":\"$\"},{\"id\":2,\"v\":\"$\"},{\"id\":3}]",
	"<p>$</p>\n<p class=\"n\">$ &amp; $</p>\n",
	("<!DOCTYPE html><html><head><title>$</title><script>var a=\"$\\n\";"
	 "</script></head><body>$</body></html>"),
	"<html><body><a href=\"/login?next=%2Fhome\">$</a> $</body></html>",
	"# $\n# $\nkey = value\n",
	"// $\n/* $ */\n",
	"$; $; $",
	"\xef\xbb\xbf$\n",
	"\xe2\x80\x9c$\xe2\x80\x9d \xe2\x80\x94 $",
	"Dear team,\n\n$\n\nBest regards\n-- \n$\n",
	"name,note\n\"$\",\"$\"\n\"$\",1\n",
};

static void
check_text(struct str text)
{
	static char room[UNWRAP_ARENA(TEXT_MAX)];
	struct str what;
	struct unwrap u;
	struct arena a;
	enum err e;

	arena_init(&a, room, UNWRAP_ARENA(text.n));
	e = unwrap_check(text, &a, &what);
	ck_assert_msg(e == ERR_OK, "%d: %.*s", e, STR_ARG(text));
	arena_init(&a, room, UNWRAP_ARENA(text.n));
	e = unwrap_certificates(text, &a, &u, &what);
	ck_assert_msg(
	    e == ERR_OK && u.found.n == 0, "%d: %.*s", e, STR_ARG(text));
}

static struct str
fill(const char *form, const char *word, struct buf *out)
{
	for (; *form != '\0'; form++)
		if (*form == '$')
			buf_text(out, word);
		else
			buf_char(out, *form);
	ck_assert(!out->full);
	return buf_view(out);
}

START_TEST(ordinary_text)
{
	char text[TEXT_MAX];
	struct buf b;
	size_t i;

	for (i = 0; i < ROWS(words); i++) {
		buf_init(&b, text, sizeof(text));
		check_text(fill(forms[_i], words[i], &b));
	}
}
END_TEST

/* All texts in one: a long note. */
START_TEST(long_note)
{
	char text[TEXT_MAX];
	struct buf b;
	size_t i;

	buf_init(&b, text, sizeof(text));
	for (i = 0; i < ROWS(words); i++) {
		buf_text(&b, words[i]);
		buf_char(&b, '\n');
	}
	ck_assert(!b.full);
	check_text(buf_view(&b));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("unwrap_texts");
	TCase *t = tcase_create("unwrap_texts");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, ordinary_text, 0, (int)ROWS(forms));
	tcase_add_test(t, long_note);
	suite_add_tcase(s, t);
	return unit_run(s);
}
