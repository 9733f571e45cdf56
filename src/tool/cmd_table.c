/* SPDX-License-Identifier: ISC */
/*
 * cmd_table.c - the table of commands. Each row lists the options that its
 * command takes; any other option is refused.
 *
 * A command that takes --no-copy changes the store, and upgrades a store of an
 * older format before that. Every other command reads the store in the format
 * that it has.
 */
#include "tool/cmd_table.h"

#include <string.h>

#define O(name) CMD_BIT(OPTION_##name)

static const struct command commands[] = {
	{ .section = "Store and service",
	    .word = "init",
	    .options = O(DATA) | O(FORCE) | O(NO_COPY) | O(OWNER) | O(READER),
	    .summary = "create the data directory and the store, or upgrade it",
	    .force = "accept a directory under a document root",
	    .run = cmd_init },
	{ .word = "serve",
	    .options = O(SOCKET) | O(TENANT) | O(INSECURE_ANY_TOKEN) |
		O(NO_SANDBOX) | O(NO_COPY),
	    .summary = "run the FastCGI application on a unix socket",
	    .run = cmd_serve },
	{ .word = "config",
	    .summary = "print the configuration that is in effect",
	    .run = cmd_config },
	{ .word = "doctor",
	    .options = O(SOCKET) | O(URL) | O(TOKEN_FILE) | O(CACERT) |
		O(JSON) | O(QUIET),
	    .summary = "find problems of the installation and name their cures",
	    .run = cmd_doctor },
	{ .word = "verify",
	    .options = O(JSON) | O(QUIET),
	    .summary = "read the whole store and report damage",
	    .run = cmd_verify },
	{ .word = "backup",
	    .options = O(FORCE),
	    .arguments = { { "FILE", VALUE_FILE } },
	    .summary = "copy the store, also while it is in use",
	    .force = "replace an existing file",
	    .run = cmd_backup },
	{ .word = "restore",
	    .options = O(FORCE) | O(NO_COPY),
	    .arguments = { { "FILE", VALUE_FILE } },
	    .summary = "put a backup in the place of an empty store",
	    .force = "replace a store that is not empty",
	    .run = cmd_restore },

	{ .section = "Tokens",
	    .word = "token",
	    .second = "create",
	    .options = O(TENANT) | O(ALL_TENANTS) | O(SCOPE) | O(NAME) |
		O(EXPIRES) | O(OUTPUT) | O(NO_COPY),
	    .needs = O(SCOPE),
	    .summary = "create a bearer token and print it once",
	    .run = cmd_token_create },
	{ .word = "token",
	    .second = "list",
	    .options = O(TENANT) | O(JSON),
	    .summary = "list the tokens, without their secrets",
	    .run = cmd_token_list },
	{ .word = "token",
	    .second = "revoke",
	    .options = O(NO_COPY),
	    .arguments = { { "ID", VALUE_TEXT } },
	    .summary = "revoke a token with immediate effect",
	    .run = cmd_token_revoke },
	{ .word = "token",
	    .second = "rename",
	    .options = O(NO_COPY),
	    .arguments = { { "ID", VALUE_TEXT }, { "NAME", VALUE_TEXT } },
	    .summary = "give a token another name",
	    .run = cmd_token_rename },
	{ .word = "token",
	    .second = "jwt",
	    .options = O(TENANT) | O(SCOPE) | O(NAME) | O(EXPIRES) | O(KEY),
	    .needs = O(TENANT) | O(SCOPE),
	    .summary = "print a signed token (JWT) for tests",
	    .run = cmd_token_jwt },
	{ .word = "session",
	    .second = "end",
	    .options = O(NO_COPY),
	    .summary = "sign out everyone who is signed in on the page",
	    .run = cmd_session_end },

	{ .section = "Tenants and their authorization server",
	    .word = "tenant",
	    .second = "add",
	    .options = O(NAME) | O(NO_COPY),
	    .arguments = { { "GUID", VALUE_TENANT } },
	    .summary = "accept a tenant's signed tokens; name its alias",
	    .run = cmd_tenant_add },
	{ .word = "tenant",
	    .second = "list",
	    .options = O(JSON),
	    .summary = "list the tenants that were added",
	    .run = cmd_tenant_list },
	{ .word = "tenant",
	    .second = "set",
	    .options = O(OWNER) | O(CONTACT) | O(NOTES) | O(NO_COPY),
	    .arguments = { { "GUID", VALUE_TENANT } },
	    .summary = "note who looks after a tenant's certificate",
	    .run = cmd_tenant_set },
	{ .word = "tenant",
	    .second = "remove",
	    .options = O(NO_COPY),
	    .arguments = { { "GUID", VALUE_TENANT } },
	    .summary = "refuse a tenant's signed tokens; keep its data",
	    .run = cmd_tenant_remove },
	{ .word = "jwks",
	    .second = "import",
	    .options = O(ISSUER),
	    .arguments = { { "FILE", VALUE_FILE } },
	    .summary = "check a key set and install it as the jwks_file",
	    .run = cmd_jwks_import },

	{ .section = "Certificates",
	    .word = "show",
	    .options = O(TENANT) | O(JSON),
	    .summary = "print a tenant's record",
	    .run = cmd_show },
	{ .word = "list",
	    .options = O(TENANT) | O(SORT) | O(STATUS) | O(WITHIN) | O(MATCH) |
		O(LIMIT) | O(CSV) | O(JSON),
	    .summary = "list all records, the first to expire first",
	    .run = cmd_list },
	{ .word = "request",
	    .options = O(TENANT) | O(CSR) | O(VENDOR_CERT) | O(VENDOR_KEY) |
		O(OUTPUT) | O(FORCE) | O(NO_COPY),
	    .summary = "create a key and a request for Apple's portal",
	    .force = "use the vendor's certificates as they are",
	    .run = cmd_request },
	{ .word = "upload",
	    .options = O(TENANT) | O(APPLE_ID) | O(DRY_RUN) |
		O(ALLOW_TOPIC_CHANGE) | O(FORCE) | O(JSON) | O(NO_COPY) |
		O(DEPLOY),
	    .arguments = { { "FILE", VALUE_FILE } },
	    .summary = "store the certificate that Apple issued",
	    .force = "store a text that is not a certificate",
	    .run = cmd_upload },
	{ .word = "import",
	    .options = O(TENANT) | O(KEY) | O(APPLE_ID) | O(PASSPHRASE_FILE) |
		O(ALLOW_TOPIC_CHANGE) | O(DRY_RUN) | O(JSON) | O(NO_COPY) |
		O(DEPLOY),
	    .arguments = { { "FILE", VALUE_FILE } },
	    .summary = "store a certificate and its key from another server",
	    .run = cmd_import },
	{ .word = "history",
	    .options = O(TENANT) | O(JSON),
	    .summary = "list changes and refused uploads, the newest first",
	    .run = cmd_history },
	{ .word = "history",
	    .second = "restore",
	    .options = O(TENANT) | O(DRY_RUN) | O(ALLOW_TOPIC_CHANGE) |
		O(REVISION) | O(JSON) | O(NO_COPY) | O(DEPLOY),
	    .arguments = { { "NUMBER", VALUE_TEXT } },
	    .summary = "restore the record to its state before an event",
	    .run = cmd_history_restore },
	{ .word = "export",
	    .options = O(TENANT) | O(OUTPUT) | O(PKCS12) | O(LEGACY) |
		O(PASSPHRASE_FILE) | O(RSA) | O(CERTIFICATE),
	    .needs = O(OUTPUT),
	    .summary = "write the certificate and its private key",
	    .run = cmd_export },

	{ .word = "deploy",
	    .options = O(TENANT) | O(ALL) | O(TO) | O(FORCE) | O(DRY_RUN) |
		O(IF_CONFIGURED) | O(JSON) | O(NO_COPY),
	    .summary = "carry certificates and keys to the MDM servers",
	    .force = "try now, before the pause after a failure ends",
	    .run = cmd_deploy },
	{ .word = "deploy",
	    .second = "list",
	    .options = O(TENANT) | O(JSON),
	    .summary = "list the targets and the certificates they have taken",
	    .run = cmd_deploy_list },

	{ .section = "Expiry",
	    .word = "check",
	    .options = O(WARNING) | O(CRITICAL) | O(TENANT) | O(ALL) | O(HOOK) |
		O(PROBE) | O(URL) | O(CA) | O(JSON) | O(NO_COPY),
	    .summary = "run as a Nagios plug-in, with its exit status",
	    .misused = cmd_check_misused,
	    .run = cmd_check },
	{ .word = "notify",
	    .options = O(HOOK) | O(FOLLOW) | O(DIGEST) | O(FROM_NOW) | O(NAME) |
		O(TENANT) | O(ALL) | O(WARNING) | O(CRITICAL) | O(DRY_RUN) |
		O(NO_COPY),
	    .summary = "run a hook for each event and each threshold",
	    .run = cmd_notify },
	{ .word = "notify",
	    .second = "sign",
	    .options = O(KEY),
	    .needs = O(KEY),
	    .arguments = { { "ID", VALUE_TEXT } },
	    .summary = "print the headers of a webhook for standard input",
	    .run = cmd_notify_sign },
	{ .word = "probe",
	    .options = O(TENANT) | O(ALL) | O(KEY) | O(PASSPHRASE_FILE) |
		O(URL) | O(CA) | O(DEVICE) | O(MAGIC) | O(JSON),
	    .summary = "ask Apple whether it accepts the certificates",
	    .misused = cmd_check_misused,
	    .run = cmd_probe },
	{ .word = "metrics",
	    .options = O(TENANT) | O(OUTPUT),
	    .summary = "print the expiry dates for Prometheus",
	    .run = cmd_metrics },
	{ .word = "calendar",
	    .options = O(TENANT) | O(OUTPUT),
	    .summary = "print the expiry dates as iCalendar, with alarms",
	    .run = cmd_calendar },

	{ .section = "Tests of clients",
	    .word = "stand-in",
	    .options = O(PORT),
	    .summary = "run a stand-in for Microsoft Graph until a signal",
	    .run = cmd_stand_in },
	{ .word = "stand-in",
	    .second = "certificate",
	    .options = O(TOPIC) | O(DAYS),
	    .arguments = { { "FILE", VALUE_FILE } },
	    .summary = "sign a request with a key that no system trusts",
	    .run = cmd_stand_in_certificate },

	{ .section = "Help",
	    .word = "help",
	    .arguments = { { "COMMAND", VALUE_COMMAND },
		{ "WORD", VALUE_COMMAND } },
	    .may_omit = true,
	    .summary = "list the commands, or describe one of them",
	    .run = cmd_help },
	{ .word = "complete",
	    .arguments = { { "WORD...", VALUE_TEXT } },
	    .may_omit = true,
	    .is_raw = true,
	    .summary = "print what may end a command line, for the shell",
	    .run = cmd_complete },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *
cmd_row(size_t i)
{
	return i < COMMANDS ? &commands[i] : NULL;
}

unsigned
cmd_name_words(const struct command *command)
{
	return command->second != NULL ? 2 : 1;
}

/* A row of two words comes before a row with the first of them alone, so that
 * `history restore` is not `history` with an argument. */
const struct command *
cmd_find(const char *const *words, unsigned n)
{
	const struct command *row, *found = NULL;
	size_t i;

	for (i = 0; n > 0 && (row = cmd_row(i)) != NULL; i++) {
		if (strcmp(row->word, words[0]) != 0)
			continue;
		if (row->second == NULL)
			found = row;
		else if (n > 1 && strcmp(row->second, words[1]) == 0)
			return row;
	}
	return found;
}

const struct command *
cmd_find_group(const char *word)
{
	const struct command *row;
	size_t i;

	for (i = 0; (row = cmd_row(i)) != NULL; i++)
		if (row->second != NULL && strcmp(row->word, word) == 0)
			return row;
	return NULL;
}
