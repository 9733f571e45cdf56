# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# shellcheck disable=SC2154 # variables of scripts/bench
#
# bench-page.sh - the part of bench that measures the pages for people: bytes on
# the wire, CPU time of the program, and the time of the script in a browser.
# bench sources this file.

page_tenant=6bcc9004-0000-4000-8000-000000000001
page_scope=DeviceManagementServiceConfig.ReadWrite.All
page_requests=500

# page_tool COMMAND...: a command on the store of this part.
page_tool() {
	"$built/pushcert" "$@" --config "$dir/page.conf"
}

# Makes a store with a certificate, some events, and a token.
page_store() {
	"$top/tests/certificates/mkcerts.sh" "$dir/certs" >"$dir/certs.log" 2>&1 &&
		"$built/pushcert" init --data "$dir/page-data" \
			--config "$dir/page.conf" >/dev/null || return
	echo 'log_level = error' >>"$dir/page.conf"
	for certificate in good renewed good; do
		page_tool upload "$dir/certs/$certificate.pem" --force \
			--tenant $page_tenant --apple-id mdm@example.org \
			>/dev/null 2>&1 || return
	done
	page_token=$(page_tool token create --tenant $page_tenant \
		--scope $page_scope --name ada@example.org)
}

# page_cpu: nanoseconds of CPU time that all threads of the program have used.
page_cpu() {
	cat "/proc/$(cat "$dir/page.pid")/task"/*/schedstat |
		awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# page_get URL: prints the bytes of head and content, as they come compressed.
page_get() {
	curl -sS -o "$dir/page.body" -H "Authorization: Bearer $page_token" \
		-H 'Accept-Encoding: gzip' -w '%{size_header} %{size_download}\n' "$1"
}

# page_files: prints the bytes of the style, the script and the icon, of which a
# browser keeps copies.
page_files() {
	curl -sS "$page_base/login" |
		grep -oE '(page|icon)-[0-9a-f]+\.(css|js|svg)' |
		while read -r name; do
			page_get "$page_base/$name"
		done | awk '{ sum += $1 + $2 } END { print sum }'
}

# page_row NAME URL: prints bytes and CPU time of a page.
page_row() {
	# shellcheck disable=SC2046 # two words
	set -- "$1" "$2" $(page_get "$2")
	awk -v url="$2" -v token="$page_token" -v n=$page_requests 'BEGIN {
		print "silent\nheader = \"Authorization: Bearer " token "\""
		while (n-- > 0)
			print "url = \"" url "\"\noutput = \"/dev/null\""
	}' >"$dir/page.urls"
	before=$(page_cpu)
	curl -q --config "$dir/page.urls" || return
	after=$(page_cpu)
	awk -v name="$1" -v all=$(($3 + $4)) -v files="$page_file_bytes" \
		-v cpu=$(((after - before) / page_requests)) 'BEGIN {
		printf "  %-22s%10s%10d%12.3f\n", name,
		    name ~ /^GET/ ? "" : all + files, all, cpu / 1e6
	}'
}

# Seconds and bytes in a real browser.
page_browser() {
	have 'the browser' node npm chromium openssl || return
	(cd "$built" && "$top/tests/browser/run" measure) >"$dir/page.log" 2>&1
	grep '^  ' "$dir/page.log" || tail -n 5 "$dir/page.log"
}

part_page() {
	have 'the pages' nginx curl openssl || return
	page_store || die 'page: no store'
	serve page "$built/pushcert" serve --config "$dir/page.conf" \
		--socket "$dir/page.sock"
	compress=yes
	start_nginx page
	compress=
	page_base=http://127.0.0.1:$port/page/ui
	page_file_bytes=$(page_files)
	echo "Bytes with heads, compressed by nginx, and CPU time of the program" \
		"in ms per request ($page_requests requests, one by one)."
	printf '  %-22s%10s%10s%12s\n' page 'first' later 'CPU'
	page_row login "$page_base/login"
	page_row status "$page_base/"
	page_row renew "$page_base/renew"
	page_row history "$page_base/history"
	page_row event "$page_base/event?n=2"
	page_row 'GET of the record' "http://127.0.0.1:$port/page/$resource"
	strip -o "$dir/page.program" "$built/pushcert" 2>/dev/null &&
		echo "The program without symbols: $(($(wc -c \
			<"$dir/page.program") / 1000)) KB."
	page_browser
}
