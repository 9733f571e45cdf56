/* SPDX-License-Identifier: ISC */
/*
 * store.h - keeps the tenants' records, their history, their certificate
 * requests and the tokens durably.
 *
 * In LMDB a reader sees one state from begin to end. In PostgreSQL only a walk
 * over a whole table does; a single lookup sees the newest row. The changes of
 * all threads and processes take effect one after the other, and store_update
 * returns ERR_OK only after the change is on the disk. Slices live until the
 * reader ends; in a walk, until the visitor returns; in a change, until the
 * change returns.
 *
 * Each function may also return, beside the outcomes named below: ERR_CORRUPT
 * (a stored value is damaged), ERR_NEWER (a newer release has written it),
 * ERR_OLD_FORMAT (a change of a store that was not upgraded), ERR_FULL (the
 * disk or the map is full), ERR_STORE (the store cannot be used now).
 */
#ifndef PUSHCERT_STORE_H
#define PUSHCERT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/buf.h"
#include "format/actor.h"
#include "format/record.h"
#include "base/str.h"
#include "format/datetime.h"

struct metrics;
struct progress;
struct store;
struct txn;

/*
 * The format of the whole store. Format 2 added the tally. Format 3 moved the
 * events next to their record. Format 4 gave numbers to the fields, and added
 * fields that older releases do not know. Format 5 added fields to the events,
 * consents and custodies. Format 6 added the index by expiry, and the begin of
 * the validity to the records.
 * This release reads a store of an older format as it is, and changes it only
 * after store_upgrade.
 */
#define STORE_FORMAT 6
/* The limit of history_certificates. Each change reads every event that is kept
 * for its certificate, so this number bounds the cost of a change. */
#define STORE_CERTIFICATES_MAX 100

/* See store_options.complete. */
typedef bool store_completion(struct record *r);

struct store_options {
	/* The data directory. This process must own it; mode 0700. */
	const char *directory;
	/* A connection string of libpq, the file with the password (NULL:
	 * none), the schema, and the number of connections for reads. The store
	 * is in PostgreSQL then, and the directory holds only what is written
	 * beside it. NULL: the store is in LMDB. */
	const char *database;
	const char *database_password_file;
	const char *database_schema;
	unsigned database_lanes;
	/* With `create`: the role that creates and owns the schema, and a role
	 * that may read its views. NULL: the role of the connection string owns
	 * it, and there is no reader. Both are letters, digits and _.- only. */
	const char *database_owner;
	const char *database_reader;
	/*
	 * The size of the map, in bytes of address space. If the system refuses
	 * that size, the store takes less, but never less than the data needs.
	 */
	size_t map_size;
	/* The number of threads, of all processes, that may read at the same
	 * time. */
	unsigned readers;
	/* The number of newest events that are kept per tenant. */
	unsigned history_keep;
	/* The number of former certificates that stay restorable beyond these
	 * events, and the number of requests that keep their key; see
	 * store_event_add and store_csr_put. At most STORE_CERTIFICATES_MAX. */
	unsigned history_certificates;
	/*
	 * A change waits at most timeout_ms milliseconds in the queue, and the
	 * queue holds at most queue_max changes; beyond either limit a change
	 * fails with ERR_BUSY. At most batch_max changes share a commit. 0: no
	 * limit.
	 */
	int64_t timeout_ms;
	size_t queue_max;
	size_t batch_max;
	/* Counts the commits and must outlive the store. NULL: commits are not
	 * counted. */
	struct metrics *metrics;
	/* Where a backup, a restore, an upgrade and store_verify report how far
	 * they are; it must outlive the store. NULL: nowhere. */
	struct progress *progress;
	/* Adds to a record that a release before format 6 wrote what later
	 * releases keep beside its certificate; called once for each, by an
	 * upgrade. False: nothing. NULL: nothing is added. */
	store_completion *complete;
	/* Create the directory and the store if they are missing. */
	bool create;
	/* The caller only reads, so a read-only disk is accepted. */
	bool reads;
	/* No other process has the store, so a change takes no lock against
	 * other processes. */
	bool alone;
};

/*
 * Opens the store. A process must call this only once, and not before a fork.
 * ERR_NO_STORE (the store is missing and `create` is false), ERR_NOT_PRIVATE
 * (other users can read the directory or a file in it, or this process does not
 * own it), ERR_NETWORK_FS, ERR_NEWER, ERR_UPGRADING (another process is
 * upgrading the store), ERR_STORE. If only the system knows the cause, the
 * cause is logged. A store of an older format stays as it is.
 */
enum err store_open(
    const struct store_options *options, struct store **out) ATTR_CHECKED;
/* The names of the files in the data directory that are the store, and NULL:
 * none if the store is not in files. */
const char *const *store_files(const struct store_options *options);
/* ERR_OK if the store exists, ERR_NO_STORE if it does not. Another outcome
 * means that this is not known; the cause is logged. */
enum err store_exists(const struct store_options *options) ATTR_CHECKED;

/*
 * From now on each store_update fails with ERR_READ_ONLY. The caller must call
 * this before any other thread uses the store.
 */
void store_set_read_only(struct store *st);
bool store_is_read_only(const struct store *st);
/* No transaction may be open. NULL is allowed. */
void store_close(struct store *st);

/* The format that the store has: STORE_FORMAT or an older one. */
unsigned store_format(const struct store *st);
/*
 * Whether a newer release has upgraded the store while this process had it
 * open. From then on each call fails with ERR_NEWER, and the process should end
 * so that its service manager starts the newer release. A change notices the
 * upgrade at once, a reader within a second.
 */
bool store_is_outdated(const struct store *st);

struct store_upgrade_options {
	/* Keep a copy of the former store beside the store, as
	 * data.mdb.format-N. */
	bool keep_copy;
	/* Refuse a store with more tenants than this. 0: no limit. */
	uint64_t tenants_most;
	/* How many milliseconds to wait until other processes have closed the
	 * store. */
	int64_t wait;
};
/*
 * Brings a store of an older format to STORE_FORMAT in one change, and logs it.
 * The caller must call this before any other thread uses the store. ERR_IN_USE
 * (another process has the store open), ERR_UPGRADING (another process is
 * upgrading it), ERR_OLD_FORMAT (the store has more tenants than allowed),
 * ERR_FILE (the copy failed); the cause is logged. After any failure the store
 * is as it was before.
 */
enum err store_upgrade(
    struct store *st, const struct store_upgrade_options *options) ATTR_CHECKED;

/*
 * A reader belongs to one thread. store_begin takes the newest state, and
 * store_end releases it; a reader may begin again any number of times.
 */
enum err store_reader(struct store *st, struct txn **out) ATTR_CHECKED;
void store_reader_free(struct txn *tx);
enum err store_begin(struct txn *tx) ATTR_CHECKED;
void store_end(struct txn *tx);

/*
 * Runs `change` in the one write transaction and commits it, together with the
 * changes of other threads that wait at the same time. A change must decide
 * before its first put: a change that refuses (returns anything but ERR_OK)
 * must have put nothing. A change may run more than once before store_update
 * returns, each time on a fresh state; only the last run counts. When a read
 * fails, the change returns at once: the engine may run it only to find out
 * which rows it needs, and then a read returns ERR_BUSY although the row may
 * exist. A change does no I/O and no heavy work. Returns the outcome of
 * `change`, or the reason why the commit failed; in the latter case nothing has
 * changed.
 */
typedef enum err store_change(struct txn *tx, void *arg);
enum err
store_update(struct store *st, store_change *change, void *arg) ATTR_CHECKED;

/* The same for a change of one tenant. No other change that names the tenant
 * runs in this process at the same time, because an engine that runs several
 * batches would have to run both batches again. */
enum err store_update_tenant(struct store *st, const struct guid *tenant,
    store_change *change, void *arg) ATTR_CHECKED;

/* One change of a series, and its outcome. The first one may name the tenant,
 * for the reason of store_update_tenant. */
struct store_step {
	store_change *change;
	void *arg;
	const struct guid *tenant; /* or NULL */
	enum err outcome;
};
/*
 * Runs the changes of a series in their order, in one transaction. Each change
 * sees those before it and may refuse like a change of store_update, without
 * any effect on the others. Returns ERR_OK if the transaction was committed.
 * Otherwise no outcome counts, and nothing has changed; after ERR_BUSY see
 * store_update.
 */
enum err store_update_series(
    struct store *st, struct store_step *step, size_t n) ATTR_CHECKED;

/* The number of milliseconds since this process took the write lock; 0 if it
 * does not hold the lock. Any thread may call this at any time. */
int64_t store_write_age(const struct store *st);

/* Frees the reader slots of dead processes, whose pages LMDB would otherwise
 * never reuse. The call is cheap; call it once a minute. */
void store_tidy(struct store *st);
/*
 * Checks that the open files are still the files of the store; call it once a
 * second. ERR_STORE: lock.mdb or the directory was removed or replaced; each
 * later call fails too, so the process must end. If data.mdb was replaced, the
 * next transaction opens the new file. ERR_NEWER: see store_is_outdated.
 */
enum err store_look(struct store *st) ATTR_CHECKED;

/*
 * Writes a compact copy of the store to a new file (mode 0600), or over an
 * existing file if `replace` is set. The copy shows the state of one moment,
 * while changes go on. The copy is verified, written, read back, and only then
 * gets its name. Meanwhile it needs the same room in the data directory.
 * ERR_CORRUPT if the store is damaged; ERR_FILE with errno, which is EEXIST if
 * the file exists.
 */
enum err
store_backup(struct store *st, const char *path, bool replace) ATTR_CHECKED;
/*
 * Replaces the content of the store by that of such a copy, in one change;
 * other processes may use the store meanwhile. ERR_EXISTS if the store is not
 * empty and `replace` is not set, ERR_NO_STORE or ERR_CORRUPT if the file is
 * not a complete copy, ERR_FILE with errno.
 */
enum err
store_restore(struct store *st, const char *path, bool replace) ATTR_CHECKED;
/* Removes the files that store_backup or store_restore left in the directory
 * when its process died. */
void store_backup_clean(const char *directory);

/* The record of a tenant. ERR_NOT_FOUND: the tenant has none. */
enum err store_record(
    struct txn *tx, const struct guid *tenant, struct record *out) ATTR_CHECKED;
enum err store_record_put(struct txn *tx, const struct guid *tenant,
    const struct record *r) ATTR_CHECKED;
/* The same for a caller that has read the former record in this transaction;
 * NULL: there is none. */
enum err store_record_replace(struct txn *tx, const struct guid *tenant,
    const struct record *former, const struct record *r) ATTR_CHECKED;
enum err
store_record_delete(struct txn *tx, const struct guid *tenant) ATTR_CHECKED;

/* Visits all records in the order of the tenants. A visit that returns anything
 * but ERR_OK ends the walk, and store_records returns that outcome. */
typedef enum err store_record_visit(
    const struct guid *tenant, const struct record *r, void *arg);
enum err store_records(
    struct txn *tx, store_record_visit *visit, void *arg) ATTR_CHECKED;

enum store_action {
	STORE_CHANGED,
	STORE_REMOVED,
	STORE_REFUSED,
	STORE_REQUESTED,
	STORE_RESTORED,
	/* A certificate or only its key was imported; `changed` is empty if the
	 * record stayed as it was. */
	STORE_IMPORTED
};

/* One event of a tenant's history. */
struct event {
	uint64_t number; /* given by store_event_add, from 1 */
	struct instant when;
	enum store_action action;
	struct str actor;
	/* Releases before format 5 stored neither the kind of the actor nor its
	 * permissions, user id and request; they read as unknown, none, null
	 * and zeros. */
	enum actor_kind kind;
	uint32_t scopes; /* the actor's permissions (scope.h) */
	struct str user_id; /* the object id of a JWT, or null */
	struct guid request_id; /* zeros: the tool made the change */
	struct str outcome; /* error code of a refusal, else null */
	unsigned changed; /* set of properties */
	/* Of the uploaded certificate; null if there was none. */
	struct str fingerprint; /* SHA-256 */
	struct str serial;
	struct str topic;
	struct str expires; /* as expirationDateTime */
	bool had_former; /* whether former holds a record */
	struct record former; /* the record before the event */
	/* store_event_add sets both: the number of equal refusals that this
	 * event stands for, and the time of the last of them. */
	uint64_t count;
	struct instant last;
	/*
	 * When this event was added, events up to this number could be missing.
	 */
	uint64_t swept;
};

/* Whether the event changed or removed the record. */
bool store_event_changes(const struct event *ev);

/* The event with that number, or ERR_NOT_FOUND. */
enum err store_event(struct txn *tx, const struct guid *tenant, uint64_t number,
    struct event *out) ATTR_CHECKED;

/*
 * Appends an event to the tenant's history. A refusal that equals the newest
 * event only increments the count of that event. Beyond history_keep, an event
 * stays only if its former record holds one of the last history_certificates
 * certificates and no newer event holds the same certificate.
 */
enum err store_event_add(struct txn *tx, const struct guid *tenant,
    const struct event *ev) ATTR_CHECKED;
typedef enum err store_event_visit(const struct event *ev, void *arg);
/* Visits the events of a tenant, the newest first. */
enum err store_events(struct txn *tx, const struct guid *tenant,
    store_event_visit *visit, void *arg) ATTR_CHECKED;
/* The same from the event with this number on, which must exist; 0: from the
 * newest event on. */
enum err store_events_from(struct txn *tx, const struct guid *tenant,
    uint64_t from, store_event_visit *visit, void *arg) ATTR_CHECKED;

/* An opaque bearer token. The store holds only its SHA-256. */
#define STORE_HASH_LEN 32
struct token {
	uint8_t hash[STORE_HASH_LEN];
	struct guid tenant;
	uint32_t scopes; /* a set (scope.h) */
	struct str name;
	int64_t created_at;
	int64_t expires_at; /* 0: never */
	int64_t used_at; /* 0: never; up to an hour late */
};

/*
 * Checks that the row before the place of a token is intact. A flipped bit in a
 * key makes its token unfindable, so store_token makes this check before it
 * reports ERR_NOT_FOUND. A caller that rejects a known token must make the same
 * check, or the response time reveals that the token exists.
 */
enum err store_token_before(
    struct txn *tx, const uint8_t hash[STORE_HASH_LEN]) ATTR_CHECKED;
enum err store_token(struct txn *tx, const uint8_t hash[STORE_HASH_LEN],
    struct token *out) ATTR_CHECKED;
enum err store_token_put(struct txn *tx, const struct token *t) ATTR_CHECKED;
enum err store_token_delete(
    struct txn *tx, const uint8_t hash[STORE_HASH_LEN]) ATTR_CHECKED;
typedef enum err store_token_visit(const struct token *t, void *arg);
enum err
store_tokens(struct txn *tx, store_token_visit *visit, void *arg) ATTR_CHECKED;

/* The number that the sessions of the pages carry; 0 if none was put. A session
 * with another number has ended. */
enum err store_session_epoch(struct txn *tx, uint64_t *out) ATTR_CHECKED;
enum err store_session_epoch_put(struct txn *tx, uint64_t epoch) ATTR_CHECKED;

/* A tenant that the operator has listed. */
struct tenant {
	struct guid id;
	struct str alias; /* null: none */
	int64_t created_at;
};

/* ERR_NOT_FOUND: the tenant is not listed. */
enum err store_tenant(
    struct txn *tx, const struct guid *id, struct tenant *out) ATTR_CHECKED;
enum err store_tenant_put(struct txn *tx, const struct tenant *t) ATTR_CHECKED;
enum err
store_tenant_delete(struct txn *tx, const struct guid *id) ATTR_CHECKED;
/* Visits the listed tenants in the order of their ids. */
typedef enum err store_tenant_visit(const struct tenant *t, void *arg);
enum err store_tenants(
    struct txn *tx, store_tenant_visit *visit, void *arg) ATTR_CHECKED;

/* A certificate request that this program has made, and its private key. */
struct csr {
	struct instant when;
	/* When its certificate was uploaded, the last time; 0: not yet. */
	struct instant settled;
	struct str request; /* the request that the client gets, as text */
	struct str public_key; /* DER SubjectPublicKeyInfo */
	struct str sealed_key; /* the private key, sealed (crypto.h) */
};

/*
 * Each tenant has at most one pending request (key_id is NULL), and former
 * requests, each under a key_id: the first bytes of the SHA-256 of its public
 * key. A put of a former request keeps the newest history_certificates requests
 * whose certificate was uploaded. Of the requests that were replaced before
 * that, it keeps one fewer, because the pending request counts as one of them.
 */
#define STORE_KEY_ID_LEN 16
enum err store_csr(struct txn *tx, const struct guid *tenant,
    const uint8_t *key_id, struct csr *out) ATTR_CHECKED;
enum err store_csr_put(struct txn *tx, const struct guid *tenant,
    const uint8_t *key_id, const struct csr *c) ATTR_CHECKED;
enum err store_csr_delete(struct txn *tx, const struct guid *tenant,
    const uint8_t *key_id) ATTR_CHECKED;

/* The last notice that was given of the end of a tenant's certificate. The
 * serial, which may be null, and the end identify the certificate. */
struct notice {
	struct str serial;
	struct str expires; /* as expirationDateTime */
	uint64_t level;
};

/* ERR_NOT_FOUND: the tenant has had no notice. */
enum err store_notice(
    struct txn *tx, const struct guid *tenant, struct notice *out) ATTR_CHECKED;
enum err store_notice_put(struct txn *tx, const struct guid *tenant,
    const struct notice *n) ATTR_CHECKED;

/* A tenant's consent to share data with Apple. */
struct consent {
	struct instant when; /* when it was granted */
	struct str actor; /* who granted it, as in an event */
	enum actor_kind kind;
	struct str user_id; /* or null */
};

/* ERR_NOT_FOUND: the tenant has not consented. */
enum err store_consent(struct txn *tx, const struct guid *tenant,
    struct consent *out) ATTR_CHECKED;
enum err store_consent_put(struct txn *tx, const struct guid *tenant,
    const struct consent *c) ATTR_CHECKED;

/*
 * Removes the tenant's record, history, requests, notice, consent, deliveries
 * and places, but not its listing and its custody. With many rows it removes a
 * part of them and sets *more; call it again in another change then. For tests.
 */
enum err store_forget(
    struct txn *tx, const struct guid *tenant, bool *more) ATTR_CHECKED;

/* The reader, of any process, that sees the oldest commit, and the number of
 * commits since. False: every reader sees the newest commit. */
struct store_reader_age {
	pid_t pid;
	uint64_t changes;
};
bool store_oldest_reader(struct store *st, struct store_reader_age *out);
/*
 * Reports what the operator should know about the database and its server: the
 * problem, and the cure, which is a sentence. A note is a limitation that is
 * not a fault. The texts live until `report` returns. ERR_BUSY if the database
 * does not answer.
 */
typedef void
store_advice(void *arg, bool is_note, const char *what, const char *cure);
enum err
store_examine(struct store *st, store_advice *report, void *arg) ATTR_CHECKED;
/* The bytes of the map that are in use, and the size of the map. */
void store_usage(struct txn *tx, uint64_t *used, uint64_t *size);

/* The people who look after a tenant's certificate, as the operator noted
 * them. Only the tool reads and writes this. */
enum custody_text {
	CUSTODY_OWNER, /* whose Apple account it is */
	CUSTODY_CONTACT, /* whom to notify */
	CUSTODY_NOTES,
	CUSTODY_TEXTS
};
struct custody {
	struct str text[CUSTODY_TEXTS]; /* or null */
};

/* ERR_NOT_FOUND: nothing was noted about the tenant. */
enum err store_custody(struct txn *tx, const struct guid *tenant,
    struct custody *out) ATTR_CHECKED;
enum err store_custody_put(struct txn *tx, const struct guid *tenant,
    const struct custody *c) ATTR_CHECKED;
/* Visits all of them in the order of the tenants. */
typedef enum err store_custody_visit(
    const struct guid *tenant, const struct custody *c, void *arg);
enum err store_custodies(
    struct txn *tx, store_custody_visit *visit, void *arg) ATTR_CHECKED;

/* The callbacks of store_verify, and the depth of its checks. */
struct store_verifier {
	/* Check also that the rows agree with each other. */
	bool relations;
	/* Called for each finding: its place, its tenant (NULL if there is none
	 * or it is unknown), and a short description. May be NULL. */
	void (*found)(const char *where, const struct guid *tenant,
	    const char *what, void *arg);
	/* Called for each request, so that the caller can test its seal. May be
	 * NULL. */
	void (*request)(
	    const struct guid *tenant, const struct csr *c, void *arg);
	void *arg;
};

struct store_counts {
	uint64_t records, events, tokens, requests, tenants, notices, consents;
	uint64_t deliveries, custodies, places;
	uint64_t findings;
};

/*
 * Reads the whole store and compares it with the checksums and the tally.
 * Damage is counted, and the outcome is then still ERR_OK; any other outcome
 * means that the check could not finish. A damaged file may kill the process by
 * a signal, because LMDB trusts its pages.
 */
enum err store_verify(struct txn *tx, const struct store_verifier *v,
    struct store_counts *out) ATTR_CHECKED;

#endif
