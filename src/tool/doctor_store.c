/* SPDX-License-Identifier: ISC */
/*
 * doctor_store.c - the checks of doctor that open the store. They open it in a
 * child process: a damaged store may kill the process that reads it, and a lock
 * that another process holds may block it.
 */
#include "tool/doctor_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "format/datetime.h"
#include "rules/csr.h"
#include "tool/cmd_call.h"
#include "tool/cmd_topics.h"
#include "tool/doctor_report.h"

#define MIB ((uint64_t)1 << 20)

/* Seconds to read the whole store; a large store needs far less. */
#define READ_SECONDS 120

/*
 * Seconds to wait for the write lock. Even on a slow disk a writer needs less.
 */
#define WRITE_SECONDS 10

/*
 * The results of the child process, in memory that it shares with its parent.
 */
struct facts {
	struct store_counts counts;
	uint64_t sealed, opened;
	bool can_seal;
	int64_t newest_at; /* when a record was last changed */
	uint64_t used, size; /* of the map, in bytes */
	unsigned format;
	struct store_reader_age oldest; /* pid 0: none */
	size_t shared; /* topics that several tenants have */
	struct guid same[2]; /* tenants with the first of these topics */
};

struct reading {
	struct facts *facts;
	struct secrets secrets;
	struct cmd_topics topics;
};

static enum err
note_change(const struct guid *tenant, const struct record *r, void *arg)
{
	struct reading *p = arg;
	struct facts *facts = p->facts;
	struct instant when;

	if (datetime_parse(r->value[RECORD_MODIFIED], &when) == ERR_OK &&
	    when.at > facts->newest_at)
		facts->newest_at = when.at;
	return cmd_topics_add(&p->topics, tenant, r);
}

static void
note_shared(struct reading *p)
{
	struct facts *facts = p->facts;

	facts->shared = cmd_topics_keep_shared(&p->topics);
	if (facts->shared > 0) {
		facts->same[0] = p->topics.row[0].tenant;
		facts->same[1] = p->topics.row[1].tenant;
	}
	cmd_topics_free(&p->topics);
}

static void
note_seal(const struct guid *tenant, const struct csr *c, void *arg)
{
	struct reading *p = arg;

	/* A request that was made elsewhere has no key here. */
	if (c->sealed_key.n == 0)
		return;
	p->facts->sealed++;
	if (csr_open_seal(&p->secrets, tenant, c) == ERR_OK)
		p->facts->opened++;
}

/* Finds the oldest reader of the store. A request lasts less than a second, so
 * only a reader that is still there a second later is reported. */
static void
note_oldest(struct store *st, struct store_reader_age *out)
{
	const struct timespec second = { .tv_sec = 1 };
	struct store_reader_age before;

	if (!store_oldest_reader(st, &before))
		return;
	nanosleep(&second, NULL);
	if (!store_oldest_reader(st, out) || out->pid != before.pid ||
	    out->changes < before.changes)
		out->pid = 0;
}

static enum err
read_all(struct cmd_call *c, void *arg)
{
	struct reading p = { .facts = arg };
	const struct store_verifier v = {
		.relations = true, .request = note_seal, .arg = &p
	};
	char message[CONFIG_TEXT_MAX];
	enum err e;

	if ((e = cmd_open_store(c, false)) != ERR_OK)
		return e;
	note_oldest(c->store, &p.facts->oldest);
	if ((e = store_reader(c->store, &c->reader)) != ERR_OK ||
	    (e = store_begin(c->reader)) != ERR_OK)
		return e;
	p.facts->format = store_format(c->store);
	store_usage(c->reader, &p.facts->used, &p.facts->size);
	/* The check of the secrets reports those that cannot be read. */
	(void)!secret_load(&c->config, &p.secrets, message);
	p.facts->can_seal = p.secrets.can_seal;
	e = store_verify(c->reader, &v, &p.facts->counts);
	secret_wipe(&p.secrets);
	if (e == ERR_OK && p.facts->counts.findings > 0)
		e = ERR_CORRUPT;
	if (e != ERR_OK)
		return e;
	e = store_records(c->reader, note_change, &p);
	note_shared(&p);
	return e;
}

/* The blanks between the ')' and the start time in /proc/PID/stat. */
#define START_TIME 20

/* Seconds since a process was started; 0 if that is not known. */
static int64_t
process_age(pid_t pid)
{
	char path[64], text[1024];
	unsigned long long started;
	struct timespec now;
	char *end = NULL;
	unsigned field;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	/* The name of the program, in parentheses, may contain any byte. The
	 * last ')' ends it. After that come the state and, as the 20th field,
	 * the start time (proc(5)). */
	if (fgets(text, sizeof(text), f) != NULL)
		end = strrchr(text, ')');
	fclose(f);
	for (field = 0; end != NULL && field < START_TIME; field++)
		end = strchr(end + 1, ' ');
	if (end == NULL || (started = strtoull(end, NULL, 10)) == 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &now) != 0)
		return 0;
	return now.tv_sec -
	    (int64_t)(started / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static void
report_shared(struct doctor *d, const struct facts *facts)
{
	char first[STR_GUID_LEN], second[STR_GUID_LEN];

	if (facts->shared == 0)
		return;
	str_guid_text(&facts->same[0], first);
	str_guid_text(&facts->same[1], second);
	doctor_note(d,
	    "Store each customer's own certificate; pushcert check lists the "
	    "topics and their tenants.",
	    "%zu topic%s in several tenants, such as %.*s and %.*s",
	    facts->shared, facts->shared == 1 ? " is" : "s are", STR_GUID_LEN,
	    first, STR_GUID_LEN, second);
}

static void
report_facts(struct doctor *d, const struct facts *facts)
{
	const struct config *config = &d->call->config;
	const char *place = cmd_place(d->call);

	if (facts->format != STORE_FORMAT)
		doctor_finding(d,
		    "Stop the service of the former release, then run pushcert "
		    "init or start the new service.",
		    "%s: the store has format %u; this release can read it, "
		    "but needs an upgrade to format %u before a change",
		    place, facts->format, STORE_FORMAT);
	/* A missing key is reported by check_secrets. */
	if (facts->can_seal && facts->opened < facts->sealed)
		doctor_finding(d,
		    "Restore the key file that was in use when these keys were "
		    "created.",
		    "%s: %llu of %llu private keys do not open with this file",
		    config->key_file,
		    (unsigned long long)(facts->sealed - facts->opened),
		    (unsigned long long)facts->sealed);
	if (facts->newest_at > cmd_now_at() + DOCTOR_CLOCK_SLACK)
		doctor_finding(d,
		    "Set the clock and run NTP: the dates of certificates and "
		    "tokens are compared with it.",
		    "the clock shows a time before the last change");
	if (facts->oldest.pid != 0)
		doctor_finding(d,
		    "If it does not come to an end, or is stopped (state T in "
		    "ps), end that process.",
		    "%s: process %ld, which was started %lld seconds ago, still "
		    "reads what was there %llu changes ago, so that no room "
		    "freed since is used again",
		    place, (long)facts->oldest.pid,
		    (long long)process_age(facts->oldest.pid),
		    (unsigned long long)facts->oldest.changes);
	if (facts->used > facts->size / 5 * 4)
		doctor_finding(d, "Raise map_size and restart the program.",
		    "map_size: %llu of %llu MiB are in use",
		    (unsigned long long)(facts->used / MIB),
		    (unsigned long long)(facts->size / MIB));
}

void
doctor_check_store(struct doctor *d)
{
	static const char no_cure[] =
	    "Run pushcert verify, which reports where, and restore a "
	    "backup.";
	const char *data = cmd_place(d->call);
	struct facts *facts = mmap(NULL, sizeof(*facts), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	enum err e = ERR_MEMORY;
	int died = 0;

	if (facts != MAP_FAILED)
		e = cmd_in_child(d->call, read_all, facts, READ_SECONDS, &died);
	if (e == ERR_OK) {
		report_facts(d, facts);
		report_shared(d, facts);
	}
	if (facts != MAP_FAILED)
		munmap(facts, sizeof(*facts));
	/* Only a note: whether the pages are checked. */
	if (e == ERR_OK && d->call->config.database[0] == '\0')
		doctor_check_database(d);
	if (e == ERR_OK)
		return;
	/* Later checks cannot use the store either. */
	d->owns_data = false;
	if (e == ERR_BUSY)
		doctor_finding(d, "Check the disk.",
		    "%s: the store could not be read within %d seconds", data,
		    READ_SECONDS);
	else if (e == ERR_NETWORK_FS)
		doctor_finding(d, "Move the data directory to a local disk.",
		    "%s: the data directory is on a network file system", data);
	else if (e == ERR_NEWER)
		doctor_finding(d, "Install that release or a newer one.",
		    "%s: a newer release wrote this store; this release reads "
		    "formats up to %u",
		    data, STORE_FORMAT);
	else if (e == ERR_UPGRADING)
		doctor_finding(d, "Run doctor again after the upgrade.",
		    "%s: another process is upgrading the store", data);
	else if (died != 0)
		doctor_finding(d, no_cure,
		    "%s: reading the store ended with signal %d", data, died);
	else
		doctor_finding(d,
		    e == ERR_CORRUPT
			? no_cure
			: "The lines on standard error have the reason.",
		    "%s: %s", data, err_info(e)->text);
}

static enum err
refuse_change(struct txn *tx, void *arg)
{
	(void)tx;
	(void)arg;
	return ERR_STOP;
}

/* Runs a change that refuses, to see whether the write lock can be taken. */
static enum err
write_nothing(struct cmd_call *c, void *arg)
{
	enum err e;

	(void)arg;
	c->config.read_only = false;
	if ((e = cmd_open_store(c, false)) != ERR_OK)
		return e;
	e = store_update(c->store, refuse_change, NULL);
	/* A store of an older format can be locked, though not changed. */
	return e == ERR_STOP || e == ERR_OLD_FORMAT ? ERR_OK : e;
}

void
doctor_check_lock(struct doctor *d)
{
	const char *data = cmd_place(d->call);
	int died;
	enum err e = cmd_in_child(
	    d->call, write_nothing, NULL, WRITE_SECONDS, &died);

	if (e == ERR_BUSY)
		doctor_finding(d,
		    "Find the process that is stopped (state T in ps) or "
		    "hangs, and end it.",
		    "%s: another process has held the write lock for more than "
		    "%d seconds",
		    data, WRITE_SECONDS);
	else if (e != ERR_OK)
		doctor_finding(d,
		    "The lines on standard error have the reason.",
		    "%s: the store cannot be changed: %s", data,
		    err_info(e)->text);
}
