/* SPDX-License-Identifier: ISC */
/*
 * response.c - writes the header lines and the content. Status is sent with
 * every response: without it, mod_fcgid answers a conditional request by
 * itself.
 */
#include "http/response.h"

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
	if (parts->retry_after == RESPONSE_NO_WAIT)
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
	buf_str(out, parts->more);
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
