/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "format/actor.h"
#include "unit.h"

static const struct {
	const char *name;
	enum actor_kind kind;
	const char *text, *user_id;
	const char *user, *application, *display;
} cases[] = {
	{ "a person and an application", ACTOR_USER, "eve@a.test by app", NULL,
	    "eve@a.test", "app", NULL },
	{ "a person with an object id", ACTOR_USER, "eve@a.test by app", "1",
	    "eve@a.test", "app", NULL },
	{ "a person without an application", ACTOR_USER, "eve@a.test", NULL,
	    "eve@a.test", NULL, NULL },
	{ "a person of whom only the object id is known", ACTOR_USER,
	    "1 by app", "1", NULL, "app", NULL },
	{ "nothing but an object id", ACTOR_USER, "1", "1", NULL, NULL, NULL },
	{ "the last by counts", ACTOR_USER, "a by b by app", NULL, "a by b",
	    "app", NULL },
	{ "an empty application", ACTOR_USER, "a by ", NULL, "a", "", NULL },
	{ "a by without a blank", ACTOR_USER, "a byapp", NULL, "a byapp", NULL,
	    NULL },
	{ "an application", ACTOR_APPLICATION, "app robot", NULL, NULL, "robot",
	    NULL },
	{ "an application with an object id", ACTOR_APPLICATION, "1 by robot",
	    "1", NULL, "robot", NULL },
	{ "scopes without a person", ACTOR_USER, "app robot", NULL, NULL,
	    "robot", NULL },
	{ "a JWT without names", ACTOR_APPLICATION, "JWT", NULL, NULL, NULL,
	    "JWT" },
	{ "scopes without any name", ACTOR_USER, "JWT", NULL, NULL, NULL,
	    "JWT" },
	{ "a token", ACTOR_TOKEN, "a by b", NULL, NULL, NULL, "a by b" },
	{ "the tool", ACTOR_TOOL, "tool:root", NULL, NULL, NULL, "tool:root" },
	{ "an actor of an older release", ACTOR_UNKNOWN, "eve by app", NULL,
	    NULL, NULL, "eve by app" },
	{ "an empty text", ACTOR_USER, "", NULL, "", NULL, NULL },
};

START_TEST(splits_names)
{
	const char *name = cases[_i].name;
	struct actor_names names = actor_split(cases[_i].kind,
	    unit_guard(0, str_of(cases[_i].text)), str_of(cases[_i].user_id));

	unit_same(name, names.user, str_of(cases[_i].user));
	unit_same(name, names.application, str_of(cases[_i].application));
	unit_same(name, names.display, str_of(cases[_i].display));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("actor");
	TCase *t = tcase_create("actor");

	tcase_add_loop_test(
	    t, splits_names, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
