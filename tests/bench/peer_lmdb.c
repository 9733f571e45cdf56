/* SPDX-License-Identifier: ISC */
/*
 * peer_lmdb.c - LMDB, durable, a write transaction per PATCH.
 */
#include "peer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lmdb.h>

/* A tenant's key, and behind it that of an event. */
struct key {
	uint64_t tenant;
	uint64_t revision;
};

struct peer {
	MDB_env *env;
	MDB_dbi token; /* text: struct key */
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

struct peer *
peer_open(const char *path)
{
	struct peer *p = calloc(1, sizeof(*p));
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
put_record(struct peer *p, MDB_txn *tx, const struct key *key, const char *text,
    size_t text_n)
{
	struct row row = { .revision = key->revision };
	MDB_val k = val(&key->tenant, sizeof(key->tenant));
	MDB_val v = val(&row, offsetof(struct row, text) + text_n);

	memcpy(row.text, text, text_n);
	return mdb_put(tx, p->record, &k, &v, 0) == 0;
}

bool
peer_fill(
    struct peer *p, char **token, size_t n, const char *text, size_t text_n)
{
	MDB_txn *tx;
	size_t i;

	if (mdb_txn_begin(p->env, NULL, 0, &tx) != 0)
		return false;
	for (i = 0; i < n; i++) {
		struct key key = { .tenant = i };
		MDB_val k = val(token[i], strlen(token[i]));
		MDB_val v = val(&key, sizeof(key));

		if (mdb_put(tx, p->token, &k, &v, 0) != 0 ||
		    !put_record(p, tx, &key, text, text_n))
			return false;
	}
	return mdb_txn_commit(tx) == 0;
}

/* The tenant of a token and its record as it is. */
static bool
find(struct peer *p, MDB_txn *tx, const char *token, struct key *key,
    MDB_val *text)
{
	MDB_val k = val(token, strlen(token)), v;

	if (mdb_get(tx, p->token, &k, &v) != 0)
		return false;
	memcpy(key, v.mv_data, sizeof(*key));
	k = val(&key->tenant, sizeof(key->tenant));
	if (mdb_get(tx, p->record, &k, &v) != 0)
		return false;
	memcpy(&key->revision, v.mv_data, sizeof(key->revision));
	*text = val((char *)v.mv_data + sizeof(key->revision),
	    v.mv_size - sizeof(key->revision));
	return true;
}

size_t
peer_get(struct peer *p, const char *token, char out[PEER_TEXT_MAX])
{
	struct key key;
	MDB_val text = { .mv_size = 0 };

	if (mdb_txn_renew(p->reader) != 0)
		return 0;
	if (find(p, p->reader, token, &key, &text))
		memcpy(out, text.mv_data, text.mv_size);
	mdb_txn_reset(p->reader);
	return text.mv_size;
}

static bool
change(struct peer *p, MDB_txn *tx, const char *token, const char *text,
    size_t text_n)
{
	char copy[PEER_TEXT_MAX];
	struct key key;
	MDB_val former, k;

	if (!find(p, tx, token, &key, &former))
		return false;
	/* A put moves it. */
	memcpy(copy, former.mv_data, former.mv_size);
	former.mv_data = copy;
	k = val(&key, sizeof(key));
	if (mdb_put(tx, p->history, &k, &former, 0) != 0)
		return false;
	key.revision++;
	return put_record(p, tx, &key, text, text_n);
}

bool
peer_patch(struct peer *p, const char *token, const char *text, size_t text_n)
{
	MDB_txn *tx;

	if (mdb_txn_begin(p->env, NULL, 0, &tx) != 0)
		return false;
	if (change(p, tx, token, text, text_n))
		return mdb_txn_commit(tx) == 0;
	mdb_txn_abort(tx);
	return false;
}
