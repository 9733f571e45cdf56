# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# host.sh - what the *.server files share; to be read by one. Each runs a
# sample of conf/ as it stands, but for the paths, which all become ones below
# DIRECTORY. Where root runs the tests, what a web server would run as www-data
# runs as www-data here too.
set -eu
PATH=$PATH:/usr/sbin:/sbin
program=$1 config=$2 dir=$3 port=$4
samples=$(cd "${0%/*}/../../conf" && pwd)
data=$(sed -n 's/^data = //p' "$config")
backend='' web=''

# need COMMAND...: they are installed, or the test cannot run.
need() {
	for command; do
		command -v "$command" >/dev/null || {
			echo "$command is not installed"
			exit 77
		}
	done
}

# give_to USER: the program's files are USER's, if this is root.
give_to() {
	chmod 711 "$dir"
	[ "$(id -u)" -ne 0 ] || {
		chown -R "$1" "$data" "$(dirname "$config")"
		chown www-data "$dir/run"
	}
}

# as_web COMMAND...: runs it as the user that web servers are.
as_web() {
	if [ "$(id -u)" -eq 0 ]; then
		exec setpriv --reuid=www-data --regid=www-data \
			--clear-groups -- "$@"
	fi
	exec "$@"
}

# sample FILE: a sample as it stands, with the paths of this run.
sample() {
	sed -e "s|/usr/local/bin/pushcert|$program|g" \
		-e "s|/run/pushcert|$dir/run|g" \
		-e "s|/run/lighttpd|$dir/run|g" \
		-e "s|/usr/local/share/pushcert/errors|$samples/errors|g" \
		-e "s|/var/log/lighttpd/breakage.log|/dev/stderr|" \
		"$samples/$1"
}

# until_true COMMAND...: waits for it, at most 10 seconds.
until_true() {
	tries=100
	until "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# start_program COMMAND...: starts what makes run/fcgi.sock and serves there.
start_program() {
	rm -f "$dir/run/fcgi.sock"
	"$@" &
	backend=$!
	until_true test -S "$dir/run/fcgi.sock"
}

# serve COMMAND...: a web server beside the program; ends both.
serve() {
	trap stop TERM
	"$@" &
	web=$!
	wait $web || status=$?
	stop
	exit ${status:-0}
}
stop() {
	trap '' TERM
	# shellcheck disable=SC2086 # one process, or none yet
	kill $web $backend 2>/dev/null || :
	wait
}

mkdir -p "$dir/www" "$dir/run"
