// Command desktop is Posthouse in a window of its own: the admin app of this computer's Posthouse, of its
// sandbox, or of a server elsewhere. Built without the tag desktop it only says how to build it, so that
// everything else compiles where no web view is installed.
package main

//go:generate go run ./internal/icon
