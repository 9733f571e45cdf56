/* SPDX-License-Identifier: ISC */
/*
 * sandbox_files.c - Landlock rules (landlock(7)): the files that the process
 * may open. The rights of each Landlock version are rows of a table.
 */
#include "server/sandbox_private.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define TRUNCATE ((uint64_t)1 << 14)

/*
 * The access rights that each version of Landlock added. The process handles,
 * and so denies, every right that the running kernel knows. Newer rights are
 * written as numbers, because the kernel headers may be older than the kernel.
 */
static const struct ability {
	int version;
	uint64_t files, net, scoped;
} abilities[] = {
	{ 1, ((uint64_t)LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, 0, 0 },
	{ 2, (uint64_t)1 << 13 /* REFER */, 0, 0 },
	{ 3, TRUNCATE, 0, 0 },
	{ 4, 0, 1 << 0 /* BIND_TCP */ | 1 << 1 /* CONNECT_TCP */, 0 },
	{ 5, (uint64_t)1 << 15 /* IOCTL_DEV */, 0, 0 },
	{ 6, 0, 0, 1 << 0 /* ABSTRACT_UNIX_SOCKET */ | 1 << 1 /* SIGNAL */ },
};

/* The service may reopen the store while it runs; MAKE_REG is
 * needed to create its lock file. */
#define DATA_RIGHTS                                                     \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | \
	    TRUNCATE)

/* The kernel's struct landlock_ruleset_attr with all its fields. A kernel with
 * a shorter struct accepts a longer one as long as the fields it does not know
 * are 0. */
struct ruleset {
	uint64_t files, net, scoped;
};

static struct ruleset
handled_rights(int version)
{
	struct ruleset r = { .files = 0 };
	size_t i;

	for (i = 0; i < COUNT(abilities); i++) {
		if (version < abilities[i].version)
			break;
		r.files |= abilities[i].files;
		r.net |= abilities[i].net;
		r.scoped |= abilities[i].scoped;
	}
	return r;
}

static bool
allow_beneath(int ruleset, const char *directory, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	long rc;

	/* Each caller passes an array, so this is not a null pointer.
	 * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	rule.parent_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return false;
	rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
	    &rule, 0);
	close(rule.parent_fd);
	return rc == 0;
}

/* Allows reading in the directory of a file. A new version of the file replaces
 * the old one by rename(2), and a rule for the file itself would not hold for
 * the new inode. */
static bool
allow_successors(int ruleset, const char *file)
{
	char path[CONFIG_TEXT_MAX];

	if (file[0] == '\0')
		return true;
	strcpy(path, file);
	return allow_beneath(
	    ruleset, dirname(path), LANDLOCK_ACCESS_FS_READ_FILE);
}

/* The directory of a secret may be missing, so failures are ignored; the secret
 * can then be loaded only after a restart. */
static void
allow_secrets(int ruleset, const struct config *c)
{
	struct str rest = str_of(c->vendor_certificate), file;
	char path[CONFIG_TEXT_MAX];

	while (!str_is_null(rest)) {
		file = str_trim(str_cut(&rest, ','));
		snprintf(path, sizeof(path), "%.*s", STR_ARG(file));
		(void)allow_successors(ruleset, path);
	}
	(void)allow_successors(ruleset, c->vendor_key);
	(void)allow_successors(ruleset, c->key_file);
}

/* --- the database ------------------------------------------------------- */

/* The struct and the numbers of Landlock 4 are newer than some headers. */
struct port_rule {
	uint64_t allowed, port;
};
enum { RULE_NET_PORT = 2, CONNECT_TCP = 1 << 1, DNS = 53 };

static void
allow_port(int ruleset, uint64_t port)
{
	const struct port_rule rule = { CONNECT_TCP, port };

	(void)syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0);
}

static void
allow_file(int ruleset, const char *file)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE
	};

	if ((rule.parent_fd = open(file, O_PATH | O_CLOEXEC)) < 0)
		return;
	(void)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

/* The client of a database connects again with these: the ports, the files of
 * the resolver, the password, and the certificates, which are replaced from
 * time to time. */
static void
allow_database(int ruleset, const struct config *c)
{
	static const char *const files[] = { "/etc/hosts", "/etc/resolv.conf",
		"/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf",
		"/etc/services" };
	static const char *const words[] = { "sslrootcert", "sslcert", "sslkey",
		"sslcrl" };
	/* The certificates of the system, as Debian and Fedora have them. */
	static const char *const authorities[] = { "/etc/ssl", "/usr/lib/ssl",
		"/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates", "/etc/pki" };
	char path[CONFIG_TEXT_MAX];
	uint16_t port[CONFIG_PORTS_MAX];
	size_t n = config_database_ports(c, port), i;

	for (i = 0; i < COUNT(files); i++)
		allow_file(ruleset, files[i]);
	for (i = 0; i < n; i++)
		allow_port(ruleset, port[i]);
	allow_port(ruleset, DNS);
	(void)allow_successors(ruleset, c->database_password_file);
	for (i = 0; i < COUNT(words); i++)
		if (config_database_word(c, words[i], path) &&
		    strcmp(path, "system") != 0)
			(void)allow_successors(ruleset, path);
	if (config_database_word(c, "sslrootcert", path) &&
	    strcmp(path, "system") == 0)
		for (i = 0; i < COUNT(authorities); i++)
			allow_file(ruleset, authorities[i]);
}

static bool
allow_files(int ruleset, const struct config *c, uint64_t known)
{
	if (!allow_beneath(ruleset, c->data, DATA_RIGHTS & known))
		return false;
	allow_secrets(ruleset, c);
	if (c->database[0] != '\0')
		allow_database(ruleset, c);
	return allow_successors(ruleset, c->jwks_file);
}

bool
sandbox_restrict_files(const struct config *c)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	const struct ruleset r = handled_rights((int)version);
	bool good;
	int fd;

	if (version < 1)
		return false;
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	if (fd < 0)
		return false;
	good = allow_files(fd, c, r.files) &&
	    syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	return good;
}
