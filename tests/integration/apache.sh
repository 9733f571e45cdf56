# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# apache.sh - Apache for the *.server files, in the foreground.

apache_modules=/usr/lib/apache2/modules

# apache_config MODULE...: prints the configuration around the sample: that of a
# site and that of Debian.
apache_config() {
	need apache2
	for module; do
		[ -e "$apache_modules/mod_$module.so" ] || {
			echo "Apache's mod_$module is not installed"
			exit 77
		}
	done
	{
		for module in mpm_event authz_core mime dir alias env headers \
			setenvif rewrite filter deflate "$@"; do
			echo "LoadModule ${module}_module" \
				"$apache_modules/mod_$module.so"
		done
		apache_around "$@"
	} >"$dir/apache.conf"
}

apache_around() {
	cat <<-END
	ServerName localhost
	Listen 127.0.0.1:$port
	PidFile $dir/server.pid
	ErrorLog /dev/stderr
	DefaultRuntimeDir $dir/run
	Mutex file:$dir/run default
	User www-data
	Group www-data
	TypesConfig /etc/mime.types
	DocumentRoot $dir/www
	AddOutputFilterByType DEFLATE application/json text/html text/css
	AddOutputFilterByType DEFLATE text/javascript image/svg+xml
	<Directory />
		Options FollowSymLinks
		Require all denied
	</Directory>
	<Directory $dir/www>
		Require all granted
	</Directory>
	<IfModule fcgid_module>
		FcgidIPCDir $dir/run
		FcgidProcessTableFile $dir/run/fcgid_shm
	</IfModule>
	<IfModule cgid_module>
		ScriptSock $dir/run/cgid
	</IfModule>
	Include $dir/sample.conf
	END
}

# apache_htaccess MODULE: puts .htaccess and pushcert.fcgi into the document
# root. If root runs it, the program runs as another user, with suexec, in a
# /var/www that only this Apache sees.
apache_htaccess() {
	owner='' site=$dir/www
	if [ "$(id -u)" -eq 0 ]; then
		need unshare
		owner=nobody
		if [ -z "${PUSHCERT_UNSHARED:-}" ]; then
			unshare --mount --propagation private true || {
				echo 'there are no name spaces of mounts here'
				exit 77
			}
			PUSHCERT_UNSHARED=yes exec unshare --mount \
				--propagation private "$0" \
				"$program" "$config" "$dir" "$port"
		fi
		mount -t tmpfs -o mode=755 none /var/www
		mount -t tmpfs -o mode=755 none /var/log/apache2
		site=/var/www/site
		give_to $owner
	fi
	mkdir -p "$site"
	sample htaccess >"$site/.htaccess"
	{
		echo "#!$program --config"
		cat "$config"
	} >"$site/pushcert.fcgi"
	chmod 700 "$site/pushcert.fcgi"
	chmod 644 "$site/.htaccess"
	[ -z "$owner" ] || chown -R "$owner:" "$site"
	cat >"$dir/sample.conf" <<-END
	TraceEnable Off
	<Directory $site>
		Require all granted
		AllowOverride All
	</Directory>
	${owner:+SuexecUserGroup $owner nogroup}
	END
	apache_config "$1" ${owner:+suexec}
	sed -i "s|^DocumentRoot .*|DocumentRoot $site|" "$dir/apache.conf"
	exec apache2 -D FOREGROUND -f "$dir/apache.conf"
}
