/* SPDX-License-Identifier: ISC */
/*
 * pages.h - the entry of src/page: the pages for people.
 */
#ifndef PUSHCERT_PAGES_H
#define PUSHCERT_PAGES_H

#include "http/routes.h"

/* The routes of PATH_UI, for struct app; NULL if the pages are off. */
const struct route_table *pages_routes(const struct config *c);

#endif
