/* SPDX-License-Identifier: ISC */
/*
 * fcgi_client.h - the web server's side of FastCGI, for tests and benchmarks:
 * writes requests as bytes and parses replies.
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

/* Appends one record; the content must be shorter than 64 KiB. */
void fcgi_record(struct buf *out, enum fcgi_type type, struct str content);
/* Appends the record that begins a request with the role of a responder. */
void fcgi_begin(struct buf *out, bool keep);
/* Appends one name and its value in the format of FCGI_PARAMS records. */
void fcgi_pair(struct buf *out, struct str name, struct str value);
/*
 * Appends a complete request. `pairs` has names and values in turn, up to NULL.
 */
void fcgi_request(
    struct buf *out, bool keep, const char *const *pairs, struct str body);

/* The part of a reply that has been read. */
struct fcgi_reply {
	struct buf text; /* content of FCGI_STDOUT */
	bool ended; /* FCGI_END_REQUEST has been read */
	unsigned char header[8];
	size_t have; /* bytes of header */
	size_t content; /* bytes of the record still to come */
	size_t padding;
};

void fcgi_reply_init(struct fcgi_reply *r, char *block, size_t size);
/*
 * Parses the next bytes. Returns false if they are not FastCGI or do not fit.
 */
bool fcgi_feed(struct fcgi_reply *r, const char *p, size_t n);

/* Connects to a Unix socket. Reads on the connection time out after five
 * seconds. Returns -1 with errno on failure. */
int fcgi_connect(const char *path);
bool fcgi_send(int fd, struct str bytes);
/* Reads a reply to its end. Returns false if the connection ends before it. */
bool fcgi_receive(int fd, struct fcgi_reply *r);

#endif
