/* SPDX-License-Identifier: ISC */
/*
 * actor.h - the actor of a request: what kind it is of, and the names in its
 * text. Pure.
 */
#ifndef PUSHCERT_ACTOR_H
#define PUSHCERT_ACTOR_H

#include "base/str.h"

/* The kinds of actors. The numbers are stored, so each keeps its meaning. */
enum actor_kind {
	ACTOR_UNKNOWN = 0, /* in an event of a release that did not keep it */
	ACTOR_TOKEN = 1, /* an opaque token, by its name */
	ACTOR_TOOL = 2, /* the command line tool: "tool:" and the login name */
	ACTOR_USER = 3, /* a person with a JWT: "user by application" */
	ACTOR_APPLICATION = 4, /* an application with a JWT: "app id" */
	ACTOR_KINDS
};

/* The text of an actor with a JWT that names neither a user nor an
 * application. */
#define ACTOR_UNNAMED "JWT"

/* The names in the text of an actor; each may be null. */
struct actor_names {
	struct str user; /* the user principal name */
	struct str application; /* the id of the application */
	struct str display; /* the name of an actor that has none of both */
};

/* Splits the text of an actor. `user_id` is the object id of the actor, or
 * null; a text that begins with it has no name of a user. */
struct actor_names
actor_split(enum actor_kind kind, struct str text, struct str user_id);

#endif
