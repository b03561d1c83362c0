// Package feed turns an append-only log into live subscriptions: everything after a cursor, then what
// comes, without a gap or a duplicate. Every feed of the house (callback events, deliveries, later
// robot messages and audit) is one of these. It reads the log; it never writes one.
package feed
