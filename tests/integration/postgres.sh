# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# postgres.sh - starts and stops throw-away PostgreSQL servers on unix sockets.
# A server is a directory that must be empty at first; its socket is in
# DIRECTORY/run, its log is DIRECTORY/run/log. PostgreSQL refuses to run as
# root, so root runs it as the user postgres.

# PUSHCERT_TEST_POSTGRES is the directory of another server's programs, which
# may lack psql.
postgres_bin=${PUSHCERT_TEST_POSTGRES:-$(ls -d /usr/lib/postgresql/*/bin \
	2>/dev/null | sort -V | tail -n 1)}
postgres_psql=$postgres_bin/psql
[ -x "$postgres_psql" ] || postgres_psql=psql

# postgres_missing: prints why no server can be started; false if one can.
postgres_missing() {
	if [ -z "$postgres_bin" ]; then
		echo 'PostgreSQL is not installed (Debian package postgresql)'
	elif [ "$(id -u)" -eq 0 ] && ! id postgres >/dev/null 2>&1; then
		echo 'there is no user postgres'
	else
		return 1
	fi
}

# postgres_as COMMAND...: runs a command as the owner of the servers.
postgres_as() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
	else
		"$@"
	fi
}

# postgres_exec COMMAND...: the same in place of the shell, for a command in the
# background whose pid is needed.
postgres_exec() {
	if [ "$(id -u)" -eq 0 ]; then
		exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
	fi
	exec "$@"
}

# postgres_place DIRECTORY: makes the directories of a server.
postgres_place() {
	mkdir -p "$1/data" "$1/run" && chmod 755 "$1" && chmod 700 "$1/data" ||
		return
	[ "$(id -u)" -ne 0 ] || chown postgres "$1/data" "$1/run"
}

# postgres_init DIRECTORY: makes a server with the superuser "owner".
postgres_init() {
	postgres_place "$1" &&
		postgres_as "$postgres_bin/initdb" -k -A trust -U owner \
			-D "$1/data" >"$1/run/initdb" 2>&1
}

# postgres_run DIRECTORY OPTION...: starts the server; options as of postgres.
postgres_run() {
	postgres_dir=$1
	shift
	postgres_as "$postgres_bin/pg_ctl" -s -w -t 60 -D "$postgres_dir/data" \
		-l "$postgres_dir/run/log" \
		-o "-k $postgres_dir/run -c listen_addresses='' $*" start
}

# postgres_end DIRECTORY [MODE]: stops the server, if it runs.
postgres_end() {
	[ ! -e "$1/data/postmaster.pid" ] || postgres_as "$postgres_bin/pg_ctl" \
		-s -m "${2:-immediate}" -D "$1/data" stop
}

# postgres_ask DIRECTORY SQL: prints the answer.
postgres_ask() {
	"$postgres_psql" -X -q -A -t -d \
		"host=$1/run user=owner dbname=postgres" -c "$2"
}
