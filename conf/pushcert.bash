# bash completion for pushcert. It asks the program itself with --help, so it
# needs no changes when the program changes.

# Prints the options of the command in $1, "show" or "token create", or the
# possible second words.
_pushcert_words() {
	pushcert --help 2>/dev/null | awk -v command="$1" '
	/^  pushcert / {
		line = $0
		sub(/^  pushcert /, "", line)
		mine = line == command || index(line, command " ") == 1
		two = index(line, command " ") == 1 && line ~ ("^" command " [a-z]")
		if (command == "") {
			split(line, word, " ")
			print word[1]
		} else if (two) {
			split(substr(line, length(command) + 2), word, " ")
			print word[1]
			mine = 0
		}
	}
	/^$/ { mine = 0 }
	mine && command != "" {
		while (match($0, /--[a-z][-a-z0-9]*/)) {
			print substr($0, RSTART, RLENGTH)
			$0 = substr($0, RSTART + RLENGTH)
		}
	}
	END { print "--config\n--help" }' | sort -u
}

_pushcert() {
	local current=$2 previous=$3 command

	case $previous in
	--config | --output | --token-file | --vendor-cert | --vendor-key | \
		--passphrase-file | --socket | upload | backup | restore)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		[[ ${#COMPREPLY[@]} -eq 0 ]] || return
		;;
	--data)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	esac
	[[ $COMP_CWORD -gt 1 ]] && command=${COMP_WORDS[1]}
	if [[ $COMP_CWORD -gt 2 && ${COMP_WORDS[2]} == [a-z]* ]]; then
		command+=" ${COMP_WORDS[2]}"
	fi
	mapfile -t COMPREPLY < <(compgen -W \
		"$(_pushcert_words "${command:-}")" -- "$current")
}

complete -F _pushcert pushcert
