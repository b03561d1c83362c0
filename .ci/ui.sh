#!/usr/bin/env bash
# Builds the web apps that the binary carries, each when its sources differ from those of its last build;
# `make build` calls it. Without npm it says so and leaves what is there: the Go build never needs Node, and
# the server's pages then say how to build them.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

APPS=(frontend frontend/graphiql)
NODE_FITS='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'

main() {
	local app
	for app in "${APPS[@]}"; do
		[ -f "$app/package.json" ] || continue
		build "$app" || {
			echo "$app: the build failed. Without it: go build -o bin/posthouse ./server/cmd/posthouse" >&2
			exit 1
		}
	done
}

build() {
	local app=$1 now
	now=$(fingerprint "$app") || return 1
	is_built "$app" && [ "$(cat "$app/dist/.built" 2>/dev/null)" = "$now" ] && return 0
	if ! command -v npm >/dev/null 2>&1 || ! node -e "$NODE_FITS"; then
		echo "$app: Node.js 20.19 or newer with npm is missing, so this web app is not (re)built; see https://nodejs.org"
		return 0
	fi
	echo "$app: building"
	if ! cmp -s "$app/package-lock.json" "$app/node_modules/.posthouse-lock"; then
		npm ci --prefix "$app" --no-audit --no-fund --silent || return 1
		cp "$app/package-lock.json" "$app/node_modules/.posthouse-lock" || return 1
	fi
	npm run build --prefix "$app" --silent || return 1
	printf '%s\n' "$now" >"$app/dist/.built"
}

# is_built looks for the pages; the admin app's package builds the sandbox's page, too.
is_built() {
	[ -f "$1/dist/index.html" ] && { [ "$1" != frontend ] || [ -f frontend/sandbox/dist/index.html ]; }
}

# fingerprint sums up an app's sources: their names and contents, without what is made of them and without
# the apps below or the browser tests. GraphiQL shares the admin app's rules about sessions.
fingerprint() {
	local app=$1
	local shared=()
	[ "$app" = frontend/graphiql ] && shared=(../src/shared/session ../src/shared/api/errors.ts ../src/shared/clock.ts)
	(cd "$app" && find . "${shared[@]}" \( -name node_modules -o -name dist -o -name .tmp -o -path ./graphiql -o -path ./e2e -o -name '*.go' \) -prune -o \
		-type f -print0 | LC_ALL=C sort -z | xargs -0 cksum | cksum)
}

main
