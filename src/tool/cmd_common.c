/* SPDX-License-Identifier: ISC */
/*
 * cmd_common.c - the steps that many subcommands share: read the configuration,
 * open the store, find the tenant, fork, identify the caller.
 */
#include "tool/cmd_call.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "format/crypto.h"
#include "base/libc.h"
#include "base/log.h"
#include "http/routes.h"
#include "state/trust.h"
#include "tool/cmd_output.h"
#include "tool/cmd_progress.h"
#include "tool/cmd_table.h"

/* In bytes; see begin_crypto. */
#define CRYPTO_ROOM ((size_t)120 * 1024)

bool
cmd_is_name(const char *text)
{
	struct str name = str_of(text);

	return name.n >= 1 && name.n <= 64 && str_utf8_valid(name);
}

/* Decodes the first character of a text of valid UTF-8. Sets *n to its length
 * in bytes. */
static unsigned
first_character(struct str s, size_t *n)
{
	unsigned char first = (unsigned char)s.p[0];
	unsigned code = first;
	size_t i;

	*n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (*n > 1)
		code = first & (0x7fU >> *n);
	for (i = 1; i < *n && i < s.n; i++)
		code = code << 6 | ((unsigned char)s.p[i] & 0x3fU);
	return code;
}

bool
cmd_is_alias(const char *text)
{
	/*
	 * Control characters, spaces of any width, and characters without any
	 * width (Unicode 15: general categories Cc, Cf, Zs, Zl, Zp). The
	 * operator could not see them in a name, and so could not type the
	 * name.
	 */
	static const struct {
		unsigned first, last;
	} refused[] = { { 0, 0x20 }, { 0x7f, 0xa0 }, { 0xad, 0xad },
		{ 0x600, 0x605 }, { 0x61c, 0x61c }, { 0x6dd, 0x6dd },
		{ 0x70f, 0x70f }, { 0x1680, 0x1680 }, { 0x180e, 0x180e },
		{ 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f },
		{ 0x3000, 0x3000 }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
		{ 0xe0000, 0xe0fff } };
	struct str s = str_of(text);
	unsigned code;
	size_t i, n;

	if (!cmd_is_name(text))
		return false;
	for (; s.n > 0; s = str_tail(s, n)) {
		code = first_character(s, &n);
		for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
			if (code >= refused[i].first && code <= refused[i].last)
				return false;
	}
	return true;
}

bool
cmd_guid(const char *text, struct guid *out)
{
	struct str s = str_of(text);

	if (str_starts(s, "{") && str_ends(s, "}")) {
		s = str_tail(s, 1);
		s.n--;
	}
	return str_guid(s, out);
}

int64_t
cmd_now_at(void)
{
	return (int64_t)time(NULL);
}

enum err
cmd_in_child(
    struct cmd_call *c, cmd_work *work, void *arg, unsigned seconds, int *died)
{
	int status;
	enum err e;
	pid_t child;

	_Static_assert(ERR_COUNT <= 256, "an outcome is an exit status");
	*died = 0;
	fflush(stdout);
	if ((child = fork()) < 0) {
		cmd_error(c,
		    "no second process can be started: %s; "
		    "try again when fewer processes run",
		    strerror(errno));
		return ERR_INTERNAL;
	}
	if (child == 0) {
		alarm(seconds);
		e = work(c, arg);
		/* Free the reader. Otherwise its slot would keep old pages in
		 * use until another process notices that this one is gone. */
		store_reader_free(c->reader);
		store_close(c->store);
		_exit((int)e);
	}
	if (waitpid(child, &status, 0) != child)
		return ERR_INTERNAL;
	if (WIFEXITED(status))
		return (enum err)WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGALRM)
		return ERR_BUSY;
	*died = WTERMSIG(status);
	return ERR_CORRUPT;
}

/* Checks that no other user can change the files that decide which clients are
 * trusted. `jwks import` replaces the key set, so for it only the directory
 * matters. */
static enum err
check_trust(const struct cmd_call *c, const char *file)
{
	const char *keys = c->config.jwks_file;
	struct trust_fault fault;
	enum err e = ERR_OK;

	if (file != NULL)
		e = trust_file(file, &fault);
	if (e == ERR_OK && keys[0] != '\0')
		e = c->replaces_keys ? trust_directory(keys, &fault)
				     : trust_file(keys, &fault);
	if (e != ERR_OK)
		cmd_error(c, "%s. %s", fault.what, fault.cure);
	return e;
}

/* A service logs where the configuration says. The other commands log to
 * standard error: their user wants to read the cause of a failure. */
static bool
is_service(const struct cmd_call *c)
{
	return c->command == NULL || c->command->run == cmd_serve;
}

/*
 * libcrypto 3.2 and later report a failed allocation by their list of errors,
 * which needs their one-time initialisation. If an allocation of this
 * initialisation fails, the report waits for it forever. So this makes sure
 * that there is memory: the initialisation takes 60,464 bytes (measured with
 * 3.5.9 by mallinfo2), and glibc keeps a block of less than 128 KiB after free.
 */
static enum err
begin_crypto(void)
{
	void *room = malloc(CRYPTO_ROOM);

	free(room);
	return room != NULL ? crypto_init() : ERR_MEMORY;
}

enum err
cmd_load_config(struct cmd_call *c)
{
	char path[PATH_MAX], message[CONFIG_TEXT_MAX];
	const char *file = config_find(c->value[OPTION_CONFIG], path);
	enum err e;

	if ((e = begin_crypto()) != ERR_OK) {
		(void)cmd_fail(c, e, "libcrypto");
		return e;
	}
	config_default(&c->config);
	if (file != NULL)
		e = config_load(file, &c->config, message);
	if (e != ERR_OK)
		cmd_error(c, "%s", message);
	if (e == ERR_OK && (e = check_trust(c, file)) == ERR_OK)
		log_open(c->config.syslog && is_service(c),
		    (enum log_level)c->config.log_level);
	return e;
}

/* A search for the tenant with this alias. */
struct aliased {
	struct str alias;
	struct guid id;
	bool found;
};

static enum err
match_alias(const struct tenant *t, void *arg)
{
	struct aliased *a = arg;

	/* Aliases are compared without regard to case. An older release let two
	 * aliases differ by case only; then an exact match wins. */
	if (!str_ieq(t->alias, a->alias) ||
	    (a->found && !str_eq(t->alias, a->alias)))
		return ERR_OK;
	a->id = t->id;
	a->found = true;
	return ERR_OK;
}

enum err
cmd_find_alias(struct txn *tx, const char *alias, struct guid *out)
{
	struct aliased a = { .alias = str_of(alias) };
	enum err e = store_tenants(tx, match_alias, &a);

	*out = a.id;
	return e != ERR_OK ? e : a.found ? ERR_OK : ERR_NOT_FOUND;
}

enum err
cmd_find_tenant(struct cmd_call *c)
{
	struct txn *tx = NULL;
	enum err e;

	if (c->alias == NULL)
		return ERR_OK;
	if ((e = store_reader(c->store, &tx)) == ERR_OK &&
	    (e = store_begin(tx)) == ERR_OK)
		e = cmd_find_alias(tx, c->alias, &c->tenant);
	store_reader_free(tx);
	if (e == ERR_NOT_FOUND)
		cmd_error(c,
		    "%s: this is neither a GUID nor an alias; 'pushcert tenant "
		    "list' prints both",
		    c->alias);
	else if (e != ERR_OK)
		(void)cmd_fail(c, e, cmd_place(c));
	return e;
}

bool
cmd_has_place(const struct cmd_call *c, const char *data)
{
	const char *slash = strrchr(data, '/');
	int n = slash != NULL ? (int)(slash - data) : 0;
	char parent[PATH_MAX];

	/*
	 * The final dot makes access() fail unless the parent is a directory.
	 */
	snprintf(parent, sizeof(parent), "%.*s/.", n, data);
	if (n == 0 || access(data, F_OK) == 0 ||
	    access(parent, W_OK | X_OK) == 0)
		return true;
	if (errno == ENOENT)
		cmd_error(c,
		    "%s: the directory %.*s does not exist; create it first",
		    data, n, data);
	else
		cmd_error(c, "%s: cannot create it in %.*s: %s", data, n, data,
		    strerror(errno));
	return false;
}

enum err
cmd_begin_reading(struct cmd_call *c)
{
	enum err e;

	if ((e = cmd_load_config(c)) != ERR_OK)
		return e;
	if ((e = cmd_open_store(c, false)) != ERR_OK)
		return e;
	if ((e = cmd_spool_begin(c, false)) != ERR_OK)
		return e;
	if ((e = store_reader(c->store, &c->reader)) != ERR_OK ||
	    (e = store_begin(c->reader)) != ERR_OK)
		(void)cmd_fail(c, e, cmd_place(c));
	return e;
}

/* Called for each record. Takes the tenant of the first record, and stops with
 * ERR_STOP at a second one. */
static enum err
only_tenant(const struct guid *tenant, const struct record *r, void *arg)
{
	struct cmd_call *c = arg;

	(void)r;
	if (c->given & CMD_BIT(OPTION_TENANT))
		return ERR_STOP;
	c->given |= CMD_BIT(OPTION_TENANT);
	c->tenant = *tenant;
	return ERR_OK;
}

enum err
cmd_need_tenant(struct cmd_call *c)
{
	enum err e = ERR_OK;

	if ((c->given & CMD_BIT(OPTION_TENANT)) == 0)
		e = store_records(c->reader, only_tenant, c);
	if (e == ERR_STOP)
		cmd_error(c,
		    "several tenants have a record; choose one with --tenant GUID");
	else if (e != ERR_OK)
		(void)cmd_fail(c, e, cmd_place(c));
	if (e == ERR_OK && (c->given & CMD_BIT(OPTION_TENANT)) == 0) {
		cmd_error(c,
		    "no tenant has a record yet; choose the tenant with --tenant "
		    "GUID");
		e = ERR_NOT_FOUND;
	}
	return e;
}

enum err
cmd_need_arena(struct cmd_call *c)
{
	size_t size = routes_arena_size(&c->config);
	void *block = malloc(size);

	if (block == NULL) {
		(void)cmd_fail(c, ERR_MEMORY, "");
		return ERR_MEMORY;
	}
	arena_init(&c->arena, block, size);
	return ERR_OK;
}

void
cmd_drop_arena(struct cmd_call *c)
{
	if (c->arena.block == NULL)
		return;
	crypto_wipe(c->arena.block, c->arena.size);
	free(c->arena.block);
	c->arena.block = NULL;
}

/* Finds the user's name in /etc/passwd. getpwuid() would load name service
 * modules, which a static program cannot do. */
static void
user_name(char *out, size_t size)
{
	FILE *f = fopen("/etc/passwd", "re");
	uid_t uid = getuid();
	struct passwd *p;

	snprintf(out, size, "uid %lu", (unsigned long)uid);
	while (f != NULL && (p = fgetpwent(f)) != NULL) {
		if (p->pw_uid != uid)
			continue;
		snprintf(out, size, "%s", p->pw_name);
		break;
	}
	if (f != NULL)
		fclose(f);
}

enum err
cmd_caller(struct cmd_call *c, struct caller *out)
{
	char name[128], actor[sizeof(name) + 8];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	user_name(name, sizeof(name));
	snprintf(actor, sizeof(actor), "tool:%s", name);
	*out = (struct caller){ .tenant = c->tenant,
		.kind = ACTOR_TOOL,
		.actor = arena_copy(&c->arena, str_of(actor)),
		.now = { now.tv_sec, (uint32_t)now.tv_nsec } };
	if (str_is_null(out->actor)) {
		(void)cmd_fail(c, ERR_MEMORY, "");
		return ERR_MEMORY;
	}
	return ERR_OK;
}

/* A hook may drop its privileges. After that it must not have any of our files
 * open, least of all the store, which may be open without O_CLOEXEC. */
bool
cmd_keep_files(void)
{
	DIR *d;
	struct dirent *entry;
	uint64_t fd;

	if (libc_close_on_exec(STDERR_FILENO + 1) == 0)
		return true;
	/* Linux before 5.11 lacks CLOSE_RANGE_CLOEXEC. */
	if ((d = opendir("/proc/self/fd")) == NULL)
		return false;
	while ((entry = readdir(d)) != NULL)
		if (str_u64(str_of(entry->d_name), &fd) && fd > STDERR_FILENO)
			(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	closedir(d);
	return true;
}

enum err
cmd_write_text(
    const struct cmd_call *c, const char *path, unsigned mode, struct str text)
{
	struct cmd_output o;
	enum err e;

	if ((e = cmd_output_open(c, path, mode, &o)) != ERR_OK)
		return e;
	fwrite(text.p, 1, text.n, o.f);
	return cmd_output_close(&o, ERR_OK);
}
