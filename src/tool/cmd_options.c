/* SPDX-License-Identifier: ISC */
/*
 * cmd_options.c - the options of all commands: their names, their texts in the
 * help, and the checks of their values.
 */
#include "tool/cmd_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "rules/auth.h"
#include "tool/cmd_call.h"

static const struct cmd_option_row options[CMD_OPTIONS] = {
	[OPTION_ALL] = { "all", .help = "all tenants (the default)" },
	[OPTION_ALL_TENANTS] = { "all-tenants",
	    .help = "the token is for every tenant, on the page only" },
	[OPTION_ALLOW_TOPIC_CHANGE] = { "allow-topic-change", "TOPIC",
	    VALUE_TEXT, .help = "accept a certificate with this other topic" },
	[OPTION_APPLE_ID] = { "apple-id", "ID", VALUE_TEXT,
	    .help = "the Apple ID that renews the certificate" },
	[OPTION_CA] = { "ca", "FILE", VALUE_FILE,
	    .help = "the CA certificates (PEM) of the push service" },
	[OPTION_CACERT] = { "cacert", "FILE", VALUE_FILE,
	    .help = "the CA certificates (PEM) that --url trusts" },
	[OPTION_CERTIFICATE] = { "certificate",
	    .help = "write the certificate without its key" },
	[OPTION_CONFIG] = { "config", "FILE", VALUE_FILE,
	    .help = "the configuration file" },
	[OPTION_CONTACT] = { "contact", "TEXT", VALUE_TEXT,
	    .help = "whom to notify of the certificate" },
	[OPTION_CRITICAL] = { "critical", "DAYS", VALUE_TEXT, 'c',
	    .help = "critical with fewer days left; default 7" },
	[OPTION_CSR] = { "csr", "FILE", VALUE_FILE,
	    .help = "a request that was made elsewhere, in PEM or DER" },
	[OPTION_CSV] = { "csv", .help = "print CSV with a head line" },
	[OPTION_DATA] = { "data", "DIR", VALUE_DIRECTORY,
	    .help = "the data directory" },
	[OPTION_DAYS] = { "days", "DAYS", VALUE_TEXT,
	    .help = "days until the end, from 1 to 36500; default 365" },
	[OPTION_DEPLOY] = { "deploy",
	    .help = "then run the hooks of deploy_directory" },
	[OPTION_DIGEST] = { "digest",
	    .help = "run the hook once, for all events" },
	[OPTION_DEVICE] = { "device", "HEX", VALUE_TEXT,
	    .help = "push to this device; needs --magic" },
	[OPTION_DRY_RUN] = { "dry-run",
	    .help = "print the result and store nothing" },
	[OPTION_EXPIRES] = { "expires", "DAYS", VALUE_TEXT,
	    .help = "lifetime of the token, from 1 to 36500 days" },
	[OPTION_FOLLOW] = { "follow",
	    .help = "wait for further events until a signal" },
	/* Its text is in the row of a command. */
	[OPTION_FORCE] = { .name = "force" },
	[OPTION_FROM_NOW] = { "from-now",
	    .help = "a new name leaves out the events until now" },
	[OPTION_HELP] = { "help", NULL, VALUE_NONE, 'h',
	    .help = "print this help" },
	[OPTION_HOOK] = { "hook", "COMMAND", VALUE_TEXT,
	    .help = "run COMMAND for each threshold or event" },
	[OPTION_IF_CONFIGURED] = { "if-configured",
	    .help = "succeed if deploy_directory is not set" },
	[OPTION_INSECURE_ANY_TOKEN] = { "insecure-any-token",
	    .help = "accept any bearer token; for tests only" },
	[OPTION_ISSUER] = { "issuer", "URL", VALUE_TEXT,
	    .help = "bind the keys to this issuer of tokens" },
	[OPTION_JSON] = { "json", .help = "print JSON, one value per line" },
	[OPTION_KEY] = { "key", "FILE", VALUE_FILE,
	    .help = "the file of the key" },
	[OPTION_LEGACY] = { "legacy",
	    .help = "use algorithms that old software reads" },
	[OPTION_LIMIT] = { "limit", "NUMBER", VALUE_TEXT,
	    .help = "print at most this number of tenants" },
	[OPTION_MAGIC] = { "magic", "TEXT", VALUE_TEXT,
	    .help = "the PushMagic of the device" },
	[OPTION_MATCH] = { "match", "TEXT", VALUE_TEXT,
	    .help = "only tenants with this text in a column" },
	[OPTION_NAME] = { "name", "NAME", VALUE_TEXT,
	    .help = "the name, 1 to 64 bytes of UTF-8" },
	[OPTION_NO_COPY] = { "no-copy",
	    .help = "keep no copy of a store that is upgraded" },
	[OPTION_NO_SANDBOX] = { "no-sandbox",
	    .help = "do not enter the sandbox; for debuggers" },
	[OPTION_NOTES] = { "notes", "TEXT", VALUE_TEXT,
	    .help = "notes about the certificate" },
	[OPTION_OUTPUT] = { "output", "FILE", VALUE_FILE,
	    .help = "write to FILE; - is standard output" },
	[OPTION_OWNER] = { "owner", "NAME", VALUE_TEXT,
	    .help = "the role, or the person, that owns it" },
	[OPTION_PASSPHRASE_FILE] = { "passphrase-file", "FILE", VALUE_FILE,
	    .help = "its first line is the passphrase" },
	[OPTION_PKCS12] = { "pkcs12",
	    .help = "write PKCS #12 in place of PEM" },
	[OPTION_PORT] = { "port", "NUMBER", VALUE_TEXT,
	    .help = "the port of 127.0.0.1; default: a free one" },
	[OPTION_PROBE] = { "probe",
	    .help = "also ask Apple, as 'pushcert probe' does" },
	[OPTION_QUIET] = { "quiet", .help = "print problems only; for cron" },
	[OPTION_READER] = { "reader", "ROLE", VALUE_TEXT,
	    .help = "a role of the database that may read the views" },
	[OPTION_REVISION] = { "revision", "NUMBER", VALUE_TEXT,
	    .help = "change the record only at this revision" },
	[OPTION_RSA] = { "rsa",
	    .help = "write the key as PKCS #1, for MicroMDM" },
	[OPTION_SCOPE] = { "scope", "SCOPE", VALUE_SCOPE, .repeats = true,
	    .help = "a permission of the token; see below" },
	[OPTION_SOCKET] = { "socket", "PATH", VALUE_FILE,
	    .help = "the socket to listen on" },
	[OPTION_SORT] = { "sort", "COLUMN", VALUE_TEXT,
	    .help = "expires, alias, tenant, status or modified" },
	[OPTION_STATUS] = { "status", "STATUS", VALUE_TEXT,
	    .help = "only tenants with this status" },
	[OPTION_TENANT] = { "tenant", "GUID", VALUE_TENANT,
	    .help = "the tenant, or its alias" },
	[OPTION_TO] = { "to", "NAME", VALUE_TEXT,
	    .help = "only the target of this name" },
	[OPTION_TOKEN_FILE] = { "token-file", "FILE", VALUE_FILE,
	    .help = "its first line is the token for --url" },
	[OPTION_TOPIC] = { "topic", "TOPIC", VALUE_TEXT,
	    .help = "the topic of the certificate" },
	[OPTION_URL] = { "url", "URL", VALUE_TEXT,
	    .help = "the address of the service to test" },
	[OPTION_VENDOR_CERT] = { "vendor-cert", "FILE", VALUE_FILE,
	    .repeats = true,
	    .help = "the MDM vendor's certificate or its chain" },
	[OPTION_VENDOR_KEY] = { "vendor-key", "FILE", VALUE_FILE,
	    .help = "the key of the vendor's certificate" },
	[OPTION_VERSION] = { "version", .help = "print the version" },
	[OPTION_WARNING] = { "warning", "DAYS", VALUE_TEXT, 'w',
	    .help = "warning with fewer days left; default 30" },
	[OPTION_WITHIN] = { "within", "DAYS", VALUE_TEXT,
	    .help = "only certificates that end within DAYS" },
};

/* 100 years. */
#define DAYS_MAX 36500

/* Added to an option in the list for getopt_long, so that no value is that of a
 * short option, or 0. */
#define LONG 512

const struct cmd_option_row *
cmd_option(int option)
{
	return &options[option];
}

static bool
days(const char *value, uint64_t least, uint64_t *out)
{
	return str_u64(str_of(value), out) && *out >= least && *out <= DAYS_MAX;
}

static bool
port(const char *value, unsigned *out)
{
	uint64_t n;

	if (!str_u64(str_of(value), &n) || n == 0 || n > 65535)
		return false;
	*out = (unsigned)n;
	return true;
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

/* Whether the text is the name of a role that needs no escapes. */
static bool
is_role(const char *value)
{
	static const char known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789_.-";
	size_t n = strspn(value, known);

	return n > 0 && n < 64 && value[n] == '\0';
}

/* An empty value is a mistake, such as a shell variable without a value. */
static const char *
refuse_empty(int option, const char *value)
{
	if (value == NULL || value[0] != '\0')
		return NULL;
	switch (options[option].kind) {
	case VALUE_FILE:
		return "give the path of a file";
	case VALUE_DIRECTORY:
		return "give the path of a directory";
	case VALUE_TENANT:
		return "give the GUID or the alias of a tenant";
	case VALUE_NONE:
	case VALUE_TEXT:
	case VALUE_SCOPE:
	case VALUE_COMMAND:
		break;
	}
	return NULL;
}

/* The options whose value is a number of days. */
static const char *
take_days(struct cmd_call *c, int option, const char *value)
{
	static const char from_0[] = "give days from 0 to 36500";
	static const char from_1[] = "give days from 1 to 36500";

	switch (option) {
	case OPTION_CRITICAL:
		return threshold(value, &c->critical_days) ? NULL : from_0;
	case OPTION_WARNING:
		return threshold(value, &c->warning_days) ? NULL : from_0;
	case OPTION_WITHIN:
		return days(value, 0, &c->within_days) ? NULL : from_0;
	case OPTION_EXPIRES:
		return days(value, 1, &c->expires_days) ? NULL : from_1;
	default:
		return days(value, 1, &c->days) ? NULL : from_1;
	}
}

const char *
cmd_option_take(struct cmd_call *c, int option, const char *value)
{
	uint32_t scope;

	c->given |= CMD_BIT(option);
	c->value[option] = value;
	switch (option) {
	case OPTION_CRITICAL:
	case OPTION_DAYS:
	case OPTION_EXPIRES:
	case OPTION_WARNING:
	case OPTION_WITHIN:
		return take_days(c, option, value);
	case OPTION_HOOK:
		if (str_of(value).n == 0)
			return "give a command of the shell";
		break;
	case OPTION_LIMIT:
		if (!str_u64(str_of(value), &c->limit) || c->limit == 0)
			return "give a number from 1";
		break;
	case OPTION_MATCH:
		if (str_of(value).n == 0)
			return "give a part of a name, GUID, serial, topic or "
			       "Apple ID";
		break;
	case OPTION_NAME:
		if (!cmd_is_name(value))
			return "give 1 to 64 bytes of UTF-8";
		break;
	case OPTION_OWNER:
	case OPTION_READER:
		if (c->command->run == cmd_init && !is_role(value))
			return "give letters, digits and _.- only, at most 63";
		break;
	case OPTION_PORT:
		if (!port(value, &c->port))
			return "give a number from 1 to 65535";
		break;
	case OPTION_REVISION:
		if (!str_u64(str_of(value), &c->revision))
			return "give a number, as 'pushcert show' prints it";
		break;
	case OPTION_SCOPE:
		if ((scope = auth_scope(str_of(value))) == 0)
			return "give one of the scopes below";
		c->scopes |= scope;
		break;
	case OPTION_TENANT:
		c->alias = cmd_guid(value, &c->tenant) ? NULL : value;
		break;
	case OPTION_VENDOR_CERT:
		if (!add_item(c->vendor_certificates, value))
			return "the path is too long";
		break;
	default:
		break;
	}
	return refuse_empty(option, value);
}

static void
make_list(struct option list[CMD_OPTIONS + 1])
{
	int i;

	for (i = 0; i < CMD_OPTIONS; i++)
		list[i] = (struct option){ .name = options[i].name,
			.has_arg = options[i].value != NULL ? required_argument
							    : no_argument,
			.val = i + LONG };
	list[i] = (struct option){ .name = NULL };
}

/* '-': words are reported in their place, whatever POSIXLY_CORRECT says.
 * ':': a missing value is reported as such. */
#define LETTERS "-:"
#define LETTERS_MAX (sizeof(LETTERS) + 2 * (size_t)CMD_OPTIONS)

/* Lists the letters of the options, each with a colon if it has a value. */
static void
make_letters(char out[LETTERS_MAX])
{
	struct buf b;
	int i;

	buf_init(&b, out, LETTERS_MAX);
	buf_text(&b, LETTERS);
	for (i = 0; i < CMD_OPTIONS; i++) {
		if (options[i].letter == '\0')
			continue;
		buf_char(&b, options[i].letter);
		if (options[i].value != NULL)
			buf_char(&b, ':');
	}
	buf_char(&b, '\0');
}

static int
option_of_letter(int letter)
{
	int i = 0;

	while (i < CMD_OPTIONS && options[i].letter != letter)
		i++;
	return i < CMD_OPTIONS ? i : CMD_UNKNOWN;
}

/* Whether several options begin with the name that was typed. */
static bool
is_ambiguous(const char *typed)
{
	size_t n = strcspn(typed, "=");
	unsigned found = 0;
	int i;

	if (n <= 2 || strncmp(typed, "--", 2) != 0)
		return false;
	for (i = 0; i < CMD_OPTIONS; i++)
		found += strncmp(options[i].name, typed + 2, n - 2) == 0;
	return found > 1;
}

void
cmd_option_begin(struct cmd_line *line, int argc, char **argv)
{
	*line = (struct cmd_line){ .argc = argc, .argv = argv };
	optind = 0; /* getopt_long begins again, in glibc and in musl */
	opterr = 0;
}

/* Returns the words after "--", one with each call. */
static int
next_word(struct cmd_line *line)
{
	if (line->words >= line->argc)
		return CMD_END;
	optarg = line->argv[line->words++];
	return CMD_WORD;
}

int
cmd_option_next(struct cmd_line *line)
{
	struct option list[CMD_OPTIONS + 1];
	char letters[LETTERS_MAX];
	int at = optind > 0 ? optind : 1, option;

	if (line->words > 0)
		return next_word(line);
	make_list(list);
	make_letters(letters);
	option = getopt_long(line->argc, line->argv, letters, list, NULL);
	if (option == -1) {
		line->words = optind;
		return next_word(line);
	}
	if (option == 1)
		return CMD_WORD;
	if (option >= LONG)
		return option - LONG;
	if (option != '?' && option != ':')
		return option_of_letter(option);
	optarg = line->argv[at];
	if (option == ':')
		return CMD_NO_VALUE;
	if (optopt >= LONG)
		return CMD_TOO_MUCH;
	return is_ambiguous(optarg) ? CMD_AMBIGUOUS : CMD_UNKNOWN;
}
