/* SPDX-License-Identifier: ISC */
/*
 * sandbox.c - applies the four parts of the sandbox: no inspection, no new
 * privileges, Landlock rules for files, and a seccomp filter that is generated
 * from a table of system calls.
 *
 * The order matters: an unprivileged process may use Landlock and seccomp only
 * when it has given up new privileges (no_new_privs), and the seccomp filter
 * comes last because it refuses the system calls of the other parts.
 */
#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/log.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define RESULT(u) (u)->uc_mcontext.gregs[REG_RAX]
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define RESULT(u) (u)->uc_mcontext.regs[0]
#endif

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- files ---------------------------------------------------------------- */

#define TRUNCATE ((uint64_t)1 << 14)

/*
 * The access rights that each version of Landlock added. The process handles,
 * and so denies, every right that the running kernel knows. Newer rights are
 * written as numbers, because the kernel headers may be older than the kernel.
 */
static const struct ability {
	int version;
	uint64_t files, net, scoped;
} abilities[] = {
	{ 1, ((uint64_t)LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, 0, 0 },
	{ 2, (uint64_t)1 << 13 /* REFER */, 0, 0 },
	{ 3, TRUNCATE, 0, 0 },
	{ 4, 0, 1 << 0 /* BIND_TCP */ | 1 << 1 /* CONNECT_TCP */, 0 },
	{ 5, (uint64_t)1 << 15 /* IOCTL_DEV */, 0, 0 },
	{ 6, 0, 0, 1 << 0 /* ABSTRACT_UNIX_SOCKET */ | 1 << 1 /* SIGNAL */ },
};

/* The service may reopen the store while it runs (lmdb_watch.c); MAKE_REG is
 * needed to create its lock file. */
#define DATA_RIGHTS                                                     \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | \
	    TRUNCATE)

/* The kernel's struct landlock_ruleset_attr with all its fields. A kernel with
 * a shorter struct accepts a longer one as long as the fields it does not know
 * are 0. */
struct ruleset {
	uint64_t files, net, scoped;
};

static struct ruleset
handled_rights(int version)
{
	struct ruleset r = { .files = 0 };
	size_t i;

	for (i = 0; i < COUNT(abilities); i++) {
		if (version < abilities[i].version)
			break;
		r.files |= abilities[i].files;
		r.net |= abilities[i].net;
		r.scoped |= abilities[i].scoped;
	}
	return r;
}

static bool
allow_beneath(int ruleset, const char *directory, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	long rc;

	rule.parent_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return false;
	rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
	    &rule, 0);
	close(rule.parent_fd);
	return rc == 0;
}

/* Allows reading in the directory of a file that cannot be read yet: an
 * administrator may put the file there while the service runs. A file that can
 * be read now has been loaded already. */
static void
allow_missing(int ruleset, struct str file)
{
	char path[CONFIG_TEXT_MAX];

	snprintf(path, sizeof(path), "%.*s", STR_ARG(file));
	if (path[0] == '\0' || access(path, R_OK) == 0)
		return;
	(void)allow_beneath(
	    ruleset, dirname(path), LANDLOCK_ACCESS_FS_READ_FILE);
}

/* Allows reading in the directory of a file. A new version of the file replaces
 * the old one by rename(2), and a rule for the file itself would not hold for
 * the new inode. */
static bool
allow_successors(int ruleset, const char *file)
{
	char path[CONFIG_TEXT_MAX];

	if (file[0] == '\0')
		return true;
	strcpy(path, file);
	return allow_beneath(
	    ruleset, dirname(path), LANDLOCK_ACCESS_FS_READ_FILE);
}

static bool
allow_files(int ruleset, const struct config *c, uint64_t known)
{
	struct str chain = str_of(c->vendor_certificate);

	if (!allow_beneath(ruleset, c->data, DATA_RIGHTS & known))
		return false;
	while (!str_is_null(chain))
		allow_missing(ruleset, str_trim(str_cut(&chain, ',')));
	allow_missing(ruleset, str_of(c->vendor_key));
	/* The key file's directory may be missing, so a failure here is
	 * ignored; the key can then be loaded only after a restart. */
	(void)allow_successors(ruleset, c->key_file);
	return allow_successors(ruleset, c->jwks_file);
}

/* Applies the whole set of rules, or none of it. */
static bool
restrict_files(const struct config *c)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	const struct ruleset r = handled_rights((int)version);
	bool good;
	int fd;

	if (version < 1)
		return false;
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	if (fd < 0)
		return false;
	good = allow_files(fd, c, r.files) &&
	    syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	return good;
}

/* --- system calls --------------------------------------------------------- */

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
	/* Instead of mask: the argument is a null pointer, in all 64 bits. */
	bool pointer;
	/* Fails with ENOSYS and is not logged: the C library then uses the
	 * older call. */
	bool absent;
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
	{ CALL(fstat) },
	{ CALL(newfstatat) },
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
	{ CALL(mmap), .argument = 2, .mask = PROT_EXEC },
	{ CALL(mprotect), .argument = 2, .mask = PROT_EXEC },
	{ CALL(munmap) },
	{ CALL(mremap) },
	{ CALL(madvise) },

	/* Threads, but no processes. sched_setscheduler only for the calling
	 * thread (0). */
	{ CALL(clone), .mask = CLONE_THREAD, .value = CLONE_THREAD },
	{ CALL(clone3), .absent = true },
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

#ifdef __x86_64__
	/* Old calls, which aarch64 does not have. */
	{ CALL(open) },
	{ CALL(stat) },
	{ CALL(lstat) },
	{ CALL(access) },
	{ CALL(readlink) },
	{ CALL(poll) },
	{ CALL(select) },
	{ CALL(epoll_wait) },
	{ CALL(getrlimit) },
	{ CALL(time) },
	{ CALL(alarm) },
#endif
};

/* Instructions: the most for one call (a pointer: the test of the number, two
 * halves of four each, and the result), and those around the table. */
enum { PER_CALL = 10, AROUND = 5 };

#define FILTER_MAX (PER_CALL * (COUNT(calls) + 1) + (size_t)AROUND)

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

/* Traps with EPERM unless 32 bits of an argument have this value under the
 * mask. */
static void
add_argument(struct filter *f, size_t at, uint32_t mask, uint32_t value)
{
	add_load(f, at);
	add_instruction(
	    f, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	add_test(f, value, 1, 0);
	add_return(f, SECCOMP_RET_TRAP | EPERM);
}

/* The part of a call's filter that follows the test of its number. */
static void
add_call(struct filter *f, const struct call *c)
{
	const size_t at = argument_at(c->argument);

	if (c->mask != 0)
		add_argument(f, at, c->mask, c->value);
	if (c->pointer) {
		add_argument(f, at, UINT32_MAX, 0);
		add_argument(f, at + sizeof(uint32_t), UINT32_MAX, 0);
	}
	add_return(
	    f, c->absent ? SECCOMP_RET_ERRNO | ENOSYS : SECCOMP_RET_ALLOW);
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

static bool
restrict_syscalls(const struct config *c)
{
	/* abort(3) sends itself a signal by tgkill. */
	const struct call signal_itself = { CALL(tgkill), .mask = UINT32_MAX,
		.value = (uint32_t)getpid() };
	struct sigaction trap = { .sa_sigaction = refuse_call,
		.sa_flags = SA_SIGINFO };
	struct filter f = { .n = 0 };
	struct sock_fprog program = { .filter = f.code };

	(void)c;
	add_load(&f, offsetof(struct seccomp_data, arch));
	add_test(&f, ARCHITECTURE, 1, 0);
	add_return(&f, SECCOMP_RET_KILL_PROCESS);
	add_load(&f, offsetof(struct seccomp_data, nr));
	add_calls(&f, calls, COUNT(calls));
	add_calls(&f, &signal_itself, 1);
	add_return(&f, SECCOMP_RET_TRAP | ENOSYS);
	program.len = f.n;
	sigemptyset(&trap.sa_mask);
	return sigaction(SIGSYS, &trap, NULL) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

static bool
restrict_syscalls(const struct config *c)
{
	(void)c;
	errno = ENOSYS;
	return false;
}

#endif

/* --- the whole sandbox ---------------------------------------------------- */

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
	{ "renouncing of privileges", renounce_privileges },
	{ "Landlock", restrict_files },
	{ "seccomp", restrict_syscalls },
};

bool
sandbox_enter(const struct config *c, enum log_level level)
{
	bool whole = true;
	size_t i;

	for (i = 0; i < COUNT(parts); i++) {
		if (parts[i].apply(c))
			continue;
		whole = false;
		log_line(level, "sandbox: no %s: %s", parts[i].name,
		    strerror(errno));
	}
	return whole;
}
