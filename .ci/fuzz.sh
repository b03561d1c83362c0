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
				check "$package $target" go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "$package"
			done
			targets=()
			;;
		esac
	done <<<"$listing"
	summary "make fuzz: targets, durations, results"
}

main "$@"
