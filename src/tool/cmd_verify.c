/* SPDX-License-Identifier: ISC */
/*
 * cmd_verify.c - checks whether the store holds exactly what was written to it.
 * Prints the counts on standard output and each finding on standard error.
 */
#include "tool/cmd_call.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules/csr.h"
#include "tool/cmd_json.h"
#include "tool/cmd_output.h"
#include "tool/cmd_progress.h"

/* How many findings are printed. A single damaged page may cause a finding for
 * every row. */
#define FINDINGS_MAX 100

struct pass {
	struct cmd_call *call;
	struct secrets secrets;
	char why[CONFIG_TEXT_MAX]; /* why the secrets could not be loaded */
	uint64_t sealed, opened;
	uint64_t printed;
};

static void
print_finding(
    const char *where, const struct guid *tenant, const char *what, void *arg)
{
	char text[STR_GUID_LEN];
	struct pass *pass = arg;

	if (pass->printed++ >= FINDINGS_MAX)
		return;
	if (tenant == NULL) {
		cmd_error(pass->call, "%s: %s", where, what);
		return;
	}
	str_guid_text(tenant, text);
	cmd_error(pass->call, "%s of tenant %.*s: %s", where, STR_GUID_LEN,
	    text, what);
}

static void
try_seal(const struct guid *tenant, const struct csr *c, void *arg)
{
	struct pass *pass = arg;
	enum err e;

	/* A request that was made elsewhere has no key here. */
	if (c->sealed_key.n == 0)
		return;
	pass->sealed++;
	if (!pass->secrets.can_seal)
		return;
	e = csr_open_seal(&pass->secrets, tenant, c);
	if (e == ERR_OK)
		pass->opened++;
	else
		print_finding("request", tenant,
		    "its private key does not open with the key file", pass);
}

/* Counts the private keys that could not be opened, and prints the finding that
 * concerns all of them, if there is one. */
static uint64_t
count_sealed(struct pass *pass)
{
	const char *file = pass->call->config.key_file;

	if (pass->opened == pass->sealed)
		return 0;
	if (!pass->secrets.can_seal)
		cmd_error(pass->call,
		    "key_file%s%s: %llu private keys cannot be opened without "
		    "this file; restore it",
		    file[0] == '\0' ? "" : " ", file,
		    (unsigned long long)pass->sealed);
	else if (pass->opened == 0)
		cmd_error(pass->call,
		    "%s: this is not the key that sealed the private keys; "
		    "restore that file",
		    file);
	return pass->sealed - pass->opened;
}

static void
hint(const struct cmd_call *c)
{
	cmd_error(c,
	    "the store is damaged; restore the last backup into a new "
	    "data directory");
}

/* Prints what was read. */
static void
print_summary(const struct cmd_call *c, const struct store_counts *n,
    const struct pass *pass)
{
	uint64_t rows = n->records + n->events + n->tokens + n->requests +
	    n->tenants + n->notices + n->consents + n->deliveries +
	    n->custodies + n->places;

	printf("Read %llu rows of %s (format %u) and opened %llu of %llu "
	       "private keys. ",
	    (unsigned long long)rows, cmd_place(c), store_format(c->store),
	    (unsigned long long)pass->opened, (unsigned long long)pass->sealed);
	if (n->findings == 0)
		printf("No damage was found.\n");
	else
		printf(
		    "Problems found: %llu.\n", (unsigned long long)n->findings);
}

static void
print_counts(const struct cmd_call *c, const struct store_counts *n,
    const struct pass *pass)
{
	const struct {
		const char *name;
		uint64_t count;
	} line[] = {
		{ "records", n->records },
		{ "events", n->events },
		{ "tokens", n->tokens },
		{ "requests", n->requests },
		{ "tenants", n->tenants },
		{ "notices", n->notices },
		{ "consents", n->consents },
		{ "targets", n->deliveries },
		{ "custodies", n->custodies },
		{ "places", n->places },
		{ "findings", n->findings },
	};
	struct cmd_json json;
	struct emit *e;
	size_t i;

	if (c->given & CMD_BIT(OPTION_QUIET))
		return;
	if ((c->given & CMD_BIT(OPTION_JSON)) == 0) {
		for (i = 0; i < sizeof(line) / sizeof(line[0]); i++)
			printf("%-9s %llu\n", line[i].name,
			    (unsigned long long)line[i].count);
		print_summary(c, n, pass);
		return;
	}
	e = cmd_json_begin(&json);
	for (i = 0; i < sizeof(line) / sizeof(line[0]); i++) {
		emit_name(e, line[i].name);
		emit_u64(e, line[i].count);
	}
	cmd_json_end(&json);
}

/* Runs in a child process and prints its own errors. */
static enum err
verify(struct cmd_call *c, void *arg)
{
	struct pass pass = { .call = c };
	const struct store_verifier v = { .relations = true,
		.found = print_finding,
		.request = try_seal,
		.arg = &pass };
	struct cmd_progress progress;
	struct store_counts counts;
	enum err e;

	(void)arg;
	if ((e = cmd_open_store(c, false)) != ERR_OK)
		return e;
	if ((e = store_reader(c->store, &c->reader)) != ERR_OK ||
	    (e = store_begin(c->reader)) != ERR_OK) {
		(void)cmd_fail(c, e, cmd_place(c));
		return e;
	}
	/* Without the key file, everything but the private keys is checked. */
	if (secret_load(&c->config, &pass.secrets, pass.why) != ERR_OK)
		print_finding("configuration", NULL, pass.why, &pass);
	cmd_progress_begin(&progress, &c->progress,
	    c->spool.err >= 0 ? c->spool.err : STDERR_FILENO);
	e = store_verify(c->reader, &v, &counts);
	cmd_progress_end(&progress);
	if (e != ERR_OK)
		(void)cmd_fail(c, e, cmd_place(c));
	if (pass.printed > FINDINGS_MAX)
		cmd_error(c, "%llu more findings are not listed",
		    (unsigned long long)(pass.printed - FINDINGS_MAX));
	if (counts.findings > 0)
		hint(c);
	counts.findings += count_sealed(&pass);
	secret_wipe(&pass.secrets);
	if (e != ERR_OK)
		return e;
	print_counts(c, &counts, &pass);
	if (cmd_flush(c) != ERR_OK)
		return ERR_FILE;
	return counts.findings == 0 ? ERR_OK : ERR_CORRUPT;
}

int
cmd_verify(struct cmd_call *c)
{
	int died = 0;
	enum err e;

	if (cmd_load_config(c) != ERR_OK)
		return EXIT_FAILURE;
	if (cmd_spool_begin(c, true) != ERR_OK)
		return EXIT_FAILURE;
	e = cmd_in_child(c, verify, NULL, 0, &died);
	if (cmd_spool_end(c) != ERR_OK && e == ERR_OK)
		e = ERR_FILE;
	if (died != 0) {
		cmd_error(c, "%s: reading the store ended with signal %d (%s)",
		    cmd_place(c), died, strsignal(died));
		hint(c);
	}
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
