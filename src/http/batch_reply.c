/* SPDX-License-Identifier: ISC */
/*
 * batch_reply.c - writes one entry.
 *
 * The headers are always an object, because clients read it without a check,
 * and their names have Graph's spelling, because one client compares
 * Content-Type with regard to case. A response without content has neither
 * Content-Type nor body: with both, that client drops the whole batch.
 */
#include "http/batch_reply.h"

#include "format/emit.h"

static void
put_text(struct buf *out, struct str text)
{
	buf_char(out, '"');
	emit_escaped(out, text);
	buf_char(out, '"');
}

/* Begins a header. The first is Cache-Control, which every response has. */
static void
put_name(struct buf *out, const char *name)
{
	buf_text(out, ",\"");
	buf_text(out, name);
	buf_text(out, "\":");
}

static void
put_header(struct buf *out, const char *name, struct str value)
{
	if (str_is_null(value))
		return;
	put_name(out, name);
	put_text(out, value);
}

static void
put_headers(struct buf *out, const struct response_parts *parts)
{
	unsigned retry_after = response_retry_after(parts);

	buf_text(out, "{\"Cache-Control\":\"no-cache\"");
	if (parts->ok && parts->odata)
		put_header(out, "OData-Version", str_of("4.0"));
	if (response_has_content(parts)) {
		put_name(out, "Content-Type");
		buf_char(out, '"');
		response_put_type(out, parts);
		buf_char(out, '"');
	}
	put_header(out, "ETag", parts->etag);
	if (parts->prefer != 0) {
		put_name(out, "Preference-Applied");
		buf_char(out, '"');
		response_put_preferences(out, parts->prefer);
		buf_char(out, '"');
	}
	if (retry_after > 0) {
		put_name(out, "Retry-After");
		buf_char(out, '"');
		buf_u64(out, retry_after);
		buf_char(out, '"');
	}
	put_header(out, "Allow", parts->allow);
	buf_str(out, parts->more);
	buf_char(out, '}');
}

static void
put_base64(struct buf *out, struct str content)
{
	char *p;

	buf_char(out, '"');
	if ((p = buf_take(out, STR_BASE64_SIZE(content.n))) != NULL)
		(void)str_base64((const uint8_t *)content.p, content.n, p);
	buf_char(out, '"');
}

static bool
is_json(const struct response_parts *parts)
{
	return !parts->ok || str_is_null(parts->type) ||
	    str_starts(parts->type, "application/json");
}

static void
put_body(struct buf *out, const struct response_parts *parts)
{
	if (parts->head || !response_has_content(parts) ||
	    str_is_null(parts->content))
		return;
	buf_text(out, ",\"body\":");
	if (is_json(parts))
		buf_str(out, parts->content);
	else if (str_starts(parts->type, "text/"))
		put_text(out, parts->content);
	else
		put_base64(out, parts->content);
}

bool
batch_reply_put(
    struct buf *out, struct str id, const struct response_parts *parts)
{
	size_t before = out->n;

	buf_text(out, "{\"id\":");
	put_text(out, id);
	buf_text(out, ",\"status\":");
	buf_u64(out, (uint64_t)parts->status);
	buf_text(out, ",\"headers\":");
	put_headers(out, parts);
	put_body(out, parts);
	buf_char(out, '}');
	if (!out->full)
		return true;
	out->n = before;
	out->full = false;
	return false;
}
