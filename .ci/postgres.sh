# A Postgres for the tests: found or installed, started on a free loopback port, stopped and deleted
# afterwards. Sourced after lib.sh. postgres_start exports POSTHOUSE_TEST_POSTGRES; call postgres_stop
# in an EXIT trap.

POSTGRES_DIR=
POSTGRES_BIN=

# postgres_find sets POSTGRES_BIN to the folder of the newest server binaries; fails when there are none.
postgres_find() {
	local dir
	for dir in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* \
		/opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin 2>/dev/null | sort -rV); do
		if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then
			POSTGRES_BIN=$dir
			return 0
		fi
	done
	dir=$(command -v initdb) || return 1
	POSTGRES_BIN=$(dirname "$dir")
	[ -x "$POSTGRES_BIN/postgres" ]
}

# apt_install installs Debian packages without questions, and without starting a database server.
apt_install() {
	local dropin=/etc/postgresql-common/createcluster.d/posthouse-tests.conf status=0
	# The package would otherwise create a cluster of its own and start it. The drop-in is read only
	# while a package is configured, and goes again right after.
	as_root install -d -m 755 "$(dirname "$dropin")" &&
		echo 'create_main_cluster = false' | as_root tee "$dropin" >/dev/null &&
		as_root apt-get update -q &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" || status=$?
	as_root rm -f "$dropin"
	return "$status"
}

# postgres_user names whom the server runs as when we are root, which Postgres refuses to be.
postgres_user() {
	if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

as_postgres() {
	if [ "$(id -u)" -eq 0 ]; then
		# From /, because the user may not enter the folder we are in.
		(cd / && runuser -u "$(postgres_user)" -- "$@")
	else
		"$@"
	fi
}

postgres_start() {
	local attempt port log
	# /tmp rather than TMPDIR or the tree: root's own folders are closed to the unprivileged user.
	POSTGRES_DIR=$(mktemp -d /tmp/posthouse-postgres.XXXXXX) || return 1
	if [ "$(id -u)" -eq 0 ]; then
		chown "$(postgres_user)" "$POSTGRES_DIR" || return 1
	fi
	log=$POSTGRES_DIR/log
	as_postgres "$POSTGRES_BIN/initdb" -D "$POSTGRES_DIR/data" -U test --auth=trust -E UTF8 \
		--locale=C.UTF-8 --no-sync >"$POSTGRES_DIR/initdb.log" 2>&1 ||
		as_postgres "$POSTGRES_BIN/initdb" -D "$POSTGRES_DIR/data" -U test --auth=trust -E UTF8 \
			--locale=C --no-sync >"$POSTGRES_DIR/initdb.log" 2>&1 || {
		cat "$POSTGRES_DIR/initdb.log" >&2
		return 1
	}
	# Below the range from which systems take the ports of outgoing connections. A port that is taken
	# makes the start fail, and the next one is tried.
	for attempt in 1 2 3 4 5 6 7 8; do
		port=$((20000 + RANDOM % 12000))
		if as_postgres "$POSTGRES_BIN/pg_ctl" -D "$POSTGRES_DIR/data" -l "$log" -s -w -t 60 \
			-o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200" \
			start >"$POSTGRES_DIR/start.log" 2>&1; then
			export POSTHOUSE_TEST_POSTGRES="postgres://test@127.0.0.1:$port/postgres?sslmode=disable"
			return 0
		fi
	done
	cat "$POSTGRES_DIR/start.log" "$log" >&2
	return 1
}

# postgres_stop may be called at any time and more than once.
postgres_stop() {
	[ -n "$POSTGRES_DIR" ] || return 0
	if [ -f "$POSTGRES_DIR/data/postmaster.pid" ] || as_postgres test -f "$POSTGRES_DIR/data/postmaster.pid"; then
		as_postgres "$POSTGRES_BIN/pg_ctl" -D "$POSTGRES_DIR/data" -s -w -m immediate stop >/dev/null 2>&1 || true
	fi
	rm -rf "$POSTGRES_DIR"
	POSTGRES_DIR=
}
