/* SPDX-License-Identifier: ISC */
/*
 * pg_api.c - loads libpq.
 */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/pg_api.h"
#include "store/pg_link.h"

enum err
pg_api_load(struct pg_api **out)
{
	static const char *const names[] = {
#define X(name) #name,
		PG_FUNCTIONS(X)
#undef X
	};
	void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
	struct pg_api *api = calloc(1, sizeof(*api));
	void **slot = (void **)api;
	size_t i;

	if (api == NULL)
		return ERR_MEMORY;
	*out = api;
	if (library == NULL) {
		log_line(LOG_AT_ERROR,
		    "store: a store in PostgreSQL needs libpq 14 or newer "
		    "(Debian package libpq5): %s",
		    dlerror());
		return ERR_STORE;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((slot[i] = dlsym(library, names[i])) == NULL) {
			log_line(LOG_AT_ERROR,
			    "store: libpq is older than 14: it lacks %s",
			    names[i]);
			return ERR_STORE;
		}
	return ERR_OK;
}

size_t
pg_result_rows(const struct pg_api *pq, const struct pg_result *r)
{
	return (size_t)pq->PQntuples(r);
}

struct str
pg_result_value(
    const struct pg_api *pq, const struct pg_result *r, size_t row, int column)
{
	return str_from(pq->PQgetvalue(r, (int)row, column),
	    (size_t)pq->PQgetlength(r, (int)row, column));
}

uint64_t
pg_result_number(const struct pg_api *pq, const struct pg_result *r, size_t row)
{
	struct str value = pg_result_value(pq, r, row, 0);
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < value.n; i++)
		number = number << 8 | (unsigned char)value.p[i];
	return number;
}

void
pg_result_free(const struct pg_api *pq, struct pg_result *r)
{
	pq->PQclear(r);
}
