// Package factor owns the proofs a person gives besides a password: today the one-time code. It
// issues, delivers through a Channel, counts tries and consumes. Which factors a sign-in wants is
// the login package's policy.
package factor
