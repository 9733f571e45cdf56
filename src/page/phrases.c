/* SPDX-License-Identifier: ISC */
/*
 * phrases.c - words with a value, texts to copy, and dates.
 */
#include "page/page.h"

#include "format/datetime.h"

const char *
page_word(const struct page *p, enum word word)
{
	return words_text(word, p->language);
}

void
page_put(struct page *p, enum word word)
{
	html_words(&p->html, page_word(p, word));
}

void
page_say(struct page *p, enum word word, struct str value)
{
	const char *text = page_word(p, word);
	const char *mark = strstr(text, "{}");

	if (mark == NULL) {
		html_words(&p->html, text);
		return;
	}
	html_text(&p->html, str_from(text, (size_t)(mark - text)));
	html_text(&p->html, value);
	html_words(&p->html, mark + strlen("{}"));
}

void
page_say_number(struct page *p, enum word word, uint64_t value)
{
	char text[24];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_u64(&b, value);
	page_say(p, word, buf_view(&b));
}

void
page_element(struct page *p, const char *element, enum word word)
{
	html_element(&p->html, element, str_of(page_word(p, word)));
}

void
page_copy(struct page *p, struct str text)
{
	struct html *h = &p->html;

	html_element(h, "code", text);
	html_words(h, " ");
	html_open_class(h, "button", "copy");
	html_attr_text(h, "type", "button");
	html_flag(h, "hidden", true);
	html_words(h, page_word(p, WORD_COPY));
	html_close(h);
}

/* Writes 30 Nov 2026, from an ISO date. */
static void
put_day(struct page *p, const char *iso)
{
	unsigned month = (unsigned)(iso[5] - '0') * 10 +
	    (unsigned)(iso[6] - '0') - 1;
	const char *day = iso + 8;
	size_t zero = *day == '0';

	page_say(p, (enum word)(WORD_JANUARY + month),
	    str_from(day + zero, 2 - zero));
	html_words(&p->html, " ");
	html_text(&p->html, str_from(iso, 4));
}

static void
open_time(struct page *p, int64_t at, char iso[DATETIME_SECONDS_LEN])
{
	char text[DATETIME_SECONDS_LEN + 1];

	datetime_seconds(at, iso);
	memcpy(text, iso, DATETIME_SECONDS_LEN);
	text[DATETIME_SECONDS_LEN] = 'Z';
	html_open(&p->html, "time");
	html_attr(&p->html, "datetime", str_from(text, sizeof(text)));
}

void
page_day(struct page *p, int64_t at)
{
	char iso[DATETIME_SECONDS_LEN];

	open_time(p, at, iso);
	put_day(p, iso);
	html_close(&p->html);
}

static void
say_time(struct page *p, enum word word, int64_t at,
    void (*put)(struct page *p, int64_t at))
{
	const char *text = page_word(p, word), *mark = strstr(text, "{}");

	html_text(&p->html, str_from(text, (size_t)(mark - text)));
	put(p, at);
	html_words(&p->html, mark + strlen("{}"));
}

void
page_say_day(struct page *p, enum word word, int64_t at)
{
	say_time(p, word, at, page_day);
}

void
page_say_moment(struct page *p, enum word word, int64_t at)
{
	say_time(p, word, at, page_moment);
}

void
page_moment(struct page *p, int64_t at)
{
	char iso[DATETIME_SECONDS_LEN];

	open_time(p, at, iso);
	html_attr_text(&p->html, "class", "moment");
	put_day(p, iso);
	html_words(&p->html, ", ");
	page_say(p, WORD_MOMENT, str_from(iso + 11, 5));
	html_close(&p->html);
}
