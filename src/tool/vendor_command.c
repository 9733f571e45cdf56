/* SPDX-License-Identifier: ISC */
/*
 * vendor_command.c - runs the program that signs requests, and checks its
 * output. The output goes to a file in memory of a fixed size, so a program
 * that does not end its output gets an error and cannot fill the memory.
 */
#include "tool/vendor_command.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format/vendor_reply.h"
#include "state/trust.h"
#include "tool/cmd_call.h"
#include "tool/cmd_output.h"
#include "tool/hook.h"

/* Limit of the output. A request with a chain of three certificates has 10 KiB
 * in base64. */
#define OUTPUT_MAX ((size_t)64 * 1024)

/* Whether the program may be run. Its directory belongs to the question: who
 * can replace the program decides what is signed. */
static bool
is_safe(const struct cmd_call *c, const char *program)
{
	struct trust_fault fault;

	if (program[0] != '/') {
		cmd_error(
		    c, "vendor_command: '%s' is not an absolute path", program);
		return false;
	}
	if (access(program, F_OK) != 0) {
		(void)cmd_fail_file(c, program);
		return false;
	}
	if (trust_file(program, &fault) == ERR_OK)
		return true;
	cmd_error(c, "vendor_command: %s; %s", fault.what, fault.cure);
	return false;
}

/* Returns a descriptor, or -1 with errno. */
static int
open_output(void)
{
	int fd = memfd_create("pushcert", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)OUTPUT_MAX + 1) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
run(const struct cmd_call *c, struct str csr, int output)
{
	char tenant[STR_GUID_LEN + 1] = "";
	const struct hook_fact facts[] = { { "PUSHCERT_TENANT", tenant } };
	const struct hook hook = { .name = "vendor_command",
		.program = c->config.vendor_command,
		.facts = facts,
		.facts_n = 1,
		.input = csr,
		.output = output,
		.timeout = (unsigned)c->config.vendor_timeout,
		.timeout_key = "vendor_timeout",
		.stop = -1 };

	str_guid_text(&c->tenant, tenant);
	return hook_run(c, &hook);
}

/* Reads the output. The bytes after its end are NULs. */
static enum err
read_output(const struct cmd_call *c, int fd, struct arena *a, struct str *out)
{
	char *p = arena_take(a, OUTPUT_MAX + 1);
	ssize_t n;

	if (p == NULL)
		return ERR_MEMORY;
	n = pread(fd, p, OUTPUT_MAX + 1, 0);
	while (n > 0 && p[n - 1] == '\0')
		n--;
	*out = str_from(p, n > 0 ? (size_t)n : 0);
	if (out->n > 0 && out->n <= OUTPUT_MAX)
		return ERR_OK;
	cmd_error(c, "vendor_command: %s: %s; no request was made",
	    c->config.vendor_command,
	    out->n == 0 ? "it printed nothing" : "it printed more than 64 KiB");
	return ERR_STOP;
}

static enum err
take_output(const struct cmd_call *c, struct str csr, int fd, struct arena *a,
    struct str *text)
{
	struct str reply, what = { NULL, 0 };
	enum err e = read_output(c, fd, a, &reply);

	if (e == ERR_OK)
		e = vendor_reply_read(reply, csr, a, text, &what);
	if (e != ERR_CONFIG)
		return e;
	cmd_error(c,
	    "vendor_command: %s: its output cannot be used: %.*s; no request "
	    "was made",
	    c->config.vendor_command, STR_ARG(what));
	return ERR_STOP;
}

enum err
vendor_command_sign(
    void *arg, struct str csr, struct arena *a, struct str *text)
{
	const struct cmd_call *c = arg;
	enum err e = ERR_STOP;
	int fd, status;

	if (!is_safe(c, c->config.vendor_command))
		return ERR_STOP;
	if ((fd = open_output()) < 0) {
		cmd_error(c, "vendor_command: no file in memory can be made");
		return ERR_STOP;
	}
	status = run(c, csr, fd);
	if (status == 0)
		e = take_output(c, csr, fd, a, text);
	else
		cmd_error(c,
		    "vendor_command: %s ended with status %d; no request was "
		    "made",
		    c->config.vendor_command, status);
	close(fd);
	return e;
}
