/* SPDX-License-Identifier: ISC */
/*
 * peer_lmdb.c - storage in LMDB: durable, with a write transaction per PATCH.
 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include <lmdb.h>

/* The key of an event in the history: its tenant, then its revision. */
struct key {
	uint64_t tenant;
	uint64_t revision;
};

struct conn {
	MDB_env *env;
	MDB_dbi token; /* hash: tenant */
	MDB_dbi record; /* tenant: revision, text */
	MDB_dbi history; /* struct key: text */
	MDB_txn *reader;
};

struct row {
	uint64_t revision;
	char text[PEER_TEXT_MAX];
};

static MDB_val
val(const void *p, size_t n)
{
	return (MDB_val){ .mv_size = n, .mv_data = (void *)(uintptr_t)p };
}

struct conn *
peer_open(const char *path)
{
	struct conn *p = calloc(1, sizeof(*p));
	MDB_txn *tx;

	if (p == NULL || mdb_env_create(&p->env) != 0 ||
	    mdb_env_set_mapsize(p->env, (size_t)1 << 30) != 0 ||
	    mdb_env_set_maxdbs(p->env, 3) != 0 ||
	    mdb_env_open(p->env, path, MDB_NOSUBDIR, 0600) != 0 ||
	    mdb_txn_begin(p->env, NULL, 0, &tx) != 0 ||
	    mdb_dbi_open(tx, "token", MDB_CREATE, &p->token) != 0 ||
	    mdb_dbi_open(tx, "record", MDB_CREATE, &p->record) != 0 ||
	    mdb_dbi_open(tx, "history", MDB_CREATE, &p->history) != 0 ||
	    mdb_txn_commit(tx) != 0 ||
	    mdb_txn_begin(p->env, NULL, MDB_RDONLY, &p->reader) != 0)
		return NULL;
	mdb_txn_reset(p->reader);
	return p;
}

static bool
put_record(
    struct conn *p, MDB_txn *tx, uint64_t tenant, const struct peer_record *r)
{
	struct row row = { .revision = r->revision };
	MDB_val k = val(&tenant, sizeof(tenant));
	MDB_val v = val(&row, offsetof(struct row, text) + r->n);

	memcpy(row.text, r->text, r->n);
	return mdb_put(tx, p->record, &k, &v, 0) == 0;
}

bool
peer_fill(struct conn *p, size_t n, peer_make *make)
{
	uint8_t key[PEER_KEY_LEN];
	struct peer_record r;
	MDB_txn *tx;
	uint64_t i;

	if (mdb_txn_begin(p->env, NULL, 0, &tx) != 0)
		return false;
	for (i = 0; i < n; i++) {
		MDB_val k = val(key, sizeof(key)), v = val(&i, sizeof(i));

		make(i, key, &r);
		if (mdb_put(tx, p->token, &k, &v, 0) != 0 ||
		    !put_record(p, tx, i, &r))
			return false;
	}
	return mdb_txn_commit(tx) == 0;
}

/* Finds the tenant of a token and copies its current record. A copy is needed,
 * because a later put may move the page that contains the record. */
static bool
find(struct conn *p, MDB_txn *tx, const uint8_t key[PEER_KEY_LEN],
    uint64_t *tenant, struct peer_record *out)
{
	MDB_val k = val(key, PEER_KEY_LEN), v;

	if (mdb_get(tx, p->token, &k, &v) != 0)
		return false;
	memcpy(tenant, v.mv_data, sizeof(*tenant));
	k = val(tenant, sizeof(*tenant));
	if (mdb_get(tx, p->record, &k, &v) != 0)
		return false;
	memcpy(&out->revision, v.mv_data, sizeof(out->revision));
	out->n = v.mv_size - sizeof(out->revision);
	memcpy(out->text, (char *)v.mv_data + sizeof(out->revision), out->n);
	return true;
}

bool
peer_get(
    struct conn *p, const uint8_t key[PEER_KEY_LEN], struct peer_record *out)
{
	uint64_t tenant;
	bool found;

	if (mdb_txn_renew(p->reader) != 0)
		return false;
	found = find(p, p->reader, key, &tenant, out);
	mdb_txn_reset(p->reader);
	return found;
}

static bool
keep(struct conn *p, MDB_txn *tx, uint64_t tenant, const struct peer_record *r)
{
	const struct key key = { .tenant = tenant, .revision = r->revision };
	MDB_val k = val(&key, sizeof(key)), v = val(r->text, r->n);

	return mdb_put(tx, p->history, &k, &v, 0) == 0;
}

bool
peer_patch(struct conn *p, const uint8_t key[PEER_KEY_LEN], peer_change *change,
    void *arg, struct peer_record *out)
{
	uint64_t tenant;
	MDB_txn *tx;

	if (mdb_txn_begin(p->env, NULL, 0, &tx) != 0)
		return false;
	if (find(p, tx, key, &tenant, out) && keep(p, tx, tenant, out) &&
	    change(out, arg) && put_record(p, tx, tenant, out))
		return mdb_txn_commit(tx) == 0;
	mdb_txn_abort(tx);
	return false;
}
