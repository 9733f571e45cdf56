/* SPDX-License-Identifier: ISC */
/*
 * flush.c - in a build for gcov only, where every _exit is flush_exit: a
 * process that ends so writes what it counted all the same, unless it may not
 * write any more: gcov would complain on stderr, and there are tests that read
 * that.
 */
#include <fcntl.h>
#include <stddef.h>

#undef _exit

struct fault_plan;

/* Of the programs that let calls fail (tests/torture/fault.h): those of gcov
 * are not meant. */
__attribute__((weak)) void fault_watch(struct fault_plan *plan);

_Noreturn void _exit(int status);
_Noreturn void flush_exit(int status);
void __gcov_dump(void);

void
flush_exit(int status)
{
	if (fault_watch != NULL)
		fault_watch(NULL);
	if (open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0)
		__gcov_dump();
	_exit(status);
}
