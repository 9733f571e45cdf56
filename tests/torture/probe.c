/* SPDX-License-Identifier: ISC */
/*
 * probe.c - a library that is preloaded into the program. After the first
 * response it tries, in the thread that wrote this response, the operations
 * that the sandbox must refuse, and reports the results on stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static bool
read_passwd(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool
write_elsewhere(void)
{
	return open(".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) >= 0;
}

static bool
make_inet(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool
make_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

/* The program does not exist, so execve returns even without a sandbox. */
static bool
execute(void)
{
	char name[] = "/nonexistent", *argv[] = { name, NULL };

	return syscall(SYS_execve, name, argv, NULL) == 0 || errno == ENOENT;
}

static bool
split(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child > 0;
}

/* The process does not exist, so ptrace fails even without a sandbox. */
static bool
trace(void)
{
	return ptrace(PTRACE_ATTACH, 0, NULL, NULL) == 0 || errno == ESRCH;
}

static bool
map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
get_random(void)
{
	char bytes[16];

	return getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes);
}

static bool
look_elsewhere(void)
{
	struct stat st;

	return stat("/etc/passwd", &st) == 0;
}

static const struct {
	const char *name;
	bool (*can)(void);
} probes[] = {
	{ "read /etc/passwd", read_passwd },
	{ "write elsewhere", write_elsewhere },
	{ "make an internet socket", make_inet },
	{ "make a unix socket", make_unix },
	{ "execute a program", execute },
	{ "make a process", split },
	{ "trace a process", trace },
	{ "map code", map_code },
	{ "get random bytes", get_random },
	{ "look at a file", look_elsewhere },
};

#define PROBES (sizeof(probes) / sizeof(probes[0]))

static void
probe(int fd)
{
	static atomic_flag begun = ATOMIC_FLAG_INIT;
	struct stat st;
	char text[1024];
	size_t i, n = 0;

	if (fstat(fd, &st) != 0 || !S_ISSOCK(st.st_mode) ||
	    atomic_flag_test_and_set(&begun))
		return;
	for (i = 0; i < PROBES; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "probe: %s: %s\n", probes[i].name,
		    probes[i].can() ? "yes" : "no");
	syscall(SYS_write, STDERR_FILENO, text, n);
}

/* --- the calls that write a response ------------------------------------ */

ssize_t
write(int fd, const void *from, size_t n)
{
	ssize_t done = syscall(SYS_write, fd, from, n);

	probe(fd);
	return done;
}

ssize_t
writev(int fd, const struct iovec *part, int parts)
{
	ssize_t done = syscall(SYS_writev, fd, part, parts);

	probe(fd);
	return done;
}

ssize_t
send(int fd, const void *from, size_t n, int flags)
{
	ssize_t done = syscall(SYS_sendto, fd, from, n, flags, NULL, 0);

	probe(fd);
	return done;
}
