/* SPDX-License-Identifier: ISC */
/*
 * log.c - one line per event, escaped, in one write.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static bool use_syslog;
static enum log_level most = LOG_AT_INFO;

static const int priorities[] = {
	[LOG_AT_ERROR] = LOG_ERR,
	[LOG_AT_WARNING] = LOG_WARNING,
	[LOG_AT_INFO] = LOG_INFO,
	[LOG_AT_DEBUG] = LOG_DEBUG,
};

/* Copies text to out[size], bytes that are not printable as \xNN; returns how
 * many bytes that made. */
static size_t
escape(const char *text, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; *text != '\0' && n + 4 <= size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= ' ' && c < 0x7f && c != '\\') {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	return n;
}

void
log_open(bool to_syslog, enum log_level level)
{
	use_syslog = to_syslog;
	most = level;
	if (to_syslog)
		openlog("pushcert", LOG_PID, LOG_DAEMON);
}

bool
log_wants(enum log_level level)
{
	return level <= most;
}

bool
log_is_news(struct log_last *last, uint64_t what, int64_t now_at)
{
	int64_t at = atomic_load(&last->at);

	/* A clock that was set back does not silence us. */
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
	static const char name[] = "pushcert: ";
	char text[LOG_LINE], line[sizeof(name) + LOG_LINE + 1];
	size_t n = sizeof(name) - 1;
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, format);
	if (vsnprintf(text, sizeof(text), format, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	memcpy(line, name, n);
	n += escape(text, line + n, LOG_LINE);
	if (use_syslog) {
		syslog(priorities[level], "%.*s", (int)(n - sizeof(name) + 1),
		    line + sizeof(name) - 1);
		return;
	}
	line[n++] = '\n';
	/* Nobody is left to tell if this fails. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}
