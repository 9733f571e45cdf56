/* SPDX-License-Identifier: ISC */
/*
 * doctor_report.h - the state of a run of doctor, and how it prints a finding.
 * The checks and the table of checks both use it.
 */
#ifndef PUSHCERT_DOCTOR_REPORT_H
#define PUSHCERT_DOCTOR_REPORT_H

#include <stdbool.h>

#include "base/attr.h"
#include "tool/cmd_call.h"

/* Time stamps may be ahead of the clock by this many seconds: a clock that is
 * corrected may be set back. */
#define DOCTOR_CLOCK_SLACK 300

struct doctor {
	struct cmd_call *call;
	const char *check; /* the name of the check that runs */
	bool configured; /* the configuration was read without an error */
	/* The data directory and its files exist, and belong to this user
	 * alone. */
	bool owns_data;
	unsigned findings;
};

/*
 * Prints one line: the name of the check, the problem (a printf format) and its
 * cure, a sentence. Counts a finding. As JSON with --json.
 */
void doctor_finding(struct doctor *d, const char *cure, const char *what, ...)
    ATTR_PRINTF(3, 4);

/* The same for a limitation that is not a fault: it does not count as a
 * finding and does not change the exit status. */
void doctor_note(struct doctor *d, const char *cure, const char *what, ...)
    ATTR_PRINTF(3, 4);

#endif
