/* SPDX-License-Identifier: ISC */
/*
 * log.h - one line per event, to stderr or syslog, safe to print.
 *
 * A line is cut at LOG_LINE bytes; bytes that are not printable ASCII are
 * written as \xNN, so that no request can forge a line. Never hand it a token,
 * a key or a request body. Safe to call from any thread.
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

/* Before any thread is started, and before the sandbox. Until then: stderr,
 * LOG_AT_INFO. */
void log_open(bool to_syslog, enum log_level level);
/* For a service: nothing in the process waits for standard error any more. */
void log_serve(void);
/* No line is waited for: one for which there is no room is dropped. Logs how
 * many were, as the next line does, if there is room now. */
void log_catch_up(void);
/* For a handler of signals: a line with its end, to stderr. */
void log_last_words(const char *line);
/* Whether a line of this level would be written. */
bool log_wants(enum log_level level);

/* What was told last, and when. Begins as all zeros. */
struct log_repeat {
	atomic_uint_fast64_t what;
	atomic_int_fast64_t at;
};
/* Whether something is worth a line: a cause that stays may come a thousand
 * times a second, and is told once a minute. */
#define LOG_AGAIN 60
bool log_should_repeat(struct log_repeat *last, uint64_t what, int64_t now_at);

void log_line(enum log_level level, const char *format, ...) ATTR_PRINTF(2, 3);

/* One field of a line: "name=value", the value alone where there is no name, or
 * "name: value" where the value is a text of several words. */
struct log_field {
	const char *name;
	struct str value;
	size_t most; /* bytes of the line that the value may take */
	bool words;
};
/*
 * Writes fields that a client may have chosen, with one blank between them. In
 * a value '=', '"' and '\' are written as \xNN too, and so are blanks, but of
 * words, so that no value reads as another field. An empty value is "-", a
 * value that was cut ends with "...". All together take at most LOG_LINE bytes.
 */
void log_fields(enum log_level level, const struct log_field *fields, size_t n);

#endif
