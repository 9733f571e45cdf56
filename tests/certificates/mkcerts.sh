#!/bin/sh
# SPDX-License-Identifier: ISC
#
# mkcerts.sh DIR - makes a temporary certification authority and certificates
# that look like Apple's MDM push certificates, in every form in which users
# paste them, and other things that users paste by mistake. It needs only the
# openssl program. The files are worthless, since Apple's key is not involved.
set -eu
umask 077
rm -rf "$1"
mkdir -p "$1/ca"
cd "$1"
: >ca/index.txt
echo 'unique_subject = no' >ca/index.txt.attr

# The organisation's topic, and a different one, as after a new certificate
# instead of a renewal.
topic=1b4e28ba-2fa1-4c8e-883f-0016d3cca427
other=6fa459ea-ee8a-4ca4-894e-db77e160355e
name="/UID=com.apple.mgmt.External.$topic/CN=APSP:$topic/C=US"

# quiet COMMAND...: prints the errors only if the command fails.
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
[ root ]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical,keyCertSign,cRLSign
[ intermediate ]
basicConstraints = critical,CA:TRUE,pathlen:0
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
keyUsage = critical,keyCertSign,cRLSign
[ ca ]
default_ca = own
[ own ]
dir = ./ca
database = $dir/index.txt
new_certs_dir = $dir
certificate = int.pem
private_key = int.key
serial = $dir/serial
default_md = sha256
default_days = 365
default_crl_days = 30
crl_extensions = crl
policy = anything
unique_subject = no
string_mask = utf8only
copy_extensions = none
email_in_dn = no
[ crl ]
authorityKeyIdentifier = keyid
[ anything ]
userId = optional
commonName = optional
organizationalUnitName = optional
organizationName = optional
countryName = optional
emailAddress = optional
# The extensions of an MDM push certificate, in Apple's order.
[ push ]
basicConstraints = CA:FALSE
authorityKeyIdentifier = keyid
certificatePolicies = @policy
extendedKeyUsage = clientAuth
crlDistributionPoints = URI:http://crl.test.invalid/ca.crl
subjectKeyIdentifier = hash
keyUsage = digitalSignature
1.2.840.113635.100.6.3.2 = DER:05:00
[ policy ]
policyIdentifier = 1.2.840.113635.100.5.1
userNotice.1 = @notice
CPS.1 = "http://www.test.invalid/certificateauthority"
[ notice ]
explicitText = "UTF8:Look-alike made by a test. Not issued by Apple."
[ apppush ]
basicConstraints = CA:FALSE
authorityKeyIdentifier = keyid
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
keyUsage = digitalSignature
1.2.840.113635.100.6.3.1 = DER:05:00
1.2.840.113635.100.6.3.2 = DER:05:00
[ web ]
basicConstraints = critical,CA:FALSE
authorityKeyIdentifier = keyid
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
keyUsage = critical,digitalSignature,keyEncipherment
subjectAltName = DNS:www.test.invalid
END

# --- who signs: the intermediate bears the name of Apple's ---------------

quiet openssl req -x509 -config ca.cnf -extensions root -newkey rsa:2048 \
	-nodes -sha256 -days 7300 -keyout root.key -out root.pem \
	-subj "/C=US/O=Test Inc. (not Apple)/OU=Test Authority/CN=Test Root CA"
int_name="/CN=Apple Application Integration 2 Certification Authority\
/OU=Apple Certification Authority/O=Apple Inc./C=US"
quiet openssl req -new -config ca.cnf -newkey rsa:2048 -nodes \
	-keyout int.key -out int.csr -subj "$int_name"
quiet openssl x509 -req -in int.csr -CA root.pem -CAkey root.key \
	-set_serial 0x0102030405060708 -sha256 -days 5000 \
	-extfile ca.cnf -extensions intermediate -out int.pem
cat int.pem root.pem >chain.pem

# --- keys and requests; Apple throws the subject of a request away -------

request() { # NAME KEY-ARGUMENTS...
	csr=$1
	shift
	quiet openssl req -new -config ca.cnf -sha256 -out "$csr.csr" \
		-subj "/C=US/CN=mdm-push/emailAddress=mdm@example.org" "$@"
}
request push -newkey rsa:2048 -nodes -keyout push.key
request push2 -newkey rsa:2048 -nodes -keyout push2.key
request weak -newkey rsa:1024 -nodes -keyout weak.key
request vendor -newkey rsa:2048 -nodes -keyout vendor.key
quiet openssl ecparam -name prime256v1 -genkey -noout -out ec.key
request ec -key ec.key

# --- certificates: positive serials of 64 bits, as Apple's are -----------

issue() { # NAME REQUEST SUBJECT EXTENSIONS ARGUMENTS...
	out=$1 csr=$2 subject=$3 extensions=$4
	shift 4
	if [ "$out" = good ]; then
		echo 0A1B2C3D4E5F6071
	else
		openssl rand -hex 8 | tr a-f A-F | sed 's/^[89A-F]/5/'
	fi >ca/serial
	quiet openssl ca -config ca.cnf -batch -notext -preserveDN \
		-extensions "$extensions" -in "$csr.csr" -subj "$subject" \
		-out "$out.pem" "$@"
}
issue good push "$name" push
issue renewed push "$name" push -days 730
issue renewed-key push2 "$name" push -days 730
issue other-topic push \
	"/UID=com.apple.mgmt.External.$other/CN=APSP:$other/C=US" push
issue expired push "$name" push \
	-startdate 20210210174447Z -enddate 20220210174447Z
issue not-yet push "$name" push \
	-startdate 20400101000000Z -enddate 20410101000000Z
issue soon push "$name" push -days 10
issue country push \
	"/UID=com.apple.mgmt.External.$topic/CN=APSP:$other/C=CA" push
issue app push "/UID=org.example.app/CN=Apple Push Services: org.example.app\
/OU=ABCDE12345/O=Example/C=US" apppush
issue mail push \
	"/UID=com.apple.mail.XServer.$topic/CN=APSP:$topic/C=HU" push
issue prefix push "/UID=wrong.prefix.$topic/CN=APSP:$topic/C=US" push
issue web push "/CN=www.test.invalid/O=Example/C=US" web
issue two-topics push "/UID=com.apple.mgmt.External.$topic\
/UID=com.apple.mgmt.External.$other/CN=APSP:$topic/C=US" push
issue ec ec "$name" push
issue rsa1024 weak "$name" push
issue vendor vendor \
	"/UID=ABCDE12345/CN=MDM Vendor: Test/OU=ABCDE12345/O=Test/C=US" web
issue vendor-old vendor \
	"/UID=ABCDE12345/CN=MDM Vendor: Test/OU=ABCDE12345/O=Test/C=US" web \
	-startdate 20210210174447Z -enddate 20220210174447Z
quiet openssl req -x509 -config ca.cnf -extensions root -key push.key \
	-sha256 -days 365 -subj "$name" -out self-signed.pem

# --- the good one in every form ------------------------------------------

quiet openssl x509 -in good.pem -outform DER -out good.der
openssl base64 -A -in good.der >good.b64
openssl base64 -in good.der >good-lines.b64
openssl base64 -A -in good.pem >good-twice.b64
sed 's/$/\r/' good.pem >good-crlf.pem
tr '\n' ' ' <good.pem >good-one-line.pem
printf '\357\273\277' | cat - good.pem >good-bom.pem
{
	printf 'Bag Attributes\n    friendlyName: MDM push\nsubject=...\n\n'
	cat good.pem
} >good-bag.pem
cat good.pem int.pem root.pem >good-chain.pem
cat root.pem int.pem good.pem >good-last.pem
cat good.pem push.csr >good-and-request.pem
{ printf '%s' "$(cat good.pem)"; cat int.pem; } >good-run-together.pem
cat good.pem renewed.pem >good-and-renewed.pem
cat renewed.pem good.pem >renewed-and-good.pem
sed 's/ CERTIFICATE/ X509 CERTIFICATE/' good.pem >good-x509.pem
quiet openssl x509 -in good.pem -trustout -addtrust clientAuth \
	-out good-trusted.pem
i=0
while [ $i -lt 16 ]; do
	cat int.pem
	i=$((i + 1))
done >sixteen.pem
cat sixteen.pem good.pem >seventeen.pem

# --- keys, alone and where they should not be ----------------------------

cp push.key key.pem
cp ec.key key-sec1.pem
quiet openssl pkey -in push.key -traditional -out key-pkcs1.pem
quiet openssl pkey -in ec.key -out key-ec.pem
quiet openssl genpkey -algorithm ed25519 -out key-ed25519.pem
quiet openssl pkcs8 -topk8 -in push.key -passout pass:secret \
	-v2 aes-256-cbc -out key-encrypted.pem
quiet openssl pkcs8 -topk8 -in push.key -passout pass:secret \
	-v1 PBE-SHA1-3DES -out key-encrypted-old.pem
quiet openssl pkey -in push.key -traditional -aes128 -passout pass:secret \
	-out key-encrypted-pem.pem
for key in key key-sec1 key-pkcs1 key-ec key-ed25519 key-encrypted \
	key-encrypted-old; do
	grep -v -e ----- "$key.pem" >"$key-lines.b64"
	tr -d '\n' <"$key-lines.b64" >"$key.b64"
	openssl base64 -d -A -in "$key.b64" -out "$key.der"
	{ cat good.pem; cat "$key.b64"; } >"good-and-$key.txt"
	{
		echo '-----BEGIN CERTIFICATE-----'
		cat "$key-lines.b64"
		echo '-----END CERTIFICATE-----'
	} >"$key-disguised.pem"
done
openssl base64 -A -in key.pem >key-twice.b64
cat good.pem push.key >good-then-key.pem
cat push.key good.pem >key-then-good.pem

# --- other things that are pasted ----------------------------------------

quiet openssl pkcs12 -export -inkey push.key -in good.pem -certfile int.pem \
	-name "MDM push" -passout pass:secret -out good.p12
quiet openssl pkcs12 -export -inkey push.key -in good.pem -passout pass: \
	-out good-open.p12
openssl base64 -A -in good.p12 >p12.b64
{ echo '-----BEGIN PKCS12-----'; openssl base64 -in good.p12
	echo '-----END PKCS12-----'; } >p12.pem
# The key in the file begins a line of the base64. The length of the name decides
# whether the key begins a group of four digits.
for name in a bb ccc; do
	quiet openssl pkcs12 -export -inkey push.key -in good.pem -certpbe NONE \
		-name $name -passout pass:secret -out p12-line
	{ echo '-----BEGIN PKCS12-----'
		openssl base64 -A -in p12-line | sed 's/MII/\nMII/g'; echo
		echo '-----END PKCS12-----'; } >p12-line-$name.pem
done
{ cat good.pem; cat p12.b64; } >good-and-p12.txt
# The result of a web page that treats bytes as Latin-1.
iconv -f latin1 -t utf-8 good.p12 >p12-pasted.txt
iconv -f latin1 -t utf-8 good.der >der-pasted.txt
quiet openssl crl2pkcs7 -nocrl -certfile chain.pem -out p7.pem
quiet openssl crl2pkcs7 -nocrl -certfile chain.pem -outform DER -out p7.der
openssl base64 -A -in p7.der >p7.b64
quiet openssl ca -config ca.cnf -gencrl -out crl.pem
cat good.pem crl.pem >good-and-crl.pem
quiet openssl pkey -in push.key -pubout -out public.pem
grep -v -e ----- public.pem | tr -d '\n' >public.b64
cp push.csr request.pem
sed 's/CERTIFICATE REQUEST/NEW &/' push.csr >request-new.pem
quiet openssl req -in push.csr -outform DER -out request.der
openssl base64 -A -in request.der >request.b64
: >empty.pem
head -c 700 good.pem >cut.pem
head -c 20 good.pem >cut-label.pem
head -c 701 good.b64 >cut.b64
head -c 500 good.der >cut.der
{ head -c 23 good.der; printf '\377'; tail -c +25 good.der; } |
	openssl base64 -A >damaged-der.b64
tail -n 20 good.pem >cut-head.pem
sed '5s/./*/' good.pem >damaged.pem
sed 's/-----//g' good.pem >no-dashes.pem
sed 's/-----\([BE]\)/–\1/' good.pem >long-dashes.pem
{ printf 'my certificate: '; cat good.b64; } >labelled.b64

# --- Apple's form of a request -------------------------------------------

quiet openssl dgst -sha256 -sign vendor.key -out signature request.der
cat vendor.pem int.pem root.pem >vendor-chain.pem
cat root.pem vendor.pem int.pem >vendor-among.pem

# Chains that Apple's portal would refuse, or would accept only in another
# order.
intermediate() { # NAME REQUEST ARGUMENTS...
	out=$1 csr=$2
	shift 2
	openssl rand -hex 8 | tr a-f A-F | sed 's/^[89A-F]/5/' >ca/serial
	quiet openssl ca -config ca.cnf -batch -notext -preserveDN \
		-cert root.pem -keyfile root.key -extensions intermediate \
		-in "$csr.csr" -out "$out.pem" "$@"
}
quiet openssl req -new -config ca.cnf -newkey rsa:2048 -nodes \
	-keyout impostor.key -out impostor.csr -subj "$int_name"
intermediate int-expired int -startdate 20130207214847Z \
	-enddate 20230207214847Z
intermediate int-later int -startdate 20400101000000Z -enddate 20450101000000Z
intermediate impostor impostor -days 365
cat int-expired.pem root.pem good.pem impostor.pem vendor.pem int.pem root.pem \
	vendor.pem >vendor-mixed.pem
cat vendor.pem int.pem >vendor-no-root.pem
cat vendor.pem root.pem >vendor-no-int.pem
cat vendor.pem impostor.pem root.pem >vendor-impostor.pem
cat root.pem int-expired.pem vendor.pem >vendor-int-expired.pem
cat vendor.pem int-later.pem root.pem >vendor-int-later.pem
cat vendor-old.pem int-expired.pem >vendor-all-wrong.pem
for name in vendor int root; do
	quiet openssl x509 -in $name.pem -outform DER -out $name.der
done
cat >apple.plist <<END
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" \
"http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PushCertRequestCSR</key>
	<string>$(openssl base64 -A -in request.der)</string>
	<key>PushCertCertificateChain</key>
	<string>$(cat vendor-chain.pem)
</string>
	<key>PushCertSignature</key>
	<string>$(openssl base64 -A -in signature)</string>
</dict>
</plist>
END
openssl base64 -A -in apple.plist >apple.b64
rm -f errors
