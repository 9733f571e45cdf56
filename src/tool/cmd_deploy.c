/* SPDX-License-Identifier: ISC */
/*
 * cmd_deploy.c - runs the hooks of deploy_directory whose target has not taken
 * the certificate of a tenant yet, and remembers the result.
 *
 * A run first lists the targets that are due, and then looks at each of them
 * again before its hook runs, because a hook may take any time. No transaction
 * is open meanwhile. A success is recorded after the hook has ended, so a hook
 * runs at least once for each change, and again after a crash.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>
#include <string.h>

#include "format/datetime.h"
#include "format/x509.h"
#include "state/trust.h"
#include "tool/cmd_output.h"
#include "tool/deploy_facts.h"
#include "tool/deploy_hook.h"
#include "tool/deploy_show.h"
#include "tool/deploy_state.h"

/* Seconds of the first pause; each further one is twice as long. */
#define FIRST_PAUSE 120

/* A target that is due. */
struct due {
	struct due *next;
	struct guid tenant;
	char target[DEPLOY_NAME_MAX + 1];
};

struct run {
	struct cmd_call *c;
	struct secrets secrets;
	struct due *first, **last;
	bool any; /* a target was visited */
	bool failed;
	int64_t now_at;
};

static bool
given(const struct cmd_call *c, enum cmd_option option)
{
	return (c->given & CMD_BIT(option)) != 0;
}

/* --- what is due ------------------------------------------------------ */

/* A pause that is longer than the longest one comes from a clock that was set
 * back, and does not count. */
static bool
is_due(const struct run *r, const struct deploy_view *v)
{
	int64_t left = v->row.next_at - r->now_at;

	if (!v->certificate->valid || v->state == DEPLOY_IS_TAKEN ||
	    v->state == DEPLOY_IS_SKIPPED)
		return false;
	return v->tries == 0 || given(r->c, OPTION_FORCE) || left <= 0 ||
	    left > (int64_t)r->c->config.deploy_retry_most;
}

static enum err
list_due(const struct deploy_view *v, void *arg)
{
	struct run *r = arg;
	struct due *d;

	r->any = true;
	if (!is_due(r, v))
		return ERR_OK;
	if (given(r->c, OPTION_DRY_RUN)) {
		if (given(r->c, OPTION_JSON)) {
			deploy_show_json(v);
			return ERR_OK;
		}
		deploy_show_tenant(v);
		printf(": %s is due", v->target->name);
		deploy_show_tries(v);
		putchar('\n');
		return ERR_OK;
	}
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return ERR_MEMORY;
	d->tenant = v->certificate->tenant;
	strcpy(d->target, v->target->name);
	*r->last = d;
	r->last = &d->next;
	return ERR_OK;
}

/* --- one hook --------------------------------------------------------- */

/* The new state of a target. */
struct result {
	struct guid tenant;
	struct delivery row;
};

static enum err
put_result(struct txn *tx, void *arg)
{
	const struct result *n = arg;

	return store_delivery_put(tx, &n->tenant, &n->row);
}

static int64_t
pause_after(const struct cmd_call *c, uint64_t tries)
{
	int64_t most = (int64_t)c->config.deploy_retry_most,
		pause = FIRST_PAUSE;

	while (tries-- > 1 && pause < most)
		pause *= 2;
	return pause < most ? pause : most;
}

/* Changes the state by the exit status of the hook. The texts of the former
 * state live until the transaction ends, so they are copied before. */
static void
take_status(const struct run *r, const struct deploy_view *v, int status,
    struct delivery *row)
{
	const struct deploy_certificate *x = v->certificate;
	int64_t now_at = cmd_now_at();

	row->target = str_of(v->target->name);
	row->tried = str_of(x->fingerprint);
	row->tries = v->tries + 1;
	row->since_at = v->tries > 0 ? row->since_at : now_at;
	row->last_exit = (uint64_t)status;
	row->next_at = now_at + pause_after(r->c, row->tries);
	if (status != DEPLOY_TAKEN && status != DEPLOY_SKIPPED)
		return;
	row->fingerprint = str_of(x->fingerprint);
	row->serial = arena_copy(&r->c->arena, x->serial);
	row->expires_at = x->ends_at;
	row->taken_at = now_at;
	row->skipped = status == DEPLOY_SKIPPED;
	row->next_at = 0;
}

static void
print_result(const struct run *r, const struct deploy_view *v)
{
	char when[DATETIME_SECONDS_LEN];
	char tenant[STR_GUID_LEN];

	if (given(r->c, OPTION_JSON)) {
		deploy_show_json(v);
	} else if (v->state == DEPLOY_IS_TAKEN ||
	    v->state == DEPLOY_IS_SKIPPED) {
		deploy_show_tenant(v);
		printf(": %s %s serial ", v->target->name,
		    v->state == DEPLOY_IS_TAKEN ? "has taken" : "skips");
		cmd_print_word(v->certificate->serial);
		putchar('\n');
	}
	fflush(stdout);
	if (v->state != DEPLOY_HAS_FAILED)
		return;
	str_guid_text(&v->certificate->tenant, tenant);
	datetime_seconds(v->row.next_at, when);
	cmd_error(r->c,
	    "tenant %.*s: %s failed with exit status %llu; the next try is due "
	    "at %.*sZ",
	    STR_GUID_LEN, tenant, v->target->name,
	    (unsigned long long)v->row.last_exit, DATETIME_SECONDS_LEN, when);
}

static void
record_outcome(struct run *r, const struct deploy_view *v, int status,
    struct delivery *row)
{
	struct result n = { .tenant = v->certificate->tenant };
	struct deploy_view now = *v;
	enum err e;

	take_status(r, v, status, row);
	n.row = *row;
	if ((e = store_update(r->c->store, put_result, &n)) != ERR_OK) {
		cmd_error(r->c,
		    "%s: the store did not record exit status %d: %s; the hook "
		    "runs again",
		    v->target->name, status, err_info(e)->text);
		r->failed = true;
		return;
	}
	now.row = *row;
	now.tries = row->tries;
	now.state = row->next_at != 0 ? DEPLOY_HAS_FAILED
	    : row->skipped            ? DEPLOY_IS_SKIPPED
				      : DEPLOY_IS_TAKEN;
	r->failed |= now.state == DEPLOY_HAS_FAILED;
	print_result(r, &now);
}

static int
run_hook(
    const struct run *r, const struct deploy_view *v, struct deploy_hook *h)
{
	const char *directory = r->c->config.deploy_directory;
	struct trust_fault fault;

	if (deploy_target_trust(directory, v->target, &fault) != ERR_OK) {
		cmd_error(r->c, "%s. %s", fault.what, fault.cure);
		return HOOK_REFUSED;
	}
	if (!deploy_target_path(directory, v->target, h->path))
		return HOOK_VANISHED;
	return deploy_hook_run(r->c, h);
}

static enum err
fail_texts(struct run *r, const struct deploy_view *v, enum err e)
{
	r->failed = true;
	if (e == ERR_CORRUPT || e == ERR_NOT_IMPLEMENTED)
		cmd_error(r->c,
		    "%s: the private key cannot be opened; restore the file of "
		    "key_file",
		    v->target->name);
	else
		(void)cmd_fail(r->c, e, v->target->name);
	return ERR_STOP;
}

/* Visits the one target of a struct due. Ends the transaction before the hook
 * runs, and the walk afterwards. */
static enum err
deliver(const struct deploy_view *v, void *arg)
{
	struct run *r = arg;
	struct arena *a = &r->c->arena;
	struct hook_fact facts[DEPLOY_FACTS];
	struct deploy_hook h = { .name = v->target->name,
		.facts = facts,
		.facts_n = DEPLOY_FACTS,
		.timeout = (unsigned)r->c->config.deploy_timeout };
	struct deploy_certificate x = *v->certificate;
	struct deploy_view kept = *v;
	struct x509 x509;
	size_t used = a->used;
	enum err e;
	int status;

	r->any = true;
	r->now_at = cmd_now_at();
	if (!is_due(r, v))
		return ERR_STOP;
	if ((e = deploy_facts_texts(r->c, &r->secrets, v, &x509, &h)) != ERR_OK)
		return fail_texts(r, v, e);
	deploy_facts_of(r->c, r->now_at, v, &x509, facts);
	x.alias = arena_copy(a, x.alias);
	x.serial = arena_copy(a, x.serial);
	kept.certificate = &x;
	kept.row.serial = arena_copy(a, kept.row.serial);
	kept.row.fingerprint = arena_copy(a, kept.row.fingerprint);
	store_end(r->c->reader);
	status = run_hook(r, &kept, &h);
	record_outcome(r, &kept, status, &kept.row);
	crypto_wipe(a->block + used, a->used - used);
	return ERR_STOP;
}

static enum err
deliver_due(struct run *r, const struct due *d)
{
	struct deploy_walk w = {
		.only = d->target, .visit = deliver, .arg = r
	};
	struct record record;
	enum err e;

	if ((e = store_begin(r->c->reader)) != ERR_OK)
		return e;
	r->any = false;
	e = store_record(r->c->reader, &d->tenant, &record);
	if (e == ERR_OK && (e = deploy_state_begin(r->c, &w)) == ERR_OK)
		e = deploy_state_tenant(&d->tenant, &record, &w);
	deploy_state_end(&w);
	store_end(r->c->reader);
	if (e == ERR_OK && !r->any) {
		cmd_error(r->c, "%s: its program or its certificate is gone",
		    d->target);
		r->failed = true;
	}
	return e == ERR_STOP || e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- the run ---------------------------------------------------------- */

/* Lists the targets that are due, while the reader's transaction is open. */
static enum err
find_due(struct run *r)
{
	const char *only = r->c->value[OPTION_TO];
	struct deploy_walk w = { .only = only, .visit = list_due, .arg = r };
	enum err e;

	if ((e = deploy_state_begin(r->c, &w)) != ERR_OK)
		return e;
	e = cmd_each_tenant(r->c, deploy_state_tenant, &w);
	deploy_state_end(&w);
	if (e != ERR_OK) {
		(void)cmd_fail(r->c, e, cmd_place(r->c));
	} else if (only != NULL && !r->any) {
		cmd_error(r->c,
		    "--to %s: no tenant with a certificate has this target; "
		    "'pushcert deploy list' prints the targets",
		    only);
		e = ERR_NOT_FOUND;
	}
	return e;
}

/* Runs the hooks that are due, also after one has failed. */
static enum err
run_due(struct run *r)
{
	struct due *d, *next;
	enum err e = ERR_OK;

	for (d = r->first; d != NULL; d = next) {
		next = d->next;
		if (e == ERR_OK && (e = deliver_due(r, d)) != ERR_OK)
			(void)cmd_fail(r->c, e, cmd_place(r->c));
		free(d);
	}
	return e;
}

/* Delivers with an open transaction of the reader, which it ends. */
static int
deploy(struct cmd_call *c)
{
	struct run r = { .c = c, .last = &r.first, .now_at = cmd_now_at() };
	enum err e;

	if (!given(c, OPTION_DRY_RUN) &&
	    (e = store_deliver_alone(c->store)) != ERR_OK) {
		if (e != ERR_IN_USE)
			return cmd_fail(c, e, cmd_place(c));
		cmd_warn(c, "another run is delivering now; it does this work");
		return EXIT_SUCCESS;
	}
	if ((e = cmd_load_key(c, &r.secrets)) == ERR_OK &&
	    (e = find_due(&r)) == ERR_OK)
		store_end(c->reader);
	if (cmd_spool_end(c) != ERR_OK)
		e = ERR_FILE;
	if (e != ERR_OK)
		r.failed = true;
	else
		e = run_due(&r);
	secret_wipe(&r.secrets);
	return e == ERR_OK && !r.failed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
cmd_deploy(struct cmd_call *c)
{
	if (given(c, OPTION_ALL) && given(c, OPTION_TENANT))
		return cmd_usage(c,
		    "--all and --tenant exclude each other; give one of them");
	if (given(c, OPTION_IF_CONFIGURED)) {
		if (cmd_load_config(c) != ERR_OK)
			return EXIT_FAILURE;
		if (c->config.deploy_directory[0] == '\0')
			return EXIT_SUCCESS;
	}
	if (cmd_begin_reading(c) != ERR_OK || cmd_need_arena(c) != ERR_OK)
		return EXIT_FAILURE;
	return deploy(c);
}

enum err
cmd_deploy_prepare(struct cmd_call *c)
{
	if (!given(c, OPTION_DEPLOY) || c->config.deploy_directory[0] != '\0')
		return ERR_OK;
	cmd_error(c,
	    "--deploy: no target is known, and nothing was changed; set "
	    "deploy_directory in the configuration");
	return ERR_CONFIG;
}

int
cmd_deploy_after(struct cmd_call *c, int status)
{
	enum err e;

	if (status != EXIT_SUCCESS || !given(c, OPTION_DEPLOY) ||
	    given(c, OPTION_DRY_RUN))
		return status;
	if (cmd_end_reading(c) != ERR_OK)
		return EXIT_FAILURE;
	if ((e = store_reader(c->store, &c->reader)) != ERR_OK ||
	    (e = store_begin(c->reader)) != ERR_OK)
		return cmd_fail(c, e, cmd_place(c));
	return deploy(c);
}

/* --- list ------------------------------------------------------------- */

static enum err
list_view(const struct deploy_view *v, void *arg)
{
	struct cmd_call *c = arg;
	char tenant[STR_GUID_LEN];

	if (given(c, OPTION_JSON)) {
		deploy_show_json(v);
		return ERR_OK;
	}
	cmd_list_row(c,
	    "TENANT                                STATE    TAKEN             "
	    "    TARGET  TRIES");
	str_guid_text(&v->certificate->tenant, tenant);
	printf(
	    "%.*s  %-7s  ", STR_GUID_LEN, tenant, deploy_state_word(v->state));
	if (v->row.taken_at != 0)
		cmd_print_date(v->row.taken_at);
	else
		printf("%-*s", DATETIME_SECONDS_LEN + 1, "-");
	printf("  %s ", v->target->name);
	deploy_show_tries(v);
	putchar('\n');
	return ERR_OK;
}

int
cmd_deploy_list(struct cmd_call *c)
{
	struct deploy_walk w = { .visit = list_view, .arg = c };
	enum err e;

	if (cmd_begin_reading(c) != ERR_OK || cmd_need_arena(c) != ERR_OK ||
	    deploy_state_begin(c, &w) != ERR_OK)
		return EXIT_FAILURE;
	e = cmd_each_tenant(c, deploy_state_tenant, &w);
	deploy_state_end(&w);
	cmd_list_end(c,
	    "no targets; put a program into deploy_directory, and upload a "
	    "certificate");
	return e == ERR_OK ? EXIT_SUCCESS : cmd_fail(c, e, cmd_place(c));
}
