/* SPDX-License-Identifier: ISC */
/*
 * fault.h - the details of a refusal, beside its outcome (err.h).
 */
#ifndef PUSHCERT_FAULT_H
#define PUSHCERT_FAULT_H

#include <stdbool.h>

#include "base/str.h"

/* `what` and `also` are pieces of the request for the text of the outcome ({}
 * and {2} in err.h), `ours` is a piece that the server chose ({!}), and
 * `target` is the property at fault. Each may be null. */
struct fault {
	struct str what;
	struct str also;
	struct str ours;
	struct str target;
	bool withheld; /* the request holds a key: quote nothing of it */
};

#endif
