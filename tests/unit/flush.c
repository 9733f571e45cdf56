/* SPDX-License-Identifier: ISC */
/*
 * flush.c - writes coverage data before _exit, in builds for gcov only.
 *
 * Such a build compiles every call of _exit as flush_exit. A process that may
 * no longer open files for writing skips the dump: gcov would complain on
 * stderr, and some tests read stderr.
 */
#include <fcntl.h>
#include <stddef.h>

#undef _exit

struct fault_plan;

/* Programs that make calls fail define fault_watch (tests/torture/fault.h).
 * flush_exit switches the faults off, so that no call of gcov fails. */
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
