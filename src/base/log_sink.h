/* SPDX-License-Identifier: ISC */
/*
 * log_sink.h - the place where log lines go: standard error, or the syslog
 * daemon; private to log.
 *
 * No call ever waits, whatever the reader of a pipe, a journal or a daemon
 * does. A line for which there is no room is dropped and counted, and the count
 * is logged before the next line that finds room. Safe to call from any thread.
 */
#ifndef PUSHCERT_LOG_SINK_H
#define PUSHCERT_LOG_SINK_H

#include <stddef.h>

#include "base/str.h"

/* The daemon's socket. */
#define LOG_SINK_SYSLOG "/dev/log"

/* Connects to that socket; NULL: lines go to standard error, as they do before
 * this call and wherever the daemon cannot be reached. Before any thread is
 * started, and before the sandbox, which has no new sockets. */
void log_sink_open(const char *syslog_path);
/* Lets nothing in this process wait for standard error, also the libraries, and
 * nothing may put another file in its place any more. The tool must not call
 * this: its messages would be lost. */
void log_sink_take_over(void);

/* A line without its end; priority: one of syslog(3). At most
 * LOG_SINK_LINE_MAX bytes. */
#define LOG_SINK_LINE_MAX 2048
void log_sink_write(int priority, struct str text);
/* Logs the count of dropped lines, if there is room now. */
void log_sink_catch_up(void);
/* A whole line, with its end, to standard error: for a handler of signals. */
void log_sink_last_words(const char *line, size_t n);

#endif
