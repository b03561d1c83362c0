// Package clock is the only source of time inside Posthouse. Code that needs the time takes a Clock,
// so that tests move hours in no time at all. The real clock is the standard library's.
package clock
