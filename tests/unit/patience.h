/* SPDX-License-Identifier: ISC */
/*
 * timeout_ms.h - how long a test waits for what takes a known time on a machine
 * that does nothing else.
 *
 * A process that has to share its processor with n others takes n times as
 * long. So a limit of time is multiplied by the number of processes that want
 * to run on each processor: by 1 on a quiet machine, by 10 with a load of 20 on
 * two processors.
 */
#ifndef PUSHCERT_PATIENCE_H
#define PUSHCERT_PATIENCE_H

#include <stdio.h>
#include <unistd.h>

/* Milliseconds, or whatever the limit counts. */
static inline long
timeout_ms(long limit)
{
	FILE *f = fopen("/proc/loadavg", "re");
	double load = 0;
	long running = 0, processors = sysconf(_SC_NPROCESSORS_ONLN), times;

	if (f != NULL) {
		if (fscanf(f, "%lf %*f %*f %ld", &load, &running) != 2)
			load = 0;
		fclose(f);
	}
	if (running < (long)load)
		running = (long)load;
	times = processors > 0 ? running / processors : 1;
	return times > 1 ? limit * times : limit;
}

#endif
