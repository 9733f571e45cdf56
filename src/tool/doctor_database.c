/* SPDX-License-Identifier: ISC */
/*
 * doctor_database.c - the check of doctor that asks the store about its
 * database. It opens the store in a child process, as doctor_store.c does.
 */
#include "tool/doctor_checks.h"

#include <stdio.h>
#include <sys/mman.h>

#include "tool/cmd_call.h"
#include "tool/doctor_report.h"

/* Seconds to connect and to ask; see START_MS and EXAMINE_MS in the store. */
#define EXAMINE_SECONDS 20
#define ADVICES_MAX 16

/* The results of the child process, in memory that it shares with its parent.
 */
struct advices {
	unsigned n;
	struct advice {
		bool is_note;
		char what[256], cure[256];
	} advice[ADVICES_MAX];
};

static void
keep(void *arg, bool is_note, const char *what, const char *cure)
{
	struct advices *all = arg;
	struct advice *a = &all->advice[all->n];

	if (all->n == ADVICES_MAX)
		return;
	a->is_note = is_note;
	snprintf(a->what, sizeof(a->what), "%s", what);
	snprintf(a->cure, sizeof(a->cure), "%s", cure);
	all->n++;
}

static enum err
examine(struct cmd_call *c, void *arg)
{
	enum err e;

	if ((e = cmd_try_store(c, false)) != ERR_OK)
		return e;
	return store_examine(c->store, keep, arg);
}

static void
report(struct doctor *d, const struct advices *all)
{
	/* The name of the check says where a database is. */
	bool in_files = d->call->config.database[0] == '\0';
	const char *place = in_files ? d->call->config.data : "";
	const char *colon = in_files ? ": " : "";
	const struct advice *a;
	unsigned i;

	for (i = 0; i < all->n; i++) {
		a = &all->advice[i];
		if (a->is_note)
			doctor_note(
			    d, a->cure, "%s%s%s", place, colon, a->what);
		else
			doctor_finding(
			    d, a->cure, "%s%s%s", place, colon, a->what);
	}
}

static void
report_failure(struct doctor *d, enum err e)
{
	d->owns_data = false;
	if (e == ERR_NO_STORE)
		doctor_finding(d,
		    "Run pushcert init --owner ROLE with the role that owns "
		    "the schema.",
		    "the schema %s is missing, or this role may not use it",
		    d->call->config.database_schema);
	else
		doctor_finding(d,
		    "The lines on standard error have the reason.",
		    "the store cannot be opened");
}

void
doctor_check_database(struct doctor *d)
{
	struct advices *all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	enum err e = ERR_MEMORY;
	int died = 0;

	if (all != MAP_FAILED)
		e = cmd_in_child(d->call, examine, all, EXAMINE_SECONDS, &died);
	if (e == ERR_OK)
		report(d, all);
	else
		report_failure(d, e);
	if (all != MAP_FAILED)
		munmap(all, sizeof(*all));
}
