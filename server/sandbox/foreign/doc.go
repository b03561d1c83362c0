// Package foreign holds tests that drive the sandbox with clients nobody here
// wrote: a public WeChat SDK and a public DingTalk robot SDK. It is a module of
// its own, so that their dependencies stay out of the main one.
//
//	cd server/sandbox/foreign && go test ./...
//
// The workspace file beside it lets the main module's versions move without an
// edit here. go mod tidy wants -e: a test of a test of one SDK names a module
// that not every proxy serves, and nothing here needs it.
package foreign
