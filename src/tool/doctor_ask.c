/* SPDX-License-Identifier: ISC */
/*
 * doctor_ask.c - sends one request of doctor as a client does, and splits the
 * response.
 *
 * The requests are sent by the program curl, which has TLS and knows the CA
 * certificates of this machine. curl reads its options, among them the token,
 * from an unnamed file. It sends the token only to the host of the URL, and
 * follows neither redirections nor proxies.
 */
#include "tool/doctor_ask.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/cmd_call.h"
#include "tool/doctor_report.h"

/* The exit status of curl for a certificate that does not verify, also of the
 * wrong host (curl(1)). */
#define CURL_UNTRUSTED 60

bool
doctor_ask_is_visible(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || *text == '"' ||
		    *text == '\\')
			return false;
	return true;
}

static void
put_header(const char *name, const char *value, FILE *out)
{
	fprintf(out, "header = \"%s: ", name);
	doctor_reply_quote(value, out);
	fprintf(out, "\"\n");
}

/* Writes curl's configuration. The URL and the token are visible characters, so
 * neither can end the quoted string early. */
static bool
put_question(
    const struct doctor_mount *m, const struct doctor_question *q, int fd)
{
	const char *ca = m->doctor->call->value[OPTION_CACERT];
	FILE *out = fdopen(dup(fd), "w");
	size_t i;

	if (out == NULL)
		return false;
	fprintf(out,
	    "url = \"%s%s\"\nrequest = \"%s\"\nproto = \"=http,https\"\n"
	    "silent\nshow-error\ninclude\ngloboff\nno-buffer\nmax-time = 20\n"
	    "noproxy = \"*\"\nheader = \"Expect:\"\n",
	    q->base, q->path, q->method);
	if (ca != NULL) {
		fprintf(out, "cacert = \"");
		doctor_reply_quote(ca, out);
		fprintf(out, "\"\n");
	}
	if (q->named)
		fprintf(out, "header = \"Authorization: Bearer %*s%s\"\n",
		    q->blanks, "", m->token);
	for (i = 0; i < DOCTOR_HEADERS && q->header[i].name != NULL; i++)
		put_header(q->header[i].name, q->header[i].value, out);
	if (q->body != NULL) {
		put_header("Content-Type", q->type, out);
		fprintf(out, "data = \"");
		doctor_reply_quote(q->body, out);
		fprintf(out, "\"\n");
	}
	return fclose(out) == 0 && lseek(fd, 0, SEEK_SET) == 0;
}

/* Becomes the program curl; does not return. */
static void
be_curl(int in, int out)
{
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execlp("curl", "curl", "-q", "--config", "-", (char *)NULL);
	_exit(127);
}

static void
read_reply(struct doctor_reply *r, int fd)
{
	char waste[4096];
	ssize_t got;

	while (r->n < sizeof(r->text)) {
		got = read(fd, r->text + r->n, sizeof(r->text) - r->n);
		if (got <= 0)
			return;
		r->n += (size_t)got;
	}
	while (read(fd, waste, sizeof(waste)) > 0)
		continue;
}

/* Runs curl and returns its exit status, or 127 if it could not be run. */
static int
run_curl(int config, struct doctor_reply *r)
{
	int status, pipes[2];
	pid_t child;

	if (pipe(pipes) != 0)
		return 127;
	if ((child = fork()) == 0)
		be_curl(config, pipes[1]);
	close(pipes[1]);
	if (child > 0)
		read_reply(r, pipes[0]);
	close(pipes[0]);
	if (child < 0 || waitpid(child, &status, 0) != child ||
	    !WIFEXITED(status))
		return 127;
	return WEXITSTATUS(status);
}

/* Reports why no response arrived. */
static void
report(
    const struct doctor_mount *m, const struct doctor_question *q, int status)
{
	struct doctor *d = m->doctor;

	if (status == 127)
		doctor_finding(d, "Install curl, or leave out --url.",
		    "the program curl cannot be run");
	else if (status == CURL_UNTRUSTED)
		doctor_finding(d,
		    "Renew it, correct the host name in the URL, or name the "
		    "CA's certificates with --cacert FILE.",
		    "%s: the certificate of the server is not trusted",
		    q->base);
	else
		doctor_finding(d,
		    "Start the web server, or correct the URL; the line on "
		    "stderr has curl's reason.",
		    "%s%s: no answer", q->base, q->path);
}

bool
doctor_ask(struct doctor_mount *m, const struct doctor_question *q)
{
	struct doctor_reply *r = &m->reply;
	int config, status = 127;

	memset(r, 0, offsetof(struct doctor_reply, text));
	fflush(stdout);
	config = memfd_create("question", 0);
	if (config >= 0 && put_question(m, q, config))
		status = run_curl(config, r);
	if (config >= 0)
		close(config);
	if (status == 0) {
		doctor_reply_split(r);
		if (r->status != 0)
			return true;
	}
	m->silent = true;
	report(m, q, status);
	return false;
}
