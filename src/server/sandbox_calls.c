/* SPDX-License-Identifier: ISC */
/*
 * sandbox_calls.c - the seccomp filter (seccomp(2)): the system calls that the
 * process may make. The filter is generated from a table of calls; a call
 * without a row is refused.
 */
#include "server/sandbox_private.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/log.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define RESULT(u) (u)->uc_mcontext.gregs[REG_RAX]
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define RESULT(u) (u)->uc_mcontext.regs[0]
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#define RESULT(u) (u)->uc_mcontext.arm_r0
#endif

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#ifdef ARCHITECTURE

/*
 * A system call that the filter allows. If `mask` is not 0, the call is allowed
 * only if (argument & mask) == value. The filter compares the lower 32 bits of
 * the argument; the kernel uses no more of the arguments that the table tests
 * this way.
 */
struct call {
	unsigned number;
	unsigned argument;
	uint32_t mask, value;
	/* Instead of mask: the argument is one of these values, up to a 0. */
	const uint32_t *values;
	/* Instead of mask: the argument is a null pointer, in all 64 bits. */
	bool pointer;
	/*
	 * If not 0, a refused call fails with this errno without a trap, and is
	 * not logged. Without a mask the call is always refused. The C library
	 * makes these calls while it blocks all signals, and the kernel kills a
	 * process that cannot take its SIGSYS.
	 */
	int quiet;
};

#define CALL(name) .number = SYS_##name

static const struct call calls[] = {
	/* Open files, and the files of the store. */
	{ CALL(read) },
	{ CALL(readv) },
	{ CALL(pread64) },
	{ CALL(write) },
	{ CALL(writev) },
	{ CALL(pwrite64) },
	{ CALL(pwritev) },
	{ CALL(pwritev2) },
	{ CALL(lseek) },
	{ CALL(close) },
	{ CALL(openat) },
	{ CALL(fcntl) },
	/* Only the number of bytes that wait in a socket. */
	{ CALL(ioctl), .argument = 1, .mask = UINT32_MAX, .value = FIONREAD },
	{ CALL(fstat) },
	{ CALL(statx) },
	{ CALL(statfs) },
	{ CALL(fstatfs) },
	{ CALL(faccessat) },
	{ CALL(readlinkat) },
	{ CALL(getcwd) },
	{ CALL(fsync) },
	{ CALL(fdatasync) },
	{ CALL(fallocate) },
	{ CALL(flock) },
	{ CALL(ftruncate) },

	/* Connections. */
	{ CALL(accept) },
	{ CALL(accept4) },
	{ CALL(recvfrom) },
	{ CALL(recvmsg) },
	/* Only without an address, to the peer of a connected socket (a
	 * connection, or the syslog daemon). sendmsg is not allowed, because
	 * its address is in memory that a filter cannot read. */
	{ CALL(sendto), .argument = 4, .pointer = true },
	{ CALL(shutdown) },
	{ CALL(getsockname) },
	{ CALL(getpeername) },
	{ CALL(getsockopt) },
	{ CALL(setsockopt) },
	{ CALL(ppoll) },
	{ CALL(pselect6) },
	{ CALL(epoll_create1) },
	{ CALL(epoll_ctl) },
	{ CALL(epoll_pwait) },
	{ CALL(eventfd2) },
	{ CALL(signalfd4) },

	/* Memory, but never executable. */
	{ CALL(brk) },
	{ CALL(mprotect), .argument = 2, .mask = PROT_EXEC },
	{ CALL(munmap) },
	{ CALL(mremap) },
	{ CALL(madvise) },

	/* Threads, but no processes. sched_setscheduler only for the calling
	 * thread (0). */
	{ CALL(clone), .mask = CLONE_THREAD, .value = CLONE_THREAD,
	    .quiet = EPERM },
	/* After ENOSYS the C library uses clone. */
	{ CALL(clone3), .quiet = ENOSYS },
	{ CALL(set_robust_list) },
	{ CALL(rseq) },
	{ CALL(futex) },
	{ CALL(sched_yield) },
	{ CALL(sched_getaffinity) },
	{ CALL(sched_getscheduler) },
	{ CALL(sched_setscheduler), .mask = UINT32_MAX },
	{ CALL(rt_sigaction) },
	{ CALL(rt_sigprocmask) },
	{ CALL(rt_sigreturn) },
	{ CALL(sigaltstack) },
	{ CALL(restart_syscall) },
	{ CALL(exit) },
	{ CALL(exit_group) },

	/* The process itself, clocks and random bytes. prlimit64 only for the
	 * process itself (0). */
	{ CALL(getpid) },
	{ CALL(gettid) },
	{ CALL(getuid) },
	{ CALL(geteuid) },
	{ CALL(getgid) },
	{ CALL(getegid) },
	{ CALL(prlimit64), .mask = UINT32_MAX },
	{ CALL(uname) },
	{ CALL(sysinfo) },
	{ CALL(clock_gettime) },
	{ CALL(clock_getres) },
	{ CALL(clock_nanosleep) },
	{ CALL(nanosleep) },
	{ CALL(gettimeofday) },
	{ CALL(setitimer) },
	{ CALL(timer_create) },
	{ CALL(timer_settime) },
	{ CALL(timer_delete) },
	{ CALL(getrandom) },

#ifdef __LP64__
	{ CALL(newfstatat) },
	{ CALL(mmap), .argument = 2, .mask = PROT_EXEC },
#else
	/* The forms of 32 bits. */
	{ CALL(fstatat64) },
	{ CALL(fstat64) },
	{ CALL(stat64) },
	{ CALL(lstat64) },
	{ CALL(statfs64) },
	{ CALL(fstatfs64) },
	{ CALL(fcntl64) },
	{ CALL(ftruncate64) },
	{ CALL(_llseek) },
	{ CALL(_newselect) },
	{ CALL(ugetrlimit) },
	{ CALL(mmap2), .argument = 2, .mask = PROT_EXEC },
	{ CALL(sigreturn) },
	{ CALL(getuid32) },
	{ CALL(geteuid32) },
	{ CALL(getgid32) },
	{ CALL(getegid32) },
	{ CALL(ppoll_time64) },
	{ CALL(pselect6_time64) },
	{ CALL(futex_time64) },
	{ CALL(clock_gettime64) },
	{ CALL(clock_getres_time64) },
	{ CALL(clock_nanosleep_time64) },
	{ CALL(timer_settime64) },
#endif
#ifdef __arm__
	/* These take no address. */
	{ CALL(send) },
	{ CALL(recv) },
#endif
#ifdef __x86_64__
	{ CALL(stat) },
	{ CALL(lstat) },
	{ CALL(getrlimit) },
	{ CALL(select) },
	{ CALL(time) },
	{ CALL(alarm) },
#endif
#ifndef __aarch64__
	/* Old calls. */
	{ CALL(fork), .quiet = EPERM },
	{ CALL(vfork), .quiet = EPERM },
	{ CALL(open) },
	{ CALL(access) },
	{ CALL(readlink) },
	{ CALL(poll) },
	{ CALL(epoll_wait) },
#endif
};

/* The client of a database replaces a lost connection with these, by name or
 * by address. glibc asks the kernel by AF_NETLINK which address families it
 * has. */
static const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK,
	0 };
static const struct call database_calls[] = {
	{ CALL(socket), .values = families },
	{ CALL(connect) },
	{ CALL(bind) },
	{ CALL(sendmmsg) },
};

/* Instructions: the most for one call (a pointer: the test of the number, two
 * halves of four each, and the result), and those around the table. */
enum { PER_CALL = 10, AROUND = 5 };

#define FILTER_MAX \
	(PER_CALL * (COUNT(calls) + COUNT(database_calls) + 1) + (size_t)AROUND)

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short n;
};

static void
add_instruction(struct filter *f, struct sock_filter instruction)
{
	f->code[f->n++] = instruction;
}

static void
add_load(struct filter *f, size_t offset)
{
	add_instruction(f,
	    (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Compares the loaded value: skips `same` instructions if it is equal, else
 * `other`. */
static void
add_test(struct filter *f, uint32_t value, uint8_t same, uint8_t other)
{
	add_instruction(f,
	    (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, value, same, other));
}

static void
add_return(struct filter *f, uint32_t answer)
{
	add_instruction(
	    f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
}

/* The offset of an argument's lower half; on both little-endian architectures
 * it comes first. */
static size_t
argument_at(unsigned i)
{
	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "first half");
	return offsetof(struct seccomp_data, args) + i * sizeof(uint64_t);
}

/* Returns `refusal` unless 32 bits of an argument have this value under the
 * mask. */
static void
add_argument(struct filter *f, size_t at, uint32_t mask, uint32_t value,
    uint32_t refusal)
{
	add_load(f, at);
	add_instruction(
	    f, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	add_test(f, value, 1, 0);
	add_return(f, refusal);
}

/* Returns `refusal` unless an argument has one of the values. */
static void
add_values(
    struct filter *f, size_t at, const uint32_t *values, uint32_t refusal)
{
	size_t n = 0, i;

	while (values[n] != 0)
		n++;
	add_load(f, at);
	for (i = 0; i < n; i++)
		add_test(f, values[i], (uint8_t)(n - i), 0);
	add_return(f, refusal);
}

/* The part of a call's filter that follows the test of its number. */
static void
add_call(struct filter *f, const struct call *c)
{
	const size_t at = argument_at(c->argument);
	const uint32_t refusal = c->quiet != 0
	    ? SECCOMP_RET_ERRNO | (uint32_t)c->quiet
	    : SECCOMP_RET_TRAP | EPERM;

	if (c->mask != 0)
		add_argument(f, at, c->mask, c->value, refusal);
	if (c->values != NULL)
		add_values(f, at, c->values, refusal);
	if (c->pointer) {
		add_argument(f, at, UINT32_MAX, 0, refusal);
		add_argument(f, at + sizeof(uint32_t), UINT32_MAX, 0, refusal);
	}
	add_return(
	    f, c->quiet != 0 && c->mask == 0 ? refusal : SECCOMP_RET_ALLOW);
}

static void
add_calls(struct filter *f, const struct call *table, size_t n)
{
	const struct call *c;

	for (c = table; c < table + n; c++) {
		unsigned short number = f->n;

		add_test(f, c->number, 0, 0);
		add_call(f, c);
		f->code[number].jf = (uint8_t)(f->n - number - 1);
	}
}

/* The system call that was logged last. A program may repeat a refused call
 * thousands of times. */
static atomic_int last_logged = -1;

/* The handler of SIGSYS: logs the call and makes it fail with the errno that
 * the filter chose. Every call that log_line makes is allowed, so the handler
 * never interrupts log_line. */
static void
refuse_call(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	int before = errno;

	(void)number;
	if (atomic_exchange(&last_logged, info->si_syscall) != info->si_syscall)
		log_line(LOG_AT_ERROR, "sandbox: refused system call %d",
		    info->si_syscall);
	RESULT(u) = -info->si_errno;
	errno = before;
}

bool
sandbox_restrict_syscalls(const struct config *c)
{
	/* abort(3) sends itself a signal by tgkill. */
	const struct call signal_itself = { CALL(tgkill), .mask = UINT32_MAX,
		.value = (uint32_t)getpid() };
	struct sigaction trap = { .sa_sigaction = refuse_call,
		.sa_flags = SA_SIGINFO };
	struct filter f = { .n = 0 };
	struct sock_fprog program = { .filter = f.code };

	add_load(&f, offsetof(struct seccomp_data, arch));
	add_test(&f, ARCHITECTURE, 1, 0);
	add_return(&f, SECCOMP_RET_KILL_PROCESS);
	add_load(&f, offsetof(struct seccomp_data, nr));
	add_calls(&f, calls, COUNT(calls));
	if (c->database[0] != '\0')
		add_calls(&f, database_calls, COUNT(database_calls));
	add_calls(&f, &signal_itself, 1);
	add_return(&f, SECCOMP_RET_TRAP | ENOSYS);
	program.len = f.n;
	sigemptyset(&trap.sa_mask);
	return sigaction(SIGSYS, &trap, NULL) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

bool
sandbox_restrict_syscalls(const struct config *c)
{
	(void)c;
	errno = ENOSYS;
	return false;
}

#endif
