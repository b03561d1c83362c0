#!/usr/bin/env bash
# Checks the desktop program where it needs a web view: installs what is missing on Debian, vets and builds
# it for Linux and Windows, and drives its window on a display of its own. .ci/test.sh calls it.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. .ci/lib.sh
. .ci/postgres.sh # apt_install

export GOFLAGS="${GOFLAGS:-} -buildvcs=false"
TAGS=desktop,production,webkit2_41
PACKAGES=(libgtk-3-dev libwebkit2gtk-4.1-dev xvfb imagemagick x11-utils xauth dbus-x11 xdotool fonts-noto-cjk)

main() {
	if ! complete; then
		if ! command -v apt-get >/dev/null 2>&1 || ! can_be_root; then
			echo "The window was not tested. It needs GTK 3 and WebKitGTK 4.1 with their headers, Xvfb, dbus-daemon, xdotool and ImageMagick;" >&2
			echo "on Debian: apt-get install ${PACKAGES[*]}" >&2
			[ -z "${CI:-}" ]
			return
		fi
		check "install what the window needs" apt_install "${PACKAGES[@]}"
	fi
	check "build the admin app" bash .ci/ui.sh
	check "go vet with the window" go vet -tags "$TAGS" ./desktop/...
	check "build for Windows" env CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go build -tags desktop,production -o /dev/null ./desktop
	check "drive the window" go test -count=1 -tags xvfb -timeout 10m ./desktop/internal/windowtest
	summary "desktop: parts, durations, results"
}

complete() {
	local program
	for program in pkg-config Xvfb dbus-daemon xdotool import; do
		command -v "$program" >/dev/null 2>&1 || return 1
	done
	pkg-config --exists gtk+-3.0 webkit2gtk-4.1 && fonts
}

# Without a font for Chinese the pictures show boxes.
fonts() { [ -n "$(fc-list :lang=zh 2>/dev/null | head -1)" ]; }

main "$@"
