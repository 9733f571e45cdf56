/* SPDX-License-Identifier: ISC */
/*
 * fcgi_client.h - the web server's side of FastCGI, for tests and benchmarks:
 * requests as bytes, replies out of bytes.
 */
#ifndef PUSHCERT_FCGI_CLIENT_H
#define PUSHCERT_FCGI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum fcgi_type {
	FCGI_BEGIN = 1,
	FCGI_END = 3,
	FCGI_PARAMS = 4,
	FCGI_STDIN = 5,
	FCGI_STDOUT = 6
};

/* Appends one record (content below 64 KiB). */
void fcgi_record(struct buf *out, enum fcgi_type type, struct str content);
/* Appends the record that begins a request to a responder. */
void fcgi_begin(struct buf *out, bool keep);
/* Appends one name and its value as the content of parameter records. */
void fcgi_pair(struct buf *out, struct str name, struct str value);
/* Appends a whole request: pairs are names and values in turn, up to NULL. */
void fcgi_request(
    struct buf *out, bool keep, const char *const *pairs, struct str body);

/* What has come of one answer. */
struct fcgi_reply {
	struct buf text; /* of the standard output */
	bool ended; /* the request's end has been read */
	unsigned char header[8];
	size_t have; /* bytes of header */
	size_t content; /* bytes of the record that are still to come */
	size_t padding;
};

void fcgi_reply_init(struct fcgi_reply *r, char *block, size_t size);
/* Takes the next bytes; false when they are not FastCGI or too many. */
bool fcgi_feed(struct fcgi_reply *r, const char *p, size_t n);

/* A connection to a unix socket, on which a read waits for five seconds at
 * most; -1 with errno. */
int fcgi_connect(const char *path);
bool fcgi_send(int fd, struct str bytes);
/* Reads an answer to its end; false when the connection ends before it. */
bool fcgi_receive(int fd, struct fcgi_reply *r);

#endif
