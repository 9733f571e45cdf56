/* SPDX-License-Identifier: ISC */
/*
 * command.c - a table of subcommands and a table of options. A subcommand says
 * which options it takes; all others are refused.
 */
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "auth.h"
#include "cgi.h"
#include "config.h"
#include "crypto.h"
#include "emit.h"
#include "err.h"
#include "fastcgi.h"
#include "log.h"
#include "record.h"
#include "routes.h"
#include "store.h"
#include "view.h"
#include "when.h"

enum { EXIT_USAGE = 2 };

enum option_id {
	OPTION_CONFIG,
	OPTION_DATA,
	OPTION_EXPIRES,
	OPTION_HELP,
	OPTION_JSON,
	OPTION_NAME,
	OPTION_SCOPE,
	OPTION_SOCKET,
	OPTION_TENANT,
	OPTION_VERSION
};

#define BIT(option) (1U << (option))
#define COMMON (BIT(OPTION_CONFIG) | BIT(OPTION_HELP))

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "data", required_argument, NULL, OPTION_DATA },
	{ "expires", required_argument, NULL, OPTION_EXPIRES },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "scope", required_argument, NULL, OPTION_SCOPE },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "tenant", required_argument, NULL, OPTION_TENANT },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* What the command line said, and what every subcommand needs. */
struct call {
	unsigned given;
	const char *config_path; /* NULL: look for one */
	const char *data;
	const char *name;
	const char *socket;
	uint32_t scopes;
	uint64_t expires_days;
	struct guid tenant;
	const char *argument;

	struct config config;
	struct store *store;
	struct txn *reader;
};

/* --- helpers ---------------------------------------------------------- */

static int
fail(enum err e, const char *about)
{
	fprintf(stderr, "pushcert: %s%s%s\n", about, about[0] ? ": " : "",
	    err_info(e)->text);
	return EXIT_FAILURE;
}

static int
usage(const char *why)
{
	fprintf(stderr, "pushcert: %s\nTry 'pushcert --help'.\n", why);
	return EXIT_USAGE;
}

static int64_t
now_at(void)
{
	return (int64_t)time(NULL);
}

static enum err
load_config(struct call *c)
{
	char path[PATH_MAX], message[CONFIG_TEXT_MAX];
	const char *file = config_find(c->config_path, path);
	enum err e = ERR_OK;

	config_default(&c->config);
	if (file != NULL)
		e = config_load(file, &c->config, message);
	if (e != ERR_OK)
		fprintf(stderr, "pushcert: %s\n", message);
	if (e == ERR_OK)
		log_open(c->config.syslog, (enum log_level)c->config.log_level);
	return e;
}

static enum err
open_store(struct call *c, bool create)
{
	struct store_options options = {
		.directory = c->config.data,
		.map_size = c->config.map_size,
		.readers = (unsigned)c->config.workers + 256,
		.history_keep = (unsigned)c->config.history_keep,
		.create = create,
	};
	enum err e = store_open(&options, &c->store);

	if (e != ERR_OK)
		(void)fail(e, c->config.data);
	return e;
}

/* Configuration, store and an open read transaction. */
static enum err
begin_reading(struct call *c)
{
	enum err e;

	if ((e = load_config(c)) != ERR_OK)
		return e;
	if ((e = open_store(c, false)) != ERR_OK)
		return e;
	if ((e = store_reader(c->store, &c->reader)) != ERR_OK ||
	    (e = store_begin(c->reader)) != ERR_OK)
		(void)fail(e, c->config.data);
	return e;
}

static void
print_date(int64_t at)
{
	char text[WHEN_SECONDS_LEN];

	when_seconds(at, text);
	printf("%.*sZ", WHEN_SECONDS_LEN, text);
}

/* --- init, serve, config ---------------------------------------------- */

/* Writes a configuration where there is none yet. */
static enum err
write_config(const char *path, const char *data)
{
	FILE *out = fopen(path, "wxe");
	enum err e = ERR_FILE;

	if (out == NULL)
		return errno == EEXIST ? ERR_OK : ERR_FILE;
	fprintf(out,
	    "# pushcert.conf - see pushcert.conf(5); 'pushcert config' shows\n"
	    "# every key with its value.\n"
	    "data = %s\n",
	    data);
	if (fflush(out) == 0 && ferror(out) == 0)
		e = ERR_OK;
	if (fclose(out) != 0)
		e = ERR_FILE;
	return e;
}

static int
run_init(struct call *c)
{
	char absolute[PATH_MAX];
	const char *data = c->data;
	enum err e;

	/* The web server starts the program elsewhere: write a full path. */
	if (data != NULL && data[0] != '/') {
		if (getcwd(absolute, sizeof(absolute)) == NULL ||
		    strlen(absolute) + strlen(data) + 2 > sizeof(absolute))
			return fail(ERR_FILE, data);
		strcat(strcat(absolute, "/"), data);
		data = absolute;
	}
	if (c->config_path != NULL && data != NULL &&
	    write_config(c->config_path, data) != ERR_OK) {
		fprintf(stderr, "pushcert: %s: %s\n", c->config_path,
		    strerror(errno));
		return EXIT_FAILURE;
	}
	if (load_config(c) != ERR_OK)
		return EXIT_FAILURE;
	if (data != NULL && strcmp(data, c->config.data) != 0) {
		if (c->config_path != NULL) {
			fprintf(stderr,
			    "pushcert: %s names another data directory: %s\n",
			    c->config_path, c->config.data);
			return EXIT_FAILURE;
		}
		if (strlen(data) >= sizeof(c->config.data))
			return usage("the data directory's path is too long");
		strcpy(c->config.data, data);
	}
	if ((e = open_store(c, true)) != ERR_OK)
		return EXIT_FAILURE;
	printf("%s\n", c->config.data);
	return EXIT_SUCCESS;
}

int
command_serve_fd(const char *config_path, int fd)
{
	struct call c = { .config_path = config_path };
	struct secrets secrets;
	struct app app = { .config = &c.config, .secrets = &secrets };
	char message[CONFIG_TEXT_MAX];
	enum err e;

	if (load_config(&c) != ERR_OK)
		return EXIT_FAILURE;
	if (secret_load(&c.config, &secrets, message) != ERR_OK) {
		fprintf(stderr, "pushcert: %s\n", message);
		return EXIT_FAILURE;
	}
	if (open_store(&c, false) != ERR_OK)
		return EXIT_FAILURE;
	app.store = c.store;
	e = fd < 0 ? cgi_run(&app) : fastcgi_serve(&app, fd);
	/* A worker that did not come back still uses the store. */
	if (e != ERR_BUSY)
		store_close(c.store);
	return e == ERR_OK ? EXIT_SUCCESS : fail(e, "serve");
}

static int
run_serve(struct call *c)
{
	const char *path = c->socket;
	int fd;

	if (load_config(c) != ERR_OK)
		return EXIT_FAILURE;
	if (path == NULL)
		path = c->config.socket;
	if (path[0] == '\0')
		return usage("serve needs --socket PATH or the key 'socket'");
	if (fastcgi_listen(path, &fd) != ERR_OK) {
		fprintf(stderr, "pushcert: %s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	return command_serve_fd(c->config_path, fd);
}

static int
run_config(struct call *c)
{
	if (load_config(c) != ERR_OK)
		return EXIT_FAILURE;
	config_print(&c->config, stdout);
	return EXIT_SUCCESS;
}

/* --- token ------------------------------------------------------------ */

/* A token's id, for revoke: the start of its hash, which tells nothing. */
#define ID_BYTES 8
#define ID_LEN (2 * ID_BYTES)

static enum err
put_token(struct txn *tx, void *arg)
{
	return store_token_put(tx, arg);
}

static int
run_token_create(struct call *c)
{
	uint8_t secret[AUTH_SECRET_LEN];
	char text[AUTH_TOKEN_LEN];
	struct token t = { .tenant = c->tenant,
		.rights = c->scopes,
		.name = str_of(c->name != NULL ? c->name : "token"),
		.created_at = now_at() };
	enum err e;

	if ((c->given & BIT(OPTION_TENANT)) == 0 || c->scopes == 0)
		return usage("token create needs --tenant GUID and --scope S");
	if (c->expires_days > 0)
		t.expires_at = t.created_at + (int64_t)c->expires_days * 86400;
	if (load_config(c) != ERR_OK || open_store(c, false) != ERR_OK)
		return EXIT_FAILURE;
	if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
		return fail(ERR_INTERNAL, "getrandom");
	auth_token_text(secret, text);
	auth_token_hash(str_from(text, sizeof(text)), t.hash);
	if ((e = store_update(c->store, put_token, &t)) != ERR_OK)
		return fail(e, "token create");
	printf("%.*s\n", AUTH_TOKEN_LEN, text);
	crypto_wipe(secret, sizeof(secret));
	crypto_wipe(text, sizeof(text));
	return EXIT_SUCCESS;
}

static void
print_token(const struct token *t)
{
	char id[ID_LEN], tenant[STR_GUID_LEN], names[512];
	struct buf scopes;

	str_hex(t->hash, ID_BYTES, id);
	str_guid_text(&t->tenant, tenant);
	buf_init(&scopes, names, sizeof(names));
	auth_scope_names(t->rights, &scopes);
	printf("%.*s  %.*s  ", ID_LEN, id, STR_GUID_LEN, tenant);
	print_date(t->created_at);
	printf("  ");
	if (t->expires_at != 0)
		print_date(t->expires_at);
	else
		printf("never");
	printf("  %.*s  %.*s\n", STR_ARG(t->name), STR_ARG(buf_view(&scopes)));
}

static void
print_token_json(const struct token *t)
{
	char id[ID_LEN], tenant[STR_GUID_LEN], names[512], line[4096];
	struct buf scopes, out;
	struct emit e;

	str_hex(t->hash, ID_BYTES, id);
	str_guid_text(&t->tenant, tenant);
	buf_init(&scopes, names, sizeof(names));
	auth_scope_names(t->rights, &scopes);
	buf_init(&out, line, sizeof(line));
	emit_init(&e, &out);
	emit_object(&e);
	emit_name(&e, "id");
	emit_str(&e, str_from(id, sizeof(id)));
	emit_name(&e, "tenant");
	emit_str(&e, str_from(tenant, sizeof(tenant)));
	emit_name(&e, "name");
	emit_str(&e, t->name);
	emit_name(&e, "scopes");
	emit_str(&e, buf_view(&scopes));
	emit_name(&e, "created");
	emit_i64(&e, t->created_at);
	emit_name(&e, "expires");
	if (t->expires_at != 0)
		emit_i64(&e, t->expires_at);
	else
		emit_null(&e);
	emit_end(&e);
	printf("%.*s\n", STR_ARG(buf_view(&out)));
}

static enum err
list_token(const struct token *t, void *arg)
{
	const struct call *c = arg;

	if ((c->given & BIT(OPTION_TENANT)) != 0 &&
	    memcmp(&t->tenant, &c->tenant, sizeof(t->tenant)) != 0)
		return ERR_OK;
	if (c->given & BIT(OPTION_JSON))
		print_token_json(t);
	else
		print_token(t);
	return ERR_OK;
}

static int
run_token_list(struct call *c)
{
	enum err e;

	if (begin_reading(c) != ERR_OK)
		return EXIT_FAILURE;
	e = store_tokens(c->reader, list_token, c);
	return e == ERR_OK ? EXIT_SUCCESS : fail(e, "token list");
}

/* The one token whose id begins with what was given. */
struct search {
	struct str id;
	uint8_t hash[STORE_HASH_LEN];
	unsigned found;
};

static enum err
match_token(const struct token *t, void *arg)
{
	struct search *s = arg;
	char id[2 * STORE_HASH_LEN];

	str_hex(t->hash, sizeof(t->hash), id);
	if (!str_ieq(str_head(str_from(id, sizeof(id)), s->id.n), s->id))
		return ERR_OK;
	memcpy(s->hash, t->hash, sizeof(s->hash));
	s->found++;
	return ERR_OK;
}

static enum err
delete_token(struct txn *tx, void *arg)
{
	struct search *s = arg;

	return store_token_delete(tx, s->hash);
}

static int
run_token_revoke(struct call *c)
{
	struct search s = { .id = str_of(c->argument) };
	enum err e;

	if (s.id.n < 4)
		return usage("token revoke needs an ID of token list, "
			     "at least its first 4 digits");
	if (begin_reading(c) != ERR_OK)
		return EXIT_FAILURE;
	e = store_tokens(c->reader, match_token, &s);
	store_end(c->reader);
	if (e != ERR_OK)
		return fail(e, "token revoke");
	if (s.found != 1) {
		fprintf(stderr, "pushcert: %s: %s\n", c->argument,
		    s.found == 0 ? "no such token" : "several tokens match");
		return EXIT_FAILURE;
	}
	if ((e = store_update(c->store, delete_token, &s)) != ERR_OK)
		return fail(e, "token revoke");
	return EXIT_SUCCESS;
}

/* --- show ------------------------------------------------------------- */

/* Takes the only tenant there is where none was named. */
static enum err
only_tenant(const struct guid *tenant, const struct record *r, void *arg)
{
	struct call *c = arg;

	(void)r;
	if (c->given & BIT(OPTION_TENANT))
		return ERR_USAGE;
	c->given |= BIT(OPTION_TENANT);
	c->tenant = *tenant;
	return ERR_OK;
}

/* Text of a client, safe on a terminal. */
static void
print_text(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];

		if (ch < ' ' && ch != '\n')
			printf("\\x%02x", ch);
		else
			putchar(ch);
	}
}

static void
print_record(const struct record *r)
{
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++) {
		printf("%s: ", record_properties[i].name);
		print_text(record_text(r, (enum property)i));
		putchar('\n');
	}
}

static int
print_record_json(const struct record *r)
{
	struct view v = { .metadata = ODATA_NONE, .set = RECORD_ALL };
	size_t size = 512 * 1024;
	char *text = malloc(size);
	struct buf out;

	if (text == NULL)
		return fail(ERR_MEMORY, "show");
	buf_init(&out, text, size);
	view_record(&out, &v, r);
	printf("%.*s\n", STR_ARG(buf_view(&out)));
	free(text);
	return EXIT_SUCCESS;
}

static int
run_show(struct call *c)
{
	struct record r;
	enum err e;

	if (begin_reading(c) != ERR_OK)
		return EXIT_FAILURE;
	if ((c->given & BIT(OPTION_TENANT)) == 0) {
		e = store_records(c->reader, only_tenant, c);
		if (e == ERR_USAGE)
			return usage("there are several tenants: "
				     "show needs --tenant GUID");
		if (e != ERR_OK)
			return fail(e, "show");
	}
	if ((e = store_record(c->reader, &c->tenant, &r)) != ERR_OK)
		return fail(e, "show");
	if (c->given & BIT(OPTION_JSON))
		return print_record_json(&r);
	print_record(&r);
	return EXIT_SUCCESS;
}

/* --- the table -------------------------------------------------------- */

static const struct command {
	const char *word, *second; /* second: NULL where there is just one */
	unsigned options;
	bool argument;
	const char *synopsis;
	const char *summary;
	int (*run)(struct call *c);
} commands[] = {
	{ "init", NULL, BIT(OPTION_DATA), false, "[--data DIR] [--config FILE]",
	    "make the data directory and the store", run_init },
	{ "serve", NULL, BIT(OPTION_SOCKET), false, "[--socket PATH]",
	    "be the FastCGI application on a unix socket", run_serve },
	{ "token", "create",
	    BIT(OPTION_TENANT) | BIT(OPTION_SCOPE) | BIT(OPTION_NAME) |
		BIT(OPTION_EXPIRES),
	    false, "--tenant GUID --scope S... [--name N] [--expires DAYS]",
	    "make a bearer token and print it, once", run_token_create },
	{ "token", "list", BIT(OPTION_TENANT) | BIT(OPTION_JSON), false,
	    "[--tenant GUID] [--json]", "list tokens, without their secrets",
	    run_token_list },
	{ "token", "revoke", 0, true, "ID", "revoke a token at once",
	    run_token_revoke },
	{ "show", NULL, BIT(OPTION_TENANT) | BIT(OPTION_JSON), false,
	    "[--tenant GUID] [--json]", "print a tenant's record", run_show },
	{ "config", NULL, 0, false, "", "print the effective configuration",
	    run_config },
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
		printf("  pushcert %s%s%s %s\n      %s\n", commands[i].word,
		    commands[i].second != NULL ? " " : "",
		    commands[i].second != NULL ? commands[i].second : "",
		    commands[i].synopsis, commands[i].summary);
	printf("\nEach takes --config FILE; without it $PUSHCERT_CONFIG, "
	       "pushcert.conf beside\nthe program, or %s/pushcert.conf is "
	       "read.\nStarted by a web server with a listening socket as "
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

/* Takes one option's value; what is wrong with it, or NULL. */
static const char *
take(struct call *c, int option, const char *value)
{
	uint32_t scope;

	c->given |= BIT(option);
	switch (option) {
	case OPTION_CONFIG:
		c->config_path = value;
		break;
	case OPTION_DATA:
		c->data = value;
		break;
	case OPTION_EXPIRES:
		if (!str_u64(str_of(value), &c->expires_days) ||
		    c->expires_days < 1 || c->expires_days > 36500)
			return "--expires takes days from 1 to 36500";
		break;
	case OPTION_NAME:
		if (strlen(value) > 64 || !str_utf8_valid(str_of(value)))
			return "--name takes at most 64 bytes of UTF-8";
		c->name = value;
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
		if (!str_guid(str_of(value), &c->tenant))
			return "--tenant takes a GUID";
		break;
	default:
		break;
	}
	return NULL;
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

static int
run(const struct command *command, struct call *c)
{
	int status = command->run(c);

	store_reader_free(c->reader);
	store_close(c->store);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		fprintf(stderr, "pushcert: stdout: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return status;
}

int
command_run(int argc, char **argv)
{
	struct call c = { .given = 0 };
	const struct command *command = find_command(argc, argv);
	const char *wrong = NULL;
	int words = command == NULL ? 0 : command->second == NULL ? 1 : 2;
	int option;

	if (command == NULL && argc > 1 && argv[1][0] != '-')
		return usage("no such command");
	optind = words + 1;
	while (
	    (option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		if (option == '?')
			return usage("bad usage");
		if (option == OPTION_HELP)
			return help();
		if (option == OPTION_VERSION)
			return version();
		if (command != NULL &&
		    ((command->options | COMMON) & BIT(option)) == 0)
			return usage("this command does not take that option");
		if ((wrong = take(&c, option, optarg)) != NULL)
			return usage(wrong);
	}
	if (command == NULL)
		return usage("which command?");
	if (command->argument && optind < argc)
		c.argument = argv[optind++];
	if (optind < argc || (command->argument && c.argument == NULL))
		return usage("wrong number of arguments");
	return run(command, &c);
}
