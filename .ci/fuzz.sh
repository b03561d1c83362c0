#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (default 10s) each; `make fuzz` calls it. Go fuzzes one target at a
# time, so the targets are listed first.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. .ci/lib.sh

main() {
	local package target listing
	# Unquoted on purpose: several packages.
	listing=$(go test -list '^Fuzz' ${PACKAGES:-./...}) || exit 1
	# A package's targets come before the line that names the package.
	local targets=()
	while read -r first second _; do
		case $first in
		Fuzz*) targets+=("$first") ;;
		ok)
			package=$second
			for target in ${targets[@]+"${targets[@]}"}; do
				check "$package $target" fuzz "$package" "$target"
			done
			targets=()
			;;
		esac
	done <<<"$listing"
	summary "make fuzz: targets, durations, results"
}

fuzz() {
	local out status=0
	out=$(mktemp) || return 1
	go test -run '^$' -fuzz "^$2\$" -fuzztime "${FUZZTIME:-10s}" "$1" 2>&1 | tee "$out" || status=$?
	# When the time ends in the middle of an input on a busy machine, go test calls that a failure of the
	# target: without an input that fails, it is none.
	if [ "$status" -ne 0 ] && grep -q '^    context deadline exceeded$' "$out" &&
		! grep -qE 'Failing input written|hung or terminated|panic:' "$out"; then
		note "$2: the time ended in the middle of an input"
		status=0
	fi
	rm -f "$out"
	return "$status"
}

main "$@"
