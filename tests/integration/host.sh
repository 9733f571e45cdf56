# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# host.sh - common functions of the *.server files, which source this file. Each
# of them runs a sample of conf/ unchanged, except that all paths are moved
# below DIRECTORY. If root runs the tests, the processes that a web server would
# run as www-data also run as www-data here.
set -eu
PATH=$PATH:/usr/sbin:/sbin
program=$1 config=$2 dir=$3 port=$4
samples=$(cd "${0%/*}/../../conf" && pwd)
# The same for the right side of a substitution.
samples_quoted=$(printf '%s\n' "$samples" | sed 's/[&|\\]/\\&/g')
data=$(sed -n 's/^data = //p' "$config")
backend='' web=''

# need COMMAND...: skips the test if a command is not installed.
need() {
	for command; do
		command -v "$command" >/dev/null || {
			echo "$command is not installed"
			exit 77
		}
	done
}

# The user of the program where a unit or spawn-fcgi starts it: the user of the
# samples, or one that each Debian has.
own=pushcert
id -u $own >/dev/null 2>&1 || own=daemon

# give_to USER: makes USER the owner of the program's files, if root runs the
# test.
give_to() {
	chmod 711 "$dir"
	[ "$(id -u)" -ne 0 ] || {
		chown -R "$1" "$data" "$(dirname "$config")"
		chown www-data "$dir/run"
	}
}

# as USER COMMAND...: runs the command as this user, if root runs the test.
as() {
	user=$1
	shift
	if [ "$(id -u)" -eq 0 ]; then
		exec setpriv --reuid="$user" --regid="$(id -gn "$user")" \
			--clear-groups -- "$@"
	fi
	exec "$@"
}

# as_web COMMAND...: runs the command as the user of web servers.
as_web() {
	as www-data "$@"
}

# sample FILE: prints a sample with the paths of this run.
sample() {
	sed -e "s|/usr/local/bin/pushcert|$program|g" \
		-e "s|/run/pushcert|$dir/run|g" \
		-e "s|/run/lighttpd|$dir/run|g" \
		-e "s|/usr/local/share/pushcert/errors|$samples_quoted/errors|g" \
		-e "s|/var/log/lighttpd/breakage.log|/dev/stderr|" \
		"$samples/$1"
}

# until_true COMMAND...: repeats the command until it succeeds, for at most 10
# seconds.
until_true() {
	tries=100
	until "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# start_program COMMAND...: starts the program that makes run/fcgi.sock and
# serves there.
start_program() {
	rm -f "$dir/run/fcgi.sock"
	"$@" &
	backend=$!
	until_true test -S "$dir/run/fcgi.sock"
}

# start_units [DROP-IN]: starts the program by the samples pushcert.socket and
# pushcert.service, with a drop-in for the socket, as systemd does.
start_units() {
	need python3
	give_to $own
	mkdir -p "$dir/units/pushcert.socket.d"
	for unit in pushcert.socket pushcert.service; do
		sample $unit | sed "s/^\(User\|Group\)=pushcert/\1=$own/" \
			>"$dir/units/$unit"
	done
	[ $# -eq 0 ] || sample "$1" >"$dir/units/pushcert.socket.d/$1"
	PUSHCERT_CONFIG=$config start_program \
		python3 "${0%/*}/run_units.py" "$dir/units/pushcert.socket"
}

# serve COMMAND...: runs the web server next to the program, and ends both.
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
