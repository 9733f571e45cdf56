# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# progress.sh - shows on a terminal how far a long command has come. Shell
# scripts source this file. Nothing is written if standard error is no terminal.

# progress_show TEXT: shows a line of at most 79 characters, without a line end.
progress_show() {
	[ ! -t 2 ] || printf '\r\033[K%.79s' "$1" >&2
}

# progress_erase: erases that line.
progress_erase() {
	[ ! -t 2 ] || printf '\r\033[K' >&2
}

# progress_during HOW-FAR COMMAND...: runs the command. Meanwhile it shows the
# output of HOW-FAR, a command without arguments, once a second. Returns the
# status of the command.
progress_during() {
	if [ ! -t 2 ]; then
		shift
		"$@"
		return
	fi
	progress_of=$1
	shift
	# The loop ends with the script, also if the script is killed.
	(
		while kill -0 $$ 2>/dev/null; do
			progress_show "$($progress_of)"
			sleep 1
		done
	) &
	progress_pid=$!
	"$@"
	progress_status=$?
	kill $progress_pid 2>/dev/null
	wait $progress_pid 2>/dev/null
	progress_erase
	return $progress_status
}
