// Package factor owns the proofs a person gives besides a password: today the one-time code. It
// issues, delivers through a Channel, counts tries and consumes. Which factors a sign-in wants is
// the login package's policy.
//
// Challenges stand on their own: asking again leaves an earlier code good until its time ends. A code
// opens only the challenge it was issued for, whose identifier only the one who asked has, so several
// open challenges help nobody to guess; and if the newest voided the others, a stranger who knows a
// username could keep voiding the code its owner is just typing.
package factor
