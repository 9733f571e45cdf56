/* SPDX-License-Identifier: ISC */
/*
 * cmd_options.c - the options of all subcommands: their names, and the checks
 * of their values.
 */
#include "tool/cmd_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "rules/auth.h"
#include "tool/cmd_call.h"

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

/* 100 years. */
#define DAYS_MAX 36500

static bool
days(const char *value, uint64_t least, uint64_t *out)
{
	return str_u64(str_of(value), out) && *out >= least && *out <= DAYS_MAX;
}

/* Reads a threshold in days: "30", or "30:", the range of the Monitoring
 * Plugins guidelines with the same meaning. */
static bool
threshold(const char *value, uint64_t *out)
{
	struct str text = str_of(value);

	if (str_ends(text, ":"))
		text.n--;
	return str_u64(text, out) && *out <= DAYS_MAX;
}

/* Appends an item to a list, as several lines of pushcert.conf would do.
 * Returns false if the list becomes too long. */
static bool
add_item(char list[CONFIG_TEXT_MAX], const char *item)
{
	size_t n = strlen(list);
	int more = snprintf(
	    list + n, CONFIG_TEXT_MAX - n, "%s%s", n > 0 ? "," : "", item);

	return more >= 0 && (size_t)more < CONFIG_TEXT_MAX - n;
}

const char *
cmd_option_take(struct cmd_call *c, int option, const char *value)
{
	uint32_t scope;

	c->given |= CMD_BIT(option);
	c->value[option] = value;
	switch (option) {
	case OPTION_CRITICAL:
		if (!threshold(value, &c->critical_days))
			return "-c takes days from 0 to 36500";
		break;
	case OPTION_EXPIRES:
		if (!days(value, 1, &c->expires_days))
			return "--expires takes days from 1 to 36500";
		break;
	case OPTION_NAME:
		if (!cmd_is_name(value))
			return "--name takes 1 to 64 bytes of UTF-8";
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
	case OPTION_TENANT:
		c->alias = str_guid(str_of(value), &c->tenant) ? NULL : value;
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

const char *
cmd_option_name(int option)
{
	const struct option *o = long_options;

	while (o->name != NULL && o->val != option)
		o++;
	return o->name != NULL ? o->name : "";
}

/* All monitoring plug-ins have the short names -c and -w. */
int
cmd_option_next(int argc, char **argv)
{
	int option = getopt_long(argc, argv, "c:w:", long_options, NULL);

	return option == 'c' ? OPTION_CRITICAL
	    : option == 'w'  ? OPTION_WARNING
			     : option;
}
