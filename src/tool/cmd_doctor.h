/* SPDX-License-Identifier: ISC */
/*
 * cmd_doctor.h - what the two halves of doctor share: the checks of this
 * machine, and those of the mount as a client sees it. Private to command.
 */
#ifndef PUSHCERT_CMD_DOCTOR_H
#define PUSHCERT_CMD_DOCTOR_H

#include <stdbool.h>

#include "base/attr.h"
#include "tool/cmd_call.h"

struct doctor {
	struct cmd_call *call;
	const char *check; /* the name of the one that runs */
	bool configured; /* the configuration could be read */
	bool at_home; /* the data directory is there, and ours */
	unsigned findings;
};

/* Prints one finding: what is wrong, and its cure. */
void cmd_finding(struct doctor *d, const char *cure, const char *what, ...)
    ATTR_PRINTF(3, 4);

/* The same for a limit that is not wrong: it does not count as a finding. */
void cmd_note(struct doctor *d, const char *cure, const char *what, ...)
    ATTR_PRINTF(3, 4);

/* Looks whether others may write to the configuration or the key set. */
void cmd_doctor_trust(struct doctor *d);
/* Looks at the key set. */
void cmd_doctor_keys(struct doctor *d);

/* Looks at --url with the token of --token-file. */
void cmd_doctor_url(struct doctor *d);

#endif
