/* SPDX-License-Identifier: ISC */
/*
 * cmd_call.h - a call of a subcommand, the steps that subcommands share, and
 * the subcommands themselves. Only the files of the tool include it.
 *
 * Functions that return enum err print the reason of a failure on standard
 * error, unless their comment says that they print nothing.
 */
#ifndef PUSHCERT_CMD_CALL_H
#define PUSHCERT_CMD_CALL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "state/config.h"
#include "base/err.h"
#include "base/progress.h"
#include "format/expiry.h"
#include "base/buf.h"
#include "state/metrics.h"
#include "rules/change.h"
#include "format/record.h"
#include "state/secret.h"
#include "store/store.h"
#include "base/str.h"

enum cmd_option {
	OPTION_ALL,
	OPTION_ALL_TENANTS,
	OPTION_ALLOW_TOPIC_CHANGE,
	OPTION_APPLE_ID,
	OPTION_CA,
	OPTION_CACERT,
	OPTION_CERTIFICATE,
	OPTION_CONFIG,
	OPTION_CONTACT,
	OPTION_CRITICAL,
	OPTION_CSR,
	OPTION_CSV,
	OPTION_DATA,
	OPTION_DAYS,
	OPTION_DEPLOY,
	OPTION_DIGEST,
	OPTION_DEVICE,
	OPTION_DRY_RUN,
	OPTION_EXPIRES,
	OPTION_FOLLOW,
	OPTION_FORCE,
	OPTION_FROM_NOW,
	OPTION_HELP,
	OPTION_HOOK,
	OPTION_IF_CONFIGURED,
	OPTION_INSECURE_ANY_TOKEN,
	OPTION_ISSUER,
	OPTION_JSON,
	OPTION_KEY,
	OPTION_LEGACY,
	OPTION_LIMIT,
	OPTION_MAGIC,
	OPTION_MATCH,
	OPTION_NAME,
	OPTION_NO_COPY,
	OPTION_NO_SANDBOX,
	OPTION_NOTES,
	OPTION_OUTPUT,
	OPTION_OWNER,
	OPTION_PASSPHRASE_FILE,
	OPTION_PKCS12,
	OPTION_PORT,
	OPTION_PROBE,
	OPTION_QUIET,
	OPTION_READER,
	OPTION_REVISION,
	OPTION_RSA,
	OPTION_SCOPE,
	OPTION_SOCKET,
	OPTION_SORT,
	OPTION_STATUS,
	OPTION_TENANT,
	OPTION_TO,
	OPTION_TOKEN_FILE,
	OPTION_TOPIC,
	OPTION_URL,
	OPTION_VENDOR_CERT,
	OPTION_VENDOR_KEY,
	OPTION_VERSION,
	OPTION_WARNING,
	OPTION_WITHIN,
	CMD_OPTIONS
};

#define CMD_BIT(option) (UINT64_C(1) << (option))
_Static_assert(CMD_OPTIONS <= 64, "a set of options is 64 bits");

/* Most arguments besides the options; `token rename` has two. */
#define CMD_ARGUMENTS 2

struct command;
struct cmd_names;

/* The original descriptors while output is kept in memory (cmd_spool.c). */
struct cmd_spool {
	bool on;
	int out, err; /* -1: not replaced */
};

/* One call of a subcommand: the command line, and what the subcommand opens.
 * cmd_run releases the store, the reader and the arena. */
struct cmd_call {
	/* The row of the table; NULL for a service that a web server starts. */
	const struct command *command;
	/* The command line. */
	uint64_t given; /* the set of options, as CMD_BIT */
	const char *value[CMD_OPTIONS]; /* NULL: not given, or has no value */
	const char *argument[CMD_ARGUMENTS];
	/* All words after the name of a command that is_raw. */
	char *const *raw;
	int raw_count;
	/* The values of some options, converted. */
	uint32_t scopes; /* --scope, as a set */
	uint64_t expires_days;
	uint64_t days; /* --days */
	unsigned port; /* 0: a free one */
	uint64_t warning_days, critical_days, within_days;
	uint64_t limit;
	uint64_t revision;
	char vendor_certificates[CONFIG_TEXT_MAX]; /* paths, by commas */
	struct guid tenant;
	/* The tenant was given by this name: `tenant` is valid only after
	 * cmd_open_store. NULL: it was given as a GUID, or not at all. */
	const char *alias;

	/* The command may change the store, so that a store of an older format
	 * is upgraded first. */
	bool writes;
	/* The store is opened for reading only, which also works on a
	 * read-only file system. */
	bool reads;
	/* The command replaces the key set, so that the old set need not be
	 * trustworthy. */
	bool replaces_keys;

	struct config config; /* after cmd_load_config */
	struct progress progress; /* of the store's long work */
	struct metrics *metrics; /* where the store counts commits, or NULL */
	struct store *store;
	struct txn *reader;
	struct cmd_spool spool;
	struct arena arena; /* after cmd_need_arena */
	struct cmd_names *names; /* after cmd_each_tenant; NULL: none */
	uint64_t rows; /* lines of a list that were printed */
};

/* Whether the text may be the name of a token or a tenant: 1 to 64 bytes of
 * UTF-8. */
bool cmd_is_name(const char *text);
/* Whether it may be the alias of a tenant: a name in which every character is
 * visible, so that the operator can type it. */
bool cmd_is_alias(const char *text);
/* Whether the text is a GUID, also one in braces. */
bool cmd_guid(const char *text, struct guid *out);
/* The time in seconds, UTC. */
int64_t cmd_now_at(void);

/*
 * Runs `work` in a child process and returns its outcome. A process must not
 * open the same store twice, and a store that hangs or is damaged must not take
 * the calling process with it. Returns ERR_BUSY if the child has not ended
 * after this many seconds (0: no limit), and ERR_CORRUPT with *died, the
 * signal, if a signal killed it; otherwise *died is 0. Prints a message only if
 * there can be no child.
 */
typedef enum err cmd_work(struct cmd_call *c, void *arg);
enum err cmd_in_child(struct cmd_call *c, cmd_work *work, void *arg,
    unsigned seconds, int *died) ATTR_CHECKED;

/* Reads the configuration, checks that no other user can change it or the key
 * set, and opens the log. */
enum err cmd_load_config(struct cmd_call *c) ATTR_CHECKED;
/* Whether the data directory exists or can be made. Prints the reason if it
 * cannot. */
bool cmd_has_place(const struct cmd_call *c, const char *data);

/* Opens the store in the format that it has. Prints nothing. */
enum err cmd_try_store(struct cmd_call *c, bool create) ATTR_CHECKED;
/* Upgrades the open store if its format is older, unless it has more than
 * tenants_most tenants (0: no limit). Waits up to `wait` milliseconds until
 * other processes have closed the store. Prints nothing, but logs the cause. */
enum err cmd_upgrade(
    struct cmd_call *c, uint64_t tenants_most, int64_t wait) ATTR_CHECKED;
/* Where the store is, for a message: the data directory, or words for the
 * database. */
const char *cmd_place(const struct cmd_call *c);
/* The options that the configuration gives; they point into it. */
struct store_options cmd_store_options(struct cmd_call *c);
/* Opens the store, upgrades it if the command writes, and finds the tenant of
 * an alias. */
enum err cmd_open_store(struct cmd_call *c, bool create) ATTR_CHECKED;
/* Opens the store for a service, and upgrades it if necessary; meanwhile a
 * child process answers requests on the listening socket fd. A CGI program has
 * no such socket: its fd is negative. */
enum err cmd_open_service(struct cmd_call *c, int fd) ATTR_CHECKED;
/* Restricts the process as far as the kernel can. Logs a missing
 * feature as a warning; a CGI program, which would do so with each request,
 * logs it at the level debug. */
void cmd_enter_sandbox(const struct config *c, bool is_cgi);

/* Finds the tenant that was added with this alias, or returns ERR_NOT_FOUND.
 * Prints nothing. */
enum err cmd_find_alias(
    struct txn *tx, const char *alias, struct guid *out) ATTR_CHECKED;
/* Sets the tenant if it was given by its alias. */
enum err cmd_find_tenant(struct cmd_call *c) ATTR_CHECKED;
/* If no tenant was given, takes the only tenant that has a record. */
enum err cmd_need_tenant(struct cmd_call *c) ATTR_CHECKED;
/* Calls `visit` for the tenant that was given. If none was given: for each
 * tenant that has a record, then for each that was only added, with NULL for
 * the record. Stops at the first failure. Prints nothing. */
enum err cmd_each_tenant(
    struct cmd_call *c, store_record_visit *visit, void *arg) ATTR_CHECKED;

/* Loads the configuration, opens the store, keeps the output in memory from
 * now on, and begins a read transaction. */
enum err cmd_begin_reading(struct cmd_call *c) ATTR_CHECKED;
/* Ends the transaction and its reader, and then prints the output. */
enum err cmd_end_reading(struct cmd_call *c) ATTR_CHECKED;
/* Keeps in memory what is printed on standard output from now on, and with
 * `errors` also on standard error. Does nothing if that has begun already. */
enum err cmd_spool_begin(struct cmd_call *c, bool errors) ATTR_CHECKED;
/* Prints what has been kept. */
enum err cmd_spool_end(struct cmd_call *c) ATTR_CHECKED;

/* Allocates an arena that is large enough for a change, a request or an
 * export. */
enum err cmd_need_arena(struct cmd_call *c) ATTR_CHECKED;
/* Wipes the arena, since private keys pass through it, and frees it. */
void cmd_drop_arena(struct cmd_call *c);

/* The user who runs the tool, and the time. The actor's name lives in the
 * arena. */
enum err cmd_caller(struct cmd_call *c, struct caller *out) ATTR_CHECKED;
/*
 * Makes a change, or only tries it with --dry-run, and prints the new record or
 * the reason of a refusal. Fills in the caller, the allowed topic and the id of
 * a new record. Ends the reader's transaction. Returns the exit status.
 */
int cmd_apply(struct cmd_call *c, struct change *change);
/* Puts the Apple ID of the command line, if any, into the patch. Returns false
 * if it is too long or not UTF-8. Prints nothing. */
bool cmd_take_apple_id(const struct cmd_call *c, struct patch *p) ATTR_CHECKED;
/* Prints a record, as JSON with --json. Returns the exit status. */
int cmd_print_record(struct cmd_call *c, const struct record *r);

/* The facts about a tenant for a view, with its alias; only in a visit of
 * cmd_each_tenant. See expiry_tenant. */
struct expiry_tenant cmd_facts(struct cmd_call *c, const struct guid *tenant,
    const struct record *r, int64_t now_at);

struct emit;
/* Writes members of an open JSON object: status, days, dates, serial, topic,
 * Apple ID. */
void
cmd_emit_facts(struct emit *e, const struct expiry_tenant *t, int64_t now_at);

/* Reads the secrets that the configuration names. The caller wipes them. */
enum err cmd_load_secrets(struct cmd_call *c, struct secrets *s) ATTR_CHECKED;
/* Reads key_file only, for a command that does not need the vendor's files. */
enum err cmd_load_key(struct cmd_call *c, struct secrets *s) ATTR_CHECKED;

/* Enough for a passphrase in UTF-8 or UTF-16, with a byte order mark, spaces
 * and further lines after it. Only the first line is used. */
#define CMD_PASSPHRASE_ROOM 2048
/* Takes the passphrase from --passphrase-file, or asks for it on the terminal,
 * also a second time if `twice`. *out lies in `text`, which the caller wipes.
 */
enum err cmd_passphrase(const struct cmd_call *c, bool twice,
    char text[CMD_PASSPHRASE_ROOM], struct str *out) ATTR_CHECKED;

struct x509_import;
struct x509_import_source;
/* cmd_import.c: reads a file of a certificate or a key into the arena; "-" is
 * standard input. */
enum err cmd_import_read(
    struct cmd_call *c, const char *path, struct str *out) ATTR_CHECKED;
/* Warns if other users can read the file of a private key. */
void cmd_warn_of_readers(const struct cmd_call *c, const char *path);
/* x509_import, which see; takes or asks for the passphrase if the key needs
 * one. Prints only what concerns the passphrase. */
enum err cmd_read_pair(struct cmd_call *c, struct x509_import_source *in,
    struct x509_import *found, struct str *what) ATTR_CHECKED;

/* The earliest end of the vendor's certificates, which is unknown if they
 * cannot be read. Returns false if none is configured. */
bool cmd_vendor_expiry(struct cmd_call *c, struct expiry *out) ATTR_CHECKED;

/* Makes programs that are started from now on inherit only the descriptors 0,
 * 1 and 2. Returns false if that is impossible. Prints nothing. */
bool cmd_keep_files(void) ATTR_CHECKED;

/* The subcommands. Each returns the exit status. */
int cmd_help(struct cmd_call *c);
int cmd_complete(struct cmd_call *c);
int cmd_init(struct cmd_call *c);
int cmd_serve(struct cmd_call *c);
int cmd_config(struct cmd_call *c);
int cmd_stand_in(struct cmd_call *c);
int cmd_stand_in_certificate(struct cmd_call *c);
int cmd_doctor(struct cmd_call *c);
int cmd_token_create(struct cmd_call *c);
int cmd_token_list(struct cmd_call *c);
int cmd_token_revoke(struct cmd_call *c);
int cmd_token_rename(struct cmd_call *c);
int cmd_token_jwt(struct cmd_call *c);
int cmd_session_end(struct cmd_call *c);
int cmd_tenant_add(struct cmd_call *c);
int cmd_tenant_list(struct cmd_call *c);
int cmd_tenant_set(struct cmd_call *c);
int cmd_tenant_remove(struct cmd_call *c);
int cmd_jwks_import(struct cmd_call *c);
int cmd_show(struct cmd_call *c);
int cmd_list(struct cmd_call *c);
int cmd_upload(struct cmd_call *c);
int cmd_import(struct cmd_call *c);
int cmd_history(struct cmd_call *c);
int cmd_history_restore(struct cmd_call *c);
int cmd_request(struct cmd_call *c);
int cmd_export(struct cmd_call *c);
int cmd_deploy(struct cmd_call *c);
int cmd_deploy_list(struct cmd_call *c);
/* For --deploy. The first checks before a change whether deploy_directory is
 * set. The second delivers the certificate of the tenant after the change,
 * which has ended with `status`, and returns the exit status. */
enum err cmd_deploy_prepare(struct cmd_call *c) ATTR_CHECKED;
int cmd_deploy_after(struct cmd_call *c, int status);
int cmd_check(struct cmd_call *c);
int cmd_notify(struct cmd_call *c);
int cmd_notify_sign(struct cmd_call *c);
/* Prints the line that a monitoring plug-in prints after a mistake in its
 * command line, and returns its exit status. */
int cmd_check_misused(const char *why);
int cmd_probe(struct cmd_call *c);
int cmd_metrics(struct cmd_call *c);
int cmd_calendar(struct cmd_call *c);
int cmd_verify(struct cmd_call *c);
int cmd_backup(struct cmd_call *c);
int cmd_restore(struct cmd_call *c);

#endif
