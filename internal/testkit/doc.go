// Package testkit holds what tests of several packages share. Its sub-packages: portkit, the
// conformance suites that every implementation of a port must pass; dbkit, databases for tests; memstore,
// the stores of signing in, in memory.
package testkit
