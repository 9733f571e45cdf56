/* SPDX-License-Identifier: ISC */
/*
 * log.c - levels, escapes and fields of a log line; log_sink writes it.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/log_sink.h"
#include "base/buf.h"

_Static_assert(LOG_LINE <= LOG_SINK_LINE_MAX, "a line goes into the sink");

static enum log_level most = LOG_AT_INFO;

static const int priorities[] = {
	[LOG_AT_ERROR] = LOG_ERR,
	[LOG_AT_WARNING] = LOG_WARNING,
	[LOG_AT_INFO] = LOG_INFO,
	[LOG_AT_DEBUG] = LOG_DEBUG,
};

/* Appends at most `room` bytes of text to out. Writes bytes outside printable
 * ASCII, and the characters in `more`, as \xNN. Returns whether the whole text
 * fitted. */
static bool
escape(struct str text, const char *more, size_t room, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool plain = c >= ' ' && c < 0x7f && strchr(more, c) == NULL;
		char escaped[] = { '\\', 'x', digits[c >> 4], digits[c & 15] };
		size_t n = plain ? 1 : sizeof(escaped);

		if (n > room)
			return false;
		room -= n;
		buf_put(out, plain ? &text.p[i] : escaped, n);
	}
	return true;
}

void
log_open(bool to_syslog, enum log_level level)
{
	most = level;
	log_sink_open(to_syslog ? LOG_SINK_SYSLOG : NULL);
}

void
log_serve(void)
{
	log_sink_take_over();
}

void
log_catch_up(void)
{
	log_sink_catch_up();
}

void
log_last_words(const char *line)
{
	log_sink_last_words(line, strlen(line));
}

bool
log_wants(enum log_level level)
{
	return level <= most;
}

bool
log_should_repeat(struct log_repeat *last, uint64_t what, int64_t now_at)
{
	int64_t at = atomic_load(&last->at);

	/* If the clock was set back, the line is logged at once. */
	if (atomic_load(&last->what) == what && now_at >= at &&
	    now_at - at < LOG_AGAIN)
		return false;
	atomic_store(&last->what, what);
	atomic_store(&last->at, now_at);
	return true;
}

void
log_line(enum log_level level, const char *format, ...)
{
	char text[LOG_LINE], block[LOG_LINE];
	struct buf line;
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, format);
	if (vsnprintf(text, sizeof(text), format, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	buf_init(&line, block, sizeof(block));
	(void)escape(str_of(text), "\\", LOG_LINE, &line);
	log_sink_write(priorities[level], buf_view(&line));
}

static void
put_field(const struct log_field *f, struct buf *out)
{
	if (f->name != NULL) {
		buf_text(out, f->name);
		buf_text(out, f->words ? ": " : "=");
	}
	if (f->value.n == 0)
		buf_char(out, '-');
	else if (!escape(f->value, f->words ? "\\\"=" : "\\\"= ", f->most, out))
		buf_text(out, "...");
}

void
log_fields(enum log_level level, const struct log_field *fields, size_t n)
{
	char block[LOG_LINE];
	struct buf line;
	size_t i;

	if (!log_wants(level))
		return;
	buf_init(&line, block, sizeof(block));
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_char(&line, ' ');
		put_field(&fields[i], &line);
	}
	log_sink_write(priorities[level], buf_view(&line));
}
