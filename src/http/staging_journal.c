/* SPDX-License-Identifier: ISC */
/*
 * staging_journal.c - writes the entry of a request in the journal. A test
 * compares entries, so a text has the same form each time: bytes that are not
 * UTF-8 become ?, long texts are cut, and private keys are withheld. Neither
 * the token nor the query is noted.
 */
#include "http/staging.h"

#include "http/batch_run.h"
#include "state/journal.h"
#include "state/standin.h"

/* The longest text. Each byte may become six (emit_escaped), and an entry has
 * room for three such texts. */
#define VALUE_MAX 100

static const struct {
	const char *name;
	enum request_var var;
} noted[] = {
	{ "Host", REQUEST_HOST },
	{ "Accept", REQUEST_ACCEPT },
	{ "Content-Type", REQUEST_CONTENT_TYPE },
	{ "Content-Length", REQUEST_CONTENT_LENGTH },
	{ "Content-Encoding", REQUEST_CONTENT_ENCODING },
	{ "Prefer", REQUEST_PREFER },
	{ "If-Match", REQUEST_IF_MATCH },
	{ "If-None-Match", REQUEST_IF_NONE_MATCH },
	{ "client-request-id", REQUEST_CLIENT_REQUEST_ID },
	{ "Pushcert-Allow-Topic-Change", REQUEST_ALLOW_TOPIC_CHANGE },
	{ "Pushcert-Fault", REQUEST_FAULT },
	{ "Origin", REQUEST_ORIGIN },
	{ "Sec-Fetch-Site", REQUEST_SEC_FETCH_SITE },
};

static void
emit_clean(const struct call *c, struct emit *e, struct str text)
{
	char clean[VALUE_MAX];
	struct buf out;
	size_t step;

	if (routes_holds_key(c, text))
		text = str_of("(withheld)");
	buf_init(&out, clean, sizeof(clean));
	while (text.n > 0 && out.n + 4 <= sizeof(clean)) {
		step = str_utf8_step(text);
		if (step > 0)
			buf_put(&out, text.p, step);
		else
			buf_char(&out, '?');
		text = str_tail(text, step > 0 ? step : 1);
	}
	emit_str(e, buf_view(&out));
}

static void
emit_headers(const struct call *c, struct emit *e)
{
	size_t i;

	emit_name(e, "headers");
	emit_object(e);
	for (i = 0; i < sizeof(noted) / sizeof(noted[0]); i++) {
		struct str value = c->req->var[noted[i].var];

		if (value.n == 0)
			continue;
		emit_name(e, noted[i].name);
		emit_clean(c, e, value);
	}
	emit_end(e);
}

static void
emit_fault(const struct standin_act *act, struct emit *e)
{
	emit_name(e, "fault");
	if (act->limited)
		emit_text(e, "limit");
	else if (act->faulted)
		emit_u64(e, act->rule);
	else
		emit_null(e);
}

static void
put_entry(const struct call *c, bool headers, struct buf *out)
{
	struct str path = c->req->var[REQUEST_URI];
	char date[DATETIME_TICKS_LEN];
	struct emit e;

	if (str_is_null(path))
		path = c->req->var[REQUEST_PATH_INFO];
	datetime_ticks(c->req->now, date);
	emit_init(&e, out);
	emit_object(&e);
	emit_name(&e, "time");
	emit_str(&e, str_from(date, sizeof(date)));
	emit_name(&e, "method");
	emit_clean(c, &e, c->req->var[REQUEST_METHOD]);
	emit_name(&e, "path");
	emit_clean(c, &e, str_cut(&path, '?'));
	if (headers)
		emit_headers(c, &e);
	emit_name(&e, "status");
	emit_u64(&e, (uint64_t)c->status);
	emit_fault(c->act, &e);
	emit_name(&e, "batch");
	if (c->outer != NULL)
		emit_clean(c, &e, batch_run_id(c));
	else
		emit_null(&e);
	emit_end(&e);
}

/* The text of a response ends with its content. */
static void
cut(struct call *c)
{
	const struct standin_act *act = c->act;
	struct response *resp = c->resp;

	if (!act->cuts || c->outer != NULL || c->head || c->status == 204 ||
	    c->status == 304 || act->cut >= c->content.n)
		return;
	resp->text.n -= c->content.n - (size_t)act->cut;
}

void
staging_journal_note(struct call *c)
{
	char text[JOURNAL_ENTRY_MAX];
	struct buf entry;

	if (c->act == NULL)
		return;
	buf_init(&entry, text, sizeof(text));
	put_entry(c, true, &entry);
	if (entry.full) {
		buf_init(&entry, text, sizeof(text));
		put_entry(c, false, &entry);
	}
	if (!entry.full)
		standin_note(c->app->standin, &c->who.tenant, buf_view(&entry));
	cut(c);
}
