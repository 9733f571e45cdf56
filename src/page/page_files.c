/* SPDX-License-Identifier: ISC */
/*
 * page_files.c - sends the style, the script and the icon. The build makes
 * page/embedded.h from the files in this folder (embed).
 */
#include "page/page_files.h"

#define EMBEDDED_BYTES
#include "page/embedded.h"

/*
 * A change of a file changes its name, so what a browser keeps is never old. No
 * page of another site may load a file. The files exist only in a compressed
 * form, which all browsers take. RFC 9110, section 12.5.3, permits it for a
 * request that does not name codings; a request that refuses gzip gets it too.
 */
#define ENCODING "Content-Encoding: gzip\r\n"
#define LINES                                                    \
	"Cache-Control: public, max-age=31536000, immutable\r\n" \
	"Cross-Origin-Resource-Policy: same-origin\r\n"

static const struct {
	struct str name;
	const char *type;
	const unsigned char *bytes;
	size_t n;
} files[PAGE_FILES] = {
	[PAGE_CSS] = { .name = STR(EMBEDDED_PAGE_CSS),
	    .type = "text/css;charset=utf-8",
	    .bytes = embedded_page_css,
	    .n = sizeof(embedded_page_css) },
	[PAGE_JS] = { .name = STR(EMBEDDED_PAGE_JS),
	    .type = "text/javascript;charset=utf-8",
	    .bytes = embedded_page_js,
	    .n = sizeof(embedded_page_js) },
	[PAGE_ICON] = { .name = STR(EMBEDDED_ICON_SVG),
	    .type = "image/svg+xml",
	    .bytes = embedded_icon_svg,
	    .n = sizeof(embedded_icon_svg) },
};

const char *
page_file_name(enum page_file file)
{
	return files[file].name.p;
}

/* The name is the ETag, because it changes with the content. */
static struct str
etag_of(struct call *c, struct str name)
{
	struct buf etag;

	buf_init(&etag, c->room->etag, sizeof(c->room->etag));
	buf_add_text(&etag, "W/\"");
	buf_add(&etag, name);
	buf_char(&etag, '"');
	return buf_view(&etag);
}

enum err
page_file(struct call *c)
{
	size_t i = 0;

	while (
	    i + 1 < PAGE_FILES && !str_eq(c->route->segment[0], files[i].name))
		i++;
	c->type = str_of(files[i].type);
	c->lines = str_of(ENCODING LINES);
	c->etag = etag_of(c, files[i].name);
	c->content = str_from((const char *)files[i].bytes, files[i].n);
	call_compare_etag(c);
	/* A response without a body has no coding (RFC 9110, 15.4.5). */
	if (c->status == 304)
		c->lines = str_tail(c->lines, sizeof(ENCODING) - 1);
	return ERR_OK;
}
