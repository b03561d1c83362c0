#!/usr/bin/env bash
# Runs every test; `make test` calls it. Installs what is missing on Debian, says what to install
# elsewhere. PACKAGES (default ./...) and TESTFLAGS narrow the Go part. With POSTHOUSE_TEST_POSTGRES set
# it uses that server and starts none; the tests create and drop databases of their own there.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. .ci/lib.sh
. .ci/postgres.sh

PACKAGES=${PACKAGES:-./...}
TESTFLAGS=${TESTFLAGS:-}
# A clone owned by somebody else is no reason to fail: nothing here needs git.
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"
# The race detector is written in C.
export CGO_ENABLED=1

main() {
	say "what this does"
	cat <<-TEXT
		1. looks for a C compiler (for Go's race detector), Postgres, and Chromium with Chinese fonts, and installs
		   them if this is Debian
		2. starts a Postgres of its own on a free port of 127.0.0.1, as an unprivileged user
		3. npm ci, the self-test of the JavaScript clients, types, tests and builds of the web apps
		4. go test -race $PACKAGES, and the Go modules below this one
		5. stops the Postgres and deletes its data
		6. drives the binary with the web apps in it in Chromium; pictures of every page are in
		   .tmp/screenshots/browser afterwards
		7. drives the desktop window on a display of its own (.ci/desktop.sh installs WebKitGTK and Xvfb if this is
		   Debian); its pictures are in .tmp/screenshots/desktop
	TEXT
	need go "install Go 1.26 or newer, https://go.dev/doc/install"
	need node "install Node.js 20 or newer with npm, https://nodejs.org"
	need npm "install npm, it comes with Node.js"
	printf '%s, node %s, npm %s, CI=%s\n' "$(go version)" "$(node --version)" "$(npm --version 2>/dev/null)" "${CI:-}"
	if [ "$(node -p 'parseInt(process.versions.node)')" -lt 20 ]; then
		echo "Node.js is too old: 20 or newer is needed" >&2
		exit 1
	fi

	trap postgres_stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP

	step "install what is missing" install_missing || exit 1
	if [ -n "${POSTHOUSE_TEST_POSTGRES:-}" ]; then
		say "Postgres: using the server named by POSTHOUSE_TEST_POSTGRES"
	else
		step "start Postgres" start_postgres || exit 1
	fi
	check "JavaScript packages" node_install
	check "JavaScript clients: self-test" npm test --silent --prefix internal/e2e/clients
	check "GraphiQL page: types, tests" web_tests frontend/graphiql
	check "admin app: types, tests" web_tests frontend
	check "web apps: build, size" web_build
	# Unquoted on purpose: several packages, several flags.
	check "go test -race $PACKAGES" go test -race -timeout 20m $TESTFLAGS $PACKAGES
	local module
	for module in $(nested_modules); do
		check "go test -race, module $module" go -C "$module" test -race -timeout 10m $TESTFLAGS ./...
	done
	check "stop Postgres" postgres_stop
	check "admin app in Chromium" npm run e2e --silent --prefix frontend
	[ "$PACKAGES" != ./... ] || check "desktop window" bash .ci/desktop.sh
	summary "make test: parts, durations, results" || {
		echo "make test: FAILED"
		exit 1
	}
	echo "make test: everything passed"
}

install_missing() {
	local wanted=()
	has_c_compiler || wanted+=(gcc libc6-dev)
	[ -n "${POSTHOUSE_TEST_POSTGRES:-}" ] || postgres_find || wanted+=(postgresql)
	has_chromium || wanted+=(chromium)
	has_chinese_font || wanted+=(fonts-noto-cjk)
	has_emoji || wanted+=(fonts-noto-color-emoji)
	if [ ${#wanted[@]} -eq 0 ]; then
		echo "nothing is missing"
		return 0
	fi
	echo "missing: ${wanted[*]}"
	if command -v apt-get >/dev/null 2>&1; then
		if ! can_be_root; then
			echo "run this first, as root: apt-get install ${wanted[*]}" >&2
			return 1
		fi
		note "installed with apt-get: ${wanted[*]}"
		apt_install "${wanted[@]}" || return 1
	else
		cat >&2 <<-'TEXT'
			This is no Debian, so nothing was installed. Install a C compiler, the Postgres server (13 or newer),
			Chromium and a Chinese font:
			  Fedora   dnf install gcc postgresql-server chromium google-noto-sans-cjk-fonts
			  Arch     pacman -S gcc postgresql chromium noto-fonts-cjk
			  Alpine   apk add gcc musl-dev postgresql postgresql-contrib chromium font-noto-cjk
			  macOS    xcode-select --install; brew install postgresql@17; brew install --cask chromium
			or name what you have: CHROMIUM=/path/to/chromium and
			POSTHOUSE_TEST_POSTGRES='postgres://USER:PASSWORD@HOST:5432/postgres' make test
			(its user must be allowed to create databases).
		TEXT
		return 1
	fi
	has_c_compiler && has_chromium && { [ -n "${POSTHOUSE_TEST_POSTGRES:-}" ] || postgres_find; }
}

# has_chromium finds the browser that the tests drive, and tells them where it is.
has_chromium() {
	local name
	for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
		[ -n "$name" ] && CHROMIUM=$(command -v "$name") && export CHROMIUM && return 0
	done
	unset CHROMIUM
	return 1
}

# has_chinese_font: without one, pictures of the pages would show boxes. Where the list of fonts cannot be had
# and this is no Debian, the system has its own fonts.
has_chinese_font() {
	if command -v fc-list >/dev/null 2>&1; then
		[ -n "$(fc-list :lang=zh-cn)" ]
	else
		! command -v apt-get >/dev/null 2>&1 || compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null
	fi
}

has_emoji() { ! command -v apt-get >/dev/null 2>&1 || compgen -G '/usr/share/fonts/*/noto/NotoColorEmoji*' >/dev/null; }

has_c_compiler() {
	local object
	object=$(mktemp) || return 1
	local status=0
	# Compiling says more than finding: a compiler without the C library's headers is of no use.
	echo '#include <stdlib.h>' | "$(go env CC)" -x c -c -o "$object" - 2>/dev/null || status=1
	rm -f "$object"
	return "$status"
}

start_postgres() {
	postgres_start || return 1
	echo "$("$POSTGRES_BIN/postgres" --version) on ${POSTHOUSE_TEST_POSTGRES#*@}"
}

# node_install runs npm ci where the lock file changed since the last time.
node_install() {
	local folder
	for folder in $(node_folders); do
		if [ -f "$folder/node_modules/.posthouse-lock" ] &&
			cmp -s "$folder/package-lock.json" "$folder/node_modules/.posthouse-lock"; then
			echo "$folder: up to date"
			continue
		fi
		echo "$folder: npm ci"
		npm ci --prefix "$folder" --no-audit --no-fund || return 1
		cp "$folder/package-lock.json" "$folder/node_modules/.posthouse-lock" || return 1
	done
}

web_tests() { npm run typecheck --silent --prefix "$1" && npm test --silent --prefix "$1"; }

web_build() { bash .ci/ui.sh && npm run size --silent --prefix frontend; }

main "$@"
