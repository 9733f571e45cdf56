/* SPDX-License-Identifier: ISC */
/*
 * upload_form.c - the fields of the forms that send a certificate, and how
 * their values are read.
 */
#include "page/renewal.h"

void
page_apple_id(struct page *p, enum word hint, struct str apple_id)
{
	page_open_field(p, "apple-id", WORD_APPLE_ID);
	page_hint(p, "apple-id", hint);
	page_open_input(p, "text", "apple-id");
	page_exact(p);
	html_attr(&p->html, "value", apple_id);
	html_close_all(&p->html, 2);
}

void
page_type_topic(struct page *p, struct str topic)
{
	struct html *h = &p->html;

	page_open_field(p, "topic", WORD_TYPE_TOPIC);
	page_open_hint(p, "topic");
	html_element(h, "code", topic);
	html_close(h);
	page_open_input(p, "text", "topic");
	page_exact(p);
	html_attr(h, "data-equals", topic);
	html_flag(h, "required", true);
	html_close_all(h, 2);
}

static void
put_file(struct page *p)
{
	struct html *h = &p->html;

	page_open_field(p, "certificate", WORD_FILE);
	page_hint(p, "certificate", WORD_FILE_HINT);
	html_open_class(h, "div", "drop");
	html_attr_text(h, "data-key", page_word(p, WORD_KEY_STOPPED));
	html_attr_text(h, "data-one", page_word(p, WORD_ONE_FILE));
	page_open_input(p, "file", "certificate");
	html_attr_text(h, "accept",
	    ".pem,.cer,.crt,.der,.txt,application/x-x509-ca-cert,"
	    "application/x-pem-file");
	html_close_all(h, 3);
}

static void
put_paste(struct page *p)
{
	struct html *h = &p->html;

	page_open_field(p, "text", WORD_PASTE);
	html_open(h, "textarea");
	html_attr_text(h, "id", "text");
	html_attr_text(h, "name", "text");
	html_attr_text(h, "rows", "4");
	html_attr_text(h, "placeholder", "-----BEGIN CERTIFICATE-----");
	page_exact(p);
	html_close_all(h, 2);
}

void
page_upload_form(struct page *p, struct str apple_id)
{
	struct html *h = &p->html;

	page_form(p, "check");
	html_attr_text(h, "enctype", "multipart/form-data");
	put_file(p);
	put_paste(p);
	page_apple_id(p, WORD_OWNER_HINT, apple_id);
	html_open_class(h, "p", "actions");
	page_button(p, "main", WORD_CHECK);
	page_element(p, "span", WORD_NOTHING_YET);
	html_close_all(h, 2);
}

/* --- the values ----------------------------------------------------------- */

struct str
page_text(const struct form *form, const char *name)
{
	const struct form_field *f = form_field(form, name);

	return f == NULL || !str_is_null(f->filename) ? str_of(NULL) : f->value;
}

enum err
page_condition(const struct form *form, struct change *change)
{
	struct str etag = page_text(form, "etag");

	change->if_match = change->if_none_match = str_of(NULL);
	if (str_is_null(etag))
		return ERR_PRECONDITION;
	if (etag.n == 0)
		change->if_none_match = str_of("*");
	else
		change->if_match = etag;
	return ERR_OK;
}

struct str
page_etag(const struct change *change, char room[RECORD_ETAG_MAX])
{
	return change->found.existed ? record_etag(&change->found.former, room)
				     : STR_EMPTY;
}
