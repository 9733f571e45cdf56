# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# expect.sh - counts the checks of a shell script, which sources this file.
# `dir` is the script's directory; the output of the last command is in $dir/out
# and $dir/err.

dir=${dir:?}
passed=0 failed=0 skipped=0

# fail NAME: counts a failure and prints $dir/why.
fail() {
	failed=$((failed + 1))
	echo "NOT: $1"
	sed 's/^/    /' "$dir/why"
}

# expect NAME STATUS PATTERN COMMAND...: runs the command. It must exit with the
# status, and a line of its output must match the extended regular expression,
# if there is one.
expect() {
	expect_name=$1 expect_status=$2 expect_pattern=$3
	shift 3
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	expect_got=$?
	if [ "$expect_got" -eq "$expect_status" ] &&
		{ [ -z "$expect_pattern" ] || cat "$dir/out" "$dir/err" |
			grep -Eq -e "$expect_pattern"; }; then
		passed=$((passed + 1))
		return
	fi
	{
		echo "$*"
		echo "status is $expect_got, not $expect_status, or there is no"
		echo "$expect_pattern"
		cat "$dir/out" "$dir/err"
	} >"$dir/why"
	fail "$expect_name"
}

# said NAME PATTERN: the output of the last command must match this pattern too.
said() {
	if cat "$dir/out" "$dir/err" | grep -Eq -e "$2"; then
		passed=$((passed + 1))
		return
	fi
	{
		echo "$2 is not in"
		cat "$dir/out" "$dir/err"
	} >"$dir/why"
	fail "$1"
}

# same NAME GOT WANTED: the two texts must be equal.
same() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		return
	fi
	printf 'is  %s\nnot %s\n' "$2" "$3" >"$dir/why"
	fail "$1"
}

# expect_end: prints the counts and ends the script.
expect_end() {
	expect_left=
	[ "$skipped" -eq 0 ] || expect_left=", $skipped skipped"
	echo "$(basename "$0"): $passed passed, $failed failed$expect_left"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
	exit
}
