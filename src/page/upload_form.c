/* SPDX-License-Identifier: ISC */
/*
 * upload_form.c - the fields of the forms that send a certificate, and how
 * their values are read.
 */
#include "page/renewal.h"

static void
put_label(struct page *p, const char *id, enum word word)
{
	html_open(&p->html, "label");
	html_attr_text(&p->html, "for", id);
	html_words(&p->html, page_word(p, word));
	html_close(&p->html);
}

static void
put_hint(struct page *p, const char *id, enum word word)
{
	html_open_class(&p->html, "p", "hint");
	html_attr_text(&p->html, "id", id);
	html_words(&p->html, page_word(p, word));
	html_close(&p->html);
}

void
page_button(struct page *p, const char *classes, enum word word)
{
	html_open(&p->html, "button");
	html_attr_text(&p->html, "class", classes);
	html_words(&p->html, page_word(p, word));
	html_close(&p->html);
}

/* Opens an input; its other attributes follow. */
static void
open_input(struct page *p, const char *type, const char *name, const char *hint)
{
	struct html *h = &p->html;

	html_open(h, "input");
	html_attr_text(h, "type", type);
	html_attr_text(h, "id", name);
	html_attr_text(h, "name", name);
	html_attr_text(h, "aria-describedby", hint);
}

/* A browser must not correct, or offer for the next time, what is typed here.
 */
static void
put_exact(struct page *p)
{
	html_attr_text(&p->html, "autocomplete", "off");
	html_attr_text(&p->html, "autocapitalize", "none");
	html_attr_text(&p->html, "spellcheck", "false");
}

void
page_apple_id(struct page *p, struct str apple_id)
{
	html_open_class(&p->html, "div", "field");
	put_label(p, "apple-id", WORD_APPLE_ID);
	put_hint(p, "apple-id-hint", WORD_OWNER_HINT);
	open_input(p, "text", "apple-id", "apple-id-hint");
	put_exact(p);
	html_attr(&p->html, "value", apple_id);
	html_close_all(&p->html, 2);
}

void
page_type_topic(struct page *p, struct str topic)
{
	struct html *h = &p->html;

	html_open_class(h, "div", "field");
	put_label(p, "topic", WORD_TYPE_TOPIC);
	html_open_class(h, "p", "hint");
	html_attr_text(h, "id", "topic-hint");
	html_element(h, "code", topic);
	html_close(h);
	open_input(p, "text", "topic", "topic-hint");
	put_exact(p);
	html_attr(h, "data-equals", topic);
	html_flag(h, "required", true);
	html_close_all(h, 2);
}

static void
put_file(struct page *p)
{
	struct html *h = &p->html;

	html_open_class(h, "div", "field");
	put_label(p, "certificate", WORD_FILE);
	put_hint(p, "certificate-hint", WORD_FILE_HINT);
	html_open_class(h, "div", "drop");
	html_attr_text(h, "data-key", page_word(p, WORD_KEY_STOPPED));
	html_attr_text(h, "data-one", page_word(p, WORD_ONE_FILE));
	open_input(p, "file", "certificate", "certificate-hint");
	html_attr_text(h, "accept",
	    ".pem,.cer,.crt,.der,.txt,application/x-x509-ca-cert,"
	    "application/x-pem-file");
	html_close_all(h, 3);
}

static void
put_paste(struct page *p)
{
	struct html *h = &p->html;

	html_open_class(h, "div", "field");
	put_label(p, "text", WORD_PASTE);
	html_open(h, "textarea");
	html_attr_text(h, "id", "text");
	html_attr_text(h, "name", "text");
	html_attr_text(h, "rows", "4");
	html_attr_text(h, "placeholder", "-----BEGIN CERTIFICATE-----");
	put_exact(p);
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
	page_apple_id(p, apple_id);
	html_open_class(h, "p", "actions");
	page_button(p, "main", WORD_CHECK);
	html_element(h, "span", str_of(page_word(p, WORD_NOTHING_YET)));
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
