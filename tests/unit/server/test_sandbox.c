/* SPDX-License-Identifier: ISC */
/*
 * test_sandbox.c - which operations the sandbox allows and which it denies.
 * Each row runs in a process of its own, because a process cannot leave the
 * sandbox.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/sandbox.h"
#include "unit.h"

#define PAGE ((size_t)4096)
/* Any user but root. */
#define NOBODY 65534
/* A number that no system call has. */
#define NO_CALL 100000

static char data[256], within[256], beside[256];
static pid_t parent;
static char key_directory[256], keys[256], successor[256];
static char there[256], late_directory[256], late[256];
static char vendor_directory[256], vendor[256];

/* Returns errno after a failure, else 0. */
static int
cause(bool failed)
{
	return failed ? errno : 0;
}

/* --- actions ------------------------------------------------------------ */

static int
opens(const char *path, int flags)
{
	return cause(open(path, flags | O_CLOEXEC, 0600) < 0);
}

static int
read_passwd(void)
{
	return opens("/etc/passwd", O_RDONLY);
}

static int
write_beside(void)
{
	return opens(beside, O_WRONLY | O_CREAT);
}

static int
write_keys(void)
{
	return opens(keys, O_WRONLY);
}

static int
read_keys(void)
{
	return opens(keys, O_RDONLY);
}

static int
read_secret(void)
{
	return opens(there, O_RDONLY);
}

static int
read_late_secret(void)
{
	return opens(late, O_RDONLY);
}

static int
read_vendor(void)
{
	return opens(vendor, O_RDONLY);
}

static int
list_keys(void)
{
	return opens(key_directory, O_RDONLY | O_DIRECTORY);
}

static int
create_data(void)
{
	return opens(within, O_RDWR | O_CREAT | O_TRUNC);
}

static int
list_data(void)
{
	return opens(data, O_RDONLY | O_DIRECTORY);
}

static int
look_at_passwd(void)
{
	struct stat st;

	return cause(stat("/etc/passwd", &st) != 0);
}

static int
remove_data(void)
{
	return cause(unlink(data) != 0);
}

static int
rename_data(void)
{
	return cause(rename(data, beside) != 0);
}

static int
open_data(void)
{
	return cause(chmod(data, 0777) != 0);
}

static int
make_inet(void)
{
	return cause(socket(AF_INET, SOCK_STREAM, 0) < 0);
}

static int
make_unix(void)
{
	return cause(socket(AF_UNIX, SOCK_DGRAM, 0) < 0);
}

static int
execute(void)
{
	return cause(execl("/bin/true", "true", (char *)NULL) != 0);
}

static int
split(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return cause(child < 0);
}

static int
spawn(void)
{
	char *argv[] = { (char *)(uintptr_t) "true", NULL };

	return posix_spawn(NULL, "/bin/true", NULL, NULL, argv, argv + 1);
}

/* The C library blocks all signals in fork and in posix_spawn; which of them
 * depends on its version. */
static int
without_signals(int (*run)(void))
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	return run();
}

static int
split_without_signals(void)
{
	return without_signals(split);
}

static int
spawn_without_signals(void)
{
	return without_signals(spawn);
}

#ifdef SYS_fork
/* musl uses these calls. */
static int
fork_by_number(void)
{
	long child = syscall(SYS_fork);

	if (child == 0)
		_exit(0);
	return cause(child < 0);
}

static int
fork_by_number_without_signals(void)
{
	return without_signals(fork_by_number);
}
#endif

static int
trace(void)
{
	return cause(ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0);
}

static int
signal_parent(void)
{
	return cause(kill(parent, 0) != 0);
}

static int
signal_thread(void)
{
	return cause(syscall(SYS_tgkill, parent, parent, 0) != 0);
}

static int
limit_parent(void)
{
	struct rlimit r;

	return cause(prlimit(parent, RLIMIT_NOFILE, NULL, &r) != 0);
}

static int
schedule_parent(void)
{
	const struct sched_param none = { .sched_priority = 0 };

	return cause(sched_setscheduler(parent, SCHED_BATCH, &none) != 0);
}

static int
schedule_itself(void)
{
	const struct sched_param none = { .sched_priority = 0 };

	return cause(sched_setscheduler(0, SCHED_BATCH, &none) != 0);
}

static int
limit_itself(void)
{
	struct rlimit r;

	return cause(getrlimit(RLIMIT_NOFILE, &r) != 0 ||
	    setrlimit(RLIMIT_NOFILE, &r) != 0);
}

static int
map_code(void)
{
	return cause(mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

static void *
map_data(void)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int
make_code(void)
{
	return cause(mprotect(map_data(), PAGE, PROT_READ | PROT_EXEC) != 0);
}

static int
protect_data(void)
{
	return cause(mprotect(map_data(), PAGE, PROT_READ) != 0);
}

static int
change_user(void)
{
	return cause(setuid(getuid()) != 0);
}

static int
leave_namespace(void)
{
	return cause(unshare(CLONE_NEWUSER) != 0);
}

static int
make_memfd(void)
{
	return cause(memfd_create("x", 0) < 0);
}

static int
lift_privacy(void)
{
	return cause(prctl(PR_SET_DUMPABLE, 1) != 0);
}

static int
call_nothing(void)
{
	return cause(syscall(NO_CALL) != 0);
}

static void *
nothing(void *arg)
{
	return arg;
}

static int
make_thread(void)
{
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, nothing, NULL);

	return rc != 0 ? rc : pthread_join(thread, NULL);
}

static int
get_random(void)
{
	char bytes[16];

	return cause(getrandom(bytes, sizeof(bytes), 0) < 0);
}

static int
has_no_core(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_max == 0 ? 0 : EFBIG;
}

/* Two connected sockets. */
static int pair[2];

static int
send_to_name(void)
{
	const struct sockaddr_un name = { .sun_family = AF_UNIX,
		.sun_path = "/nowhere" };

	return cause(sendto(pair[0], "x", 1, MSG_DONTWAIT,
			 (const struct sockaddr *)&name, sizeof(name)) < 0);
}

static int
send_message(void)
{
	const struct msghdr m = { .msg_iov = NULL };

	return cause(sendmsg(pair[0], &m, MSG_DONTWAIT) < 0);
}

static int
send_to_peer(void)
{
	return cause(send(pair[0], "x", 1, MSG_DONTWAIT) < 0);
}

static int
count_bytes(void)
{
	int n;

	return cause(ioctl(pair[0], FIONREAD, &n) != 0);
}

/* Any other ioctl, such as those that put text into a terminal. */
static int
control_device(void)
{
	return cause(ioctl(pair[0], TIOCSTI, "x") != 0);
}

/* --- helpers ------------------------------------------------------------ */

static long
landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

/* Whether the rows about system calls have to be skipped; prints the reason. A
 * kernel with seccomp finds no filter at a null pointer. */
static bool
skips(const char *name)
{
	const char *why = NULL;

#ifdef __i386__
	why = "no filter for this processor";
#endif
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) == 0 ||
	    errno != EFAULT)
		why = "no seccomp in this kernel";
	if (why != NULL)
		printf("%s: skipped: %s\n", name, why);
	return why != NULL;
}

static struct config
configured(bool to_syslog)
{
	struct config c;

	config_default(&c);
	strcpy(c.data, data);
	strcpy(c.jwks_file, keys);
	snprintf(c.vendor_certificate, sizeof(c.vendor_certificate),
	    "/nowhere/chain, %s", vendor);
	strcpy(c.key_file, late);
	c.syslog = to_syslog;
	return c;
}

static void
make_file(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* Runs `run` in the sandbox and returns the wait status. The new keys and the
 * late secret are created after the process has entered the sandbox. */
static int
end_of(int (*run)(void), bool to_syslog, int errors)
{
	const struct config c = configured(to_syslog);
	int status = -1, ready[2], go[2];
	char byte = 0;
	pid_t child;

	ck_assert(pipe(ready) == 0 && pipe(go) == 0);
	ck_assert(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
	child = fork();
	if (child == 0) {
		close(go[1]);
		if (errors >= 0)
			dup2(errors, STDERR_FILENO);
		sandbox_enter(&c, LOG_AT_WARNING);
		close(ready[1]);
		_exit(read(go[0], &byte, 1) == 0 ? run() : 255);
	}
	close(ready[1]);
	close(go[0]);
	ck_assert(read(ready[0], &byte, 1) == 0);
	make_file(late);
	make_file(successor);
	rename(successor, keys);
	close(go[1]);
	close(ready[0]);
	close(pair[0]);
	close(pair[1]);
	ck_assert(waitpid(child, &status, 0) == child);
	unlink(late);
	return status;
}

static const struct row {
	const char *name;
	int (*run)(void);
	int want;
	long landlock; /* the Landlock version that the row needs, or 0 */
	bool to_syslog;
} rows[] = {
	{ "reads no /etc/passwd", read_passwd, EACCES, 1, false },
	{ "writes no file beside the data", write_beside, EACCES, 1, false },
	{ "writes no keys", write_keys, EACCES, 1, false },
	{ "does not list the directory of the keys", list_keys, EACCES, 1,
	    false },
	{ "does not read a secret that is left out", read_secret, EACCES, 1,
	    false },
	{ "removes no file", remove_data, ENOSYS, 0, false },
	{ "renames no file", rename_data, ENOSYS, 0, false },
	{ "does not change the mode of files", open_data, ENOSYS, 0, false },
	{ "makes no internet socket", make_inet, ENOSYS, 0, false },
	{ "makes no unix socket", make_unix, ENOSYS, 0, false },
	{ "makes no unix socket for syslog", make_unix, ENOSYS, 0, true },
	{ "sends to no address", send_to_name, EPERM, 0, true },
	{ "sends no message, which may carry an address", send_message, ENOSYS,
	    0, true },
	{ "executes no program", execute, ENOSYS, 0, false },
	{ "makes no process", split, EPERM, 0, false },
	{ "makes no process while signals are blocked", split_without_signals,
	    EPERM, 0, false },
	{ "spawns no program", spawn, EPERM, 0, false },
	{ "spawns no program while signals are blocked", spawn_without_signals,
	    EPERM, 0, false },
#ifdef SYS_fork
	{ "makes no process by the old call", fork_by_number_without_signals,
	    EPERM, 0, false },
#endif
	{ "cannot be traced", trace, ENOSYS, 0, false },
	{ "sends no signal", signal_parent, ENOSYS, 0, false },
	{ "does not signal threads of other processes", signal_thread, EPERM, 0,
	    false },
	{ "does not see the limits of other processes", limit_parent, EPERM, 0,
	    false },
	{ "does not schedule other processes", schedule_parent, EPERM, 0,
	    false },
	{ "controls no device", control_device, EPERM, 0, false },
	{ "maps no code", map_code, EPERM, 0, false },
	{ "does not make data executable", make_code, EPERM, 0, false },
	{ "does not change the user", change_user, ENOSYS, 0, false },
	{ "makes no namespace", leave_namespace, ENOSYS, 0, false },
	{ "makes no file in memory", make_memfd, ENOSYS, 0, false },
	{ "does not become dumpable again", lift_privacy, ENOSYS, 0, false },
	{ "refuses unknown system calls", call_nothing, ENOSYS, 0, false },

	{ "reads new keys in place of the old ones", read_keys, 0, 0, false },
	{ "reads a secret that was created later", read_late_secret, 0, 0,
	    false },
	{ "reads the second file of a vendor", read_vendor, 0, 0, false },
	{ "creates and cuts files in the data", create_data, 0, 0, false },
	{ "opens the data directory", list_data, 0, 0, false },
	{ "looks at files elsewhere", look_at_passwd, 0, 0, false },
	{ "sends to its peer", send_to_peer, 0, 0, true },
	{ "counts the bytes that wait in a socket", count_bytes, 0, 0, false },
	{ "schedules itself", schedule_itself, 0, 0, false },
	{ "limits itself", limit_itself, 0, 0, false },
	{ "protects data", protect_data, 0, 0, false },
	{ "makes threads", make_thread, 0, 0, false },
	{ "gets random bytes", get_random, 0, 0, false },
	{ "leaves no core", has_no_core, 0, 0, false },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

START_TEST(keeps_in)
{
	const struct row *r = &rows[_i];
	int status;

	if (r->landlock > 0 && r->landlock > landlock()) {
		printf("%s: skipped: Landlock %ld\n", r->name, landlock());
		return;
	}
	if (r->landlock == 0 && r->want != 0 && skips(r->name))
		return;
	status = end_of(r->run, r->to_syslog, -1);
	unit_check(r->name, WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) == r->want, "%s: %s", r->name,
	    strerror(WEXITSTATUS(status)));
}
END_TEST

static int
die(void)
{
	abort();
}

/* Calls getpid through the 32-bit system call gate. */
static int
call_foreign(void)
{
#ifdef __x86_64__
	long number = 20;

	/* AddressSanitizer installs a handler for this signal. */
	signal(SIGSEGV, SIG_DFL);
	__asm__ volatile("int $0x80" : "+a"(number) : : "memory");
#else
	raise(SIGSYS);
#endif
	return 0;
}

/*
 * Returns the signal that ends a process which makes that call outside the
 * sandbox, or 0. A kernel without 32-bit emulation (CONFIG_IA32_EMULATION=n, or
 * booted with ia32_emulation=0) has no such gate, and the call then raises
 * SIGSEGV everywhere.
 */
static int
signal_of_gate(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		call_foreign();
		_exit(0);
	}
	ck_assert(child > 0 && waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

START_TEST(ends_by_a_signal)
{
	int status = end_of(die, false, -1);
	int gate = signal_of_gate();

	if (skips("ends by a signal"))
		return;
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	if (gate == SIGSEGV)
		printf("this kernel has no 32-bit system calls: each of them "
		       "is SIGSEGV, with or without the sandbox\n");
	status = end_of(call_foreign, false, -1);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), gate == SIGSEGV ? SIGSEGV : SIGSYS);
}
END_TEST

/* Stores the first line that `run` logs on stderr. */
static void
first_log_line(int (*run)(void), char line[256])
{
	int fds[2];
	ssize_t n;

	ck_assert(pipe(fds) == 0);
	end_of(run, false, fds[1]);
	close(fds[1]);
	n = read(fds[0], line, 255);
	line[n > 0 ? n : 0] = '\0';
	close(fds[0]);
}

static int
call_nothing_twice(void)
{
	call_nothing();
	return call_nothing();
}

START_TEST(logs_refused_calls)
{
	char line[256], want[128];

	if (skips("logs refused calls"))
		return;
	if (landlock() >= 1) {
		first_log_line(read_keys, line);
		ck_assert_str_eq(line, "");
	}
	first_log_line(call_nothing, line);
	snprintf(want, sizeof(want),
	    "pushcert: sandbox: refused system call %d\n", NO_CALL);
	ck_assert_ptr_nonnull(strstr(line, want));
	first_log_line(call_nothing_twice, line);
	ck_assert_ptr_null(strstr(strstr(line, want) + 1, want));
}
END_TEST

/* A system call that a kernel may refuse: `call` fails if its argument number
 * `argument` has this value. */
static const struct lack {
	const char *name;
	unsigned call, argument, value;
	int cause;
	const char *line;
	int execution; /* the errno of execve afterwards */
} lacks[] = {
	{ "a kernel without Landlock", SYS_landlock_create_ruleset, 0, 0,
	    ENOSYS, "Landlock is not in effect: Function not implemented",
	    ENOSYS },
	{ "no set of rules", SYS_landlock_create_ruleset, 2, 0, EMFILE,
	    "Landlock is not in effect: Too many open files", ENOSYS },
	{ "no rule for the data", SYS_landlock_add_rule, 3, 0, EBADFD,
	    "Landlock is not in effect: File descriptor in bad state", ENOSYS },
	{ "too many sets of rules", SYS_landlock_restrict_self, 1, 0, E2BIG,
	    "Landlock is not in effect: Argument list too long", ENOSYS },
	{ "limits that stay", SYS_prlimit64, 0, 0, EPERM,
	    "privacy is not in effect: Operation not permitted", ENOSYS },
	{ "no privacy", SYS_prctl, 0, PR_SET_DUMPABLE, EINVAL,
	    "privacy is not in effect: Invalid argument", ENOSYS },
	{ "privileges that stay", SYS_prctl, 0, PR_SET_NO_NEW_PRIVS, EINVAL,
	    "no_new_privs is not in effect: Invalid argument", ENOSYS },
	{ "a kernel without seccomp", SYS_prctl, 0, PR_SET_SECCOMP, EINVAL,
	    "seccomp is not in effect: Invalid argument", EACCES },
	{ "no handler", SYS_rt_sigaction, 0, SIGSYS, EPERM,
	    "seccomp is not in effect: Operation not permitted", EACCES },
};

static bool
take_away(const struct lack *l)
{
	const size_t at = offsetof(struct seccomp_data, args) +
	    l->argument * sizeof(uint64_t);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, l->call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)at),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, l->value, 0, 1),
		BPF_STMT(
		    BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)l->cause),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .filter = code,
		.len = sizeof(code) / sizeof(code[0]) };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Each remaining layer of the sandbox works without the missing one. */
START_TEST(works_without_one_layer)
{
	const struct lack *l = &lacks[_i];
	const struct config c = configured(false);
	char lines[512] = "", want[256];
	int fds[2], status;
	pid_t child;

	if (landlock() < 1) {
		printf("%s: skipped: no Landlock\n", l->name);
		return;
	}
	if (skips(l->name))
		return;
	ck_assert(pipe(fds) == 0);
	child = fork();
	if (child == 0) {
		dup2(fds[1], STDERR_FILENO);
		if (!take_away(l) || sandbox_enter(&c, LOG_AT_WARNING))
			_exit(255);
		execute();
		_exit(execute());
	}
	close(fds[1]);
	ck_assert(waitpid(child, &status, 0) == child);
	unit_check(l->name, WIFEXITED(status));
	ck_assert_int_gt(read(fds[0], lines, sizeof(lines) - 1), 0);
	snprintf(want, sizeof(want), "pushcert: sandbox: %s\n", l->line);
	if (l->execution == ENOSYS)
		snprintf(want + strlen(want), sizeof(want) - strlen(want),
		    "pushcert: sandbox: refused system call %d\n", SYS_execve);
	ck_assert_str_eq(lines, want);
	ck_assert_msg(WEXITSTATUS(status) == l->execution, "%s: %s", l->name,
	    strerror(WEXITSTATUS(status)));
	close(fds[0]);
}
END_TEST

START_TEST(logs_a_missing_layer)
{
	struct config c = configured(false);
	char line[256];
	int fds[2];
	pid_t child;
	ssize_t n;

	strcpy(c.data, "/nonexistent");
	ck_assert(pipe(fds) == 0);
	child = fork();
	if (child == 0) {
		dup2(fds[1], STDERR_FILENO);
		_exit(sandbox_enter(&c, LOG_AT_WARNING));
	}
	close(fds[1]);
	ck_assert(waitpid(child, NULL, 0) == child);
	n = read(fds[0], line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	ck_assert_ptr_nonnull(
	    strstr(line, "pushcert: sandbox: Landlock is not in effect: "));
	close(fds[0]);
}
END_TEST

static uid_t
owner_of(pid_t process)
{
	struct stat st = { .st_uid = 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)process);
	ck_assert(stat(path, &st) == 0);
	return st.st_uid;
}

/* In /proc, the files of a process that its own user must not inspect belong to
 * root. */
START_TEST(other_processes_cannot_inspect_it)
{
	const struct config c = configured(false);
	int ready[2], hold[2];
	char byte;
	pid_t child;

	ck_assert(pipe(ready) == 0 && pipe(hold) == 0);
	child = fork();
	if (child == 0) {
		close(hold[1]);
		if (getuid() == 0 && setuid(NOBODY) != 0)
			_exit(1);
		prctl(PR_SET_DUMPABLE, 1);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		kill(getpid(), SIGSTOP);
		sandbox_enter(&c, LOG_AT_DEBUG);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		_exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
	}
	ck_assert(read(ready[0], &byte, 1) == 1);
	ck_assert_uint_ne(owner_of(child), 0);
	while (waitpid(child, NULL, WUNTRACED) != child)
		;
	kill(child, SIGCONT);
	ck_assert(read(ready[0], &byte, 1) == 1);
	ck_assert_uint_eq(owner_of(child), 0);
	close(hold[1]);
	ck_assert(waitpid(child, NULL, 0) == child);
}
END_TEST

static void
make_files(void)
{
	const char *dir = unit_directory();

	snprintf(data, sizeof(data), "%s/data", dir);
	snprintf(within, sizeof(within), "%s/data/file", dir);
	snprintf(beside, sizeof(beside), "%s/beside", dir);
	snprintf(key_directory, sizeof(key_directory), "%s/keys", dir);
	snprintf(keys, sizeof(keys), "%s/keys/jwks", dir);
	snprintf(successor, sizeof(successor), "%s/keys/jwks.new", dir);
	snprintf(there, sizeof(there), "%s/there", dir);
	snprintf(late_directory, sizeof(late_directory), "%s/late", dir);
	snprintf(late, sizeof(late), "%s/late/key", dir);
	snprintf(vendor_directory, sizeof(vendor_directory), "%s/vendor", dir);
	snprintf(vendor, sizeof(vendor), "%s/vendor/chain", dir);
	mkdir(vendor_directory, 0700);
	make_file(vendor);
	mkdir(data, 0700);
	mkdir(key_directory, 0700);
	mkdir(late_directory, 0700);
	make_file(there);
}

int
main(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tc = tcase_create("sandbox");

	parent = getpid();
	make_files();
	tcase_add_loop_test(tc, keeps_in, 0, ROWS);
	tcase_add_test(tc, ends_by_a_signal);
	tcase_add_test(tc, logs_refused_calls);
	tcase_add_test(tc, logs_a_missing_layer);
	tcase_add_loop_test(
	    tc, works_without_one_layer, 0, sizeof(lacks) / sizeof(lacks[0]));
	tcase_add_test(tc, other_processes_cannot_inspect_it);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
