/* SPDX-License-Identifier: ISC */
/*
 * doctor_socket.c - checks whether each web server that runs on this machine
 * may connect to the FastCGI socket, and no other user.
 *
 * A web server connects as the user of its workers: it needs write permission
 * on the socket, and search permission on each directory above it. Any user can
 * read in /proc the name, user and groups of every process. A process of root
 * may connect everywhere and is left out, and so is a process of a container,
 * which has files of its own.
 */
#include "tool/doctor_checks.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool/cmd_call.h"
#include "tool/doctor_report.h"

/* The socket of pushcert.socket and of the sample spawn-fcgi. */
#define USUAL_SOCKET "/run/pushcert/fcgi.sock"

#define USER_MAX 64
#define GROUPS_MAX 64

/* The web servers, by the names of their processes. */
static const struct web_server {
	const char *process, *name;
} web_servers[] = {
	{ "apache2", "Apache" },
	{ "caddy", "Caddy" },
	{ "httpd", "Apache" },
	{ "lighttpd", "lighttpd" },
	{ "nginx", "nginx" },
};

#define SERVERS (sizeof(web_servers) / sizeof(web_servers[0]))

struct process {
	char name[32];
	uid_t uid;
	unsigned long group[GROUPS_MAX];
	unsigned groups;
	bool in_container;
};

/* A process of a server, and whether any process of this server may connect. */
struct seen {
	bool runs, may;
	struct process process;
};

/* --- users and processes ------------------------------------------------- */

/* Writes the user's name, or its number if /etc/passwd lacks it. */
static void
user_name(uid_t uid, char out[USER_MAX])
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *p;

	snprintf(out, USER_MAX, "%lu", (unsigned long)uid);
	while (f != NULL && (p = fgetpwent(f)) != NULL)
		if (p->pw_uid == uid) {
			snprintf(out, USER_MAX, "%s", p->pw_name);
			break;
		}
	if (f != NULL)
		(void)fclose(f);
}

/* Reads the numbers of a line; returns how many there are, at most `most`. */
static unsigned
numbers(const char *text, unsigned long *out, unsigned most)
{
	unsigned n = 0;
	char *end;

	for (; n < most; text = end) {
		out[n] = strtoul(text, &end, 10);
		if (end == text)
			break;
		n++;
	}
	return n;
}

/* Reads a line of /proc/PID/status. Of four users or groups, the second is the
 * effective one. */
static void
read_line(const char *line, struct process *p)
{
	unsigned long id[4];

	if (strncmp(line, "Name:\t", 6) == 0)
		snprintf(p->name, sizeof(p->name), "%.*s",
		    (int)strcspn(line + 6, "\n"), line + 6);
	else if (strncmp(line, "Uid:", 4) == 0 && numbers(line + 4, id, 4) > 1)
		p->uid = (uid_t)id[1];
	else if (strncmp(line, "Gid:", 4) == 0 && numbers(line + 4, id, 4) > 1)
		p->group[p->groups++] = id[1];
	else if (strncmp(line, "Groups:", 7) == 0)
		p->groups += numbers(
		    line + 7, p->group + p->groups, GROUPS_MAX - p->groups);
	else if (strncmp(line, "NSpid:", 6) == 0)
		p->in_container = numbers(line + 6, id, 4) > 1;
}

static bool
read_process(const char *pid, struct process *p)
{
	char path[64], line[1024];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/status", pid);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	*p = (struct process){ .groups = 0 };
	while (fgets(line, sizeof(line), f) != NULL)
		read_line(line, p);
	(void)fclose(f);
	return !p->in_container && p->uid != 0;
}

/* --- permissions --------------------------------------------------------- */

/* Whether the process has the permission, which is S_IWOTH or S_IXOTH. */
static bool
may_use(const struct process *p, const struct stat *st, mode_t permission)
{
	unsigned i;

	if (p->uid == st->st_uid)
		return (st->st_mode & (permission << 6)) != 0;
	for (i = 0; i < p->groups; i++)
		if (p->group[i] == st->st_gid)
			return (st->st_mode & (permission << 3)) != 0;
	return (st->st_mode & permission) != 0;
}

/*
 * Whether the process may connect. If it may not, `barrier` is the path of the
 * directory or the socket that keeps it out. A part of the path that cannot be
 * examined here is taken for open.
 */
static bool
may_connect(const struct process *p, const char *socket, char barrier[PATH_MAX])
{
	const char *slash = socket;
	struct stat st;

	while ((slash = strchr(slash, '/')) != NULL) {
		slash++;
		snprintf(
		    barrier, PATH_MAX, "%.*s", (int)(slash - socket), socket);
		if (stat(barrier, &st) == 0 && !may_use(p, &st, S_IXOTH))
			return false;
	}
	snprintf(barrier, PATH_MAX, "%s", socket);
	return stat(barrier, &st) != 0 || may_use(p, &st, S_IWOTH);
}

/* --- findings ------------------------------------------------------------ */

static void
note_process(const struct process *p, const char *socket, struct seen *seen)
{
	char barrier[PATH_MAX];
	size_t i;

	for (i = 0; i < SERVERS; i++)
		if (strcmp(p->name, web_servers[i].process) == 0) {
			seen[i].runs = true;
			seen[i].process = *p;
			seen[i].may = seen[i].may ||
			    may_connect(p, socket, barrier);
		}
}

/* Returns whether a web server runs that may connect. */
static bool
look_at_processes(const char *socket, struct seen seen[SERVERS])
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	struct process p;
	bool may = false;
	size_t i;

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_process(entry->d_name, &p))
			note_process(&p, socket, seen);
	if (d != NULL)
		(void)closedir(d);
	for (i = 0; i < SERVERS; i++)
		may = may || seen[i].may;
	return may;
}

/* Reports a web server that may not connect. The report is only a note if
 * another web server may: the first one may serve something else. */
static void
report_server(struct doctor *d, const char *server, const struct process *p,
    const char *socket, bool is_note)
{
	char barrier[PATH_MAX], user[USER_MAX], owner[USER_MAX];
	char cure[256 + 2 * USER_MAX];
	struct stat st;

	(void)may_connect(p, socket, barrier);
	if (stat(barrier, &st) != 0)
		return;
	user_name(p->uid, user);
	user_name(st.st_uid, owner);
	snprintf(cure, sizeof(cure),
	    "With systemd, set SocketUser=%s in a drop-in of pushcert.socket "
	    "and restart it; with spawn-fcgi, use -U %s; with pushcert serve, "
	    "add %s to the socket's group.",
	    user, user, user);
	(is_note ? doctor_note : doctor_finding)(d, cure,
	    "%s runs as the user %s, which may not connect: %s belongs to %s "
	    "and has mode %03o",
	    server, user, barrier, owner, (unsigned)st.st_mode & 0777);
}

/* Reports a socket that each user of this machine may connect to. */
static void
check_strangers(struct doctor *d, const char *socket)
{
	/* No user and no group has this number. */
	const struct process stranger = { .uid = (uid_t)-1 };
	char barrier[PATH_MAX];

	if (may_connect(&stranger, socket, barrier))
		doctor_finding(d,
		    "Give it mode 0600 and the web server's user (SocketMode "
		    "and SocketUser, or spawn-fcgi -M and -U): the program "
		    "trusts its FastCGI peer.",
		    "%s: every user of this machine may connect", socket);
}

void
doctor_check_socket(struct doctor *d)
{
	const char *given = d->call->value[OPTION_SOCKET];
	const char *socket = given != NULL ? given
	    : d->configured && d->call->config.socket[0] == '/'
	    ? d->call->config.socket
	    : USUAL_SOCKET;
	struct seen seen[SERVERS] = { { .runs = false } };
	struct stat st;
	bool may;
	size_t i;

	if (stat(socket, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		if (given != NULL)
			doctor_finding(d,
			    "Start the service, or name its socket.",
			    "%s: the socket does not exist", socket);
		return;
	}
	check_strangers(d, socket);
	may = look_at_processes(socket, seen);
	for (i = 0; i < SERVERS; i++)
		if (seen[i].runs && !seen[i].may)
			report_server(d, web_servers[i].name, &seen[i].process,
			    socket, may);
}
