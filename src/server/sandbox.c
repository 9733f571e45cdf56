/* SPDX-License-Identifier: ISC */
/*
 * sandbox.c - applies the four parts of the sandbox: no inspection, no new
 * privileges, Landlock rules for files (sandbox_files.c), and a seccomp filter
 * for system calls (sandbox_calls.c).
 *
 * The order matters: an unprivileged process may use Landlock and seccomp only
 * when it has given up new privileges (no_new_privs), and the seccomp filter
 * comes last because it refuses the system calls of the other parts.
 */
#include "server/sandbox.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "server/sandbox_private.h"

/* Prevents core dumps, and tracing by other processes of the same user. */
static bool
deny_inspection(const struct config *c)
{
	const struct rlimit none = { .rlim_cur = 0 };

	(void)c;
	return setrlimit(RLIMIT_CORE, &none) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0) == 0;
}

/* An unprivileged process needs no_new_privs for Landlock and for seccomp. */
static bool
renounce_privileges(const struct config *c)
{
	(void)c;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static const struct part {
	const char *name;
	bool (*apply)(const struct config *c);
} parts[] = {
	{ "privacy", deny_inspection },
	{ "no_new_privs", renounce_privileges },
	{ "Landlock", sandbox_restrict_files },
	{ "seccomp", sandbox_restrict_syscalls },
};

bool
sandbox_enter(const struct config *c, enum log_level level)
{
	bool whole = true;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].apply(c))
			continue;
		whole = false;
		log_line(level, "sandbox: %s is not in effect: %s",
		    parts[i].name, strerror(errno));
	}
	return whole;
}
