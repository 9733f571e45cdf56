#!/bin/sh
# SPDX-License-Identifier: ISC
#
# lookalikes.sh DIR COUNT SEED - makes COUNT random certificates, DIR/N.pem, and
# writes the facts that the openssl program reports about each into DIR/N.facts.
set -eu
LC_ALL=C
export LC_ALL
umask 077
rm -rf "$1"
mkdir -p "$1/ca"
cd "$1"

quiet() {
	"$@" 2>errors || {
		cat errors >&2
		exit 1
	}
}

cat >ca.cnf <<'END'
[ req ]
prompt = no
distinguished_name = dn
string_mask = utf8only
[ dn ]
CN = unused
[ ca ]
default_ca = own
[ own ]
database = ./ca/index.txt
new_certs_dir = ./ca
serial = ./ca/serial
private_key = ca.key
default_md = sha256
policy = anything
unique_subject = no
string_mask = utf8only
copy_extensions = none
[ anything ]
userId = optional
commonName = optional
organizationName = optional
countryName = optional
[ leaf ]
basicConstraints = CA:FALSE
END

# --- keys of every kind, and issuers with awkward names ------------------

quiet openssl genpkey -algorithm RSA -out rsa2048.key
quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 \
	-out rsa1024.key
for curve in P-256 P-384; do
	quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve \
		-out $curve.key
done
quiet openssl genpkey -algorithm ed25519 -out ed25519.key
for key in rsa2048 rsa1024 P-256 P-384 ed25519; do
	quiet openssl req -new -config ca.cnf -key $key.key -subj /CN=x \
		-out $key.csr
done
cp rsa2048.key ca.key

issuer() { # NUMBER SUBJECT
	quiet openssl req -x509 -config ca.cnf -key ca.key -utf8 -subj "$2" \
		-out "ca$1.pem"
}
issuer 0 '/CN=Apple Application Integration 2 Certification Authority/OU=Apple Certification Authority/O=Apple Inc./C=US'
issuer 1 '/C=DE/O=Schlüssel, Söhne \+ Co./CN= leading and trailing '
issuer 2 '/CN=#hash/O=a"b<c>d;e\\f=g'
issuer 3 '/C=JP/O=株式会社/CN=認証局'
issuer 4 '/DC=invalid/DC=test/CN=one+OU=two'
issuer 5 '/CN=test@example.org/emailAddress=test@example.org'

# --- the plan: serial, topic, dates, key, issuer -------------------------

awk -v count="$2" -v seed="$3" '
function random(n) { return int(rand() * n) }
function hex(n, s) {
	while (n-- > 0)
		s = s substr("0123456789ABCDEF", random(16) + 1, 1)
	return s
}
function uuid() {
	return tolower(hex(8) "-" hex(4) "-" hex(4) "-" hex(4) "-" hex(12))
}
function moment(year) {
	return sprintf("%04d%02d%02d%02d%02d%02dZ", year, 1 + random(12),
	    1 + random(28), random(24), random(60), random(60))
}
BEGIN {
	srand(seed)
	keys = split("rsa2048 rsa2048 rsa1024 P-256 P-384 ed25519", key, " ")
	topics = split("com.apple.mgmt.External. com.apple.mgmt.External. " \
	    "com.apple.mgmt.XServer. com.apple.mail.XServer. org.example. " \
	    "Bücher. com.apple.mgmt", topic, " ")
	for (i = 1; i <= count; i++) {
		serial = random(4) ? hex(16) : hex(2 + 2 * random(20))
		sub(/^[89A-F]/, random(8), serial)
		year = random(2) ? 2015 + random(30) : 1951 + random(190)
		t = random(8)
		print serial, t ? topic[t] (t < topics ? uuid() : "") : "-",
		    moment(year), moment(year + 1 + random(8)),
		    key[1 + random(keys)], random(6)
	}
}' >plan

seconds() { # converts a date as openssl prints it
	date -u -d "${1#*=}" +%s
}

i=0
while read -r serial topic from until key ca; do
	i=$((i + 1))
	: >ca/index.txt
	echo "$serial" >ca/serial
	subject="/UID=$topic/CN=APSP:$i/C=US"
	[ "$topic" != - ] || subject="/CN=APSP:$i/C=US"
	quiet openssl ca -config ca.cnf -batch -notext -preserveDN -utf8 \
		-extensions leaf -cert "ca$ca.pem" -in "$key.csr" \
		-subj "$subject" -startdate "$from" -enddate "$until" \
		-out "$i.pem"
	openssl x509 -in "$i.pem" -noout -startdate -enddate >dates
	{
		openssl x509 -in "$i.pem" -noout -serial -issuer \
			-nameopt RFC2253,-esc_msb
		openssl x509 -in "$i.pem" -noout -subject \
			-nameopt utf8,sep_multiline,sname |
			sed -n 's/^ *UID=/topic=/p'
		echo "from=$(seconds "$(head -n 1 dates)")"
		echo "until=$(seconds "$(tail -n 1 dates)")"
		case $key in
		rsa*) echo "key=RSA ${key#rsa}" ;;
		P-*) echo "key=EC ${key#P-}" ;;
		*) echo 'key=other' ;;
		esac
		openssl x509 -in "$i.pem" -outform DER |
			openssl dgst -sha256 | sed 's/.* /sha256=/'
		openssl x509 -in "$i.pem" -noout -pubkey |
			openssl pkey -pubin -outform DER |
			openssl dgst -sha256 | sed 's/.* /spki=/'
	} >"$i.facts"
done <plan
