# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# readme.sh - runs the commands of README.md exactly as they stand, in a root of
# the test. Shell scripts source this file. `top` is the source, `root` the other
# root, and `within COMMAND...` runs a command there as root.

top=${top:?} root=${root:?}

# readme_block LINE [FILE]: prints the code of README.md, or of a manual page,
# that has a line beginning with LINE.
readme_block() {
	awk -v wanted="$1" '
	function flush() {
		if (index("\n" code, "\n" wanted))
			printf "%s", code
		code = ""
	}
	/^\.Bd -literal/ { inside = 1; next }
	/^\.Ed/ { inside = 0; flush(); next }
	inside { gsub(/\\e/, "\\"); code = code $0 "\n"; next }
	sub(/^    /, "") { code = code $0 "\n"; next }
	/^$/ && code != "" { blank = 1; next }
	{ flush() }
	END { flush() }' "${2:-$top/README.md}"
}

# readme_blocks: prints the number of blocks.
readme_blocks() {
	awk '/^    / { if (!inside) n++; inside = 1; next }
	/^$/ { next }
	{ inside = 0 }
	END { print n }' "$top/README.md"
}

# Programs that replace missing ones: sudo (the test runs as root), systemd, the
# init system that would restart lighttpd, and the site that publishes keys. They
# come first in the PATH.
readme_stand_ins() {
	mkdir -p "$root/srv/bin" "$root/srv/units"
	cat >"$root/srv/bin/sudo" <<-'END'
	#!/bin/sh
	case $1 in
	-u)
		user=$2
		shift 2
		exec runuser -u "$user" -- "$@"
		;;
	*) exec "$@" ;;
	esac
	END
	cat >"$root/srv/bin/systemctl" <<-'END'
	#!/bin/sh
	# systemctl enable --now UNIT | restart UNIT
	case $1:$2 in
	enable:--now) unit=$3 ;;
	daemon-reload:) exit 0 ;;
	restart:*) unit=$2 ;;
	*) exit 1 ;;
	esac
	name=${unit%.*}
	for units in /usr/local/lib/systemd/system /usr/lib/systemd/system \
		/lib/systemd/system; do
		[ ! -e "$units/$name.service" ] || break
	done
	# Drop-ins of the administrator.
	cp "$units"/pushcert* /srv/units/ || exit
	[ ! -e "/etc/systemd/system/$name.socket.d" ] ||
		cp -r "/etc/systemd/system/$name.socket.d" /srv/units/
	case $unit in
	*.timer)
		# The commands that the timer, and those that it wants, start:
		# each of them once now.
		[ -e "/srv/units/$unit" ] || exit
		wanted=$(sed -n 's/^WantedBy=//p' "/srv/units/$unit")
		mkdir -p "/etc/systemd/system/$wanted.wants"
		ln -sf "$units/$unit" "/etc/systemd/system/$wanted.wants/"
		for timer in "$unit" $(sed -n 's/^Wants=//p' "/srv/units/$unit"); do
			service=/srv/units/${timer%.timer}.service
			user=$(sed -n 's/^User=//p' "$service")
			needed=$(sed -n 's/^ConditionPathExists=//p' "$service")
			[ -e "${needed:-/}" ] || continue
			runuser -u "$user" -- sh -c \
				"$(sed -n 's/^ExecStart=//p' "$service")" ||
				status=$?
		done >/srv/timer.out
		exit "${status:-0}"
		;;
	*)
		[ ! -e "/srv/$name.pid" ] || kill "$(cat "/srv/$name.pid")"
		mkdir -p /etc/systemd/system/sockets.target.wants
		ln -sf "$units/$name.socket" \
			/etc/systemd/system/sockets.target.wants/
		rm -f /run/pushcert/fcgi.sock
		setsid python3 /srv/source/tests/integration/run_units.py \
			"/srv/units/$name.socket" >"/srv/$name.log" 2>&1 \
			</dev/null &
		echo $! >"/srv/$name.pid"
		for i in $(seq 100); do
			[ ! -S /run/pushcert/fcgi.sock ] || exit 0
			sleep 0.1
		done
		cat "/srv/$name.log" >&2
		exit 1
		;;
	esac
	END
	cat >"$root/srv/bin/service" <<-'END'
	#!/bin/sh -e
	[ "$*" = 'lighttpd restart' ]
	install -d -o www-data /run/lighttpd /var/log/lighttpd
	if [ -e /run/lighttpd.pid ]; then
		pid=$(cat /run/lighttpd.pid)
		kill "$pid"
		while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
	fi
	exec lighttpd -f /etc/lighttpd/lighttpd.conf
	END
	cat >"$root/srv/bin/curl" <<-'END'
	#!/bin/sh
	case $1:$2:$3 in
	-o:keys.json:https://login.microsoftonline.com/*) cp /srv/site.json "$2" ;;
	*) exec /usr/bin/curl "$@" ;;
	esac
	END
	chmod 755 "$root/srv/bin"/*
}

# readme_run LINE [FILE]: runs the block in the copy of the source. Its output
# is also in /srv/out of the root.
readme_run() {
	readme_block "$@" >"$root/srv/steps"
	[ -s "$root/srv/steps" ] || {
		echo "there is no block with a line '$1'"
		return 1
	}
	within sh -c 'PATH=/srv/bin:$PATH
		cd /srv/source/. && exec sh -eu /srv/steps' >"$root/srv/out" 2>&1 \
		</dev/null
	readme_status=$?
	cat "$root/srv/out"
	return $readme_status
}

# readme_token: keeps the token that the last block has printed.
readme_token() {
	grep -x '[A-Za-z0-9_-]\{32,\}' "$root/srv/out" >"$root/srv/token" &&
		chmod 644 "$root/srv/token"
}
