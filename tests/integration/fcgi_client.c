/* SPDX-License-Identifier: ISC */
/*
 * fcgi_client.c - FastCGI 1.0 from the side of a web server.
 */
#include "fcgi_client.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "timing.h"

#define REQUEST_ID 1
#define HEADER_LEN 8

void
fcgi_record(struct buf *out, enum fcgi_type type, struct str content)
{
	const unsigned char header[HEADER_LEN] = { 1, (unsigned char)type, 0,
		REQUEST_ID, (unsigned char)(content.n >> 8),
		(unsigned char)(content.n & 0xff), 0, 0 };

	assert(content.n <= 0xffff);
	buf_put(out, header, sizeof(header));
	buf_str(out, content);
}

void
fcgi_begin(struct buf *out, bool keep)
{
	const char body[8] = { 0, 1, keep ? 1 : 0, 0, 0, 0, 0, 0 };

	fcgi_record(out, FCGI_BEGIN, str_from(body, sizeof(body)));
}

static void
put_length(struct buf *out, size_t n)
{
	if (n > 127) {
		buf_char(out, (char)(0x80 | (n >> 24)));
		buf_char(out, (char)(n >> 16));
		buf_char(out, (char)(n >> 8));
	}
	buf_char(out, (char)n);
}

void
fcgi_pair(struct buf *out, struct str name, struct str value)
{
	put_length(out, name.n);
	put_length(out, value.n);
	buf_str(out, name);
	buf_str(out, value);
}

void
fcgi_request(
    struct buf *out, bool keep, const char *const *pairs, struct str body)
{
	char block[16 * 1024];
	struct buf params;

	buf_init(&params, block, sizeof(block));
	for (; *pairs != NULL; pairs += 2)
		fcgi_pair(&params, str_of(pairs[0]), str_of(pairs[1]));
	assert(!params.full);
	fcgi_begin(out, keep);
	fcgi_record(out, FCGI_PARAMS, buf_view(&params));
	fcgi_record(out, FCGI_PARAMS, str_of(""));
	while (body.n > 0) {
		struct str part = str_head(body, 0x8000);

		fcgi_record(out, FCGI_STDIN, part);
		body = str_tail(body, part.n);
	}
	fcgi_record(out, FCGI_STDIN, str_of(""));
}

void
fcgi_reply_init(struct fcgi_reply *r, char *block, size_t size)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->text, block, size);
}

static bool
begin_record(struct fcgi_reply *r)
{
	const unsigned char *h = r->header;

	r->content = (size_t)h[4] << 8 | h[5];
	r->padding = h[6];
	return h[0] == 1;
}

bool
fcgi_feed(struct fcgi_reply *r, const char *p, size_t n)
{
	size_t part;

	while (n > 0 && !r->ended) {
		if (r->have < HEADER_LEN) {
			r->header[r->have++] = (unsigned char)*p++;
			n--;
			if (r->have == HEADER_LEN && !begin_record(r))
				return false;
		} else {
			bool content = r->content > 0;
			size_t *left = content ? &r->content : &r->padding;

			part = n < *left ? n : *left;
			if (content && r->header[1] == FCGI_STDOUT)
				buf_put(&r->text, p, part);
			*left -= part;
			p += part;
			n -= part;
		}
		if (r->have < HEADER_LEN || r->content + r->padding > 0)
			continue;
		r->ended = r->header[1] == FCGI_END;
		r->have = 0;
	}
	return !r->text.full;
}

int
fcgi_connect(const char *path)
{
	const struct timeval most = { .tv_sec = timeout_ms(5) };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), cause;

	assert(strlen(path) < sizeof(at.sun_path));
	memcpy(at.sun_path, path, strlen(path));
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)) == 0)
		return fd;
	cause = errno;
	close(fd);
	errno = cause;
	return -1;
}

bool
fcgi_send(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		bytes = str_tail(bytes, n > 0 ? (size_t)n : 0);
	}
	return true;
}

bool
fcgi_receive(int fd, struct fcgi_reply *r)
{
	char piece[4096];

	while (!r->ended) {
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !fcgi_feed(r, piece, (size_t)n))
			return false;
	}
	return true;
}
