/* SPDX-License-Identifier: ISC */
/*
 * step.c - kills a program at one of its steps.
 *
 *   step NUMBER COMMAND [ARGUMENT...]
 *
 * A step is a system call that another process or a later run could notice: one
 * that changes a file, a lock or a process, or waits for one. The program is
 * killed (SIGKILL) before its step of this number, counted from 1, is carried
 * out. Between two steps there is nothing to see, so a test that tries each
 * number tries every moment. Children of the program run on; only they can kill
 * themselves.
 *
 * Exit status: 0 the program was killed; 1 it ended before; 77 this machine
 * does not permit to trace a process; 99 anything else.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

static const long steps[] = { SYS_write, SYS_writev, SYS_pwrite64, SYS_pwritev,
	SYS_pwritev2, SYS_fdatasync, SYS_fsync, SYS_msync, SYS_ftruncate,
	SYS_fallocate, SYS_flock, SYS_fcntl, SYS_mkdirat, SYS_unlinkat,
	SYS_renameat2, SYS_fchmod, SYS_memfd_create, SYS_pipe2, SYS_clone,
	SYS_execve, SYS_setpgid, SYS_waitid, SYS_wait4, SYS_kill, SYS_ppoll,
	SYS_exit_group, SYS_sendto,
#ifdef SYS_open
	SYS_poll, SYS_mkdir, SYS_unlink, SYS_rename, SYS_fork, SYS_vfork,
#endif
	SYS_clone3 };

static bool
is_step(uint64_t call)
{
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (call == (uint64_t)steps[i])
			return true;
	return false;
}

/* Whether the process is about to make a call that is a step. */
static bool
begins_step(pid_t pid)
{
	struct ptrace_syscall_info info;

	memset(&info, 0, sizeof(info));
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
	    info.op == PTRACE_SYSCALL_INFO_ENTRY && is_step(info.entry.nr);
}

static void
be_program(char **argv)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(77);
	raise(SIGSTOP);
	execvp(argv[0], argv);
	_exit(99);
}

/* Lets the process run up to the next stop. Returns its status, or -1. */
static int
go_on(pid_t pid, int number)
{
	int status;

	if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)number) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static int
watch(pid_t pid, long left)
{
	int status, number = 0;

	for (;;) {
		if ((status = go_on(pid, number)) < 0)
			return 99;
		if (!WIFSTOPPED(status))
			return 1;
		number = WSTOPSIG(status);
		if (number != (SIGTRAP | 0x80)) {
			if (number == SIGTRAP || number == SIGSTOP)
				number = 0;
			continue;
		}
		number = 0;
		if (!begins_step(pid) || --left > 0)
			continue;
		kill(pid, SIGKILL);
		return waitpid(pid, &status, 0) == pid ? 0 : 99;
	}
}

int
main(int argc, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	int status;
	pid_t pid;

	if (argc < 3 || (pid = fork()) < 0)
		return 99;
	if (pid == 0)
		be_program(argv + 2);
	if (waitpid(pid, &status, 0) != pid)
		return 99;
	if (!WIFSTOPPED(status))
		return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options) != 0)
		return errno == EPERM ? 77 : 99;
	return watch(pid, strtol(argv[1], NULL, 10));
}
