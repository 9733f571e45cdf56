/* SPDX-License-Identifier: ISC */
/*
 * stand_in.c - the configurations of the web servers: one site on the loopback
 * address that passes everything to the program. The samples in conf/ are for
 * sites that stay.
 */
#include "tool/stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
lighttpd(const struct stand_in_site *site, struct buf *out)
{
	buf_printf(out,
	    "server.bind = \"127.0.0.1\"\n"
	    "server.port = %u\n"
	    "server.document-root = \"%s/www\"\n"
	    "server.upload-dirs = ( \"%s\" )\n"
	    "server.modules = ( \"mod_fastcgi\" )\n"
	    "server.max-request-field-size = 65535\n"
	    "server.max-request-size = 1024\n"
	    "fastcgi.server = ( \"\" => (( \"socket\" => \"%s\",\n"
	    "	\"check-local\" => \"disable\" )))\n",
	    site->port, site->directory, site->directory, site->socket);
}

static void
nginx(const struct stand_in_site *site, struct buf *out)
{
	const char *d = site->directory;

	if (geteuid() == 0)
		buf_text(out, "user root;\n");
	buf_printf(out,
	    "daemon off;\n"
	    "pid %s/nginx.pid;\n"
	    "error_log stderr error;\n"
	    "events {\n}\n"
	    "http {\n"
	    "access_log off;\n"
	    "client_body_temp_path %s/body;\n"
	    "fastcgi_temp_path %s/fastcgi;\n"
	    "proxy_temp_path %s/proxy;\n"
	    "scgi_temp_path %s/scgi;\n"
	    "uwsgi_temp_path %s/uwsgi;\n"
	    "large_client_header_buffers 4 64k;\n",
	    d, d, d, d, d, d);
	buf_printf(out,
	    "server {\n"
	    "listen 127.0.0.1:%u;\n"
	    "client_max_body_size 1m;\n"
	    "location / {\n"
	    "fastcgi_pass unix:%s;\n"
	    "fastcgi_param REQUEST_METHOD $request_method;\n"
	    "fastcgi_param REQUEST_URI $request_uri;\n"
	    "fastcgi_param QUERY_STRING $query_string;\n"
	    "fastcgi_param CONTENT_TYPE $content_type;\n"
	    "fastcgi_param CONTENT_LENGTH $content_length;\n"
	    "fastcgi_param REQUEST_SCHEME $scheme;\n"
	    "fastcgi_param SERVER_NAME $server_name;\n"
	    "fastcgi_param REMOTE_ADDR $remote_addr;\n"
	    "}\n}\n}\n",
	    site->port, site->socket);
}

static void
caddy(const struct stand_in_site *site, struct buf *out)
{
	buf_printf(out,
	    "{\n\tadmin off\n\tauto_https off\n"
	    "\tstorage file_system %s\n\tlog {\n\t\tlevel ERROR\n\t}\n}\n"
	    "http://127.0.0.1:%u {\n"
	    "\tbind 127.0.0.1\n"
	    "\treverse_proxy unix/%s {\n"
	    "\t\ttransport fastcgi\n"
	    "\t\theader_down -Status\n"
	    "\t}\n}\n",
	    site->directory, site->port, site->socket);
}

const struct stand_in_server stand_in_servers[] = {
	{ "lighttpd", lighttpd, { "-D", "-f" } },
	{ "nginx", nginx, { "-c" } },
	{ "caddy", caddy, { "run", "--adapter", "caddyfile", "--config" } },
	{ NULL, NULL, { NULL } },
};

static bool
is_program(struct str directory, const char *name, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%.*s/%s", STR_ARG(directory), name);

	return directory.n > 0 && directory.p[0] == '/' && n < PATH_MAX &&
	    access(out, X_OK) == 0;
}

bool
stand_in_find(const char *name, char out[PATH_MAX])
{
	struct str list = str_of(getenv("PATH"));
	char sbin[PATH_MAX];

	while (!str_is_null(list)) {
		struct str directory = str_cut(&list, ':');

		if (is_program(directory, name, out))
			return true;
		if (!str_ends(directory, "/bin") ||
		    directory.n + 2 > sizeof(sbin))
			continue;
		snprintf(sbin, sizeof(sbin), "%.*ssbin", (int)directory.n - 3,
		    directory.p);
		if (is_program(str_of(sbin), name, out))
			return true;
	}
	return false;
}
