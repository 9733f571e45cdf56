/* SPDX-License-Identifier: ISC */
/*
 * log.h - one line per event, to stderr or syslog, safe to print.
 *
 * A line is cut at LOG_LINE bytes. Bytes that are not printable ASCII are
 * written as \xNN, so that no request can forge a line. A caller never passes a
 * token, a key or a request body. All functions but log_open and log_serve may
 * be called from any thread; none of them waits for the reader of the log.
 */
#ifndef PUSHCERT_LOG_H
#define PUSHCERT_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

#define LOG_LINE 1024

enum log_level { LOG_AT_ERROR, LOG_AT_WARNING, LOG_AT_INFO, LOG_AT_DEBUG };

/* Sets where lines go and which levels are written; until then they go to
 * stderr with LOG_AT_INFO. The caller does this before it starts a thread and
 * before it enters the sandbox. */
void log_open(bool to_syslog, enum log_level level);
/* Makes sure that no write to standard error, not even a library's, waits for
 * its reader. Only a service calls this: the tool would lose messages. */
void log_serve(void);
/* A line that finds no space in a pipe or socket is dropped. This logs the
 * number of dropped lines if there is space now; so does the next line. */
void log_catch_up(void);
/* Writes a line, with its newline, to stderr. Signal handlers may call this. */
void log_last_words(const char *line);
/* Whether a line of this level would be written. */
bool log_wants(enum log_level level);

/* The event that was logged last, and when. Starts as all zeros. */
struct log_repeat {
	atomic_uint_fast64_t what;
	atomic_int_fast64_t at;
};
/* Returns whether to log the event `what` now (seconds UTC). A lasting fault
 * may raise the same event a thousand times a second, so an event that repeats
 * is logged every LOG_AGAIN seconds. */
#define LOG_AGAIN 60
bool log_should_repeat(struct log_repeat *last, uint64_t what, int64_t now_at);

void log_line(enum log_level level, const char *format, ...) ATTR_PRINTF(2, 3);

/* One field of a line: "name=value"; the value alone if name is NULL; or "name:
 * value" if the value is a text of several words. */
struct log_field {
	const char *name;
	struct str value;
	size_t most; /* bytes of the line that the value may take */
	bool words;
};
/*
 * Logs fields whose values a client may have chosen, with one blank between
 * them. Besides bytes that are not printable, '=', '"' and '\' in a value are
 * written as \xNN, and blanks too unless `words` is set, so that no value reads
 * as another field. An empty value is written as "-", and a value that was cut
 * ends with "...". The line has at most LOG_LINE bytes.
 */
void log_fields(enum log_level level, const struct log_field *fields, size_t n);

#endif
