/* SPDX-License-Identifier: ISC */
/*
 * log_sink.h - where log lines go: standard error or the syslog daemon. Only
 * log.c includes this header.
 *
 * No call ever waits for the reader of a pipe, a terminal, the journal or the
 * daemon. A line that finds no space is dropped and counted, and the count is
 * logged before the next line that finds space. All functions but log_sink_open
 * and log_sink_take_over may be called from any thread.
 */
#ifndef PUSHCERT_LOG_SINK_H
#define PUSHCERT_LOG_SINK_H

#include <stddef.h>

#include "base/str.h"

/* The socket of the syslog daemon. */
#define LOG_SINK_SYSLOG "/dev/log"

/*
 * Connects to the daemon at this path. With NULL, and if the daemon cannot be
 * reached, lines go to standard error, as they do before this call. The caller
 * does this before it starts a thread and before it enters the sandbox, which
 * allows no new sockets.
 */
void log_sink_open(const char *syslog_path);
/* Opens standard error again so that no write of this process to it can wait,
 * not even a library's. After this call no other file can take its place. The
 * tool must not call this, because it would lose messages. */
void log_sink_take_over(void);

/* Writes a line of at most LOG_SINK_LINE_MAX bytes, without its end. The
 * priority is one of syslog(3). Keeps errno. */
#define LOG_SINK_LINE_MAX 2048
void log_sink_write(int priority, struct str text);
/* Logs the number of dropped lines if there is space now. */
void log_sink_catch_up(void);
/* Writes a whole line, with its newline, to standard error. A signal handler
 * may call this. */
void log_sink_last_words(const char *line, size_t n);

#endif
