/* SPDX-License-Identifier: ISC */
/*
 * cmd_doctor.c - the table of checks, and the checks of this machine. A finding
 * is one line: the problem and its cure. A check that finds nothing prints
 * nothing.
 */
#include "tool/cmd_call.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "state/docroot.h"
#include "tool/cmd_output.h"
#include "tool/doctor_checks.h"
#include "tool/doctor_report.h"

#define MIB ((uint64_t)1 << 20)

/* With less free space, the next few certificates may fill the disk. */
#define FREE_LEAST (64 * MIB)

/* 2026-01-01, in seconds. This source is newer, so a clock that shows an
 * earlier time is wrong. */
#define CLOCK_LEAST 1767225600

static void
check_configuration(struct doctor *d)
{
	struct cmd_call *c = d->call;
	char path[PATH_MAX], message[CONFIG_TEXT_MAX];
	const char *file = config_find(c->value[OPTION_CONFIG], path);

	config_default(&c->config);
	if (file != NULL && config_load(file, &c->config, message) != ERR_OK) {
		doctor_finding(d,
		    "Correct this line; pushcert.conf(5) describes all keys "
		    "and values.",
		    "%s", message);
		return;
	}
	d->configured = true;
	if (c->config.read_only)
		doctor_finding(d, "Remove this key when the store has moved.",
		    "read_only = yes: each change is answered 503");
}

/* Whether the file or directory exists, belongs to this user, and gives no
 * rights to any other user. Reports the first of these that is not true. */
static bool
is_private(struct doctor *d, const char *path, bool directory)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		doctor_finding(d,
		    errno == ENOENT
			? "Run pushcert init as the user of the web server."
			: "Run doctor as the user of the program.",
		    "%s: %s", path, strerror(errno));
		return false;
	}
	if (directory ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)) {
		doctor_finding(d, "Name another path in the configuration.",
		    "%s: not a %s", path, directory ? "directory" : "file");
		return false;
	}
	if (st.st_uid != geteuid()) {
		doctor_finding(d,
		    "Run doctor as the user of the program; if this is that "
		    "user, chown the data directory.",
		    "%s: this belongs to user %ld, not to %ld", path,
		    (long)st.st_uid, (long)geteuid());
		return false;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		doctor_finding(d,
		    directory ? "Run chmod 700 on it." : "Run chmod 600 on it.",
		    "%s: other users have access (mode %03o)", path,
		    (unsigned)st.st_mode & 0777);
		return false;
	}
	return true;
}

static void
check_directory(struct doctor *d)
{
	struct store_options options = cmd_store_options(d->call);
	const char *const *file = store_files(&options);
	char path[PATH_MAX];

	if (!is_private(d, d->call->config.data, true))
		return;
	d->owns_data = true;
	for (; *file != NULL; file++) {
		snprintf(
		    path, sizeof(path), "%s/%s", d->call->config.data, *file);
		d->owns_data = is_private(d, path, false) && d->owns_data;
	}
}

static void
check_place(struct doctor *d)
{
	const struct config *config = &d->call->config;
	char path[PATH_MAX];
	struct str root = docroot_suspect(config->data, path);

	if (!str_is_null(root) && !config->data_in_document_root)
		doctor_finding(d,
		    "Move the data directory, or set data_in_document_root = "
		    "yes.",
		    "%s: the data directory is under %.*s, which looks like a "
		    "document root",
		    config->data, STR_ARG(root));
}

static void
check_secrets(struct doctor *d)
{
	const struct config *config = &d->call->config;
	char message[CONFIG_TEXT_MAX];
	size_t n = strlen(config->data);
	struct secrets secrets;
	enum err e = secret_load(config, &secrets, message);

	secret_wipe(&secrets);
	if (e == ERR_NOT_PRIVATE)
		doctor_finding(d,
		    "Before that no service starts, and no command that needs "
		    "the key.",
		    "%s", message);
	else if (e != ERR_OK)
		doctor_finding(d,
		    "Restore the file, readable for the program's user, or "
		    "remove the key from the configuration.",
		    "%s", message);
	if (strncmp(config->key_file, config->data, n) == 0 &&
	    config->key_file[n] == '/')
		doctor_finding(d,
		    "Move the key file and change key_file: a copy of the data "
		    "directory would contain the key to its private keys.",
		    "%s: the key file is in the data directory",
		    config->key_file);
}

/* A kernel without a feature of the sandbox is not a finding: the operator
 * cannot cure it here, and the program logs it at each start. */
static void
check_sandbox(struct doctor *d)
{
	if (!d->call->config.sandbox)
		doctor_finding(d, "Remove this key after debugging.",
		    "sandbox = no: the program runs without its sandbox");
}

static void
check_disk(struct doctor *d)
{
	const char *data = d->call->config.data;
	struct statvfs fs;
	uint64_t room;

	if (statvfs(data, &fs) != 0)
		return;
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room < FREE_LEAST)
		doctor_finding(d,
		    "Free some space: on a full disk all changes fail.",
		    "%s: the disk has only %llu MiB of free space", data,
		    (unsigned long long)(room / MIB));
	if (fs.f_flag & ST_RDONLY)
		doctor_finding(d, "Mount it read-write.",
		    "%s: the file system is read-only", data);
}

/* The time at which the file that holds the data was last changed; 0 if there
 * is none. */
static int64_t
data_changed_at(struct doctor *d)
{
	struct store_options options = cmd_store_options(d->call);
	const char *file = store_files(&options)[0];
	char path[PATH_MAX];
	struct stat st;

	if (file == NULL)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", d->call->config.data, file);
	return stat(path, &st) == 0 ? st.st_mtime : 0;
}

static void
check_clock(struct doctor *d)
{
	int64_t now_at = cmd_now_at();

	if (now_at < CLOCK_LEAST ||
	    data_changed_at(d) > now_at + DOCTOR_CLOCK_SLACK)
		doctor_finding(d,
		    "Set the clock and run NTP: the dates of certificates and "
		    "tokens are compared with it.",
		    "the clock shows a time in the past");
}

static void
check_map(struct doctor *d)
{
	size_t size = d->call->config.map_size;
	void *map = mmap(NULL, size, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map != MAP_FAILED) {
		munmap(map, size);
		return;
	}
	doctor_finding(d,
	    "Set a smaller map_size such as 64M, or raise the limit "
	    "(ulimit -v).",
	    "map_size: the process cannot map %llu MiB",
	    (unsigned long long)(size / MIB));
}

enum need { NOTHING, CONFIGURATION, DIRECTORY, URL };
/* A check that concerns only a store in files, or only one in a database. */
enum place { ANYWHERE, FILES, DATABASE };

static const struct check {
	const char *name;
	enum need need; /* without it the check would repeat a finding */
	enum place place;
	void (*run)(struct doctor *d);
} checks[] = {
	{ "configuration", NOTHING, ANYWHERE, check_configuration },
	{ "directory", CONFIGURATION, ANYWHERE, check_directory },
	{ "place", CONFIGURATION, ANYWHERE, check_place },
	{ "secrets", CONFIGURATION, ANYWHERE, check_secrets },
	{ "vendor", CONFIGURATION, ANYWHERE, doctor_check_vendor },
	{ "trust", CONFIGURATION, ANYWHERE, doctor_check_trust },
	{ "jwks", CONFIGURATION, ANYWHERE, doctor_check_keys },
	{ "sign-in", CONFIGURATION, ANYWHERE, doctor_check_sign_in },
	{ "sandbox", CONFIGURATION, ANYWHERE, check_sandbox },
	{ "disk", CONFIGURATION, FILES, check_disk },
	{ "clock", CONFIGURATION, ANYWHERE, check_clock },
	{ "map", CONFIGURATION, FILES, check_map },
	{ "database", DIRECTORY, DATABASE, doctor_check_database },
	{ "store", DIRECTORY, ANYWHERE, doctor_check_store },
	{ "lock", DIRECTORY, FILES, doctor_check_lock },
	{ "socket", NOTHING, ANYWHERE, doctor_check_socket },
	{ "url", URL, ANYWHERE, doctor_check_url },
};

#define CHECKS (sizeof(checks) / sizeof(checks[0]))
_Static_assert(CHECKS <= 64, "a set of checks is 64 bits");

/* The checks that do not concern this store are not mentioned. */
static bool
concerns(const struct doctor *d, const struct check *check)
{
	enum place place = d->call->config.database[0] == '\0' ? FILES
							       : DATABASE;

	return check->place == ANYWHERE || check->place == place;
}

static bool
can_run(const struct doctor *d, const struct check *check)
{
	switch (check->need) {
	case CONFIGURATION:
		return d->configured;
	case DIRECTORY:
		return d->owns_data;
	case URL:
		return d->call->value[OPTION_URL] != NULL;
	case NOTHING:
		break;
	}
	return true;
}

/* Prints the names of the checks that were made, or were not. */
static void
print_checks(const struct doctor *d, const char *title, uint64_t set)
{
	const char *before = title;
	size_t i;

	for (i = 0; i < CHECKS; i++) {
		if ((set >> i & 1) == 0 || !concerns(d, &checks[i]))
			continue;
		printf("%s%s", before, checks[i].name);
		before = ", ";
	}
}

static void
print_summary(const struct doctor *d, uint64_t made)
{
	const uint64_t all = (UINT64_C(1) << CHECKS) - 1;

	if ((d->call->given & (CMD_BIT(OPTION_QUIET) | CMD_BIT(OPTION_JSON))) !=
	    0)
		return;
	print_checks(d, "Checked ", made);
	print_checks(d, "; not checked: ", all & ~made);
	if (d->findings == 0)
		printf(". No problem was found.\n");
	else
		printf(". Problems found: %u.\n", d->findings);
}

/* Returns NULL, or what is wrong with the options for the URL. */
static const char *
misused_url(const struct cmd_call *c)
{
	if ((c->value[OPTION_URL] == NULL) !=
	    (c->value[OPTION_TOKEN_FILE] == NULL))
		return "--url and --token-file go together; give both";
	return c->value[OPTION_CACERT] != NULL && c->value[OPTION_URL] == NULL
	    ? "--cacert is for the test of --url; add --url URL"
	    : NULL;
}

int
cmd_doctor(struct cmd_call *c)
{
	struct doctor d = { .call = c };
	const char *wrong = misused_url(c);
	uint64_t made = 0;
	size_t i;

	if (wrong != NULL)
		return cmd_usage(c, "%s", wrong);
	for (i = 0; i < CHECKS; i++) {
		d.check = checks[i].name;
		if (!concerns(&d, &checks[i]) || !can_run(&d, &checks[i]))
			continue;
		made |= UINT64_C(1) << i;
		checks[i].run(&d);
	}
	print_summary(&d, made);
	return d.findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
