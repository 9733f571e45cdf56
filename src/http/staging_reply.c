/* SPDX-License-Identifier: ISC */
/*
 * staging_reply.c - how a stand-in for tests answers a request: the response
 * that a test has ordered, and the header lines that report it.
 */
#include "http/staging.h"

#include "http/response.h"

/* The codes of Graph. */
static const char *
code_of(unsigned status)
{
	static const struct {
		unsigned status;
		const char *code;
	} codes[] = {
		{ 401, "InvalidAuthenticationToken" },
		{ 403, "Forbidden" },
		{ 404, "ResourceNotFound" },
		{ 405, "Request_BadRequest" },
		{ 406, "NotAcceptable" },
		{ 409, "Conflict" },
		{ 412, "PreconditionFailed" },
		{ 413, "RequestEntityTooLarge" },
		{ 415, "UnsupportedMediaType" },
		{ 424, "FailedDependency" },
		{ 429, "TooManyRequests" },
		{ 501, "NotImplemented" },
		{ 502, "BadGateway" },
		{ 503, "ServiceUnavailable" },
		{ 504, "GatewayTimeout" },
		{ 507, "InsufficientStorage" },
	};
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return status < 500 ? "BadRequest" : "InternalError";
}

static void
refuse(struct call *c, enum err e, struct buf *out)
{
	if (e != ERR_INJECTED) {
		routes_put_error(c, e, out);
		return;
	}
	c->status = (int)c->act->status;
	view_other_error(out, code_of(c->act->status),
	    c->act->limited ? "The limit of this test is reached."
			    : err_info(e)->text,
	    &c->ids);
}

#define DATE_MAX 64

/* The date of HTTP (RFC 9110, section 5.6.7). */
static struct str
http_date(int64_t at, char out[DATE_MAX])
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const int64_t day = 86400;
	char text[DATETIME_SECONDS_LEN];
	int64_t number = at / day - (at % day < 0);
	unsigned month, weekday = (unsigned)((number % 7 + 7) % 7);
	struct buf b;

	datetime_seconds(at, text);
	month = (unsigned)(text[5] - '0') * 10 + (unsigned)(text[6] - '0') - 1;
	buf_init(&b, out, DATE_MAX);
	buf_put(&b, days + (size_t)3 * weekday, 3);
	buf_text(&b, ", ");
	buf_put(&b, text + 8, 2);
	buf_char(&b, ' ');
	buf_put(&b, months + (size_t)3 * month, 3);
	buf_char(&b, ' ');
	buf_put(&b, text, 4);
	buf_char(&b, ' ');
	buf_put(&b, text + 11, 8);
	buf_text(&b, " GMT");
	return buf_view(&b);
}

/* The header lines of a response, or of an item in its batch. */
struct lines {
	struct buf out;
	bool item;
};

/* No value needs an escape. */
static void
put_line(struct lines *l, const char *name, struct str value)
{
	buf_text(&l->out, l->item ? ",\"" : "");
	buf_text(&l->out, name);
	buf_text(&l->out, l->item ? "\":\"" : ": ");
	buf_str(&l->out, value);
	buf_text(&l->out, l->item ? "\"" : "\r\n");
}

static void
put_number(struct lines *l, const char *name, uint64_t n)
{
	char text[24];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_u64(&b, n);
	put_line(l, name, buf_view(&b));
}

static void
put_wait(struct lines *l, const struct standin_act *act)
{
	uint64_t wait = standin_rule_wait(act);
	char date[DATE_MAX];

	if (act->wait == STANDIN_WAIT_DATE)
		put_line(l, "Retry-After",
		    http_date(act->now_at + (int64_t)wait, date));
	else if (wait > 0 || act->wait == STANDIN_WAIT_SECONDS)
		put_number(l, "Retry-After", wait);
}

static void
put_act(struct lines *l, const struct standin_act *act)
{
	if (act->faulted && act->status != 0)
		put_wait(l, act);
	if (act->limited)
		put_line(l, "Pushcert-Fault", str_of("limit"));
	else if (act->faulted)
		put_number(l, "Pushcert-Fault", act->rule);
	if (!act->warns)
		return;
	put_number(l, "RateLimit-Limit", act->limit);
	put_number(l, "RateLimit-Remaining", act->remaining);
	put_number(l, "RateLimit-Reset", act->reset);
}

static struct str
put(const struct call *c, struct response_parts *parts)
{
	struct lines l = { .item = c->outer != NULL };

	buf_open(&l.out, &c->wk->arena);
	if (!l.item)
		put_line(&l, "Pushcert-Insecure", str_of("any-token"));
	if (c->act != NULL)
		put_act(&l, c->act);
	parts->more = buf_close(&l.out, &c->wk->arena);
	if (c->act != NULL && c->act->status != 0)
		parts->retry_after = RESPONSE_NO_WAIT;
	return str_is_null(parts->more) ? parts->more : routes_put(c, parts);
}

static void
complete(struct call *c, enum err e)
{
	routes_finish(c, staging_end(c, e));
	staging_journal_note(c);
}

void
staging_reply_open(struct call *c)
{
	static const struct call_way way = {
		.complete = complete, .refuse = refuse, .put = put
	};

	c->way = &way;
	c->table = &routes_table_of_standin;
}
