/* SPDX-License-Identifier: ISC */
/*
 * check.c - shows what a certificate would change before it is stored, and
 * stores it.
 *
 * The check keeps nothing. The certificate goes on as a hidden field of the
 * form that stores it, with the ETag of the record that the user has seen. A
 * text that the rules refuse is never repeated in a page, because it may be a
 * private key.
 */
#include "page/renewal.h"

/* The content of a form, and the verdict of the rules. */
struct upload {
	struct form form;
	struct str file; /* as it was sent */
	struct str text; /* as it would be stored; null if it is not clear */
	struct str apple_id; /* null: it stays as it is */
	struct change change;
	struct record after;
	enum err outcome;
	bool typed; /* the user has typed a topic */
};

/* --- reading -------------------------------------------------------------- */

static bool
is_blank(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] != ' ' && (s.p[i] < '\t' || s.p[i] > '\r'))
			return false;
	return true;
}

/* Browsers send each line end of a form's text as CR LF. The record gets LF, so
 * that the text is the same whichever way it came. */
static enum err
join_lines(struct arena *a, struct str *text)
{
	char *to = arena_take(a, text->n);
	size_t i, n = 0;

	if (to == NULL)
		return ERR_MEMORY;
	for (i = 0; i < text->n; i++)
		if (text->p[i] != '\r' || i + 1 == text->n ||
		    text->p[i + 1] != '\n')
			to[n++] = text->p[i];
	*text = str_from(to, n);
	return ERR_OK;
}

/* The file counts, and the pasted text only without one. */
static enum err
read_upload(struct call *c, struct upload *u)
{
	enum err e;

	*u = (struct upload){ .change = call_change(c) };
	u->change.any_form = true;
	u->change.if_match = u->change.if_none_match = str_of(NULL);
	u->change.allow_topic = str_of(NULL);
	if ((e = page_read_form(c, &u->form)) != ERR_OK)
		return e;
	u->file = form_value(&u->form, "certificate");
	if (is_blank(u->file))
		u->file = form_value(&u->form, "text");
	if (is_blank(u->file))
		u->file = STR_EMPTY;
	u->apple_id = str_trim(page_text(&u->form, "apple-id"));
	if (u->apple_id.n == 0)
		u->apple_id = str_of(NULL);
	return ERR_OK;
}

/* Makes the patch. */
static enum err
take_upload(struct call *c, struct upload *u)
{
	const struct record_property *id = &record_properties[RECORD_APPLE_ID];
	struct patch *patch = &u->change.patch;
	struct arena *a = &c->wk->arena;
	enum err e;

	if (u->apple_id.n > 0 && str_utf8_count(u->apple_id) > id->limit) {
		c->fault.what = c->fault.target = str_of(id->name);
		return ERR_TOO_LONG;
	}
	e = policy_file_text(u->file, a, &u->text, &c->fault);
	if (e == ERR_OK && str_is_null(u->text))
		e = ERR_NOT_A_CERTIFICATE;
	if (e != ERR_OK)
		return e;
	if ((e = join_lines(a, &u->text)) != ERR_OK)
		return e;
	patch->set = RECORD_BIT(RECORD_CERTIFICATE);
	patch->value[RECORD_CERTIFICATE] = u->text;
	if (u->apple_id.n == 0)
		return ERR_OK;
	patch->set |= RECORD_BIT(RECORD_APPLE_ID);
	patch->value[RECORD_APPLE_ID] = u->apple_id;
	return ERR_OK;
}

/* --- what the page knows -------------------------------------------------- */

/* Whether the rules have read a certificate, so that the page can compare. */
static bool
is_read(const struct upload *u)
{
	return (u->change.patch.set & RECORD_BIT(RECORD_SERIAL)) != 0;
}

/* The record as it would be, also if the rules refuse it. */
static void
record_then(const struct upload *u, struct record *then)
{
	static const enum property shown[] = { RECORD_APPLE_ID, RECORD_TOPIC,
		RECORD_EXPIRES, RECORD_SERIAL };
	const struct patch *patch = &u->change.patch;
	size_t i;

	*then = u->outcome == ERR_OK ? u->after : u->change.found.former;
	if (u->outcome == ERR_OK)
		return;
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (patch->set & RECORD_BIT(shown[i]))
			then->value[shown[i]] = patch->value[shown[i]];
}

/* Whether storing it would change nothing. */
static bool
is_unchanged(const struct upload *u)
{
	return u->outcome == ERR_OK && u->change.found.existed &&
	    u->after.revision == u->change.found.former.revision;
}

static bool
is_other_owner(const struct upload *u)
{
	struct str before = u->change.found.former.value[RECORD_APPLE_ID];

	return is_read(u) && before.n > 0 && u->apple_id.n > 0 &&
	    !str_ieq(before, u->apple_id);
}

/* The Apple ID for the form of the next attempt. The rules have not searched it
 * for a key if they refused the file before. */
static struct str
next_apple_id(const struct call *c, const struct upload *u)
{
	if (u->apple_id.n == 0 ||
	    (!is_read(u) && u->outcome != ERR_OK &&
		routes_holds_key(c, u->apple_id)))
		return u->change.found.former.value[RECORD_APPLE_ID];
	return u->apple_id;
}

/* --- the page ------------------------------------------------------------- */

static void
put_owner(struct page *p)
{
	page_notice(p, "notice warn", WORD_OWNER);
	html_open(&p->html, "p");
	page_put(p, WORD_OWNER_CAUSE);
	html_words(&p->html, " ");
	page_put(p, WORD_OWNER_CURE);
	html_close_all(&p->html, 2);
}

/* The notice with this reason, or NULL. */
static const struct policy_notice *
find_notice(const struct upload *u, enum err reason)
{
	const struct policy_notices *list = &u->change.found.notices;
	size_t i = 0;

	while (i < list->n && list->row[i].reason != reason)
		i++;
	return i < list->n ? &list->row[i] : NULL;
}

static void
put_verdict(struct page *p, const struct upload *u)
{
	enum word text = WORD_OK_SAME;

	if (u->outcome != ERR_OK)
		return;
	if (u->change.found.same) {
		page_notice(p, "notice warn", WORD_SAME);
		text = WORD_SAME_CURE;
	} else if (u->change.found.notices.n > 0) {
		page_notice(p, "notice", WORD_OK_STILL);
	} else {
		page_notice(p, "notice good", WORD_OK);
	}
	if (find_notice(u, ERR_TOPIC_CHANGE) != NULL)
		text = WORD_OK_CHANGES;
	else if (str_is_null(record_newest_topic(&u->change.found.former)))
		text = WORD_OK_FIRST;
	page_element(p, "p", text);
	html_close(&p->html);
}

/* The notice that a certificate with a different topic is not for MDM at all.
 * Then its topic is not one that people should type. */
static const struct policy_notice *
other_purpose(const struct upload *u)
{
	return u->outcome == ERR_TOPIC_CHANGE ? find_notice(u, ERR_NOT_MDM)
					      : NULL;
}

static void
put_notices(struct page *p, const struct upload *u)
{
	const struct policy_notice *purpose = other_purpose(u);
	struct policy_notice first = { u->outcome, p->call->fault };

	if (purpose != NULL)
		first = *purpose;
	if (first.reason != ERR_OK)
		page_fault(p, "notice bad", first.reason, &first.fault);
	page_notices(p, &u->change, first.reason);
	if (is_other_owner(u))
		put_owner(p);
	put_verdict(p, u);
}

/* Opens the form that stores the certificate. Percent escapes could make a body
 * of a text with many letters beyond ASCII too large. */
static void
open_store_form(struct page *p, const struct upload *u)
{
	char room[RECORD_ETAG_MAX];

	page_form(p, "upload");
	html_attr_text(&p->html, "enctype", "multipart/form-data");
	page_hidden(p, "certificate", u->text);
	page_hidden(p, "etag", page_etag(&u->change, room));
}

static void
put_store_form(struct page *p, const struct upload *u, struct str apple_id)
{
	struct html *h = &p->html;

	open_store_form(p, u);
	page_apple_id(p, WORD_OWNER_HINT, apple_id);
	html_open_class(h, "p", "actions");
	page_button(p, "main", WORD_STORE);
	page_anchor(p, "renew", WORD_GO_BACK);
	html_close_all(h, 2);
}

/* The user repeats the topic, because every device has to enrol again. */
static void
put_override(struct page *p, const struct upload *u, struct str apple_id)
{
	struct html *h = &p->html;

	html_open_class(h, "p", "actions");
	page_button_link(p, "button main", "renew", WORD_RENEW_RIGHT);
	html_close(h);
	html_open(h, "details");
	html_flag(h, "open", u->typed);
	page_element(p, "summary", WORD_ANYWAY);
	if (u->typed)
		page_message(p, "notice bad", NULL, WORD_TYPED_WRONG);
	open_store_form(p, u);
	page_hidden(p, "apple-id", apple_id);
	page_type_topic(p, p->call->fault.also);
	html_open(h, "p");
	page_button(p, "danger", WORD_CUT_OFF);
	html_close_all(h, 3);
}

static void
put_next(struct page *p, const struct upload *u, struct str apple_id)
{
	if (u->outcome == ERR_TOPIC_CHANGE && other_purpose(u) == NULL) {
		put_override(p, u, apple_id);
	} else if (u->outcome == ERR_OK && !is_unchanged(u)) {
		put_store_form(p, u, apple_id);
	} else {
		page_element(p, "h2", WORD_ANOTHER_FILE);
		page_upload_form(p, apple_id);
	}
}

static enum err
show(struct call *c, const struct upload *u)
{
	const struct change_findings *found = &u->change.found;
	struct str apple_id = next_apple_id(c, u);
	struct record then;
	struct page p;

	record_then(u, &then);
	page_begin(&p, c, "renew", WORD_CHECKED);
	put_notices(&p, u);
	if (is_read(u))
		page_comparison(&p, WORD_WOULD_CHANGE,
		    found->existed ? &found->former : NULL, &then);
	put_next(&p, u, apple_id);
	return page_end(&p);
}

/* Reads the Apple ID that is stored, for a form that brought nothing. */
static enum err
read_former(struct call *c, struct upload *u)
{
	struct record *former = &u->change.found.former;
	enum err e;

	if ((e = call_begin_reading(c)) != ERR_OK)
		return e;
	e = change_read(c->wk->reader, &c->who.tenant, &c->wk->arena, former);
	call_end_reading(c);
	u->change.found.existed = e == ERR_OK;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
show_empty(struct call *c, struct upload *u)
{
	struct page p;
	enum err e;
	struct str apple_id;

	if ((e = read_former(c, u)) != ERR_OK)
		return e;
	u->outcome = ERR_NOT_A_CERTIFICATE;
	apple_id = next_apple_id(c, u);
	page_begin(&p, c, "renew", WORD_CHECKED);
	page_notice(&p, "notice bad", WORD_EMPTY);
	page_element(&p, "p", WORD_EMPTY_CURE);
	html_close(&p.html);
	page_upload_form(&p, apple_id);
	return page_end(&p);
}

enum err
page_check(struct call *c)
{
	struct upload u;
	enum err e;

	if ((e = read_upload(c, &u)) != ERR_OK)
		return e;
	if (u.file.n == 0)
		return show_empty(c, &u);
	u.outcome = take_upload(c, &u);
	if (u.outcome == ERR_OK)
		u.outcome = call_try(c, &u.change, &u.after);
	else if ((e = read_former(c, &u)) != ERR_OK)
		return e;
	if (u.outcome != ERR_OK && !page_is_fault(u.outcome))
		return u.outcome;
	routes_withhold(c, u.outcome);
	return show(c, &u);
}

/* --- storing -------------------------------------------------------------- */

enum err
page_upload(struct call *c)
{
	struct upload u;
	enum err e;

	if ((e = read_upload(c, &u)) != ERR_OK)
		return e;
	if (u.file.n == 0)
		return show_empty(c, &u);
	if ((e = page_condition(&u.form, &u.change)) != ERR_OK)
		return e;
	u.change.allow_topic = str_trim(page_text(&u.form, "topic"));
	u.typed = u.change.allow_topic.n > 0;
	u.outcome = take_upload(c, &u);
	if (u.outcome == ERR_OK)
		u.outcome = change_patch(
		    c->app->store, &u.change, &u.after, &c->fault);
	else if ((e = read_former(c, &u)) != ERR_OK)
		return e;
	if (u.outcome == ERR_OK) {
		call_check_clock(c, &u.after);
		return page_redirect(c, 303, "./", str_of("done=stored"));
	}
	if (!page_is_fault(u.outcome))
		return u.outcome;
	routes_withhold(c, u.outcome);
	page_answer_fault(c, u.outcome);
	return show(c, &u);
}
