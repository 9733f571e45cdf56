/* SPDX-License-Identifier: ISC */
/*
 * year.c - draws the time of a certificate as a bar.
 *
 * The bar is a picture that is stretched to the width of the page. Its words
 * are text of the page, so they keep their size. The policy of the pages allows
 * no style in an element, so an empty picture with a width in per cent moves
 * each word to its mark: from the left in the first half of the bar, from the
 * right in the second, so that a word never leaves the page. Words that may
 * meet stand on different lines.
 */
#include "page/year.h"

#include <stdio.h>

#define DAY ((int64_t)86400)

/* The part of the bar before a mark is in thousandths of the bar. */
#define WHOLE 1000
/* Thousandths; a mark is 3 pixels wide on a page of 960. */
#define MARK 3

/* The outlines of an arrow. */
#define DOWN "M0 0h12l-6 8z"
#define UP "M0 8h12l-6-8z"

/* The times that the bar shows; `from_at` and `to_at` are its ends. */
struct year {
	int64_t from_at, to_at;
	int64_t issued_at, expires_at, now_at;
	int64_t renew_at; /* or 0 */
};

static unsigned
place(const struct year *y, int64_t at)
{
	int64_t length = y->to_at - y->from_at;

	if (at <= y->from_at || length <= 0)
		return 0;
	if (at >= y->to_at)
		return WHOLE;
	/* Years of four digits times 1000 fit into 64 bits. */
	return (unsigned)((at - y->from_at) * WHOLE / length);
}

static void
put_part(struct page *p, const char *class, unsigned from, unsigned to)
{
	struct html *h = &p->html;

	if (to <= from)
		return;
	html_open_class(h, "rect", class);
	html_attr_u64(h, "x", from);
	html_attr_text(h, "y", "6");
	html_attr_u64(h, "width", to - from);
	html_attr_text(h, "height", "18");
	html_close(h);
}

static void
put_mark(struct page *p, unsigned at)
{
	struct html *h = &p->html;

	html_open_class(h, "rect", "mark");
	html_attr_u64(h, "x", at > WHOLE - MARK ? WHOLE - MARK : at);
	html_attr_text(h, "y", "0");
	html_attr_u64(h, "width", MARK);
	html_attr_text(h, "height", "30");
	html_close(h);
}

static void
put_bar(struct page *p, const struct year *y)
{
	unsigned issued = place(y, y->issued_at), end = place(y, y->expires_at);
	unsigned now = place(y, y->now_at), renew = end;
	struct html *h = &p->html;

	if (y->renew_at != 0)
		renew = place(y, y->renew_at);
	html_open(h, "svg");
	html_attr_text(h, "viewBox", "0 0 1000 30");
	html_attr_text(h, "preserveAspectRatio", "none");
	html_attr_text(h, "aria-hidden", "true");
	put_part(p, "past", issued, now < end ? now : end);
	put_part(p, "left", now > issued ? now : issued, renew);
	put_part(p, "last", now > renew ? now : renew, end);
	put_part(p, "over", end, now);
	put_mark(p, now);
	if (renew != end)
		put_mark(p, renew);
	if (now > end)
		put_mark(p, end);
	html_close(h);
}

/* An empty picture that takes a part of the line. */
static void
put_space(struct page *p, unsigned thousandths)
{
	char text[16];
	struct html *h = &p->html;
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_printf(&b, "%u.%u%%", thousandths / 10, thousandths % 10);
	html_open(h, "svg");
	html_attr(h, "width", buf_view(&b));
	html_attr_text(h, "height", "1");
	html_attr_text(h, "aria-hidden", "true");
	html_close(h);
}

/* A picture, because an arrow of a font would be read out as a character. */
static void
put_arrow(struct page *p, const char *outline)
{
	struct html *h = &p->html;

	html_open_class(h, "svg", "arrow");
	html_attr_text(h, "viewBox", "0 0 12 8");
	html_attr_text(h, "aria-hidden", "true");
	html_open(h, "path");
	html_attr_text(h, "d", outline);
	html_close_all(h, 2);
}

/* A word whose value is a day. */
static void
put_day(struct page *p, enum word word, int64_t at)
{
	html_open(&p->html, "span");
	page_say_day(p, word, at);
	html_close(&p->html);
}

/* A line with one word at its mark. */
static void
put_line(struct page *p, const struct year *y, enum word word, int64_t at,
    const char *arrow)
{
	unsigned before = place(y, at);
	bool right = before > WHOLE / 2;

	html_open_class(&p->html, "div", right ? "at right" : "at");
	if (right) {
		put_day(p, word, at);
		put_arrow(p, arrow);
		put_space(p, WHOLE - before);
	} else {
		put_space(p, before);
		put_arrow(p, arrow);
		put_day(p, word, at);
	}
	html_close(&p->html);
}

/* The words at the two ends of the bar. */
static void
put_ends(struct page *p, const struct year *y)
{
	html_open_class(&p->html, "div", "ends");
	if (y->issued_at == y->from_at)
		put_day(p, WORD_FROM, y->issued_at);
	if (y->expires_at == y->to_at)
		put_day(p, WORD_ENDS_ON, y->expires_at);
	html_close(&p->html);
}

void
page_year(struct page *p, const struct expiry *x, int64_t now_at)
{
	struct year y = { .now_at = now_at,
		.issued_at = x->issued ? x->issued_at : now_at,
		.expires_at = x->expires_at,
		.renew_at = x->expires_at - EXPIRY_DAYS * DAY };
	struct html *h = &p->html;

	if (!x->issued && now_at >= x->expires_at)
		y.issued_at = x->expires_at - 365 * DAY;
	y.from_at = y.issued_at < now_at ? y.issued_at : now_at;
	y.to_at = y.expires_at > now_at ? y.expires_at : now_at;
	if (y.renew_at <= y.issued_at || now_at >= y.expires_at)
		y.renew_at = 0;
	html_open_class(h, "div", "year");
	put_line(p, &y, WORD_TODAY, now_at, DOWN);
	put_bar(p, &y);
	put_ends(p, &y);
	if (y.issued_at != y.from_at)
		put_line(p, &y, WORD_FROM, y.issued_at, UP);
	if (y.renew_at != 0)
		put_line(p, &y, WORD_RENEW_FROM, y.renew_at, UP);
	if (y.expires_at != y.to_at)
		put_line(p, &y, WORD_ENDED_ON, y.expires_at, UP);
	html_close(h);
}

void
page_days(struct page *p, const char *look, int64_t left)
{
	struct html *h = &p->html;
	char classes[16];

	snprintf(classes, sizeof(classes), "days %s", look);
	html_open_class(h, "svg", classes);
	html_attr_text(h, "viewBox", "0 0 365 8");
	html_attr_text(h, "preserveAspectRatio", "none");
	html_attr_text(h, "aria-hidden", "true");
	html_open(h, "rect");
	html_attr_u64(h, "width",
	    (uint64_t)(left < 0  ? 0
		    : left > 365 ? 365
				 : left));
	html_attr_text(h, "height", "8");
	html_close_all(h, 2);
}
