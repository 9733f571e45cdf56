/* SPDX-License-Identifier: ISC */
/*
 * actor.c - splits the text of an actor, which rules/auth has written.
 */
#include "format/actor.h"

#define BY " by "
#define APP "app "

/* Splits "user by application" at its last " by "; false if there is none. */
static bool
split_by(struct str text, struct str *user, struct str *application)
{
	const size_t n = sizeof(BY) - 1;
	size_t i = text.n;

	while (i >= n && !str_is(str_from(text.p + i - n, n), BY))
		i--;
	if (i < n)
		return false;
	*user = str_head(text, i - n);
	*application = str_tail(text, i);
	return true;
}

static bool
is_id(struct str text, struct str user_id)
{
	return user_id.n > 0 && str_eq(text, user_id);
}

struct actor_names
actor_split(enum actor_kind kind, struct str text, struct str user_id)
{
	struct actor_names names = { .user = text };

	if (kind != ACTOR_USER && kind != ACTOR_APPLICATION)
		return (struct actor_names){ .display = text };
	if (split_by(text, &names.user, &names.application)) {
		if (is_id(names.user, user_id))
			names.user = str_of(NULL);
		return names;
	}
	if (is_id(text, user_id))
		return (struct actor_names){ .user = str_of(NULL) };
	if (str_starts(text, APP))
		return (struct actor_names){ .application = str_tail(
						 text, sizeof(APP) - 1) };
	if (kind == ACTOR_APPLICATION || str_is(text, ACTOR_UNNAMED))
		return (struct actor_names){ .display = text };
	return names;
}
