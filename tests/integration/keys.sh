# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# keys.sh - issues certificates for requests of pushcert with a test
# certification authority, and searches files for a private key. Shell scripts
# source this file. `certs` is the directory that mkcerts.sh has filled.

certs=${certs:?}

# issue_for CSR OUT [SERIAL [TOPIC]]: issues a push certificate for a DER request.
issue_for() {
	topic=com.apple.mgmt.External.1b4e28ba-2fa1-4c8e-883f-0016d3cca427
	openssl req -inform DER -in "$1" -out "$2.csr" &&
		printf %s "${3:-51A2B3C4D5E6F708}" >"$certs/ca/serial" &&
		(cd "$certs" && openssl ca -config ca.cnf -batch -notext \
			-preserveDN -extensions push -in "$2.csr" \
			-utf8 -subj "/UID=${4:-$topic}/CN=APSP:test/C=US" -days 365 \
			-out "$2") 2>"$2.log" || cat "$2.log"
}

hex_of() {
	od -An -v -tx1 "$1" | tr -d ' \n'
}

# key_parts KEY: prints the key as DER and its two primes, as hexadecimal
# digits. Every other form of the key contains one of these.
key_parts() {
	openssl pkey -in "$1" -outform DER -out "$1.der"
	hex_of "$1.der"
	echo
	openssl pkey -in "$1" -noout -text | awk '
	/^[^ ]/ { on = /^prime[12]:/; if (text != "") print text; text = "" }
	on && /^ / { gsub(/[ :]/, ""); text = text $0 }
	' | sed 's/^00//'
}

# key_in PARTS FILE...: prints the names of files that contain a part of the
# key.
key_in() {
	key_in_parts=$1
	shift
	for key_in_file in "$@"; do
		hex_of "$key_in_file" >"$key_in_parts.hex"
		grep -qF -f "$key_in_parts" "$key_in_parts.hex" &&
			echo "$key_in_file"
	done
	return 0
}
