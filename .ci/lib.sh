# Shared by the scripts of this folder; sourced, never run. Needs bash.
#
# A script calls `step NAME COMMAND…` for each part: the part's output passes through, its duration and
# result are kept, a failure does not stop the parts that follow, and `summary` prints the table and
# gives the script's exit status.

STEP_NAMES=()
STEP_SECONDS=()
STEP_RESULTS=()

say() { printf '\n== %s\n' "$*"; }

# note adds a line to the summary, for what somebody should know though it is no failure.
NOTES=()
note() {
	NOTES+=("$*")
	printf 'note: %s\n' "$*"
}

step() {
	local name=$1 start=$SECONDS status=0
	shift
	say "$name"
	"$@" || status=$?
	STEP_NAMES+=("$name")
	STEP_SECONDS+=($((SECONDS - start)))
	if [ "$status" -eq 0 ]; then
		STEP_RESULTS+=(ok)
	else
		STEP_RESULTS+=(FAILED)
		printf 'FAILED: %s (status %s)\n' "$name" "$status"
	fi
	return "$status"
}

# check is step for the parts whose failure must not keep the others from running.
check() { step "$@" || true; }

summary() {
	local i status=0 line
	say "$1"
	for i in "${!STEP_NAMES[@]}"; do
		printf '%-8s %5d s  %s\n' "${STEP_RESULTS[$i]}" "${STEP_SECONDS[$i]}" "${STEP_NAMES[$i]}"
		[ "${STEP_RESULTS[$i]}" = ok ] || status=1
	done
	for line in ${NOTES[@]+"${NOTES[@]}"}; do
		printf 'note: %s\n' "$line"
	done
	return "$status"
}

# need ends the script with a message when a command is missing.
need() {
	command -v "$1" >/dev/null 2>&1 && return 0
	printf '%s is missing: %s\n' "$1" "$2" >&2
	exit 1
}

# as_root runs a command as root, if that needs no password.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

can_be_root() {
	[ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; }
}

# node_folders lists the folders with a package-lock.json of their own.
node_folders() {
	find . \( -name node_modules -o -name .git -o -name .tmp -o -name data \) -prune -o \
		-name package-lock.json -print | sed 's|^\./||; s|/package-lock.json$||' | sort
}

# nested_modules lists the Go modules below the main one, without that of the tools.
nested_modules() {
	find . \( -name node_modules -o -name '.?*' -o -name data \) -prune -o \
		-name go.mod ! -path ./go.mod -print | sed 's|^\./||; s|/go.mod$||' | sort
}
