/* SPDX-License-Identifier: ISC */
/*
 * deploy_target.h - the targets of `deploy`: the programs in deploy_directory.
 *
 * A program in the directory itself is a target for all tenants. A program in a
 * folder that has the name of a tenant, its GUID or its alias, is a target for
 * this tenant only, in place of a program of the same name for all.
 */
#ifndef PUSHCERT_DEPLOY_TARGET_H
#define PUSHCERT_DEPLOY_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* A target's name is a file's name: letters, digits, - and _. */
#define DEPLOY_NAME_MAX 64

struct deploy_target {
	char name[DEPLOY_NAME_MAX + 1];
	char folder[DEPLOY_NAME_MAX + 1]; /* of its tenant, or empty */
};

/* A list of targets, in the order of their names. */
struct deploy_targets {
	const char *directory;
	struct deploy_target *list;
	size_t n, room;
};

/* Reads the targets for all tenants. ERR_FILE with errno; ERR_MEMORY. The
 * caller frees the list with deploy_target_free in every case. */
enum err deploy_target_read(
    const char *directory, struct deploy_targets *out) ATTR_CHECKED;
/* The targets of one tenant; the alias may be null. */
enum err
deploy_target_of(const struct deploy_targets *all, const struct guid *tenant,
    struct str alias, struct deploy_targets *out) ATTR_CHECKED;
void deploy_target_free(struct deploy_targets *t);

/* The path of a target's program. False: it is too long. */
bool deploy_target_path(
    const char *directory, const struct deploy_target *t, char out[PATH_MAX]);

struct trust_fault;
/* Checks that no other user can change the program or put another one in its
 * place. A file that does not exist passes. ERR_NOT_PRIVATE. */
enum err deploy_target_trust(const char *directory,
    const struct deploy_target *t, struct trust_fault *out) ATTR_CHECKED;

#endif
