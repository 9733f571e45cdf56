/* SPDX-License-Identifier: ISC */
/*
 * fill.c - makes a store with many tenants through the store module. Each
 * tenant has a token and the record of the seed document. The program reports
 * its progress on standard error.
 *
 *   fill DIRECTORY TENANTS [spread]
 *
 * With "spread", the certificates end on the days of two years.
 *
 * It prints tokens to standard output, one per line: the tokens of all tenants,
 * or LISTED of them at even distances, in scattered order. All data is derived
 * from the tenant's number, so the same call always makes the same store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules/auth.h"
#include "store/store.h"
#include "fill.h"

/* Tenants per transaction. */
#define STEP 10000
#define LISTED 20000
/*
 * A prime that divides none of the usual counts, so i * JUMP visits all tokens.
 */
#define JUMP 7919

struct fill {
	unsigned long first;
	unsigned long end;
	bool spread; /* the certificates end on different days */
};

/* Days of the ends, from 2026-01-01 on. */
#define SPREAD_AT 1767225600
#define SPREAD_DAYS 730

static void
must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "fill: %s: %s\n", what, err_info(e)->code);
	exit(EXIT_FAILURE);
}

static void
token_of(unsigned long tenant, char out[AUTH_TOKEN_LEN])
{
	uint8_t secret[AUTH_SECRET_LEN];

	fill_bytes(tenant, "token", secret);
	auth_token_text(secret, out);
}

static enum err
put_tenant(struct txn *tx, unsigned long number, bool spread)
{
	char expires[DATETIME_SECONDS_LEN + 1];
	struct record r = { .revision = 1,
		.value = { [RECORD_APPLE_ID] = str_of("Apple Identifier value"),
		    [RECORD_TOPIC] = str_of("Topic Identifier value"),
		    [RECORD_MODIFIED] = str_of("2026-01-01T00:00:00.0000000Z"),
		    [RECORD_EXPIRES] = str_of(
			"2017-01-01T00:01:27.2282595+03:00"),
		    [RECORD_STATUS] = str_of("Certificate Upload Status value"),
		    [RECORD_FAILURE] = str_of(
			"Certificate Upload Failure Reason value"),
		    [RECORD_CERTIFICATE] = str_of("Certificate value") } };
	char text[AUTH_TOKEN_LEN], id[STR_GUID_LEN];
	struct token t = { .name = str_of("bench"),
		.created_at = 1767225600,
		.scopes = AUTH_SERVICE_CONFIG_WRITE };
	enum err e;

	t.tenant = fill_tenant(number);
	str_guid_text(&t.tenant, id);
	if (spread) {
		datetime_seconds(SPREAD_AT +
			(int64_t)(number * 7919 % (SPREAD_DAYS * 86400)),
		    expires);
		expires[DATETIME_SECONDS_LEN] = 'Z';
		r.value[RECORD_EXPIRES] = str_from(expires, sizeof(expires));
	}
	r.value[RECORD_ID] = str_from(id, sizeof(id));
	token_of(number, text);
	auth_token_hash(str_from(text, sizeof(text)), t.hash);
	if ((e = store_token_put(tx, &t)) != ERR_OK)
		return e;
	return store_record_put(tx, &t.tenant, &r);
}

static enum err
put_some(struct txn *tx, void *arg)
{
	const struct fill *f = arg;
	unsigned long i;
	enum err e = ERR_OK;

	for (i = f->first; i < f->end && e == ERR_OK; i++)
		e = put_tenant(tx, i, f->spread);
	return e;
}

static void
put_all(struct store *st, unsigned long tenants, bool spread)
{
	struct fill f = { .spread = spread };

	while (f.end < tenants) {
		f.first = f.end;
		f.end = tenants - f.first < STEP ? tenants : f.first + STEP;
		must(store_update(st, put_some, &f), "store_update");
		if (f.end % (10 * STEP) == 0 || f.end == tenants)
			fprintf(stderr, "fill: %lu of %lu tenants\n", f.end,
			    tenants);
	}
}

static void
list_tokens(unsigned long tenants)
{
	unsigned long listed = tenants < LISTED ? tenants : LISTED;
	unsigned long step = tenants / listed, i;
	char text[AUTH_TOKEN_LEN];

	for (i = 0; i < listed; i++) {
		token_of(i * JUMP % listed * step, text);
		printf("%.*s\n", AUTH_TOKEN_LEN, text);
	}
}

int
main(int argc, char **argv)
{
	struct store_options options = { .map_size = (size_t)8 << 30,
		.readers = 16,
		.history_keep = 1,
		.create = true };
	unsigned long tenants = argc >= 3 ? strtoul(argv[2], NULL, 10) : 0;
	bool spread = argc == 4 && strcmp(argv[3], "spread") == 0;
	struct store *st = NULL;

	if (tenants == 0 || tenants > 10000000 || argc != 3 + spread) {
		fputs("usage: fill DIRECTORY TENANTS [spread]\n", stderr);
		return 2;
	}
	options.directory = argv[1];
	must(store_open(&options, &st), argv[1]);
	put_all(st, tenants, spread);
	store_close(st);
	list_tokens(tenants);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
