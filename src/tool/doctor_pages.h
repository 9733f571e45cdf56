/* SPDX-License-Identifier: ISC */
/*
 * doctor_pages.h - the visit of doctor to the pages below ui. Only doctor
 * includes this header.
 */
#ifndef PUSHCERT_DOCTOR_PAGES_H
#define PUSHCERT_DOCTOR_PAGES_H

#include "tool/doctor_ask.h"

/*
 * Visits the pages of the mount m, whose url and token are set. Reports what
 * the web server does not pass on; prints the open ways to sign in unless
 * --quiet or --json is given. Pages that are off are no finding.
 */
void doctor_pages_visit(struct doctor_mount *m);

#endif
