/* SPDX-License-Identifier: ISC */
/*
 * history.h - the words of an event, for the list and for its own page. Private
 * to src/page.
 */
#ifndef PUSHCERT_HISTORY_H
#define PUSHCERT_HISTORY_H

#include "page/page.h"
#include "store/store.h"

/* The kind of an event in one word. */
enum word page_event_word(const struct event *ev);
/* Why the rules refused an upload, as text in the innermost element. */
void page_event_reason(struct page *p, const struct event *ev);

#endif
