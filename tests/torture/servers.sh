# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# servers.sh - runs a test with a store of two tenants through several web
# servers. Tests source this file in the build directory.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 99
built=$PWD/pushcert
name=$(basename "$0")
# shellcheck source=tests/integration/server.sh
. "$here/../integration/server.sh"
command -v python3 >/dev/null || {
	echo 'python3 is not installed'
	exit 77
}
work=$(mktemp -d) || exit 99
chmod 711 "$work"
trap 'server_stop; rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
passed=0 failed=0 skipped=0

# prepare: makes a store; $dir/tokens has lines "TENANT RIGHT TOKEN".
prepare() {
	mkdir -p "$dir/bin"
	# The program finds its configuration next to its own file.
	program=$dir/bin/pushcert
	config=$program.conf
	cp "$built" "$program"
	"$program" init --data "$dir/data" --config "$config" >/dev/null ||
		return
	# The tests send many wrong tokens from one address.
	echo 'failed_logins = 0' >>"$config"
	for tenant in 1 2; do
		for right in Read ReadWrite; do
			token=$("$program" token create --config "$config" \
				--tenant "6bcc9004-0000-4000-8000-00000000000$tenant" \
				--scope DeviceManagementServiceConfig.$right.All) ||
				return
			echo "$tenant $right $token"
		done
	done >"$dir/tokens"
}

# through COMMAND SERVER...: for each server runs COMMAND, which uses $server,
# $server_port and $dir, and counts the results.
through() {
	through=$1
	shift
	for server; do
		dir=$work/$server
		mkdir "$dir" && prepare || exit 99
		if server_start "$here/../integration/$server.server" \
			"$program" "$config" "$dir" $((20000 + $$ % 20000)); then
			if $through; then
				passed=$((passed + 1))
			else
				failed=$((failed + 1))
				tail -n 5 "$dir/server.log"
			fi
		elif [ $? -eq 77 ]; then
			echo "$server is not installed"
			skipped=$((skipped + 1))
		else
			cat "$dir/server.log"
			failed=$((failed + 1))
		fi
		server_stop
	done
}

# counted: prints the counts and ends the test.
counted() {
	echo "$name: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] || exit 1
	[ "$passed" -gt 0 ] || exit 77
}
