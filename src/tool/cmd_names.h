/* SPDX-License-Identifier: ISC */
/*
 * cmd_names.h - the aliases and custodies of all tenants, which the views print
 * with the GUID.
 */
#ifndef PUSHCERT_CMD_NAMES_H
#define PUSHCERT_CMD_NAMES_H

#include "base/attr.h"
#include "base/err.h"
#include "store/store.h"

/* Reads the names in one walk, so that a view need not search the store for
 * each tenant. Returns NULL in *out if there are none. cmd_names_free frees
 * them. Prints nothing. */
struct cmd_names;
enum err cmd_names_load(struct txn *tx, struct cmd_names **out) ATTR_CHECKED;
/* Frees the names; NULL is allowed. */
void cmd_names_free(struct cmd_names *names);
/* The alias of the tenant, or the null slice. It lives as long as the names,
 * which may be NULL. */
struct str
cmd_names_alias(const struct cmd_names *names, const struct guid *tenant);
/* The same for a text of its custody. */
struct str cmd_names_custody(const struct cmd_names *names,
    const struct guid *tenant, enum custody_text text);

#endif
