# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# postgresql.sh - starts PostgreSQL servers of a test, which sources this file.
# They listen on unix sockets only and run as the user postgres if the test runs
# as root, because the server refuses to run as root.

# Words for the reason if the test cannot run here, else empty.
postgresql_missing() {
	nm "$1" 2>/dev/null | grep -q pg_engine || {
		echo 'built without --with-postgresql'
		return
	}
	postgresql_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null |
		sort -V | tail -n 1)
	[ -n "$postgresql_bin" ] || {
		echo 'PostgreSQL is not installed (Debian package postgresql)'
		return
	}
	[ "$(id -u)" -ne 0 ] || id postgres >/dev/null 2>&1 ||
		echo 'there is no user postgres'
}

# postgresql_do PROGRAM ARGUMENT...: runs a program of PostgreSQL, such as
# pg_ctl.
postgresql_do() {
	postgresql_program=$(ls -d /usr/lib/postgresql/*/bin | sort -V |
		tail -n 1)/$1
	shift
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=postgres --regid=postgres --clear-groups \
			"$postgresql_program" "$@"
	else
		"$postgresql_program" "$@"
	fi
}

# postgresql_make DIR [OPTION...]: makes the files of a server in DIR/data. Its
# superuser is owner. An option is one of initdb.
postgresql_make() {
	postgresql_dir=$1
	shift
	mkdir -p "$postgresql_dir/data" "$postgresql_dir/run" || return
	chmod 755 "$postgresql_dir"
	[ "$(id -u)" -ne 0 ] ||
		chown postgres "$postgresql_dir/data" "$postgresql_dir/run"
	chmod 700 "$postgresql_dir/data"
	postgresql_do initdb -A trust -U owner -E UTF8 --locale=C.UTF-8 "$@" \
		-D "$postgresql_dir/data"
}

# postgresql_start DIR [OPTION...]: starts the server of DIR; its socket is in
# DIR/run. An option is one of postgres.
postgresql_start() {
	postgresql_dir=$1
	shift
	postgresql_do pg_ctl -s -w -D "$postgresql_dir/data" \
		-l "$postgresql_dir/run/log" \
		-o "-k $postgresql_dir/run -c listen_addresses='' -c fsync=off $*" \
		start
}

# postgresql_sql DIR COMMAND: runs a command of SQL as the superuser.
postgresql_sql() {
	postgresql_do psql -X -q -A -t -h "$1/run" -U owner -d postgres -c "$2"
}

# postgresql_stop DIR [MODE]: stops the server of DIR, if it runs; the mode is
# one of pg_ctl.
postgresql_stop() {
	[ ! -e "$1/data/postmaster.pid" ] ||
		postgresql_do pg_ctl -s -m "${2:-immediate}" -D "$1/data" stop
}
