#!/bin/sh
# SPDX-License-Identifier: ISC
#
# retry.sh URL - a test of a client that retries, against a stand-in that
# `pushcert stand-in` has started at this URL. The client is curl. The first
# request fails with 429 and a Retry-After, and curl succeeds when it tries again;
# a change is lost after its commit, and the client finds that out by its ETag;
# a certificate expires in ten days.
set -eu
token=$(cat /proc/sys/kernel/random/uuid) # each test has its own tenant
certificate=deviceManagement/applePushNotificationCertificate
graph() { # PATH CURL-ARGUMENTS...
	path=$1
	shift
	curl -sS --noproxy '*' -H "Authorization: Bearer $token" \
		-H 'Content-Type: application/json' "$@" "$URL/v1.0/$path"
}
URL=$1

graph pushcert.test -o /dev/null -X PATCH -d '{"record":"expiring",
	"faults":[{"status":429,"retryAfter":1}]}'
graph $certificate --retry 2 2>/dev/null | grep -q mdm@example.org
graph pushcert.test/requests | grep -q '"status":429.*"status":200'

# PATCH is lost after its commit: 504. The retry with the former ETag gets 412.
etag=$(graph $certificate -o /dev/null -D - | sed -n 's/^ETag: //Ip' | tr -d '\r')
patch() {
	graph $certificate -o /dev/null -w '%{http_code}' -X PATCH \
		-H "If-Match: $etag" -d '{"appleIdentifier":"new@example.org"}' "$@"
}
[ "$(patch -H 'Pushcert-Fault: status=504; when=after')" = 504 ]
[ "$(patch)" = 412 ]
graph $certificate | grep -q new@example.org

# In ten days the certificate expires: the metrics of the service say so.
graph metrics | grep -q 'status="expiring"} 1'
graph pushcert.test -o /dev/null -X PATCH -d '{"advance":950400}'
graph metrics | grep -q 'status="expired"} 1'
echo 'retry.sh: passed'
