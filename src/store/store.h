/* SPDX-License-Identifier: ISC */
/*
 * store.h - tenants' records, their history, their requests, and tokens, kept
 * durably.
 *
 * A reader sees one consistent state. All changes of all threads and processes
 * happen one after the other; store_update returns ERR_OK only when the change
 * is on the disk. Slices that a get returns live until the transaction ends.
 *
 * Outcomes of every call: ERR_CORRUPT (a stored value is not what was
 * written), ERR_NEWER (written by a newer release), ERR_OLD_FORMAT (a change of
 * a store that was not upgraded), ERR_FULL (disk or map full), ERR_STORE (the
 * store cannot be used now), beside those named.
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
#include "format/record.h"
#include "base/str.h"
#include "format/datetime.h"

struct metrics;
struct store;
struct txn;

/*
 * The format of the whole. 2: there is a tally. 3: events stand next to their
 * record. 4: fields have numbers, and rows have fields that older releases do
 * not know. A store of an older format can be read as it is, and changed after
 * store_upgrade.
 */
#define STORE_FORMAT 4
/* Every event that is kept for its certificate is read when one is added. */
#define STORE_CERTIFICATES_MAX 100

struct store_options {
	/* The data directory, owned by us, mode 0700. */
	const char *directory;
	/* Address space to ask for; less is taken where less is to be had, but
	 * never less than the data needs. */
	size_t map_size;
	/* Threads and processes that read at the same moment. */
	unsigned readers;
	/* Newest events kept per tenant. */
	unsigned history_keep;
	/* Former certificates that stay restorable beyond these events, and
	 * requests that keep their key; see store_event_add, store_csr_put. At
	 * most STORE_CERTIFICATES_MAX. */
	unsigned history_certificates;
	/*
	 * A change waits for its turn at most so many milliseconds, and so many
	 * may wait at a time; else ERR_BUSY. So many share a commit. 0: no such
	 * limit.
	 */
	int64_t timeout_ms;
	size_t queue_max;
	size_t batch_max;
	/* Counts commits; NULL: nobody does. Must outlive the store. */
	struct metrics *metrics;
	/* Make the directory and the store if there is none. */
	bool create;
	/* Only to read it: a disk that is read-only will do. */
	bool reads;
	/* Nobody else has it: its changes wait for no other process. */
	bool alone;
};

/*
 * Opens the store; once per process and never before a fork. ERR_NO_STORE
 * (there is none and create is false), ERR_NOT_PRIVATE (others can read the
 * directory or a file in it, or it is not ours to write), ERR_NETWORK_FS,
 * ERR_NEWER, ERR_UPGRADING (another process upgrades it), ERR_STORE. The cause
 * that only the system knows is logged. A store of an older format is left as
 * it is.
 */
enum err store_open(
    const struct store_options *options, struct store **out) ATTR_CHECKED;
/* No transaction may be open. NULL is allowed. */
void store_close(struct store *st);

/* The format that the store has: STORE_FORMAT or an older one. */
unsigned store_format(const struct store *st);
/* Whether a newer release has upgraded the store under us: all calls fail with
 * ERR_NEWER from then on, and the process should end, so that its manager
 * starts the newer release. Changes notice it at once, readers within a second.
 */
bool store_is_outdated(const struct store *st);

struct store_upgrade_options {
	/* Leave a copy of the former store beside it, as data.mdb.format-N. */
	bool keep_copy;
	/* Refuse a store of more tenants than that; 0: of any number. */
	uint64_t tenants_most;
	/* Milliseconds for other processes to close the store. */
	int64_t wait;
};
/*
 * Brings a store of an older format to STORE_FORMAT, in one change, and logs
 * it. To be called before any other thread uses the store. ERR_IN_USE (another
 * process has the store open), ERR_UPGRADING (another process upgrades it),
 * ERR_OLD_FORMAT (it has more tenants), ERR_FILE (no copy could be made); the
 * cause is logged. Whatever fails, the store stays as it was.
 */
enum err store_upgrade(
    struct store *st, const struct store_upgrade_options *options) ATTR_CHECKED;

/*
 * A reader belongs to one thread. store_begin takes the newest state and
 * store_end lets it go; a reader may begin again any number of times.
 */
enum err store_reader(struct store *st, struct txn **out) ATTR_CHECKED;
void store_reader_free(struct txn *tx);
enum err store_begin(struct txn *tx) ATTR_CHECKED;
void store_end(struct txn *tx);

/*
 * Runs `change` in the one write transaction and commits it, together with the
 * changes of other threads that wait at the same moment. `change` must decide
 * before it puts anything: when it refuses (returns anything but ERR_OK) it
 * must have put nothing. It may run more than once before store_update
 * returns, each time on a fresh state; only the last run counts. It does no
 * I/O and no heavy work. Returns what `change` returned, or why the commit
 * failed (then nothing is changed).
 */
typedef enum err store_change(struct txn *tx, void *arg);
enum err
store_update(struct store *st, store_change *change, void *arg) ATTR_CHECKED;

/* Milliseconds for which this process has held the write lock by now; 0 while
 * it does not, or waits for it. Safe to call from any thread. */
int64_t store_write_age(const struct store *st);

/* Forgets readers of dead processes, else they keep old pages for ever. Cheap;
 * call it once a minute. */
void store_tidy(struct store *st);
/*
 * Looks whether the files of the store are still those that are open; call it
 * once a second. ERR_STORE: lock.mdb or the directory was removed or replaced,
 * and every call fails from now on, so that the process must end. A data.mdb
 * that was replaced is opened by the next transaction. ERR_NEWER: see
 * store_is_outdated.
 */
enum err store_look(struct store *st) ATTR_CHECKED;

/*
 * Puts a compact copy of everything, as it is at one moment while changes go
 * on, into a new file (mode 0600), or in the place of one if `replace` is set.
 * It gets its name only after it was verified, and what was written was read
 * back. Needs as much room in the data directory for a while. ERR_CORRUPT where
 * the store is damaged, ERR_FILE with errno: EEXIST where there is a file.
 */
enum err
store_backup(struct store *st, const char *path, bool replace) ATTR_CHECKED;
/*
 * Makes everything what it is in such a copy, in one change, also while others
 * use the store. ERR_USAGE where the store is not empty and may not be
 * replaced, ERR_NO_STORE or ERR_CORRUPT where the file is no whole copy,
 * ERR_FILE with errno.
 */
enum err
store_restore(struct store *st, const char *path, bool replace) ATTR_CHECKED;
/* Removes what processes that died in one of the two have left there. */
void store_backup_clean(const char *directory);

/* The record of a tenant. ERR_NOT_FOUND where there is none. */
enum err store_record(
    struct txn *tx, const struct guid *tenant, struct record *out) ATTR_CHECKED;
enum err store_record_put(struct txn *tx, const struct guid *tenant,
    const struct record *r) ATTR_CHECKED;
enum err
store_record_delete(struct txn *tx, const struct guid *tenant) ATTR_CHECKED;

/* Walks all records in the order of the tenants; stops at the first outcome
 * that is not ERR_OK and returns it. */
typedef enum err store_record_visit(
    const struct guid *tenant, const struct record *r, void *arg);
enum err store_records(
    struct txn *tx, store_record_visit *visit, void *arg) ATTR_CHECKED;

enum store_action {
	STORE_CHANGED,
	STORE_REMOVED,
	STORE_REFUSED,
	STORE_REQUESTED,
	STORE_RESTORED
};

/* One line of a tenant's history. */
struct event {
	uint64_t number; /* given by store_event_add, from 1 */
	struct instant when;
	enum store_action action;
	struct str actor;
	struct str outcome; /* error code of a refusal, else null */
	unsigned changed; /* set of properties */
	/* Of the certificate that was uploaded; null where there was none. */
	struct str fingerprint; /* SHA-256 */
	struct str serial;
	struct str topic;
	struct str expires; /* as expirationDateTime */
	bool had_former; /* whether former holds a record */
	struct record former; /* the record as it was before */
	/* Given by store_event_add: how many equal refusals this stands for,
	 * and when the last of them was. */
	uint64_t count;
	struct instant last;
	/* Events up to this number may be missing, as of this event. */
	uint64_t swept;
};

/* The event of that number; ERR_NOT_FOUND. */
enum err store_event(struct txn *tx, const struct guid *tenant, uint64_t number,
    struct event *out) ATTR_CHECKED;

/*
 * Appends to the tenant's history. A refusal that equals the newest event is
 * counted there. Of the events beyond history_keep, only the newest event stays
 * that leads back to each of the last history_certificates certificates: its
 * former record holds that certificate.
 */
enum err store_event_add(struct txn *tx, const struct guid *tenant,
    const struct event *ev) ATTR_CHECKED;
typedef enum err store_event_visit(const struct event *ev, void *arg);
/* Walks a tenant's history, the newest event first. */
enum err store_events(struct txn *tx, const struct guid *tenant,
    store_event_visit *visit, void *arg) ATTR_CHECKED;

/* An opaque bearer token; the store knows only its SHA-256. */
#define STORE_HASH_LEN 32
struct token {
	uint8_t hash[STORE_HASH_LEN];
	struct guid tenant;
	uint32_t rights; /* set of scopes (auth.h) */
	struct str name;
	int64_t created_at;
	int64_t expires_at; /* 0: never */
	int64_t used_at; /* 0: never; may be an hour behind */
};

/*
 * Whether the row before a token's is sound: a token is not found too where a
 * flipped bit has moved it there, so store_token looks before it says so. Who
 * refuses a known token calls this, lest its time tell that it is one.
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

/* A tenant that the operator knows. */
struct tenant {
	struct guid id;
	struct str alias; /* null: it has none */
	int64_t created_at;
};

/* ERR_NOT_FOUND. */
enum err store_tenant(
    struct txn *tx, const struct guid *id, struct tenant *out) ATTR_CHECKED;
enum err store_tenant_put(struct txn *tx, const struct tenant *t) ATTR_CHECKED;
enum err
store_tenant_delete(struct txn *tx, const struct guid *id) ATTR_CHECKED;
/* Walks all of them in the order of their ids. */
typedef enum err store_tenant_visit(const struct tenant *t, void *arg);
enum err store_tenants(
    struct txn *tx, store_tenant_visit *visit, void *arg) ATTR_CHECKED;

/* A certificate request made here (contract 2: generate), and its key. */
struct csr {
	struct instant when;
	/* When its certificate came, the last time; 0: not yet. */
	struct instant settled;
	struct str request; /* what the client is given, as text */
	struct str public_key; /* DER SubjectPublicKeyInfo */
	struct str sealed_key; /* the private key, sealed (crypto.h) */
};

/*
 * Each tenant has one pending request (key_id is NULL), and former requests
 * under their key: key_id is then the start of the SHA-256 of the public key. A
 * put keeps the newest history_certificates requests that have got their
 * certificate. Of those that were replaced before, it keeps one fewer, as the
 * pending request is one of them.
 */
#define STORE_KEY_ID_LEN 16
enum err store_csr(struct txn *tx, const struct guid *tenant,
    const uint8_t *key_id, struct csr *out) ATTR_CHECKED;
enum err store_csr_put(struct txn *tx, const struct guid *tenant,
    const uint8_t *key_id, const struct csr *c) ATTR_CHECKED;
enum err store_csr_delete(struct txn *tx, const struct guid *tenant,
    const uint8_t *key_id) ATTR_CHECKED;

/* How far somebody was told that a tenant's certificate runs out: it is known
 * by its serial, which may be null, and its end. */
struct notice {
	struct str serial;
	struct str expires; /* as expirationDateTime */
	uint64_t level;
};

/* ERR_NOT_FOUND. */
enum err store_notice(
    struct txn *tx, const struct guid *tenant, struct notice *out) ATTR_CHECKED;
enum err store_notice_put(struct txn *tx, const struct guid *tenant,
    const struct notice *n) ATTR_CHECKED;

/* The reader, of any process, that has read for longest, while there were
 * changes; false: there is none. */
struct store_reader_age {
	pid_t pid;
	uint64_t changes;
};
bool store_oldest_reader(struct store *st, struct store_reader_age *out);
/* How much of the map is in use, and how much there is. */
void store_usage(struct txn *tx, uint64_t *used, uint64_t *size);

/* What store_verify is to do with what it finds. */
struct store_verifier {
	/* Also whether the rows agree with each other. */
	bool relations;
	/* Told what is wrong: where, of which tenant (NULL: of none, or it is
	 * not known), and a few words. NULL: nobody is. */
	void (*found)(const char *where, const struct guid *tenant,
	    const char *what, void *arg);
	/* Given every request, to try its seal. NULL: nobody is. */
	void (*request)(
	    const struct guid *tenant, const struct csr *c, void *arg);
	void *arg;
};

struct store_counts {
	uint64_t records, events, tokens, requests, tenants, notices;
	uint64_t findings;
};

/*
 * Reads all there is and compares it with what was written. ERR_OK also where
 * something is wrong, which is then counted; otherwise it could not go on. A
 * damaged file may end the process by a signal: LMDB believes its pages.
 */
enum err store_verify(struct txn *tx, const struct store_verifier *v,
    struct store_counts *out) ATTR_CHECKED;

#endif
