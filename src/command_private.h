/* SPDX-License-Identifier: ISC */
/*
 * command_private.h - what the subcommands share. Only command*.c include it.
 */
#ifndef PUSHCERT_COMMAND_PRIVATE_H
#define PUSHCERT_COMMAND_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "attr.h"
#include "config.h"
#include "err.h"
#include "metrics.h"
#include "secret.h"
#include "store.h"
#include "str.h"

enum { EXIT_USAGE = 2 };

enum command_option {
	OPTION_CONFIG,
	OPTION_DATA,
	OPTION_EXPIRES,
	OPTION_FORCE,
	OPTION_HELP,
	OPTION_JSON,
	OPTION_NAME,
	OPTION_SCOPE,
	OPTION_SOCKET,
	OPTION_TENANT,
	OPTION_TOKEN_FILE,
	OPTION_URL,
	OPTION_VERSION
};

#define COMMAND_BIT(option) (1U << (option))

/* Arguments that are no options: at most two, the last command's need. */
#define COMMAND_ARGUMENTS 2

/* What the command line said, and what every subcommand needs. A subcommand
 * takes a struct command_call and returns the exit status. */
struct command_call {
	unsigned given; /* set of options */
	const char *config_path; /* NULL: look for one */
	const char *data;
	const char *name;
	const char *socket;
	const char *token_file;
	const char *url;
	uint32_t scopes;
	uint64_t expires_days;
	struct guid tenant;
	const char *argument[COMMAND_ARGUMENTS];

	struct config config;
	struct metrics *metrics; /* where the store counts; NULL: nowhere */
	struct store *store;
	struct txn *reader;
};

/* Prints the outcome's text and returns EXIT_FAILURE. */
int command_fail(enum err e, const char *about);
/* Prints why and returns EXIT_USAGE. */
int command_usage(const char *why);
int64_t command_now_at(void);
/* These print what is wrong. */
enum err command_load_config(struct command_call *c) ATTR_CHECKED;
enum err command_open_store(struct command_call *c, bool create) ATTR_CHECKED;
/* Configuration, store and an open read transaction. */
enum err command_begin_reading(struct command_call *c) ATTR_CHECKED;
/* Takes the only tenant there is where none was named. */
enum err command_need_tenant(struct command_call *c) ATTR_CHECKED;
/* YYYY-MM-DDThh:mm:ssZ on stdout. */
void command_print_date(int64_t at);
/* A client's text on stdout, safe for a terminal. */
void command_print_text(struct str s);

int command_init(struct command_call *c);
int command_serve(struct command_call *c);
int command_config(struct command_call *c);
int command_doctor(struct command_call *c);
int command_token_create(struct command_call *c);
int command_token_list(struct command_call *c);
int command_token_revoke(struct command_call *c);
int command_show(struct command_call *c);

#endif
