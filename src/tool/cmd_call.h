/* SPDX-License-Identifier: ISC */
/*
 * cmd_call.h - what the subcommands share. Only command*.c include it.
 */
#ifndef PUSHCERT_CMD_CALL_H
#define PUSHCERT_CMD_CALL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "state/config.h"
#include "base/err.h"
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
	OPTION_ALLOW_TOPIC_CHANGE,
	OPTION_APPLE_ID,
	OPTION_CONFIG,
	OPTION_CRITICAL,
	OPTION_DATA,
	OPTION_DRY_RUN,
	OPTION_EXPIRES,
	OPTION_FORCE,
	OPTION_HELP,
	OPTION_HOOK,
	OPTION_INSECURE_ANY_TOKEN,
	OPTION_ISSUER,
	OPTION_JSON,
	OPTION_KEY,
	OPTION_LEGACY,
	OPTION_NAME,
	OPTION_NO_COPY,
	OPTION_NO_SANDBOX,
	OPTION_OUTPUT,
	OPTION_PASSPHRASE_FILE,
	OPTION_PKCS12,
	OPTION_REVISION,
	OPTION_RSA,
	OPTION_SCOPE,
	OPTION_SOCKET,
	OPTION_TENANT,
	OPTION_TOKEN_FILE,
	OPTION_URL,
	OPTION_VENDOR_CERT,
	OPTION_VENDOR_KEY,
	OPTION_VERSION,
	OPTION_WARNING,
	CMD_OPTIONS
};

#define CMD_BIT(option) (UINT64_C(1) << (option))
_Static_assert(CMD_OPTIONS <= 64, "a set of options is 64 bits");

/* Arguments that are no options: at most two, the last command's need. */
#define CMD_ARGUMENTS 2

/* What the command line said, and what every subcommand needs. A subcommand
 * takes a struct cmd_call and returns the exit status. */
/* Descriptors that are kept while memory has their places. */
struct cmd_spool {
	bool on;
	int out, err; /* -1: none */
};

struct cmd_call {
	uint64_t given; /* set of options */
	/* The command changes the store, and may upgrade it before. */
	bool writes;
	/* It only reads, which a disk that is read-only allows. */
	bool reads;
	uint32_t scopes;
	uint64_t expires_days;
	uint64_t warning_days, critical_days;
	uint64_t revision;
	const char *value[CMD_OPTIONS]; /* of every option that has one */
	char vendor_certificates[CONFIG_TEXT_MAX]; /* a list */
	struct guid tenant;
	const char *alias; /* of the tenant, until the store is open */
	const char *argument[CMD_ARGUMENTS];
	bool replaces_keys; /* the key set may be writable: it is made again */

	struct config config;
	struct metrics *metrics; /* where the store counts; NULL: nowhere */
	struct store *store;
	struct txn *reader;
	struct cmd_spool spool;
	struct arena arena; /* after cmd_need_arena */
};

/* Whether a token or a tenant may be called so. */
bool cmd_is_name(const char *text);
/* Whether a tenant may be called so: a name that is typed as it is read. */
bool cmd_is_alias(const char *text);
int64_t cmd_now_at(void);
/* These print what is wrong. */
/*
 * Does the work in a process of its own: a store is not to be opened twice in
 * one process, and one that hangs or is damaged must not take us with it.
 * ERR_BUSY when the seconds are over (0: any number), ERR_CORRUPT and *died
 * where a signal ended it.
 */
typedef enum err cmd_work(struct cmd_call *c, void *arg);
enum err cmd_in_child(struct cmd_call *c, cmd_work *work, void *arg,
    unsigned seconds, int *died) ATTR_CHECKED;
enum err cmd_load_config(struct cmd_call *c) ATTR_CHECKED;
/* Whether the data directory is there or can be made; says if not. */
bool cmd_has_place(const char *data);
/* Opens the store in the format that it has. Prints nothing. */
enum err cmd_try_store(struct cmd_call *c, bool create) ATTR_CHECKED;
/* Upgrades a store of an older format, unless it has more tenants (0: however
 * many it has). Waits so many milliseconds until others have closed the store.
 * Prints nothing; the log has the cause. */
enum err cmd_upgrade(
    struct cmd_call *c, uint64_t tenants_most, int64_t wait) ATTR_CHECKED;
/* Replaces the alias of a tenant by its id; prints what is wrong. */
enum err cmd_find_tenant(struct cmd_call *c) ATTR_CHECKED;
/* Opens the store of a service, which is upgraded meanwhile; fd is its
 * listening socket, below 0 of a CGI program. */
enum err cmd_open_service(struct cmd_call *c, int fd) ATTR_CHECKED;
/* A CGI program would say with each request what it lacks. */
void cmd_enter_sandbox(const struct config *c, bool is_cgi);
/* Opens the store, upgrades it if the command writes, and finds the tenant of
 * an alias. */
enum err cmd_open_store(struct cmd_call *c, bool create) ATTR_CHECKED;
/* The tenant that was added under this name; ERR_NOT_FOUND. Prints nothing. */
enum err cmd_find_alias(
    struct txn *tx, const char *alias, struct guid *out) ATTR_CHECKED;
/* Configuration, store and an open read transaction. */
enum err cmd_begin_reading(struct cmd_call *c) ATTR_CHECKED;
/* Room for all that a change, a request or an export needs. */
enum err cmd_need_arena(struct cmd_call *c) ATTR_CHECKED;
/* Wiped, as private keys pass through it. */
void cmd_drop_arena(struct cmd_call *c);
/* Takes the only tenant there is where none was named. */
enum err cmd_need_tenant(struct cmd_call *c) ATTR_CHECKED;
/* Whoever runs the tool, now. The actor's name lives in the arena. */
enum err cmd_caller(struct cmd_call *c, struct caller *out) ATTR_CHECKED;
/* A record on stdout, as JSON if that was asked for; the exit status. */
int cmd_print_record(struct cmd_call *c, const struct record *r);
/* Makes a change, or tries it with --dry-run, and prints the record as it is
 * then, or why not; the exit status. The caller, the allowed topic and the id
 * of a new record are filled in here. The reader's transaction ends. */
int cmd_apply(struct cmd_call *c, struct change *change);
/* The tenant that was named, or all that have a record or are listed; the
 * record is NULL where there is none. */
enum err cmd_each_tenant(
    struct cmd_call *c, store_record_visit *visit, void *arg) ATTR_CHECKED;

/* Members of an open JSON object: status, dates, serial, topic, Apple ID. */
struct emit;
struct expiry_tenant;
void
cmd_emit_facts(struct emit *e, const struct expiry_tenant *t, int64_t now_at);

/* What is started from now on gets no descriptor but 0, 1 and 2. False where
 * that cannot be had. */
bool cmd_keep_files(void) ATTR_CHECKED;

/* What is printed from now on, with `errors` also to standard error, waits in
 * memory until the end. cmd_begin_reading begins one. */
enum err cmd_spool_begin(struct cmd_call *c, bool errors) ATTR_CHECKED;
enum err cmd_spool_end(struct cmd_call *c) ATTR_CHECKED;
/* Ends the transaction and its reader, and only then prints. */
enum err cmd_end_reading(struct cmd_call *c) ATTR_CHECKED;

int cmd_init(struct cmd_call *c);
int cmd_serve(struct cmd_call *c);
int cmd_config(struct cmd_call *c);
int cmd_doctor(struct cmd_call *c);
int cmd_token_create(struct cmd_call *c);
int cmd_token_list(struct cmd_call *c);
int cmd_token_revoke(struct cmd_call *c);
int cmd_token_rename(struct cmd_call *c);
int cmd_token_jwt(struct cmd_call *c);
int cmd_tenant_add(struct cmd_call *c);
int cmd_tenant_list(struct cmd_call *c);
int cmd_tenant_remove(struct cmd_call *c);
int cmd_jwks_import(struct cmd_call *c);
int cmd_show(struct cmd_call *c);
int cmd_list(struct cmd_call *c);
int cmd_upload(struct cmd_call *c);
int cmd_history(struct cmd_call *c);
int cmd_history_restore(struct cmd_call *c);
int cmd_request(struct cmd_call *c);
int cmd_export(struct cmd_call *c);
int cmd_check(struct cmd_call *c);
/* The same as cmd_usage, in the way of a Nagios plug-in. */
int cmd_check_usage(const char *why);
int cmd_metrics(struct cmd_call *c);
int cmd_calendar(struct cmd_call *c);
int cmd_verify(struct cmd_call *c);
int cmd_backup(struct cmd_call *c);
int cmd_restore(struct cmd_call *c);

#endif
