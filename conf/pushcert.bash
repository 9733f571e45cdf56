# bash completion for pushcert. The program itself names the words that may
# follow, so this file has no list of them.

_pushcert() {
	local word

	COMPREPLY=()
	while IFS=$'\t' read -r word _; do
		case $word in
		:file)
			mapfile -t COMPREPLY < <(compgen -f -- "$2")
			compopt -o filenames 2>/dev/null
			;;
		:directory)
			mapfile -t COMPREPLY < <(compgen -d -- "$2")
			compopt -o filenames 2>/dev/null
			;;
		?*)
			COMPREPLY+=("$(printf %q "$word")")
			;;
		esac
	done < <("$1" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}

complete -F _pushcert pushcert
