/* SPDX-License-Identifier: ISC */
/*
 * test_sandbox_calls.c - which system calls the filter allows. The test takes
 * the filter away from the kernel and runs it itself, so it also runs where the
 * kernel has no seccomp, as under qemu-user.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/sandbox_private.h"
#include "unit.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#else
#define ARCHITECTURE 0
#endif

static struct sock_filter code[4096];
static size_t length;

/* The sandbox gives its filter to this function. */
int
prctl(int option, ...)
{
	const struct sock_fprog *program;
	va_list ap;

	ck_assert_int_eq(option, PR_SET_SECCOMP);
	va_start(ap, option);
	ck_assert_int_eq(va_arg(ap, int), SECCOMP_MODE_FILTER);
	program = va_arg(ap, const struct sock_fprog *);
	va_end(ap);
	length = program->len;
	ck_assert_uint_le(length, sizeof(code) / sizeof(code[0]));
	memcpy(code, program->filter, length * sizeof(code[0]));
	return 0;
}

static void
take_filter(void)
{
	struct config c;

	config_default(&c);
	ck_assert(sandbox_restrict_syscalls(&c));
	ck_assert_uint_gt(length, 0);
}

/* Runs the filter on a call and returns its answer. */
static uint32_t
answer_of(const struct seccomp_data *call)
{
	const struct sock_filter *at;
	uint32_t a = 0;
	bool same;

	for (at = code; at < code + length; at++) {
		switch (at->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			ck_assert_uint_le(at->k, sizeof(*call) - sizeof(a));
			memcpy(&a, (const char *)call + at->k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= at->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			same = a == at->k;
			at += same ? at->jt : at->jf;
			break;
		case BPF_RET | BPF_K:
			return at->k;
		default:
			ck_abort_msg("instruction %x", at->code);
		}
	}
	ck_abort_msg("the filter has no end");
	return 0;
}

static uint32_t
answer(unsigned number, unsigned argument, uint64_t value)
{
	struct seccomp_data call = { .nr = (int)number, .arch = ARCHITECTURE };

	call.args[argument] = value;
	return answer_of(&call);
}

/* --- what a service needs ----------------------------------------------- */

/* Lines of the form SERVED(name), or SERVED_NUMBER(number). scripts/check-arch
 * puts the calls here that it has seen. */
#ifndef SERVED_CALLS
#define SERVED_CALLS "served_calls.h"
#endif

static const struct served {
	const char *name;
	unsigned number;
} served[] = {
#define SERVED(name) { #name, SYS_##name },
#define SERVED_NUMBER(number) { "number " #number, number },
#include SERVED_CALLS
};

/* Allowed with all arguments 0, or as the call of a new thread, or for the
 * process itself. ENOSYS without a line in the log lets the C library take
 * another call. */
static bool
is_allowed(unsigned number)
{
	const uint64_t first[] = { 0, CLONE_THREAD, (uint64_t)getpid() };
	size_t i;

	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		uint32_t a = answer(number, 0, first[i]);

		if (a == SECCOMP_RET_ALLOW || a == (SECCOMP_RET_ERRNO | ENOSYS))
			return true;
	}
	return false;
}

START_TEST(allows_what_a_service_calls)
{
	take_filter();
	ck_assert_msg(is_allowed(served[_i].number), "%s", served[_i].name);
}
END_TEST

/* --- what a service must not do ----------------------------------------- */

#define TRAP(cause) (SECCOMP_RET_TRAP | (cause))

#ifdef SYS_mmap2
#define MAP SYS_mmap2
#else
#define MAP SYS_mmap
#endif

static const struct refused {
	const char *name;
	unsigned number, argument;
	uint64_t value;
	uint32_t answer;
} refused[] = {
	{ "execve", SYS_execve, 0, 0, TRAP(ENOSYS) },
	{ "execveat", SYS_execveat, 0, 0, TRAP(ENOSYS) },
	{ "socket", SYS_socket, 0, 0, TRAP(ENOSYS) },
	{ "connect", SYS_connect, 0, 0, TRAP(ENOSYS) },
	{ "sendmsg", SYS_sendmsg, 0, 0, TRAP(ENOSYS) },
	{ "bind", SYS_bind, 0, 0, TRAP(ENOSYS) },
	{ "ptrace", SYS_ptrace, 0, 0, TRAP(ENOSYS) },
	{ "kill", SYS_kill, 0, 0, TRAP(ENOSYS) },
	{ "unlinkat", SYS_unlinkat, 0, 0, TRAP(ENOSYS) },
	{ "renameat2", SYS_renameat2, 0, 0, TRAP(ENOSYS) },
	{ "setuid", SYS_setuid, 0, 0, TRAP(ENOSYS) },
	{ "prctl", SYS_prctl, 0, 0, TRAP(ENOSYS) },
	{ "io_uring_setup", SYS_io_uring_setup, 0, 0, TRAP(ENOSYS) },
	{ "mmap of code", MAP, 2, PROT_EXEC | PROT_READ, TRAP(EPERM) },
	{ "mprotect to code", SYS_mprotect, 2, PROT_EXEC, TRAP(EPERM) },
	{ "sendto an address", SYS_sendto, 4, 4096, TRAP(EPERM) },
	{ "sendto a high address", SYS_sendto, 4, UINT64_C(1) << 32,
	    TRAP(EPERM) },
	{ "limits of a process", SYS_prlimit64, 0, 1, TRAP(EPERM) },
	{ "a signal to a process", SYS_tgkill, 0, 1, TRAP(EPERM) },
};

START_TEST(refuses)
{
	const struct refused *r = &refused[_i];

	take_filter();
	ck_assert_msg(answer(r->number, r->argument, r->value) == r->answer,
	    "%s: %x", r->name, answer(r->number, r->argument, r->value));
}
END_TEST

START_TEST(ends_calls_of_another_processor)
{
	const struct seccomp_data call = { .nr = SYS_read,
		.arch = ARCHITECTURE ^ 1 };

	take_filter();
	ck_assert_uint_eq(answer_of(&call), SECCOMP_RET_KILL_PROCESS);
}
END_TEST

START_TEST(makes_no_process)
{
	take_filter();
	ck_assert_uint_ne(answer(SYS_clone, 0, 0), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(
	    answer(SYS_clone, 0, CLONE_THREAD), SECCOMP_RET_ALLOW);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sandbox_calls");
	TCase *tcase = tcase_create("all");

	if (ARCHITECTURE == 0) {
		printf("skipped: no filter for this processor\n");
		return 77;
	}
	tcase_add_loop_test(tcase, allows_what_a_service_calls, 0,
	    sizeof(served) / sizeof(served[0]));
	tcase_add_loop_test(
	    tcase, refuses, 0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tcase, ends_calls_of_another_processor);
	tcase_add_test(tcase, makes_no_process);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
