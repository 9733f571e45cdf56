/* SPDX-License-Identifier: ISC */
/*
 * cmd_doctor.c - a table of checks. Each finding is one line with its
 * cure; of what is well nothing is said.
 */
#include "tool/cmd_doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "state/docroot.h"
#include "format/emit.h"
#include "format/json.h"
#include "rules/csr.h"

#define MIB ((uint64_t)1 << 20)

/* With less, the next certificates may find the disk full. */
#define FREE_LEAST (64 * MIB)

/* 2026-01-01: this source is younger than any clock that shows less. */
#define CLOCK_LEAST 1767225600

/* What a clock may go back when it is set right, in seconds. */
#define CLOCK_SLACK 300

/* Seconds in which even a large store is read. */
#define READ_PATIENCE 120

/* Seconds in which a writer is through, on the slowest disk. */
#define WRITE_PATIENCE 10

static void
print_json(
    const struct doctor *d, const char *text, const char *cure, bool is_note)
{
	char line[4 * (CONFIG_TEXT_MAX + PATH_MAX)];
	struct buf out;
	struct emit e;

	buf_init(&out, line, sizeof(line));
	emit_init(&e, &out);
	emit_object(&e);
	emit_name(&e, "check");
	emit_text(&e, d->check);
	emit_name(&e, "what");
	emit_text(&e, text);
	emit_name(&e, "cure");
	emit_text(&e, cure);
	if (is_note) {
		emit_name(&e, "note");
		emit_bool(&e, true);
	}
	emit_end(&e);
	printf("%.*s\n", STR_ARG(buf_view(&out)));
}

ATTR_PRINTF(4, 0)
static void
report(const struct doctor *d, bool is_note, const char *cure, const char *what,
    va_list ap)
{
	char text[CONFIG_TEXT_MAX + PATH_MAX];

	(void)vsnprintf(text, sizeof(text), what, ap);
	/* The text of an outcome is a sentence. */
	if (str_ends(str_of(text), "."))
		text[strlen(text) - 1] = '\0';
	if ((d->call->given & CMD_BIT(OPTION_JSON)) != 0) {
		print_json(d, text, cure, is_note);
		return;
	}
	printf("%s: %s", d->check, is_note ? "note: " : "");
	cmd_print_word(str_of(text));
	printf(". %s\n", cure);
}

void
cmd_finding(struct doctor *d, const char *cure, const char *what, ...)
{
	va_list ap;

	d->findings++;
	va_start(ap, what);
	report(d, false, cure, what, ap);
	va_end(ap);
}

void
cmd_note(struct doctor *d, const char *cure, const char *what, ...)
{
	va_list ap;

	va_start(ap, what);
	report(d, true, cure, what, ap);
	va_end(ap);
}

static void
check_configuration(struct doctor *d)
{
	struct cmd_call *c = d->call;
	char path[PATH_MAX], message[CONFIG_TEXT_MAX];
	const char *file = config_find(c->config_path, path);

	config_default(&c->config);
	if (file != NULL && config_load(file, &c->config, message) != ERR_OK) {
		cmd_finding(d,
		    "Correct it; pushcert.conf(5) has all keys and values.",
		    "%s", message);
		return;
	}
	d->configured = true;
}

/* Whether a file is there and ours alone. */
static bool
is_private(struct doctor *d, const char *path, bool directory)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		cmd_finding(d,
		    errno == ENOENT
			? "Run pushcert init as the user of the web server."
			: "Run doctor as the user that the program runs as.",
		    "%s: %s", path, strerror(errno));
		return false;
	}
	if (directory ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)) {
		cmd_finding(d, "Name the true one in the configuration.",
		    "%s: not a %s", path, directory ? "directory" : "file");
		return false;
	}
	if (st.st_uid != geteuid()) {
		cmd_finding(d,
		    "Run doctor as the user that the program runs as; if it "
		    "is this one, chown the data directory.",
		    "%s: belongs to user %ld, not to %ld", path,
		    (long)st.st_uid, (long)geteuid());
		return false;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		cmd_finding(d,
		    directory ? "Run chmod 700 on it." : "Run chmod 600 on it.",
		    "%s: others may use it (mode %03o)", path,
		    (unsigned)st.st_mode & 0777);
		return false;
	}
	return true;
}

static void
check_directory(struct doctor *d)
{
	static const char *const files[] = { "data.mdb", "lock.mdb" };
	char path[CONFIG_TEXT_MAX + sizeof("/data.mdb")];
	size_t i;

	if (!is_private(d, d->call->config.data, true))
		return;
	d->at_home = true;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", d->call->config.data,
		    files[i]);
		d->at_home = is_private(d, path, false) && d->at_home;
	}
}

static void
check_place(struct doctor *d)
{
	const struct config *config = &d->call->config;
	char path[PATH_MAX];
	struct str root = docroot_suspect(config->data, path);

	if (!str_is_null(root) && !config->data_in_document_root)
		cmd_finding(d,
		    "Move it elsewhere, or set data_in_document_root = yes.",
		    "%s: lies under what looks like a document root, %.*s",
		    config->data, STR_ARG(root));
}

static void
check_secrets(struct doctor *d)
{
	const struct config *config = &d->call->config;
	char message[CONFIG_TEXT_MAX];
	size_t n = strlen(config->data);
	struct secrets secrets;
	enum err e = secret_load(config, &secrets, message);

	secret_wipe(&secrets);
	if (e == ERR_NOT_PRIVATE)
		cmd_finding(d, "Nothing starts before that.", "%s", message);
	else if (e != ERR_OK)
		cmd_finding(d,
		    "Put the file there, readable for the program's user, or "
		    "take its key out of the configuration.",
		    "%s", message);
	if (strncmp(config->key_file, config->data, n) == 0 &&
	    config->key_file[n] == '/')
		cmd_finding(d,
		    "Move it and change key_file: a backup of the data would "
		    "open its own seals.",
		    "%s: lies in the data directory", config->key_file);
}

/* What the kernel lacks is no finding: nothing here cures it, and the log tells
 * it at each start. */
static void
check_sandbox(struct doctor *d)
{
	if (!d->call->config.sandbox)
		cmd_finding(d, "Take the key out when that is over.",
		    "sandbox = no: that is for debuggers");
}

static void
check_disk(struct doctor *d)
{
	const char *data = d->call->config.data;
	struct statvfs fs;
	uint64_t room;

	if (statvfs(data, &fs) != 0)
		return;
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room < FREE_LEAST)
		cmd_finding(d,
		    "Make room: on a full disk all changes are refused.",
		    "%s: the disk has only %llu MiB left", data,
		    (unsigned long long)(room / MIB));
	if (fs.f_flag & ST_RDONLY)
		cmd_finding(d, "Mount it read-write.",
		    "%s: the file system is read-only", data);
}

static void
check_clock(struct doctor *d)
{
	char path[CONFIG_TEXT_MAX + sizeof("/data.mdb")];
	int64_t now_at = cmd_now_at();
	struct stat st;

	snprintf(path, sizeof(path), "%s/data.mdb", d->call->config.data);
	if (now_at < CLOCK_LEAST ||
	    (stat(path, &st) == 0 && st.st_mtime > now_at + CLOCK_SLACK))
		cmd_finding(d,
		    "Set it, and keep it right by NTP: certificates and "
		    "tokens are judged by it.",
		    "the clock is behind the time");
}

static void
check_map(struct doctor *d)
{
	size_t size = d->call->config.map_size;
	void *map = mmap(NULL, size, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map != MAP_FAILED) {
		munmap(map, size);
		return;
	}
	cmd_finding(d,
	    "Set a smaller one, 64M say, or raise the limit (ulimit -v).",
	    "map_size: there is no room for %llu MiB of addresses",
	    (unsigned long long)(size / MIB));
}

/* What the process that reads the store learns of it. */
struct lesson {
	struct store_counts counts;
	uint64_t sealed, opened;
	bool can_seal;
	int64_t newest_at; /* when the record that changed last did so */
	uint64_t used, size; /* of the map, in bytes */
	unsigned format;
	struct store_reader_age oldest; /* pid 0: none */
};

struct pupil {
	struct lesson *lesson;
	struct secrets secrets;
};

static enum err
note_change(const struct guid *tenant, const struct record *r, void *arg)
{
	struct lesson *lesson = arg;
	struct instant when;

	(void)tenant;
	if (datetime_parse(r->value[RECORD_MODIFIED], &when) == ERR_OK &&
	    when.at > lesson->newest_at)
		lesson->newest_at = when.at;
	return ERR_OK;
}

static void
note_seal(const struct guid *tenant, const struct csr *c, void *arg)
{
	struct pupil *p = arg;

	p->lesson->sealed++;
	if (csr_open_seal(&p->secrets, tenant, c) == ERR_OK)
		p->lesson->opened++;
}

/* A request is over in less than a second, so a reader that is still there has
 * another reason. */
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
	struct pupil p = { .lesson = arg };
	const struct store_verifier v = {
		.relations = true, .request = note_seal, .arg = &p
	};
	char message[CONFIG_TEXT_MAX];
	enum err e;

	if ((e = cmd_open_store(c, false)) != ERR_OK)
		return e;
	note_oldest(c->store, &p.lesson->oldest);
	if ((e = store_reader(c->store, &c->reader)) != ERR_OK ||
	    (e = store_begin(c->reader)) != ERR_OK)
		return e;
	p.lesson->format = store_format(c->store);
	store_usage(c->reader, &p.lesson->used, &p.lesson->size);
	/* Which of them cannot be read another check tells. */
	(void)!secret_load(&c->config, &p.secrets, message);
	p.lesson->can_seal = p.secrets.can_seal;
	e = store_verify(c->reader, &v, &p.lesson->counts);
	secret_wipe(&p.secrets);
	if (e == ERR_OK && p.lesson->counts.findings > 0)
		e = ERR_CORRUPT;
	if (e != ERR_OK)
		return e;
	return store_records(c->reader, note_change, p.lesson);
}

/* Seconds since a process was started; 0: it cannot be known. */
static int64_t
process_age(pid_t pid)
{
	unsigned long long started = 0;
	char path[64], text[1024];
	struct timespec now;
	const char *end = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	/* The name in brackets may hold anything. proc(5): the state follows,
	 * and the start is the 20th field from there. */
	if (fgets(text, sizeof(text), f) != NULL)
		end = strrchr(text, ')');
	fclose(f);
	if (end == NULL ||
	    sscanf(end + 1,
		" %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		"%*s %*s %*s %*s %llu",
		&started) != 1 ||
	    clock_gettime(CLOCK_BOOTTIME, &now) != 0)
		return 0;
	return now.tv_sec -
	    (int64_t)(started / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static void
judge_store(struct doctor *d, const struct lesson *lesson)
{
	const struct config *config = &d->call->config;

	if (lesson->format != STORE_FORMAT)
		cmd_finding(d,
		    "Stop the service if it is of the former release, and run "
		    "pushcert init, or start the new one.",
		    "%s: the store has format %u; this release reads it, and "
		    "changes it only after an upgrade to format %u",
		    config->data, lesson->format, STORE_FORMAT);
	/* check_secrets has told why there is none. */
	if (lesson->can_seal && lesson->opened < lesson->sealed)
		cmd_finding(d,
		    "Put the key file back that was in use when they were "
		    "made.",
		    "%s: %llu of %llu private keys do not open with it",
		    config->key_file,
		    (unsigned long long)(lesson->sealed - lesson->opened),
		    (unsigned long long)lesson->sealed);
	if (lesson->newest_at > cmd_now_at() + CLOCK_SLACK)
		cmd_finding(d,
		    "Set it, and keep it right by NTP: certificates and "
		    "tokens are judged by it.",
		    "the clock is behind the time of the last change");
	if (lesson->oldest.pid != 0)
		cmd_finding(d,
		    "If it does not come to an end, or is stopped (state T in "
		    "ps), end that process.",
		    "%s: process %ld, which was started %lld seconds ago, still "
		    "reads what was there %llu changes ago, so that no room "
		    "freed since is used again",
		    config->data, (long)lesson->oldest.pid,
		    (long long)process_age(lesson->oldest.pid),
		    (unsigned long long)lesson->oldest.changes);
	if (lesson->used > lesson->size / 5 * 4)
		cmd_finding(d, "Raise map_size and start the program anew.",
		    "map_size: %llu of %llu MiB are in use",
		    (unsigned long long)(lesson->used / MIB),
		    (unsigned long long)(lesson->size / MIB));
}

static void
check_store(struct doctor *d)
{
	static const char no_cure[] =
	    "pushcert verify says where; restore it from a backup.";
	const char *data = d->call->config.data;
	struct lesson *lesson = mmap(NULL, sizeof(*lesson),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	enum err e = ERR_MEMORY;
	int died = 0;

	if (lesson != MAP_FAILED)
		e = cmd_in_child(
		    d->call, read_all, lesson, READ_PATIENCE, &died);
	if (e == ERR_OK)
		judge_store(d, lesson);
	if (lesson != MAP_FAILED)
		munmap(lesson, sizeof(*lesson));
	if (e == ERR_OK)
		return;
	/* Nothing more can be learnt of it. */
	d->at_home = false;
	if (e == ERR_BUSY)
		cmd_finding(d, "Look whether the disk answers.",
		    "%s: not read in %d seconds", data, READ_PATIENCE);
	else if (e == ERR_NETWORK_FS)
		cmd_finding(d, "Move it to a local disk.",
		    "%s: on a network file system", data);
	else if (e == ERR_NEWER)
		cmd_finding(d, "Install that release.",
		    "%s: written by a newer release; this one knows no format "
		    "above %u",
		    data, STORE_FORMAT);
	else if (e == ERR_UPGRADING)
		cmd_finding(d, "Run doctor again when that has ended.",
		    "%s: another process is upgrading the store", data);
	else if (died != 0)
		cmd_finding(d, no_cure, "%s: reading it ends with signal %d",
		    data, died);
	else
		cmd_finding(d,
		    e == ERR_CORRUPT ? no_cure : "The lines on stderr say why.",
		    "%s: %s", data, err_info(e)->text);
}

static enum err
refuse_change(struct txn *tx, void *arg)
{
	(void)tx;
	(void)arg;
	return ERR_USAGE;
}

/* A change that changes nothing, to see whether one can be made. */
static enum err
write_nothing(struct cmd_call *c, void *arg)
{
	enum err e;

	(void)arg;
	if ((e = cmd_open_store(c, false)) != ERR_OK)
		return e;
	e = store_update(c->store, refuse_change, NULL);
	/* A store that must be upgraded first can be locked all the same. */
	return e == ERR_USAGE || e == ERR_OLD_FORMAT ? ERR_OK : e;
}

static void
check_lock(struct doctor *d)
{
	const char *data = d->call->config.data;
	int died;
	enum err e = cmd_in_child(
	    d->call, write_nothing, NULL, WRITE_PATIENCE, &died);

	if (e == ERR_BUSY)
		cmd_finding(d,
		    "Find the process that was stopped (state T in ps) or "
		    "hangs, and end it.",
		    "%s: somebody holds the writer's lock for more than %d "
		    "seconds",
		    data, WRITE_PATIENCE);
	else if (e != ERR_OK)
		cmd_finding(d, "The lines on stderr say why.",
		    "%s: cannot be written: %s", data, err_info(e)->text);
}

static void
check_url(struct doctor *d)
{
	if (d->call->url != NULL)
		cmd_doctor_url(d);
}

enum need { NOTHING, CONFIGURATION, DIRECTORY };

static const struct check {
	const char *name;
	enum need need; /* else there would be a second finding of one fault */
	void (*run)(struct doctor *d);
} checks[] = {
	{ "configuration", NOTHING, check_configuration },
	{ "directory", CONFIGURATION, check_directory },
	{ "place", CONFIGURATION, check_place },
	{ "secrets", CONFIGURATION, check_secrets },
	{ "trust", CONFIGURATION, cmd_doctor_trust },
	{ "jwks", CONFIGURATION, cmd_doctor_keys },
	{ "sandbox", CONFIGURATION, check_sandbox },
	{ "disk", CONFIGURATION, check_disk },
	{ "clock", CONFIGURATION, check_clock },
	{ "map", CONFIGURATION, check_map },
	{ "store", DIRECTORY, check_store },
	{ "lock", DIRECTORY, check_lock },
	{ "url", NOTHING, check_url },
};

int
cmd_doctor(struct cmd_call *c)
{
	struct doctor d = { .call = c };
	size_t i;

	if ((c->url == NULL) != (c->token_file == NULL))
		return cmd_usage(
		    "doctor takes --url and --token-file together");
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		d.check = checks[i].name;
		if ((checks[i].need == CONFIGURATION && !d.configured) ||
		    (checks[i].need == DIRECTORY && !d.at_home))
			continue;
		checks[i].run(&d);
	}
	return d.findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
