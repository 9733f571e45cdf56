# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# site.sh - the site that the browsers visit. `run` sources this file; dir,
# here, program and pids are its own. The pages are at
#
#	/ui and /graph/ui	as in the samples
#	/strip/ui		behind a proxy that removes a prefix
#
# on an http and an https port. Every name below test leads to this machine,
# because the browsers are told so.

samples=$here/../../conf
tests=$here/..

guid() {
	printf '6bcc9004-0000-4000-8000-%012d' "$1"
}

tool() {
	"$program" "$@" --config "$dir/pushcert.conf"
}

# certificate OUT TOPIC START END: START and END are dates that date(1) knows.
certificate() {
	(
		cd "$dir/certs"
		openssl rand -hex 8 | tr a-f A-F | sed 's/^[089A-F]/5/' >ca/serial
		openssl ca -config ca.cnf -batch -notext -preserveDN \
			-extensions push -in push.csr -subj "$2" -out "$1" \
			-startdate "$(date -u -d "$3" +%Y%m%d%H%M%SZ)" \
			-enddate "$(date -u -d "$4" +%Y%m%d%H%M%SZ)" 2>/dev/null
	)
}

# topic WORD: the subject of a certificate with a topic.
topic() {
	printf '/UID=com.apple.mgmt.External.%s/CN=APSP:%s/C=US' "$1" "$1"
}

# tenant NUMBER ALIAS: makes a tenant, and a token for it.
tenant() {
	tool tenant add "$(guid "$1")" --name "$2" >/dev/null
	tool token create --tenant "$(guid "$1")" --name "${3:-ada@example.org}" \
		--scope DeviceManagementServiceConfig.ReadWrite.All \
		--output "$dir/$2.token"
}

# stored ALIAS START END [APPLE-ID]: stores a certificate for a tenant.
stored() {
	certificate "$dir/$1.pem" "$(topic "$1-topic")" "$2" "$3"
	tool upload "$dir/$1.pem" --tenant "$1" \
		--apple-id "${4:-mdm@example.org}" ${5:-} >/dev/null
}

hostile='"><img src=x onerror=alert(1)><script>alert(2)</script>'

site_make() {
	"$tests/certificates/mkcerts.sh" "$dir/certs" >"$dir/certs.log" 2>&1
	chmod 711 "$dir/certs"
	"$program" init --data "$dir/data" --config "$dir/pushcert.conf" \
		>"$dir/init.log"
	cat >>"$dir/pushcert.conf" <<-END
	vendor_certificate = $dir/certs/vendor-chain.pem
	vendor_key = $dir/certs/vendor.key
	failed_logins = 1000
	END
	tenant 1 contoso
	tenant 2 valid
	tenant 3 soon
	tenant 4 expired
	tenant 5 hostile "$hostile"
	tenant 6 attacked
	tenant 7 plain
	stored valid '-153 days' '+212 days'
	stored soon '-353 days' '+12 days'
	stored expired '-430 days' '-65 days' mdm@example.org --force
	stored hostile '-10 days' '+300 days' "$hostile"
	stored attacked '-10 days' '+300 days'
	certificate "$dir/attacked-next.pem" "$(topic attacked-topic)" \
		'-1 day' '+364 days'
	tool upload "$dir/attacked-next.pem" --tenant attacked >/dev/null
	certificate "$dir/old.pem" "$(topic contoso-topic)" '-800 days' '-435 days'
	certificate "$dir/first.pem" "$(topic contoso-topic)" '-300 days' '+65 days'
	certificate "$dir/other.pem" "$(topic other-topic)" '-1 day' '+364 days'
	tool token create --all-tenants --name provider@example.org \
		--scope DeviceManagementServiceConfig.ReadWrite.All \
		--output "$dir/provider.token" || : >"$dir/provider.token"
}

# site_ports: prints two ports that are free at the moment.
site_ports() {
	node -e '
	const net = require("net"), servers = [0, 1].map(() => net.createServer());
	let left = servers.length;
	for (const server of servers)
		server.listen(0, "127.0.0.1", () => {
			if (--left > 0)
				return;
			console.log(servers.map((s) => s.address().port).join(" "));
			for (const s of servers)
				s.close();
		});'
}

site_nginx() {
	# Debian's nginx compresses no more than HTML unless it is told so.
	cat >"$dir/nginx.conf" <<-END
	$([ "$(id -u)" -ne 0 ] || echo 'user root;')
	daemon off;
	pid $dir/nginx.pid;
	error_log stderr;
	events {
	}
	http {
		access_log off;
		client_body_temp_path $dir/body;
		fastcgi_temp_path $dir/fastcgi;
		proxy_temp_path $dir/proxy;
		scgi_temp_path $dir/scgi;
		uwsgi_temp_path $dir/uwsgi;
		gzip on;
		gzip_min_length 200;
		gzip_types text/css text/javascript image/svg+xml;
		ssl_certificate $dir/server.pem;
		ssl_certificate_key $dir/server.key;
		server {
			listen 127.0.0.1:$1;
			listen 127.0.0.1:$2 ssl;
			location /strip/ {
				proxy_pass http://127.0.0.1:$1/graph/;
				proxy_set_header Host \$http_host;
			}
			include $dir/sample.conf;
		}
	}
	END
}

site_start() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mdm.test \
		-addext subjectAltName=DNS:mdm.test -keyout "$dir/server.key" \
		-out "$dir/server.pem" 2>"$dir/openssl.log"
	"$program" serve --config "$dir/pushcert.conf" \
		--socket "$dir/fcgi.sock" 2>"$dir/program.log" &
	pids="$! $pids"
	sed "s|/run/pushcert|$dir|" "$samples/nginx.conf" >"$dir/sample.conf"
	while :; do
		# shellcheck disable=SC2046 # two words
		set -- $(site_ports)
		site_nginx "$@"
		nginx -c "$dir/nginx.conf" 2>"$dir/nginx.log" &
		nginx=$!
		tries=100
		while [ ! -s "$dir/nginx.pid" ] && kill -0 $nginx 2>/dev/null &&
			[ $tries -gt 0 ]; do
			sleep 0.1
			tries=$((tries - 1))
		done
		[ ! -s "$dir/nginx.pid" ] || break
		grep -qi 'address already in use' "$dir/nginx.log" || {
			cat "$dir/nginx.log"
			return 1
		}
		wait $nginx || :
	done
	pids="$nginx $pids"
	printf '{"dir":"%s","http":%s,"https":%s,"program":"%s"}\n' \
		"$dir" "$1" "$2" "$program" >"$dir/site.json"
	curl -fsS --retry 20 --retry-delay 0 --retry-all-errors -o /dev/null \
		"http://127.0.0.1:$1/v1.0/health"
}

# site_has_leaked: true, after a line about it, if a log has a secret.
site_has_leaked() {
	cat "$dir"/*.token | grep . >"$dir/secrets" || return 1
	sed -n 's/^\([A-Za-z0-9+\/]\{60,\}\)$/\1/p' "$dir/certs/push.key" |
		head -5 >>"$dir/secrets"
	if grep -lF -f "$dir/secrets" "$dir/program.log" "$dir/nginx.log"; then
		echo 'NOT ok: a log has a token or a key'
		return 0
	fi
	return 1
}
