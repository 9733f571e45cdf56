/* SPDX-License-Identifier: ISC */
/*
 * response.c - writes the header lines and the content. Status is sent with
 * every response: without it, mod_fcgid answers a conditional request by
 * itself.
 */
#include "http/response.h"

#include "format/datetime.h"

/*
 * The usual Retry-After, in seconds: a restart or a full queue takes no longer.
 */
#define RETRY_AFTER 5

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 204, "No Content" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 409, "Conflict" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 424, "Failed Dependency" },
	{ 429, "Too Many Requests" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 507, "Insufficient Storage" },
};

static void
put_status(struct buf *out, int status)
{
	size_t i;

	buf_text(out, "Status: ");
	buf_u64(out, (uint64_t)status);
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status) {
			buf_char(out, ' ');
			buf_text(out, reasons[i].reason);
			break;
		}
	}
	buf_text(out, "\r\n");
}

static void
put_line(struct buf *out, const char *name, struct str value)
{
	if (str_is_null(value))
		return;
	buf_text(out, name);
	buf_text(out, ": ");
	buf_str(out, value);
	buf_text(out, "\r\n");
}

static void
put_number(struct buf *out, const char *name, uint64_t value)
{
	buf_text(out, name);
	buf_text(out, ": ");
	buf_u64(out, value);
	buf_text(out, "\r\n");
}

void
response_put_type(struct buf *out, const struct response_parts *parts)
{
	static const char *const levels[] = {
		[ODATA_NONE] = "none",
		[ODATA_MINIMAL] = "minimal",
		[ODATA_FULL] = "full",
	};

	if (!str_is_null(parts->type)) {
		buf_str(out, parts->type);
		return;
	}
	buf_text(out, "application/json");
	if (parts->ok) {
		buf_text(out, ";odata.metadata=");
		buf_text(out, levels[parts->metadata]);
		buf_text(out,
		    ";odata.streaming=true;IEEE754Compatible=false;"
		    "charset=utf-8");
	}
}

void
response_put_preferences(struct buf *out, unsigned prefer)
{
	static const struct {
		enum odata_prefer bit;
		const char *text;
	} known[] = {
		{ ODATA_PREFER_MINIMAL, "return=minimal" },
		{ ODATA_PREFER_REPRESENTATION, "return=representation" },
		{ ODATA_PREFER_DRY_RUN, "pushcert.dry-run" },
	};
	const char *before = "";
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if ((prefer & known[i].bit) == 0)
			continue;
		buf_text(out, before);
		buf_text(out, known[i].text);
		before = ", ";
	}
}

bool
response_has_content(const struct response_parts *parts)
{
	return parts->status != 204 && parts->status != 304;
}

unsigned
response_retry_after(const struct response_parts *parts)
{
	if (parts->status != 429 && parts->status != 503)
		return 0;
	if (parts->act != NULL && parts->act->status != 0)
		return 0;
	return parts->retry_after > 0 ? parts->retry_after : RETRY_AFTER;
}

static void
put_challenge(struct buf *out, const struct response_parts *parts)
{
	buf_text(out,
	    "WWW-Authenticate: Bearer realm=\"\", "
	    "authorization_uri=\"");
	buf_str(out, parts->authorization_uri);
	buf_text(out, "\", client_id=\"");
	buf_str(out, parts->client_id);
	buf_text(out, "\"\r\n");
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

static void
put_act_number(
    struct buf *out, const char *name, uint64_t n, response_line *put)
{
	char text[24];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_u64(&b, n);
	put(out, name, buf_view(&b));
}

static void
put_wait(struct buf *out, const struct standin_act *act, response_line *put)
{
	uint64_t wait = standin_rule_wait(act);
	char date[DATE_MAX];

	if (act->wait == STANDIN_WAIT_DATE)
		put(out, "Retry-After",
		    http_date(act->now_at + (int64_t)wait, date));
	else if (wait > 0 || act->wait == STANDIN_WAIT_SECONDS)
		put_act_number(out, "Retry-After", wait, put);
}

void
response_put_act(
    struct buf *out, const struct standin_act *act, response_line *put)
{
	if (act->faulted && act->status != 0)
		put_wait(out, act, put);
	if (act->limited)
		put(out, "Pushcert-Fault", str_of("limit"));
	else if (act->faulted)
		put_act_number(out, "Pushcert-Fault", act->rule, put);
	if (!act->warns)
		return;
	put_act_number(out, "RateLimit-Limit", act->limit, put);
	put_act_number(out, "RateLimit-Remaining", act->remaining, put);
	put_act_number(out, "RateLimit-Reset", act->reset, put);
}

static void
put_insecure(struct buf *out, const struct response_parts *parts)
{
	put_line(out, "Pushcert-Insecure", parts->insecure);
	if (parts->act != NULL)
		response_put_act(out, parts->act, put_line);
}

void
response_put_head(struct buf *out, const struct response_parts *parts)
{
	unsigned retry_after = response_retry_after(parts);

	put_status(out, parts->status);
	if (response_has_content(parts)) {
		buf_text(out, "Content-Type: ");
		response_put_type(out, parts);
		buf_text(out, "\r\n");
	}
	if (parts->ok && parts->odata)
		buf_text(out, "OData-Version: 4.0\r\n");
	put_line(out, "ETag", parts->etag);
	put_line(out, "Link", parts->link);
	if (parts->prefer != 0) {
		buf_text(out, "Preference-Applied: ");
		response_put_preferences(out, parts->prefer);
		buf_text(out, "\r\n");
	}
	put_line(out, "Allow", parts->allow);
	if (parts->status == 401)
		put_challenge(out, parts);
	if (retry_after > 0)
		put_number(out, "Retry-After", retry_after);
	if (parts->cors.varies)
		cors_put(
		    out, &parts->cors, parts->ok ? parts->allow : str_of(NULL));
	if (!str_is_null(parts->insecure))
		put_insecure(out, parts);
	put_line(out, "Pushcert-Notice", parts->notice);
	put_line(out, "request-id", parts->request_id);
	put_line(out, "client-request-id", parts->client_request_id);
	if (!str_is_null(parts->lines))
		buf_str(out, parts->lines);
	else
		buf_text(out, "Cache-Control: no-cache\r\n");
	buf_text(out,
	    "Accept-Ranges: none\r\n"
	    "X-Content-Type-Options: nosniff\r\n");
	if (response_has_content(parts))
		put_number(out, "Content-Length", parts->content.n);
	buf_text(out, "\r\n");
}

void
response_put(struct buf *out, const struct response_parts *parts)
{
	response_put_head(out, parts);
	if (response_has_content(parts) && !parts->head)
		buf_str(out, parts->content);
}
