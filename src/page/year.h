/* SPDX-License-Identifier: ISC */
/*
 * year.h - the time of a certificate as a picture.
 */
#ifndef PUSHCERT_YEAR_H
#define PUSHCERT_YEAR_H

#include "format/expiry.h"
#include "page/page.h"

/* A bar from the begin of the certificate's time to its end, with today and the
 * day from which it should be renewed. Needs x->expires. */
void page_year(struct page *p, const struct expiry *x, int64_t now_at);

/* A small bar of the days that are left of a year. `look` is good, warn or
 * bad. */
void page_days(struct page *p, const char *look, int64_t left);

#endif
