/* SPDX-License-Identifier: ISC */
/*
 * fault.h - the details of a refusal, beside its outcome (err.h).
 */
#ifndef PUSHCERT_FAULT_H
#define PUSHCERT_FAULT_H

#include <stdbool.h>

#include "base/str.h"

/* What a refusal is about: pieces of the request for err's text, a piece of
 * our own, and the property at fault. */
struct fault {
	struct str what;
	struct str also;
	struct str ours;
	struct str target;
	bool withheld; /* the request holds a key: repeat nothing of it */
};

#endif
