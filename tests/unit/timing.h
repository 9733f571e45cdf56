/* SPDX-License-Identifier: ISC */
/*
 * timing.h - timeouts that grow with the load of the machine, and short sleeps.
 *
 * A process that shares its processor with n others takes n times as long. So a
 * limit is multiplied by the number of runnable processes per processor: by 1
 * on an idle machine, by 10 with a load of 20 on two processors.
 */
#ifndef PUSHCERT_TIMING_H
#define PUSHCERT_TIMING_H

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/*
 * Returns the scaled limit, in the unit of the argument (usually milliseconds).
 */
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

/* Sleeps, usually between two looks at a state that another thread changes. */
static inline void
sleep_ms(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

#endif
