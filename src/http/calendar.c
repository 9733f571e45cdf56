/* SPDX-License-Identifier: ISC */
/*
 * calendar.c - writes iCalendar (RFC 5545): an event for each certificate, with
 * alarms before it expires.
 */
#include "http/calendar.h"

#include "format/datetime.h"

/* Octets in a line. A longer one continues on the next line (RFC 5545, section
 * 3.1). */
#define FOLD_AT 75

/* A content line while it is being written. */
struct line {
	struct buf *out;
	size_t column;
};

/* Appends one character. A fold never splits a character, so a reader may
 * decode UTF-8 before it unfolds the lines. */
static void
line_put(struct line *l, struct str character)
{
	if (l->column + character.n > FOLD_AT) {
		buf_text(l->out, "\r\n ");
		l->column = 1;
	}
	buf_str(l->out, character);
	l->column += character.n;
}

static void
line_plain(struct line *l, const char *ascii)
{
	for (; *ascii != '\0'; ascii++)
		line_put(l, str_from(ascii, 1));
}

/* Appends a value of the type TEXT (section 3.3.11), which has no control
 * characters: a line feed is escaped, and other control characters are left
 * out, as are bytes that are not UTF-8. */
static void
line_text(struct line *l, struct str text)
{
	struct str at;
	size_t n;

	for (at = text; at.n > 0; at = str_tail(at, n)) {
		char c = at.p[0];

		n = str_utf8_step(at);
		if (n == 0) {
			n = 1;
			continue;
		}
		if (c == '\n') {
			line_plain(l, "\\n");
		} else if (n > 1 || (c >= ' ' && c != 0x7f)) {
			if (c == ',' || c == ';' || c == '\\')
				line_plain(l, "\\");
			line_put(l, str_head(at, n));
		}
	}
}

static void
line_end(struct line *l)
{
	buf_text(l->out, "\r\n");
}

static void
put_line(struct buf *out, const char *text)
{
	struct line l = { .out = out };

	line_plain(&l, text);
	line_end(&l);
}

/* Appends NAME:20271123T165637Z, made from the first 19 characters of an ISO
 * 8601 date. */
static void
put_date(struct buf *out, const char *name, struct str iso)
{
	size_t i;

	buf_text(out, name);
	for (i = 0; i < iso.n && i < DATETIME_SECONDS_LEN; i++)
		if (iso.p[i] != '-' && iso.p[i] != ':')
			buf_char(out, iso.p[i]);
	buf_text(out, "Z\r\n");
}

static void
line_fact(struct line *l, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	line_text(l, str_of(name));
	line_text(l, value);
}

static void
put_words(struct buf *out, const struct expiry_tenant *t)
{
	struct line l = { .out = out };

	line_plain(&l, "SUMMARY:Apple MDM push certificate expires");
	line_fact(&l, " for ", t->alias);
	line_fact(&l, " (", t->apple_id);
	line_plain(&l, t->apple_id.n > 0 ? ")" : "");
	line_end(&l);
	l.column = 0;
	line_plain(&l, "DESCRIPTION:");
	line_text(&l,
	    str_of("Renew it with the same Apple account. With a new "
		   "certificate, all the devices have to enrol again."));
	line_fact(&l, "\nApple ID: ", t->apple_id);
	line_fact(&l, "\nOwner: ", t->owner);
	line_fact(&l, "\nContact: ", t->contact);
	line_fact(&l, "\nNotes: ", t->notes);
	line_fact(&l, "\nTopic: ", t->topic);
	line_fact(&l, "\nSerial number: ", t->serial);
	line_end(&l);
}

static void
put_alarms(struct buf *out, const char *text)
{
	static const unsigned days[] = { 60, 30, 7, 1 };
	size_t i;

	for (i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		put_line(out, "BEGIN:VALARM");
		put_line(out, "ACTION:DISPLAY");
		put_line(out, text);
		buf_printf(out, "TRIGGER:-P%uD\r\n", days[i]);
		put_line(out, "END:VALARM");
	}
}

void
calendar_begin(struct buf *out)
{
	/* A calendar must have at least one component (section 3.6). The time
	 * zone is that component if no tenant has an event. */
	static const char *const lines[] = { "BEGIN:VCALENDAR", "VERSION:2.0",
		/* NOLINTNEXTLINE(bugprone-suspicious-missing-comma) */
		"PRODID:-//pushcert//pushcert " PACKAGE_VERSION "//EN",
		"CALSCALE:GREGORIAN", "BEGIN:VTIMEZONE", "TZID:UTC",
		"BEGIN:STANDARD", "DTSTART:19700101T000000",
		"TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "END:STANDARD",
		"END:VTIMEZONE" };
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		put_line(out, lines[i]);
}

void
calendar_event(struct buf *out, const struct expiry_tenant *t)
{
	char tenant[STR_GUID_LEN], until[DATETIME_SECONDS_LEN];

	if (!t->expiry.expires)
		return;
	str_guid_text(&t->tenant, tenant);
	datetime_seconds(t->expiry.expires_at, until);
	put_line(out, "BEGIN:VEVENT");
	buf_printf(out, "UID:push-certificate-%.*s\r\n", STR_GUID_LEN, tenant);
	/* In a calendar without METHOD, DTSTAMP is the time of the event's last
	 * change (section 3.8.7.2). */
	put_date(out, "DTSTAMP:", t->modified);
	buf_printf(out, "SEQUENCE:%llu\r\n", (unsigned long long)t->revision);
	put_date(out, "DTSTART:", str_from(until, sizeof(until)));
	put_line(out, "TRANSP:TRANSPARENT");
	put_words(out, t);
	put_alarms(out, "DESCRIPTION:Apple MDM push certificate expires soon");
	put_line(out, "END:VEVENT");
}

void
calendar_vendor(struct buf *out, const struct expiry *x)
{
	char since[DATETIME_SECONDS_LEN], until[DATETIME_SECONDS_LEN];

	if (!x->expires)
		return;
	datetime_seconds(x->issued_at, since);
	datetime_seconds(x->expires_at, until);
	put_line(out, "BEGIN:VEVENT");
	put_line(out, "UID:vendor-certificate");
	put_date(out, "DTSTAMP:", str_from(since, sizeof(since)));
	put_date(out, "DTSTART:", str_from(until, sizeof(until)));
	put_line(out, "TRANSP:TRANSPARENT");
	put_line(out, "SUMMARY:MDM vendor certificate expires");
	put_line(out,
	    "DESCRIPTION:Renew it with Apple. Without it no request for a push "
	    "certificate can be signed.");
	put_alarms(out, "DESCRIPTION:MDM vendor certificate expires soon");
	put_line(out, "END:VEVENT");
}

void
calendar_end(struct buf *out)
{
	put_line(out, "END:VCALENDAR");
}
