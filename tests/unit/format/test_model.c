/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "format/model.h"
#include "format/path.h"
#include "format/record.h"
#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MANAGEMENT_ALL 7U /* id, intuneAccountId, subscriptionState */

static const struct {
	enum model_type type;
	const char *list;
	enum err outcome;
	unsigned set;
	const char *what;
} selects[] = {
	{ MODEL_CERTIFICATE, "id", ERR_OK, RECORD_BIT(RECORD_ID), NULL },
	{ MODEL_CERTIFICATE, "id,certificate", ERR_OK,
	    RECORD_BIT(RECORD_ID) | RECORD_BIT(RECORD_CERTIFICATE), NULL },
	{ MODEL_CERTIFICATE, " id , id ", ERR_OK, RECORD_BIT(RECORD_ID), NULL },
	{ MODEL_CERTIFICATE, "*", ERR_OK, RECORD_ALL, NULL },
	{ MODEL_CERTIFICATE, "id,*", ERR_OK, RECORD_ALL, NULL },
	{ MODEL_CERTIFICATE, "Id", ERR_SELECT, 0, "Id" },
	{ MODEL_CERTIFICATE, "id,", ERR_SELECT, 0, "" },
	{ MODEL_CERTIFICATE, "", ERR_SELECT, 0, "" },
	{ MODEL_CERTIFICATE, "id certificate", ERR_SELECT, 0,
	    "id certificate" },
	{ MODEL_DEVICE_MANAGEMENT, "*", ERR_OK, MANAGEMENT_ALL, NULL },
	{ MODEL_DEVICE_MANAGEMENT, "subscriptionState,id", ERR_OK, 5, NULL },
	{ MODEL_DEVICE_MANAGEMENT, "id,applePushNotificationCertificate",
	    ERR_OK, 9, NULL },
	{ MODEL_DEVICE_MANAGEMENT, "settings", ERR_SELECT, 0, "settings" },
	{ MODEL_AUDIT_EVENT, "actor,id", ERR_OK, 1 + 1024, NULL },
	{ MODEL_AUDIT_EVENT, "actor/userId", ERR_SELECT, 0, "actor/userId" },
};

START_TEST(reads_selections)
{
	struct str what;
	unsigned set;

	unit_check(selects[_i].list,
	    model_select(selects[_i].type,
		unit_guard(0, str_of(selects[_i].list)), &set,
		&what) == selects[_i].outcome);
	if (selects[_i].outcome == ERR_OK)
		unit_check(selects[_i].list, set == selects[_i].set);
	else
		unit_same(selects[_i].list, what, str_of(selects[_i].what));
}
END_TEST

static const struct {
	enum model_type type;
	const char *name;
	int found;
} names[] = {
	{ MODEL_CERTIFICATE, "id", RECORD_ID },
	{ MODEL_CERTIFICATE, "ExpirationDateTime", RECORD_EXPIRES },
	{ MODEL_CERTIFICATE, "expirationDate", -1 },
	{ MODEL_CERTIFICATE, "", -1 },
	{ MODEL_DEVICE_MANAGEMENT, "subscriptionstate", 2 },
	{ MODEL_DEVICE_MANAGEMENT, "settings", -1 },
	{ MODEL_STRING, "length", -1 },
};

START_TEST(finds_properties)
{
	unit_check(names[_i].name,
	    model_find(names[_i].type, unit_guard(0, str_of(names[_i].name))) ==
		names[_i].found);
}
END_TEST

/* Every property of the record is a property of the type, with the same name
 * and the same order, so the sets of both are the same. */
START_TEST(has_every_property_of_the_record)
{
	const struct record_property *row = &record_properties[_i];
	struct model_property p = model_property(
	    MODEL_CERTIFICATE, (unsigned)_i);

	unit_check(row->name, strcmp(p.name, row->name) == 0);
	unit_check(row->name, p.nullable == row->nullable);
	unit_check(row->name, p.computed == row->server_only);
	unit_check(row->name, _i == RECORD_ID || p.description != NULL);
}
END_TEST

START_TEST(names_the_type_of_the_record)
{
	const struct model_info *info = model_info(MODEL_CERTIFICATE);

	ck_assert_uint_eq(info->properties, RECORD_PROPERTIES);
	ck_assert_str_eq(
	    &RECORD_TYPE[sizeof(MODEL_NAMESPACE ".") - 1], info->name);
}
END_TEST

/* Whether property i has a name of its own, and a type unless it is a member of
 * an enum. */
static bool
is_sound(enum model_type type, unsigned i)
{
	struct model_property p = model_property(type, i);
	bool member = model_info(type)->kind == MODEL_IS_ENUM;

	return model_find(type, str_of(p.name)) == (int)i &&
	    (p.type == MODEL_NONE) == member;
}

/* Rules that the descriptions rely on, for each type. */
START_TEST(keeps_its_rules)
{
	enum model_type type = (enum model_type)_i;
	const struct model_info *info = model_info(type);
	bool primitive = info->kind == MODEL_IS_PRIMITIVE;
	unsigned i;

	unit_check(info->name, info->roots != 0);
	unit_check(info->name, info->properties <= 8 * sizeof(unsigned));
	unit_check(info->name, (info->properties == 0) == primitive);
	for (i = 0; i < info->properties; i++)
		unit_check(info->name, is_sound(type, i));
	if (info->kind == MODEL_IS_ENTITY)
		unit_check(info->name, model_find(type, str_of("id")) == 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("model");
	TCase *t = tcase_create("model");

	tcase_add_loop_test(t, reads_selections, 0, COUNT(selects));
	tcase_add_loop_test(t, finds_properties, 0, COUNT(names));
	tcase_add_loop_test(
	    t, has_every_property_of_the_record, 0, RECORD_PROPERTIES);
	tcase_add_test(t, names_the_type_of_the_record);
	tcase_add_loop_test(t, keeps_its_rules, 1, MODEL_TYPES);
	suite_add_tcase(s, t);
	return unit_run(s);
}
