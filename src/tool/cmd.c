/* SPDX-License-Identifier: ISC */
/*
 * cmd.c - a table of subcommands and a table of options. A subcommand says
 * which options it takes; all others are refused.
 */
#include "tool/cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/auth.h"
#include "tool/cmd_call.h"

#define COMMON (CMD_BIT(OPTION_CONFIG) | CMD_BIT(OPTION_HELP))

/* Options that add up. */
#define REPEATED (CMD_BIT(OPTION_SCOPE) | CMD_BIT(OPTION_VENDOR_CERT))

static const struct option long_options[] = {
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "allow-topic-change", required_argument, NULL,
	    OPTION_ALLOW_TOPIC_CHANGE },
	{ "apple-id", required_argument, NULL, OPTION_APPLE_ID },
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "critical", required_argument, NULL, OPTION_CRITICAL },
	{ "data", required_argument, NULL, OPTION_DATA },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "expires", required_argument, NULL, OPTION_EXPIRES },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "hook", required_argument, NULL, OPTION_HOOK },
	{ "insecure-any-token", no_argument, NULL, OPTION_INSECURE_ANY_TOKEN },
	{ "issuer", required_argument, NULL, OPTION_ISSUER },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "legacy", no_argument, NULL, OPTION_LEGACY },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "no-copy", no_argument, NULL, OPTION_NO_COPY },
	{ "no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX },
	{ "output", required_argument, NULL, OPTION_OUTPUT },
	{ "passphrase-file", required_argument, NULL, OPTION_PASSPHRASE_FILE },
	{ "pkcs12", no_argument, NULL, OPTION_PKCS12 },
	{ "revision", required_argument, NULL, OPTION_REVISION },
	{ "rsa", no_argument, NULL, OPTION_RSA },
	{ "scope", required_argument, NULL, OPTION_SCOPE },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "tenant", required_argument, NULL, OPTION_TENANT },
	{ "token-file", required_argument, NULL, OPTION_TOKEN_FILE },
	{ "url", required_argument, NULL, OPTION_URL },
	{ "vendor-cert", required_argument, NULL, OPTION_VENDOR_CERT },
	{ "vendor-key", required_argument, NULL, OPTION_VENDOR_KEY },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "warning", required_argument, NULL, OPTION_WARNING },
	{ NULL, 0, NULL, 0 },
};

/* A command that takes --no-copy changes the store, and upgrades one of an
 * older format first. All others read it in the format that it has. */
static const struct command {
	const char *word, *second; /* second: NULL where there is just one */
	uint64_t options;
	unsigned arguments;
	const char *synopsis;
	const char *summary;
	int (*run)(struct cmd_call *c);
} commands[] = {
	{ "init", NULL,
	    CMD_BIT(OPTION_DATA) | CMD_BIT(OPTION_FORCE) |
		CMD_BIT(OPTION_NO_COPY),
	    0, "[--data DIR] [--config FILE] [--force] [--no-copy]",
	    "make the data directory and the store, or upgrade the store",
	    cmd_init },
	{ "serve", NULL,
	    CMD_BIT(OPTION_SOCKET) | CMD_BIT(OPTION_TENANT) |
		CMD_BIT(OPTION_INSECURE_ANY_TOKEN) |
		CMD_BIT(OPTION_NO_SANDBOX) | CMD_BIT(OPTION_NO_COPY),
	    0,
	    "[--socket PATH] [--insecure-any-token --tenant GUID]\n"
	    "      [--no-sandbox] [--no-copy]",
	    "be the FastCGI application on a unix socket", cmd_serve },
	{ "token", "create",
	    CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_SCOPE) |
		CMD_BIT(OPTION_NAME) | CMD_BIT(OPTION_EXPIRES) |
		CMD_BIT(OPTION_NO_COPY),
	    0, "--tenant GUID --scope S... [--name N] [--expires DAYS]",
	    "make a bearer token and print it, once", cmd_token_create },
	{ "token", "list", CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_JSON), 0,
	    "[--tenant GUID] [--json]", "list tokens, without their secrets",
	    cmd_token_list },
	{ "token", "revoke", CMD_BIT(OPTION_NO_COPY), 1, "ID",
	    "revoke a token at once", cmd_token_revoke },
	{ "token", "rename", CMD_BIT(OPTION_NO_COPY), 2, "ID NAME",
	    "give a token another name", cmd_token_rename },
	{ "token", "jwt",
	    CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_SCOPE) |
		CMD_BIT(OPTION_NAME) | CMD_BIT(OPTION_EXPIRES) |
		CMD_BIT(OPTION_KEY),
	    0,
	    "--tenant GUID --scope S... [--name N] [--expires DAYS]\n"
	    "      [--key FILE]",
	    "sign a JWT for tests with a key made here, and print it",
	    cmd_token_jwt },
	{ "tenant", "add", CMD_BIT(OPTION_NAME) | CMD_BIT(OPTION_NO_COPY), 1,
	    "GUID [--name ALIAS]",
	    "let a tenant's JWT in; its alias serves as --tenant",
	    cmd_tenant_add },
	{ "tenant", "list", CMD_BIT(OPTION_JSON), 0, "[--json]",
	    "list the tenants that were added", cmd_tenant_list },
	{ "tenant", "remove", CMD_BIT(OPTION_NO_COPY), 1, "GUID",
	    "let a tenant's JWT in no more; its record stays",
	    cmd_tenant_remove },
	{ "jwks", "import", CMD_BIT(OPTION_ISSUER), 1, "FILE [--issuer URL]",
	    "check a JWKS, or public keys as PEM, and make it the jwks_file",
	    cmd_jwks_import },
	{ "show", NULL, CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_JSON), 0,
	    "[--tenant GUID] [--json]", "print a tenant's record", cmd_show },
	{ "list", NULL, CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_JSON), 0,
	    "[--tenant GUID] [--json]",
	    "list all records: status, days left, serial, topic", cmd_list },
	{ "request", NULL,
	    CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_VENDOR_CERT) |
		CMD_BIT(OPTION_VENDOR_KEY) | CMD_BIT(OPTION_FORCE) |
		CMD_BIT(OPTION_NO_COPY),
	    0,
	    "[--tenant GUID] [--vendor-cert FILE... --vendor-key FILE]\n"
	    "      [--force]",
	    "make a key and a request for Apple's portal", cmd_request },
	{ "upload", NULL,
	    CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_APPLE_ID) |
		CMD_BIT(OPTION_DRY_RUN) | CMD_BIT(OPTION_ALLOW_TOPIC_CHANGE) |
		CMD_BIT(OPTION_FORCE) | CMD_BIT(OPTION_JSON) |
		CMD_BIT(OPTION_NO_COPY),
	    1,
	    "FILE|- [--tenant GUID] [--apple-id ID] [--dry-run]\n"
	    "      [--allow-topic-change TOPIC] [--force] [--json]",
	    "take the certificate that Apple issued", cmd_upload },
	{ "history", "restore",
	    CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_DRY_RUN) |
		CMD_BIT(OPTION_ALLOW_TOPIC_CHANGE) | CMD_BIT(OPTION_REVISION) |
		CMD_BIT(OPTION_JSON) | CMD_BIT(OPTION_NO_COPY),
	    1,
	    "N [--tenant GUID] [--revision R] [--dry-run]\n"
	    "      [--allow-topic-change TOPIC] [--json]",
	    "make the record what it was before event N", cmd_history_restore },
	{ "history", NULL, CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_JSON), 0,
	    "[--tenant GUID] [--json]",
	    "list changes and refused uploads, the newest first", cmd_history },
	{ "export", NULL,
	    CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_OUTPUT) |
		CMD_BIT(OPTION_PKCS12) | CMD_BIT(OPTION_LEGACY) |
		CMD_BIT(OPTION_PASSPHRASE_FILE) | CMD_BIT(OPTION_RSA),
	    0,
	    "--output FILE|- [--tenant GUID] [--rsa]\n"
	    "      [--pkcs12 [--legacy] [--passphrase-file F]]",
	    "write the certificate and its private key", cmd_export },
	{ "check", NULL,
	    CMD_BIT(OPTION_WARNING) | CMD_BIT(OPTION_CRITICAL) |
		CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_ALL) |
		CMD_BIT(OPTION_HOOK) | CMD_BIT(OPTION_JSON) |
		CMD_BIT(OPTION_NO_COPY),
	    0,
	    "[-w DAYS] [-c DAYS] [--tenant GUID | --all] [--hook COMMAND]\n"
	    "      [--json]",
	    "be a Nagios plug-in: 0 fine, 1 warning, 2 critical, 3 unknown",
	    cmd_check },
	{ "metrics", NULL, CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_OUTPUT), 0,
	    "[--tenant GUID] [--output FILE]", "print expiries for Prometheus",
	    cmd_metrics },
	{ "calendar", NULL, CMD_BIT(OPTION_TENANT) | CMD_BIT(OPTION_OUTPUT), 0,
	    "[--tenant GUID] [--output FILE]",
	    "print expiries as iCalendar, with alarms", cmd_calendar },
	{ "verify", NULL, CMD_BIT(OPTION_JSON), 0, "[--json]",
	    "read the whole store and tell what is not as it was written",
	    cmd_verify },
	{ "backup", NULL, CMD_BIT(OPTION_FORCE), 1, "FILE [--force]",
	    "copy the whole store, also while it is in use, and verify the copy",
	    cmd_backup },
	{ "restore", NULL, CMD_BIT(OPTION_FORCE) | CMD_BIT(OPTION_NO_COPY), 1,
	    "FILE [--force]", "put a backup in the place of an empty store",
	    cmd_restore },
	{ "config", NULL, 0, 0, "", "print the effective configuration",
	    cmd_config },
	{ "doctor", NULL,
	    CMD_BIT(OPTION_URL) | CMD_BIT(OPTION_TOKEN_FILE) |
		CMD_BIT(OPTION_JSON),
	    0, "[--url URL --token-file FILE] [--json]",
	    "find what is wrong, and say what cures it", cmd_doctor },
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

/* A hundred years. */
#define DAYS_MAX 36500

static bool
days(const char *value, uint64_t least, uint64_t *out)
{
	return str_u64(str_of(value), out) && *out >= least && *out <= DAYS_MAX;
}

/* A threshold of days left: "30" or, as the range of the Monitoring Plugins
 * that means the same, "30:". */
static bool
threshold(const char *value, uint64_t *out)
{
	struct str text = str_of(value);

	if (str_ends(text, ":"))
		text.n--;
	return str_u64(text, out) && *out <= DAYS_MAX;
}

/* Adds an item to a list, as several lines of pushcert.conf do. */
static bool
add_item(char list[CONFIG_TEXT_MAX], const char *item)
{
	size_t n = strlen(list);
	int more = snprintf(
	    list + n, CONFIG_TEXT_MAX - n, "%s%s", n > 0 ? "," : "", item);

	return more >= 0 && (size_t)more < CONFIG_TEXT_MAX - n;
}

/* Takes one option's value; what is wrong with it, or NULL. */
static const char *
take(struct cmd_call *c, int option, const char *value)
{
	uint32_t scope;

	c->given |= CMD_BIT(option);
	c->value[option] = value;
	switch (option) {
	case OPTION_CONFIG:
		c->config_path = value;
		break;
	case OPTION_CRITICAL:
		if (!threshold(value, &c->critical_days))
			return "-c takes days from 0 to 36500";
		break;
	case OPTION_DATA:
		c->data = value;
		break;
	case OPTION_EXPIRES:
		if (!days(value, 1, &c->expires_days))
			return "--expires takes days from 1 to 36500";
		break;
	case OPTION_NAME:
		if (!cmd_is_name(value))
			return "--name takes 1 to 64 bytes of UTF-8";
		c->name = value;
		break;
	case OPTION_REVISION:
		if (!str_u64(str_of(value), &c->revision))
			return "--revision takes a number, as show prints it";
		break;
	case OPTION_SCOPE:
		if ((scope = auth_scope(str_of(value))) == 0)
			return "--scope takes a permission such as "
			       "DeviceManagementServiceConfig.ReadWrite.All";
		c->scopes |= scope;
		break;
	case OPTION_SOCKET:
		c->socket = value;
		break;
	case OPTION_TENANT:
		c->alias = str_guid(str_of(value), &c->tenant) ? NULL : value;
		break;
	case OPTION_TOKEN_FILE:
		c->token_file = value;
		break;
	case OPTION_URL:
		c->url = value;
		break;
	case OPTION_VENDOR_CERT:
		if (!add_item(c->vendor_certificates, value))
			return "the path of a vendor file is too long";
		break;
	case OPTION_WARNING:
		if (!threshold(value, &c->warning_days))
			return "-w takes days from 0 to 36500";
		break;
	default:
		break;
	}
	return NULL;
}

/* What is wrong with a command's words. A plug-in has statuses of its own. */
static int
misuse(const struct command *command, const char *why, const char *word)
{
	char text[256];

	snprintf(text, sizeof(text), "%s%s%.200s", why,
	    word[0] != '\0' ? ": " : "", word);
	if (command != NULL && command->run == cmd_check)
		return cmd_check_usage(text);
	return cmd_usage(text);
}

static const char *
long_name(int option)
{
	const struct option *o = long_options;

	while (o->name != NULL && o->val != option)
		o++;
	return o->name != NULL ? o->name : "";
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

/* A dry run only reads, and so does a check without a hook. */
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

/* The short names are those of every monitoring plug-in. */
static int
next_option(int argc, char **argv)
{
	int option = getopt_long(argc, argv, "c:w:", long_options, NULL);

	return option == 'c' ? OPTION_CRITICAL
	    : option == 'w'  ? OPTION_WARNING
			     : option;
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
	while ((option = next_option(argc, argv)) >= 0) {
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
			    long_name(option));
		if ((c.given & CMD_BIT(option) & ~REPEATED) != 0)
			return misuse(command, "an option is given twice",
			    long_name(option));
		if ((wrong = take(&c, option, optarg)) != NULL)
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
