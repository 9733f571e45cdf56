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

#include <stdbool.h>

#include "attr.h"

#define LOG_LINE 1024

enum log_level { LOG_AT_ERROR, LOG_AT_WARNING, LOG_AT_INFO, LOG_AT_DEBUG };

/* Before any thread is started. Until then: stderr, LOG_AT_INFO. */
void log_open(bool to_syslog, enum log_level level);
/* Whether a line of this level would be written. */
bool log_wants(enum log_level level);
void log_line(enum log_level level, const char *format, ...) ATTR_PRINTF(2, 3);

#endif
