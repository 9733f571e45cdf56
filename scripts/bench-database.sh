# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# shellcheck disable=SC2154 # variables of scripts/bench
#
# bench-database.sh - the part "database" of scripts/bench, which sources this
# file. It starts a throw-away PostgreSQL with fsync, and copies one store into
# LMDB and into two schemas: "site" for pushcert, "peer" for the peer.
#
# Changes are made by threads of one process, without a web server:
#	lmdb	the program's own code on LMDB
#	rounds	the same on PostgreSQL
#	update	SELECT FOR UPDATE, pipelined, with a connection for each thread
# rounds-N is the same as rounds through a proxy that adds N ms to each round
# trip. CPU us is the CPU time of the database server for each change. On a busy
# machine the rate depends on how many processes share the work, because the
# scheduler serves all alike; then CPU us is the fair comparison.
# shellcheck source=tests/integration/postgres.sh
. "$top/tests/integration/postgres.sh"

database_stop() {
	[ ! -e "$dir/pg/data/postmaster.pid" ] || postgres_end "$dir/pg"
}

# database_ticks: CPU time of the server, with that of connections which have
# ended, in hundredths of a second.
database_ticks() {
	read -r postmaster <"$dir/pg/data/postmaster.pid"
	for pid in $(cat "/proc/$postmaster/task/$postmaster/children"); do
		sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null
	done | awk -v ended="$(sed 's/.*) //' "/proc/$postmaster/stat" |
		awk '{ print $12 + $13 + $14 + $15 }')" '
		{ sum += $12 + $13 }
		END { print sum + ended }'
}

# database_wait: waits until the connections of the last run have ended, whose
# CPU time the server counts only then, shortly after it has forgotten them.
database_wait() {
	tries=0
	while [ $tries -lt 50 ] && postgres_ask "$dir/pg" "SELECT count(*)
		FROM pg_stat_activity WHERE backend_type = 'client backend'" |
		grep -vqx 1; do
		tries=$((tries + 1))
		sleep 0.1
	done
	sleep 0.2
}

# database_at MS: a connection string, directly or through a proxy.
database_at() {
	case $1 in
	'') echo "host=$dir/pg/run user=owner dbname=postgres" ;;
	*) echo "host=127.0.0.1 port=$((database_port + $1)) user=owner dbname=postgres" ;;
	esac
}

# database_copy TENANTS SCHEMA: copies the store of so many tenants.
database_copy() {
	printf 'data = %s\ndatabase = %s\ndatabase_schema = %s\n' \
		"$dir/$2" "$(database_at '')" "$2" >"$dir/$2.conf"
	mkdir -p "$dir/$2"
	chmod 700 "$dir/$2"
	"$built/pushcert" init --config "$dir/$2.conf" >"$dir/copy.log" 2>&1 &&
		"$built/pushcert" restore --force --config "$dir/$2.conf" \
			"$dir/backup-$1" >>"$dir/copy.log" 2>&1 || {
		cat "$dir/copy.log" >&2
		die "no store in PostgreSQL: $2"
	}
	postgres_ask "$dir/pg" 'VACUUM ANALYZE' >/dev/null
}

# database_fill TENANTS: the store in LMDB, and its backup.
database_fill() {
	fill "$1"
	printf 'data = %s\n' "$dir/data-$1" >"$dir/fill.conf"
	[ -e "$dir/backup-$1" ] || "$built/pushcert" backup \
		--config "$dir/fill.conf" "$dir/backup-$1" >"$dir/copy.log" 2>&1 ||
		die "no backup: $(cat "$dir/copy.log")"
}

# database_renew: copies all stores again, so that each round begins with empty
# histories. The peer never drops an event.
database_renew() {
	rm -rf "$dir/renewed"
	cp -r "$dir/data-10000" "$dir/renewed" || die 'no copy of the store'
	database_copy 10000 site
	database_copy 10000 peer
}

# database_cell SYSTEM THREADS: one run of changes, as a line of results.
database_cell() {
	sync -f "$dir"
	before=$(database_ticks)
	case $1 in
	lmdb) set -- "$1" "$2" changes "$dir/renewed" ;;
	update) set -- "$1" "$2" peer_postgres "$(database_at '')" peer ;;
	rounds) set -- "$1" "$2" changes "$dir/site" "$(database_at '')" site ;;
	rounds-*) set -- "$1" "$2" changes "$dir/site" \
		"$(database_at "${1#rounds-}")" site ;;
	esac
	system=$1 c=$2 run=$3
	shift 3
	"$built/tests/bench/$run" -c "$c" -d "$seconds" "$@" \
		>"$dir/load.out" 2>&1 || {
		cat "$dir/load.out" >&2
		die "database: $system: not what was asked for"
	}
	database_wait
	echo "database $system PATCH $c $(($(database_ticks) - before)) 0 0" \
		"$(cat "$dir/load.out")" >>"$dir/results"
}

# database_changes: all rounds.
database_changes() {
	round=0
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		database_renew
		for c in $database_threads; do
			for system in lmdb rounds update \
				rounds-0 rounds-1 rounds-10; do
				case $system-$c in
				rounds-*-1 | rounds-*-8) continue ;;
				esac
				progress_show "database: round $round of \
$rounds, $c threads, $system"
				database_cell $system "$c"
			done
		done
	done
	progress_erase
	table database
}

# database_serve NAME MS: pushcert on PostgreSQL.
database_serve() {
	sed "s|^database = .*|database = $(database_at "$2")|" \
		"$dir/site.conf" >"$dir/$1.conf"
	echo 'log_level = error' >>"$dir/$1.conf"
	serve "$1" "$built/pushcert" serve --config "$dir/$1.conf" \
		--socket "$dir/$1.sock"
}

# database_ratio WHAT MARK PART SYSTEM C PART SYSTEM C: prints the ratio of two
# medians, and the mark that it should reach.
database_ratio() {
	awk -v what="$1" -v mark="$2" -v a="$3 $4 $5 $6" -v b="$7 $8 $9 ${10}" '
	function median(list,    n, part, i, j, t) {
		n = split(list, part, " ")
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && part[j] + 0 < part[j - 1] + 0; j--) {
				t = part[j]
				part[j] = part[j - 1]
				part[j - 1] = t
			}
		return part[int((n + 1) / 2)]
	}
	{ rates[$1 " " $2 " " $3 " " $4] = rates[$1 " " $2 " " $3 " " $4] " " $10 }
	END {
		if (rates[a] != "" && rates[b] != "")
			printf "  %-54s%7.2f  mark %s\n", what,
			    median(rates[a]) / median(rates[b]), mark
	}' "$dir/results"
}

# database_cpu_ratio WHAT CELL CELL: the same for the server's CPU time of a
# change, over all rounds.
database_cpu_ratio() {
	awk -v what="$1" -v a="$2" -v b="$3" '
	{
		cell = $1 " " $2 " " $3 " " $4
		cpu[cell] += $5
		done[cell] += $NF
	}
	END {
		if (cpu[a] > 0 && cpu[b] > 0)
			printf "  %-54s%7.2f\n", what,
			    cpu[a] / done[a] / (cpu[b] / done[b])
	}' "$dir/results"
}

# database_limit: 64 threads whose changes take two round trips of 10 ms cannot
# make more than 3,200 changes a second, however fast the server is.
database_limit() {
	awk '
	$2 == "rounds-10" && $4 == 64 { n++; sum += $10 }
	END {
		if (n > 0)
			printf "  %-54s%7.2f\n", "changes at 64 and 10 ms: " \
			    "to two round trips", sum / n / 3200
	}' "$dir/results"
}

part_database() {
	if postgres_missing; then
		return
	fi
	have PostgreSQL nginx "$built/tests/bench/peer_postgres" \
		"$built/tests/integration/pg_proxy" || return
	nm "$built/pushcert" | grep -q pg_engine || {
		echo 'Left out: PostgreSQL, for want of --with-postgresql.'
		return
	}
	database_threads='1 8 64 256'
	[ "$rounds" -gt 1 ] || database_threads='8 64 256'
	case " $connections " in
	*' 64 '*) ;;
	*) connections="$connections 64" ;;
	esac
	database_port=$((port + 100))
	chmod 755 "$dir"
	# All tables fit into the memory of the server, as those of a site do:
	# by default it would have 128 MB, and the first table to outgrow them
	# would be that of the system with most changes.
	postgres_init "$dir/pg" && postgres_run "$dir/pg" -c max_connections=400 \
		-c shared_buffers=512MB -c max_wal_size=4GB ||
		die 'PostgreSQL does not start'
	for ms in 0 1 10; do
		start "proxy-$ms" "$built/tests/integration/pg_proxy" -d $ms \
			$((database_port + ms)) "$dir/pg/run/.s.PGSQL.5432"
	done
	database_fill 10000
	echo 'Changes by threads, 10,000 tenants. rounds-N: round trips of N ms'
	echo 'more. CPU us is the time of the database server.'
	database_changes
	echo
	echo 'GET behind nginx, connections kept.'
	serve_pushcert lmdb 10000
	database_serve pg ''
	for ms in 0 1 10; do
		database_serve pg-$ms $ms
	done
	set -- lmdb-keep pg-keep pg-0-keep pg-1-keep pg-10-keep
	start_nginx "$@"
	measure database-get nginx GET "$@"
	stop
	database_many
	echo
	echo 'Ratios of medians:'
	database_ratio 'changes at 64: rounds to SELECT FOR UPDATE' 5 \
		database rounds PATCH 64 database update PATCH 64
	database_ratio 'changes at 256: rounds to SELECT FOR UPDATE' 5 \
		database rounds PATCH 256 database update PATCH 256
	database_cpu_ratio 'server CPU at 64: SELECT FOR UPDATE to rounds' \
		'database update PATCH 64' 'database rounds PATCH 64'
	database_ratio 'changes at 64: rounds to LMDB' 0.5 \
		database rounds PATCH 64 database lmdb PATCH 64
	database_ratio 'changes at 64: 10 ms to 0 ms' 0.3 \
		database rounds-10 PATCH 64 database rounds-0 PATCH 64
	database_limit
	database_ratio 'changes at 10 ms: 256 to 64' 2.5 \
		database rounds-10 PATCH 256 database rounds-10 PATCH 64
	database_ratio 'GET at 64: PostgreSQL to LMDB' 0.45 \
		database-get pg-keep GET 64 database-get lmdb-keep GET 64
	database_ratio "GET at 64: $many to 10,000 tenants" - \
		database-many many-keep GET 64 database-many pg-keep GET 64
	database_ratio "PATCH at 64: $many to 10,000 tenants" - \
		database-many many-keep PATCH 64 database-many pg-keep PATCH 64
	database_stop
}

# database_many: as many tenants as the part "scale" has.
database_many() {
	many=${sizes##* }
	echo
	echo "$many tenants in PostgreSQL, beside 10,000."
	database_fill "$many"
	began=$(date +%s)
	database_copy "$many" many
	echo "The restore took $(($(date +%s) - began)) s."
	echo 'log_level = error' >>"$dir/many.conf"
	serve many "$built/pushcert" serve --config "$dir/many.conf" \
		--socket "$dir/many.sock"
	ln -sf "tokens-$many" "$dir/tokens-many"
	database_serve pg ''
	ln -sf tokens-10000 "$dir/tokens-pg"
	start_nginx pg-keep many-keep
	measure database-many nginx 'GET PATCH' pg-keep many-keep
	stop
}
