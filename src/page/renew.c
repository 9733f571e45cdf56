/* SPDX-License-Identifier: ISC */
/*
 * renew.c - the page with the three steps of a renewal, and the request that
 * the first of them needs.
 */
#include "page/renewal.h"
#include "rules/csr.h"

#define PORTAL "https://identity.apple.com/pushcert"

/* The facts that the page shows. The texts live as long as the worker's
 * transaction. */
struct renewal {
	struct record record;
	struct csr waiting;
	bool waits;
};

static enum err
read_renewal(struct call *c, struct renewal *r)
{
	enum err e;

	*r = (struct renewal){ .waits = false };
	e = store_record(c->wk->reader, &c->who.tenant, &r->record);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	e = store_csr(c->wk->reader, &c->who.tenant, NULL, &r->waiting);
	r->waits = e == ERR_OK;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- the request ---------------------------------------------------------- */

static void
put_waiting(struct page *p, const struct renewal *r)
{
	struct html *h = &p->html;

	html_open(h, "p");
	page_say_moment(p, WORD_REQUEST_WAITS, r->waiting.when.at);
	html_close(h);
	/* The file needs the right to write, as it does in the API. */
	if (!page_may_write(p->call))
		return;
	html_open_class(h, "p", "actions");
	page_button_link(p, "button main", "request.txt", WORD_REQUEST_GET);
	html_close(h);
	page_element(p, "p",
	    csr_is_signed(r->waiting.request) ? WORD_REQUEST_SIGNED
					      : WORD_REQUEST_PLAIN);
}

static void
put_request(struct page *p, const struct renewal *r)
{
	struct html *h = &p->html;

	page_element(p, "h2", WORD_STEP_REQUEST);
	if (r->waits)
		put_waiting(p, r);
	if (!p->call->app->secrets->can_seal) {
		page_element(p, "p", WORD_REQUEST_OFF);
		return;
	}
	if (!r->waits)
		page_element(p, "p", WORD_REQUEST_NONE);
	if (!page_may_write(p->call))
		return;
	page_form(p, "request");
	html_open(h, "p");
	page_button(p, r->waits ? NULL : "main",
	    r->waits ? WORD_REQUEST_AGAIN : WORD_REQUEST_MAKE);
	html_close_all(h, 2);
}

/* --- Apple's portal ------------------------------------------------------- */

static void
put_sign_in(struct page *p, struct str apple_id)
{
	struct html *h = &p->html;

	html_open(h, "li");
	page_put(p, WORD_PORTAL_OPEN);
	html_words(h, " ");
	html_open(h, "a");
	html_attr_text(h, "href", PORTAL);
	html_attr_text(h, "target", "_blank");
	html_attr_text(h, "rel", "noopener noreferrer");
	page_put(p, WORD_PORTAL_NEW_TAB);
	html_close(h);
	html_words(h, " ");
	if (apple_id.n > 0) {
		page_put(p, WORD_PORTAL_AS);
		html_words(h, " ");
		page_copy(p, apple_id);
	} else {
		page_put(p, WORD_PORTAL_ANY);
	}
	html_close(h);
}

static void
put_portal(struct page *p, const struct record *r)
{
	struct str topic = record_newest_topic(r);
	struct html *h = &p->html;

	page_element(p, "h2", WORD_STEP_APPLE);
	html_open_class(h, "ol", "steps");
	put_sign_in(p, r->value[RECORD_APPLE_ID]);
	if (topic.n > 0) {
		html_open(h, "li");
		page_put(p, WORD_PORTAL_FIND);
		html_words(h, " ");
		page_copy(p, topic);
		html_close(h);
	}
	page_element(
	    p, "li", topic.n > 0 ? WORD_PORTAL_RENEW : WORD_PORTAL_CREATE);
	page_element(p, "li", WORD_PORTAL_UPLOAD);
	html_close(h);
}

/* --- the pages ------------------------------------------------------------ */

enum err
page_renew(struct call *c)
{
	struct str done = page_done(c);
	struct renewal r;
	struct page p;
	enum err e;

	if ((e = read_renewal(c, &r)) != ERR_OK)
		return e;
	page_begin(&p, c, "renew", WORD_RENEW);
	if (str_is(done, "request"))
		page_message(&p, "notice good", "status", WORD_REQUEST_MADE);
	put_request(&p, &r);
	put_portal(&p, &r.record);
	page_element(&p, "h2", WORD_STEP_BACK);
	if (page_may_write(c))
		page_upload_form(&p, r.record.value[RECORD_APPLE_ID]);
	else
		page_element(&p, "p", WORD_READ_ONLY);
	return page_end(&p);
}

enum err
page_make_request(struct call *c)
{
	struct str text;
	enum err e = call_make_request(c, &text);

	return e == ERR_OK
	    ? page_redirect(c, 303, "renew", str_of("done=request"))
	    : e;
}

enum err
page_request_file(struct call *c)
{
	struct str text;
	enum err e;

	e = csr_pending(c->wk->reader, &c->who.tenant, &c->wk->arena, &text);
	if (e == ERR_NOT_FOUND)
		return ERR_NO_REQUEST;
	if (e == ERR_OK)
		e = csr_file(text, &c->wk->arena, &c->content);
	return e == ERR_OK ? page_download(c, "text/plain;charset=utf-8",
				 str_of("push-certificate-request.txt"))
			   : e;
}
