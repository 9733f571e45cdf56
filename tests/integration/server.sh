# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# server.sh - starts and stops a web server with pushcert. Shell scripts source
# this file. The details of a server are in its *.server file, which is run as
# FILE PROGRAM CONFIG DIRECTORY PORT. It stays in the foreground on 127.0.0.1,
# writes its pid into DIRECTORY/server.pid as soon as it listens, and exits with
# 77 if the server is not installed.

# Requests to this machine must not go through a proxy.
no_proxy=127.0.0.1${no_proxy:+,$no_proxy}
export no_proxy

# server_start FILE PROGRAM CONFIG DIRECTORY PORT: starts the server on the
# first free port from PORT on. Sets server_pid and server_port; the output of
# server and program goes to DIRECTORY/server.log. Returns the status of FILE if
# the server does not run.
server_start() {
	server_port=$5
	while :; do
		rm -f "$4/server.pid"
		"$1" "$2" "$3" "$4" "$server_port" >"$4/server.log" 2>&1 &
		server_pid=$!
		server_wait "$4/server.pid" && return
		wait "$server_pid"
		server_status=$?
		server_pid=
		grep -qi 'address already in use' "$4/server.log" ||
			return "$server_status"
		server_port=$((server_port + 1))
	done
}

# server_wait PIDFILE: waits until the file is written; false if the server
# ended or 10 seconds passed.
server_wait() {
	server_tries=100
	while [ ! -s "$1" ]; do
		server_tries=$((server_tries - 1))
		if [ "$server_tries" -eq 0 ]; then
			kill "$server_pid"
			return 1
		fi
		kill -0 "$server_pid" 2>/dev/null || return 1
		sleep 0.1
	done
}

# server_children PID: prints the child processes.
server_children() {
	sed -n "s/^\([0-9]*\) ([^)]*) [A-Z] $1 .*/\1/p" /proc/[0-9]*/stat \
		2>/dev/null
}

# server_stop: ends the server, and waits at most 20 seconds until it and the
# programs that it started have ended.
server_stop() {
	[ -n "${server_pid:-}" ] || return 0
	server_left=$(server_children "$server_pid")
	kill "$server_pid" 2>/dev/null
	wait "$server_pid" 2>/dev/null
	server_pid=
	server_tries=200
	for server_child in $server_left; do
		while kill -0 "$server_child" 2>/dev/null; do
			server_tries=$((server_tries - 1))
			[ "$server_tries" -gt 0 ] || return 1
			sleep 0.1
		done
	done
}
