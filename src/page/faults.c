/* SPDX-License-Identifier: ISC */
/*
 * faults.c - explains the faults of a certificate: what is wrong, why, and what
 * to do.
 */
#include "page/renewal.h"

struct words {
	uint16_t e; /* an enum err */
	uint16_t title, cause, cure; /* enum word */
};

/* The last row is for all other outcomes. */
static const struct words table[] = {
	{ ERR_NOT_A_CERTIFICATE, WORD_NOT_CERTIFICATE,
	    WORD_NOT_CERTIFICATE_CAUSE, WORD_NOT_CERTIFICATE_CURE },
	{ ERR_PRIVATE_KEY, WORD_PRIVATE_KEY, WORD_PRIVATE_KEY_CAUSE,
	    WORD_PRIVATE_KEY_CURE },
	{ ERR_WRAPPED, WORD_WRAPPED, WORD_WRAPPED_CAUSE, WORD_WRAPPED_CURE },
	{ ERR_REQUEST_INSTEAD, WORD_REQUEST_INSTEAD, WORD_REQUEST_INSTEAD_CAUSE,
	    WORD_REQUEST_INSTEAD_CURE },
	{ ERR_NOT_MDM, WORD_NOT_MDM, WORD_NOT_MDM_CAUSE, WORD_NOT_MDM_CURE },
	{ ERR_EXPIRED, WORD_HAS_EXPIRED, WORD_HAS_EXPIRED_CAUSE,
	    WORD_HAS_EXPIRED_CURE },
	{ ERR_NOT_YET_VALID, WORD_NOT_YET, WORD_NOT_YET_CAUSE,
	    WORD_NOT_YET_CURE },
	{ ERR_OLDER, WORD_OLDER, WORD_OLDER_CAUSE, WORD_OLDER_CURE },
	{ ERR_WEAK_KEY, WORD_WEAK_KEY, WORD_WEAK_KEY_CAUSE,
	    WORD_WEAK_KEY_CURE },
	{ ERR_UNSUPPORTED_KEY, WORD_OTHER_KEY, WORD_OTHER_KEY_CAUSE,
	    WORD_NOT_MDM_CURE },
	{ ERR_KEY_MISMATCH, WORD_MISMATCH, WORD_MISMATCH_CAUSE,
	    WORD_MISMATCH_CURE },
	{ ERR_TOPIC_CHANGE, WORD_OTHER_TOPIC, WORD_OTHER_TOPIC_CAUSE,
	    WORD_OTHER_TOPIC_CURE },
	{ ERR_TOO_LONG, WORD_TOO_LONG, WORD_TOO_LONG_CAUSE,
	    WORD_TOO_LONG_CURE },
	{ ERR_OK, WORD_REFUSED, WORD_REFUSED_CAUSE, WORD_REFUSED_CURE },
};

#define GENERAL (sizeof(table) / sizeof(table[0]) - 1)

static const struct words *
find(enum err e)
{
	size_t i = 0;

	while (i < GENERAL && table[i].e != e)
		i++;
	return &table[i];
}

bool
page_may_write(const struct call *c)
{
	return (c->who.scopes & CALL_WRITE_SCOPES) != 0;
}

void
page_fault(
    struct page *p, const char *look, enum err e, const struct fault *fault)
{
	const struct words *w = find(e);
	struct html *h = &p->html;

	page_notice(p, look, w->title);
	html_open(h, "p");
	page_put(p, w->cause);
	html_words(h, " ");
	page_put(p, w->cure);
	html_close(h);
	page_exact_words(p, e, fault);
	html_close(h);
}

enum word
page_fault_title(struct str code)
{
	size_t i;

	for (i = 0; i < GENERAL; i++) {
		const char *reason = err_info(table[i].e)->reason;

		if (reason != NULL && str_is(code, reason))
			return table[i].title;
	}
	return WORDS;
}

bool
page_is_fault(enum err e)
{
	int status = err_info(e)->status;

	return status == 400 || status == 409;
}

/* Whether a notice says nothing new when a former record is restored: its
 * certificate is older, and belongs to an older request. */
static bool
is_natural(const struct change *change, enum err reason)
{
	return change->restores &&
	    (reason == ERR_OLDER || reason == ERR_KEY_MISMATCH);
}

void
page_notices(struct page *p, const struct change *change, enum err shown)
{
	const struct policy_notices *list = &change->found.notices;
	size_t i;

	for (i = 0; i < list->n; i++)
		if (list->row[i].reason != shown &&
		    !is_natural(change, list->row[i].reason))
			page_fault(p, "notice warn", list->row[i].reason,
			    &list->row[i].fault);
}

void
page_answer_fault(struct call *c, enum err e)
{
	c->status = err_info(e)->status;
	c->resp->outcome = e;
}
