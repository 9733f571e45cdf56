/* SPDX-License-Identifier: ISC */
/*
 * renewal.h - the parts that the pages for renewing, checking and restoring
 * share. Private to src/page.
 */
#ifndef PUSHCERT_RENEWAL_H
#define PUSHCERT_RENEWAL_H

#include <stdbool.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "format/record.h"
#include "page/page.h"
#include "rules/change.h"

/* Whether the caller may change the record. */
bool page_may_write(const struct call *c);

/* A fault of a certificate: title, cause, cure, and the sentence of the API,
 * which the reader can open. An outcome without words of its own gets those of
 * a refusal in general. */
void page_fault(
    struct page *p, const char *look, enum err e, const struct fault *fault);
/* The title of the fault whose code is in an event (store.h), or WORDS. */
enum word page_fault_title(struct str code);
/* Whether the rules refuse what the user sent, so that the page explains the
 * fault. All other outcomes are refusals of the request. */
bool page_is_fault(enum err e);
/* The notices of a change but those with the reason `shown`. Those that are
 * natural when a former record is restored are left out then. */
void page_notices(struct page *p, const struct change *change, enum err shown);

/* The table of the properties that people compare. `now` is NULL if there is no
 * record. */
void page_comparison(struct page *p, enum word caption,
    const struct record *now, const struct record *then);

/* The form that sends a certificate to the check. */
void page_upload_form(struct page *p, struct str apple_id);
/* The form that stores the Apple ID alone. */
void page_apple_id_form(struct page *p, struct str etag, struct str apple_id);
/* The field for the Apple ID. */
void page_apple_id(struct page *p, enum word hint, struct str apple_id);
/* The field in which the user repeats a topic. */
void page_type_topic(struct page *p, struct str topic);

/* Answers with a page that explains why the rules refused a change: sets the
 * status, and the outcome for the log. */
void page_answer_fault(struct call *c, enum err e);

/* The text of a field that is not a file; null if there is none. */
struct str page_text(const struct form *form, const char *name);
/* Guards a change by the ETag of a form: an empty text means that there must be
 * no record. Returns ERR_OK, or ERR_PRECONDITION if the form has no such
 * field. */
enum err
page_condition(const struct form *form, struct change *change) ATTR_CHECKED;
/* The text for the field of that name: the ETag of the record that a change
 * found. */
struct str page_etag(const struct change *change, char room[RECORD_ETAG_MAX]);

#endif
