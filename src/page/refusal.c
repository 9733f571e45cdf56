/* SPDX-License-Identifier: ISC */
/*
 * refusal.c - the page of a request that is refused: the error in the words of
 * the pages, the cure, and the exact words of the API.
 */
#include "page/page.h"

struct refusal {
	uint16_t e; /* an enum err; ERR_OK: each outcome of the status */
	uint16_t status;
	uint16_t title, cure; /* enum word */
};

/* The first row that fits counts. */
static const struct refusal refusals[] = {
	{ ERR_CROSS_SITE, 403, WORD_FOREIGN, WORD_FOREIGN_CURE },
	{ ERR_NOT_IMPLEMENTED, 501, WORD_REQUEST_CANNOT, WORD_REQUEST_OFF },
	{ ERR_NO_REQUEST, 404, WORD_REQUEST_ABSENT, WORD_REQUEST_ABSENT_CURE },
	{ ERR_NO_EVENT, 404, WORD_EVENT_ABSENT, WORD_EVENT_ABSENT_CURE },
	{ ERR_READ_ONLY, 503, WORD_NO_CHANGES, WORD_NO_CHANGES_CURE },
	{ ERR_SITE_UNKNOWN, 403, WORD_FOREIGN, WORD_FOREIGN_CURE },
	{ ERR_TENANT, 403, WORD_NO_ACCESS, WORD_NO_ACCESS_CURE },
	{ ERR_TENANT_NAMED, 403, WORD_NO_ACCESS, WORD_NO_ACCESS_CURE },
	{ ERR_NOT_FOUND, 404, WORD_NONE, WORD_NONE_CURE },
	{ ERR_OK, 401, WORD_NOT_SIGNED_IN, WORD_NOT_SIGNED_IN_CURE },
	{ ERR_OK, 403, WORD_FORBIDDEN, WORD_FORBIDDEN_CURE },
	{ ERR_OK, 404, WORD_ABSENT, WORD_ABSENT_CURE },
	{ ERR_OK, 405, WORD_METHOD, WORD_METHOD_CURE },
	{ ERR_OK, 409, WORD_CHANGED, WORD_CHANGED_CURE },
	{ ERR_OK, 412, WORD_CHANGED, WORD_CHANGED_CURE },
	{ ERR_OK, 413, WORD_LARGE, WORD_LARGE_CURE },
	{ ERR_OK, 429, WORD_RATE, WORD_RATE_CURE },
	{ ERR_OK, 503, WORD_BUSY, WORD_BUSY_CURE },
	{ ERR_OK, 500, WORD_BROKEN, WORD_BROKEN_CURE },
	{ ERR_OK, 507, WORD_BROKEN, WORD_BROKEN_CURE },
	{ ERR_OK, 0, WORD_BAD, WORD_BAD_CURE },
};

static const struct refusal *
find(enum err e, int status)
{
	const struct refusal *r = refusals;

	while (r->status != 0 &&
	    (r->e == ERR_OK ? r->status != status : r->e != e))
		r++;
	return r;
}

void
page_exact_words(struct page *p, enum err e, const struct fault *fault)
{
	struct html *h = &p->html;
	char text[VIEW_MESSAGE_MAX];
	struct buf message;

	buf_init(&message, text, sizeof(text));
	view_message(&message, e, fault);
	html_open(h, "details");
	page_element(p, "summary", WORD_EXACT);
	html_open(h, "p");
	html_attr_text(h, "lang", "en");
	html_text(h, buf_view(&message));
	html_close_all(h, 2);
}

/* Whether the sign-in failed. Its page then says so. */
static bool
is_login(const struct call *c, enum err e)
{
	if (c->route == NULL)
		return false;
	if (c->route->run == page_come_from_sso)
		return c->status == 401 || c->status == 403 ||
		    e == ERR_NOT_IMPLEMENTED;
	return c->route->run == page_sign_in &&
	    (c->status == 401 || e == ERR_NOT_IMPLEMENTED);
}

static void
say_cure(struct page *p, const struct refusal *r, unsigned seconds)
{
	html_open(&p->html, "p");
	if (r->cure == WORD_RATE_CURE && seconds > 60)
		page_say_number(p, WORD_RATE_MINUTES, (seconds + 59) / 60);
	else
		page_say(p, r->cure, STR_EMPTY);
	html_close(&p->html);
}

void
page_refuse(struct call *c, enum err e)
{
	const struct refusal *r = find(e, c->status);
	struct html *h;
	struct page p;

	if (is_login(c, e) && page_show_login(c, e) == ERR_OK)
		return;
	page_begin(&p, c, NULL, r->title);
	h = &p.html;
	html_open_class(h, "div", "notice bad");
	say_cure(&p, r, c->retry_after);
	html_close(h);
	page_exact_words(&p, e, &c->fault);
	html_open(h, "p");
	page_anchor(&p, "./", WORD_BACK);
	html_close(h);
	/* The reserve of the arena has room for this page. */
	if (page_end(&p) != ERR_OK)
		c->content = STR_EMPTY;
}
