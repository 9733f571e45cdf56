# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# failover.sh - what the tests failover and patroni share: the load of
# failover_load.c in two processes, and the judgement of a round. A test sources
# it in the build directory, sets $database, and defines stop_servers and logs,
# which prints the names of the servers' logs.
built=$PWD
srcdir=${srcdir:-.}
# shellcheck source=tests/integration/postgres.sh
. "$srcdir/tests/integration/postgres.sh"
load=$built/tests/torture/failover_load
# The queue_timeout, in milliseconds.
timeout=3000
passed=0 failed=0 loads='' round=0 all_acks=0 kind='' database=''

skip() {
	echo "skipped: $1"
	exit 77
}
nm "$built/pushcert" 2>/dev/null | grep -q pg_engine ||
	skip 'built without --with-postgresql'
! postgres_missing || skip 'no server can be started'
[ -x "$load" ] || skip 'failover_load is not built'

work=$(mktemp -d) || exit 99
chmod 755 "$work"
stop() {
	for pid in $loads; do
		kill -KILL "$pid" 2>/dev/null
	done
	stop_servers
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 99' HUP INT TERM
die() {
	echo "NOT round $round, $kind: $1"
	# shellcheck disable=SC2046 # words
	tail -n 20 "$work/log" "$work/load.log" $(logs)
	exit 1
}

# wait_until WHAT COMMAND...: for at most 60 seconds.
wait_until() {
	what=$1
	shift
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || die "$what: not within 60 s"
		sleep 0.1
	done
}

# kill_server NAME: SIGKILL for all processes of a server. The children come
# first, because without the postmaster they would end by themselves.
kill_server() {
	read -r postmaster <"$work/$1/data/postmaster.pid"
	children=$(cat "/proc/$postmaster/task/$postmaster/children")
	# shellcheck disable=SC2086 # words
	kill -KILL $postmaster $children 2>/dev/null
	tries=0
	while kill -0 "$postmaster" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || die "server $1 does not die"
		sleep 0.05
	done
}

start_loads() {
	for process in 0 1; do
		notes=$work/notes-$process
		rm -f "$notes" "$notes.ready"
		mkdir -p "$work/data-$process"
		chmod 700 "$work/data-$process"
		"$load" run "$work/data-$process" "$database" "round_$round" \
			$process $timeout "$notes" >>"$work/load.log" 2>&1 &
		loads="$loads $!"
		wait_until "the first change of process $process" \
			[ -e "$notes.ready" ]
	done
}

# end_loads: false if one of them met a wrong outcome.
end_loads() {
	good=0
	for pid in $loads; do
		kill -TERM "$pid"
	done
	for pid in $loads; do
		wait "$pid" || good=1
	done
	loads=''
	return $good
}

tell() {
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "NOT round $round, $kind: $2"
		tail -n 5 "$work/load.log"
	fi
}

field() {
	sed "s/.*\b$1 \([0-9]*\).*/\1/" "$work/figures"
}

judge() {
	"$load" check "$work/data-0" "$database" "round_$round" \
		"$work/notes-0" "$work/notes-1" >"$work/figures" 2>>"$work/load.log"
	status=$?
	echo "round $round, $kind: $(cat "$work/figures")"
	if [ "$kind" = control ]; then
		[ "$(field lost)" -gt 0 ]
		tell $? 'asynchronous replication lost nothing'
		return
	fi
	tell $status 'changes were lost, or applied twice'
	[ "$(field longest)" -le $((timeout + 1000)) ]
	tell $? "a call took $(field longest) ms"
	all_acks=$((all_acks + $(field acks)))
}


# report NAME
report() {
	echo "$1: $round rounds, $all_acks changes acknowledged, $failed checks failed"
	echo "$1: $passed passed, $failed failed"
	[ $failed -eq 0 ]
}
