/* SPDX-License-Identifier: ISC */
/*
 * front.c - runs nginx for a test, on a free port.
 */
#include "front.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"
#include "torture.h"

/* Deadline of a read, in seconds. */
#define READ_MAX 20
/* Attempts of 10 ms each. */
#define START_MAX 500

/* Finds a port that is free now. If another process takes it before nginx does,
 * the start of nginx fails. */
static void
find_port(struct front *f)
{
	socklen_t n = sizeof(f->at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	f->at = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(fd, (struct sockaddr *)&f->at, sizeof(f->at)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&f->at, &n) != 0)
		torture_die(f->t, "bind");
	close(fd);
}

static void
configure(const struct front *f, const struct victim *v, unsigned connections)
{
	static const char *const variables[][2] = {
		{ "REQUEST_METHOD", "request_method" },
		{ "REQUEST_URI", "request_uri" },
		{ "QUERY_STRING", "query_string" },
		{ "CONTENT_TYPE", "content_type" },
		{ "CONTENT_LENGTH", "content_length" },
		{ "SERVER_NAME", "server_name" },
		{ "REMOTE_ADDR", "remote_addr" },
	};
	static const char *const places[] = { "client_body", "fastcgi", "proxy",
		"scgi", "uwsgi" };
	const char *dir = f->t->dir;
	char path[128];
	size_t i;
	FILE *out;

	snprintf(path, sizeof(path), "%s/nginx.conf", dir);
	if ((out = fopen(path, "we")) == NULL)
		torture_die(f->t, path);
	fprintf(out,
	    "%sdaemon off;\npid %s/nginx.pid;\nerror_log %s/nginx.log;\n"
	    "worker_processes 2;\n"
	    "events { worker_connections %u; }\n"
	    "http {\naccess_log off;\n"
	    "upstream victim { server unix:%s; keepalive 32; }\n",
	    geteuid() == 0 ? "user root;\n" : "", dir, dir, connections,
	    v->socket);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		fprintf(
		    out, "%s_temp_path %s/%s;\n", places[i], dir, places[i]);
	fprintf(out,
	    "server {\nlisten 127.0.0.1:%u backlog=4096;\nroot %s;\n"
	    "location / {\nfastcgi_pass victim;\nfastcgi_keep_conn on;\n",
	    ntohs(f->at.sin_port), dir);
	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		fprintf(out, "fastcgi_param %s $%s;\n", variables[i][0],
		    variables[i][1]);
	fprintf(out, "} } }\n");
	if (fclose(out) != 0)
		torture_die(f->t, path);
}

static bool
is_there(const struct front *f)
{
	int tries, fd;

	for (tries = 0; tries < START_MAX; tries++) {
		if ((fd = front_connect(f)) >= 0) {
			close(fd);
			return true;
		}
		if (waitpid(f->pid, NULL, WNOHANG) != 0)
			return false;
		sleep_ms(10);
	}
	return false;
}

void
front_start(struct front *f, const struct victim *v, unsigned connections)
{
	char path[4096];

	*f = (struct front){ .t = v->t };
	if (system("PATH=$PATH:/usr/sbin command -v nginx >/dev/null") != 0)
		torture_skip(f->t, "there is no nginx");
	find_port(f);
	configure(f, v, connections);
	if ((f->pid = fork()) < 0)
		torture_die(f->t, "fork");
	if (f->pid == 0) {
		snprintf(path, sizeof(path), "%s:/usr/sbin", getenv("PATH"));
		setenv("PATH", path, 1);
		snprintf(path, sizeof(path), "%s/nginx.conf", f->t->dir);
		execlp("nginx", "nginx", "-c", path, (char *)NULL);
		_exit(99);
	}
	if (!is_there(f))
		torture_die(f->t, "nginx");
}

void
front_stop(struct front *f)
{
	kill(f->pid, SIGTERM);
	waitpid(f->pid, NULL, 0);
}

int
front_connect(const struct front *f)
{
	const struct timeval most = { .tv_sec = READ_MAX };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&f->at, sizeof(f->at)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)) == 0)
		return fd;
	close(fd);
	return -1;
}

size_t
front_request(const struct victim *v, const char *method, const char *body,
    bool keep, char *out, size_t size)
{
	int n = snprintf(out, size,
	    "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\n"
	    "Authorization: Bearer %s\r\n",
	    method, VICTIM_PATH, keep ? "keep-alive" : "close", v->token);

	if (body == NULL)
		n += snprintf(out + n, size - (size_t)n, "\r\n");
	else
		n += snprintf(out + n, size - (size_t)n,
		    "Content-Type: application/json\r\n"
		    "Content-Length: %zu\r\n\r\n%s",
		    strlen(body), body);
	return (size_t)n;
}

int
front_ask(const struct front *f, const struct victim *v, const char *method,
    const char *body)
{
	char text[8192];
	size_t n = front_request(v, method, body, false, text, sizeof(text));
	int fd = front_connect(f), status = 0;
	ssize_t got = 0, more;

	if (fd < 0)
		return 0;
	if (send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n)
		/* The end of the connection marks the end of the response. */
		while ((size_t)got < sizeof(text) - 1 &&
		    (more = recv(fd, text + got, sizeof(text) - 1 - (size_t)got,
			 0)) > 0)
			got += more;
	close(fd);
	text[got] = '\0';
	if (sscanf(text, "HTTP/1.1 %d ", &status) != 1)
		return 0;
	return status;
}
