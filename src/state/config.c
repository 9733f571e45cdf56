/* SPDX-License-Identifier: ISC */
/*
 * config.c - the table of keys, and the reader of the file, which is inih.
 *
 * inih has no errors for several mistakes that change a value silently. So
 * next_line checks each line before inih sees it.
 */
#include "state/config.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

#include "base/buf.h"
#include "base/nearest.h"
#include "base/str.h"
#include "state/config_private.h"

static const char *const policies[] = { "inspect", "enforce", NULL };
static const char *const topics[] = { "refuse", "allow", NULL };
static const char *const tenants[] = { "listed", "any", NULL };
static const char *const flags[] = { "no", "yes", NULL };
static const char *const targets[] = { "stderr", "syslog", NULL };
static const char *const levels[] = { "error", "warning", "info", "debug",
	NULL };

static const struct config_key keys[] = {
#define AT(member) offsetof(struct config, member)
	{ "data", TEXT, AT(data), LOCALSTATEDIR "/lib/pushcert", 0, 0, NULL },
	{ "socket", TEXT, AT(socket), "", 0, 0, NULL },
	{ "base_url", URL, AT(base_url), "", 0, 0, NULL },
	{ "mount", MOUNT, AT(mount), "", 0, 0, NULL },
	{ "cors_origins", ORIGINS, AT(cors_origins), "", 0, 0, NULL },
	{ "authorization_uri", URL, AT(authorization_uri),
	    "https://login.microsoftonline.com/common/oauth2/authorize", 0, 0,
	    NULL },
	{ "client_id", TEXT, AT(client_id),
	    "00000003-0000-0000-c000-000000000000", 0, 0, NULL },
	{ "key_file", TEXT, AT(key_file), "", 0, 0, NULL },
	{ "vendor_certificate", LIST, AT(vendor_certificate), "", 0, 0, NULL },
	{ "vendor_key", TEXT, AT(vendor_key), "", 0, 0, NULL },
	{ "vendor_command", TEXT, AT(vendor_command), "", 0, 0, NULL },
	{ "vendor_timeout", COUNT, AT(vendor_timeout), "60", 1, 3600, NULL },
	{ "jwks_file", TEXT, AT(jwks_file), "", 0, 0, NULL },
	{ "jwt_issuer", LIST, AT(jwt_issuer),
	    "https://sts.windows.net/{tenantid}/,"
	    "https://login.microsoftonline.com/{tenantid}/v2.0",
	    0, 0, NULL },
	{ "jwt_audience", LIST, AT(jwt_audience),
	    "https://graph.microsoft.com,"
	    "00000003-0000-0000-c000-000000000000",
	    0, 0, NULL },
	{ "tenants", CHOICE, AT(tenants), "listed", 0, 0, tenants },
	{ "failed_logins", COUNT, AT(failed_logins), "20", 0, 1000000, NULL },
	{ "failed_logins_period", COUNT, AT(failed_logins_period), "3", 1, 3600,
	    NULL },
	{ "trusted_proxies", ADDRESSES, AT(trusted_proxies), "", 0, 0, NULL },
	{ "pages", FLAG, AT(pages), "yes", 0, 0, flags },
	{ "session_hours", COUNT, AT(session_hours), "8", 1, 168, NULL },
	{ "sso_uri", URL, AT(sso_uri), "", 0, 0, NULL },
	{ "sso_tenant", ID, AT(sso_tenant), "", 0, 0, NULL },
	{ "operator", IDS, AT(operator), "", 0, 0, NULL },
	{ "csr_country", COUNTRY, AT(csr_country), "", 0, 0, NULL },
	{ "csr_organization", TEXT, AT(csr_organization), "", 0, 0, NULL },
	{ "csr_common_name", TEXT, AT(csr_common_name), "MDM push certificate",
	    0, 0, NULL },
	{ "csr_email", TEXT, AT(csr_email), "", 0, 0, NULL },
	{ "max_body", SIZE, AT(max_body), "64K", 1 * K, 1 * M, NULL },
	{ "max_batch", SIZE, AT(max_batch), "256K", 64 * K, 4 * M, NULL },
	{ "map_size", SIZE, AT(map_size), "1G", 1 * M, CAPPED(1024 * G), NULL },
	{ "database", DATABASE, AT(database), "", 0, 0, NULL },
	{ "database_password_file", TEXT, AT(database_password_file), "", 0, 0,
	    NULL },
	{ "database_schema", SCHEMA, AT(database_schema), "pushcert", 0, 0,
	    NULL },
	{ "database_lanes", COUNT, AT(database_lanes), "2", 1, 8, NULL },
	{ "read_only", FLAG, AT(read_only), "no", 0, 0, flags },
	{ "workers", COUNT, AT(workers), "64", 1, 1024, NULL },
	{ "worker_timeout", COUNT, AT(worker_timeout), "60", 1, 3600, NULL },
	{ "queue_timeout", COUNT, AT(queue_timeout), "5", 1, 3600, NULL },
	{ "queue_writers", COUNT, AT(queue_writers), "1024", 1, 1024, NULL },
	{ "history_keep", COUNT, AT(history_keep), "100", 1, 100000, NULL },
	{ "history_certificates", COUNT, AT(history_certificates), "10", 1, 100,
	    NULL },
	{ "apns_url", URL, AT(apns_url), "https://api.push.apple.com", 0, 0,
	    NULL },
	{ "deploy_directory", TEXT, AT(deploy_directory), "", 0, 0, NULL },
	{ "deploy_timeout", COUNT, AT(deploy_timeout), "60", 1, 3600, NULL },
	{ "notify_timeout", COUNT, AT(notify_timeout), "60", 1, 3600, NULL },
	{ "deploy_retry_most", COUNT, AT(deploy_retry_most), "21600", 60,
	    604800, NULL },
	{ "data_in_document_root", FLAG, AT(data_in_document_root), "no", 0, 0,
	    flags },
	{ "return_certificate", FLAG, AT(return_certificate), "yes", 0, 0,
	    flags },
	{ "sandbox", FLAG, AT(sandbox), "yes", 0, 0, flags },
	{ "certificate_policy", CHOICE, AT(certificate_policy), "inspect", 0, 0,
	    policies },
	{ "topic_change", CHOICE, AT(topic_change), "refuse", 0, 0, topics },
	{ "log", FLAG, AT(syslog), "stderr", 0, 0, targets },
	{ "log_level", CHOICE, AT(log_level), "info", 0, 0, levels },
#undef AT
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* The state while a file is read: the current line, the keys seen so far, and
 * the first mistake. */
struct reading {
	FILE *file;
	int cause; /* errno if the file cannot be read, else 0 */
	struct config *config;
	bool seen[KEYS];
	int line;
	bool wrong;
	bool any; /* a line is not blank */
	struct buf why;
};

static int
refuse(struct reading *rd)
{
	rd->wrong = true;
	return 0;
}

static int
refuse_key(struct reading *rd, const char *name)
{
	struct nearest near = { .typed = name };
	size_t i;

	for (i = 0; i < KEYS; i++)
		nearest_offer(&near, keys[i].name);
	buf_printf(&rd->why, "unknown key '%s'", name);
	if (near.word != NULL)
		buf_printf(&rd->why, "; did you mean '%s'?", near.word);
	return refuse(rd);
}

/* The callback of inih for one name=value. Returning 0 marks the line as wrong;
 * next_line then ends the file. */
static int
take(void *user, const char *section, const char *name, const char *value)
{
	struct reading *rd = user;
	size_t i;

	(void)section;
	for (i = 0; i < KEYS && strcmp(keys[i].name, name) != 0; i++)
		;
	if (i == KEYS)
		return refuse_key(rd, name);
	if (rd->seen[i] && config_joint(keys[i].kind) == '\0') {
		buf_printf(&rd->why,
		    "'%s' is set twice; remove one of the two lines", name);
		return refuse(rd);
	}
	if (!config_set(&keys[i], value, !rd->seen[i], rd->config)) {
		buf_printf(&rd->why, "'%s' has ", name);
		/* A connection string may have a password. */
		if (keys[i].kind == DATABASE)
			buf_text(&rd->why, "an invalid value; use ");
		else
			buf_printf(
			    &rd->why, "the invalid value '%s'; use ", value);
		config_describe(&keys[i], &rd->why);
		return refuse(rd);
	}
	rd->seen[i] = true;
	return 1;
}

/* Whether inih would cut the value of this line: inih takes a semicolon after a
 * blank for the start of a comment. */
static bool
is_cut(const char *text)
{
	const char *value = text + strcspn(text, "=:"), *p;

	if (*text == ';' || *text == '#' || *value == '\0')
		return false;
	for (p = value + 1; *p != '\0'; p++)
		if (*p == ';' && p > value + 1 && isspace((unsigned char)p[-1]))
			return true;
	return false;
}

/* Returns why inih would misread the line, or NULL. */
static const char *
misread(const char *line, bool whole)
{
	const char *text = line + strspn(line, " \t");

	/* inih has a buffer of 200 bytes and takes the rest of a longer line
	 * for a new line. */
	if (!whole)
		return "the line has more than 198 bytes or contains a NUL "
		       "byte";
	if (*text == '[')
		return "sections are not supported; remove this line";
	/* inih would append it to the value of the line before. */
	if (text > line && strchr(";#\r\n", *text) == NULL)
		return "the line begins with a blank; remove the blank";
	if (is_cut(text))
		return "the semicolon after a blank would cut off the value; "
		       "remove the blank, and write a comment on a line of "
		       "its own";
	return NULL;
}

/* Reads a line for inih, with the arguments of fgets. */
static char *
next_line(char *line, int size, void *user)
{
	struct reading *rd = user;
	const char *why;

	if (rd->wrong)
		return NULL;
	if (fgets(line, size, rd->file) == NULL) {
		rd->cause = ferror(rd->file) ? errno : 0;
		return NULL;
	}
	rd->line++;
	rd->any |= line[strspn(line, " \t\r\n")] != '\0';
	why = misread(line, strchr(line, '\n') != NULL || feof(rd->file));
	if (why != NULL) {
		buf_text(&rd->why, why);
		rd->wrong = true;
		line[0] = '\0';
	}
	return line;
}

void
config_default(struct config *c)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < KEYS; i++)
		(void)config_set(&keys[i], keys[i].preset, true, c);
}

/* Whether the values agree with each other. If not, *why says which do not. */
static bool
is_consistent(const struct config *c, struct buf *why)
{
	if (c->vendor_command[0] != '\0' && c->vendor_certificate[0] != '\0') {
		buf_text(why,
		    "'vendor_command' and 'vendor_certificate' exclude each "
		    "other; remove one of them");
		return false;
	}
	if (c->worker_timeout > c->queue_timeout)
		return true;
	buf_printf(why,
	    "'worker_timeout' is %zu, but must be greater than "
	    "'queue_timeout', which is %zu, because a worker may wait for "
	    "that time",
	    c->worker_timeout, c->queue_timeout);
	return false;
}

enum err
config_load(const char *path, struct config *c, char message[CONFIG_TEXT_MAX])
{
	char why[CONFIG_TEXT_MAX / 2];
	struct reading rd = { .config = c };
	int bad = 0;

	config_default(c);
	buf_init(&rd.why, why, sizeof(why));
	if ((rd.file = fopen(path, "re")) == NULL) {
		rd.cause = errno;
	} else {
		bad = ini_parse_stream(next_line, &rd, take, &rd);
		(void)fclose(rd.file);
	}
	if (rd.cause != 0) {
		snprintf(message, CONFIG_TEXT_MAX, "%s: %s%s", path,
		    strerror(rd.cause),
		    rd.cause == ENOENT
			? "; 'pushcert init --data DIRECTORY --config FILE' makes it"
			: "");
		return ERR_FILE;
	}
	if (bad == 0 && !rd.wrong) {
		/* A crash or a full disk can leave an empty file. The defaults
		 * would then open another store than before. */
		if (!rd.any)
			buf_text(&rd.why,
			    "the file is empty; write its keys again, or "
			    "remove it");
		else if (is_consistent(c, &rd.why))
			return ERR_OK;
		snprintf(message, CONFIG_TEXT_MAX, "%s: %.*s", path,
		    STR_ARG(buf_view(&rd.why)));
		return ERR_CONFIG;
	}
	if (!rd.wrong)
		buf_text(
		    &rd.why, "the line is neither 'key = value' nor a comment");
	snprintf(message, CONFIG_TEXT_MAX, "%s:%d: %.*s", path,
	    rd.wrong ? rd.line : bad, STR_ARG(buf_view(&rd.why)));
	return ERR_CONFIG;
}

const char *
config_find(const char *given, char path[PATH_MAX])
{
	static const char installed[] = SYSCONFDIR "/pushcert.conf";
	const char *environment = getenv("PUSHCERT_CONFIG");
	char program[PATH_MAX];
	ssize_t n;

	if (given != NULL)
		return given;
	if (environment != NULL && environment[0] != '\0')
		return environment;
	n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (n > 0) {
		program[n] = '\0';
		n = snprintf(
		    path, PATH_MAX, "%s/pushcert.conf", dirname(program));
		if (n > 0 && n < PATH_MAX && access(path, F_OK) == 0)
			return path;
	}
	return access(installed, F_OK) == 0 ? installed : NULL;
}

/* inih takes a semicolon after a blank for the start of a comment, so a value
 * that starts with a semicolon follows the '=' at once. */
static void
print_line(const char *name, struct str value, FILE *out)
{
	fprintf(out, "%s =%s%.*s\n", name, str_starts(value, ";") ? "" : " ",
	    STR_ARG(value));
}

/* Prints a line for each item, because inih could not read a list in one long
 * line. */
static void
print_list(const char *name, const char *list, char joint, FILE *out)
{
	struct str rest = str_of(list);

	do
		print_line(name, str_trim(str_cut(&rest, joint)), out);
	while (!str_is_null(rest));
}

void
config_print(const struct config *c, FILE *out)
{
	char text[CONFIG_TEXT_MAX + 64];
	struct buf line;
	size_t i;

	for (i = 0; i < KEYS; i++) {
		char joint = config_joint(keys[i].kind);

		if (joint != '\0') {
			print_list(keys[i].name,
			    (const char *)c + keys[i].offset, joint, out);
			continue;
		}
		buf_init(&line, text, sizeof(text));
		config_print_value(&keys[i], c, &line);
		print_line(keys[i].name, buf_view(&line), out);
	}
}
