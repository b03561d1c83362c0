// Package lifecycle owns goroutines and clean-ups. Every goroutine of the house is started through a
// Group, which ends and awaits them; every resource is closed through a Closers list, last in, first
// out, which also rolls back a constructor that failed half-way.
package lifecycle
