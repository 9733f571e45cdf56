/* SPDX-License-Identifier: ISC */
/*
 * downloads.c - files that the pages offer: the certificate, and the end of its
 * time as an entry of a calendar.
 */
#include "page/page.h"

#include "format/pem.h"
#include "format/x509.h"
#include "http/calendar.h"

static enum err
offer(struct call *c, struct str content, const char *type, const char *name)
{
	if (str_is_null(content))
		return ERR_MEMORY;
	c->content = content;
	return page_download(c, type, str_of(name));
}

/* The stored text may be the base64 of DER. */
static struct str
as_pem(struct call *c, struct str text)
{
	struct arena *a = &c->wk->arena;
	struct buf out;
	struct x509 x;
	struct str what;

	if (str_starts(text, "-----BEGIN ") ||
	    x509_read(text, a, &x, &what) != ERR_OK || str_is_null(x.der))
		return arena_copy(a, text);
	buf_open(&out, a);
	pem_write("CERTIFICATE", x.der, &out);
	return buf_close(&out, a);
}

enum err
page_certificate(struct call *c)
{
	struct record r;
	enum err e;

	if ((e = call_record(c, &r)) != ERR_OK)
		return e;
	if (!record_is_real(&r) || r.value[RECORD_CERTIFICATE].n == 0)
		return ERR_NOT_FOUND;
	return offer(c, as_pem(c, r.value[RECORD_CERTIFICATE]),
	    "application/x-pem-file", "push-certificate.pem");
}

enum err
page_calendar(struct call *c)
{
	struct expiry_tenant t;
	struct record r;
	struct buf out;
	enum err e;

	e = store_record(c->wk->reader, &c->who.tenant, &r);
	if (e != ERR_OK)
		return e;
	t = expiry_tenant(
	    &c->who.tenant, &r, c->req->now.at, EXPIRY_DAYS, &c->wk->arena);
	if (!t.expiry.expires)
		return ERR_NOT_FOUND;
	if (page_is_provider(c))
		t.alias = page_tenant_name(c);
	buf_open(&out, &c->wk->arena);
	calendar_begin(&out);
	calendar_event(&out, &t);
	calendar_end(&out);
	return offer(c, buf_close(&out, &c->wk->arena),
	    "text/calendar;charset=utf-8", "push-certificate.ics");
}
