/* SPDX-License-Identifier: ISC */
/*
 * cmd_init.c - creates a configuration file, a key file and a store, if they do
 * not exist, and says which of them it created.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "state/docroot.h"
#include "tool/cmd_output.h"

/*
 * Makes a path absolute, since the web server starts the program in another
 * directory. False if the path is too long or the working directory is unknown.
 */
static bool
absolute(const char *path, char out[PATH_MAX])
{
	if (path[0] == '/')
		snprintf(out, PATH_MAX, "%s", path);
	else if (getcwd(out, PATH_MAX) == NULL)
		return false;
	else
		snprintf(
		    out + strlen(out), PATH_MAX - strlen(out), "/%s", path);
	/* A text that fills the buffer may have been cut. */
	return strlen(out) + 1 < PATH_MAX;
}

/* The key file for a new configuration: the same path with .key in place of
 * .conf. */
static bool
key_beside(const char *config, char out[PATH_MAX])
{
	size_t n;

	if (!absolute(config, out))
		return false;
	n = strlen(out);
	if (n > 5 && strcmp(out + n - 5, ".conf") == 0)
		n -= 5;
	if (n + sizeof(".key") > PATH_MAX)
		return false;
	strcpy(out + n, ".key");
	return true;
}

/* Whether the data may be stored in this directory; if not, prints the
 * reason. */
static bool
may_lie(const struct cmd_call *c, const char *data)
{
	char path[PATH_MAX];
	struct str root;

	if ((c->given & CMD_BIT(OPTION_FORCE)) != 0 ||
	    c->config.data_in_document_root)
		return true;
	root = docroot_suspect(data, path);
	if (str_is_null(root))
		return true;
	cmd_error(c,
	    "%s: this directory is under %.*s, which looks like a "
	    "document root; choose another directory, or add --force",
	    data, STR_ARG(root));
	return false;
}

/* Writes a configuration file if none exists: the whole file or nothing. */
static enum err
write_config(const char *path, const char *data, bool forced)
{
	char key[PATH_MAX];
	struct file f;
	int n;

	if (!key_beside(path, key))
		return ERR_FILE;
	if (file_create(&f, path, S_IRUSR | S_IWUSR, false) != ERR_OK)
		return errno == EEXIST ? ERR_OK : ERR_FILE;
	n = dprintf(f.fd,
	    "# pushcert.conf - see pushcert.conf(5); 'pushcert config' shows\n"
	    "# every key with its value.\n"
	    "data = %s\n%skey_file = %s\n",
	    data, forced ? "data_in_document_root = yes\n" : "", key);
	return file_finish(&f, n > 0 ? ERR_OK : ERR_FILE);
}

/* Makes the key file that the configuration names, if it does not exist. */
static bool
make_key(const struct cmd_call *c, const char *path)
{
	if (path[0] == '\0' || secret_make(path) == ERR_OK || errno == EEXIST)
		return true;
	(void)cmd_fail_file(c, path);
	return false;
}

static void
find_sealed(const struct guid *tenant, const struct csr *csr, void *arg)
{
	bool *found = arg;

	(void)tenant;
	*found |= csr->sealed_key.n > 0;
}

/* Whether the store holds private keys of pending requests, which a new key
 * could not open. */
static bool
has_sealed_keys(struct cmd_call *c)
{
	bool found = false, writes = c->writes;
	const struct store_verifier v = {
		.relations = true, .request = find_sealed, .arg = &found
	};
	struct store_counts counts = { .requests = 0 };

	c->writes = false;
	/* A finding elsewhere in the store does not matter here. */
	if (cmd_begin_reading(c) != ERR_OK ||
	    store_verify(c->reader, &v, &counts) == ERR_MEMORY)
		found = false;
	if (cmd_end_reading(c) != ERR_OK)
		found = false;
	store_close(c->store);
	c->store = NULL;
	c->writes = writes;
	return found;
}

/* Whether the key file is missing although the store needs it; prints a
 * message. A new key would not help; the administrator may still have the old
 * one. */
static bool
has_lost_key(struct cmd_call *c, bool has_store)
{
	const char *key = c->config.key_file;
	struct stat st;

	if (key[0] == '\0' || !has_store || stat(key, &st) == 0 ||
	    errno != ENOENT || !has_sealed_keys(c))
		return false;
	cmd_error(c,
	    "%s: the key file is missing, and only that file opens the "
	    "private keys in the store; restore it",
	    key);
	return true;
}

/* Which of the files were there before. */
struct before {
	bool config, key, directory, data;
};

static bool
exists(const char *path)
{
	return path != NULL && path[0] != '\0' && access(path, F_OK) == 0;
}

static void
print_file(const char *what, const char *path, bool existed)
{
	if (path == NULL || path[0] == '\0')
		return;
	printf("%-14s %s (%s)\n", what, path, existed ? "exists" : "created");
}

/* Prints the files, and the next step after a store was created. */
static void
print_result(const struct cmd_call *c, const struct before *before)
{
	const char *config = c->value[OPTION_CONFIG];
	char path[PATH_MAX];

	print_file("configuration", config_find(config, path), before->config);
	print_file("key file", c->config.key_file, before->key);
	print_file("data", c->config.data, before->directory);
	if (c->config.database[0] != '\0')
		print_file("schema", c->config.database_schema, before->data);
	if (!before->data)
		printf("Next, create a token for a client:\n  pushcert token "
		       "create%s%s --tenant GUID \\\n    --scope "
		       "DeviceManagementServiceConfig.ReadWrite.All --output "
		       "FILE\n",
		    config != NULL ? " --config " : "",
		    config != NULL ? config : "");
}

/* Finds the data directory: in the configuration, or --data, with which
 * --config creates a configuration file. Prints the reason of a failure. */
static bool
find_data(struct cmd_call *c)
{
	const char *directory = c->value[OPTION_DATA];
	const char *path = c->value[OPTION_CONFIG];
	char data[PATH_MAX];

	if (directory == NULL)
		return cmd_load_config(c) == ERR_OK &&
		    may_lie(c, c->config.data);
	if (!absolute(directory, data) ||
	    strlen(data) >= sizeof(c->config.data)) {
		cmd_error(c,
		    "--data %.200s: the path is too long, or the working "
		    "directory does not exist; give a shorter absolute path",
		    directory);
		return false;
	}
	if (!may_lie(c, data) || !cmd_has_place(c, data))
		return false;
	if (path != NULL &&
	    write_config(path, data, (c->given & CMD_BIT(OPTION_FORCE)) != 0) !=
		ERR_OK)
		return cmd_fail_file(c, path) == ERR_OK;
	if (cmd_load_config(c) != ERR_OK)
		return false;
	if (path == NULL || strcmp(data, c->config.data) == 0) {
		strcpy(c->config.data, data);
		return true;
	}
	cmd_error(c,
	    "%s: this file names another data directory, %s; leave out --data, "
	    "or name another file with --config",
	    path, c->config.data);
	return false;
}

int
cmd_init(struct cmd_call *c)
{
	const char *config = c->value[OPTION_CONFIG];
	struct before before = { .config = config == NULL || exists(config) };
	struct store_options options;
	enum err e;

	if (!find_data(c) || !cmd_has_place(c, c->config.data))
		return EXIT_FAILURE;
	if (c->config.database[0] == '\0' &&
	    (c->given & (CMD_BIT(OPTION_OWNER) | CMD_BIT(OPTION_READER))) != 0)
		return cmd_usage(c,
		    "--owner and --reader are for a store in a database; set "
		    "the key database");
	/* Files beside the store, also where the store is in a database. */
	if (c->config.database[0] != '\0')
		(void)mkdir(c->config.data, S_IRWXU);
	options = cmd_store_options(c);
	e = store_exists(&options);
	if (e != ERR_OK && e != ERR_NO_STORE)
		return cmd_fail(c, e, cmd_place(c));
	before.data = e == ERR_OK;
	before.directory = c->config.database[0] != '\0'
	    ? exists(c->config.data)
	    : before.data;
	before.key = exists(c->config.key_file);
	if (has_lost_key(c, before.data) || !make_key(c, c->config.key_file))
		return EXIT_FAILURE;
	if (cmd_open_store(c, true) != ERR_OK)
		return EXIT_FAILURE;
	print_result(c, &before);
	return EXIT_SUCCESS;
}
