/* SPDX-License-Identifier: ISC */
/*
 * cmd.c - the table of subcommands, and the program that runs one of them. Each
 * row lists the options that its subcommand takes; any other option is refused.
 */
#include "tool/cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/cmd_call.h"
#include "tool/cmd_options.h"
#include "tool/cmd_output.h"

#define COMMON (CMD_BIT(OPTION_CONFIG) | CMD_BIT(OPTION_HELP))

/* Options that may be given more than once: their values add up. */
#define REPEATED (CMD_BIT(OPTION_SCOPE) | CMD_BIT(OPTION_VENDOR_CERT))

/* A command that takes --no-copy changes the store, and upgrades a store of an
 * older format before that. Every other command reads the store in the format
 * that it has. */
static const struct command {
	const char *word, *second; /* second: NULL for a command of one word */
	uint64_t options;
	unsigned arguments;
	const char *synopsis;
	const char *summary;
	int (*usage)(const char *why); /* NULL: cmd_usage */
	int (*run)(struct cmd_call *c);
} commands[] = {
	{ .word = "init",
	    .options = CMD_BIT(OPTION_DATA) | CMD_BIT(OPTION_FORCE) |
		CMD_BIT(OPTION_NO_COPY),
	    .synopsis = "[--data DIR] [--config FILE] [--force] [--no-copy]",
	    .summary =
		"make the data directory and the store, or upgrade the store",
	    .run = cmd_init },
	{ .word = "serve",
	    .options = CMD_BIT(OPTION_SOCKET) | CMD_BIT(OPTION_TENANT) |
		CMD_BIT(OPTION_INSECURE_ANY_TOKEN) |
		CMD_BIT(OPTION_NO_SANDBOX) | CMD_BIT(OPTION_NO_COPY),
	    .synopsis = "[--socket PATH] [--insecure-any-token --tenant GUID]\n"
			"      [--no-sandbox] [--no-copy]",
	    .summary = "be the FastCGI application on a unix socket",
	    .run = cmd_serve },
	{ .word = "token",
	    .second = "create",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_SCOPE) |
		CMD_BIT(OPTION_NAME) | CMD_BIT(OPTION_EXPIRES) |
		CMD_BIT(OPTION_NO_COPY),
	    .synopsis =
		"--tenant GUID --scope S... [--name N] [--expires DAYS]",
	    .summary = "make a bearer token and print it, once",
	    .run = cmd_token_create },
	{ .word = "token",
	    .second = "list",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_JSON),
	    .synopsis = "[--tenant GUID] [--json]",
	    .summary = "list tokens, without their secrets",
	    .run = cmd_token_list },
	{ .word = "token",
	    .second = "revoke",
	    .options = CMD_BIT(OPTION_NO_COPY),
	    .arguments = 1,
	    .synopsis = "ID",
	    .summary = "revoke a token at once",
	    .run = cmd_token_revoke },
	{ .word = "token",
	    .second = "rename",
	    .options = CMD_BIT(OPTION_NO_COPY),
	    .arguments = 2,
	    .synopsis = "ID NAME",
	    .summary = "give a token another name",
	    .run = cmd_token_rename },
	{ .word = "token",
	    .second = "jwt",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_SCOPE) |
		CMD_BIT(OPTION_NAME) | CMD_BIT(OPTION_EXPIRES) |
		CMD_BIT(OPTION_KEY),
	    .synopsis =
		"--tenant GUID --scope S... [--name N] [--expires DAYS]\n"
		"      [--key FILE]",
	    .summary =
		"sign a JWT for tests with a key made here, and print it",
	    .run = cmd_token_jwt },
	{ .word = "tenant",
	    .second = "add",
	    .options = CMD_BIT(OPTION_NAME) | CMD_BIT(OPTION_NO_COPY),
	    .arguments = 1,
	    .synopsis = "GUID [--name ALIAS]",
	    .summary = "let a tenant's JWT in; its alias serves as --tenant",
	    .run = cmd_tenant_add },
	{ .word = "tenant",
	    .second = "list",
	    .options = CMD_BIT(OPTION_JSON),
	    .synopsis = "[--json]",
	    .summary = "list the tenants that were added",
	    .run = cmd_tenant_list },
	{ .word = "tenant",
	    .second = "remove",
	    .options = CMD_BIT(OPTION_NO_COPY),
	    .arguments = 1,
	    .synopsis = "GUID",
	    .summary = "let a tenant's JWT in no more; its record stays",
	    .run = cmd_tenant_remove },
	{ .word = "jwks",
	    .second = "import",
	    .options = CMD_BIT(OPTION_ISSUER),
	    .arguments = 1,
	    .synopsis = "FILE [--issuer URL]",
	    .summary =
		"check a JWKS, or public keys as PEM, and make it the jwks_file",
	    .run = cmd_jwks_import },
	{ .word = "show",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_JSON),
	    .synopsis = "[--tenant GUID] [--json]",
	    .summary = "print a tenant's record",
	    .run = cmd_show },
	{ .word = "list",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_JSON),
	    .synopsis = "[--tenant GUID] [--json]",
	    .summary = "list all records: status, days left, serial, topic",
	    .run = cmd_list },
	{ .word = "request",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_VENDOR_CERT) |
		CMD_BIT(OPTION_VENDOR_KEY) | CMD_BIT(OPTION_FORCE) |
		CMD_BIT(OPTION_NO_COPY),
	    .synopsis =
		"[--tenant GUID] [--vendor-cert FILE... --vendor-key FILE]\n"
		"      [--force]",
	    .summary = "make a key and a request for Apple's portal",
	    .run = cmd_request },
	{ .word = "upload",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_APPLE_ID) |
		CMD_BIT(OPTION_DRY_RUN) | CMD_BIT(OPTION_ALLOW_TOPIC_CHANGE) |
		CMD_BIT(OPTION_FORCE) | CMD_BIT(OPTION_JSON) |
		CMD_BIT(OPTION_NO_COPY),
	    .arguments = 1,
	    .synopsis = "FILE|- [--tenant GUID] [--apple-id ID] [--dry-run]\n"
			"      [--allow-topic-change TOPIC] [--force] [--json]",
	    .summary = "take the certificate that Apple issued",
	    .run = cmd_upload },
	{ .word = "history",
	    .second = "restore",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_DRY_RUN) |
		CMD_BIT(OPTION_ALLOW_TOPIC_CHANGE) | CMD_BIT(OPTION_REVISION) |
		CMD_BIT(OPTION_JSON) | CMD_BIT(OPTION_NO_COPY),
	    .arguments = 1,
	    .synopsis = "N [--tenant GUID] [--revision R] [--dry-run]\n"
			"      [--allow-topic-change TOPIC] [--json]",
	    .summary = "make the record what it was before event N",
	    .run = cmd_history_restore },
	{ .word = "history",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_JSON),
	    .synopsis = "[--tenant GUID] [--json]",
	    .summary = "list changes and refused uploads, the newest first",
	    .run = cmd_history },
	{ .word = "export",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_OUTPUT) |
		CMD_BIT(OPTION_PKCS12) | CMD_BIT(OPTION_LEGACY) |
		CMD_BIT(OPTION_PASSPHRASE_FILE) | CMD_BIT(OPTION_RSA),
	    .synopsis = "--output FILE|- [--tenant GUID] [--rsa]\n"
			"      [--pkcs12 [--legacy] [--passphrase-file F]]",
	    .summary = "write the certificate and its private key",
	    .run = cmd_export },
	{ .word = "check",
	    .options = CMD_BIT(OPTION_WARNING) | CMD_BIT(OPTION_CRITICAL) |
		CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_ALL) |
		CMD_BIT(OPTION_HOOK) | CMD_BIT(OPTION_JSON) |
		CMD_BIT(OPTION_NO_COPY),
	    .synopsis =
		"[-w DAYS] [-c DAYS] [--tenant GUID | --all] [--hook COMMAND]\n"
		"      [--json]",
	    .summary =
		"be a Nagios plug-in: 0 fine, 1 warning, 2 critical, 3 unknown",
	    .usage = cmd_check_usage,
	    .run = cmd_check },
	{ .word = "metrics",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_OUTPUT),
	    .synopsis = "[--tenant GUID] [--output FILE]",
	    .summary = "print expiries for Prometheus",
	    .run = cmd_metrics },
	{ .word = "calendar",
	    .options = CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_OUTPUT),
	    .synopsis = "[--tenant GUID] [--output FILE]",
	    .summary = "print expiries as iCalendar, with alarms",
	    .run = cmd_calendar },
	{ .word = "verify",
	    .options = CMD_BIT(OPTION_JSON),
	    .synopsis = "[--json]",
	    .summary =
		"read the whole store and tell what is not as it was written",
	    .run = cmd_verify },
	{ .word = "backup",
	    .options = CMD_BIT(OPTION_FORCE),
	    .arguments = 1,
	    .synopsis = "FILE [--force]",
	    .summary =
		"copy the whole store, also while it is in use, and verify the copy",
	    .run = cmd_backup },
	{ .word = "restore",
	    .options = CMD_BIT(OPTION_FORCE) | CMD_BIT(OPTION_NO_COPY),
	    .arguments = 1,
	    .synopsis = "FILE [--force]",
	    .summary = "put a backup in the place of an empty store",
	    .run = cmd_restore },
	{ .word = "config",
	    .synopsis = "",
	    .summary = "print the effective configuration",
	    .run = cmd_config },
	{ .word = "doctor",
	    .options = CMD_BIT(OPTION_SOCKET) | CMD_BIT(OPTION_URL) |
		CMD_BIT(OPTION_TOKEN_FILE) | CMD_BIT(OPTION_JSON),
	    .synopsis =
		"[--socket PATH] [--url URL --token-file FILE] [--json]",
	    .summary = "find what is wrong, and say what cures it",
	    .run = cmd_doctor },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
help(void)
{
	size_t i;

	printf(
	    "pushcert keeps the Apple MDM push certificate record and speaks "
	    "Microsoft Graph's\napplePushNotificationCertificate over "
	    "FastCGI and CGI.\n\nUsage:\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  pushcert %s%s%s%s%s\n      %s\n", commands[i].word,
		    commands[i].second != NULL ? " " : "",
		    commands[i].second != NULL ? commands[i].second : "",
		    commands[i].synopsis[0] != '\0' ? " " : "",
		    commands[i].synopsis, commands[i].summary);
	printf(
	    "\nEach takes --config FILE; without it $PUSHCERT_CONFIG, "
	    "pushcert.conf beside\nthe program, or %s/pushcert.conf is "
	    "read.\nA store of an older format is upgraded by init, by serve "
	    "and by each command that\nchanges it; a copy stays beside it "
	    "unless --no-copy is given.\nStarted by a web server with a listening socket as "
	    "standard input it is the\nFastCGI application, started as a "
	    "CGI program it answers that one request.\n",
	    SYSCONFDIR);
	return EXIT_SUCCESS;
}

static int
version(void)
{
	printf("pushcert %s\n", PACKAGE_VERSION);
	return EXIT_SUCCESS;
}

/* Reports wrong usage and returns the exit status. The text is the reason, then
 * the word that is wrong unless that is empty. A command with a function of its
 * own for this (check, a monitoring plug-in) has other statuses. */
static int
misuse(const struct command *command, const char *why, const char *word)
{
	char text[256];

	snprintf(text, sizeof(text), "%s%s%.200s", why,
	    word[0] != '\0' ? ": " : "", word);
	if (command != NULL && command->usage != NULL)
		return command->usage(text);
	return cmd_usage(text);
}

static const struct command *
find_command(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < COMMANDS && argc > 1; i++) {
		if (strcmp(commands[i].word, argv[1]) != 0)
			continue;
		if (commands[i].second == NULL ||
		    (argc > 2 && strcmp(commands[i].second, argv[2]) == 0))
			return &commands[i];
	}
	return NULL;
}

/* Whether this call of the command may change the store. A dry run only reads,
 * and so does a check without a hook. */
static bool
writes(const struct command *command, uint64_t given)
{
	if ((command->options & CMD_BIT(OPTION_NO_COPY)) == 0 ||
	    (given & CMD_BIT(OPTION_DRY_RUN)) != 0)
		return false;
	return (command->options & CMD_BIT(OPTION_HOOK)) == 0 ||
	    (given & CMD_BIT(OPTION_HOOK)) != 0;
}

static int
run(const struct command *command, struct cmd_call *c)
{
	int status;

	c->writes = writes(command, c->given);
	status = command->run(c);

	if (cmd_end_reading(c) != ERR_OK)
		status = EXIT_FAILURE;
	store_close(c->store);
	cmd_drop_arena(c);
	return cmd_flush() == ERR_OK ? status : EXIT_FAILURE;
}

int
cmd_run(int argc, char **argv)
{
	struct cmd_call c = { .warning_days = EXPIRY_DAYS, .critical_days = 7 };
	const struct command *command = find_command(argc, argv);
	const char *wrong = NULL;
	int words = command == NULL ? 0 : command->second == NULL ? 1 : 2;
	unsigned n = 0;
	int option;

	if (command == NULL && argc > 1 && argv[1][0] != '-')
		return misuse(NULL, "no such command", argv[1]);
	optind = words + 1;
	while ((option = cmd_option_next(argc, argv)) >= 0) {
		if (option == '?')
			return misuse(command, "bad usage", "");
		if (option == OPTION_HELP)
			return help();
		if (option == OPTION_VERSION)
			return version();
		if (command != NULL &&
		    ((command->options | COMMON) & CMD_BIT(option)) == 0)
			return misuse(command,
			    "this command does not take that option",
			    cmd_option_name(option));
		if ((c.given & CMD_BIT(option) & ~REPEATED) != 0)
			return misuse(command, "an option is given twice",
			    cmd_option_name(option));
		if ((wrong = cmd_option_take(&c, option, optarg)) != NULL)
			return misuse(command, wrong, "");
	}
	if (command == NULL)
		return misuse(NULL, "which command? It comes first", "");
	while (optind < argc && n < command->arguments)
		c.argument[n++] = argv[optind++];
	if (optind < argc || n < command->arguments)
		return misuse(
		    command, "wrong number of arguments", command->synopsis);
	return run(command, &c);
}
