/* SPDX-License-Identifier: ISC */
#include "format/expand.h"
#include "format/record.h"
#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define NAME "applePushNotificationCertificate"
#define SET 8U /* the only navigation to a single entity */

static const struct {
	const char *text;
	enum err outcome;
	unsigned set;
	bool selected;
	unsigned nested;
	const char *what; /* the piece at fault */
	enum model_type of;
} texts[] = {
	{ NAME, ERR_OK, SET, false, RECORD_ALL, NULL, MODEL_NONE },
	{ " " NAME " ", ERR_OK, SET, false, RECORD_ALL, NULL, MODEL_NONE },
	{ NAME "()", ERR_OK, SET, false, RECORD_ALL, NULL, MODEL_NONE },
	{ NAME " ( ) ", ERR_OK, SET, false, RECORD_ALL, NULL, MODEL_NONE },
	{ NAME "($select=id)", ERR_OK, SET, true, 1, NULL, MODEL_NONE },
	{ NAME "( select = id , appleIdentifier )", ERR_OK, SET, true, 3, NULL,
	    MODEL_NONE },
	{ NAME "($SELECT=*)", ERR_OK, SET, true, RECORD_ALL, NULL, MODEL_NONE },
	{ "", ERR_SELECT, 0, false, 0, "", MODEL_DEVICE_MANAGEMENT },
	{ "*", ERR_SELECT, 0, false, 0, "*", MODEL_DEVICE_MANAGEMENT },
	{ NAME ",", ERR_SELECT, 0, false, 0, "", MODEL_DEVICE_MANAGEMENT },
	{ "ApplePushNotificationCertificate", ERR_SELECT, 0, false, 0,
	    "ApplePushNotificationCertificate", MODEL_DEVICE_MANAGEMENT },
	{ "a($select=b,c),d", ERR_SELECT, 0, false, 0, "a",
	    MODEL_DEVICE_MANAGEMENT },
	{ NAME "/id", ERR_SELECT, 0, false, 0, NAME "/id",
	    MODEL_DEVICE_MANAGEMENT },
	{ "id", ERR_EXPAND, 0, false, 0, "id", MODEL_DEVICE_MANAGEMENT },
	{ "auditEvents($top=1)", ERR_EXPAND, 0, false, 0, "auditEvents",
	    MODEL_DEVICE_MANAGEMENT },
	{ NAME "," NAME, ERR_QUERY_TWICE, 0, false, 0, NAME,
	    MODEL_DEVICE_MANAGEMENT },
	{ NAME "(", ERR_EXPAND_SYNTAX, 0, false, 0, NAME "(",
	    MODEL_CERTIFICATE },
	{ NAME "($select=id", ERR_EXPAND_SYNTAX, 0, false, 0,
	    NAME "($select=id", MODEL_CERTIFICATE },
	{ NAME "()x", ERR_EXPAND_SYNTAX, 0, false, 0, NAME "()x",
	    MODEL_CERTIFICATE },
	{ NAME "($select=id))", ERR_SELECT, 0, false, 0, "id)",
	    MODEL_CERTIFICATE },
	{ NAME "($select)", ERR_SELECT, 0, false, 0, "", MODEL_CERTIFICATE },
	{ NAME "($select=)", ERR_SELECT, 0, false, 0, "", MODEL_CERTIFICATE },
	{ NAME "($select=nope)", ERR_SELECT, 0, false, 0, "nope",
	    MODEL_CERTIFICATE },
	{ NAME "(id)", ERR_QUERY_OPTION, 0, false, 0, "id", MODEL_CERTIFICATE },
	{ NAME "($expand=a($select=b;$top=1))", ERR_QUERY_OPTION, 0, false, 0,
	    "$expand", MODEL_CERTIFICATE },
	{ NAME "($select=id;)", ERR_QUERY_OPTION, 0, false, 0, "",
	    MODEL_CERTIFICATE },
	{ NAME "($select=id;select=id)", ERR_QUERY_TWICE, 0, false, 0, "select",
	    MODEL_CERTIFICATE },
};

START_TEST(reads_texts)
{
	enum model_type of = MODEL_NONE;
	struct expand x;
	struct str what = str_of(NULL);

	unit_check(texts[_i].text,
	    expand_read(MODEL_DEVICE_MANAGEMENT,
		unit_guard(0, str_of(texts[_i].text)), &x, &what,
		&of) == texts[_i].outcome);
	if (texts[_i].outcome != ERR_OK) {
		unit_same(texts[_i].text, what, str_of(texts[_i].what));
		unit_check(texts[_i].text, of == texts[_i].of);
		return;
	}
	unit_check(texts[_i].text, x.set == texts[_i].set);
	unit_check(texts[_i].text, x.selected == texts[_i].selected);
	unit_check(texts[_i].text, x.nested == texts[_i].nested);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("expand");
	TCase *t = tcase_create("expand");

	tcase_add_loop_test(t, reads_texts, 0, COUNT(texts));
	suite_add_tcase(s, t);
	return unit_run(s);
}
