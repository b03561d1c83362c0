// Package windowtest drives the real window: it builds the program, starts it on a display of its own
// (Xvfb) with a message bus of its own, types and clicks as a person would, and looks at what the page
// shows. Everything is in its test files under the tag xvfb, since it needs a web view and programs of X:
//
//	go test -tags xvfb ./desktop/internal/windowtest
//
// .ci/desktop.sh installs what is needed, builds the admin app and runs it. Pictures of what was seen are
// written to .tmp/screenshots/desktop.
package windowtest
