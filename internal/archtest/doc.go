// Package archtest keeps the shape of the repository: who may import whom, that every package says
// what it is, that no domain reads a clock or the environment behind its caller's back, and that
// nothing from a workplace slips into tracked files. The rules are data in rules.go; a package they do not
// know fails the test, so that a new one is given its place before it is used.
//
// It runs as an ordinary Go test over `go list` and the sources. It leaves style to golangci-lint.
package archtest
